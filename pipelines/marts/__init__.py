"""Marts: one SELECT per file, named after its table; the tables are declared in `catalogue`.

The exception is `school_identity`, which `pipelines.identity` decides from its SELECT.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.catalogue import SCHOOL_IDENTITY, Table
from pipelines.identity.table import decide
from pipelines.store.store import require_pupils, row_count

FOLDER = Path(__file__).parent


def select_of(table: Table) -> str:
    """The SELECT that fills a mart."""
    return (FOLDER / f"{table.name}.sql").read_text(encoding="utf-8")


def build(con: duckdb.DuckDBPyConnection, table: Table) -> int:
    """Rebuild one mart with the columns that the catalogue declares; returns its number of rows.

    If the SELECT fails, the old table stays. Raises StudyError if it needs pupil rows that were deleted, or
    if a URN cannot be resolved to a school.
    """
    require_pupils(con, select_of(table))
    con.execute("BEGIN")
    try:
        con.execute(table.ddl())
        if table is SCHOOL_IDENTITY:
            rows = decide(con, select_of(table))
            # Insert column by column: row by row, England's register takes most of a minute.
            columns = ", ".join(f"unnest(CAST(? AS {c.sql_type}[]))" for c in table.columns)
            if rows:
                con.execute(
                    f"INSERT INTO {table.full_name} SELECT {columns}",
                    [list(values) for values in zip(*rows, strict=True)],
                )
        else:
            con.execute(f"INSERT INTO {table.full_name} BY NAME\n{select_of(table)}")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    return row_count(con, table.full_name)
