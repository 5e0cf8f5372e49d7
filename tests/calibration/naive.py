"""Re-simulates the naive change alone into the committed table, in a fraction of the whole run's time.

For changes to `change_since_last_year`, on which no other column depends. It uses the draws of `simulation`,
so the table is the same as after a full run.
"""

from __future__ import annotations

from concurrent.futures import as_completed
from itertools import groupby

import numpy as np
import pandas as pd

from pipelines.impact.arrays import FloatArray
from pipelines.impact.calibration import read_table
from pipelines.impact.estimators import (
    ancova,
    change_from_baseline_mean,
    change_since_last_year,
)
from pipelines.impact.headline import too_few_schools
from pipelines.impact.power import planned_degrees_of_freedom
from pipelines.impact.results import Estimate
from tests.calibration.scenarios import Scenario
from tests.calibration.schools import Schools, panel_of
from tests.calibration.simulation import DRAWS_A_TASK, Place, one_thread_pool, place_of, schools_of

COLUMNS = ("naive_rejects_share", "naive_covers_share", "naive_bias")


def naive_table(n_draws: int, n_processes: int) -> pd.DataFrame:
    """The committed table with re-simulated naive columns.

    Raises ValueError if a headline's estimates have appeared or disappeared since; then a full run is needed.
    """
    table = read_table()
    scenarios = [Scenario(*row) for row in table[list(Scenario.__dataclass_fields__)].to_numpy()]
    has_any = table["estimate_share"] > 0
    drawn = _run(
        [s for s, some in zip(scenarios, has_any, strict=True) if some], n_draws, n_processes
    )
    for row, scenario in enumerate(scenarios):
        if scenario not in drawn:
            continue
        intervals = drawn[scenario]
        estimated = intervals[~np.isnan(intervals).all(axis=1)]
        if round(len(estimated) / n_draws, 4) != table.loc[row, "estimate_share"]:
            raise ValueError(f"the engine has changed: make calibrate ({scenario})")
        table.loc[row, list(COLUMNS)] = naive_columns(estimated, scenario.effect)
    return table


def naive_columns(intervals: FloatArray, effect: float) -> list[float]:
    """`COLUMNS` computed from estimate, low and high (n, 3), infinite if a draw has no naive change."""
    estimate, low, high = intervals[np.isfinite(intervals).all(axis=1)].T
    rejects, covers = (low > 0) | (high < 0), (low <= effect) & (effect <= high)
    return [float(rejects.mean()), float(covers.mean()), float(estimate.mean() - effect)]


def naive_interval(schools: Schools, scenario: Scenario) -> tuple[float, float, float]:
    """Estimate, low and high; NaN without a headline, infinite if only the naive change is missing."""
    panel = panel_of(schools, scenario)
    planned = planned_degrees_of_freedom(panel).get("first", (None, None))
    ends = (ancova(panel)["first"], change_from_baseline_mean(panel)["first"])
    for end, df in zip(ends, planned, strict=True):
        if not isinstance(end, Estimate) or too_few_schools(end.sample, df):
            return (np.nan, np.nan, np.nan)
    answer = change_since_last_year(panel)["first"]
    if not isinstance(answer, Estimate):
        return (np.inf, np.inf, np.inf)
    return answer.estimate, answer.ci_low, answer.ci_high


def _run_task(place: Place, scenarios: list[Scenario], draws: range) -> FloatArray:
    drawn = schools_of(place, draws)
    return np.array([[naive_interval(schools, s) for schools in drawn] for s in scenarios])


def _run(scenarios: list[Scenario], n_draws: int, n_processes: int) -> dict[Scenario, FloatArray]:
    parts: dict[Scenario, list[FloatArray]] = {scenario: [] for scenario in scenarios}
    with one_thread_pool(n_processes) as pool:
        tasks = {
            pool.submit(
                _run_task, place, members, range(first, min(first + DRAWS_A_TASK, n_draws))
            ): members
            for place, group in groupby(sorted(scenarios, key=place_of), key=place_of)
            for members in [list(group)]
            for first in range(0, n_draws, DRAWS_A_TASK)
        }
        for nth, task in enumerate(as_completed(tasks), start=1):
            for scenario, some in zip(tasks[task], task.result(), strict=True):
                parts[scenario].append(some)
            print(f"{nth / len(tasks):4.0%}", end="\r", flush=True)
    return {scenario: np.concatenate(some) for scenario, some in parts.items()}
