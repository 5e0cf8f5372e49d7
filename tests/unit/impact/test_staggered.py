"""The group-time row: when there is one, whom it compares, and which years."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.group_time import group_time_effect
from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.impact.results import ImpactRow
from pipelines.impact.staggered import Starts, staggered_rows

YEARS = ("2015-16", "2016-17", "2017-18", "2018-19", "2021-22")
N = 40


def panels(effect: float = 0.0) -> tuple[SchoolPanel, SchoolPanel]:
    """The headline's panel, and the one of every year: six schools start in 2017-18, nine in 2018-19."""
    rng = np.random.default_rng(3)
    shape = (N, len(YEARS))
    n = rng.integers(8, 25, shape).astype(float)
    mean = rng.normal(0, 2, (N, 1)) + rng.normal(0, 1, shape)
    mean[:6, 2:] += effect
    mean[6:15, 3:] += effect
    made = school_panel(
        measure="ks2_reading_progress",
        pupil_group="sen_support",
        unit="points",
        programmes=("send", "gap"),
        baseline_years=YEARS[:2],
        outcome_years=YEARS[2:],
        school_ids=np.arange(N, dtype=np.int64),
        exposure=np.column_stack([np.arange(N) < 15, np.arange(N) >= 34]).astype(float),
        mean=mean,
        n_pupils=n,
        variance=np.full(shape, 16.0),
        rounding_half_width=np.zeros(shape),
    )
    counted = mean.copy()
    counted[6:15, 2] = np.nan
    return replace(made, mean=counted), made


def starts(first: list[str], last: str = "2021-22") -> Starts:
    under_way = pd.DataFrame(
        {"programme": "send", "school_id": range(15), "first_year": first, "last_year": last}
    )
    return Starts(under_way, pd.DataFrame())


APART = ["2017-18"] * 6 + ["2018-19"] * 9


def headlines(panel: SchoolPanel) -> list[ImpactRow]:
    questions = [ProgrammeQuestion(name, "sen_support", True) for name in panel.programmes]
    rows = evaluate_measure(panel, questions, release_status="final")
    return [row for row in rows if row.role == "headline" and row.programme == "send"]


def test_where_all_start_together_there_is_no_row():
    panel, every = panels()
    assert staggered_rows(panel, every, starts(["2017-18"] * 15), headlines(panel)) == []


def test_the_row_is_the_group_time_estimate_on_schools_of_no_other_programme():
    panel, every = panels(effect=2.0)
    (row,) = staggered_rows(panel, every, starts(APART), headlines(panel))
    first = np.repeat([2, 3, -1], [6, 9, 25])
    outcome = every.standardised_by_year * every.outcome_scale
    found = group_time_effect(outcome, first, np.arange(N) < 34)
    assert (row.estimate_low, row.ci_low, row.ci_high) == (
        found.estimate,
        found.ci_low,
        found.ci_high,
    )
    assert row.estimate_high == row.estimate_low == pytest.approx(2.0, abs=1.2)
    assert (row.estimator, row.role) == ("callaway_santanna", "robustness")
    assert (row.n_programme_schools, row.n_comparison_schools) == (15, 19)
    assert row.verdict is None
    assert row.mde is None


def test_years_after_leaving_do_not_count():
    panel, every = panels()
    mean = every.mean.copy()
    mean[:15, 4] += 100
    later = replace(every, mean=mean)
    (row,) = staggered_rows(panel, later, starts(APART, last="2018-19"), headlines(panel))
    assert abs(row.estimate_low or 0.0) < 5


def test_without_a_headline_it_has_its_reason_and_no_number():
    panel, every = panels()
    (headline,) = headlines(panel)
    refused = replace(headline, estimate_low=None, verdict_reason="too few schools")
    (row,) = staggered_rows(panel, every, starts(APART), [refused])
    assert (row.estimate_low, row.verdict_reason) == (None, "too few schools")
