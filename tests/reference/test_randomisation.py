"""Randomisation inference against enumeration by refits, and its level under the null.

EXACT: the same statistic computed differently (one regression per draw), so only rounding differs.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import kstest

from pipelines.impact.inference import weighted_least_squares
from pipelines.impact.randomisation import (
    permutation_statistics,
    permutations_within,
    randomisation_inference,
)

EXACT = 1e-8


def study(seed: int, exposure: list[list[int]], n_covariates: int = 1):
    rng = np.random.default_rng(seed)
    n_schools = len(exposure)
    covariates = rng.normal(size=(n_schools, n_covariates))
    outcome = covariates.sum(axis=1) + rng.normal(size=n_schools)
    weights = rng.uniform(0.5, 4.0, n_schools)
    return outcome, np.array(exposure, dtype=float), covariates, weights


def refitted_t(outcome, exposure, covariates, weights, programme):
    design = np.column_stack([np.ones(len(outcome)), exposure, covariates])
    fit = weighted_least_squares(design, outcome, weights)
    return fit.coefficient[1 + programme] / fit.standard_error[1 + programme]


def enumerated_p(orders, data, programme=0, shift=0.0):
    """Share of all assignments, including the actual one, that are at least as extreme: one fit each."""
    outcome, exposure, covariates, weights = data
    null = outcome - shift * exposure[:, programme]
    actual = abs(refitted_t(null, exposure, covariates, weights, programme))
    ts = [refitted_t(null, exposure[list(o)], covariates, weights, programme) for o in orders]
    return np.mean(np.abs(ts) >= actual * (1 - 1e-7))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shift", [0.0, 0.7, -2.5])
def test_three_of_six_schools_equal_full_enumeration(seed, shift):
    data = study(seed, [[1], [1], [1], [0], [0], [0]])
    orders = list(itertools.permutations(range(6)))
    drawn = permutation_statistics(*data, programme=0, permutations=np.array(orders[1:]))
    assert drawn.p_value(shift) == pytest.approx(enumerated_p(orders, data, shift=shift), abs=0)


@pytest.mark.parametrize("programme", [0, 1])
def test_two_programmes_in_strata_equal_full_enumeration(programme):
    # Schools 0 to 4 and 5 to 8 are in two phases; one school is in both programmes.
    rows = [[1, 0], [1, 1], [0, 0], [0, 0], [0, 1], [1, 0], [0, 1], [0, 0], [0, 0]]
    data = study(11, rows)
    orders = [
        first + second
        for first in itertools.permutations(range(5))
        for second in itertools.permutations(range(5, 9))
    ]
    drawn = permutation_statistics(*data, programme=programme, permutations=np.array(orders[1:]))
    reference = enumerated_p(orders, data, programme=programme)
    assert drawn.p_value() == pytest.approx(reference, abs=0)


def test_drawn_assignments_come_close_to_enumeration():
    # With 9,999 draws a p of 0.3 has a standard error of 0.005; allow four.
    outcome, exposure, covariates, weights = study(3, [[1]] * 3 + [[0]] * 4)
    orders = list(itertools.permutations(range(7)))
    drawn = randomisation_inference(
        outcome,
        exposure,
        covariates,
        weights,
        programme=0,
        strata=np.zeros(7, dtype=np.int64),
        draws=9_999,
        seed=1,
    )
    exact = enumerated_p(orders, (outcome, exposure, covariates, weights))
    assert drawn.p_value == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("programme", [0, 1])
def test_every_statistic_equals_a_refit(programme):
    rng = np.random.default_rng(5)
    rows = np.column_stack([np.arange(34) < 11, (np.arange(34) > 7) & (np.arange(34) < 15)])
    data = outcome, exposure, covariates, weights = study(5, rows.astype(int).tolist(), 2)
    permutations = permutations_within(rng.integers(0, 2, 34), 50, seed=4)
    drawn = permutation_statistics(*data, programme=programme, permutations=permutations)
    for shift in (0.0, 0.4):
        null = outcome - shift * exposure[:, programme]
        squared = (drawn.level - shift * drawn.slope) ** 2
        squared /= drawn.v0 - 2 * shift * drawn.v1 + shift**2 * drawn.v2
        refits = [
            refitted_t(null, exposure[order], covariates, weights, programme)
            for order in permutations
        ]
        assert np.sqrt(squared) == pytest.approx(np.abs(refits), rel=EXACT)


def test_interval_ends_where_p_crosses_five_percent_by_refits():
    data = study(8, [[1]] * 4 + [[0]] * 4)
    orders = list(itertools.permutations(range(8)))
    distinct = list({frozenset(o[:4]): o for o in orders}.values())
    distinct.sort(key=lambda o: set(o[:4]) != {0, 1, 2, 3})
    drawn = permutation_statistics(*data, programme=0, permutations=np.array(distinct[1:]))
    for end in drawn.interval():
        inwards = 1e-6 * np.sign(drawn.estimate - end)
        assert enumerated_p(distinct, data, shift=end + inwards) > 0.05
        assert enumerated_p(distinct, data, shift=end - inwards) <= 0.05


def test_p_is_uniform_where_nothing_happened():
    # Skewed outcomes and discrete p-values (1 / 200) differ from normal theory, but the test is exact.
    rng = np.random.default_rng(20181002)
    exposure = (np.arange(14) < 4).astype(float)[:, None]
    p_values = []
    for draw in range(400):
        covariates = rng.normal(size=(14, 1))
        drawn = permutation_statistics(
            rng.exponential(size=14) ** 2 + covariates[:, 0],
            exposure[rng.permutation(14)],
            covariates,
            rng.uniform(0.5, 4.0, 14),
            programme=0,
            permutations=permutations_within(np.zeros(14, dtype=np.int64), 199, seed=draw),
        )
        p_values.append(drawn.p_value())
    assert kstest(p_values, "uniform").pvalue > 0.01


def test_interval_covers_a_constant_effect():
    # 300 intervals at 95%: standard error 1.3 points; the limit of 91% is three below.
    rng = np.random.default_rng(4)
    covered = 0
    for draw in range(300):
        exposure = np.column_stack([np.arange(20) < 7, rng.permutation(20) < 6]).astype(float)
        covariates = rng.normal(size=(20, 1))
        found = randomisation_inference(
            0.8 * exposure[:, 0] + covariates[:, 0] + rng.standard_t(4, 20),
            exposure,
            covariates,
            np.ones(20),
            programme=0,
            strata=np.zeros(20, dtype=np.int64),
            draws=399,
            seed=draw,
        )
        covered += found.ci_low <= 0.8 <= found.ci_high
    assert covered / 300 >= 0.91
