"""A valid row for any table of the catalogue, and a fault for any of its rules."""

from __future__ import annotations

import datetime as dt

import duckdb

from pipelines.catalogue import Column, Table
from pipelines.ingest.registration import DDL
from pipelines.store.store import SCHEMAS
from pipelines.validation.rules import Rule

GOOD: dict[str, object] = {
    "text": "good",
    "flag": True,
    "date": dt.date(2018, 9, 4),
    "code": "good",
}


def empty_store() -> duckdb.DuckDBPyConnection:
    """A store in memory, with the same schemas as `pipelines.store.store`."""
    con = duckdb.connect()
    con.execute("ATTACH ':memory:' AS pupils")
    for schema in SCHEMAS:
        con.execute(f"CREATE SCHEMA {schema}")
    con.execute(DDL)
    return con


def good_value(column: Column) -> object:
    """A value that satisfies every rule of the column."""
    if column.allowed:
        return column.allowed[0]
    if column.kind in {"integer", "number"}:
        low = column.low if column.low is not None else 0
        return int(low) if column.kind == "integer" else float(low)
    return GOOD[column.kind]


def make(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Recreate the table with one valid row."""
    con.execute(table.ddl())
    con.execute("DELETE FROM raw.unreadable")
    con.execute("DELETE FROM raw.source")
    marks = ", ".join("?" for _ in table.columns)
    con.execute(
        f"INSERT INTO {table.full_name} VALUES ({marks})",
        [good_value(column) for column in table.columns],
    )


def ways_to_break(rule: Rule) -> tuple[str, ...]:
    """The planted faults of a rule. Raises ValueError for a rule without one."""
    if rule.kind == "in_range" and rule.column:
        ways = {"too low": rule.column.low, "too high": rule.column.high}
        nan = ("not a number",) if rule.column.kind == "number" else ()
        return (*(way for way, bound in ways.items() if bound is not None), *nan)
    if rule.kind in {"has_rows", "accounted_for", "readable", "unique", "not_null", "in_codes"}:
        return (rule.kind,)
    raise ValueError(f"no fault can be planted for {rule.name}")


def plant(con: duckdb.DuckDBPyConnection, rule: Rule, way: str) -> None:
    """Break one rule of a table that has been made."""
    table = rule.table
    if way == "has_rows":
        con.execute(f"DELETE FROM {table.full_name}")
    elif way == "accounted_for":
        con.execute(
            "INSERT INTO raw.source (source_id, kind, n_rows_in, n_rows_kept, n_rows_set_aside) "
            "VALUES ('file.csv', ?, 3, 2, 1)",
            [table.source_kinds[0]],
        )
    elif way == "readable":
        con.execute(
            "INSERT INTO raw.unreadable VALUES (?, 'file.csv', 2, ?)",
            [table.name, table.columns[-1].name],
        )
    elif way == "unique":
        con.execute(f"INSERT INTO {table.full_name} FROM {table.full_name}")
    else:
        column = rule.column
        if column is None:
            raise ValueError(f"{rule.name} is about no column")
        value = {
            "not_null": None,
            "in_codes": "no such code",
            "too low": (column.low or 0) - 1,
            "too high": (column.high or 0) + 1,
            "not a number": float("nan"),
        }[way]
        con.execute(f"UPDATE {table.full_name} SET {column.name} = ?", [value])
