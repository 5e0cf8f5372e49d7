"""`make calibrate`: simulates every scenario and writes the tables and `README.md` in this folder.

Not collected by pytest; `tests/reference/test_calibration.py` does a short run.
"""

from __future__ import annotations

import argparse
import datetime
import os
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pipelines.impact import calibration as committed
from pipelines.impact.calibration import TABLE
from tests.calibration.alternatives import PLACE, try_all
from tests.calibration.naive import naive_table
from tests.calibration.report import (
    ALTERNATIVES,
    Heading,
    engine_version,
    write_page,
    write_rows,
    write_table,
)
from tests.calibration.scenarios import Scenario, every_scenario
from tests.calibration.schools import SEED
from tests.calibration.simulation import run
from tests.calibration.trial import Calibration, Trial, calibration

HERE = Path(__file__).parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.calibration")
    parser.add_argument("--draws", type=int, default=2000)
    parser.add_argument("--only-alternatives", action="store_true")
    parser.add_argument("--only-naive", action="store_true")
    parser.add_argument("--only-missing", action="store_true")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    if asked.only_naive:
        calibrate_naive(asked.processes)
        write_page(HERE)
        return
    if asked.only_missing:
        calibrate_missing(asked.processes)
        write_page(HERE)
        return
    if not asked.only_alternatives:
        calibrate(asked.draws, asked.processes)
    begun, version = time.perf_counter(), engine_version()
    rows = try_all(asked.draws, asked.processes)
    n_trials = asked.draws * len({tuple(row[column] for column in PLACE) for row in rows})
    heading = heading_of(asked.draws, version, begun, asked.processes, n_trials)
    write_rows(HERE / ALTERNATIVES, heading.line, rows)
    write_page(HERE)


def calibrate(n_draws: int, n_processes: int) -> None:
    """Run every scenario and write the table that the board's page reads."""
    begun, version = time.perf_counter(), engine_version()
    table = simulated(every_scenario(), n_draws, n_processes)
    heading = heading_of(n_draws, version, begun, n_processes, n_draws * len(table))
    write_table(TABLE, heading, table)


def calibrate_missing(n_processes: int) -> None:
    """Simulate the scenarios that the table lacks, with as many draws as it has; its rows stay."""
    first_line, kept = TABLE.read_text(encoding="utf-8").split("\n", 1)[0], committed.read_table()
    names = list(Scenario.__dataclass_fields__)
    for name in set(names) - set(kept):
        kept.insert(names.index(name), name, Scenario.__dataclass_fields__[name].default)
    have = {Scenario(*row) for row in kept[names].to_numpy()}
    missing = [scenario for scenario in every_scenario() if scenario not in have]
    table = simulated(missing, committed.n_draws(), n_processes)
    added = [asdict(scenario) | asdict(measured) for scenario, measured in table.items()]
    today = datetime.date.today().isoformat()
    first_line += f"; {len(added)} scenarios added with engine {engine_version()} on {today}"
    write_rows(TABLE, first_line, [*kept.to_dict("records"), *added])


def simulated(
    scenarios: Sequence[Scenario], n_draws: int, n_processes: int
) -> dict[Scenario, Calibration]:
    """The summaries of the scenarios' trials, in their order."""
    begun = time.perf_counter()
    trials: dict[Scenario, list[Trial]] = {scenario: [] for scenario in scenarios}
    n_done, n_all = 0, n_draws * len(trials)
    for of_task, done in run(scenarios, n_draws, n_processes):
        for scenario, some in zip(of_task, done, strict=True):
            trials[scenario] += some
            n_done += len(some)
        print(f"{n_done / n_all:4.0%}  {time.perf_counter() - begun:.0f} s", end="\r", flush=True)
    print(f"{len(trials)} scenarios, {n_draws} draws, {(time.perf_counter() - begun) / 60:.1f} min")
    return {scenario: calibration(some, scenario.effect) for scenario, some in trials.items()}


def calibrate_naive(n_processes: int) -> None:
    """Simulate the naive change only, with as many draws as the table; other columns stay unchanged."""
    begun = time.perf_counter()
    first_line = TABLE.read_text(encoding="utf-8").split("\n", 1)[0].split("; naive")[0]
    rows = naive_table(committed.n_draws(), n_processes).to_dict("records")
    print(f"{len(rows)} scenarios, {(time.perf_counter() - begun) / 60:.1f} min")
    today = datetime.date.today().isoformat()
    first_line += f"; naive change again with engine {engine_version()} on {today}"
    write_rows(TABLE, first_line, rows)


def heading_of(
    n_draws: int, version: str, begun: float, n_processes: int, n_trials: int
) -> Heading:
    seconds = time.perf_counter() - begun
    return Heading(
        seed=SEED,
        draws=n_draws,
        version=version,
        date=datetime.date.today().isoformat(),
        milliseconds_a_draw=1000 * seconds * n_processes / n_trials,
    )


if __name__ == "__main__":
    main()
