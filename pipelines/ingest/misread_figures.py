"""Finds published figures that are numbers but cannot be right, as SQL over a table with one figure a row.

The table has row_number, column_name, measure, unit, is_used and raw_text. Such a figure is a fault in a
column that the study uses. In other columns its value is set aside and counted.
"""

from __future__ import annotations

import duckdb

from pipelines.catalogue import Table
from pipelines.ingest.published_values import (
    is_column_of_shares,
    is_neither,
    is_number,
    number,
)
from pipelines.ingest.registration import RegisteredFile, record_set_aside_values

# Beyond the figures of any measure.
_FURTHEST = 1000


def judge_figures(con: duckdb.DuckDBPyConnection, figures: str) -> None:
    """Add `misread` to a table of figures: what is wrong with a number, or NULL.

    Finds shares above 100%, points with a percent sign, and columns of shares from 0 to 1, which would be
    read as 1% at most. Other limits are checked on the finished table, for columns in use.
    """
    con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {figures} AS
        WITH as_share AS (
            SELECT column_name, measure FROM {figures} WHERE unit = 'share' AND {is_number("raw_text")}
            GROUP BY column_name, measure
            HAVING {is_column_of_shares("raw_text")}
        )
        SELECT {figures}.*,
            CASE WHEN NOT is_used AND {is_neither("raw_text")} THEN 'neither'
                WHEN NOT {is_number("raw_text")} THEN NULL
                WHEN unit = 'share' AND NOT {number("raw_text")} BETWEEN 0 AND 100 THEN 'no percentage'
                WHEN unit <> 'share' AND contains(raw_text, '%') THEN 'a percentage'
                WHEN NOT is_used AND abs({number("raw_text")}) > {_FURTHEST} THEN 'too large'
                WHEN as_share.measure IS NOT NULL AND {number("raw_text")} NOT IN (0, 1) THEN 'from 0 to 1'
            END AS misread
        FROM {figures} LEFT JOIN as_share USING (column_name, measure)
        """
    )


def misread_places(figures: str) -> str:
    """SELECT of row and heading of misread figures in use; a column of shares from 0 to 1 is listed once."""
    return (
        f"SELECT row_number, column_name FROM {figures} WHERE is_used AND misread <> 'from 0 to 1' "
        f"UNION ALL SELECT min(row_number), column_name FROM {figures} "
        "WHERE is_used AND misread = 'from 0 to 1' GROUP BY column_name, measure"
    )


def kept(value: str) -> str:
    """SQL for a value, or NULL if it is set aside."""
    return f"CASE WHEN is_used OR misread IS NULL THEN {value} END"


def set_aside_unused(
    con: duckdb.DuckDBPyConnection, table: Table, file: RegisteredFile, figures: str
) -> None:
    """Record the places of values set aside, except cells that also hold a used measure."""
    record_set_aside_values(
        con,
        table,
        file,
        f"SELECT row_number, column_name FROM {figures} AS figure WHERE misread IS NOT NULL "
        "GROUP BY row_number, column_name HAVING NOT bool_or(is_used)",
    )
