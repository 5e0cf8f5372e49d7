"""The mean of a group of schools' pupils with its interval. It describes results and estimates no effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from pipelines.impact.arrays import FloatArray


@dataclass(frozen=True)
class GroupMean:
    """Pupils pooled over schools, in the measure's unit; no interval with one school."""

    n_schools: int
    n_pupils: int
    mean: float
    ci_low: float | None
    ci_high: float | None


def pooled_group_mean(mean: FloatArray, n_pupils: FloatArray) -> GroupMean:
    """Pool school means (S,) by pupils (S,); 95% interval with schools as the clusters.

    The pooled mean is a ratio of school totals, so its variance is
    S/(S−1) · Σ nₛ²(ȳₛ − ȳ)² / (Σ nₛ)² with t on S − 1 degrees of freedom (Cochran 1977, Sampling
    Techniques, eq. 11.30, without the finite-population factor). Raises ValueError without a school.
    """
    n_schools = len(mean)
    if n_schools == 0:
        raise ValueError("a mean needs at least one school")
    total = float(n_pupils.sum())
    pooled = float((mean * n_pupils).sum() / total)
    if n_schools == 1:
        return GroupMean(1, round(total), pooled, None, None)
    deviations = n_pupils * (mean - pooled)
    variance = n_schools / (n_schools - 1) * float((deviations**2).sum()) / total**2
    margin = float(stdtrit(n_schools - 1, 0.975) * np.sqrt(variance))
    return GroupMean(n_schools, round(total), pooled, pooled - margin, pooled + margin)
