"""The wild bootstrap against enumeration by refits, and its level under the null.

EXACT: the same statistic computed differently (one regression per draw), so only rounding differs.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from pipelines.impact.inference import weighted_least_squares
from pipelines.impact.wild_bootstrap import bootstrap_statistics, wild_bootstrap

EXACT = 1e-8
RADEMACHER = [-1.0, 1.0]
WEBB = [sign * np.sqrt(square) for sign in (-1, 1) for square in (0.5, 1.0, 1.5)]


def study(seed: int, n_schools: int, n_members: int, n_covariates: int):
    rng = np.random.default_rng(seed)
    covariates = rng.normal(size=(n_schools, n_covariates))
    members = np.arange(n_schools) < n_members
    design = np.column_stack([np.ones(n_schools), members, covariates]).astype(float)
    outcome = covariates.sum(axis=1) + rng.normal(size=n_schools)
    return outcome, design, rng.uniform(0.5, 4.0, n_schools)


def refitted_ts(data, multipliers, effect):
    """The actual t and each draw's, by fitting the restricted model, drawing, and refitting."""
    outcome, design, weights = data
    null = outcome - effect * design[:, 1]
    restricted = weighted_least_squares(np.delete(design, 1, axis=1), null, weights)
    fitted = null - restricted.residual

    def t(y):
        fit = weighted_least_squares(design, y, weights)
        return fit.coefficient[1] / fit.standard_error[1]

    return t(null), np.array([t(fitted + signs * restricted.residual) for signs in multipliers])


@pytest.mark.parametrize("effect", [0.0, 0.9, -3.0])
@pytest.mark.parametrize("seed", range(3))
def test_every_sign_on_eight_schools_equals_enumeration(seed, effect):
    data = study(seed, 8, 3, 1)
    signs = np.array(list(itertools.product(RADEMACHER, repeat=8)))
    drawn = bootstrap_statistics(*data, coefficient=1, multipliers=signs)
    actual, ts = refitted_ts(data, signs, effect)
    extreme = (np.abs(ts) >= abs(actual) * (1 - 1e-7)).sum()
    assert drawn.p_value(effect) == (1 + extreme) / (1 + len(signs))


def test_every_draw_of_webb_s_on_five_schools_equals_enumeration():
    data = study(4, 5, 2, 0)
    draws = np.array(list(itertools.product(WEBB, repeat=5)))
    drawn = bootstrap_statistics(*data, coefficient=1, multipliers=draws)
    actual, ts = refitted_ts(data, draws, 0.5)
    extreme = (np.abs(ts) >= abs(actual) * (1 - 1e-7)).sum()
    assert drawn.p_value(0.5) == (1 + extreme) / (1 + len(draws))


def test_every_statistic_equals_a_refit():
    data = study(6, 34, 11, 2)
    draws = np.random.default_rng(1).choice(WEBB, size=(40, 34))
    drawn = bootstrap_statistics(*data, coefficient=1, multipliers=draws)
    for effect in (0.0, 0.6):
        squared = (drawn.level - effect * drawn.slope) ** 2
        squared /= drawn.v0 - 2 * effect * drawn.v1 + effect**2 * drawn.v2
        _, ts = refitted_ts(data, draws, effect)
        assert np.sqrt(squared) == pytest.approx(np.abs(ts), rel=EXACT)
    fit = weighted_least_squares(data[1], data[0], data[2])
    assert drawn.estimate == pytest.approx(fit.coefficient[1], rel=EXACT)
    assert drawn.standard_error == pytest.approx(fit.standard_error[1], rel=EXACT)


def test_webb_s_weights_have_mean_nought_and_variance_one_as_drawn():
    # A seeded run equals a run with the generator's multipliers.
    outcome, design, weights = study(2, 20, 7, 1)
    draws = np.random.default_rng(9).choice(WEBB, size=(999, 20))
    by_hand = bootstrap_statistics(outcome, design, weights, coefficient=1, multipliers=draws)
    drawn = wild_bootstrap(outcome, design, weights, coefficient=1, draws=999, seed=9)
    assert abs(np.mean(WEBB)) < 1e-12
    assert np.mean(np.square(WEBB)) == pytest.approx(1)
    # The order of the six values does not matter; p may differ by chance: 4 x 0.016.
    assert drawn.p_value == pytest.approx(by_hand.p_value(), abs=0.064)


@pytest.mark.parametrize(("n_schools", "n_members"), [(34, 11), (60, 18)])
def test_level_and_coverage_where_nothing_happened(n_schools, n_members):
    # 600 draws at 5%: standard error 0.9 points; limits are three either way.
    rng = np.random.default_rng(20181002)
    rejected = 0
    for draw in range(600):
        baseline = rng.normal(size=n_schools)
        members = rng.permutation(n_schools) < n_members
        design = np.column_stack([np.ones(n_schools), members, baseline]).astype(float)
        spread = np.where(members, 1.5, 1.0)
        found = wild_bootstrap(
            baseline + spread * rng.normal(size=n_schools),
            design,
            np.ones(n_schools),
            coefficient=1,
            draws=199,
            seed=draw,
        )
        rejected += found.p_value <= 0.05
        assert (found.p_value <= 0.05) == (found.ci_low >= 0 or found.ci_high <= 0)
    assert 0.023 <= rejected / 600 <= 0.077
