"""Robustness rows: which exist, their unit, and what is added to headline and naive rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.regression_to_the_mean import regression_to_the_mean
from pipelines.impact.results import Estimate, SampleSize
from pipelines.impact.robustness import (
    NO_COMPLEMENT,
    NO_PUPIL_FILES,
    Draws,
    robustness_rows,
    with_effect_size,
    with_expected_anyway,
    with_holm,
)
from pipelines.impact.rows import method_row

MEMBERS = {"send": range(0, 14), "gap": range(10, 24)}
METHODS = (
    "bracket_randomisation",
    "randomisation_inference",
    "wild_cluster_bootstrap",
    "leave_one_school_out",
    "triple_difference",
    "pupil_adjusted",
    "earlier_changes",
)


def draws(panel) -> Draws:
    return Draws(n_draws=499, seed=1, strata=np.zeros(panel.n_schools, dtype=np.int64))


def headlines(panel, *questions):
    rows = evaluate_measure(panel, questions, release_status="provisional")
    return rows, [row for row in rows if row.role == "headline"]


def test_each_headline_has_every_method_in_the_unit_of_the_measure(planted_panel):
    panel = planted_panel(members=MEMBERS)
    rows, heads = headlines(panel, ProgrammeQuestion("send", None), ProgrammeQuestion("gap", None))
    beside = robustness_rows(panel, heads, draws(panel))
    assert [(row.programme, row.estimator) for row in beside] == [
        (head.programme, method) for head in heads for method in METHODS
    ]
    of = {(row.programme, row.estimator): row for row in [*rows, *beside]}
    for programme in MEMBERS:
        ancova = of[programme, "ancova"]
        bootstrap = of[programme, "wild_cluster_bootstrap"]
        permuted = of[programme, "randomisation_inference"]
        assert bootstrap.estimate_low == pytest.approx(ancova.estimate_low)
        # The same model except that weights must not depend on memberships.
        width = ancova.ci_high - ancova.ci_low
        assert abs(permuted.estimate_low - ancova.estimate_low) < 0.1 * width
        for row in (bootstrap, permuted):
            assert row.ci_high - row.ci_low == pytest.approx(width, rel=0.35)
            assert row.p_value == pytest.approx(ancova.p_value, abs=0.1)
        both = of[programme, "bracket_randomisation"]
        assert both.estimate_low == pytest.approx(
            of[programme, "bracket"].estimate_low, abs=0.1 * width
        )
        assert (both.ci_low, both.ci_high) == (None, None)
        assert 0 < both.p_value <= 1
        left_out = of[programme, "leave_one_school_out"]
        bracket = of[programme, "bracket"]
        assert left_out.estimate_low <= bracket.estimate_low
        assert left_out.estimate_high >= bracket.estimate_high
        assert (left_out.ci_low, left_out.p_value) == (None, None)
        assert of[programme, "triple_difference"].verdict_reason == NO_COMPLEMENT
        assert of[programme, "pupil_adjusted"].verdict_reason == NO_PUPIL_FILES
    assert all(row.role == "robustness" and row.verdict is None for row in beside)


def test_the_triple_difference_takes_out_what_moves_all_pupils_of_a_school(planted_panel):
    panel = planted_panel(members=MEMBERS)
    _, heads = headlines(panel, ProgrammeQuestion("send", None), ProgrammeQuestion("gap", None))
    row = robustness_rows(panel, heads, draws(panel), complement=panel)[4]
    assert row.estimator == "triple_difference"
    # The difference to itself is zero up to rounding, or has no standard error.
    assert row.estimate_low is None or abs(row.estimate_low) < 1e-9


def test_without_a_headline_there_are_reasons_and_no_numbers(planted_panel):
    panel = planted_panel(members={"send": range(0, 3)})
    _, heads = headlines(panel, ProgrammeQuestion("send", None))
    assert heads[0].estimate_low is None
    for row in robustness_rows(panel, heads, draws(panel)):
        assert (row.estimate_low, row.ci_low, row.p_value) == (None, None, None)
        assert row.verdict_reason == heads[0].verdict_reason


def test_a_method_that_rests_on_too_few_schools_has_a_reason_and_no_number(planted_panel):
    """As for the headline: under 8 degrees of freedom no method gives an estimate."""
    panel = planted_panel(members=MEMBERS)
    _, (head, _) = headlines(panel, ProgrammeQuestion("send", None), ProgrammeQuestion("gap", None))
    sample = SampleSize(14, 26, 100, 200)
    for df, has_number in ((7.9, False), (8.1, True)):
        answer = Estimate("send", "triple_difference", 1.0, 0.4, df, 0.1, 1.9, 0.03, sample)
        row = method_row(panel, answer, "robustness", head.release_status)
        assert (row.estimate_low is not None) == has_number
        assert ("too few schools" in (row.verdict_reason or "")) != has_number


def test_an_effect_size_is_the_range_in_pupil_standard_deviations(planted_panel):
    panel = planted_panel(members=MEMBERS)
    _, (head, _) = headlines(panel, ProgrammeQuestion("send", None), ProgrammeQuestion("gap", None))
    row = with_effect_size(head, panel)
    middle = (head.estimate_low + head.estimate_high) / 2
    assert row.hedges_g == pytest.approx(middle / panel.outcome_scale, rel=0.05)
    assert row.hedges_g_low < row.hedges_g < row.hedges_g_high
    unknown = replace(panel, is_scale_from_school_means=True)
    assert with_effect_size(head, unknown) == head


def test_what_was_to_be_expected_anyway_is_for_a_naive_row_whose_selection_is_known(planted_panel):
    panel = planted_panel(members=MEMBERS)
    rows, _ = headlines(panel, ProgrammeQuestion("send", None), ProgrammeQuestion("gap", None))
    naive = next(row for row in rows if row.role == "naive")
    known = with_expected_anyway(naive, panel, ("2016-17",)).expected_anyway
    assert known == regression_to_the_mean(panel, "send", ("2016-17",)).expected_change
    assert with_expected_anyway(naive, panel, ("2012-13", "2016-17")).expected_anyway == known
    for unknown in ((), ("2012-13",)):
        assert with_expected_anyway(naive, panel, unknown) == naive
    empty = replace(naive, estimate_low=None)
    assert with_expected_anyway(empty, panel, ("2016-17",)) == empty


def test_holm_is_over_a_programmes_own_headlines(planted_panel):
    panel = planted_panel(members=MEMBERS)
    rows, heads = headlines(panel, ProgrammeQuestion("send", None), ProgrammeQuestion("gap", None))
    send = [replace(heads[0], p_value=p, measure=name) for p, name in ((0.01, "a"), (0.04, "b"))]
    other = replace(heads[1], p_value=0.04)
    adjusted = with_holm([*send, other, *rows[1:2]])
    assert [row.p_value_holm for row in adjusted] == [
        pytest.approx(0.02), pytest.approx(0.04), pytest.approx(0.04), None
    ]  # fmt: skip
