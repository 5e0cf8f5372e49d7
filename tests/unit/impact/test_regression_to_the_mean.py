"""Regression to the mean: planted reliabilities, other selection years, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.impact.regression_to_the_mean import (
    RegressionToTheMean,
    measured_reliability,
    regression_to_the_mean,
)
from pipelines.impact.results import NotComputable

LASTING_SD, PASSING_SD, WITHIN_SD = 2.0, 1.0, 6.0
YEARS = ("2015-16", "2016-17")


def panel_of(rng, chosen_on=None, n_schools=60, n_members=18, rises=0.0) -> SchoolPanel:
    """Points of two baseline years and an outcome without an effect, for schools of different sizes."""
    n = np.repeat(rng.integers(5, 25, n_schools)[:, None], 3, axis=1).astype(float)
    passing = rng.normal(0, np.sqrt(PASSING_SD**2 + WITHIN_SD**2 / n))
    mean = 50 + rng.normal(0, LASTING_SD, n_schools)[:, None] + passing
    score = rng.normal(size=n_schools) if chosen_on is None else mean[:, chosen_on].mean(axis=1)
    exposure = np.zeros((n_schools, 1))
    exposure[np.argsort(score)[:n_members]] = 1
    mean += [0.0, rises, 2 * rises]
    return school_panel(
        measure="ks2_reading_progress",
        pupil_group="sen_support",
        unit="points",
        programmes=("send",),
        baseline_years=YEARS,
        outcome_years=("2017-18",),
        school_ids=np.arange(n_schools, dtype=np.int64),
        exposure=exposure,
        mean=mean,
        n_pupils=n,
        variance=WITHIN_SD**2 * rng.chisquare(n - 1) / (n - 1),
        rounding_half_width=np.zeros_like(n),
    )


def answer(panel, selection_years=None) -> RegressionToTheMean:
    found = regression_to_the_mean(panel, "send", selection_years)
    assert isinstance(found, RegressionToTheMean)
    return found


def test_measured_reliability_is_the_planted_one():
    panel = panel_of(np.random.default_rng(1), n_schools=20_000)
    measured = measured_reliability(panel)
    scale = float(panel.scale[:-1].mean())
    assert measured.lasting * scale**2 == pytest.approx(LASTING_SD**2, rel=0.05)
    assert measured.passing * scale**2 == pytest.approx(PASSING_SD**2, rel=0.15)
    n = panel.n_pupils[:, 1]
    planted = LASTING_SD**2 / (LASTING_SD**2 + PASSING_SD**2 + WITHIN_SD**2 / n)
    assert measured.of_means[:, 1] == pytest.approx(planted, rel=0.05)


@pytest.mark.parametrize(
    ("chosen_on", "selection_years"),
    [([1], None), ([0, 1], YEARS), ([0], YEARS[:1])],
    ids=["last year", "mean of both", "the year before"],
)
def test_expected_equals_what_happens_where_nothing_was_done(chosen_on, selection_years):
    # Over 300 draws the mean difference has a standard error of about 0.04 points.
    rng = np.random.default_rng(7)
    found = [answer(panel_of(rng, chosen_on, rises=0.5), selection_years) for _ in range(300)]
    surplus = np.array([one.naive_change - one.expected_change for one in found])
    assert abs(surplus.mean()) < 3.5 * surplus.std() / np.sqrt(len(surplus))
    if chosen_on == [1]:
        assert np.mean([one.expected_change for one in found]) > 2.0


def test_equal_schools_give_the_textbook_formula():
    panel = panel_of(np.random.default_rng(3), [1])
    panel = replace(panel, n_pupils=np.full_like(panel.n_pupils, 10.0), scale=np.full(3, 6.0))
    found = answer(panel)
    is_member = panel.exposure[:, 0] > 0
    shortfall = panel.mean[~is_member, 1].mean() - panel.mean[is_member, 1].mean()
    assert found.expected_change == pytest.approx((1 - found.reliability) * shortfall, rel=1e-9)
    assert found.share_of_naive == pytest.approx(found.expected_change / found.naive_change)


def test_an_effect_adds_nothing_to_what_was_expected():
    panel = panel_of(np.random.default_rng(4), [1])
    mean = panel.mean.copy()
    mean[:, -1] += 3 * panel.exposure[:, 0]
    plain, helped = answer(panel), answer(replace(panel, mean=mean))
    assert helped.expected_change == plain.expected_change
    assert helped.naive_change == pytest.approx(plain.naive_change + 3)


def test_units_change_only_the_unit_and_order_nothing():
    panel = panel_of(np.random.default_rng(5), [1])
    order = np.random.default_rng(6).permutation(panel.n_schools)
    other = replace(
        panel,
        mean=10 * panel.mean[order],
        n_pupils=panel.n_pupils[order],
        exposure=panel.exposure[order],
        centre=10 * panel.centre,
        scale=10 * panel.scale,
        within_variance=100 * panel.within_variance,
    )
    assert answer(other).expected_change == pytest.approx(10 * answer(panel).expected_change)
    assert answer(other).reliability == pytest.approx(answer(panel).reliability)


def test_a_change_of_nothing_has_no_share():
    panel = panel_of(np.random.default_rng(5), [1])
    mean = panel.mean.copy()
    mean[:, -1] = mean[:, -2]
    assert answer(replace(panel, mean=mean)).share_of_naive is None


def test_no_answer_without_two_baseline_years_or_without_a_side():
    panel = panel_of(np.random.default_rng(8), [1])
    mean = panel.mean.copy()
    mean[9:, 0] = np.nan
    for spoilt in (replace(panel, mean=mean), replace(panel, exposure=0 * panel.exposure)):
        refused = regression_to_the_mean(spoilt, "send")
        assert isinstance(refused, NotComputable)
        assert refused.reason
    with pytest.raises(ValueError, match="2012-13"):
        regression_to_the_mean(panel, "send", ["2012-13"])
