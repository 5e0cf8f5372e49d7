"""Time of randomisation inference compared with refitting for every draw, on the example study.

`python -m tests.bench_randomisation` prints one line. The calls are recorded from the study's own estimates:
every programme, pupil group and measure.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb
import numpy as np
import pandas as pd

from pipelines.impact import robustness
from pipelines.impact.randomisation import (
    permutation_statistics,
    permutations_within,
    randomisation_inference,
)
from pipelines.impact.study_effects import build_estimate
from pipelines.protocol.study_file import load_study
from pipelines.study.paths import EXAMPLE
from pipelines.study.settings import Study
from tests.bench import spread
from tests.evaluated import evaluate

N_TURNS = 5
N_REFITS = 20
SAME = 1e-6


@dataclass(frozen=True)
class Call:
    """One call of `randomisation_inference`: its arrays and its options."""

    arrays: tuple[np.ndarray, ...]
    options: dict[str, Any]

    def infer(self) -> None:
        """Run it as the study does, including the interval."""
        randomisation_inference(*self.arrays, **self.options)


def calls_of(study: Study, marts: Path) -> list[Call]:
    """Record every call that estimating a study makes, from its marts."""
    calls: list[Call] = []

    def noting(*arrays: np.ndarray, **options: Any) -> Any:
        found = randomisation_inference(*arrays, **options)
        calls.append(Call(arrays, options))
        return found

    with (
        duckdb.connect(str(marts)) as con,
        patch.object(robustness, "randomisation_inference", noting),
    ):
        build_estimate(con, study)
    return calls


def seconds_of_engine(calls: list[Call]) -> float:
    """Seconds for all calls, including intervals."""
    begun = time.perf_counter()
    for one in calls:
        one.infer()
    return time.perf_counter() - begun


def seconds_of_refits(one: Call) -> float:
    """Seconds for `N_REFITS` regressions by `feols`, one per draw. Raises ValueError if t differs."""
    import pyfixest as pf  # noqa: PLC0415 - takes seconds to import, and the engine does without

    outcome, exposure, covariates, weights = one.arrays
    programme = one.options["programme"]
    permutations = permutations_within(one.options["strata"], N_REFITS, one.options["seed"])
    fixed = {f"x{j}": column for j, column in enumerate(covariates.T)}
    draws = [
        pd.DataFrame(
            {f"d{j}": column[order] for j, column in enumerate(exposure.T)}
            | fixed
            | {"y": outcome, "weight": weights}
        )
        for order in permutations
    ]
    formula = f"y ~ {' + '.join([*(f'd{j}' for j in range(exposure.shape[1])), *fixed])}"
    # HC2 already corrects for leverage, so remove pyfixest's additional factor.
    plain = pf.ssc(k_adj=False, G_adj=False)

    def refit(draw: pd.DataFrame) -> float:
        fit = pf.feols(formula, draw, vcov="HC2", weights="weight", ssc=plain)
        return float(fit.tstat()[f"d{programme}"])

    refit(draws[0])  # what is compiled at the first call is not timed
    begun = time.perf_counter()
    found = [refit(draw) for draw in draws]
    seconds = time.perf_counter() - begun
    drawn = permutation_statistics(*one.arrays, programme=programme, permutations=permutations)
    if not np.allclose(found, drawn.level / np.sqrt(drawn.v0), rtol=SAME, atol=0):
        raise ValueError(f"feols and the engine find different t: {found}, {drawn}")
    return seconds


def main() -> None:
    """Print both times and their ratio, turn by turn."""
    study = load_study(EXAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        run = evaluate(EXAMPLE, Path(folder))
        if run.status:
            raise RuntimeError(run.stderr)
        calls = calls_of(study, run.paths.restricted_current / "restricted.duckdb")
    n_draws = sum(one.options["draws"] for one in calls)
    engine, refits = [], []
    for _ in range(N_TURNS):
        engine.append(seconds_of_engine(calls))
        refits.append(
            sum(seconds_of_refits(one) / N_REFITS * one.options["draws"] for one in calls)
        )
    ratios = [slow / fast for slow, fast in zip(refits, engine, strict=True)]
    print(
        f"{len(calls)} tests of the example, {n_draws:,} draws in all, intervals included: "
        f"{spread(engine, '.2f')} s; feols again for every draw, from {N_REFITS} of each test: "
        f"{spread(refits, '.0f')} s, {spread(ratios, ',.0f')} times as long."
    )


if __name__ == "__main__":
    main()
