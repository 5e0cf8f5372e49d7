"""A study's settings for headings: obvious names work, typos are reported with their line."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from pipelines.catalogue import ENROLMENTS, KS2_PUPILS, PUBLISHED_OUTCOME, SCHOOL_REGISTER
from pipelines.errors.fault import StudyError
from pipelines.ingest.readers import ingest_table
from pipelines.store import store
from pipelines.validation.faults import faults_of
from pipelines.validation.rules import rules_of
from pipelines.validation.suites import validate
from tests.tiny_study import TinyStudy, published_ks2, published_study

FILE = "tables_2017-18.csv"


def renamed(row, **names):
    """A row with some headings renamed."""
    return {names.get(heading, heading): value for heading, value in row.items()}


def tables(tmp_path, more, *rows, **names) -> TinyStudy:
    """A study on one performance table with renamed headings."""
    rows = rows or (published_ks2(900001, 2001, "Alder"), published_ks2(900002, 2002, "Birch"))
    tiny = published_study(tmp_path, {"2017-18": [renamed(row, **names) for row in rows]})
    tiny.sources[FILE] += "\n" + more
    return tiny


@contextmanager
def ingested(tiny, table=PUBLISHED_OUTCOME):
    study = tiny.write()
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, table)
        yield con, study


def faults_in(con, study, table=PUBLISHED_OUTCOME):
    rules = tuple(rules_of(table, is_expected=True))
    return [fault for rule in validate(con, rules).broken for fault in faults_of(con, study, rule)]


def stopped(tiny, table=PUBLISHED_OUTCOME):
    """The faults that stop the file, with their lines of study.toml."""
    with pytest.raises(StudyError) as raised, ingested(tiny, table):
        pass
    lines = (tiny.folder / "study.toml").read_text().splitlines()
    return [(fault, lines[fault.row - 1]) for fault in raised.value.faults]


@pytest.mark.parametrize(
    "target",
    ["PTRWM_EXP_FSM6CLA1A", "ptrwm_exp_fsm6cla1a", "ks2_rwm_expected/disadvantaged"],
)
def test_a_column_is_named_by_the_publisher_s_heading_or_by_the_project_s_measure(tmp_path, target):
    tiny = tables(
        tmp_path,
        f'columns = {{ "% meeting expected" = "{target}", "Pupils" = "n_pupils/disadvantaged" }}',
        PTRWM_EXP_FSM6CLA1A="% meeting expected",
        TFSM6CLA1A="Pupils",
    )
    with ingested(tiny) as (con, study):
        found = con.execute(
            "SELECT column_name, value, n_pupils FROM raw.published_outcome "
            "WHERE pupil_group = 'disadvantaged' AND measure = 'ks2_rwm_expected'"
        ).fetchall()
        assert not faults_in(con, study)
    assert found == [("% meeting expected", 0.4, 10)] * 2


def test_messages_name_the_file_s_own_heading(tmp_path):
    good = published_ks2(900001, 2001, "Alder")
    tiny = tables(
        tmp_path,
        'columns = { "% met" = "ks2_rwm_expected/disadvantaged", "School" = "URN", "Kind" = "RECTYPE" }',
        good,
        {**good, "URN": 900002, "PTRWM_EXP_FSM6CLA1A": "QQ"},
        {**good, "URN": 900003, "RECTYPE": 9},
        {**good, "URN": "none"},
        PTRWM_EXP_FSM6CLA1A="% met",
        URN="School",
        RECTYPE="Kind",
    )
    with ingested(tiny) as (con, study):
        places = {(f.row, f.column, f.found) for f in faults_in(con, study)}
    assert places == {
        (3, "% met", "'QQ'"),
        (4, "Kind", "'record type 9'"),
        (5, "School", "'none'"),
    }


def test_a_heading_the_file_does_not_have_is_named_with_its_line_and_the_nearest(tmp_path):
    tiny = tables(
        tmp_path,
        'columns = { "% meeting expcted" = "ks2_rwm_expected/disadvantaged" }',
        PTRWM_EXP_FSM6CLA1A="% meeting expected",
    )
    (typo, line), (missing, _) = stopped(tiny)
    assert (typo.file, typo.column) == ("study.toml", "source[4].columns.% meeting expcted")
    assert typo.problem == f"{FILE} has no heading '% meeting expcted'"
    assert typo.expected == "perhaps % meeting expected"
    assert line.startswith("columns")
    assert (missing.file, missing.column) == (FILE, "PTRWM_EXP_FSM6CLA1A")


@pytest.mark.parametrize(
    "setting", ['columns = { "% met" = "TARGET" }', 'columns."% met" = "TARGET"']
)
def test_an_unknown_name_is_reported_with_the_nearest_known_one(tmp_path, setting):
    tiny = tables(
        tmp_path,
        setting.replace("TARGET", "ks2_rwm_expcted/disadvantaged"),
        PTRWM_EXP="% met",
    )
    ((fault, line),) = stopped(tiny)
    assert fault.problem == (
        "'ks2_rwm_expcted/disadvantaged' is nothing that is read from ks2_schools files"
    )
    assert "ks2_rwm_expected/disadvantaged" in (fault.expected or "")
    assert line.startswith("columns")


def test_one_thing_has_one_column(tmp_path):
    tiny = tables(
        tmp_path,
        'columns = { "A" = "PTRWM_EXP", "B" = "ks2_rwm_expected", "SCHNAME" = "PTRWM_EXP_FSM6CLA1A" }',
        {**published_ks2(900001, 2001, "Alder"), "A": "60%", "B": "61%"},
    )
    problems = [fault.problem for fault, _ in stopped(tiny)]
    assert problems == [
        "PTRWM_EXP is given twice: by 'A' and by 'B'",
        "the column is missing",
        f"{FILE} has a heading 'PTRWM_EXP' of its own, and the study gives another place for it",
        f"{FILE} has a heading 'PTRWM_EXP_FSM6CLA1A' of its own, and the study gives another place for it",
    ]


def test_missing_columns_must_be_declared(tmp_path):
    lean = {
        heading: value
        for heading, value in published_ks2(900001, 2001, "Alder").items()
        if heading not in {"RECTYPE", "LEA", "ESTAB", "SCHNAME", "TFSM6CLA1A"}
    }
    faults = [fault for fault, _ in stopped(tables(tmp_path, "", lean))]
    assert [fault.column for fault in faults] == [
        "RECTYPE",
        "LEA",
        "ESTAB",
        "SCHNAME",
        "TFSM6CLA1A",
    ]
    assert 'without = ["LEA"]' in faults[1].remedy
    assert "without" not in faults[0].remedy

    said = 'assume = { RECTYPE = "1" }\nwithout = ["LEA", "ESTAB", "school_name", "n_pupils/disadvantaged"]'
    with ingested(tables(tmp_path, said, lean)) as (con, study):
        assert not faults_in(con, study)
        assert con.execute(
            "SELECT DISTINCT level, urn, laestab, school_name, n_pupils FROM raw.published_outcome "
            "WHERE pupil_group = 'disadvantaged'"
        ).fetchall() == [("mainstream_school", 900001, None, None, None)]


def test_declaring_a_required_or_present_column_missing_is_a_fault(tmp_path):
    tiny = tables(
        tmp_path, 'without = ["URN", "LEA", "PTRWM_EXP_FSM6CLA1A"]\nassume = { ESTAB = "1" }'
    )
    problems = [fault.problem for fault, _ in stopped(tiny)]
    assert problems == [
        f"{FILE} cannot be read without URN",
        f"{FILE} is listed as without LEA, but has it",
        f"{FILE} cannot be read without PTRWM_EXP_FSM6CLA1A",
        f"{FILE} has a heading 'ESTAB' of its own, and the study gives another place for it",
    ]


def test_a_figure_of_another_year_is_refused_with_the_reason(tmp_path):
    tiny = tables(tmp_path, "")
    tiny.protocol = tiny.protocol.replace('"2017-18"', '"2023-24"')
    tiny.sources[FILE] = tiny.sources[FILE].replace("2017-18", "2023-24")
    tiny.sources[FILE] += 'columns = { SCHNAME = "READPROG" }'
    faults = [fault for fault, _ in stopped(tiny)]
    assert faults[0].problem == (
        "'READPROG' is not in such a file: it is published from 2015-16 to 2022-23"
    )


def test_the_same_applies_to_files_with_one_record_a_row(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.sources["enrolments.csv"] += (
        '\ncolumns = { "Unique ref" = "urn", "Since" = "start_date" }\nassume = { programme = "send" }'
    )
    tiny.tables["enrolments.csv"] = [
        {"Unique ref": 900001, "Since": "2018-02-01"},
        {"Unique ref": 9, "Since": "soon"},
    ]
    with ingested(tiny, ENROLMENTS) as (con, study):
        assert con.execute(
            "SELECT programme, urn, start_date::TEXT FROM raw.enrolments"
        ).fetchall() == [
            ("send", 900001, "2018-02-01"),
            ("send", 9, None),
        ]
        places = [(f.row, f.column, f.found) for f in faults_in(con, study, ENROLMENTS)]
    assert places == [(3, "Since", "'soon'"), (3, "Unique ref", "'9'")]


def test_an_assumed_text_that_cannot_be_read_is_a_fault(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.sources["register.csv"] += '\nassume = { "LA (code)" = "Nowhere" }'
    for row in tiny.tables["register.csv"]:
        del row["LA (code)"]
    with ingested(tiny, SCHOOL_REGISTER) as (con, study):
        faults = faults_in(con, study, SCHOOL_REGISTER)
    assert {(f.column, f.problem) for f in faults} == {
        ("(assumed in study.toml)", "the cell cannot be read as a whole number")
    }


def test_headings_of_a_pupil_file_are_never_listed(tmp_path):
    """A file without headings begins with a pupil."""
    tiny = TinyStudy(tmp_path)
    tiny.sources["ks2_2018.csv"] += '\ncolumns = { "Marigold" = "RWMEXP" }'
    faults = [fault for fault, _ in stopped(tiny, KS2_PUPILS)]
    assert faults[0].expected is not None
    assert faults[0].expected.startswith("one of its ")
