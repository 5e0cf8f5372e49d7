"""The disclosure gate builds all released tables or none, and counts what is withheld."""

from __future__ import annotations

from contextlib import closing

import duckdb
import pytest

from pipelines.catalogue import RELEASED_TABLES
from pipelines.disclosure import gate
from pipelines.released import making
from pipelines.store import store
from tests.tiny_study import TinyStudy
from tests.unit.disclosure.made import CAN_WITHHOLD, made

TABLES = {table.name: table for table in RELEASED_TABLES}


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    """A study with estimated effects and released tables; tests do not change its marts."""
    with TinyStudy(tmp_path_factory.mktemp("tiny")).released() as connection:
        yield connection


def test_what_was_made_before_the_gate_is_not_touched():
    with made({1: 1, 2: 1, 3: 1, 4: 20, 5: 20, 6: 20}).store() as con:
        before = con.execute("FROM impact.comparison ORDER BY ALL").fetchall()
        making.release(con)
        assert con.execute("FROM impact.comparison ORDER BY ALL").fetchall() == before


@pytest.mark.parametrize("table", CAN_WITHHOLD, ids=lambda table: table.name)
def test_the_gate_leaves_nothing_small_or_exact(con, table):
    making.release(con)
    assert gate.count_small(con, table.name) == 0
    assert gate.count_unrounded(con, table.name) == 0
    assert gate.count_misstated(con, table.name) == 0


def test_rows_withheld_are_counted(con):
    making.release(con)
    withheld = gate.count_withheld(con)
    assert set(withheld) == {table.name for table in CAN_WITHHOLD}
    # With twenty pupils every side is small.
    assert withheld["comparison"] == store.row_count(con, "released.comparison") > 0


def test_all_tables_are_made_or_none(con):
    making.release(con)
    names = [table.full_name for table in RELEASED_TABLES]
    before = {name: con.execute(f"FROM {name}").fetchall() for name in names}
    con.execute("UPDATE protocol.study SET title = 'Another title'")
    con.execute("ALTER TABLE raw.source RENAME TO away")
    with pytest.raises(duckdb.CatalogException):
        making.release(con)
    assert {name: con.execute(f"FROM {name}").fetchall() for name in names} == before
    con.execute("ALTER TABLE raw.away RENAME TO source")
    making.release(con)
    assert con.execute("SELECT title FROM released.study").fetchall() == [("Another title",)]


def test_every_released_table_has_its_select_and_every_select_its_table():
    assert {file.stem for file in making.SELECTS.glob("*.sql")} == set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_released_table_is_one_select_of_its_own_columns(con, name):
    text = making.select_of(name)
    with closing(duckdb.connect()) as other:
        (statement,) = other.extract_statements(text)
    assert statement.type == duckdb.StatementType.SELECT
    described = {row[0] for row in con.execute(f"DESCRIBE {text}").fetchall()}
    assert described <= {column.name for column in TABLES[name].columns}


@pytest.mark.parametrize("table", RELEASED_TABLES, ids=lambda table: table.name)
def test_counts_of_pupils_are_declared_and_no_column_names_a_pupil(table):
    """A new count of pupils in a released table must be declared, or the checks would miss it."""
    counts = {column.name for column in table.columns if column.unit == "pupils"}
    declared = {count.column for count in table.pupil_counts}
    # `n_meeting` is checked together with the pupils it belongs to.
    assert counts - {"n_meeting"} == declared
    assert "n_meeting" not in counts or "n_pupils" in declared
    assert bool(table.withheld) == bool(table.pupil_counts)
    names = {column.name for column in table.columns}
    assert set(table.withheld) <= names
    # Tables that can withhold have a flag; for the census a blank number is the sign.
    assert not declared or table.headline or table.name == "programme"
    # The flag is the column figure_status, whose figures include the headline figure.
    assert (table.headline is not None) == ("figure_status" in names)
    assert table.headline in (None, *table.withheld)
    assert "suppressed" not in names
    numbers = {"pupil_key", "upn", "urn", "school_id", "laestab"}
    # Case-study schools agreed to be named. A URN stands only where the school is named anyway.
    of_case_study = {"school_id"} if table.name.startswith("case_stud") else set()
    assert names & numbers == of_case_study | ({"urn"} if "school_name" in names else set())
    assert {column.sensitivity for column in table.columns} <= {"public"}


def test_every_table_that_withholds_has_its_withheld_count(con):
    making.release(con)
    said = {
        name: (shown, withheld)
        for name, shown, withheld in con.execute("FROM released.withheld").fetchall()
    }
    assert set(said) == {table.name for table in CAN_WITHHOLD} | {"school_point"}
    # A method without an estimate, or a programme without a census, has nothing to withhold.
    no_answer = "released.impact WHERE figure_status = 'not_available'"
    n_nothing = {"impact": store.row_count(con, no_answer)}
    for table in CAN_WITHHOLD:
        if table.name == "programme":
            continue
        n_rows = store.row_count(con, table.full_name)
        assert said[table.name][1] == gate.count_withheld(con)[table.name]
        assert sum(said[table.name]) == n_rows - n_nothing.get(table.name, 0)
