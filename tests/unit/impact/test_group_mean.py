"""A group's mean and interval equal a regression of pupils on a constant, clustered by school."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from pipelines.impact.group_mean import GroupMean, pooled_group_mean


def pupils_of(seed: int, n_schools: int) -> tuple[np.ndarray, np.ndarray]:
    """Pupils' points and the school each is in; schools of 1 to 30 pupils."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(n_schools), rng.integers(1, 31, n_schools))
    return rng.normal(0, 2, n_schools)[school] + rng.normal(0, 6, len(school)), school


@pytest.mark.parametrize("n_schools", [2, 3, 18, 60])
@pytest.mark.parametrize("seed", [1, 2])
def test_it_is_the_regression_of_pupils_on_a_constant(seed, n_schools):
    """CR1 with S/(S-1): `statsmodels` also multiplies by (N-1)/(N-k), which is 1 for a constant."""
    points, school = pupils_of(seed, n_schools)
    n = np.bincount(school).astype(float)
    found = pooled_group_mean(np.bincount(school, points) / n, n)
    fit = sm.OLS(points, np.ones(len(points))).fit(
        cov_type="cluster",
        cov_kwds={"groups": school, "use_correction": True, "df_correction": True},
        use_t=True,
    )
    (low, high) = fit.conf_int()[0]
    assert found.mean == pytest.approx(fit.params[0])
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high))
    assert (found.n_schools, found.n_pupils) == (n_schools, len(points))


def test_schools_with_the_same_result_leave_no_doubt():
    found = pooled_group_mean(np.array([0.5, 0.5, 0.5]), np.array([10.0, 20.0, 3.0]))
    assert (found.mean, found.ci_low, found.ci_high) == pytest.approx((0.5, 0.5, 0.5))


def test_two_schools_by_hand():
    """0.2 of 10 and 0.5 of 20: mean 0.4, deviations -2 and 2, variance 2 · 8 / 900, t(1) = 12.706."""
    found = pooled_group_mean(np.array([0.2, 0.5]), np.array([10.0, 20.0]))
    margin = 12.7062047 * (2 * 8 / 900) ** 0.5
    assert (found.mean, found.ci_low) == pytest.approx((0.4, 0.4 - margin))


def test_one_school_has_a_mean_and_no_interval():
    assert pooled_group_mean(np.array([0.25]), np.array([8.0])) == GroupMean(1, 8, 0.25, None, None)


def test_no_school_has_no_mean():
    with pytest.raises(ValueError, match="at least one school"):
        pooled_group_mean(np.array([]), np.array([]))
