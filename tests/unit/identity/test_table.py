"""`mart.school_identity` from files: which URNs are listed, what stops a study, who is maintained."""

from __future__ import annotations

import pytest

from pipelines.catalogue import SCHOOL_IDENTITY
from pipelines.errors.fault import Fault, StudyError
from pipelines.marts import build
from pipelines.store import store
from tests.needed_tables import ingest
from tests.tiny_study import ALDER, BIRCH, REVIEW_CLAIM, Row, TinyStudy, school

COLUMNS = ("urn", "school_urn", "reason", "decided_by", "decided_on")


def correction(urn: object, school_urn: object, decided_on: object = "2018-09-14") -> Row:
    cells = (urn, school_urn, "the head said so", "P Jones", decided_on)
    return dict(zip(COLUMNS, cells, strict=True))


def correct(tiny: TinyStudy, *rows: Row) -> None:
    tiny.add("corrections.csv", 'kind = "school_corrections"', list(rows))


def link(tiny: TinyStudy, old: int, new: int, kind: str = "Successor", date: str = "") -> None:
    tiny.tables["links.csv"].append(
        {"URN": old, "LinkURN": new, "LinkType": kind, "LinkEstablishedDate": date}
    )


def identity(tiny: TinyStudy) -> dict[int, tuple[object, ...]]:
    """School id and decision of every URN."""
    study = tiny.write()
    with store.connect(tiny.paths) as con:
        ingest(con, study)
        build(con, SCHOOL_IDENTITY)
        rows = con.execute("SELECT urn, school_id, decision FROM mart.school_identity").fetchall()
    return {row[0]: row[1:] for row in rows}


def faults(tiny: TinyStudy) -> tuple[Fault, ...]:
    with pytest.raises(StudyError) as stopped:
        identity(tiny)
    return stopped.value.faults


def with_split(tmp_path) -> TinyStudy:
    """Birch, with results in both years, closed and split; neither part kept its LAESTAB."""
    tiny = TinyStudy(tmp_path)
    register = tiny.tables["register.csv"]
    register[2] = school(900002, 2002, "Birch Primary School", CloseDate="31-08-2018")
    register += [
        school(900021, 2021, "Birch Infant School", OpenDate="01-09-2018"),
        school(900022, 2022, "Birch Junior School", OpenDate="01-09-2018"),
    ]
    for part in (900021, 900022):
        link(tiny, 900002, part, "Successor - Split School")
    return tiny


# ------------------------------------------------------------------------- faults that stop a study


def test_a_school_with_results_and_several_possible_successors_stops_the_study(tmp_path):
    (fault,) = faults(with_split(tmp_path))
    assert (fault.file, fault.row) == ("links.csv", 4)
    assert fault.problem.startswith("which school URN 900002 is cannot be told")
    assert "900002 (Birch Primary School, opened 1990-09-01, closed 2018-08-31)" in fault.found
    assert "900021 (Birch Infant School, opened 2018-09-01)" in fault.found
    assert "900022 (Birch Junior School, opened 2018-09-01)" in fault.found
    assert "`school_corrections`" in fault.remedy
    assert "as school_urn 900021 or 900022 or `separate`" in fault.remedy
    assert "Birch" not in fault.shareable()


def test_an_unresolved_school_without_results_or_enrolment_is_only_listed(tmp_path):
    tiny = with_split(tmp_path)
    for file in ("ks2_2017.csv", "ks2_2018.csv", "enrolments.csv"):
        rows = tiny.tables[file]
        tiny.tables[file] = [row for row in rows if 900002 not in row.values()]
    assert identity(tiny)[900002] == (BIRCH, "unresolved")


def test_an_unresolved_school_that_is_only_enrolled_stops_the_study(tmp_path):
    tiny = with_split(tmp_path)
    for file in ("ks2_2017.csv", "ks2_2018.csv"):
        tiny.tables[file] = [row for row in tiny.tables[file] if row["URN"] != 900002]
    assert [f.row for f in faults(tiny)] == [4]


def test_an_unresolved_school_of_another_authority_does_not_stop_the_study(tmp_path):
    tiny = with_split(tmp_path)
    tiny.tables["enrolments.csv"].pop()
    tiny.tables["register.csv"][2]["LA (code)"] = 850
    assert identity(tiny)[900002] == (8502002, "unresolved")


def test_an_unregistered_school_without_a_successor_stops_the_study(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["enrolments.csv"].append({"programme": "gap", "urn": 900077, "start_date": ""})
    link(tiny, 900077, 900078)
    (fault,) = faults(tiny)
    assert (fault.file, fault.row) == ("enrolments.csv", 7)
    assert fault.problem.startswith("URN 900077 leads to no school that is known")


def test_results_under_an_unregistered_urn_are_found_by_its_link(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"].pop(
        0
    )  # Alder before it converted: the export has open schools only
    assert identity(tiny)[900001] == (ALDER, "converted")


def test_every_urn_any_file_names_has_a_row(tmp_path):
    tiny = TinyStudy(tmp_path)
    visits: list[Row] = [
        {"urn": 900088, "inspection_date": "2018-01-10", "overall_effectiveness": 2}
    ]
    tiny.add("inspections.csv", 'kind = "inspections"', visits)
    found = identity(tiny)
    assert found.pop(900088) == (None, "unknown")
    assert set(found) == {row["URN"] for row in tiny.tables["register.csv"]}
    with tiny.marts() as con:
        assert con.execute("SELECT urn FROM mart.school_urn WHERE urn = 900088").fetchall() == []
        assert con.execute(
            "SELECT source_id, row_number FROM mart.school_identity WHERE urn = 900088"
        ).fetchall() == [("inspections.csv", 2)]


# --------------------------------------------------------------------------------------- corrections


@pytest.mark.parametrize(
    ("school_urn", "school_id"), [(900021, 7992021), ("separate", BIRCH), ("Separate", BIRCH)]
)
def test_a_correction_resolves_a_school(tmp_path, school_urn, school_id):
    tiny = with_split(tmp_path)
    correct(tiny, correction(900002, school_urn))
    assert identity(tiny)[900002] == (school_id, "correction")


@pytest.mark.parametrize(
    ("rows", "row", "column", "problem"),
    [
        ([(900002, "900004x")], 2, "school_urn", "neither a URN nor a school of its own"),
        ([(900066, "separate")], 2, "urn", "no file of the study names that school"),
        ([(900002, 900002)], 2, "school_urn", "cannot count as itself"),
        ([(900002, 900066)], 2, "school_urn", "is in no register"),
        ([(900003, 900004)], 2, "school_urn", "say the same by now"),
        ([(900002, "separate")], 2, "school_urn", "say the same by now"),
        ([(900002, 900006)], 2, "school_urn", "both schools open on the reference date"),
        ([(900003, 900001), (900001, "separate")], 2, "school_urn", "corrected itself"),
        ([(900003, "separate", "2017-06-01")], 2, "decided_on", "of a later date"),
    ],
)
def test_a_correction_that_does_not_apply_is_a_fault(tmp_path, rows, row, column, problem):
    tiny = TinyStudy(tmp_path)
    correct(tiny, *(correction(*cells) for cells in rows))
    (fault, *_) = faults(tiny)
    assert (fault.file, fault.row, fault.column) == ("corrections.csv", row, column)
    assert problem in fault.problem


def test_all_unresolved_schools_are_named_together(tmp_path):
    tiny = TinyStudy(tmp_path)
    correct(tiny, correction(900066, "separate"), correction(900002, "separate"))
    assert [f.row for f in faults(tiny)] == [2, 3]


def test_a_correction_newer_than_the_links_overrides_them(tmp_path):
    tiny = TinyStudy(tmp_path)
    correct(tiny, correction(900003, "separate"))
    assert identity(tiny)[900003] == (7992003, "correction")


# ---------------------------------------------------------------- conversion, impact and "maintained"


def reviewed(tiny: TinyStudy) -> tuple[object, ...]:
    visits: list[Row] = [
        {"urn": 900001, "inspection_date": "2018-01-10", "overall_effectiveness": 2}
    ]
    tiny.add("inspections.csv", 'kind = "inspections"', visits)
    tiny.protocol += REVIEW_CLAIM
    with tiny.released() as con:
        (row,) = con.execute(
            "SELECT numerator, denominator FROM released.claims WHERE claim LIKE 'All maintained%'"
        ).fetchall()
        cells = con.execute(
            "SELECT academic_year, n_pupils FROM mart.cell WHERE school_id = ? "
            "AND measure = 'ks2_rwm_expected' AND pupil_group = 'all' ORDER BY academic_year",
            [ALDER],
        ).fetchall()
        assert cells == [("2016-17", 2), ("2017-18", 4)]
    return row


@pytest.mark.parametrize(
    ("reference_date", "expected"),
    # One day earlier Alder is still maintained and Cedar has not merged into Dogwood.
    [("2017-08-31", (0, 6)), ("2017-09-01", (0, 4)), ("2018-09-01", (0, 4))],
)
def test_a_converter_keeps_its_history_and_is_maintained_only_until_it_converts(
    tmp_path, reference_date, expected
):
    tiny = TinyStudy(tmp_path)
    tiny.protocol = tiny.protocol.replace(
        "reference_date = 2018-09-01", f"reference_date = {reference_date}"
    )
    assert reviewed(tiny) == expected
