"""The cap on a verdict if a programme changed who is on SEN support."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipelines.impact.identification import (
    MATERIAL_CHANGE_SHARE,
    capped,
    is_material,
    may_be_material,
)
from pipelines.impact.results import ImpactRow

ROW = ImpactRow(
    programme="send",
    pupil_group="sen_support",
    measure="ks2_reading_progress",
    academic_year="2017-18",
    release_status="provisional",
    estimator="bracket",
    role="headline",
    n_programme_schools=12,
    n_comparison_schools=20,
    n_programme_pupils=110,
    n_comparison_pupils=145,
    unit="points",
    estimate_low=1.2,
    estimate_high=1.9,
    ci_low=0.3,
    ci_high=2.9,
    verdict="better",
    verdict_reason="both ends lie on one side of zero",
)


def share(low, high, ci_low, ci_high):
    return replace(
        ROW,
        pupil_group="all",
        measure="ks2_sen_support_share",
        unit="share",
        estimate_low=low,
        estimate_high=high,
        ci_low=ci_low,
        ci_high=ci_high,
        verdict=None,
        verdict_reason=None,
    )


@pytest.mark.parametrize(
    ("identified", "is_shown", "is_possible"),
    [
        (share(0.00, 0.01, -0.03, 0.04), False, False),
        (share(0.01, 0.04, -0.02, 0.07), False, False),
        # Material, but possibly due to chance.
        (share(MATERIAL_CHANGE_SHARE, 0.04, -0.02, 0.07), False, True),
        (share(-0.05, -0.03, -0.08, 0.01), False, True),
        (share(-0.03, 0.03, -0.08, 0.08), False, False),
        (share(0.03, 0.05, 0.01, 0.08), True, True),
        (share(-0.05, -0.03, -0.08, -0.01), True, True),
        (share(0.010, 0.020, 0.005, 0.035), True, False),
        # Significant, but not material.
        (share(0.010, 0.015, 0.005, 0.020), False, False),
        (share(-0.015, -0.010, -0.020, -0.005), False, False),
        (share(None, None, None, None), False, False),
    ],
)
def test_what_is_material(identified, is_shown, is_possible):
    assert is_material(identified) is is_shown
    assert may_be_material(identified) is is_possible


def test_a_change_within_chance_is_named_and_caps_no_verdict():
    headline = capped(ROW, share(0.03, 0.04, -0.01, 0.08))
    assert headline.verdict == "better"
    assert headline.verdict_reason.startswith(f"{ROW.verdict_reason}; besides, the share")
    assert "chance alone" in headline.verdict_reason


def test_a_material_change_caps_a_verdict_and_says_why():
    headline = capped(ROW, share(0.03, 0.04, 0.01, 0.06))
    assert headline.verdict == "cannot_tell"
    assert "other kinds of pupils" in headline.verdict_reason
    assert replace(headline, verdict="better", verdict_reason=ROW.verdict_reason) == ROW


def test_no_material_change_leaves_the_headline_as_it_is():
    assert capped(ROW, share(0.0, 0.0, -0.01, 0.01)) == ROW


def test_a_verdict_that_was_already_open_gives_both_reasons():
    headline = replace(ROW, verdict="cannot_tell", verdict_reason="the range spans zero")
    reason = capped(headline, share(0.03, 0.04, 0.01, 0.06)).verdict_reason
    assert reason.startswith("the range spans zero; besides, the share")


def test_a_row_without_a_verdict_gets_none():
    row = replace(ROW, verdict=None, verdict_reason=None)
    assert capped(row, share(0.03, 0.04, 0.01, 0.06)) == row
