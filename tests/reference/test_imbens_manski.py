"""The interval between two ends against brute force: simulated estimates, and another root solver.

Tolerances are 3.5 Monte Carlo standard errors unless noted.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2, t

from pipelines.impact.imbens_manski import between_ends, critical_value, detectable_effect
from pipelines.impact.inference import minimum_detectable_effect

MONTE_CARLO = 3.5


@pytest.mark.parametrize("df", [8.0, 20.0, 1e6])
def test_critical_values_are_roots_of_imbens_and_manski_s_equation(df: float) -> None:
    gaps = np.array([0.0, 0.3, 1.0, 2.5, 50.0])
    roots = [
        brentq(lambda c, gap=gap: t.cdf(c + gap, df) - t.cdf(-c, df) - 0.95, 0, 5) for gap in gaps
    ]
    found = critical_value(gaps, df)
    np.testing.assert_allclose(found, roots, atol=1e-6)
    assert found[0] == pytest.approx(t.ppf(0.975, df))
    assert found[-1] == pytest.approx(t.ppf(0.95, df))


@pytest.mark.parametrize("true_gap", [0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("correlation", [0.5, 0.9])
def test_the_interval_covers_a_truth_at_either_end(true_gap: float, correlation: float) -> None:
    """At least 93.5%, as the headline promises, because the gap is estimated with error.

    If the ends are far apart, coverage is the one-sided 95% rather than 97.5%, which is the gain.
    """
    rng = np.random.default_rng(4)
    n, df, error = 4000, 20, np.array([1.0, 1.2])
    covariance = error[:, None] * error * np.array([[1, correlation], [correlation, 1]])
    drawn = rng.multivariate_normal([0, true_gap], covariance, n)
    estimated = error * np.sqrt(rng.chisquare(df, (n, 1)) / df)
    found = [between_ends(e, s, df) for e, s in zip(drawn, estimated, strict=True)]
    for truth in (0.0, true_gap):
        covers = np.mean([b.ci_low <= truth <= b.ci_high for b in found])
        assert covers >= 0.935 - MONTE_CARLO * np.sqrt(0.065 * 0.935 / n)
        if true_gap == 3.0:
            assert covers == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize("estimates", [(2.0, 1.0), (-2.0, -0.9), (1.2, 1.2), (2.0, -1.0)])
@pytest.mark.parametrize("error", [0.4, 0.5, 0.55, 0.6, 0.7])
def test_the_p_value_is_below_a_twentieth_exactly_where_the_interval_excludes_zero(
    estimates: tuple[float, float], error: float
) -> None:
    found = between_ends(estimates, (error, 0.9 * error), 15.0)
    assert (found.p_value < 0.05) == (found.ci_low > 0 or found.ci_high < 0)
    flipped = between_ends([-e for e in estimates], (error, 0.9 * error), 15.0)
    assert (flipped.ci_low, flipped.ci_high) == pytest.approx((-found.ci_high, -found.ci_low))
    assert flipped.p_value == pytest.approx(found.p_value)


@cache
def _estimated_errors(n: int, df: tuple[float, float]) -> np.ndarray:
    """Estimated by true standard errors. Both ends have residuals of the same schools: one quantile."""
    quantile = np.random.default_rng(2).random(n)[:, None]
    errors: np.ndarray = np.sqrt(chi2.ppf(quantile, df) / np.array(df))
    return errors


@pytest.mark.parametrize("distance", [0.0, 0.05, 0.1, 0.3])
@pytest.mark.parametrize("correlation", [0.0, 0.6, 0.95])
@pytest.mark.parametrize("df", [(9.0, 14.0), (40.0, 60.0)])
def test_the_detectable_effect_is_found_80_times_in_100(
    distance: float, correlation: float, df: tuple[float, float]
) -> None:
    """With ends that agree or are up to three standard errors apart, for the effect at the far end."""
    errors = np.array([0.10, 0.13])
    effect = detectable_effect(errors.tolist(), df, correlation, distance)
    n = 20_000
    normal = np.random.default_rng(1).multivariate_normal(
        [0, 0], [[1, correlation], [correlation, 1]], n
    )
    estimated = errors * _estimated_errors(n, df)

    def claims(short_of: tuple[float, float]) -> float:
        drawn = effect - np.array(short_of) + errors * normal
        # `between_ends` for all draws at once.
        gap = np.ptp(drawn, axis=1) / estimated.max(axis=1)
        ci_low = (drawn - critical_value(gap, min(df))[:, None] * estimated).min(axis=1)
        assert ci_low[0] == pytest.approx(between_ends(drawn[0], estimated[0], min(df)).ci_low)
        return float((ci_low > 0).mean())

    found = claims((distance, 0.0)), claims((0.0, distance))
    # Besides Monte Carlo error, 2,048 points instead of an integral are off by up to half a point.
    assert min(found) == pytest.approx(0.80, abs=MONTE_CARLO * np.sqrt(0.16 / n) + 0.005)


def test_two_equal_ends_come_to_the_usual_figure() -> None:
    """Bloom's formula replaces the non-central t by t: within 1.5% from 20 degrees of freedom."""
    assert detectable_effect((0.2, 0.2), (25.0, 25.0), 1.0) == pytest.approx(
        minimum_detectable_effect(0.2, 25.0), rel=0.015
    )
    # A second end with independent error must be passed too.
    assert detectable_effect((0.2, 0.2), (25.0, 25.0), 0.3) > 1.03 * detectable_effect(
        (0.2, 0.2), (25.0, 25.0), 1.0
    )
