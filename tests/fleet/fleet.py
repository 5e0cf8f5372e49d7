"""Runs many studies, each in its own process, recounts them and reports each in one line.

A study that never ends or runs out of memory then cannot stop the others.
"""

from __future__ import annotations

import multiprocessing
import resource
import shutil
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from tests.fleet import chart_figures, design_objections, public_objections
from tests.fleet.contradictions import contradictions
from tests.fleet.files import write_study
from tests.fleet.objections import objections
from tests.fleet.recount import Recount
from tests.fleet.running import Made, run
from tests.fleet.seeds import draw_study

# Limits of processor time and, because the machine may be busy, of wall-clock time.
_MOST_SECONDS = 120
LONGEST_SECONDS = 1200
_MOST_BYTES = 6 << 30


@dataclass(frozen=True)
class StudyResult:
    """The result of one study: `failure` says how it ended if it failed, `reached` what it covers."""

    seed: int
    seconds: float = 0.0
    failure: str = ""
    objections: tuple[str, ...] = ()
    reached: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_sound(self) -> bool:
        """The run finished and no check objected."""
        return not self.failure and not self.objections


# Known faults not yet fixed: objections that contain these texts are ignored. Keep the list empty.
AWAITED: tuple[str, ...] = ()


def judge(made: Made) -> tuple[str, ...]:
    """All objections of the oracle and all contradictions within the study."""
    recount = Recount.of(made.folder)
    checks = (*public_objections.CHECKS, *design_objections.CHECKS)
    design = (said for check in checks for said in check(made.tables, recount))
    figures = (said for check in chart_figures.CHECKS for said in check(made, recount))
    said = (*objections(made.tables, recount), *design, *figures, *contradictions(made, recount))
    return tuple(one for one in said if not any(fault in one for fault in AWAITED))


def reached(made: Made) -> frozenset[str]:
    """Verdicts, reasons, kinds of source and so on that a study covers."""
    impact = made.tables["impact"]
    headline = impact[(impact["role"] == "headline") & impact["verdict"].notna()]
    return frozenset(
        [
            *(f"verdict {verdict}" for verdict in headline["verdict"]),
            *(f"reason {reason}" for reason in made.tables["school_count"]["reason"]),
            *(f"source {kind}" for kind in made.tables["source"]["kind"]),
            *(f"group {group}" for group in impact["pupil_group"]),
            *(f"measure {measure}" for measure in headline["measure"]),
            *(f"warning {rule}" for rule in made.warnings),
        ]
    )


def one(seed: int, parent: Path) -> StudyResult:
    """Draw, write, run and judge one study under `parent`."""
    began = time.process_time()
    try:
        made = run(write_study(draw_study(seed), parent))
        said, covers = judge(made), reached(made)
    except Exception as error:
        place = [line.strip() for line in traceback.format_exc().splitlines() if 'File "' in line][
            -1
        ]
        return StudyResult(
            seed, time.process_time() - began, f"{type(error).__name__}: {error} ({place})"
        )
    return StudyResult(seed, time.process_time() - began, "", said, covers)


def many(seeds: Iterable[int], n_workers: int) -> Iterator[StudyResult]:
    """The result of every seed's study, in order of completion."""
    waiting = list(reversed(list(seeds)))
    context = multiprocessing.get_context("fork")
    running: list[tuple[int, float, multiprocessing.process.BaseProcess, Connection, Path]] = []
    while waiting or running:
        while waiting and len(running) < n_workers:
            seed = waiting.pop()
            reads, writes = context.Pipe(duplex=False)
            folder = Path(tempfile.mkdtemp(prefix="fleet"))
            process = context.Process(target=_apart, args=(seed, folder, writes))
            process.start()
            writes.close()
            running.append((seed, time.monotonic(), process, reads, folder))
        multiprocessing.connection.wait([reads for _, _, _, reads, _ in running], timeout=1)
        for at in list(running):
            seed, began, process, reads, folder = at
            told = _received(seed, reads)
            if told is None and time.monotonic() - began > LONGEST_SECONDS:
                told = StudyResult(
                    seed, LONGEST_SECONDS, f"still running after {LONGEST_SECONDS} seconds"
                )
            if told is not None:
                process.kill()
                process.join()
                shutil.rmtree(folder, ignore_errors=True)
                running.remove(at)
                yield told


def _received(seed: int, reads: Connection) -> StudyResult | None:
    if not reads.poll():
        return None
    try:
        return reads.recv()
    except EOFError:
        return StudyResult(
            seed, 0.0, f"its process died, perhaps after {_MOST_SECONDS} seconds of processor"
        )


def _apart(seed: int, folder: Path, writes: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_MOST_SECONDS, _MOST_SECONDS))
    writes.send(one(seed, folder))
