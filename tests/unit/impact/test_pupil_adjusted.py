"""Pupil-adjusted estimates: effects found, refusals, intraclass correlation."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.impact.clustered import PupilSums, clustered_regression, pupil_moments
from pipelines.impact.estimators import ancova
from pipelines.impact.pupil_adjusted import intraclass_correlation, pupil_adjusted
from pipelines.impact.results import Estimate, NotComputable


def pupil_sums(panel, *, effects, seed=1, n_pupils=20, shared_sd=0.0, residual_sd=1.0, slope=2.0):
    """Pupils of the panel's schools with a planted effect; `shared_sd` is the school component."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(panel.n_schools), n_pupils)
    x = rng.normal(15, 3, len(school))
    level = panel.exposure @ np.asarray(effects) + rng.normal(0, shared_sd, panel.n_schools)
    y = 3 + slope * x + level[school] + rng.normal(0, residual_sd, len(school))
    each = (np.ones_like(x), y, y * y, x, x * x, x * y)
    return PupilSums(*(np.bincount(school, v, minlength=panel.n_schools) for v in each))


def without(sums: PupilSums, is_gone: np.ndarray) -> PupilSums:
    return PupilSums(*(np.where(is_gone, 0.0, value) for value in vars(sums).values()))


MEMBERS = {"send": range(15), "gap": range(10, 25)}


def test_planted_effects_of_two_programmes_are_found(planted_panel):
    panel = planted_panel(members=MEMBERS)
    answers = pupil_adjusted(panel, pupil_sums(panel, effects=[1.5, -0.5], n_pupils=400))
    for programme, effect in (("send", 1.5), ("gap", -0.5)):
        found = answers[programme]
        assert isinstance(found, Estimate)
        assert found.estimator == "pupil_adjusted"
        assert found.estimate == pytest.approx(effect, abs=4 * found.standard_error)
        assert found.standard_error < 0.1
        assert found.ci_low < found.estimate < found.ci_high
        assert found.sample.n_programme_schools == 15
        assert found.sample.n_programme_pupils == 15 * 400


def test_prior_attainment_explains_variance(planted_panel):
    panel = planted_panel()
    answer = pupil_adjusted(panel, pupil_sums(panel, effects=[0.0], slope=2.0))["send"]
    without_slope = pupil_adjusted(panel, pupil_sums(panel, effects=[0.0], slope=0.0))["send"]
    assert answer.estimate == pytest.approx(without_slope.estimate, rel=1e-9)
    assert answer.standard_error == pytest.approx(without_slope.standard_error, rel=1e-9)


def test_degrees_of_freedom_are_those_of_the_programmes_schools_not_of_all(planted_panel):
    panel = planted_panel(n_schools=60, members={"send": range(6)})
    found = pupil_adjusted(panel, pupil_sums(panel, effects=[0.0]))["send"]
    assert 3 < found.degrees_of_freedom < 12


def test_intervals_cover_the_truth_as_often_as_they_say(planted_panel):
    """18 of 40 schools with a school component: 400 draws, 95% minus four standard errors."""
    panel = planted_panel(members={"send": range(18)})
    covered = 0
    for seed in range(400):
        sums = pupil_sums(panel, effects=[1.0], seed=seed, n_pupils=10, shared_sd=0.5)
        found = pupil_adjusted(panel, sums)["send"]
        covered += found.ci_low < 1.0 < found.ci_high
    assert 0.906 < covered / 400 < 0.994


def test_schools_whose_pupils_have_no_record_are_not_in_the_model(planted_panel):
    panel = planted_panel(n_schools=30)
    sums = pupil_sums(panel, effects=[1.0])
    sums = without(sums, np.arange(30) >= 25)
    found = pupil_adjusted(panel, sums)["send"]
    assert found.sample.n_comparison_schools == 10
    assert ancova(panel)["send"].sample.n_comparison_schools == 15


@pytest.mark.parametrize(
    ("is_gone", "words"),
    [
        (lambda s: s >= 0, "no pupil has both"),
        (lambda s: s < 15, "no school of the programme"),
        (lambda s: s >= 15, "none to compare with"),
    ],
)
def test_refusals_say_why(planted_panel, is_gone, words):
    panel = planted_panel()
    sums = without(pupil_sums(panel, effects=[1.0]), is_gone(np.arange(panel.n_schools)))
    answer = pupil_adjusted(panel, sums)["send"]
    assert isinstance(answer, NotComputable)
    assert words in answer.reason
    assert answer.estimator == "pupil_adjusted"


def test_two_programmes_of_the_same_schools_cannot_be_separated(planted_panel):
    panel = planted_panel(members={"send": range(15), "gap": range(15)})
    answers = pupil_adjusted(panel, pupil_sums(panel, effects=[1.0, 0.0]))
    assert all("told apart" in answers[programme].reason for programme in ("send", "gap"))


def test_sums_of_other_schools_are_refused(planted_panel):
    panel, other = planted_panel(), planted_panel(n_schools=30)
    with pytest.raises(ValueError, match="panel's schools"):
        pupil_adjusted(panel, pupil_sums(other, effects=[0.0]))


@pytest.mark.parametrize(("shared_sd", "expected"), [(0.0, 0.0), (0.5, 0.2), (2.0, 0.8)])
def test_intraclass_correlation_is_the_share_that_schools_share(planted_panel, shared_sd, expected):
    panel = planted_panel(n_schools=400)
    sums = pupil_sums(panel, effects=[1.0], shared_sd=shared_sd, n_pupils=25)
    assert intraclass_correlation(panel, sums) == pytest.approx(expected, abs=0.04)


def test_intraclass_correlation_is_unknown_with_one_pupil_a_school(planted_panel):
    panel = planted_panel()
    assert intraclass_correlation(panel, pupil_sums(panel, effects=[1.0], n_pupils=1)) is None


# ---------------------------------------------------------------------------- the regression beneath


def columns_and_sums(seed=3, n_schools=20):
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(n_schools, 2))
    n = rng.integers(2, 30, n_schools).astype(float)
    x = 15 * n + rng.normal(size=n_schools)
    y = 2 * x + columns[:, 0] * n + rng.normal(size=n_schools)
    return columns, PupilSums(n, y, y**2 / n + n, x, x**2 / n + 3 * n, x * y / n + n)


@pytest.mark.parametrize("correction", ["CR1", "CR2"])
def test_reordered_schools_and_rescaled_columns_change_nothing_else(correction):
    columns, sums = columns_and_sums()
    before = clustered_regression(pupil_moments(columns, sums), correction=correction)
    order = np.random.default_rng(1).permutation(len(columns))
    shuffled = PupilSums(*(value[order] for value in vars(sums).values()))
    again = clustered_regression(
        pupil_moments(columns[order] * [1000.0, 1.0], shuffled), correction=correction
    )
    unit = np.array([1, 1000, 1, 1])
    np.testing.assert_allclose(again.coefficient * unit, before.coefficient, rtol=1e-8)
    np.testing.assert_allclose(again.standard_error * unit, before.standard_error, rtol=1e-8)
    np.testing.assert_allclose(again.degrees_of_freedom, before.degrees_of_freedom, rtol=1e-8)


@pytest.mark.parametrize("correction", ["CR1", "CR2"])
def test_schools_without_pupils_change_nothing(correction):
    columns, sums = columns_and_sums()
    padded = PupilSums(*(np.append(value, [0.0, 0.0]) for value in vars(sums).values()))
    before = clustered_regression(pupil_moments(columns, sums), correction=correction)
    after = clustered_regression(
        pupil_moments(np.vstack([columns, np.ones((2, 2))]), padded), correction=correction
    )
    assert (after.n_clusters, after.n_rows) == (before.n_clusters, before.n_rows)
    np.testing.assert_allclose(after.covariance, before.covariance, rtol=1e-9)
    np.testing.assert_allclose(after.degrees_of_freedom, before.degrees_of_freedom, rtol=1e-9)


def test_a_column_that_another_explains_has_no_coefficient_and_the_rest_stay():
    columns, sums = columns_and_sums()
    doubled = np.column_stack([columns, 2 * columns[:, 1]])
    found = clustered_regression(pupil_moments(doubled, sums))
    whole = clustered_regression(pupil_moments(columns, sums))
    assert found.is_estimable.tolist() == [True, True, False, False, True]
    np.testing.assert_allclose(
        found.coefficient[[0, 1, 4]], whole.coefficient[[0, 1, 3]], rtol=1e-8
    )
    np.testing.assert_allclose(
        found.standard_error[[0, 1, 4]], whole.standard_error[[0, 1, 3]], rtol=1e-8
    )
    assert np.isnan(found.standard_error[[2, 3]]).all()


def test_one_school_has_coefficients_and_no_errors():
    _, sums = columns_and_sums(n_schools=1)
    found = clustered_regression(pupil_moments(np.empty((1, 0)), sums))
    assert np.isfinite(found.coefficient).all()
    assert np.isnan(found.standard_error).all()
    assert np.isnan(found.p_value).all()


@pytest.mark.parametrize(
    ("columns", "weights"), [(np.ones((3, 1)), None), (np.ones((20, 1)), np.ones(3))]
)
def test_shapes_that_disagree_are_refused(columns, weights):
    _, sums = columns_and_sums()
    with pytest.raises(ValueError, match="one"):
        pupil_moments(columns, sums, weights=weights)
