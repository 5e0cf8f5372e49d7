"""The working store of one study: two DuckDB files, opened by one writer at a time.

Its tables are declared in `catalogue`; finished outputs are handled in `publishing`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from pipelines.errors.fault import Fault, StudyError
from pipelines.free_text import sql_functions
from pipelines.store.private import make_work, private_files
from pipelines.study.paths import StudyPaths
from pipelines.study.school_types import SPELLING_KEY_MACRO

if TYPE_CHECKING:
    import pandas as pd

# Prefix of the folder of a temporary store.
SCRATCH = ".scratch-"
SCHEMAS = ("protocol", "raw", "mart", "impact", "released")


@contextmanager
def connect(paths: StudyPaths) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the store for writing, with the pupil file attached as `pupils`; always closed afterwards.

    Both files, and any that DuckDB writes beside them, are readable by their owner only.
    """
    make_work(paths)
    with private_files(), _with_schemas(str(paths.store), str(paths.pupils)) as con:
        yield con


@contextmanager
def connect_in_memory() -> Iterator[duckdb.DuckDBPyConnection]:
    """A store in memory, for checking a study's files: no pupil data reaches the disk."""
    with _with_schemas(":memory:", ":memory:") as con:
        con.execute("SET temp_directory = ''")
        yield con


@contextmanager
def _with_schemas(store: str, pupils: str) -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect(store)
    try:
        con.execute("SET enable_progress_bar = false")
        sql_functions.register(con)
        con.execute(SPELLING_KEY_MACRO)
        con.execute("ATTACH $file AS pupils", {"file": pupils})
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        yield con
    finally:
        con.close()


def forget_other_shapes(paths: StudyPaths, shape_version: str) -> None:
    """Delete a store whose tables were laid out by a different version of the code or of its libraries."""
    note = paths.work / "shape_version.txt"
    if not note.is_file() or note.read_text(encoding="utf-8") != shape_version:
        for file in (paths.store, paths.pupils):
            for written in (file, Path(f"{file}.wal")):
                written.unlink(missing_ok=True)
        note.write_text(shape_version, encoding="utf-8")


def row_count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Number of rows of a table, or of anything else that can follow FROM."""
    counted = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(counted[0]) if counted else 0


def insert_frame(con: duckdb.DuckDBPyConnection, table: str, frame: pd.DataFrame) -> None:
    """Append a frame to a table by column name. Inserting row by row would take seconds."""
    if frame.empty:
        return
    con.register("incoming_frame", frame)
    try:
        con.execute(f"INSERT INTO {table} BY NAME SELECT * FROM incoming_frame")
    finally:
        con.unregister("incoming_frame")


def sql_text(text: object) -> str:
    """A text or path as an SQL literal, for places that take no parameter."""
    return "'" + str(text).replace("'", "''") + "'"


def one_file(path: Path) -> str:
    """A path as an SQL literal for DuckDB's file readers, with wildcards escaped.

    The readers treat `*`, `?` and `[…]` as patterns, also in folder names, and would read every match.
    Brackets around a wildcard make it literal. `ATTACH` and `COPY … TO` do not expand patterns.
    """
    return sql_text(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def require_pupils(con: duckdb.DuckDBPyConnection, select: str) -> None:
    """Stop if a SELECT needs pupil rows that have been deleted.

    Raises StudyError naming each raw table to rebuild.
    """
    wanted = dict.fromkeys(re.findall(r"\bpupils\.([a-z_0-9]+)\b", select))
    names = pupil_tables(con)
    faults = [
        Fault(
            file=f"raw/{name}",
            problem="its pupil rows are no longer there: they are deleted once a run has succeeded",
            expected="pupil rows, in a run that has not ended yet",
            remedy=f"make raw/{name} again together with this, or the whole study (`make evaluate`)",
        )
        for name in wanted
        if name not in names
    ]
    if faults:
        raise StudyError(faults)


def pupil_tables(con: duckdb.DuckDBPyConnection) -> set[str]:
    """Names of the tables of pupil rows that are there: a run that succeeds deletes them."""
    there = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'pupils'")
    return {name for (name,) in there.fetchall()}


def forget_pupils(con: duckdb.DuckDBPyConnection, paths: StudyPaths) -> None:
    """Delete the pupil rows of the current run: see `delete_pupils`."""
    con.execute("DETACH pupils")
    delete_pupils(paths)


def delete_pupils(paths: StudyPaths) -> None:
    """Delete the file of pupil rows, so that nothing remains in its free pages."""
    for file in (paths.pupils, Path(f"{paths.pupils}.wal"), paths.pupils_kept):
        file.unlink(missing_ok=True)


def delete_left_behind(paths: StudyPaths) -> None:
    """Delete leftovers of a killed process that may hold pupil rows."""
    for spilled in (paths.store, paths.pupils):
        shutil.rmtree(f"{spilled}.tmp", ignore_errors=True)
    for scratch in paths.work.glob(f"{SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)
