"""Pooled outcome years against a regression with school and year effects by pyfixest, and pupils' sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyfixest as pf
import pytest
import statsmodels.api as sm

from pipelines.impact.clustered import PupilSums
from pipelines.impact.estimators import change_from_baseline_mean
from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.impact.pupil_adjusted import pooled_sums, pupil_adjusted

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

BASELINES, OUTCOMES = ("2015-16", "2016-17"), ("2017-18", "2018-19", "2021-22")
N_SCHOOLS, N_MEMBERS, N_PUPILS = 40, 15, 12


def panel(mean: np.ndarray, variance: float = 0.0) -> SchoolPanel:
    return school_panel(
        measure="ks2_reading_progress",
        pupil_group="sen_support",
        unit="points",
        programmes=("send",),
        baseline_years=BASELINES,
        outcome_years=OUTCOMES,
        school_ids=np.arange(N_SCHOOLS, dtype=np.int64),
        exposure=(np.arange(N_SCHOOLS) < N_MEMBERS).astype(float)[:, None],
        mean=mean,
        n_pupils=np.full(mean.shape, float(N_PUPILS)),
        variance=np.full(mean.shape, variance),
        rounding_half_width=np.zeros(mean.shape),
    )


def test_with_equal_weights_it_is_the_regression_with_school_and_year_effects():
    rng = np.random.default_rng(11)
    shape = (N_SCHOOLS, len(BASELINES) + len(OUTCOMES))
    mean = rng.normal(0, 2, (N_SCHOOLS, 1)) + rng.normal(0, 1, shape)
    mean[:N_MEMBERS, 2:] += 1.5
    made = panel(mean)
    z = (made.mean - made.centre) / made.scale
    school, year = np.indices(shape)
    rows = pd.DataFrame({"school": school.ravel(), "year": year.ravel(), "z": z.ravel()})
    rows["treated"] = ((rows["school"] < N_MEMBERS) & (rows["year"] >= len(BASELINES))).astype(int)
    fitted = pf.feols("z ~ treated | school + year", rows).coef()["treated"]
    found = change_from_baseline_mean(made)["send"]
    assert found.estimate == pytest.approx(float(fitted) * made.outcome_scale, rel=1e-9)


def test_pupils_of_all_years_give_the_regression_on_their_rows():
    """Results and prior attainment from the mean of comparison schools' pupils of the year, in one scale."""
    rng = np.random.default_rng(12)
    shape = (N_SCHOOLS, len(BASELINES) + len(OUTCOMES))
    made = panel(rng.normal(0, 2, (N_SCHOOLS, 1)) + rng.normal(0, 1, shape), variance=25.0)
    by_year, rows = [], []
    for column in range(len(BASELINES), shape[1]):
        school = np.repeat(np.arange(N_SCHOOLS), rng.integers(4, 20, N_SCHOOLS))
        x = rng.normal(15 + column, 3, len(school))
        y = 2 * column + 0.8 * x + 1.5 * (school < N_MEMBERS) + rng.normal(0, 4, len(school))
        sums = [
            np.bincount(school, weights=of, minlength=N_SCHOOLS)
            for of in (np.ones_like(x), y, y**2, x, x**2, x * y)
        ]
        by_year.append(PupilSums(*sums))
        outside = school >= N_MEMBERS
        to_last = made.scale[-1] / made.scale[column]
        rows.append(
            pd.DataFrame(
                {
                    "school": school,
                    "y": (y - y[outside].mean()) * to_last,
                    "x": x - x[outside].mean(),
                }
            )
        )
    pupils = pd.concat(rows, ignore_index=True)
    found = pupil_adjusted(made, pooled_sums(made, by_year))["send"]
    columns = np.column_stack([made.exposure, made.standardised()[:, :2]])[pupils["school"]]
    design = sm.add_constant(np.column_stack([columns, pupils["x"]]))
    fitted = sm.OLS(pupils["y"].to_numpy(), design).fit()
    assert found.estimate == pytest.approx(fitted.params[1], rel=1e-8)
    assert found.sample.n_programme_pupils == int((pupils["school"] < N_MEMBERS).sum())
