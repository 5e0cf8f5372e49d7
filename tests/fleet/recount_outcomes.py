"""Recounts the change end of a headline from schools' results in shares: one or several outcome years."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.fleet.recount import Recount
from tests.fleet.recount_trends import memberships, rows_compared, standardised, weighted


def change_since_baseline(
    recount: Recount, programme: dict[str, Any], measure: dict[str, Any]
) -> float | None:
    """The effect in shares: outcome less the mean of the baseline years, weighted by precision.

    Each outcome year is taken from the weighted mean of schools in no programme; a school's years are
    averaged by 1 / (sampling variance + variance between schools). None for measures that are not recounted.
    """
    rows = rows_compared(recount, programme, measure)
    if rows is None:
        return None
    n, mean = (
        rows.pivot(index="school", columns="year", values=of).astype(float) for of in ("n", "mean")
    )
    judged = [year for year in recount.files.outcome_years if year in mean]
    before = [year for year in mean if year not in recount.files.outcome_years]
    if not judged or not before:
        return None
    sd, sampling, z = standardised(n, mean)
    inside = memberships(recount, mean.index)
    is_free = ~inside.astype(bool).any(axis=1)
    if not is_free.any():
        is_free[:] = True
    outcome, variance = z[judged[0]], sampling[judged[0]]
    if len(recount.files.outcome_years) > 1:
        outcome, variance = _pooled(z[judged], sampling[judged], is_free)
    is_in = outcome.notna() & z[before].notna().any(axis=1)
    n_years = z.loc[is_in, before].notna().sum(axis=1)
    change = outcome[is_in] - z.loc[is_in, before].mean(axis=1)
    spread = variance[is_in] + sampling.loc[is_in, before].sum(axis=1) / n_years**2
    place = [p["id"] for p in recount.evaluated].index(programme["id"])
    estimate, _ = weighted(
        inside.loc[is_in].to_numpy(), change.to_numpy(), spread.to_numpy(), place + 1
    )
    return estimate * float(sd[judged[-1]])


def _pooled(
    z: pd.DataFrame, sampling: pd.DataFrame, is_free: pd.Series
) -> tuple[pd.Series, pd.Series]:
    weights, centred = {}, {}
    for year in z:
        known = z[year].notna()
        if not (known & is_free).any():
            continue
        own, variance = z.loc[known, year], sampling.loc[known, year]
        weight = 1 / (variance + _between(own.to_numpy(), variance.to_numpy()))
        free = is_free[known]
        centred[year] = own - np.average(own[free], weights=weight[free])
        weights[year] = weight
    of_year = pd.DataFrame(weights).reindex(z.index)
    shares = of_year.div(of_year.sum(axis=1), axis=0)
    outcome = (shares * pd.DataFrame(centred)).sum(axis=1, min_count=1)
    return outcome, (shares**2 * sampling[list(weights)]).sum(axis=1, min_count=1)


def _between(z: np.ndarray, variance: np.ndarray) -> float:
    """The variance at which weighted squares about the mean equal their degrees of freedom, or 0."""

    def excess(tau2: float) -> float:
        weights = 1 / (variance + tau2)
        centre = np.average(z, weights=weights)
        return float((weights * (z - centre) ** 2).sum()) - (len(z) - 1)

    if len(z) < 2 or excess(1e-12) <= 0:
        return 0.0
    low, high = 0.0, 100.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return high
