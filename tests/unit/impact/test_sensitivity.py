"""The breakdown value against a search by brute force; earlier changes with a planted trend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.headline import verdict
from pipelines.impact.results import Bracket, NotComputable, SampleSize
from pipelines.impact.sensitivity import EarlierChanges, breakdown, earlier_changes

STEP = 0.01


def _bracket(ci_low: float, ci_high: float) -> Bracket:
    """A headline of which only the interval counts."""
    return Bracket(
        programme="send",
        ends=(),
        estimate_low=ci_low,
        estimate_high=ci_high,
        ci_low=ci_low,
        ci_high=ci_high,
        p_value=1.0,
        effective_df=20.0,
        mde=1.0,
        sample=SampleSize(12, 30, 100, 300),
        extrapolation_reason=None,
    )


def _verdict(ci_low: float, ci_high: float, smallest_effect: float | None) -> str:
    headline = _bracket(ci_low, ci_high)
    is_undecided = ci_low <= 0 <= ci_high
    if is_undecided and (smallest_effect is None or max(-ci_low, ci_high) >= smallest_effect):
        return "cannot_tell"  # `verdict` would ask the ends for a reason
    return verdict(headline, smallest_effect=smallest_effect)[0]


@pytest.mark.parametrize("smallest_effect", [None, 0.5, 2.0, 6.0])
def test_no_smaller_difference_changes_the_verdict_and_a_little_more_does(smallest_effect):
    rng = np.random.default_rng(17)
    for _ in range(150):
        low, high = np.sort(rng.normal(0, 2.5, 2))
        at = breakdown(low, high, smallest_effect)
        now = _verdict(low, high, smallest_effect)
        shifts = np.arange(STEP, 12, STEP)
        changed = [
            shift
            for shift in shifts
            if {_verdict(low - d, high - d, smallest_effect) for d in (shift, -shift)} != {now}
        ]
        # Passed between the grid's last shift that changes nothing and its first that does.
        assert at == pytest.approx(changed[0] - STEP / 2, abs=STEP / 2 + 1e-9)


def test_a_verdict_breaks_down_at_its_near_end():
    assert breakdown(0.3, 3.1, None) == pytest.approx(0.3)
    assert breakdown(-3.1, -0.3, None) == pytest.approx(0.3)
    assert breakdown(-1.2, 3.6, 1.0) == pytest.approx(1.2)
    # No meaningful difference, until an end passes the smallest that matters.
    assert breakdown(-0.4, 0.7, 1.0) == pytest.approx(0.3)


def test_only_a_judged_headline_has_one_and_none_where_an_end_extrapolates(planted_panel):
    asked = ProgrammeQuestion("send", "sen_support", True, 1.0)
    rows = evaluate_measure(planted_panel(), [asked], release_status="provisional")
    (headline,) = (row for row in rows if row.role == "headline")
    assert headline.breakdown == breakdown(headline.ci_low, headline.ci_high, 1.0)
    assert {row.breakdown for row in rows if row.role != "headline"} == {None}
    others = evaluate_measure(
        planted_panel(), [replace(asked, is_primary=False)], release_status="provisional"
    )
    assert {row.breakdown for row in others} == {None}

    def apart(mean: np.ndarray) -> np.ndarray:
        return mean + np.where(np.arange(len(mean)) < 15, -40.0, 0.0)[:, None]

    rows = evaluate_measure(planted_panel(change=apart), [asked], release_status="provisional")
    assert "earlier results unlike" in str(rows[0].verdict_reason)
    assert rows[0].breakdown is None


def test_a_planted_trend_is_found_in_earlier_years(planted_panel):
    def drift(mean: np.ndarray) -> np.ndarray:
        moved = mean.copy()
        moved[:15, 1:] += 4.0
        return moved

    plain = earlier_changes(planted_panel())["send"]
    moved = earlier_changes(planted_panel(change=drift))["send"]
    assert isinstance(plain, EarlierChanges)
    assert isinstance(moved, EarlierChanges)
    assert plain.low == plain.high
    assert plain.ci_low < plain.low < plain.ci_high
    assert plain.ci_low < 0 < plain.ci_high
    # Results of a year are in its own SDs, which a drift of a third of the schools widens a little.
    assert moved.low - plain.low == pytest.approx(4.0, rel=0.15)
    assert moved.ci_low > 0


def test_the_outcome_year_is_not_read(planted_panel):
    panel = planted_panel()
    other = panel.mean.copy()
    other[:, -1] = np.random.default_rng(4).permutation(other[:, -1])
    assert earlier_changes(replace(panel, mean=other)) == earlier_changes(panel)


def test_one_earlier_year_has_no_change(planted_panel):
    panel = planted_panel()
    mean = panel.mean.copy()
    mean[:, 0] = np.nan
    answer = earlier_changes(replace(panel, mean=mean))["send"]
    assert isinstance(answer, NotComputable)
    assert "no earlier year" in answer.reason


def test_schools_without_the_years_are_not_counted(planted_panel):
    panel = planted_panel()
    mean = panel.mean.copy()
    mean[[0, 30, 31], 0] = np.nan
    answer = earlier_changes(replace(panel, mean=mean))["send"]
    assert isinstance(answer, EarlierChanges)
    assert (answer.sample.n_programme_schools, answer.sample.n_comparison_schools) == (14, 23)
    mean[3:12, 0] = np.nan
    few = earlier_changes(replace(panel, mean=mean))["send"]
    assert isinstance(few, EarlierChanges | NotComputable)
    mean[:12, 0] = np.nan
    assert isinstance(earlier_changes(replace(panel, mean=mean))["send"], NotComputable)
