"""Disclosure control: each released table is a SELECT in this folder, and passes one rule before it exists.

The rule: a figure that rests on fewer than `minimum_cell` pupils is withheld, the small count with it;
and no table about single schools holds pupils with special educational needs.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.catalogue import RELEASED_TABLES, Table
from pipelines.store import row_count

FOLDER = Path(__file__).parent
# A school's own decision makes these groups, and a handful of pupils each: never public by school.
GROUPS_NEVER_BY_SCHOOL = ("sen_support", "ehc_plan", "no_sen")


def release(con: duckdb.DuckDBPyConnection, minimum_cell: int) -> dict[str, int]:
    """Make every released table anew, all or none; returns rows by table."""
    con.execute("BEGIN")
    try:
        rows = {table.name: _release_table(con, table, minimum_cell) for table in RELEASED_TABLES}
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return rows


def count_withheld(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows whose figures are withheld, by table; only tables that can withhold."""
    counts: dict[str, int] = {}
    for table in RELEASED_TABLES:
        if table.small_counts:
            is_small = " OR ".join(f"{count} IS NULL" for count in table.small_counts)
            counted = con.execute(
                f"SELECT count(*) FROM {table.full_name} WHERE {is_small}"
            ).fetchone()
            counts[table.name] = int(counted[0]) if counted else 0
    return counts


def count_small(con: duckdb.DuckDBPyConnection, name: str, minimum_cell: int) -> int:
    """Rows of a released table that still show a small count: none, or the door did not hold."""
    table = next(table for table in RELEASED_TABLES if table.name == name)
    return row_count(con, f"{table.full_name} WHERE {_is_small(table, minimum_cell)}")


def select_of(name: str) -> str:
    """The SELECT that makes a released table, before anything is withheld."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _is_small(table: Table, minimum_cell: int) -> str:
    """SQL condition: a count is small. No pupil at all is nobody to protect, and is said in words."""
    return " OR ".join(f"({c} > 0 AND {c} < {minimum_cell})" for c in table.small_counts)


def _release_table(con: duckdb.DuckDBPyConnection, table: Table, minimum_cell: int) -> int:
    con.execute(table.ddl())
    con.execute(f"INSERT INTO {table.full_name} BY NAME\n{select_of(table.name)}")
    if table.is_about_single_schools:
        groups = ", ".join(f"'{group}'" for group in GROUPS_NEVER_BY_SCHOOL)
        con.execute(f"DELETE FROM {table.full_name} WHERE pupil_group IN ({groups})")
    if table.small_counts:
        # A pair of counts goes together: one of them and a total would give the other away.
        cleared = [*table.withheld, *table.small_counts]
        flag = ["suppressed = true"] if any(c.name == "suppressed" for c in table.columns) else []
        assignments = ", ".join([*(f"{name} = NULL" for name in cleared), *flag])
        con.execute(
            f"UPDATE {table.full_name} SET {assignments} WHERE {_is_small(table, minimum_cell)}"
        )
    return row_count(con, table.full_name)
