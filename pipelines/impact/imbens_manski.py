"""Interval, p-value and minimum detectable effect if an effect lies between two estimated ends.

`headline` chooses the two methods and the verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit  # scipy.stats takes a second to import

from pipelines.impact.arrays import FloatArray
from pipelines.impact.inference import POWER
from pipelines.impact.score_interval import CONFIDENCE

# Beyond this gap, in standard errors, the critical value equals the one-sided one to four digits.
_FAR_APART = 8.0
_N_GAPS = 33
_N_POINTS = 2048
# Roots of x^4 = x + 1: the most even additive recurrence in three dimensions (Roberts 2018).
_STEPS = 1.2207440846057596 ** -np.arange(1.0, 4.0)


@dataclass(frozen=True)
class BetweenEnds:
    """The 95% interval of an effect between two ends, and the p-value of no effect."""

    ci_low: float
    ci_high: float
    p_value: float


def between_ends(
    estimates: Sequence[float], standard_errors: Sequence[float], degrees_of_freedom: float
) -> BetweenEnds:
    """Interval of an effect that lies between the targets of two estimators, and its p-value.

    The interval is the union of each end ± c standard errors. c solves F(c + gap) - F(-c) = 95%, with gap the
    distance of the ends in units of the larger standard error (Imbens and Manski 2004, Econometrica 72: 1845)
    and F Student's t. It is the two-sided value if the ends coincide, and the one-sided value if they are far
    apart, where the interval can miss on one side only. The p-value is one minus the confidence level at
    which the interval first reaches zero; 1 if the ends have opposite signs.
    """
    estimate, error = np.asarray(estimates), np.asarray(standard_errors)
    gap = float(np.ptp(estimate) / error.max())
    c = float(critical_value(np.array([gap]), degrees_of_freedom)[0])
    direction = np.sign(estimate[0])
    nearest = float((direction * estimate / error).min())
    excluded = stdtr(degrees_of_freedom, nearest + gap) - stdtr(degrees_of_freedom, -nearest)
    return BetweenEnds(
        ci_low=float((estimate - c * error).min()),
        ci_high=float((estimate + c * error).max()),
        p_value=float(1 - excluded) if nearest > 0 else 1.0,
    )


def critical_value(gap: FloatArray, degrees_of_freedom: float) -> FloatArray:
    """c of `between_ends` for gaps (N,) >= 0, by bisection between one-sided and two-sided t."""
    low = np.full_like(gap, float(stdtrit(degrees_of_freedom, CONFIDENCE)))
    high = np.full_like(gap, float(stdtrit(degrees_of_freedom, (1 + CONFIDENCE) / 2)))
    for _ in range(30):
        middle = (low + high) / 2
        covers = stdtr(degrees_of_freedom, middle + gap) - stdtr(degrees_of_freedom, -middle)
        is_short = covers < CONFIDENCE
        low, high = np.where(is_short, middle, low), np.where(is_short, high, middle)
    return high


def detectable_effect(
    standard_errors: Sequence[float],
    degrees_of_freedom: Sequence[float],
    correlation: float,
    distance: float = 0.0,
) -> float:
    """The effect at which `between_ends` excludes zero with 80% power, in the errors' unit.

    `distance` (>= 0) is the true distance of the two ends. The effect is at the far end, because it is
    unknown which end is right; the near end, which must also exclude zero, is short of it by the distance.
    Either end may be the near one, so the larger result is returned.

    The ends are normal with the given correlation, studentised by the root of one chi-square draw (Wilson and
    Hilferty 1931, PNAS 17: 684, within a third of a percent from 8 degrees of freedom). For each draw there
    is a smallest effect that excludes zero; the result is the 80th percentile of these, over quasi-random
    points. Equal ends with correlation 1 and no distance give the usual single-test formula (Bloom 1995,
    Evaluation Review 19: 547).
    """
    error, df = np.asarray(standard_errors), np.asarray(degrees_of_freedom)
    points = (0.5 + np.arange(_N_POINTS)[:, None] * _STEPS) % 1
    first, own, spread = ndtri(points).T
    rho = float(np.clip(correlation, -1.0, 1.0))
    normal = np.column_stack([first, rho * first + np.sqrt(1 - rho**2) * own])
    ratio = np.maximum(1 - 2 / (9 * df) + spread[:, None] * np.sqrt(2 / (9 * df)), 0.0) ** 1.5
    estimated = error * ratio
    largest = np.maximum(estimated.max(axis=1), np.finfo(float).tiny)
    nodes = np.linspace(0.0, _FAR_APART, _N_GAPS)
    critical = critical_value(nodes, float(df.min()))

    def needed(short_of: FloatArray) -> float:
        """The effect needed if each end is `short_of` (2,) the truth."""
        deviation = error * normal - short_of
        c = np.interp(np.ptp(deviation, axis=1) / largest, nodes, critical)
        return float(np.quantile((c[:, None] * estimated - deviation).max(axis=1), POWER))

    return max(needed(np.array(near)) for near in ((distance, 0.0), (0.0, distance)))
