"""Converts effects to pupil standard deviations, and computes intraclass correlations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.impact.arrays import FloatArray


@dataclass(frozen=True)
class EffectSize:
    """Hedges' g with the estimate's interval, in pupil standard deviations."""

    g: float
    ci_low: float
    ci_high: float


def hedges_g(
    estimate: float,
    ci_low: float,
    ci_high: float,
    *,
    pupil_sd: float,
    n_pupils: int,
    intraclass_correlation: float = 0.0,
    pupils_per_school: float = 1.0,
) -> EffectSize:
    """Hedges' g of a difference in a measure's unit; `pupil_sd` is the total SD of its pupils.

    g = J c estimate / SD, with the small-sample factor J = 1 - 3 / (4 n - 9). The SD of clustered pupils
    underestimates the population's, so c = sqrt(1 - 2 (m - 1) icc / (n - 2)) for n pupils at m per school
    (Hedges 2007, Journal of Educational and Behavioral Statistics 32: 341, eq. 15; What Works Clearinghouse
    2022, Procedures Handbook 5.0, appendix E). The interval is the estimate's, scaled by the same factor: it
    accounts for clustering, but not for the sampling error of the SD. Raises ValueError for an SD that is not
    positive or fewer than 4 pupils.
    """
    if not pupil_sd > 0:
        raise ValueError("an effect size needs a standard deviation above 0")
    if n_pupils < 4:
        raise ValueError("an effect size needs at least 4 pupils")
    small_sample = 1 - 3 / (4 * n_pupils - 9)
    lost = 2 * (pupils_per_school - 1) * max(intraclass_correlation, 0.0) / (n_pupils - 2)
    factor = small_sample * np.sqrt(max(1 - lost, 0.0)) / pupil_sd
    return EffectSize(*(float(factor * value) for value in (estimate, ci_low, ci_high)))


def intraclass_correlation(mean: FloatArray, n_pupils: FloatArray, within_variance: float) -> float:
    """Share of pupil variance between schools, from means (S,), pupils (S,) and within-school variance.

    The analysis-of-variance estimator with unequal n (Donner 1986, International Statistical Review 54: 67):
    (B - W) / (B + (m - 1) W), with B the mean square between schools, W the `within_variance` pooled over
    schools and m = (N - sum n^2 / N) / (S - 1). It may be slightly negative; it is 0 if pupils do not vary.
    Raises ValueError with fewer than two schools.
    """
    n_schools = len(mean)
    if n_schools < 2:
        raise ValueError("an intraclass correlation needs at least two schools")
    total = n_pupils.sum()
    centre = (n_pupils * mean).sum() / total
    between = (n_pupils * (mean - centre) ** 2).sum() / (n_schools - 1)
    typical_n = (total - (n_pupils**2).sum() / total) / (n_schools - 1)
    whole = between + (typical_n - 1) * within_variance
    return float((between - within_variance) / whole) if whole > 0 else 0.0
