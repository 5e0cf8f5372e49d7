"""Pools a school's results of several outcome years into one, by precision."""

from __future__ import annotations

import numpy as np

from pipelines.impact.arrays import BoolArray, FloatArray
from pipelines.impact.inference import between_school_variance


def pooled_years(
    z: FloatArray, sampling_variance: FloatArray, is_untreated: BoolArray
) -> tuple[FloatArray, FloatArray]:
    """One outcome (S,) a school and its sampling variance (S,), from K outcome years (S, K).

    `z` is standardised within year, NaN if missing or not counted. Each year is first centred on its schools
    in `is_untreated` (S,): where programmes reach more schools from year to year, the mean of all schools
    would hold a growing part of the effect. A year without results of such a school is dropped.

    Weights are 1 / (sampling variance + between-school variance of the year), scaled to 1 over the years that
    a school has, so that a lucky year of few pupils counts little. A school with one year keeps it. The
    between-school variance does not depend on memberships, or they could not be permuted. NaN for a school
    without any year.
    """
    has_value = np.isfinite(z)
    has_value &= (has_value & is_untreated[:, None]).any(axis=0)
    weights = np.zeros_like(z)
    centred = np.where(has_value, z, 0.0)
    for year in np.flatnonzero(has_value.any(axis=0)):
        rows = has_value[:, year]
        own, variance = z[rows, year], sampling_variance[rows, year]
        between = between_school_variance(np.ones((len(own), 1)), own, variance)
        total = np.maximum(variance + between, np.finfo(float).eps)
        weights[rows, year] = 1 / total
        outside = is_untreated[rows]
        centred[rows, year] -= np.average(own[outside], weights=1 / total[outside])
    has_any = has_value.any(axis=1)
    weights /= np.where(has_any, weights.sum(axis=1), 1.0)[:, None]
    pooled = (weights * centred).sum(axis=1)
    variance = (weights**2 * np.where(has_value, sampling_variance, 0.0)).sum(axis=1)
    return np.where(has_any, pooled, np.nan), np.where(has_any, variance, np.nan)
