"""Every verdict rule, with a planted case."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student_t

from pipelines.impact.estimators import ancova, change_from_baseline_mean
from pipelines.impact.headline import Bracket, bracket, extrapolation_reason, verdict
from pipelines.impact.imbens_manski import between_ends, detectable_effect
from pipelines.impact.inference import minimum_detectable_effect
from pipelines.impact.results import Estimate, NotComputable, SampleSize

ENOUGH = SampleSize(18, 42, 180, 420)


def end(estimate, half_width, *, df=20.0, sample=ENOUGH, p_value=None) -> Estimate:
    standard_error = half_width / float(student_t.ppf(0.975, df))
    return Estimate(
        programme="send",
        estimator="ancova",
        estimate=estimate,
        standard_error=standard_error,
        degrees_of_freedom=df,
        ci_low=estimate - half_width,
        ci_high=estimate + half_width,
        p_value=p_value or float(2 * student_t.sf(abs(estimate) / standard_error, df)),
        sample=sample,
        contribution=dict.fromkeys(range(4), standard_error / 2),
    )


def joined(first: Estimate, second: Estimate, extrapolation: str | None = None) -> Bracket:
    result = bracket(first, second, extrapolation_reason=extrapolation)
    assert isinstance(result, Bracket)
    return result


def test_the_bracket_spans_both_ends():
    first, second = end(2.0, 1.5, df=15.0), end(1.0, 2.5, df=25.0)
    result = joined(first, second)
    assert (result.estimate_low, result.estimate_high) == (1.0, 2.0)
    errors = (first.standard_error, second.standard_error)
    expected = between_ends((2.0, 1.0), errors, 15.0)
    assert (result.ci_low, result.ci_high) == (expected.ci_low, expected.ci_high)
    assert result.p_value == expected.p_value
    assert result.effective_df == 15.0
    # The errors of the planted ends are perfectly correlated.
    apart = detectable_effect(errors, (15.0, 25.0), 1.0, distance=1.0)
    assert result.mde == pytest.approx(apart)
    assert apart > detectable_effect(errors, (15.0, 25.0), 1.0)


def test_ends_of_different_schools_have_independent_errors():
    first, second = end(2.0, 1.5), end(1.0, 1.5)
    elsewhere = replace(second, contribution={n + 100: c for n, c in second.contribution.items()})
    errors, df = (first.standard_error, second.standard_error), (20.0, 20.0)
    assert joined(first, elsewhere).mde == pytest.approx(detectable_effect(errors, df, 0.0, 1.0))


def test_ends_in_opposite_directions_give_no_test():
    result = joined(end(2.0, 1.0), end(-2.0, 1.0))
    assert result.p_value == 1.0


@pytest.mark.parametrize("first", [end(2.0, 1.9), end(2.0, 2.1)])
@pytest.mark.parametrize("second", [end(1.0, 0.9), end(1.0, 1.1), end(-3.0, 1.0)])
def test_the_p_value_is_below_a_twentieth_exactly_where_the_range_excludes_zero(first, second):
    result = joined(first, second)
    assert (result.p_value < 0.05) == (result.ci_low > 0 or result.ci_high < 0)


def test_the_minimum_detectable_effect_is_found_four_times_in_five():
    rng = np.random.default_rng(11)
    df, standard_error, draws = 12, 0.7, 40_000
    effect = minimum_detectable_effect(standard_error, df)
    estimates = rng.normal(effect, standard_error, draws)
    errors = standard_error * np.sqrt(rng.chisquare(df, draws) / df)
    found = estimates / errors > student_t.ppf(0.975, df)
    # (t + t) x SE is Bloom's approximation to the noncentral t, accurate to about two points here.
    assert found.mean() == pytest.approx(0.80, abs=0.02)


@pytest.mark.parametrize(
    ("first", "second", "higher_is_better", "expected", "words"),
    [
        (end(3.0, 1.0), end(2.0, 1.5), True, "better", "one side of zero"),
        (end(-3.0, 1.0), end(-2.0, 1.5), True, "worse", "one side of zero"),
        (end(3.0, 1.0), end(2.0, 1.5), False, "worse", "one side of zero"),
        (end(-3.0, 1.0), end(-2.0, 1.5), False, "better", "one side of zero"),
        (end(0.1, 0.5), end(-0.1, 0.6), True, "no_meaningful_difference", "whole range"),
        (end(0.3, 0.1), end(0.4, 0.2), True, "better", "smaller than the smallest"),
        (end(3.0, 1.0), end(2.0, 2.5), True, "cannot_tell", "disagree"),
        (end(1.0, 2.0), end(2.0, 2.5), True, "cannot_tell", "below zero to above it"),
        (end(3.0, 1.0), end(-3.0, 1.0), True, "cannot_tell", "opposite directions"),
        (end(0.5, 0.6), end(0.1, 0.2), True, "cannot_tell", "below zero to above it"),
    ],
)
def test_verdicts(first, second, higher_is_better, expected, words):
    judged, reason = verdict(
        joined(first, second), smallest_effect=1.0, higher_is_better=higher_is_better
    )
    assert judged == expected
    assert words in reason


def test_without_a_smallest_effect_nothing_is_called_no_difference():
    assert verdict(joined(end(0, 0.01), end(0, 0.01)), smallest_effect=None)[0] == "cannot_tell"


@pytest.mark.parametrize("ends", [(end(3, 1), end(3, 1)), (end(0, 0.1), end(0, 0.1))])
def test_an_extrapolation_caps_the_verdict(ends):
    judged, reason = verdict(joined(*ends, "no overlap"), smallest_effect=1.0)
    assert (judged, reason) == ("cannot_tell", "no overlap")


def test_an_extrapolation_is_named_beside_another_reason():
    judged, reason = verdict(joined(end(1, 2), end(1, 2), "no overlap"), smallest_effect=1.0)
    assert judged == "cannot_tell"
    assert "zero" in reason
    assert "no overlap" in reason


@pytest.mark.parametrize(
    ("sample", "df"),
    [
        (SampleSize(4, 50, 40, 500), 20.0),
        (SampleSize(50, 4, 500, 40), 20.0),
        (ENOUGH, 7.9),
    ],
)
def test_too_few_schools_means_no_estimate(sample, df):
    few = end(9.0, 1.0, sample=sample, df=df)
    for ends in ((few, end(9.0, 1.0)), (end(9.0, 1.0), few)):
        result = bracket(*ends)
        assert isinstance(result, NotComputable)
        assert result.reason.startswith("too few schools")


def test_five_schools_a_side_and_eight_degrees_of_freedom_are_enough():
    edge = end(9.0, 1.0, sample=SampleSize(5, 5, 50, 50), df=8.0)
    assert isinstance(bracket(edge, edge), Bracket)


def test_without_one_end_there_is_no_headline():
    missing = NotComputable("send", "ancova", "for a reason", ENOUGH)
    nobody = NotComputable("send", "ancova", "none to compare with", SampleSize(40, 0, 400, 0))
    assert bracket(missing, end(1, 1)) == replace(missing, estimator="bracket")
    assert bracket(end(1, 1), missing) == replace(missing, estimator="bracket")
    assert bracket(nobody, nobody) == replace(nobody, estimator="bracket")


def test_the_naive_change_is_not_an_end():
    with pytest.raises(ValueError, match="naive"):
        bracket(replace(end(1, 1), p_value=None), end(1, 1))


def ranked_exposure(panel, score, *, every: int = 1, n: int = 15):
    exposure = np.zeros_like(panel.exposure)
    exposure[np.argsort(score)[::every][:n], 0] = 1
    return replace(panel, exposure=exposure)


def test_schools_chosen_at_random_overlap(planted_panel):
    for seed in range(20):
        assert extrapolation_reason(planted_panel(seed=seed), "send") is None


@pytest.mark.parametrize("columns", [[0], [1], [0, 1]])
def test_a_strict_cut_on_a_year_or_on_the_mean_leaves_no_overlap(columns, planted_panel):
    panel = planted_panel()
    score = panel.standardised()[:, columns].mean(axis=1)
    assert "ANCOVA" in extrapolation_reason(ranked_exposure(panel, score), "send")
    assert "ANCOVA" in extrapolation_reason(ranked_exposure(panel, -score), "send")
    # Every other school from the bottom: weaker on average, but with similar schools outside.
    assert extrapolation_reason(ranked_exposure(panel, score, every=2), "send") is None


def test_a_spread_programme_round_a_narrow_comparison_is_an_extrapolation(planted_panel):
    panel = planted_panel()
    mean = panel.mean.copy()
    mean[15:, :2] = 50 + np.linspace(-0.01, 0.01, 25)[:, None]
    assert extrapolation_reason(replace(panel, mean=mean), "send")


def test_a_narrow_programme_with_hardly_any_like_school_outside_is_an_extrapolation(planted_panel):
    panel = planted_panel()
    mean = panel.mean.copy()
    mean[:15, :2] = 50 + np.linspace(-0.1, 0.1, 15)[:, None]
    mean[15:27, :2], mean[27:38, :2], mean[38:, :2] = 40, 60, 50
    assert extrapolation_reason(replace(panel, mean=mean), "send")
    mean[37, :2] = 50  # the third
    assert extrapolation_reason(replace(panel, mean=mean), "send") is None


def test_a_cut_on_the_mean_is_detected_where_each_year_alone_overlaps(planted_panel):
    panel = planted_panel(lasting_sd=0.0)
    rng = np.random.default_rng(6)
    mean, level, swing = panel.mean.copy(), np.repeat([-1.0, 1.0], [15, 25]), rng.normal(0, 5, 40)
    mean[:, 0], mean[:, 1] = 50 + level + swing, 50 + level - swing
    level_seen = replace(panel, mean=mean, centre=np.full(3, 50.0), scale=np.ones(3))
    for year in (0, 1):
        one_year = mean.copy()
        one_year[:, 1 - year] = mean[:, year]
        assert extrapolation_reason(replace(level_seen, mean=one_year), "send") is None
    assert extrapolation_reason(level_seen, "send")


def test_equal_baselines_overlap(planted_panel):
    panel = planted_panel()
    mean = panel.mean.copy()
    mean[:, :2] = 50
    assert extrapolation_reason(replace(panel, mean=mean), "send") is None


def test_real_estimates_make_a_bracket(planted_panel):
    panel = planted_panel(effects={"send": 6.0})
    headline = bracket(ancova(panel)["send"], change_from_baseline_mean(panel)["send"])
    assert isinstance(headline, Bracket)
    assert verdict(headline, smallest_effect=1.0)[0] == "better"
