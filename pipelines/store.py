"""The working store of one study: two DuckDB files, opened by one writer at a time.

Which tables it holds is declared in `catalogue`; finished outputs are `publishing`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from pipelines.paths import StudyPaths

SCHEMAS = ("protocol", "raw", "mart", "impact", "released")


@contextmanager
def connect(paths: StudyPaths) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the store for writing, with the pupil file attached as `pupils`; closed whatever happens.

    Both files are readable by their owner only.
    """
    paths.work.mkdir(parents=True, exist_ok=True, mode=0o700)
    con = duckdb.connect(str(paths.store))
    try:
        con.execute("SET enable_progress_bar = false")
        con.execute("ATTACH $file AS pupils", {"file": str(paths.pupils)})
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        for file in (paths.store, paths.pupils):
            file.chmod(0o600)
        yield con
    finally:
        con.close()


def row_count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    """Rows of a table, or of whatever else may stand behind FROM."""
    counted = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(counted[0]) if counted else 0


def forget_pupils(paths: StudyPaths) -> None:
    """Delete the pupil rows: the file itself, so that nothing stays in its free pages."""
    for file in (paths.pupils, Path(f"{paths.pupils}.wal")):
        file.unlink(missing_ok=True)
