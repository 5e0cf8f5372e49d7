"""Results adjusted for prior attainment, from files, against pyfixest on pupil rows."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pandas as pd
import pyfixest as pf
import pytest

from pipelines.impact.estimators import ancova, change_since_last_year
from pipelines.impact.study_effects import Marts, build_estimate
from pipelines.study.settings import Programme, Study
from tests.city_store import city_store

MEASURE, GROUP = "ks2_rwm_expected", "disadvantaged"

PUPILS = """
SELECT
    school_urn.school_id,
    pupil.academic_year,
    CAST(coalesce(pupil.met_rwm_expected, false) AS DOUBLE) AS y,
    pupil.prior_points AS x
FROM pupils.ks2_pupils AS pupil
JOIN mart.school_urn AS school_urn USING (urn)
SEMI JOIN mart.outcome AS outcome
    ON outcome.school_id = school_urn.school_id AND outcome.is_compared_kind
WHERE pupil.is_fsm6
    AND pupil.prior_points IS NOT NULL
    AND coalesce(pupil.is_in_rwm, pupil.met_rwm_expected IS NOT NULL)
"""

# pyfixest 0.60 uses a deprecated pandas feature.
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")

City = tuple[duckdb.DuckDBPyConnection, Study, pd.DataFrame]


def gap_of(study: Study) -> Programme:
    return next(programme for programme in study.programme if programme.id == "gap")


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    with city_store(3, [("gap", MEASURE)]) as (con, study):
        build_estimate(con, study)
        yield con, study, con.execute(PUPILS).df()


def test_a_school_s_adjusted_result_is_its_effect_in_a_regression_of_pupils(city: City) -> None:
    """Within-school slope and school effects agree to 1e-8: the sums lose nothing."""
    con, study, pupils = city
    panel = Marts(con, study).prior_adjusted_panel(MEASURE, GROUP, gap_of(study), "make_up")
    for column, year in enumerate((*panel.baseline_years, panel.outcome_year)):
        of_year = pupils[pupils["academic_year"] == year]
        fit = pf.feols("y ~ x | school_id", data=of_year)
        effects = fit.fixef(atol=1e-14, btol=1e-14)["C(school_id)"]
        slope = float(fit.coef()["x"])
        for row, school in enumerate(panel.school_ids):
            if panel.n_pupils[row, column]:
                expected = effects[str(school)] + slope * of_year["x"].mean()
                assert panel.mean[row, column] == pytest.approx(expected, abs=1e-8)
        counted = of_year[of_year["school_id"].isin(panel.school_ids)]
        assert panel.n_pupils[:, column].sum() == len(counted)


def test_the_headline_is_of_adjusted_results_and_the_naive_change_of_results_as_they_are(
    city: City,
) -> None:
    con, study, _ = city
    marts = Marts(con, study)
    rows = con.execute("SELECT * FROM impact.estimate").df().set_index("estimator")
    question = (MEASURE, GROUP, gap_of(study))
    adjusted = ancova(marts.prior_adjusted_panel(*question, "results_and_make_up"))["gap"].estimate
    plain = marts.panel(*question, "make_up")
    assert rows.loc["ancova", "estimate_low"] == pytest.approx(adjusted)
    assert rows.loc["ancova", "estimate_low"] != pytest.approx(ancova(plain)["gap"].estimate)
    naive = change_since_last_year(plain)["gap"].estimate
    assert rows.loc["change_since_last_year", "estimate_low"] == pytest.approx(naive)
