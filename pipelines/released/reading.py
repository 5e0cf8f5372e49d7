"""Reads released tables, the only data that charts, pages and notebooks use."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

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
    """The tables of a finished run's `released.duckdb`, opened read-only.

    A program that has it open for writing, as DuckDB does unless asked not to, keeps others from opening it,
    not from copying it.
    """
    with TemporaryDirectory() as folder:
        try:
            con = duckdb.connect(str(released), read_only=True)
        except duckdb.IOException:
            copy = shutil.copyfile(released, Path(folder) / released.name)
            con = duckdb.connect(str(copy), read_only=True)
        with closing(con):
            return read_tables(con)
