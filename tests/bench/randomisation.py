"""Time of randomisation inference compared with refitting for every draw, on the example study.

The calls are recorded from the study's own estimates: every programme, pupil group and measure. Refits are
timed for a few draws of each call, and that is multiplied.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

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
from pipelines.store import store
from pipelines.study.paths import EXAMPLE, StudyPaths
from pipelines.study.settings import Study
from tests.bench.figures import Figure, figures_of
from tests.bench.processes import Measured
from tests.evaluated import evaluate

GROUP = "Randomisation inference of the example, 9,999 draws a test, intervals included"
ENGINE, REFITS = "the project's own", "pyfixest again for every draw"
N_TURNS = 3
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


def calls_of(study: Study, paths: StudyPaths) -> list[Call]:
    """Record every call that estimating a study makes, from the store of its last run."""
    calls: list[Call] = []

    def noting(*arrays: np.ndarray, **options: Any) -> Any:
        found = randomisation_inference(*arrays, **options)
        calls.append(Call(arrays, options))
        return found

    with (
        store.connect(paths) as con,
        patch.object(robustness, "randomisation_inference", noting),
    ):
        con.begin()
        build_estimate(con, study)
        con.rollback()
    return calls


def time_engine(calls: list[Call]) -> Measured:
    """All calls, including intervals."""
    begun, processor_begun = time.perf_counter(), time.process_time()
    for one in calls:
        one.infer()
    return Measured(time.perf_counter() - begun, time.process_time() - processor_begun)


def time_refits(one: Call) -> Measured:
    """All draws of a call by `feols`, from `N_REFITS` of them. Raises ValueError if t differs."""
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
    begun, processor_begun = time.perf_counter(), time.process_time()
    found = [refit(draw) for draw in draws]
    seconds, processor = time.perf_counter() - begun, time.process_time() - processor_begun
    drawn = permutation_statistics(*one.arrays, programme=programme, permutations=permutations)
    if not np.allclose(found, drawn.level / np.sqrt(drawn.v0), rtol=SAME, atol=0):
        raise ValueError(f"feols and the engine find different t: {found}, {drawn}")
    times = one.options["draws"] / N_REFITS
    return Measured(seconds * times, processor * times)


def take_figures() -> list[Figure]:
    """Both ways, turn by turn, in this process."""
    study = load_study(EXAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        run = evaluate(EXAMPLE, Path(folder))
        if run.status:
            raise RuntimeError(run.stderr)
        calls = calls_of(study, run.paths)
    taken: dict[str, list[Measured]] = {ENGINE: [], REFITS: []}
    for _ in range(N_TURNS):
        taken[ENGINE].append(time_engine(calls))
        refits = [time_refits(one) for one in calls]
        seconds = sum(one.seconds for one in refits)
        taken[REFITS].append(Measured(seconds, sum(one.processor_seconds for one in refits)))
    return figures_of(GROUP, taken, {REFITS: ENGINE})
