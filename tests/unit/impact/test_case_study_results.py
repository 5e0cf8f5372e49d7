"""A school's own result: published intervals, and pooled variance computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from pipelines.impact.case_study_results import points_result, share_result


@pytest.mark.parametrize(
    ("n_meeting", "n_pupils", "low", "high"),
    # Newcombe 1998, Statistics in Medicine 17: 857, table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_a_share_has_the_score_interval(n_meeting, n_pupils, low, high):
    found = share_result(n_meeting, n_pupils)
    assert (found.mean, found.n_meeting) == (n_meeting / n_pupils, n_meeting)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=5e-5)


def test_a_share_that_all_met_ends_at_one():
    assert share_result(20, 20).ci_high == 1.0
    assert share_result(20, 20).ci_low == pytest.approx(1 - 0.1611, abs=5e-5)


def test_a_share_of_no_pupils_is_refused():
    with pytest.raises(ValueError, match="pupil"):
        share_result(0, 0)


def test_points_have_the_spread_of_pupils_within_all_schools():
    # (4 · 9 + 10 · 16) / 14 = 14 on 14 degrees of freedom; a school with one pupil has no variance.
    found = points_result(-1.0, 7, np.array([9.0, 16.0, np.nan]), np.array([5.0, 11.0, 1.0]))
    margin = t.ppf(0.975, 14) * np.sqrt(14 / 7)
    assert (found.ci_low, found.ci_high) == pytest.approx((-1 - margin, -1 + margin))
    assert found.n_meeting is None


def test_points_without_a_known_spread_have_no_interval():
    assert points_result(2.0, 7, np.array([np.nan]), np.array([7.0])).ci_low is None
