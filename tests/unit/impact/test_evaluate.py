"""The rows of `released.impact`: which exist, what is blank, which get a verdict."""

from __future__ import annotations

import itertools
from dataclasses import astuple, fields, replace

import numpy as np
import pytest

from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.power import power, school_variance
from pipelines.impact.results import ImpactRow

COLUMNS = {
    *("programme", "pupil_group", "measure", "academic_year", "release_status", "estimator"),
    *("role", "estimate_low", "estimate_high", "ci_low", "ci_high", "p_value"),
    *("n_programme_schools", "n_comparison_schools", "n_programme_pupils", "n_comparison_pupils"),
    *("effective_df", "mde", "breakdown", "expected_anyway", "p_value_holm"),
    *("hedges_g", "hedges_g_low", "hedges_g_high", "verdict", "verdict_reason", "unit"),
}
NUMBERS = ("estimate_low", "estimate_high", "ci_low", "ci_high", "p_value", "mde")
MEMBERS = {"send": range(0, 14), "gap": range(10, 24)}
SEND = ProgrammeQuestion("send", "sen_support", True, 1.0, ("2016-17",))
GAP = ProgrammeQuestion("gap", "disadvantaged", True, 1.0)


def rows_of(panel, *questions) -> dict[tuple[str, str], ImpactRow]:
    rows = evaluate_measure(panel, questions, release_status="provisional")
    keyed = {(row.programme, row.estimator): row for row in rows}
    assert len(keyed) == len(rows)
    return keyed


def test_a_row_has_the_columns_of_the_released_table():
    assert {field.name for field in fields(ImpactRow)} == COLUMNS


def test_each_programme_has_its_headline_two_ends_a_robustness_row_and_the_naive_change(
    planted_panel,
):
    rows = rows_of(planted_panel(members=MEMBERS), SEND, GAP)
    assert {(estimator, row.role) for (_, estimator), row in rows.items()} == {
        ("bracket", "headline"),
        ("ancova", "robustness"),
        ("change_from_baseline_mean", "robustness"),
        ("change_leaving_selection_years_out", "robustness"),
        ("change_since_last_year", "naive"),
    }
    assert len(rows) == 10
    headline = rows["send", "bracket"]
    ends = [rows["send", "ancova"], rows["send", "change_from_baseline_mean"]]
    assert headline.estimate_low == min(row.estimate_low for row in ends)
    # Narrower than the union of both intervals, wider than the distance of the ends.
    assert max(row.estimate_high for row in ends) < headline.ci_high
    assert headline.ci_high < max(row.ci_high for row in ends) * 1.02
    assert headline.release_status == "provisional"
    assert headline.academic_year == "2017-18"
    assert headline.unit == "points"
    naive = rows["send", "change_since_last_year"]
    assert (naive.p_value, naive.mde) == (None, None)
    assert naive.ci_low < naive.estimate_low == naive.estimate_high < naive.ci_high


def test_only_the_primary_headline_for_the_target_group_gets_a_verdict(planted_panel):
    panel = planted_panel(members=MEMBERS)
    rows = rows_of(panel, SEND, GAP)
    judged = [key for key, row in rows.items() if row.verdict is not None]
    assert judged == [("send", "bracket")]
    assert rows["send", "bracket"].verdict_reason
    rows = rows_of(panel, replace(SEND, is_primary=False), GAP)
    assert all(row.verdict is None for row in rows.values())


def test_planted_effects_are_found_and_absent_ones_are_not(planted_panel):
    found = rows_of(planted_panel(members=MEMBERS, effects={"send": 8.0}), SEND, GAP)
    assert found["send", "bracket"].verdict == "better"
    small = replace(SEND, smallest_effect=50.0)
    unmoved = rows_of(planted_panel(members=MEMBERS), small, GAP)
    assert unmoved["send", "bracket"].verdict == "no_meaningful_difference"


def test_too_few_schools_means_no_number_in_any_row(planted_panel):
    panel = planted_panel(members={"send": range(0, 4), "gap": range(10, 24)})
    rows = rows_of(panel, SEND, GAP)
    for (programme, _), row in rows.items():
        numbers = {getattr(row, name) for name in NUMBERS}
        assert (numbers == {None}) == (
            programme == "send" or row.estimator == "change_leaving_selection_years_out"
        )
    headline = rows["send", "bracket"]
    assert headline.verdict == "cannot_tell"
    assert headline.verdict_reason.startswith("too few schools")
    assert rows["send", "ancova"].verdict_reason == headline.verdict_reason
    assert headline.n_programme_schools == 4


def test_a_method_that_cannot_answer_says_why_and_leaves_the_others(planted_panel):
    question = replace(SEND, selection_years=("2015-16", "2016-17"))
    rows = rows_of(planted_panel(), question)
    row = rows["send", "change_leaving_selection_years_out"]
    assert {getattr(row, name) for name in NUMBERS} == {None}
    assert "no earlier year is left" in row.verdict_reason
    assert rows["send", "bracket"].estimate_low is not None


def test_a_measure_without_results_has_rows_with_the_reason(planted_panel):
    panel = planted_panel(change=lambda mean: np.full_like(mean, np.nan))
    rows = rows_of(panel, SEND)
    assert rows["send", "bracket"].verdict == "cannot_tell"
    assert "no school has results" in rows["send", "bracket"].verdict_reason
    assert all(row.n_programme_schools == 0 for row in rows.values())


def test_no_row_holds_a_number_that_is_not_one(planted_panel):
    for n_schools in (6, 9, 12, 24):
        panel = planted_panel(n_schools=n_schools, members={"send": range(0, n_schools // 2)})
        for row in rows_of(panel, SEND).values():
            assert all(np.isfinite(v) for v in astuple(row) if isinstance(v, float))


def test_every_programme_needs_its_question(planted_panel):
    with pytest.raises(ValueError, match="each of the panel's programmes once"):
        evaluate_measure(planted_panel(members=MEMBERS), [SEND], release_status="final")


def test_too_few_schools_is_decided_before_the_outcome_is_seen(planted_panel):
    """Whatever the outcome's results, the same study is estimated or refused; `power` says which."""
    asked = ProgrammeQuestion("send", "sen_support", True, 1.0)
    decisions = set()
    for seed, members in itertools.product(range(6), (6, 7, 8)):
        panel = planted_panel(seed=seed, n_schools=18, members={"send": range(members)})
        # The same schools and pupils in the latest baseline year as in the outcome year.
        n_pupils = panel.n_pupils.copy()
        n_pupils[:, -1] = n_pupils[:, -2]
        panel = replace(panel, n_pupils=n_pupils)
        said = set()
        for other in range(8):
            mean = panel.mean.copy()
            mean[:, -1] = np.random.default_rng(other).normal(50, 1 + 5 * other, panel.n_schools)
            drawn = replace(panel, mean=mean)
            (headline, *_) = evaluate_measure(drawn, [asked], release_status=None)
            said.add(headline.estimate_low is None)
        refused = power(panel, school_variance(panel))["send"].mde is None
        assert said == {refused}
        decisions |= said
    assert decisions == {True, False}
