"""Kills, cuts and crowds runs, and looks at what is left: `make torture`. It takes too long to be a test.

After every attack the last good outputs must be whole, the next run must end well without help, no run may be
left under way, and nothing may have grown.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dagster as dg

from assets.dagster_home import instance
from assets.left_runs import fail_left_runs
from assets.resources import Studies
from pipelines.publishing.identity import is_whole
from pipelines.study.paths import PROJECT, StudyPaths
from tests.evaluated import command_of, environment
from tests.fleet.files import write_study
from tests.fleet.seeds import draw_study
from tests.own_disk import NotPossibleError, OwnDisk, own_disk
from tests.region import FAILING, Region, descendants, is_alive, kill_one, runs_under_way

# A small study with pupils of both key stages and most kinds of file.
SEED = 24
AT_ONCE = 5
# More than any file of a run, and less than the store needs.
SMALL_FILE_BYTES = 1_000_000
LONGEST_RUN_SECONDS = 600
LONGEST_SERVED_SECONDS = 40
LONGEST_ENDING_SECONDS = 120
# What has been written may not have reached the disk for as long as this.
WRITTEN_BACK_SECONDS = 32
CLOCKS = ("2018-10-02 09:00:00", "2030-06-01 09:00:00")
# Place and problem, what to do, how many things to mend, and what became of the study.
MOST_LINES = 6


class Study:
    """A drawn study, evaluated once, and what is true of it from then on."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = write_study(draw_study(SEED), home / "raw")
        self.paths = StudyPaths(home / "marts", self.folder.name)

    def start(self, before: Sequence[str] = (), **more: object) -> subprocess.Popen[str]:
        """Begin a run in a process of its own; its command line stands after `before`."""
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [*before, *command_of(self.folder, self.paths.marts)],
            cwd=PROJECT,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            **more,
        )

    def evaluate(self) -> None:
        """A run that must end well, and whose outputs must be whole."""
        run = self.start()
        _, said = run.communicate(timeout=LONGEST_RUN_SECONDS)
        require(run.returncode == 0, f"the next run failed: {said[-500:]}")
        self.require_whole()

    def require_told(self, problem: str) -> None:
        """A run that fails, and says why in a sentence."""
        run = self.start()
        _, said = run.communicate(timeout=LONGEST_RUN_SECONDS)
        require(run.returncode == 1 and problem in said, f"not told, {problem}: {said[-500:]}")
        n_lines = len([line for line in said.splitlines() if line])
        require("Traceback" not in said and n_lines <= MOST_LINES, f"too much is said: {said}")

    def change(self) -> None:
        """Edit a file, so that the next run has something to do."""
        file = self.folder / "evaluations.csv"
        now, other = "It was useful.", "It was of use."
        text = file.read_text(encoding="utf-8")
        old, new = (now, other) if now in text else (other, now)
        file.write_text(text.replace(old, new), encoding="utf-8")

    def require_whole(self) -> None:
        """The published run is whole, whichever it is."""
        whole = is_whole(self.paths.current, self.paths.restricted_current)
        require(whole, "the published run is not whole")

    def require_no_run_left(self) -> None:
        """After the daemon's look at dead runs, none is under way."""
        studies = Studies(data_raw=str(self.folder.parent), data_marts=str(self.paths.marts))
        with instance(self.paths.marts) as history:
            fail_left_runs(history, studies, least_age_seconds=0)
            left = history.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        require(not left, f"{len(left)} runs are left under way")

    def bytes_used(self) -> int:
        """Space of all outputs but Dagster's history."""
        files = (file for file in self.paths.home.rglob("*") if file.is_file())
        return sum(file.stat().st_size for file in files if not file.is_symlink())


class BrokenError(Exception):
    """Something that must hold did not."""


def require(holds: object, otherwise: str) -> None:
    """Raise BrokenError unless something holds."""
    if not holds:
        raise BrokenError(otherwise)


def kills(study: Study, n: int, draw: random.Random) -> None:
    """`kill -9` at any moment of a run."""
    began = time.monotonic()
    study.change()
    study.evaluate()
    usual = time.monotonic() - began
    for _ in range(n):
        study.change()
        run = study.start()
        time.sleep(draw.uniform(0, usual))
        run.send_signal(signal.SIGKILL)
        run.communicate()
        study.require_whole()
    study.evaluate()
    study.require_no_run_left()


def at_once(study: Study, n: int, _draw: random.Random) -> None:
    """First runs of the same study, begun together on a machine that has no outputs yet."""
    for nth in range(n):
        fresh = StudyPaths(study.home / f"crowd{nth}", study.paths.study)
        others = [
            subprocess.Popen(
                command_of(study.folder, fresh.marts),
                cwd=PROJECT,
                env=environment(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
            for _ in range(AT_ONCE)
        ]
        for run in others:
            _, said = run.communicate(timeout=LONGEST_RUN_SECONDS * AT_ONCE)
            require(run.returncode == 0, f"a run failed: {said[-500:]}")
        require(is_whole(fresh.current, fresh.restricted_current), "the run is not whole")


def source_gone(study: Study, n: int, draw: random.Random) -> None:
    """A file is taken away while a run is under way, and put back."""
    file = study.folder / "evaluations.csv"
    for _ in range(n):
        study.change()
        run = study.start()
        time.sleep(draw.uniform(0, 4))
        kept = file.read_bytes()
        file.unlink()
        _, said = run.communicate(timeout=LONGEST_RUN_SECONDS)
        require("Traceback" not in said, f"a traceback: {said[-500:]}")
        study.require_whole()
        file.write_bytes(kept)
        study.evaluate()


def file_limit(study: Study, n: int, _draw: random.Random) -> None:
    """No file may grow beyond a limit, as where space is out: the run stops, and the next one goes on."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL_FILE_BYTES, SMALL_FILE_BYTES))

    for _ in range(n):
        study.change()
        run = study.start(preexec_fn=limit)
        run.communicate(timeout=LONGEST_RUN_SECONDS)
        study.require_whole()
        study.evaluate()


def servers_killed(study: Study, n: int, draw: random.Random) -> None:
    """`kill -9` of `ssif serve`, which is making studies that it has not met before."""
    region = Region(study.home / "served", 3)
    region.write()
    for _ in range(n):
        with region.served() as server:
            time.sleep(draw.uniform(0, LONGEST_SERVED_SECONDS))
            runs = runs_under_way(server)
            others = [pid for pid in descendants(server) if pid not in runs]
            os.kill(server, signal.SIGKILL)
            until = time.monotonic() + LONGEST_ENDING_SECONDS
            while (left := [*filter(is_alive, others)]) and time.monotonic() < until:
                time.sleep(1)
            require(not left, f"{len(left)} processes of a server that was killed go on")
    with region.served() as server:
        try:
            region.wait(server, region.is_made)
        except TimeoutError as error:
            raise BrokenError(str(error)) from None
    require(not region.is_whole(FAILING), "a study with a bad file is published")


def queued(study: Study, n: int, _draw: random.Random) -> None:
    """Many studies asked for at once: one has a bad file, and one's run is killed."""
    region = Region(study.home / "region", max(n, 3))
    region.write()
    region.backfill()
    with region.served() as server:
        kill_one(server)
        try:
            region.wait(server, region.is_made)
        except TimeoutError as error:
            raise BrokenError(str(error)) from None
    require(not region.is_whole(FAILING), "a study with a bad file is published")
    lasting = [megabytes for _, megabytes, _ in region.memory]
    early, late = max(lasting[: len(lasting) // 2]), max(lasting[len(lasting) // 2 :])
    # Dagster replaces the processes that know the graph from time to time: old and new are there at once.
    require(late < 1.5 * early, f"page and daemon grew from {early:.0f} to {late:.0f} MB")


def power_cuts(study: Study, n: int, draw: random.Random) -> None:
    """Power fails during a run or in the half minute after it."""
    with _on_own_disk(study) as (disk, here):
        began = time.monotonic()
        here.change()
        here.evaluate()
        usual = time.monotonic() - began
        for _ in range(n):
            here.change()
            run = here.start()
            time.sleep(draw.uniform(0, usual + WRITTEN_BACK_SECONDS))
            disk.cut_power()
            run.send_signal(signal.SIGKILL)
            run.communicate()
            disk.restart()
            here.require_whole()
            here.evaluate()
        here.require_no_run_left()


def no_room(study: Study, n: int, draw: random.Random) -> None:
    """The disk is full, then read-only: one sentence, and the last run stays."""
    with _on_own_disk(study) as (disk, here):
        for _ in range(n):
            here.change()
            with disk.full(n_bytes_left=draw.randrange(300_000)):
                here.require_told("the disk is full")
                here.require_whole()
            with disk.read_only():
                here.require_told("it can only be read here")
                here.require_whole()
            here.evaluate()


@contextmanager
def _on_own_disk(study: Study) -> Iterator[tuple[OwnDisk, Study]]:
    home = study.home / "apart"
    home.mkdir()
    try:
        with own_disk(home) as disk:
            here = Study(disk.place)
            here.evaluate()
            yield disk, here
    finally:
        shutil.rmtree(home)


def clocks(study: Study, n: int, _draw: random.Random) -> None:
    """The machine's clock is years ahead or behind."""
    if shutil.which("faketime") is None:
        raise NotPossibleError("without faketime")
    for nth in range(n):
        study.change()
        run = study.start(before=("faketime", CLOCKS[nth % len(CLOCKS)]))
        _, said = run.communicate(timeout=LONGEST_RUN_SECONDS)
        require(run.returncode == 0, f"a run failed: {said[-500:]}")
        study.require_whole()
    study.change()
    study.evaluate()


ATTACKS: dict[str, tuple[Callable[[Study, int, random.Random], None], int]] = {
    "killed at any moment": (kills, 50),
    "ssif serve killed": (servers_killed, 20),
    f"{AT_ONCE} first runs at once": (at_once, 1),
    "a source taken away": (source_gone, 5),
    "files may not grow": (file_limit, 3),
    "studies queued": (queued, 20),
    "power cut": (power_cuts, 10),
    "disk full, read-only": (no_room, 3),
    "clock of 2018 and 2030": (clocks, 2),
}


@contextmanager
def _evaluated() -> Iterator[Study]:
    with tempfile.TemporaryDirectory() as home:
        study = Study(Path(home))
        study.evaluate()
        yield study


def main() -> int:
    """Run every attack; returns 1 if one of them broke something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--share", type=float, default=1.0, help="share of the usual number of attacks"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=ATTACKS, help="one kind of attack")
    options = parser.parse_args()
    status = 0
    with _evaluated() as study:
        before = study.bytes_used()
        for name, (attack, usual) in ATTACKS.items():
            if options.only not in {None, name}:
                continue
            n = max(1, round(usual * options.share))
            began = time.monotonic()
            try:
                attack(study, n, random.Random(options.seed))  # noqa: S311 - no secret
                said = "held"
            except BrokenError as error:
                said, status = f"BROKEN: {error}", 1
            except NotPossibleError as error:
                said = f"not tried, {error}"
            print(f"{name:<24}{n:>4} times {time.monotonic() - began:>7.0f} s  {said}", flush=True)
        grown = study.bytes_used() / before
        print(f"space: {grown:.1f} times that of one run")
    return status


if __name__ == "__main__":
    sys.exit(main())
