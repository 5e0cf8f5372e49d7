"""Runs every scenario's trials in parallel; scenarios of one place share their schools."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from itertools import groupby

from tests.calibration.scenarios import Scenario, World
from tests.calibration.schools import Schools, draw_schools
from tests.calibration.trial import Trial, run_trial

DRAWS_A_TASK = 50

Place = tuple[int, int, int, float, World]


def place_of(scenario: Scenario) -> Place:
    """Scenarios of one place share their schools, draw by draw."""
    return (
        scenario.n_schools,
        scenario.mean_pupils,
        scenario.n_outcome_years,
        scenario.passing_sd,
        scenario.world,
    )


def schools_of(place: Place, draws: range) -> list[Schools]:
    """The schools of some draws."""
    n_schools, mean_pupils, n_outcome_years, passing_sd, world = place
    return [
        draw_schools(
            n_schools,
            mean_pupils,
            draw,
            n_outcome_years=n_outcome_years,
            passing_sd=passing_sd,
            world=world,
        )
        for draw in draws
    ]


def run_task(place: Place, scenarios: list[Scenario], draws: range) -> list[list[Trial]]:
    """Trials by scenario, for some draws of one place."""
    drawn = schools_of(place, draws)
    return [[run_trial(schools, scenario) for schools in drawn] for scenario in scenarios]


def one_thread_pool(n_processes: int) -> ProcessPoolExecutor:
    """Single-threaded processes, because threads would only wait for each other on small matrices."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return ProcessPoolExecutor(n_processes, mp_context=multiprocessing.get_context("spawn"))


def run(
    scenarios: Sequence[Scenario], draws: range, n_processes: int
) -> Iterator[tuple[list[Scenario], list[list[Trial]]]]:
    """The scenarios' trials, one task at a time, in order of completion."""
    with one_thread_pool(n_processes) as pool:
        tasks = {
            pool.submit(run_task, place, of_place, range(first, last)): of_place
            for place, members in groupby(sorted(scenarios, key=place_of), key=place_of)
            for of_place in [list(members)]
            for first in draws[::DRAWS_A_TASK]
            for last in [min(first + DRAWS_A_TASK, draws.stop)]
        }
        for task in as_completed(tasks):
            yield tasks[task], task.result()
