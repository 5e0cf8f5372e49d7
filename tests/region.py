"""Many studies made in one backfill by `ssif serve`: the memory it takes, and what a bad one stops.

`python -m tests.region --studies 50` measures the table of assets/README.md.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from assets.dagster_home import dagster_home, instance
from assets.described import STUDIES
from assets.page_guard import HOST
from pipelines.publishing.identity import is_whole
from pipelines.study.paths import DATA_MARTS_VARIABLE, DATA_RAW_VARIABLE, PROJECT, StudyPaths
from tests.evaluated import environment
from tests.fleet.files import write_study
from tests.fleet.seeds import draw_study
from tests.planted import Plant

# Of drawn studies, one of the smallest: school tables of one key stage.
SEED = 25
FAILING = "authority02"
# As the paper says it.
BACKFILL = "dagster job backfill --job evaluate --all yes --noprompt"
PATIENCE_SECONDS = 900
LOOK_SECONDS = 5.0
# A process that a run has to itself is started by Dagster in this way.
_OF_A_RUN = b"multiprocessing.spawn"


@dataclass
class Region:
    """Folders of raw files and outputs, and how much memory their processes took while studies finished."""

    home: Path
    n_studies: int
    memory: list[tuple[int, float, float]] = field(default_factory=list)

    @property
    def raw(self) -> Path:
        """The folder of the studies."""
        return self.home / "raw"

    @property
    def marts(self) -> Path:
        """The folder of the outputs."""
        return self.home / "marts"

    @property
    def names(self) -> list[str]:
        """The studies, one an authority."""
        return [f"authority{number:02}" for number in range(1, self.n_studies + 1)]

    def write(self) -> None:
        """Write copies of one study, one of them with a code that no file may hold."""
        drawn = write_study(draw_study(SEED), self.home / "drawn")
        for name in self.names:
            folder = shutil.copytree(drawn, self.raw / name)
            plant = Plant(folder)
            plant.protocol(f'name = "{drawn.name}"', f'name = "{name}"')
            if name == FAILING:
                plant.cells("enrolments.csv", {(2, "urn"): "not a number"})

    def is_whole(self, name: str) -> bool:
        """Whether a study's published run is whole."""
        paths = StudyPaths(self.marts, name)
        return is_whole(paths.current, paths.restricted_current)

    def is_made(self) -> bool:
        """Whether every study is published but the one that cannot be."""
        return all(self.is_whole(name) for name in self.names if name != FAILING)

    @contextmanager
    def history(self) -> Iterator[dg.DagsterInstance]:
        """The history of all runs."""
        with instance(self.marts) as opened:
            yield opened

    @contextmanager
    def served(self) -> Iterator[int]:
        """Run `ssif serve` over the studies; yields its process id."""
        with closing(socket.socket()) as free:
            free.bind((HOST, 0))
            port = str(free.getsockname()[1])
        folders = ["--data-raw", str(self.raw), "--data-marts", str(self.marts)]
        process = subprocess.Popen(
            [sys.executable, "-m", "assets.cli", "serve", "--port", port, *folders],
            cwd=PROJECT,
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            process.stdout.readline()
            assert "http://" in process.stdout.readline()
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_SECONDS)

    def backfill(self) -> None:
        """Ask for every study at once, by Dagster's own command."""
        with self.history() as history:
            history.add_dynamic_partitions(str(STUDIES.name), self.names)
        home = dagster_home(self.marts)
        subprocess.run(
            [Path(sys.executable).parent / "dagster", *BACKFILL.split()[1:]],
            cwd=PROJECT,
            env=environment()
            | {
                "DAGSTER_HOME": str(home),
                "DAGSTER_DISABLE_TELEMETRY": "1",
                DATA_RAW_VARIABLE: str(self.raw),
                DATA_MARTS_VARIABLE: str(self.marts),
            },
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=True,
        )

    def wait(self, server: int, is_over: Callable[[], bool]) -> None:
        """Look at processes every few seconds until something is so, and each study finished or failed."""
        since, n_before = time.monotonic(), -1
        with self.history() as history:
            while True:
                n_waiting = history.get_runs_count(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
                n_finished = history.get_runs_count() - n_waiting
                if not n_waiting and is_over():
                    return
                if n_finished > n_before:
                    since, n_before = time.monotonic(), n_finished
                if time.monotonic() - since > PATIENCE_SECONDS:
                    raise TimeoutError(f"{n_waiting} runs wait or are under way, and none goes on")
                lasting, of_runs = memory_of(server)
                self.memory.append((n_finished, lasting, of_runs))
                time.sleep(LOOK_SECONDS)

    def most_at_once(self) -> int:
        """The most runs that were under way at the same time."""
        with self.history() as history:
            records = history.get_run_records()
        spans = [(r.start_time, r.end_time) for r in records if r.start_time and r.end_time]
        return max(sum(begun <= at < ended for begun, ended in spans) for at, _ in spans)

    def most_memory(self, first: int, last: int) -> tuple[float, float]:
        """The most megabytes of what lasts and of all processes while runs `first` to `last` ended."""
        seen = [(lasting, lasting + runs) for n, lasting, runs in self.memory if first <= n < last]
        return max(lasting for lasting, _ in seen), max(whole for _, whole in seen)


def descendants(pid: int) -> Iterator[int]:
    """The processes that a process has started, and those that these have."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text(encoding="ascii").split():
            yield int(child)
            yield from descendants(int(child))


def is_alive(pid: int) -> bool:
    """Whether a process is at work: one that has ended may wait for its parent to ask how."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def runs_under_way(server: int) -> list[int]:
    """The processes of runs that a server's daemon has started."""
    return [pid for pid in descendants(server) if _is_of_a_run(pid)]


def _is_of_a_run(pid: int) -> bool:
    try:
        return _OF_A_RUN in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def memory_of(server: int) -> tuple[float, float]:
    """Megabytes of a server's lasting processes and of those of runs; shared memory is counted once."""
    of = {True: 0.0, False: 0.0}
    for pid in [server, *descendants(server)]:
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        except OSError:
            continue
        (kilobytes,) = [line.split()[1] for line in text.splitlines() if line.startswith("Pss:")]
        of[_is_of_a_run(pid)] += int(kilobytes) / 1024
    return of[False], of[True]


def kill_one(server: int) -> int:
    """Kill a run's process, once there is one; returns its id."""
    while not (found := runs_under_way(server)):
        time.sleep(LOOK_SECONDS)
    os.kill(found[0], signal.SIGKILL)
    return found[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a region's studies and print the most memory while they finished."""
    parser = argparse.ArgumentParser(prog="python -m tests.region", description=__doc__)
    parser.add_argument("--studies", type=int, default=50)
    parser.add_argument("--kill", action="store_true", help="kill the first run")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        region = Region(Path(home), options.studies)
        region.write()
        began = time.monotonic()
        region.backfill()
        with region.served() as server:
            if options.kill:
                kill_one(server)
            region.wait(server, region.is_made)
        failed = [name for name in region.names if not region.is_whole(name)]
        print(f"{options.studies} studies in {time.monotonic() - began:.0f} s; failed: {failed}")
        print(f"at most {region.most_at_once()} at once")
        for first, last in ((0, 10), (10, 25), (25, 50)):
            if last <= options.studies:
                lasting, whole = region.most_memory(first, last)
                print(
                    f"runs {first + 1} to {last}: {lasting:,.0f} MB lasting, {whole:,.0f} MB in all"
                )
    return int(failed != [FAILING])


if __name__ == "__main__":
    sys.exit(main())
