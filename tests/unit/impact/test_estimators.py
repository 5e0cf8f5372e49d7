"""Each estimator on panels with known truth, and its refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import ttest_ind

from pipelines.impact.estimators import (
    ancova,
    ancova_model,
    change_from_baseline_mean,
    change_leaving_selection_years_out,
    change_model,
    change_since_last_year,
    predict_missing_baselines,
)
from pipelines.impact.group_mean import pooled_group_mean
from pipelines.impact.inference import between_school_variance, weighted_least_squares
from pipelines.impact.results import Estimate, NotComputable

METHODS = {
    "ancova": ancova,
    "change_from_baseline_mean": change_from_baseline_mean,
    "change_leaving_selection_years_out": lambda panel: change_leaving_selection_years_out(
        panel, dict.fromkeys(panel.programmes, ("2016-17",))
    ),
    "change_since_last_year": change_since_last_year,
}
every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS.keys())
# The naive change handles one programme at a time, without scaling.
in_one_model = pytest.mark.parametrize(
    "method",
    [method for name, method in METHODS.items() if name != "change_since_last_year"],
    ids=[name for name in METHODS if name != "change_since_last_year"],
)
TWO = {"send": range(0, 16), "gap": range(10, 26)}


@in_one_model
def test_finds_two_overlapping_programmes_effects_in_one_model(method, planted_panel):
    panel = planted_panel(
        n_schools=60, members=TWO, effects={"send": 4.0, "gap": -3.0}, n_pupils=400
    )
    answers = method(panel)
    assert answers["send"].estimate == pytest.approx(4.0, abs=0.8)
    assert answers["gap"].estimate == pytest.approx(-3.0, abs=0.8)
    assert answers["send"].ci_low < 4.0 < answers["send"].ci_high
    assert answers["send"].sample.n_programme_schools == 16
    assert answers["send"].sample.n_comparison_schools == 44


@every_method
def test_row_order_and_names_do_not_matter(method, planted_panel):
    order = np.random.default_rng(5).permutation(40)
    plain = method(planted_panel())["send"]
    shuffled = method(planted_panel(order=order))["send"]
    renamed = method(planted_panel(members={"other": range(0, 15)}))["other"]
    assert shuffled.estimate == pytest.approx(plain.estimate)
    assert shuffled.standard_error == pytest.approx(plain.standard_error)
    assert shuffled.degrees_of_freedom == pytest.approx(plain.degrees_of_freedom)
    assert replace(renamed, programme="send") == plain


@in_one_model
def test_a_new_scale_in_the_outcome_year_scales_the_effect_and_one_before_changes_nothing(
    method, planted_panel
):
    plain = planted_panel()

    def rescaled(year: int, factor: float):
        mean, within = plain.mean.copy(), plain.within_variance.copy()
        mean[:, year] = 7 + factor * mean[:, year]
        within[year] *= factor**2
        centre, scale = plain.centre.copy(), plain.scale.copy()
        centre[year], scale[year] = 7 + factor * centre[year], factor * scale[year]
        return replace(plain, mean=mean, within_variance=within, centre=centre, scale=scale)

    expected = method(plain)["send"]
    outcome = method(rescaled(2, 3.0))["send"]
    assert outcome.estimate == pytest.approx(3 * expected.estimate)
    assert outcome.standard_error == pytest.approx(3 * expected.standard_error)
    assert outcome.degrees_of_freedom == pytest.approx(expected.degrees_of_freedom)
    for baseline_year in (0, 1):
        earlier = method(rescaled(baseline_year, 3.0))["send"]
        assert earlier.estimate == pytest.approx(expected.estimate)
        assert earlier.ci_high == pytest.approx(expected.ci_high)


def test_conditioning_differs_from_differencing(planted_panel):
    panel = planted_panel(seed=4, n_pupils=8)
    assert ancova(panel)["send"].estimate != pytest.approx(
        change_from_baseline_mean(panel)["send"].estimate, rel=0.01
    )


def test_the_change_is_the_difference_of_mean_changes_where_schools_weigh_the_same(planted_panel):
    panel = planted_panel()
    panel = replace(panel, n_pupils=np.full_like(panel.n_pupils, 10.0))
    z = panel.standardised()
    change = z[:, 2] - z[:, :2].mean(axis=1)
    inside = panel.exposure[:, 0] > 0
    expected = (change[inside].mean() - change[~inside].mean()) * panel.outcome_scale
    answer = change_from_baseline_mean(panel)["send"]
    assert answer.estimate == pytest.approx(expected)
    welch = change[inside].var(ddof=1) / 15 + change[~inside].var(ddof=1) / 25
    assert answer.standard_error == pytest.approx(np.sqrt(welch) * panel.outcome_scale)


def test_the_change_is_weighted_by_what_every_year_used_contributes(planted_panel):
    panel = planted_panel(members=TWO)
    mean, n_pupils = panel.mean.copy(), panel.n_pupils.copy()
    mean[2, 0], n_pupils[2, 0] = np.nan, 0
    panel = replace(panel, mean=mean, n_pupils=n_pupils)
    z = panel.standardised()
    change = z[:, 2] - np.nanmean(z[:, :2], axis=1)
    noise = panel.within_variance / panel.scale**2
    with np.errstate(divide="ignore"):
        variance = np.where(n_pupils > 0, noise / n_pupils, 0)
    n_years = np.where(np.arange(40) == 2, 1, 2)
    sampling = variance[:, 2] + variance[:, :2].sum(axis=1) / n_years**2
    design = np.column_stack([np.ones(40), panel.exposure])
    between = between_school_variance(design, change, sampling)
    expected = weighted_least_squares(design, change, 1 / (sampling + between))
    answers = change_from_baseline_mean(panel)
    for column, answer in enumerate(answers.values(), start=1):
        in_unit = expected.coefficient[column] * panel.outcome_scale
        assert answer.estimate == pytest.approx(in_unit, rel=1e-6)
        assert answer.degrees_of_freedom == pytest.approx(expected.degrees_of_freedom[column])


def test_schools_with_more_pupils_weigh_more(planted_panel):
    panel = planted_panel(lasting_sd=0.0)
    n_pupils, mean = panel.n_pupils.copy(), panel.mean.copy()
    n_pupils[0], n_pupils[1] = 400, 2
    mean[0, 2], mean[1, 2] = 60, 40
    heavy = replace(panel, n_pupils=n_pupils, mean=mean)
    n_pupils = n_pupils.copy()
    n_pupils[0], n_pupils[1] = 2, 400
    light = replace(heavy, n_pupils=n_pupils)
    above, below = (change_from_baseline_mean(p)["send"].estimate for p in (heavy, light))
    assert above > below + 0.2


def test_the_naive_change_keeps_its_interval_and_has_no_p_value(planted_panel):
    answer = change_since_last_year(planted_panel())["send"]
    assert isinstance(answer, Estimate)
    assert answer.p_value is None
    assert answer.ci_low < answer.estimate < answer.ci_high


def test_the_naive_change_uses_the_last_year_only(planted_panel):
    panel = planted_panel()
    mean = panel.mean.copy()
    mean[:, 0] += np.linspace(0, 20, panel.n_schools)
    moved = replace(panel, mean=mean)
    assert change_since_last_year(moved) == change_since_last_year(panel)
    left_out = {"send": ("2016-17",)}
    assert change_leaving_selection_years_out(
        moved, left_out
    ) != change_leaving_selection_years_out(panel, left_out)


def test_a_school_without_last_year_counts_in_this_year_s_average_of_the_naive_change(
    planted_panel,
):
    panel = planted_panel()
    mean = panel.mean.copy()
    mean[3, 1] = np.nan
    gappy = replace(panel, mean=mean, n_pupils=np.where(np.isnan(mean), 0, panel.n_pupils))
    is_send = panel.exposure[:, 0] == 1
    assert change_since_last_year(gappy)["send"].estimate == pytest.approx(
        averages_apart(gappy, is_send)
    )
    for method in (ancova, change_from_baseline_mean, change_since_last_year):
        assert method(gappy)["send"].sample.n_programme_schools == 15
    n_pupils = ancova(gappy)["send"].sample.n_programme_pupils
    assert n_pupils == panel.n_pupils[:15, 2].sum()


def test_a_missing_baseline_is_the_other_year_shrunk_by_a_reliability_that_depends_on_n(
    planted_panel,
):
    panel = planted_panel(n_schools=200, members={"send": range(0, 80)}, lasting_sd=3.0)
    mean, n_pupils = panel.mean.copy(), panel.n_pupils.copy()
    mean[[0, 1], 0] = 56.0
    n_pupils[0, 0], n_pupils[1, 0] = 300, 3
    mean[[0, 1], 1] = np.nan
    n_pupils[[0, 1], 1] = 0
    gappy = replace(panel, mean=mean, n_pupils=n_pupils)
    z, filled = gappy.standardised(), predict_missing_baselines(gappy)
    assert filled[2:] == pytest.approx(z[2:, :2])
    large, small = filled[0, 1], filled[1, 1]
    assert 0 < small < large < z[0, 0]
    # lasting 3^2, sampling 5^2 / n: reliability 0.99 and 0.52, within the error of estimating them
    assert large / z[0, 0] == pytest.approx(0.99, abs=0.15)
    assert small / z[0, 0] == pytest.approx(0.52, abs=0.15)


def test_a_missing_baseline_discounts_what_passes_between_years(planted_panel):
    rng = np.random.default_rng(9)
    panel = planted_panel(
        n_schools=400,
        members={"send": range(0, 150)},
        lasting_sd=3.0,
        n_pupils=100,
        change=lambda mean: mean + rng.normal(0, 3.0, mean.shape),
    )
    mean, n_pupils = panel.mean.copy(), panel.n_pupils.copy()
    mean[0] = [56.0, np.nan, 50.0]
    n_pupils[0, 1] = 0
    gappy = replace(panel, mean=mean, n_pupils=n_pupils)
    z, filled = gappy.standardised(), predict_missing_baselines(gappy)
    # lasting 3^2, passing 3^2, sampling 5^2 / 100: reliability 0.49
    assert filled[0, 1] / z[0, 0] == pytest.approx(0.49, abs=0.12)


def test_a_missing_baseline_without_lasting_differences_is_the_groups_mean(planted_panel):
    panel = planted_panel(seed=8)
    mean = panel.mean.copy()
    mean[:, 1] = 100 - mean[:, 0]  # negatively correlated years: no lasting differences
    mean[0, 1] = np.nan
    n_pupils = np.where(np.isnan(mean), 0, panel.n_pupils)
    gappy = replace(panel, mean=mean, n_pupils=n_pupils)
    others = gappy.standardised()[1:15, 1]
    assert others.min() < predict_missing_baselines(gappy)[0, 1] < others.max()
    first = replace(gappy, mean=np.where(np.arange(40)[:, None] == 0, mean + 30, mean))
    assert predict_missing_baselines(first)[0, 1] == pytest.approx(
        predict_missing_baselines(gappy)[0, 1], abs=0.05
    )


@every_method
def test_a_baseline_year_without_any_result_is_ignored(method, planted_panel):
    panel = planted_panel()
    n_pupils = panel.n_pupils.copy()
    mean = panel.mean.copy()
    mean[:, 0], n_pupils[:, 0] = np.nan, 0
    answer = method(replace(panel, mean=mean, n_pupils=n_pupils))["send"]
    if answer.estimator == "change_leaving_selection_years_out":
        assert isinstance(answer, NotComputable)
        assert "no school has results" in answer.reason
    else:
        assert isinstance(answer, Estimate)


def test_leaving_selection_years_out_says_what_it_lacks(planted_panel):
    panel = planted_panel(members=TWO)
    answers = change_leaving_selection_years_out(panel, {"send": ("2015-16", "2016-17")})
    assert isinstance(answers["send"], NotComputable)
    assert "no earlier year is left" in answers["send"].reason
    assert isinstance(answers["gap"], NotComputable)
    assert "not known" in answers["gap"].reason


@every_method
@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"send": range(0, 40)}, "none to compare with"),
        ({"send": range(0, 0)}, "no school of the programme"),
    ],
)
def test_comparisons_that_are_impossible_get_a_reason(method, members, words, planted_panel):
    answer = method(planted_panel(members=members))["send"]
    assert isinstance(answer, NotComputable)
    assert words in answer.reason


@in_one_model
@pytest.mark.parametrize(
    "members",
    [
        {"send": range(0, 12), "gap": range(0, 12)},
        {"send": range(0, 20), "gap": range(20, 40)},
    ],
)
def test_two_programmes_of_the_same_schools_cannot_be_separated(method, members, planted_panel):
    for answer in method(planted_panel(members=members)).values():
        assert isinstance(answer, NotComputable)
        assert "cannot be told apart" in answer.reason


def averages_apart(panel, is_programme) -> float:
    """The naive change computed from both sides' pupil averages, this year and last."""
    averages = {
        (side, year): pooled_group_mean(panel.mean[known, year], panel.n_pupils[known, year]).mean
        for side, rows in ((1, is_programme), (-1, ~is_programme))
        for year in (1, 2)
        for known in [rows & np.isfinite(panel.mean[:, year])]
    }
    return (averages[1, 2] - averages[1, 1]) - (averages[-1, 2] - averages[-1, 1])


def test_the_naive_change_is_the_difference_of_the_averages_over_pupils(planted_panel):
    panel = planted_panel(members=TWO)
    panel = replace(panel, n_pupils=panel.n_pupils * np.linspace(1, 9, 40).round()[:, None])
    is_gap = panel.exposure[:, 1] == 1
    answer = change_since_last_year(panel)["gap"]
    assert answer.estimate == pytest.approx(averages_apart(panel, is_gap))
    # It differs from the unweighted mean over schools.
    change = panel.mean[:, 2] - panel.mean[:, 1]
    assert answer.estimate != pytest.approx(
        change[is_gap].mean() - change[~is_gap].mean(), abs=0.01
    )


def test_the_naive_change_of_schools_of_one_size_is_welch_s_comparison_of_two_means(planted_panel):
    panel = planted_panel()
    panel = replace(panel, n_pupils=np.full_like(panel.n_pupils, 12.0))
    change = panel.mean[:, 2] - panel.mean[:, 1]
    is_send = panel.exposure[:, 0] == 1
    expected = ttest_ind(change[is_send], change[~is_send], equal_var=False)
    answer = change_since_last_year(panel)["send"]
    assert answer.degrees_of_freedom == pytest.approx(expected.df)
    interval = expected.confidence_interval()
    assert (answer.ci_low, answer.ci_high) == pytest.approx((interval.low, interval.high))


@every_method
def test_an_empty_panel_gets_a_reason_in_words(method, planted_panel):
    panel = planted_panel(change=lambda mean: np.full_like(mean, np.nan))
    answer = method(panel)["send"]
    assert isinstance(answer, NotComputable)
    assert "no school has results both in 2017-18 and" in answer.reason


@every_method
def test_results_without_variation_get_a_reason_in_words(method, planted_panel):
    panel = planted_panel()
    flat = replace(
        panel,
        mean=np.ones_like(panel.mean),
        within_variance=np.zeros(3),
        centre=np.ones(3),
        scale=np.zeros(3),
    )
    answer = method(flat)["send"]
    assert isinstance(answer, NotComputable)
    assert "every pupil has the same result" in answer.reason


@every_method
def test_a_perfect_fit_is_not_reported_as_certainty(method, planted_panel):
    panel = planted_panel(change=lambda mean: np.repeat(mean[:, :1], 3, axis=1))
    same = replace(
        panel,
        centre=np.full(3, 50.0),
        scale=np.full(3, 5.0),
        n_pupils=np.repeat(panel.n_pupils[:, :1], 3, axis=1),
    )
    answer = method(same)["send"]
    assert isinstance(answer, NotComputable)
    assert "vary too little" in answer.reason


@every_method
def test_equal_baselines_and_unvaried_shares_do_not_break_it(method, planted_panel):
    panel = planted_panel()
    mean = panel.mean.copy()
    mean[:, :2] = 50.0
    scale, within = panel.scale.copy(), np.zeros(3)
    scale[:2] = 0.0
    equal = np.full_like(panel.n_pupils, 10.0)
    flat = replace(panel, mean=mean, scale=scale, within_variance=within, n_pupils=equal)
    answer = method(flat)["send"]
    inside = panel.exposure[:, 0] > 0
    assert isinstance(answer, Estimate)
    assert answer.estimate == pytest.approx(
        panel.mean[inside, 2].mean() - panel.mean[~inside, 2].mean()
    )


@in_one_model
def test_unknown_pupil_variance_counts_every_school_the_same(method, planted_panel):
    panel = planted_panel()
    unknown = replace(panel, within_variance=np.full(3, np.nan))
    equal = replace(unknown, n_pupils=np.full_like(panel.n_pupils, 10.0))
    answer, expected = method(unknown)["send"], method(equal)["send"]
    assert answer.estimate == pytest.approx(expected.estimate)
    assert answer.standard_error == pytest.approx(expected.standard_error)


def test_the_models_are_the_regressions_behind_the_answers(planted_panel):
    panel = planted_panel(n_schools=60, members=TWO)
    changed = change_model(panel, panel.baseline_years)
    for model, method in ((ancova_model(panel), ancova), (changed, change_from_baseline_mean)):
        fit = weighted_least_squares(model.design, model.outcome, model.weights)
        assert fit.coefficient[2] * panel.outcome_scale == pytest.approx(
            method(panel)["gap"].estimate
        )
        assert model.exposure.tolist() == panel.exposure[model.is_in_model].tolist()
    assert ancova_model(panel).covariates.tolist() == panel.standardised()[:, :-1].tolist()
    assert changed.covariates.shape == (60, 0)


def test_a_model_without_programmes_does_not_know_who_was_in_them(planted_panel):
    panel = planted_panel(n_schools=60, members=TWO)
    mean = panel.mean.copy()
    mean[[3, 30], 0] = np.nan
    panel = replace(panel, mean=mean)
    moved = replace(panel, exposure=panel.exposure[::-1].copy())
    null, other = (ancova_model(p.without_programmes()) for p in (panel, moved))
    assert null.weights.tolist() == other.weights.tolist()
    assert null.covariates.tolist() == other.covariates.tolist()
    assert null.exposure.shape == (60, 0)
    assert ancova_model(panel).covariates.tolist() != ancova_model(moved).covariates.tolist()
