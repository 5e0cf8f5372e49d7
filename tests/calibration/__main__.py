"""`make calibrate`: simulates every scenario, and writes the table and `README.md` in this folder.

`--only-missing` adds scenarios that the table lacks, `--only-alternatives` tries the other brackets again.

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
from tests.calibration.origin import Heading, engine_version
from tests.calibration.report import (
    ALTERNATIVES,
    is_near_a_limit,
    write_page,
    write_rows,
    write_table,
)
from tests.calibration.scenarios import Scenario, every_scenario
from tests.calibration.schools import SEED
from tests.calibration.simulation import run
from tests.calibration.trial import Calibration, Trial, calibration

HERE = Path(__file__).parent
MOST_DRAWS = 2000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.calibration")
    parser.add_argument("--draws", type=int, default=500)
    parser.add_argument("--only-alternatives", action="store_true")
    parser.add_argument("--only-missing", action="store_true")
    parser.add_argument("--only-page", action="store_true")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    asked = parser.parse_args()
    if asked.only_missing:
        calibrate_missing(asked.draws, asked.processes)
    elif not (asked.only_page or asked.only_alternatives):
        calibrate(asked.draws, asked.processes)
    if asked.only_alternatives:
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
    n_all = sum(measured.n_draws for measured in table.values())
    heading = heading_of(n_draws, version, begun, n_processes, n_all)
    write_table(TABLE, heading, table)


def calibrate_missing(n_draws: int, n_processes: int) -> None:
    """Simulate the scenarios that the table lacks; its rows stay."""
    first_line, kept = TABLE.read_text(encoding="utf-8").split("\n", 1)[0], committed.read_table()
    have = {Scenario(*row) for row in kept[list(Scenario.__dataclass_fields__)].to_numpy()}
    missing = [scenario for scenario in every_scenario() if scenario not in have]
    table = simulated(missing, n_draws, n_processes)
    added = [asdict(scenario) | asdict(measured) for scenario, measured in table.items()]
    today = datetime.date.today().isoformat()
    first_line += f"; {len(added)} scenarios added with engine {engine_version()} on {today}"
    write_rows(TABLE, first_line, [*kept.to_dict("records"), *added])


def simulated(
    scenarios: Sequence[Scenario], n_draws: int, n_processes: int
) -> dict[Scenario, Calibration]:
    """The summaries of the scenarios' trials, in their order.

    Those that come near a limit of the promise get `MOST_DRAWS` draws, the first ones included.
    """
    trials: dict[Scenario, list[Trial]] = {scenario: [] for scenario in scenarios}
    _add(trials, scenarios, range(n_draws), n_processes)
    near = [
        scenario
        for scenario, some in trials.items()
        if is_near_a_limit(scenario, calibration(some, scenario.effect))
    ]
    _add(trials, near, range(n_draws, max(MOST_DRAWS, n_draws)), n_processes)
    return {scenario: calibration(some, scenario.effect) for scenario, some in trials.items()}


def _add(
    trials: dict[Scenario, list[Trial]],
    scenarios: Sequence[Scenario],
    draws: range,
    n_processes: int,
) -> None:
    begun, n_done, n_all = time.perf_counter(), 0, len(draws) * len(scenarios)
    for of_task, done in run(scenarios, draws, n_processes):
        for scenario, some in zip(of_task, done, strict=True):
            trials[scenario] += some
            n_done += len(some)
        print(f"{n_done / n_all:4.0%}  {time.perf_counter() - begun:.0f} s", end="\r", flush=True)
    minutes = (time.perf_counter() - begun) / 60
    print(f"{len(scenarios)} scenarios, {len(draws)} draws, {minutes:.1f} min", flush=True)


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
