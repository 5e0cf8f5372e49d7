"""What SQL may ask of Python: the store's connections know these functions by their own names.

What they do is said in `free_text`, `pipelines.revision` and `pipelines.impact.score_interval`.
"""

from __future__ import annotations

import duckdb

from pipelines.disclosure.free_text import inert_in_spreadsheet, publishable_text, review_reasons
from pipelines.impact.score_interval import score_interval
from pipelines.revision import could_be_same_value


def register(con: duckdb.DuckDBPyConnection) -> None:
    """Make the functions known to a connection; they answer NULL to NULL."""
    con.create_function("publishable_text", publishable_text, ["VARCHAR"], "VARCHAR")
    con.create_function("inert_in_spreadsheet", inert_in_spreadsheet, ["VARCHAR"], "VARCHAR")
    con.create_function("review_reasons", review_reasons, ["VARCHAR", "VARCHAR[]"], "VARCHAR[]")
    con.create_function(
        "could_be_same_value",
        could_be_same_value,
        ["DOUBLE", "DOUBLE", "DOUBLE", "DOUBLE"],
        "BOOLEAN",
    )
    con.create_function("score_interval", score_interval, ["DOUBLE", "DOUBLE"], "DOUBLE[]")
