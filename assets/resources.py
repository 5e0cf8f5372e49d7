"""What each step of the graph receives: its study, the store, and the run's lock."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
from filelock import FileLock, Timeout
from pydantic import PrivateAttr

from pipelines.errors.fault import Fault, StudyError
from pipelines.protocol.study_file import load_study
from pipelines.publishing.runs import code_sha256, forget_made, mark_made
from pipelines.store import fault_list, store
from pipelines.store.private import make_work, private_files
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import PROTOCOL, Study

PARTITION_TAG = "dagster/partition"
LONGEST_WAIT_SECONDS = 3600
# The first part of every study.
PROTOCOL_PART = "protocol"


@dataclass(frozen=True)
class Work:
    """A study in use by one step."""

    study: Study
    paths: StudyPaths
    con: duckdb.DuckDBPyConnection


class Studies(dg.ConfigurableResource):
    """Finds studies and their outputs.

    During a run it holds the study's lock (a second run of the study waits), the only connection to
    its store, and the protocol as last read.
    """

    data_raw: str
    data_marts: str
    _con: duckdb.DuckDBPyConnection | None = PrivateAttr(default=None)
    _study: Study | None = PrivateAttr(default=None)

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator[Studies]:
        """Hold the lock and the open store of the run's study during the run."""
        run = context.run
        study = run.tags.get(PARTITION_TAG) if run else None
        if study is None:
            yield self
            return
        paths = self.paths(study)
        make_work(paths)
        lock = FileLock(paths.lock)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if context.log:
                context.log.warning(
                    f"Another run of study {study} is under way; waiting for it to end."
                )
            lock.acquire(timeout=LONGEST_WAIT_SECONDS)
        try:
            fault_list.clear(paths)
            store.forget_other_code(paths, code_sha256())
            store.delete_left_behind(paths)
            with private_files(), store.connect(paths) as con:
                self._con = con
                yield self
        finally:
            self._con = None
            self._study = None
            lock.release()

    def paths(self, study: str) -> StudyPaths:
        """Paths of a study's outputs."""
        return StudyPaths(Path(self.data_marts), study)

    def folder(self, study: str) -> Path:
        """A study's folder: the one last evaluated by path, or the one below `data_raw`."""
        note = self.paths(study).folder_note
        if note.is_file():
            return Path(note.read_text(encoding="utf-8").strip())
        return Path(self.data_raw) / study

    def names(self) -> list[str]:
        """Studies below `data_raw`, and those evaluated by path whose folder still exists."""
        raw, marts = Path(self.data_raw), Path(self.data_marts)
        below_raw = {file.parent.name for file in raw.glob(f"*/{PROTOCOL}")}
        by_path = {
            note.parents[1].name
            for note in marts.glob("*/.work/study_folder.txt")
            if (self.folder(note.parents[1].name) / PROTOCOL).is_file()
        }
        return sorted(below_raw | by_path)

    @contextmanager
    def step(self, study_name: str, part: str) -> Iterator[Work]:
        """Open a study for a step that builds or checks `part`; mark the part as made if sound.

        A StudyError fails the step with its shareable text; the full text is stored locally.
        A part whose check stored a fault is not marked, so it is never published.
        """
        with self._opened(study_name, part) as work:
            forget_made(work.con, part)
            yield work
            if not fault_list.has_any(work.paths, part):
                mark_made(work.con, part)

    @contextmanager
    def _opened(self, study_name: str, part: str) -> Iterator[Work]:
        if self._con is None:
            raise RuntimeError("a step can only work on a study within a run of that study")
        paths = self.paths(study_name)
        fault_list.clear(paths, part)
        try:
            study = self._study = load_study(self.folder(study_name), known=self._study)
            _require_current_protocol(self._con, study, part)
            yield Work(study, paths, self._con)
        except StudyError as error:
            fault_list.keep(paths, part, error)
            raise dg.Failure(description=str(error), allow_retries=False) from None
        except Exception as error:
            # Other errors may quote a row (as DuckDB's do), so Dagster does not get their text.
            kept = fault_list.keep_traceback(paths, part, traceback.format_exc())
            raise dg.Failure(
                description=f"{type(error).__name__} while making {part}; the full text is in {kept}",
                allow_retries=False,
            ) from None


def _require_current_protocol(con: duckdb.DuckDBPyConnection, study: Study, part: str) -> None:
    """Raise StudyError if the store was begun with another protocol."""
    if part == PROTOCOL_PART:
        return
    try:
        written = con.execute("SELECT protocol_sha256 FROM protocol.study").fetchone()
    except duckdb.CatalogException:
        written = None
    if written is None or written[0] != study.protocol_sha256:
        raise StudyError(
            [
                Fault(
                    file=PROTOCOL,
                    problem=(
                        "this study has not been made as a whole with this version of the code"
                        if written is None
                        else "study.toml has changed since this study was last made as a whole"
                    ),
                    expected="the protocol the other tables were made under",
                    remedy="make the whole study (`make evaluate`, or the asset `protocol` and all after it)",
                )
            ]
        )
