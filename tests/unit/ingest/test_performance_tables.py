"""Published figures: numbers with rounding, codes as statuses and never as 0, levels by record type."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from pipelines.catalogue import PUBLISHED_OUTCOME
from pipelines.errors.fault import StudyError
from pipelines.ingest.performance_tables import LEVEL_OF_RECORD_TYPE
from pipelines.ingest.published_columns import published_columns
from pipelines.ingest.published_values import STATUS_OF_CODE
from pipelines.ingest.readers import ingest_table
from pipelines.store import store
from pipelines.study.measures import MEASURES
from pipelines.study.settings import PUPIL_GROUPS
from pipelines.validation.faults import faults_of
from pipelines.validation.rules import rules_of
from pipelines.validation.suites import validate
from tests.tiny_study import TinyStudy, published_ks2, published_study

FIGURE = "measure = 'ks2_rwm_expected' AND pupil_group = 'disadvantaged'"


FILE = "tables_2017-18.csv"


def tables_study(tmp_path, rows) -> TinyStudy:
    return published_study(tmp_path, {"2017-18": rows})


def ks4_study(tmp_path, rows) -> TinyStudy:
    tiny = tables_study(tmp_path, rows)
    tiny.protocol = tiny.protocol.replace("ks2_rwm_expected", "ks4_basics_94")
    tiny.sources[FILE] = tiny.sources[FILE].replace("ks2", "ks4")
    return tiny


@contextmanager
def ingested(tiny: TinyStudy, content: str | bytes | None = None):
    study = tiny.write()
    if content is not None:
        data = content.encode() if isinstance(content, str) else content
        (tiny.folder / FILE).write_bytes(data)
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, PUBLISHED_OUTCOME)
        yield con, study


def faults_in(con, study):
    rules = tuple(rules_of(PUBLISHED_OUTCOME, is_expected=True))
    return [fault for rule in validate(con, rules).broken for fault in faults_of(con, study, rule)]


def figures(tmp_path, texts: list[str], select: str):
    rows = [
        published_ks2(900100 + n, 2001 + n, "Alder", PTRWM_EXP_FSM6CLA1A=text)
        for n, text in enumerate(texts)
    ]
    with ingested(tables_study(tmp_path, rows)) as (con, _):
        found = con.execute(
            f"SELECT {select} FROM raw.published_outcome WHERE {FIGURE} ORDER BY row_number"
        ).fetchall()
    return dict(zip(texts, found, strict=True))


def test_a_percentage_is_a_share_with_half_its_last_step(tmp_path):
    expected = {
        "47%": ("value", 0.47, 0.005),
        "47": ("value", 0.47, 0.005),
        "47.5%": ("value", 0.475, 0.0005),
        " 47% ": ("value", 0.47, 0.005),
        "0%": ("value", 0.0, 0.005),
        "100%": ("value", 1.0, 0.005),
        "\u00a047%": ("value", 0.47, 0.005),
    }
    found = figures(tmp_path, list(expected), "value_status, value, half_width")
    assert {text: (s, pytest.approx(v), pytest.approx(w)) for text, (s, v, w) in found.items()} == (
        expected
    )


def test_points_are_read_as_published(tmp_path):
    texts = {"-2.3": (-2.3, 0.05), "\u22122.3": (-2.3, 0.05), "0": (0, 0.5), "1.25": (1.25, 0.005)}
    rows = [
        published_ks2(
            900100 + n,
            2001 + n,
            "A",
            READPROG=text,
            READPROG_LOWER="-4.1",
            READPROG_UPPER="\u22120.5",
        )
        for n, text in enumerate(texts)
    ]
    with ingested(tables_study(tmp_path, rows)) as (con, _):
        found = con.execute(
            "SELECT raw_text, value, half_width, ci_low, ci_high, n_pupils FROM raw.published_outcome "
            "WHERE measure = 'ks2_reading_progress' AND pupil_group = 'all' ORDER BY row_number"
        ).fetchall()
    for text, value, half_width, *others in found:
        assert (value, half_width) == pytest.approx(texts[text])
        assert others == [-4.1, -0.5, 30]
    assert len(found) == 4


CODES = {
    "SUPP": "suppressed",
    "LOWCOV": "low_coverage",
    "NP": "not_published",
    "NE": "no_entries",
    "NEW": "not_applicable",
    "NA": "unavailable",
    "": "unavailable",
    "supp": "suppressed",
    " Supp ": "suppressed",
    # The government's standard symbols, used in workbooks since 2021, and older ones.
    "[c]": "suppressed",
    "[z]": "not_applicable",
    "[low]": "rounds_to_zero",
    "*": "suppressed",
    "..": "unavailable",
    ".": "not_applicable",
}


def test_a_code_is_a_status_and_never_zero(tmp_path):
    found = figures(tmp_path, list(CODES), "value_status, value, half_width")
    assert found == {text: (status, None, 0) for text, status in CODES.items()}


def test_a_percent_sign_may_follow_a_space(tmp_path):
    assert figures(tmp_path, ["47 %"], "value_status, value, half_width") == {
        "47 %": ("value", pytest.approx(0.47), pytest.approx(0.005))
    }


def test_every_known_code_has_a_status_and_no_value(tmp_path):
    found = figures(tmp_path, list(STATUS_OF_CODE), "value_status, value")
    assert found == {code: (status, None) for code, status in STATUS_OF_CODE.items()}


def test_an_unknown_code_is_a_fault_at_its_row_and_column(tmp_path):
    rows = [
        published_ks2(900100, 2001, "Alder"),
        published_ks2(900101, 2002, "Birch", PTRWM_EXP_FSM6CLA1A="QQ"),
        published_ks2(900102, 2003, "Cedar", PTRWM_EXP_FSM6CLA1A="QQ", PTRWM_EXP="4O%"),
    ]
    with ingested(tables_study(tmp_path, rows)) as (con, study):
        faults = faults_in(con, study)
        assert [(f.file, f.row, f.column, f.found) for f in faults] == [
            (FILE, 3, "PTRWM_EXP_FSM6CLA1A", "'QQ'"),
            (FILE, 4, "PTRWM_EXP", "'4O%'"),
        ]
        assert faults[0].problem == "the code is not known (also in row 4)"
        assert "a code for none: SUPP, " in (faults[0].expected or "")
        assert (
            store.row_count(con, "raw.published_outcome WHERE raw_text = 'QQ' AND value = 0") == 0
        )


@pytest.mark.parametrize(
    "text", ["47,5%", "4,7", "0,092", "1.234,5", "%", "4%7", "47%%", "12-3", "<5%", "[q]", "[47]"]
)
def test_what_is_no_number_is_an_unknown_code_and_no_value(tmp_path, text):
    with ingested(
        tables_study(tmp_path, [published_ks2(900100, 2001, "Alder", PTRWM_EXP_FSM6CLA1A=text)])
    ) as (con, study):
        assert con.execute(
            f"SELECT value_status, value FROM raw.published_outcome WHERE {FIGURE}"
        ).fetchall() == [("unknown_code", None)]
        assert [fault.found for fault in faults_in(con, study)] == [repr(text)]


def test_keys_and_counts_that_a_program_wrote_with_decimals_are_the_whole_numbers(tmp_path):
    row = published_ks2(900100, 2001, "Alder", TFSM6CLA1A="12.0")
    row |= {"RECTYPE": "1.0", "LEA": "799.0", "ESTAB": "2001.0", "URN": "900100.0"}
    with ingested(tables_study(tmp_path, [row])) as (con, study):
        assert not faults_in(con, study)
        assert con.execute(
            f"SELECT level, laestab, urn, n_pupils FROM raw.published_outcome WHERE {FIGURE}"
        ).fetchall() == [("mainstream_school", 7992001, 900100, 12)]


def test_numbers_of_pupils_may_have_thousands_commas(tmp_path):
    rows = [published_ks2(900100, 2001, "Alder", TFSM6CLA1A="1,234")]
    with ingested(tables_study(tmp_path, rows)) as (con, _):
        assert con.execute(
            f"SELECT n_pupils FROM raw.published_outcome WHERE {FIGURE}"
        ).fetchall() == [(1234,)]


@pytest.mark.parametrize("key_stage", ["ks2", "ks4"])
def test_record_types_are_read_by_key_stage(tmp_path, key_stage):
    levels = LEVEL_OF_RECORD_TYPE[key_stage]
    rows = [
        {
            **published_ks2(900100 + n, 2001 + n, "Alder", RECTYPE=code),
            "TPUP": 30,
            "TFSM6CLA1A": 10,
            "PTL2BASICS_94": "60%",
            "PTFSM6CLA1ABASICS_94": "40%",
        }
        for n, code in enumerate(levels)
    ]
    make = tables_study if key_stage == "ks2" else ks4_study
    with ingested(make(tmp_path, rows)) as (con, study):
        found = con.execute(
            "SELECT DISTINCT row_number, level, urn, laestab FROM raw.published_outcome ORDER BY 1"
        ).fetchall()
        assert not faults_in(con, study)
    assert [level for _, level, _, _ in found] == list(levels.values())
    for row, level, urn, laestab in found:
        is_school = level.endswith("school")
        assert urn == (900100 + row - 2 if is_school else None)
        assert laestab == (7990000 + 2001 + row - 2 if is_school else None)


def test_the_same_record_type_is_a_nation_at_ks2_and_an_authority_at_ks4():
    assert LEVEL_OF_RECORD_TYPE["ks2"]["4"] == "nation"
    assert LEVEL_OF_RECORD_TYPE["ks4"]["4"] == "authority"
    assert LEVEL_OF_RECORD_TYPE["ks2"]["3"] == "authority"


@pytest.mark.parametrize(("code", "found"), [("9", "'record type 9'"), ("", "'record type blank'")])
def test_an_unknown_record_type_is_one_fault_at_its_own_column(tmp_path, code, found):
    rows = [published_ks2(900100, 2001, "Alder", RECTYPE=code)]
    with ingested(tables_study(tmp_path, rows)) as (con, study):
        (fault,) = faults_in(con, study)
    assert (fault.row, fault.column, fault.found) == (2, "RECTYPE", found)
    assert fault.expected == (
        "one of 1 (mainstream school), 2 (special school), 3 (authority), 4 (nation), 5 (nation), "
        "LA (authority), NAT (nation)"
    )


HEADING = "RECTYPE,LEA,ESTAB,URN,SCHNAME,TELIG,TFSM6CLA1A,PTRWM_EXP_FSM6CLA1A,PTRWM_EXP,ALTERED"


def test_rows_shorter_than_the_heading_marks_blank_rows_and_mixed_case(tmp_path):
    tiny = tables_study(tmp_path, [published_ks2(900100, 2001, "Alder")])
    content = (
        "\ufeff"
        + HEADING.replace("RECTYPE", "RecType").replace("PTRWM_EXP_F", "ptrwm_exp_f")
        + "\r\n"
        "1,799,2001,900100,Alder,30,10,40%\r\n"
        "\r\n"
        ",,,,,,,,,\r\n"
        "1,799,2002,900101,Birch,31,11,SUPP,61%,x\r\n"
        "3,799,,,Nowhere,900\r\n"
    )
    with ingested(tiny, content) as (con, study):
        rows = con.execute(
            "SELECT row_number, pupil_group, raw_text, value_status, n_pupils "
            "FROM raw.published_outcome WHERE measure = 'ks2_rwm_expected' ORDER BY 1, 2"
        ).fetchall()
        assert not faults_in(con, study)
    assert rows == [
        (2, "all", None, "unavailable", 30),
        (2, "disadvantaged", "40%", "value", 10),
        (5, "all", "61%", "value", 31),
        (5, "disadvantaged", "SUPP", "suppressed", 11),
        (6, "all", None, "unavailable", 900),
        (6, "disadvantaged", None, "unavailable", None),
    ]


def test_all_missing_columns_are_named_at_once(tmp_path):
    tiny = tables_study(tmp_path, [published_ks2(900100, 2001, "Alder")])
    with (
        pytest.raises(StudyError) as raised,
        ingested(tiny, "RECTYPE,LEA,ESTAB,SCHNAME,TFSM6CLA1A\n1,799,2001,Alder,10\n"),
    ):
        pass
    assert [(f.row, f.column) for f in raised.value.faults] == [
        (1, "URN"),
        (1, "PTRWM_EXP_FSM6CLA1A"),
    ]
    assert 'columns = { "heading in the file" = "PTRWM_EXP_FSM6CLA1A" }' in (
        raised.value.faults[1].remedy
    )


def test_columns_of_unused_measures_may_be_missing(tmp_path):
    tiny = tables_study(tmp_path, [published_ks2(900100, 2001, "Alder")])
    with ingested(tiny) as (con, _):
        assert con.execute(
            "SELECT DISTINCT measure, pupil_group FROM raw.published_outcome ORDER BY 2"
        ).fetchall() == [("ks2_rwm_expected", "all"), ("ks2_rwm_expected", "disadvantaged")]


def test_the_table_of_headings_names_known_measures_and_groups_once():
    columns = published_columns()
    assert {c.measure for c in columns} <= set(MEASURES)
    assert {c.pupil_group for c in columns} <= set(PUPIL_GROUPS)
    assert all(c.measure.startswith(c.key_stage) for c in columns)
    years = [f"20{n}-{n + 1}" for n in range(15, 26)]
    of_year = [
        (c.measure, c.pupil_group, y) for c in columns for y in years if c.is_of(c.key_stage, y)
    ]
    assert len(of_year) == len(set(of_year))


def test_a_column_of_an_earlier_year_is_never_the_year_s_own(tmp_path):
    row = published_ks2(900100, 2001, "Alder")
    older = {
        f"{heading}_{year}": "1%"
        for heading in ("PTRWM_EXP", "PTRWM_EXP_FSM6CLA1A")
        for year in (16, 17)
    }
    with ingested(tables_study(tmp_path, [{**older, **row, "PTRWM_EXP_3YR": "2%"}])) as (
        con,
        study,
    ):
        assert not faults_in(con, study)
        assert con.execute(
            "SELECT column_name, raw_text FROM raw.published_outcome ORDER BY 1"
        ).fetchall() == [("PTRWM_EXP", "60%"), ("PTRWM_EXP_FSM6CLA1A", "40%")]


def test_only_columns_of_an_earlier_year_are_a_missing_column(tmp_path):
    row = published_ks2(900100, 2001, "Alder")
    row["PTRWM_EXP_FSM6CLA1A_17"] = row.pop("PTRWM_EXP_FSM6CLA1A")
    with pytest.raises(StudyError) as raised, ingested(tables_study(tmp_path, [row])):
        pass
    assert [fault.column for fault in raised.value.faults] == ["PTRWM_EXP_FSM6CLA1A"]


@pytest.mark.parametrize("code", ["SN", "R", "QQ"])
def test_an_unknown_code_is_counted_where_the_study_does_not_use_the_column(tmp_path, code):
    rows = [published_ks2(900100 + n, 2001 + n, "Alder", READPROG=code) for n in range(3)]
    with ingested(tables_study(tmp_path, rows)) as (con, study):
        assert not faults_in(con, study)
        assert con.execute("SELECT * FROM raw.unknown_code").fetchall() == [
            (FILE, "READPROG", code, 3)
        ]
        assert con.execute(
            "SELECT DISTINCT value_status, value FROM raw.published_outcome "
            "WHERE measure = 'ks2_reading_progress'"
        ).fetchall() == [("unknown_elsewhere", None)]


@pytest.mark.parametrize(
    ("heading", "text"),
    [("URN", ""), ("URN", "12345"), ("URN", "none"), ("LEA", "Hants"), ("ESTAB", "2o01"),
     ("TFSM6CLA1A", "1O"), ("TFSM6CLA1A", "ten"), ("TFSM6CLA1A", "179.5"), ("TFSM6CLA1A", "5%"),
     ("TFSM6CLA1A", "0.4"), ("TFSM6CLA1A", "0,092"), ("TFSM6CLA1A", "1" * 20), ("TFSM6CLA1A", "-50"),
     ("TFSM6CLA1A", "999999999"), ("URN", "900101.5"), ("LEA", "799.4"), ("ESTAB", "2001.5"),
     ("PTRWM_EXP_FSM6CLA1A", "140%"), ("PTRWM_EXP", "-3%")],
)  # fmt: skip
def test_a_cell_that_would_be_lost_is_a_fault_at_its_place(tmp_path, heading, text):
    rows = [
        published_ks2(900100, 2001, "Alder"),
        published_ks2(900101, 2002, "Birch", **{heading: text}),
    ]
    with ingested(tables_study(tmp_path, rows)) as (con, study):
        (fault,) = faults_in(con, study)
    assert (fault.file, fault.row, fault.column) == (FILE, 3, heading)
    assert fault.found == repr(text)


def test_points_are_no_percentage(tmp_path):
    row = {
        **published_ks2(900100, 2001, "Alder"),
        **{"TPUP": 30, "TFSM6CLA1A": 10, "ATT8SCR": "40.1", "ATT8SCR_FSM6CLA1A": "33%"},
    }
    tiny = ks4_study(tmp_path, [row])
    tiny.protocol = tiny.protocol.replace("ks4_basics_94", "ks4_attainment8").replace(
        "smallest_effect = 0.05", "smallest_effect = 1"
    )
    with ingested(tiny) as (con, study):
        (fault,) = faults_in(con, study)
    assert (fault.row, fault.column, fault.found) == (2, "ATT8SCR_FSM6CLA1A", "'33%'")
    assert fault.problem == "the cell cannot be read as a number of points"


def test_shares_from_0_to_1_are_not_read_as_percentages(tmp_path):
    rows = [
        published_ks2(900100 + n, 2001 + n, "Alder", PTRWM_EXP_FSM6CLA1A=text)
        for n, text in enumerate(["1", "0.4", "SUPP", "0.62"])
    ]
    with ingested(tables_study(tmp_path, rows)) as (con, study):
        (fault,) = faults_in(con, study)
    assert (fault.row, fault.column, fault.found) == (3, "PTRWM_EXP_FSM6CLA1A", "'0.4'")
    assert "not a share from 0 to 1" in (fault.expected or "")


def test_the_same_thing_has_another_heading_in_other_years():
    def heading(year: str) -> list[str]:
        return [c.value for c in published_columns() if c.is_of("ks4", year) and "sen" in c.measure]

    assert heading("2018-19") == ["PSENAPK4"]
    assert heading("2021-22") == ["PSENK4"]
    grade_5 = {y for y in ("2015-16", "2016-17", "2024-25") for c in published_columns()
               if c.measure == "ks4_basics_95" and c.is_of("ks4", y)}  # fmt: skip
    assert grade_5 == {"2016-17", "2024-25"}


def test_a_measure_that_did_not_exist_in_a_year_is_blank_and_not_a_missing_column(tmp_path):
    """In a baseline year before the measure exists, no column for it is required."""
    row = {
        **published_ks2(900100, 2001, "Alder"),
        **{"TPUP": 30, "TFSM6CLA1A": 10, "ATT8SCR": "40.1", "ATT8SCR_FSM6CLA1A": "33"},
    }
    tiny = ks4_study(tmp_path, [row])
    tiny.protocol = tiny.protocol.replace("2016-17", "2014-15").replace("2017-18", "2015-16")
    tiny.sources[FILE] = tiny.sources[FILE].replace("2017-18", "2015-16")
    with ingested(tiny) as (con, study):
        assert not faults_in(con, study)
        measures = con.execute("SELECT DISTINCT measure FROM raw.published_outcome").fetchall()
    assert measures == [("ks4_attainment8",)]
