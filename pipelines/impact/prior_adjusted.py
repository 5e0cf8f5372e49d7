"""Adjusts cells to the same prior attainment in every school, from `mart.pupil_moment` alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from pipelines.impact.panel import SchoolPanel


def moments_in_use() -> str:
    """The SELECT of the rows of `mart.pupil_moment` used to adjust cells."""
    return Path(__file__).with_name("moment_in_use.sql").read_text(encoding="utf-8")


def adjust_for_prior_attainment(
    cells: pd.DataFrame, moments: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, float]]:
    """Adjusted cells of one measure and pupil group, and each year's residual pupil variance.

    `cells` has the columns of `mart.cell`, `moments` those of `mart.pupil_moment`, for the same schools and
    years. In each year the slope b of outcome on prior attainment is pooled within schools. A school's
    adjusted mean is its pupils' mean minus b (their mean prior attainment - the overall mean): analysis of
    covariance with schools as groups (Cochran 1957, Biometrics 13: 261). Only pupils with known prior
    attainment count.
    """
    known = moments[moments["n_pupils"] > 0]
    n = known["n_pupils"]
    mean_x, mean_y = known["sum_x"] / n, known["sum_y"] / n
    squares = pd.DataFrame(
        {
            "xx": known["sum_xx"] - n * mean_x**2,
            "xy": known["sum_xy"] - n * mean_x * mean_y,
            "yy": known["sum_yy"] - n * mean_y**2,
            "degrees": n - 1,
            "n": n,
            "x": known["sum_x"],
        }
    )
    by_year = squares.groupby(known["academic_year"]).sum()
    slope = (by_year["xy"] / by_year["xx"]).where(by_year["xx"] > 0, 0.0)
    residual = (by_year["yy"] - slope * by_year["xy"]) / (by_year["degrees"] - 1)
    # Without rows the mapped column would have dtype object.
    slopes, means = (
        known["academic_year"].map(of_year).astype(np.float64)
        for of_year in (slope, by_year["x"] / by_year["n"])
    )
    adjusted = mean_y - slopes * (mean_x - means)
    key = ["school_id", "academic_year"]
    incoming = known[key].assign(adjusted=adjusted, n_known=n)
    joined = cells.merge(incoming, on=key, how="inner")
    known_residual = residual[by_year["degrees"] > 1]
    return (
        joined.assign(mean=joined["adjusted"], n_pupils=joined["n_known"]),
        {str(year): float(value) for year, value in known_residual.items()},
    )


def with_residual_variance(
    adjusted: SchoolPanel, unadjusted: SchoolPanel, residual: dict[str, float]
) -> SchoolPanel:
    """The adjusted panel with its residual within-school variance, in SDs of the unadjusted measure.

    Effects in SDs are then comparable with and without adjustment.
    """
    within = np.array([max(residual.get(year, np.nan), 0.0) for year in adjusted.years])
    return replace(adjusted, within_variance=within, scale=unadjusted.scale)
