"""Published files about schools: totals, children's centres and schools without inspection are set aside."""

from __future__ import annotations

import pytest

from pipelines.catalogue import INSPECTIONS, SCHOOL_CENSUS, SCHOOL_REGISTER
from pipelines.store import store
from tests.tiny_study import TinyStudy, school
from tests.unit.ingest.test_records import ingested, read_column
from tests.unit.validation.test_faults import faults_in

# ------------------------------------------------------------------------------------ school census


CENSUS: dict[str, object] = {
    **{"URN": 900002, "LA": 799, "ESTAB": 2002, "SCHOOLTYPE": "State-funded primary", "NOR": "210"},
    **{"TSENELSE": "4", "TSENELK": "31", "NUMFSMEVER": "70", "PNUMFSMEVER": "33.3"},
}
NATION: dict[str, object] = {
    **{"URN": "NAT", "LA": "", "ESTAB": "PRI", "SCHOOLTYPE": "State-funded primary"},
    **{"NOR": "4,727,089", "TSENELSE": "74404", "TSENELK": "595708", "NUMFSMEVER": "1018995"},
}


def census_of(tmp_path, rows: list[dict[str, object]]) -> TinyStudy:
    tiny = TinyStudy(tmp_path)
    tiny.add("census.csv", 'kind = "school_census"\nacademic_year = "2017-18"', rows)
    return tiny


def test_a_national_total_of_the_census_is_no_school(tmp_path):
    with ingested(census_of(tmp_path, [CENSUS, NATION]), SCHOOL_CENSUS) as (con, _):
        assert con.execute(
            "SELECT academic_year, urn, n_pupils_on_roll, n_sen_support_pupils, n_ehc_plan_pupils, "
            "n_fsm6_pupils FROM raw.school_census"
        ).fetchall() == [("2017-18", 900002, 210, 31, 4, 70)]
        assert store.row_count(con, "raw.unreadable") == 0
        assert con.execute("SELECT n_rows_set_aside FROM raw.source").fetchall() == [(1,)]


@pytest.mark.parametrize("code", ["NA", "SUPP", "NP", "supp", ""])
def test_a_suppressed_count_is_missing_and_not_a_fault(tmp_path, code):
    rows = [CENSUS | {"TSENELK": code}]
    assert read_column(census_of(tmp_path, rows), SCHOOL_CENSUS, "n_sen_support_pupils") == (
        [None],
        [],
    )


def test_a_pupil_at_two_schools_counts_half_in_the_census(tmp_path):
    rows = [CENSUS | {"NUMFSMEVER": "192.5"}]
    assert read_column(census_of(tmp_path, rows), SCHOOL_CENSUS, "n_fsm6_pupils") == ([192.5], [])


@pytest.mark.parametrize("text", ["<5", "x", "12.3", "12,5"])
def test_any_other_text_in_a_count_is_reported(tmp_path, text):
    values, faults = read_column(
        census_of(tmp_path, [CENSUS | {"TSENELK": text}]), SCHOOL_CENSUS, "n_sen_support_pupils"
    )
    assert values == [None]
    assert [(fault.column, fault.row) for fault in faults] == [("TSENELK", 2)]


def test_a_school_without_its_number_in_the_census_is_a_fault(tmp_path):
    for text in ("not known", ""):
        (fault,) = faults_in(census_of(tmp_path, [CENSUS | {"URN": text}]), SCHOOL_CENSUS)
        assert (fault.column, fault.row) == ("URN", 2)


@pytest.mark.parametrize(("word", "phase"), [("LA", "PRI"), ("la", "SEC"), ("NAT", "SPE")])
def test_a_total_is_recognised_by_its_text_and_not_by_blanks(tmp_path, word, phase):
    total = CENSUS | {"URN": word, "ESTAB": phase, "NOR": "46164", "NUMFSMEVER": "6926"}
    with ingested(census_of(tmp_path, [CENSUS, total, total]), SCHOOL_CENSUS) as (con, _):
        assert con.execute("SELECT urn FROM raw.school_census").fetchall() == [(900002,)]
        assert con.execute("SELECT reason, n_rows FROM raw.set_aside").fetchall() == [
            ("a total of an authority or the nation, not a school", 2)
        ]


def test_a_census_may_be_without_its_authority(tmp_path):
    tiny = census_of(tmp_path, [{k: v for k, v in CENSUS.items() if k != "LA"}])
    tiny.sources["census.csv"] += '\nwithout = ["LA"]'
    assert read_column(tiny, SCHOOL_CENSUS, "la_code") == ([None], [])


# --------------------------------------------------------------------------------- register


CENTRE = {"TypeOfEstablishment (name)": "Children's Centre", "CloseDate": "NULL"}


@pytest.mark.parametrize(
    "centre",
    [
        CENTRE | {"EstablishmentTypeGroup (name)": "Children's Centres"},
        CENTRE | {"EstablishmentTypeGroup (name)": "Other types"},
        {"TypeOfEstablishment (name)": "47", "EstablishmentTypeGroup (name)": ""},
        {"TypeOfEstablishment (name)": "", "EstablishmentTypeGroup (name)": ""},
    ],
)
def test_a_childrens_centre_is_no_school(tmp_path, centre):
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"].append(school(20115, 2002, "A Centre", **centre))
    with ingested(tiny, SCHOOL_REGISTER) as (con, _):
        assert con.execute("SELECT reason, n_rows FROM raw.set_aside").fetchall() == [
            ("a children's centre, not a school", 1)
        ]
        assert con.execute("SELECT min(urn) FROM raw.school_register").fetchone() == (900001,)
    assert faults_in(tiny, SCHOOL_REGISTER) == []


def test_a_school_number_of_five_digits_is_a_fault(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"].append(school(20115, 2007, "Gorse School"))
    (fault,) = faults_in(tiny, SCHOOL_REGISTER)
    assert (fault.column, fault.found) == ("URN", "'20115'")


@pytest.mark.parametrize("age", ["99", "28", "0", "", "Not applicable"])
def test_pupil_ages_do_not_stop_a_register(tmp_path, age):
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"].append(school(900007, 2007, "Gorse", StatutoryHighAge=age))
    assert faults_in(tiny, SCHOOL_REGISTER) == []


# ------------------------------------------------------------------------------------ inspections


def inspections_of(tmp_path, *rows: tuple[object, str, str]) -> TinyStudy:
    tiny = TinyStudy(tmp_path)
    names = ("urn", "inspection_date", "overall_effectiveness")
    tiny.add(
        "inspections.csv",
        'kind = "inspections"',
        [dict(zip(names, row, strict=True)) for row in rows],
    )
    return tiny


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        *(
            ("1", 1),
            ("4", 4),
            ("Requires improvement", 3),
            ("Satisfactory", 3),
            ("outstanding", 1),
            ("RI", 3),
        ),
        *(("Special Measures", 4), ("9", None), ("Not judged", None), ("NULL", None), ("", None)),
    ],
)
def test_a_grade_is_one_of_four_or_none(tmp_path, text, grade):
    tiny = inspections_of(tmp_path, (900001, "12/03/2019", text))
    assert read_column(tiny, INSPECTIONS, "overall_effectiveness") == ([grade], [])
    assert faults_in(tiny, INSPECTIONS) == []


@pytest.mark.parametrize("text", ["0", "5", "good enough", "2.5"])
def test_any_other_grade_is_reported(tmp_path, text):
    (fault,) = faults_in(inspections_of(tmp_path, (900001, "12/03/2019", text)), INSPECTIONS)
    assert fault.column == "overall_effectiveness"
    # A grade in words may be corrected to another one in words.
    if text == "good enough":
        assert fault.problem == "the cell cannot be read as a whole number"
        assert (fault.expected or "").startswith(
            "a whole number (1 to 4, or in words: outstanding, good, "
        )


@pytest.mark.parametrize("none", ["NULL", "", "N/A", "-", "not applicable"])
def test_a_school_without_an_inspection_is_set_aside(tmp_path, none):
    tiny = inspections_of(tmp_path, (900001, "12/03/2019", "2"), (900002, none, "NULL"))
    assert faults_in(tiny, INSPECTIONS) == []
    with ingested(tiny, INSPECTIONS) as (con, _):
        assert con.execute("SELECT urn FROM raw.inspections").fetchall() == [(900001,)]
        assert con.execute("SELECT reason, n_rows FROM raw.set_aside").fetchall() == [
            ("no inspection", 1)
        ]


@pytest.mark.parametrize(("date", "grade"), [("NULL", "2"), ("soon", "NULL")])
def test_a_grade_without_a_date_or_a_date_that_is_none_is_a_fault(tmp_path, date, grade):
    (fault,) = faults_in(inspections_of(tmp_path, (900001, date, grade)), INSPECTIONS)
    assert fault.column == "inspection_date"
