"""Leave-one-out estimates in closed form against refits.

EXACT: the same estimates computed differently, so only rounding differs.
"""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.impact.inference import weighted_least_squares
from pipelines.impact.influence import leave_one_school_out

EXACT = 1e-9


def example(seed: int, n_schools: int):
    rng = np.random.default_rng(seed)
    members = [rng.permutation(np.arange(n_schools) < n) for n in (n_schools // 3, 4)]
    baselines = rng.normal(size=(2, n_schools))
    design = np.column_stack([np.ones(n_schools), *members, *baselines]).astype(float)
    outcome = design @ rng.normal(size=5) + rng.standard_t(3, n_schools)
    return outcome, design, rng.uniform(0.2, 8.0, n_schools)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_schools", [12, 34, 174])
@pytest.mark.parametrize("coefficient", [1, 2])
def test_range_equals_refits_without_each_school(seed, n_schools, coefficient):
    outcome, design, weights = example(seed, n_schools)
    refits = [
        weighted_least_squares(
            np.delete(design, s, axis=0), np.delete(outcome, s), np.delete(weights, s)
        ).coefficient[coefficient]
        for s in range(n_schools)
    ]
    found = leave_one_school_out(outcome, design, weights, coefficient=coefficient)
    assert found.low == pytest.approx(min(refits), rel=EXACT)
    assert found.high == pytest.approx(max(refits), rel=EXACT)
    assert (found.n_left_out, found.n_not_computable) == (n_schools, 0)


def test_a_school_without_which_there_is_no_estimate_is_counted_apart():
    outcome, design, weights = example(1, 34)
    design[:, 2] = np.arange(34) == 5
    found = leave_one_school_out(outcome, design, weights, coefficient=1)
    others = [s for s in range(34) if s != 5]
    without = leave_one_school_out(
        outcome[others], np.delete(design, 2, axis=1)[others], weights[others], coefficient=1
    )
    assert (found.n_left_out, found.n_not_computable) == (33, 1)
    assert found.low == pytest.approx(without.low, rel=1e-7)
    assert found.high == pytest.approx(without.high, rel=1e-7)
