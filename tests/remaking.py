"""Makes the parts of a study without Dagster, as its steps do: current ones are kept."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.freshness.made import MadeParts, files_written, forget_undeclared
from pipelines.freshness.parts import PARTS
from pipelines.protocol.study_file import load_study
from pipelines.store import store
from pipelines.study.paths import StudyPaths
from pipelines.validation.checks import check_relation
from pipelines.validation.relations import RELATIONS

_RELATIONS = {relation.name: relation for relation in RELATIONS}
# Parts that draw and write, which takes most of the time.
PRINTED = frozenset(name for name, part in PARTS.items() if part.writes_files)


@dataclass(frozen=True)
class Remade:
    """Which parts were made and not kept, and all rows and files that there are then."""

    made: tuple[str, ...]
    rows: dict[str, list[tuple[object, ...]]]
    files: dict[str, bytes]


def remake(folder: Path, paths: StudyPaths, *, without: Collection[str] = ()) -> Remade:
    """Make every part that is not current. Pupil rows are deleted afterwards, as after a run."""
    study = load_study(folder)
    made = []
    with store.connect(paths) as con:
        con.execute("SET threads = 1")
        forget_undeclared(con)
        noted = MadeParts(con, paths)
        for name, part in PARTS.items():
            if name in without or noted.is_current(study, part):
                continue
            made.append(name)
            noted.begin(study, part)
            if part.make:
                part.make(con, study, paths)
            else:
                check_relation(con, _RELATIONS[name])
            noted.note(study, part)
        rows = {table.full_name: _rows(con, table.full_name) for name, part in PARTS.items()
                if name not in without
                for table in part.writes if table.sensitivity != "pupil"}  # fmt: skip
        rows["raw.check_result"] = sorted(_rows(con, "raw.check_result"), key=str)
        store.forget_pupils(con, paths)
    files = {
        file.name: file.read_bytes()
        for part in PARTS.values()
        for file in files_written(paths, part)
    }
    return Remade(tuple(made), rows, files)


def _rows(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[object, ...]]:
    return con.execute(f"FROM {table}").fetchall()
