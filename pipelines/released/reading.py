"""Reads released tables, the only data that charts, pages and notebooks use."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd

from pipelines.catalogue import RELEASED_TABLES

NAMES: tuple[str, ...] = tuple(table.name for table in RELEASED_TABLES)


def read_tables(
    con: duckdb.DuckDBPyConnection, names: Iterable[str] = NAMES
) -> dict[str, pd.DataFrame]:
    """Released tables of the working store or a run's `released.duckdb`, as frames by name."""
    return {name: con.execute(f"SELECT * FROM released.{name}").df() for name in names}


def read_published(released: Path) -> dict[str, pd.DataFrame]:
    """The tables of a finished run's `released.duckdb`, opened read-only."""
    with closing(duckdb.connect(str(released), read_only=True)) as con:
        return read_tables(con)
