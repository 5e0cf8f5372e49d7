"""The panel: which schools are kept, how variances are pooled, how years are standardised."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pipelines.impact.cells import panel_from_cells
from pipelines.impact.panel import SchoolPanel
from pipelines.study.measures import MEASURES

YEARS = ["2015-16", "2016-17", "2017-18"]


def cell(school_id: int, academic_year: str, mean: float | None, n: int | None, **changes):
    return {
        "school_id": school_id,
        "academic_year": academic_year,
        "pupil_group": "disadvantaged",
        "measure": "ks2_rwm_expected",
        "n_pupils": n,
        "mean": mean,
        "variance": None,
        "rounding_half_width": 0.0,
        "value_status": "value",
    } | changes


def panel(rows: list[dict[str, object]], measure: str = "ks2_rwm_expected") -> SchoolPanel:
    cells = pd.DataFrame(rows).astype({"n_pupils": "Int64", "mean": float, "variance": float})
    return panel_from_cells(
        cells,
        pd.DataFrame({"programme": ["gap", "gap"], "school_id": [1, 99]}),
        programmes=["gap"],
        measure=MEASURES[measure],
        pupil_group="disadvantaged",
        baseline_years=YEARS[:2],
        outcome_years=(YEARS[2],),
    )


def test_a_school_enters_with_an_outcome_and_one_baseline_and_not_without():
    rows = [
        cell(1, YEARS[2], 0.5, 10),
        cell(1, YEARS[0], 0.4, 10),
        cell(2, YEARS[2], 0.5, 10),  # no baseline
        cell(3, YEARS[0], 0.5, 10),  # no outcome
        cell(4, YEARS[2], None, None, value_status="suppressed"),
        cell(4, YEARS[1], 0.5, 10),
        cell(5, YEARS[2], 0.6, 8),
        cell(5, YEARS[1], 0.7, 8),
        cell(6, YEARS[2], 0.6, 8),
        cell(6, YEARS[1], 0.7, 8, pupil_group="all"),
        cell(6, YEARS[0], 0.7, 8, measure="ks2_maths_expected"),
    ]
    result = panel(rows)
    assert result.school_ids.tolist() == [1, 5]
    assert result.exposure.tolist() == [[1], [0]]
    assert np.isnan(result.mean[0, 1])
    assert np.isnan(result.mean[1, 0])
    assert result.unit == "share"


def test_withheld_values_never_count_even_beside_a_number():
    rows = [
        cell(1, YEARS[2], 0.5, 10),
        cell(1, YEARS[1], 0.0, 10, value_status="suppressed"),
        cell(1, YEARS[0], 0.4, 10),
    ]
    assert np.isnan(panel(rows).mean[0, 1])


def test_two_values_for_one_school_and_year_are_refused():
    rows = [cell(1, YEARS[2], 0.5, 10), cell(1, YEARS[2], 0.6, 10)]
    with pytest.raises(ValueError, match="one release status"):
        panel(rows)


def test_no_cells_make_an_empty_panel():
    assert panel([cell(1, YEARS[2], 0.5, 10)]).n_schools == 0


def test_a_share_is_standardised_by_its_binomial_sd_with_within_variance_pooled():
    rows = [
        cell(school, year, p, n)
        for year in YEARS
        for school, p, n in ((1, 0.25, 8), (2, 1.0, 4), (3, 0.5, 1))
    ]
    result = panel(rows)
    assert result.within_variance[0] == pytest.approx((8 * 0.25 * 0.75 + 1 * 0.25) / (7 + 3 + 0))
    p = (2 + 4 + 0.5) / 13
    assert result.centre[0] == pytest.approx(p)
    assert result.scale[2] == pytest.approx(np.sqrt((13 * p * (1 - p)) / 12))


def test_points_are_scaled_by_the_sd_of_the_pupils_behind_the_cells():
    rng = np.random.default_rng(3)
    schools = {i: rng.normal(100 + i, 7, 6 + i) for i in range(1, 8)}
    rows = [
        cell(
            i,
            year,
            pupils.mean(),
            len(pupils),
            variance=pupils.var(ddof=1),
            measure="ks2_maths_score",
        )
        for i, pupils in schools.items()
        for year in YEARS
    ]
    result = panel(rows, "ks2_maths_score")
    everyone = np.concatenate(list(schools.values()))
    assert result.centre == pytest.approx(everyone.mean())
    assert result.scale == pytest.approx(everyone.std(ddof=1))
    assert not result.is_scale_from_school_means


def test_without_pupil_variance_every_year_is_scaled_by_school_means_and_flagged():
    rows = [
        cell(
            i,
            year,
            100.0 + i,
            5 * i,
            variance=(None if year == YEARS[0] else 9.0),
            measure="ks2_maths_score",
        )
        for i in (1, 2, 3)
        for year in YEARS
    ]
    result = panel(rows, "ks2_maths_score")
    means, n = np.array([101.0, 102.0, 103.0]), np.array([5, 10, 15])
    expected = np.sqrt(np.average((means - np.average(means, weights=n)) ** 2, weights=n))
    assert result.is_scale_from_school_means
    assert result.scale == pytest.approx(expected)
    assert np.isnan(result.within_variance[0])


def test_rounded_shares_carry_rounding_variance():
    rows = [
        cell(i, year, 0.5, 10, rounding_half_width=half)
        for i in (1, 2)
        for year, half in zip(YEARS, (0.0, 0.0, 0.005), strict=True)
    ]
    result = panel(rows)
    extra = result.sampling_variance()[0, 2] - result.sampling_variance()[0, 1]
    assert extra * result.scale[2] ** 2 == pytest.approx(0.01**2 / 12)
