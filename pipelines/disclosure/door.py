"""Disclosure control: each released table is a SELECT in this folder, and passes one rule before it exists.

The rule: a figure that rests on fewer than `minimum_cell` pupils is withheld, the small count with it;
and no figure of a single school is about pupils with special educational needs.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.catalogue import RELEASED_TABLES, Table
from pipelines.store import row_count

FOLDER = Path(__file__).parent
# A school's own decision makes these groups, and a handful of pupils each: never public by school.
GROUPS_NEVER_BY_SCHOOL = ("sen_support", "ehc_plan", "no_sen")
_IS_NEVER_BY_SCHOOL = f"pupil_group IN {GROUPS_NEVER_BY_SCHOOL}"


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
    """SQL condition: a count is small. No pupil at all is nobody to protect, and is said in words.

    A row of one school's pupils with special educational needs is small whatever its count.
    """
    conditions = [f"({c} > 0 AND {c} < {minimum_cell})" for c in table.small_counts]
    names = {column.name for column in table.columns}
    if {"n_schools", "pupil_group"} <= names:
        counts = " OR ".join(f"{count} > 0" for count in table.small_counts)
        conditions.append(f"({_IS_NEVER_BY_SCHOOL} AND n_schools = 1 AND ({counts}))")
    return " OR ".join(conditions)


def _release_table(con: duckdb.DuckDBPyConnection, table: Table, minimum_cell: int) -> int:
    con.execute(table.ddl())
    con.execute(f"INSERT INTO {table.full_name} BY NAME\n{select_of(table.name)}")
    if table.is_about_single_schools:
        con.execute(f"DELETE FROM {table.full_name} WHERE {_IS_NEVER_BY_SCHOOL}")
    if table.small_counts:
        # A pair of counts goes together: one of them and a total would give the other away.
        cleared = [*table.withheld, *table.small_counts]
        said = {
            "suppressed": "true",
            "verdict": "CASE WHEN verdict IS NOT NULL THEN 'cannot_tell' END",
            # The reason found before may itself tell what the few pupils got.
            "verdict_reason": f"'fewer than {minimum_cell} pupils on one side: withheld'",
        }
        assignments = ", ".join(
            [
                *(f"{name} = NULL" for name in cleared),
                *(f"{c.name} = {said[c.name]}" for c in table.columns if c.name in said),
            ]
        )
        con.execute(
            f"UPDATE {table.full_name} SET {assignments} WHERE {_is_small(table, minimum_cell)}"
        )
    return row_count(con, table.full_name)
