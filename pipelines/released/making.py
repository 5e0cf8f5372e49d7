"""Fills each released table from the SELECT of the same name, behind the disclosure gate.

`disclosure.gate` decides what may be published; `reading` reads the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.catalogue import RELEASED_TABLES, Column, Table
from pipelines.disclosure import gate
from pipelines.disclosure.published_verdict import PublishedVerdict
from pipelines.released.revision import could_be_same_value
from pipelines.store.store import row_count

SELECTS = Path(__file__).parent


@dataclass(frozen=True)
class Release:
    """Rows by table, and rows with withheld figures for tables that can withhold."""

    rows: dict[str, int]
    withheld: dict[str, int]


def release(
    con: duckdb.DuckDBPyConnection, published_verdicts: Sequence[PublishedVerdict] = ()
) -> Release:
    """Rebuild every released table, all or none.

    `published_verdicts` come from `last_published_verdicts`.
    """
    con.execute("BEGIN")
    try:
        gate.judge(con)
        prepare(con, published_verdicts)
        for table in RELEASED_TABLES:
            make_table(con, table)
        con.execute(gate.rule("revision_verdict"))
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    rows = {table.name: row_count(con, table.full_name) for table in RELEASED_TABLES}
    return Release(rows, gate.count_withheld(con))


def select_of(name: str) -> str:
    """The SELECT that fills a released table."""
    return (SELECTS / f"{name}.sql").read_text(encoding="utf-8")


def as_read(column: Column) -> str:
    """SQL for a column's number rounded to its released decimals; halves round away from zero.

    Extra decimals help reverse-engineering: someone who knows most schools' results could search
    for values of the others that reproduce an estimate.
    """
    n = "stored_decimals_of(measure)" if column.decimals == "measure" else str(column.decimals)
    # The constants correct 0.145 * 100 = 14.499... and turn -0 into 0, as in `wording.rounded`.
    nearest = f"floor(abs({column.name}) * pow(10, {n}) + 0.5 + 1e-9) / pow(10, {n})"
    return f"sign({column.name}) * {nearest} + 0.0"


def make_table(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Fill one released table, its numbers rounded; what `prepare` and the gate make must be there."""
    con.execute(table.ddl())
    con.execute(f"INSERT INTO {table.full_name} BY NAME\n{select_of(table.name)}")
    rounded = [f"{c.name} = {as_read(c)}" for c in table.columns if c.decimals is not None]
    if rounded:
        con.execute(f"UPDATE {table.full_name} SET {', '.join(rounded)}")
    if table.is_about_single_schools:
        con.execute(f"DELETE FROM {table.full_name} WHERE is_special_need(pupil_group)")


def prepare(con: duckdb.DuckDBPyConnection, published: Sequence[PublishedVerdict] = ()) -> None:
    """Make what released SELECTs use besides tables: a function, and the verdicts published before."""
    gate.register_function(
        con, "could_be_same_value", could_be_same_value, ["DOUBLE"] * 4, "BOOLEAN"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE published_verdict (published_on DATE, programme VARCHAR, "
        "measure VARCHAR, pupil_group VARCHAR, academic_year VARCHAR, release_status VARCHAR, "
        "verdict VARCHAR)"
    )
    if published:
        con.executemany(
            "INSERT INTO temp.published_verdict VALUES (?, ?, ?, ?, ?, ?, ?)",
            [list(verdict) for verdict in published],
        )
