"""Functions of this room that SQL can call, under the same names."""

from __future__ import annotations

import duckdb

from pipelines.free_text.review import inert_in_spreadsheet, publishable_text, review_reasons


def register(con: duckdb.DuckDBPyConnection) -> None:
    """Register the functions with a connection; they return NULL for NULL."""
    con.create_function("publishable_text", publishable_text, ["VARCHAR"], "VARCHAR")
    con.create_function("inert_in_spreadsheet", inert_in_spreadsheet, ["VARCHAR"], "VARCHAR")
    con.create_function("review_reasons", review_reasons, ["VARCHAR", "VARCHAR[]"], "VARCHAR[]")
