"""Holm's p-values: order, ties, measures that were not tested."""

from __future__ import annotations

import pytest

from pipelines.impact.multiplicity import holm_adjusted


def test_worked_example_in_the_order_given():
    assert holm_adjusted([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])


def test_untested_measures_pass_through_and_do_not_count():
    assert holm_adjusted([None, 0.02, None, 0.5]) == [None, 0.04, None, 0.5]
    assert holm_adjusted([None]) == [None]
    assert holm_adjusted([]) == []


def test_never_above_one_and_equal_stay_equal():
    assert holm_adjusted([1.0, 0.6, 0.6]) == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_refuses_values_that_are_not_p_values(p):
    with pytest.raises(ValueError, match="between 0 and 1"):
        holm_adjusted([0.5, p])
