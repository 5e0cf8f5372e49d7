"""What each step of the graph receives: its study, the store, and the run's lock."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
from filelock import FileLock, Timeout
from pydantic import PrivateAttr

from assets.step_failure import StepFailedError
from pipelines.errors.fault import Fault, StudyError
from pipelines.errors.machine import machine_fault
from pipelines.freshness.code_version import shape_version
from pipelines.freshness.made import MadeParts, forget_undeclared
from pipelines.freshness.parts import PARTS, PROTOCOL_PART
from pipelines.protocol.study_file import load_study
from pipelines.publishing.runs import fall_back
from pipelines.store import fault_list, folder_note, store
from pipelines.store.private import make_work, private_files
from pipelines.study.paths import FOLDER_NOTE, StudyPaths
from pipelines.study.settings import PROTOCOL, Study

PARTITION_TAG = "dagster/partition"
LONGEST_WAIT_SECONDS = 3600
# On a run: nothing is kept from earlier runs.
FRESH_TAG = "ssif/fresh"


@dataclass(frozen=True)
class Work:
    """A study in use by the step of one part. If `is_current`, the part need not be made again."""

    study: Study
    paths: StudyPaths
    con: duckdb.DuckDBPyConnection
    made: MadeParts
    part: str
    is_current: bool

    def make(self) -> None:
        """Make the part, unless it is current."""
        make = PARTS[self.part].make
        if make and not self.is_current:
            make(self.con, self.study, self.paths)


class Studies(dg.ConfigurableResource):
    """Finds studies and their outputs.

    During a run it holds the study's lock (a second run of the study waits), the only connection to
    its store, and the protocol as last read.
    """

    data_raw: str
    data_marts: str
    _con: duckdb.DuckDBPyConnection | None = PrivateAttr(default=None)
    _made: MadeParts | None = PrivateAttr(default=None)
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
        with ExitStack() as held:
            try:
                con = self._hold(paths, held, context.log)
            except Exception as error:
                if failure := _machine_failure(paths, "store", error):
                    raise failure from None
                raise
            self._con, self._made = con, MadeParts(con, paths)
            if context.run and context.run.tags.get(FRESH_TAG):
                self._made.forget_all()
            try:
                yield self
            finally:
                self._con = self._made = self._study = None

    def _hold(
        self, paths: StudyPaths, held: ExitStack, log: dg.DagsterLogManager | None
    ) -> duckdb.DuckDBPyConnection:
        """Take the study's lock, tidy up after runs that died, and open the store; until `held` is closed."""
        make_work(paths)
        lock = FileLock(paths.lock)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if log:
                log.warning(
                    f"Another run of study {paths.study} is under way; waiting for it to end."
                )
            lock.acquire(timeout=LONGEST_WAIT_SECONDS)
        held.callback(lock.release)
        fault_list.clear(paths)
        if (whole := fall_back(paths)) and log:
            log.warning(f"The published run was damaged; run {whole} is shown until this run ends.")
        store.forget_other_shapes(paths, shape_version())
        store.delete_left_behind(paths)
        held.enter_context(private_files())
        con = held.enter_context(store.connect(paths))
        forget_undeclared(con)
        fault_list.forget_other_warnings(paths, PARTS)
        return con

    def paths(self, study: str) -> StudyPaths:
        """Paths of a study's outputs."""
        return StudyPaths(Path(self.data_marts), study)

    def folder(self, study: str) -> Path:
        """A study's folder: the one last evaluated by path, or the one below `data_raw`."""
        paths = self.paths(study)
        noted = folder_note.noted(paths)
        below_raw = Path(self.data_raw) / study
        # A study that has moved, or was evaluated elsewhere before, is found where studies are.
        return noted if noted and (noted / PROTOCOL).is_file() else below_raw

    def names(self) -> list[str]:
        """Studies below `data_raw`, and those evaluated by path whose folder still exists."""
        raw, marts = Path(self.data_raw), Path(self.data_marts)
        below_raw = {file.parent.name for file in raw.glob(f"*/{PROTOCOL}")}
        by_path = {
            note.parents[1].name
            for note in marts.glob(f"*/.work/{FOLDER_NOTE}")
            if (self.folder(note.parents[1].name) / PROTOCOL).is_file()
        }
        return sorted(below_raw | by_path)

    @contextmanager
    def step(self, study_name: str, part: str) -> Iterator[Work]:
        """Open a study for a step that makes or checks `part`; note what it was made from, if sound.

        A part that is current need not be made: its faults, warnings and note stay as they are. A StudyError
        fails the step with its shareable text; the full text is stored locally. A part whose check stored
        a fault is not noted, so it is never published.
        """
        with self._opened(study_name, part) as work:
            yield work
            if not work.is_current and part in PARTS and not fault_list.has_any(work.paths, part):
                work.made.note(work.study, PARTS[part])

    @contextmanager
    def _opened(self, study_name: str, part: str) -> Iterator[Work]:
        if self._con is None or self._made is None:
            raise RuntimeError("a step can only work on a study within a run of that study")
        con, made, paths = self._con, self._made, self.paths(study_name)
        try:
            study = self._study = load_study(self.folder(study_name), known=self._study)
            _require_current_protocol(con, study, part)
            is_current = part in PARTS and made.is_current(study, PARTS[part])
            if not is_current:
                fault_list.clear(paths, part)
                if part in PARTS:
                    made.begin(study, PARTS[part])
            yield Work(study, paths, con, made, part, is_current)
        except StudyError as error:
            fault_list.keep(paths, part, error)
            raise StepFailedError(error.with_remedies()) from None
        except Exception as error:
            if failure := _machine_failure(paths, part, error):
                raise failure from None
            # Other errors may quote a row (as DuckDB's do), so Dagster does not get their text.
            kept = fault_list.keep_traceback(paths, part, traceback.format_exc())
            raise StepFailedError(
                f"{type(error).__name__} while making {part}; the full text is in {kept}"
            ) from None


def _machine_failure(paths: StudyPaths, part: str, error: Exception) -> StepFailedError | None:
    """The failure of a step that met a fault of the machine, which is stored; None for any other error."""
    fault = machine_fault(error, str(paths.home))
    if fault is None:
        return None
    told = StudyError([fault])
    # The fault may itself prevent storing it; Dagster shows it in any case.
    with suppress(OSError):
        fault_list.keep(paths, part, told)
    return StepFailedError(told.with_remedies())


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
