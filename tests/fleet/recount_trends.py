"""Recounts how far both sides' changes differed in earlier years, from schools' results alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.fleet.recount import Recount

# Fewer schools on a side, or fewer degrees of freedom, give no estimate.
_FEWEST_SCHOOLS_OF_A_SIDE = 5
_FEWEST_DF = 8.0


def earlier_differences(
    recount: Recount, programme: dict[str, Any], measure: dict[str, Any]
) -> tuple[list[float], dict[bool, int]] | None:
    """The difference of each earlier year that has one, in shares, and the schools a side in all of them.

    None for measures that are not recounted: only shares of pupils in pupil files, not adjusted, are.
    """
    rows = rows_compared(recount, programme, measure)
    if rows is None:
        return None
    kept = recount.standing(programme, measure).query("reason == 'compared'")
    n, mean = (
        rows.pivot(index="school", columns="year", values=of).astype(float) for of in ("n", "mean")
    )
    earlier = [year for year in mean if year not in recount.files.outcome_years]
    last = max(year for year in mean if year in recount.files.outcome_years)
    sd, sampling, z = standardised(n, mean)
    inside = memberships(recount, mean.index)
    place = [p["id"] for p in recount.evaluated].index(programme["id"])
    found, is_in_all = [], pd.Series(True, index=mean.index)
    for year, before in ((y, earlier[:k]) for k, y in enumerate(earlier) if k):
        is_in = z[year].notna() & z[before].notna().any(axis=1)
        count = z.loc[is_in, before].notna().sum(axis=1)
        change = z.loc[is_in, year] - z.loc[is_in, before].mean(axis=1)
        variance = (
            sampling.loc[is_in, year] + sampling.loc[is_in, before].sum(axis=1) / count**2
        )  # fmt: skip
        own = inside.loc[is_in].to_numpy()
        if min(own[:, place].sum(), (1 - own[:, place]).sum()) < _FEWEST_SCHOOLS_OF_A_SIDE:
            continue
        estimate, df = weighted(own, change.to_numpy(), variance.to_numpy(), place + 1)
        if df >= _FEWEST_DF:
            found.append(estimate * sd[last])
            is_in_all &= is_in
    sides = kept.loc[mean.index, "is_programme"].astype(bool)
    return found, {side: int((is_in_all & (sides == side)).sum()) for side in (True, False)}


def rows_compared(
    recount: Recount, programme: dict[str, Any], measure: dict[str, Any]
) -> pd.DataFrame | None:
    """Results of the compared schools in the years that the comparison uses; None if not recounted."""
    name = measure["name"]
    about = recount.files.about(name)
    if not (about.is_share and about.counts_pupils) or measure.get("adjust_for_prior_attainment"):
        return None
    used = recount.files.used
    kept = recount.standing(programme, measure).query("reason == 'compared'")
    years = [*sorted(recount.years_in_common(programme, measure)), *recount.files.outcome_years]
    rows = used[
        (used["measure"] == name) & (used["group"] == programme["target_group"])
        & used["year"].isin(years) & used["school"].isin(kept.index) & (used["state"] == "value")
        & (used["n"] > 0)
    ]  # fmt: skip
    if rows.empty or "n_with_prior" not in rows or rows["n_with_prior"].isna().any():
        return None
    is_free = [key not in recount.touched for key in zip(rows["school"], rows["year"], strict=True)]
    is_counted = recount.is_counted(rows) | ~rows["year"].isin(recount.files.outcome_years)
    return rows[np.array(is_free) & is_counted]


def standardised(
    n: pd.DataFrame, mean: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame, pd.DataFrame]:
    """Pupil SD of each year, and schools' sampling variances and results in these SDs."""
    within = (n * mean * (1 - mean)).sum() / (n - 1).sum()
    centre = (n * mean).sum() / n.sum()
    squares = (n.sum() - n.notna().sum()) * within + (n * (mean - centre) ** 2).sum()
    sd = np.sqrt(squares / (n.sum() - 1))
    return sd, within / n / sd**2, (mean - centre) / sd


def memberships(recount: Recount, schools: pd.Index) -> pd.DataFrame:
    """1 where an evaluated programme was under way in a school when the pupils were tested."""
    under_way = recount.members[recount.members["standing"] == "under_way"]
    made = {
        p["id"]: schools.isin(under_way.loc[under_way["programme"] == p["id"], "school"]) * 1.0
        for p in recount.evaluated
    }
    return pd.DataFrame(made, index=schools)


def weighted(
    inside: np.ndarray, change: np.ndarray, variance: np.ndarray, wanted: int
) -> tuple[float, float]:
    """A coefficient of weighted least squares and its Bell-McCaffrey degrees of freedom.

    Weights are 1 / (sampling variance + tau2), with the tau2 at which weighted squares equal their degrees
    of freedom, by bisection.
    """
    design = np.column_stack([np.ones(len(change)), inside])
    n_free = len(change) - np.linalg.matrix_rank(design)

    def squares(tau2: float) -> float:
        root = 1 / np.sqrt(variance + tau2)
        fitted = np.linalg.lstsq(design * root[:, None], change * root, rcond=None)[0]
        return float((((change - design @ fitted) * root) ** 2).sum())

    low, high = 0.0, 100.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if squares(middle) > n_free else (low, middle)
    root = 1 / np.sqrt(variance + high * (squares(0.0) > n_free))
    x = design * root[:, None]
    to_coefficient = np.linalg.pinv(x)
    residual_maker = np.eye(len(change)) - x @ to_coefficient
    row = to_coefficient[wanted]
    matrix = np.diag(row / np.sqrt(np.diag(residual_maker))) @ residual_maker
    eigenvalues = np.linalg.eigvalsh(matrix @ matrix.T)
    df = eigenvalues.sum() ** 2 / (eigenvalues**2).sum()
    return float(row @ (change * root)), float(df)
