"""Faults behind a broken rule are reported with their places; pupils are never shown."""

from __future__ import annotations

from contextlib import closing

from pipelines.catalogue import (
    CELL,
    ENROLMENTS,
    INSPECTIONS,
    KS2_PUPILS,
    SCHOOL_REGISTER,
    Table,
)
from pipelines.errors.fault import Fault
from pipelines.ingest.readers import ingest_table
from pipelines.store import store
from pipelines.validation import suites
from pipelines.validation.faults import ROWS_NAMED, faults_of
from pipelines.validation.rules import rules_of
from tests.tiny_study import TinyStudy, ks2_pupil, school
from tests.unit.validation.planted import empty_store, make

LONG = "Marigold Quillfeather"


def faults_in(tiny: TinyStudy, table: Table) -> list[Fault]:
    """The faults as the graph finds them: the table is read and checked, and broken rules are explained."""
    study = tiny.write()
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, table)
        broken = suites.validate(con, tuple(rules_of(table, is_expected=True))).broken
        return [fault for rule in broken for fault in faults_of(con, study, rule)]


def pupils(tmp_path, *rows: dict[str, object]) -> TinyStudy:
    tiny = TinyStudy(tmp_path)
    tiny.tables["ks2_2018.csv"] = [
        ks2_pupil(900002, 2002, f"B7992002180{n:02}", **cells) for n, cells in enumerate(rows)
    ]
    return tiny


def test_a_sound_study_has_none(tmp_path):
    assert faults_in(TinyStudy(tmp_path), KS2_PUPILS) == []


def test_an_unknown_code_is_shown_with_all_that_are_known(tmp_path):
    (fault,) = faults_in(pupils(tmp_path, {}, {"SEN": "ZZ"}), KS2_PUPILS)
    assert (fault.file, fault.row, fault.column) == ("ks2_2018.csv", 3, "SEN")
    assert (fault.problem, fault.found) == ("the code is not known", "'ZZ'")
    assert fault.expected is not None
    assert fault.expected.startswith("one of N, K, E, A, P, S")
    assert fault.remedy


def test_long_text_in_a_pupils_cell_is_never_shown(tmp_path):
    texts = (LONG, "Mary!", "B799200218000", "14/02/2007", "14022007")
    headings = ("SEN", "READPROGSCORE_EM_ADJUSTED", "FSM6_P", "PINCL_FLAG", "URN", "LAESTAB")
    tiny = pupils(tmp_path, *(dict.fromkeys(headings, text) for text in texts))
    faults = faults_in(tiny, KS2_PUPILS)
    for row in range(2, 2 + len(texts)):
        places = {fault.column for fault in faults if fault.row == row}
        assert places == set(headings)
    for fault in faults:
        text = texts[(fault.row or 0) - 2]
        assert fault.found == f"(text of {len(text)} characters, not shown: it may name a pupil)"
        for shown in (fault.for_analyst(), fault.shareable()):
            assert text.lower() not in shown.lower()


def test_a_required_cell_that_cannot_be_read_is_one_fault_and_not_also_blank(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["enrolments.csv"][0]["urn"] = "see note"
    tiny.tables["enrolments.csv"][2]["urn"] = ""
    unreadable, blank = faults_in(tiny, ENROLMENTS)
    assert (unreadable.row, unreadable.column, unreadable.found) == (2, "urn", "'see note'")
    assert (blank.row, blank.problem) == (4, "the cell is blank")


def test_short_text_in_a_pupils_cell_is_shown_to_the_analyst_and_not_shared(tmp_path):
    (fault,) = faults_in(pupils(tmp_path, {"KS1AVERAGEPS": "9x"}), KS2_PUPILS)
    assert fault.found == "'9x'"
    assert "9x" not in fault.shareable()


def test_a_pupil_listed_twice_is_named_by_rows_and_never_by_number(tmp_path):
    tiny = pupils(tmp_path, {}, {"UPN": "B799200218000"}, {"UPN": "b799200218000 "})
    (fault,) = faults_in(tiny, KS2_PUPILS)
    assert (fault.file, fault.row, fault.column) == ("ks2_2018.csv", 2, "UPN")
    assert fault.problem == "the same pupil number appears in rows 2, 3, 4"
    assert fault.found == "(a pupil's number is never shown)"
    assert "B799200218000".lower() not in fault.for_analyst().lower()


def test_the_same_pupil_in_two_years_is_no_fault(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["ks2_2018.csv"] = [dict(tiny.tables["ks2_2017.csv"][0])]
    assert faults_in(tiny, KS2_PUPILS) == []


def test_an_entry_listed_twice_is_named_by_its_key(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["enrolments.csv"].append(dict(tiny.tables["enrolments.csv"][1]))
    (fault,) = faults_in(tiny, ENROLMENTS)
    assert (fault.row, fault.column) == (3, "programme, urn")
    assert fault.problem == "the same programme, urn appears in rows 3, 7"
    assert fault.expected == "one row for a school in a programme"


def test_equal_faults_are_one_message_that_names_the_rows(tmp_path):
    rows = [{"SEN": "Q"}, {}, {"SEN": "Q"}, {"SEN": "Q"}, {"SEN": "R"}]
    first, second = faults_in(pupils(tmp_path, *rows), KS2_PUPILS)
    assert first.row == 2
    assert first.problem == "the code is not known (also in rows 4, 5)"
    assert (second.row, second.problem, second.found) == (6, "the code is not known", "'R'")


def test_of_very_many_rows_the_first_are_named_and_the_others_counted(tmp_path):
    (fault,) = faults_in(pupils(tmp_path, *[{"SEN": "Q"}] * (ROWS_NAMED + 4)), KS2_PUPILS)
    assert fault.problem.endswith(f"(also in rows {', '.join(map(str, range(3, 11)))} and 3 more)")


def test_a_value_out_of_range_is_shown_with_its_bounds(tmp_path):
    (fault,) = faults_in(pupils(tmp_path, {"KS1AVERAGEPS": "121"}), KS2_PUPILS)
    assert (fault.column, fault.problem) == ("KS1AVERAGEPS", "the value is out of range")
    assert (fault.found, fault.expected) == ("'121'", "0 to 30")


def test_a_number_of_the_register_is_held_to_its_range(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.tables["register.csv"][0] = school(900001, 20, "A")
    (fault,) = faults_in(tiny, SCHOOL_REGISTER)
    assert (fault.column, fault.found, fault.expected) == (
        "EstablishmentNumber",
        "'20'",
        "1000 to 9999",
    )


def test_a_blank_cell_says_what_belongs_there(tmp_path):
    (fault,) = faults_in(pupils(tmp_path, {"PINCL_FLAG": ""}), KS2_PUPILS)
    assert (fault.column, fault.problem, fault.found) == (
        "PINCL_FLAG",
        "the cell is blank",
        "(blank)",
    )
    assert (fault.expected or "").startswith("a value: 201 in measures")


def test_a_file_with_headings_alone_is_named(tmp_path):
    tiny = TinyStudy(tmp_path)
    study = tiny.write()
    text = (tiny.folder / "enrolments.csv").read_text()
    (tiny.folder / "enrolments.csv").write_text(text.splitlines()[0] + "\n")
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, ENROLMENTS)
        (rule,) = suites.validate(con, tuple(rules_of(ENROLMENTS, is_expected=True))).broken
        (fault,) = faults_of(con, study, rule)
    assert (fault.file, fault.problem) == ("enrolments.csv", "there is no row that can be used")


def test_a_table_without_a_file_is_named_itself(tmp_path):
    (fault,) = faults_in(TinyStudy(tmp_path), INSPECTIONS)
    assert fault.file == "raw.inspections"


def test_a_fault_in_a_mart_is_the_pipelines_and_shows_no_value(tmp_path):
    study = TinyStudy(tmp_path).write()
    with closing(empty_store()) as con:
        make(con, CELL)
        con.execute("UPDATE mart.cell SET mean = 9999, n_pupils = -1")
        con.execute("INSERT INTO mart.cell FROM mart.cell")
        broken = suites.validate(con, tuple(rules_of(CELL, is_expected=True))).broken
        faults = [fault for rule in broken for fault in faults_of(con, study, rule)]
    assert [(f.file, f.column) for f in faults] == [
        ("mart.cell", None),
        ("mart.cell", "n_pupils"),
        ("mart.cell", "mean"),
    ]
    assert faults[2].problem == "2 rows break the rule in_range__mean"
    assert faults[2].expected == "-1000 to 1000"
    assert all("report it" in f.remedy for f in faults)
    assert not any("999" in f.for_analyst() for f in faults)
