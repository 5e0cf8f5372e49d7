"""Marts: one SELECT a file, the file's name the table's. What each table promises is in `catalogue`.

One is decided in Python from what its SELECT yields: `school_identity`, by `pipelines.identity`.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

from pipelines.catalogue import SCHOOL_IDENTITY, Table
from pipelines.identity.table import decide
from pipelines.store.store import require_pupils, row_count

FOLDER = Path(__file__).parent


def select_of(table: Table) -> str:
    """The SELECT that makes a mart."""
    return (FOLDER / f"{table.name}.sql").read_text(encoding="utf-8")


def build(con: duckdb.DuckDBPyConnection, table: Table) -> int:
    """Make one mart anew in the shape the catalogue declares; returns its rows.

    The old table stays if the SELECT fails. Raises StudyError if it reads pupil rows that are not kept,
    or if which school a URN is cannot be told.
    """
    require_pupils(con, select_of(table))
    con.execute("BEGIN")
    try:
        con.execute(table.ddl())
        if table is SCHOOL_IDENTITY:
            rows = decide(con, select_of(table))
            # Column by column: England's register row by row takes most of a minute.
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
