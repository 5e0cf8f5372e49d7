"""Effect sizes and intraclass correlation against statsmodels on pupil rows.

EXACT: the same formula computed differently, so only rounding differs.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.formula.api import ols
from statsmodels.stats.meta_analysis import effectsize_smd

from pipelines.impact.effect_size import hedges_g, intraclass_correlation

EXACT = 1e-9


def pupils(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(2, 20, 25)
    school = np.repeat(np.arange(25), sizes)
    points = rng.normal(0, 2, 25)[school] + rng.normal(0, 5, len(school))
    return pd.DataFrame({"school": school, "points": points})


@pytest.mark.parametrize("seed", range(5))
def test_intraclass_correlation_equals_mean_squares_of_an_analysis_of_variance(seed):
    rows = pupils(seed)
    table = sm.stats.anova_lm(ols("points ~ C(school)", rows).fit())
    between, within = table["mean_sq"]
    by_school = rows.groupby("school")["points"]
    n = by_school.size().to_numpy(dtype=float)
    typical = (n.sum() - (n**2).sum() / n.sum()) / (len(n) - 1)
    reference = (between - within) / (between + (typical - 1) * within)
    found = intraclass_correlation(by_school.mean().to_numpy(), n, float(within))
    assert found == pytest.approx(reference, rel=EXACT)


@pytest.mark.parametrize(("n_in", "n_out"), [(40, 90), (6, 7)])
def test_unclustered_g_equals_statsmodels(n_in, n_out):
    sd_in, sd_out = 4.0, 6.0
    pooled = np.sqrt(((n_in - 1) * sd_in**2 + (n_out - 1) * sd_out**2) / (n_in + n_out - 2))
    reference, _ = effectsize_smd(2.5, sd_in, n_in, 0.5, sd_out, n_out)
    found = hedges_g(2.0, 1.0, 3.0, pupil_sd=pooled, n_pupils=n_in + n_out)
    assert found.g == pytest.approx(reference, rel=EXACT)


def test_clustered_factor_is_that_of_hedges_by_hand():
    # n = 200 pupils, 20 per school, icc 0.2: sqrt(1 - 2 * 19 * 0.2 / 198) = sqrt(0.9616162).
    found = hedges_g(
        5.0,
        0.0,
        10.0,
        pupil_sd=10.0,
        n_pupils=200,
        intraclass_correlation=0.2,
        pupils_per_school=20,
    )
    assert found.g == pytest.approx(0.5 * (1 - 3 / 791) * 0.9806203, rel=1e-6)
