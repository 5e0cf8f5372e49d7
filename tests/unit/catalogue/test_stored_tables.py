"""A study's store has exactly the tables and columns that the catalogue declares."""

from __future__ import annotations

from contextlib import closing

import duckdb
import pytest

from pipelines.catalogue import FILE_TABLES, MADE, PROTOCOL_TABLES, stored_tables
from pipelines.freshness.made import MadeParts
from pipelines.freshness.parts import PARTS
from pipelines.protocol.study_file import load_study
from pipelines.protocol.tables import write_protocol
from pipelines.store import store
from pipelines.study.paths import PROJECT
from pipelines.validation.rules import rules_of
from pipelines.validation.suites import profile
from tests.tiny_study import TinyStudy

EXAMPLE = PROJECT / "data_raw" / "example"


@pytest.fixture(scope="module")
def con(tmp_path_factory):
    """A study from files to released tables."""
    tiny = TinyStudy(tmp_path_factory.mktemp("tiny"))
    with tiny.released() as connection:
        MadeParts(connection, tiny.paths).note(load_study(tiny.folder), PARTS["protocol"])
        yield connection


def stored_columns(con):
    """Name and type of each column, by table."""
    found = con.execute(
        "SELECT CASE WHEN database_name = 'pupils' THEN 'pupils' ELSE schema_name END, table_name, "
        "column_name, data_type FROM duckdb_columns() WHERE NOT internal "
        "AND database_name NOT IN ('system', 'temp') ORDER BY database_name, table_name, column_index"
    ).fetchall()
    tables = {}
    for schema, table, name, kind in found:
        tables.setdefault(f"{schema}.{table}", []).append((name, kind))
    return tables


def test_every_stored_table_is_declared_and_every_declared_table_is_stored(con):
    declared = {
        table.full_name: [(column.name, column.sql_type) for column in table.columns]
        for table in stored_tables()
    }
    assert stored_columns(con) == declared


def test_a_table_that_nobody_declared_is_found():
    with closing(duckdb.connect()) as con:
        con.execute("CREATE TABLE made_up AS SELECT 1 AS n")
        assert stored_columns(con) == {"main.made_up": [("n", "INTEGER")]}


@pytest.mark.parametrize("table", PROTOCOL_TABLES, ids=lambda table: table.name)
def test_the_example_s_protocol_keeps_to_what_is_declared(table):
    with store.connect_in_memory() as con:
        for file_table in FILE_TABLES:
            con.execute(file_table.ddl_if_absent())
        write_protocol(con, load_study(EXAMPLE), sources_sha256="")
        assert not broken(con, table)


def broken(con, table):
    """The rules of a table that its rows break."""
    rules = tuple(rules_of(table, is_expected=not table.may_be_empty))
    frame = profile(con, rules)
    return {rule.name for rule in rules if not is_kept(rule, frame[rule.name].dropna())}


def is_kept(rule, values):
    if rule.kind == "in_codes":
        return set(values) <= set(rule.column.allowed)
    if rule.kind == "in_range":
        low = -float("inf") if rule.column.low is None else rule.column.low
        high = float("inf") if rule.column.high is None else rule.column.high
        return values.between(low, high).all()
    return values.max() >= 1 if rule.kind == "has_rows" else values.max() == 0


def test_a_faulty_row_of_the_protocol_would_be_seen(con):
    release = next(table for table in PROTOCOL_TABLES if table.name == "result_release")
    con.execute("BEGIN")
    con.execute(
        "INSERT INTO protocol.result_release SELECT * REPLACE ('guess' AS release_status, "
        "NULL AS is_used, -1 AS finality) FROM protocol.result_release LIMIT 2"
    )
    found = broken(con, release)
    con.execute("ROLLBACK")
    assert found == {"in_codes__release_status", "in_range__finality", "not_null__is_used"}


def test_a_row_with_another_column_is_refused(monkeypatch):
    monkeypatch.setattr(
        "pipelines.protocol.tables._school_types",
        lambda _study: iter([{"spelling_key": "academy"}]),
    )
    with (
        store.connect_in_memory() as con,
        pytest.raises(ValueError, match=r"protocol\.school_type: a row has other columns"),
    ):
        write_protocol(con, load_study(EXAMPLE), sources_sha256="")


def test_a_table_that_is_added_to_keeps_its_rows_and_refuses_a_key_twice(con):
    con.execute(MADE.ddl_if_absent())
    assert store.row_count(con, MADE.full_name) == 1
    with pytest.raises(duckdb.ConstraintException):
        con.execute(f"INSERT INTO {MADE.full_name} FROM {MADE.full_name}")
