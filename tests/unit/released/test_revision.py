"""Distinguishes revised figures from those that were only rounded differently."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.released.revision import could_be_same_value

underlying = st.decimals(min_value=-100, max_value=100, places=6)
places = st.integers(0, 4)


def published(value: Decimal, n_places: int, rule: str = ROUND_HALF_UP) -> tuple[float, float]:
    """A value rounded to some decimals, and half the rounding step."""
    step = Decimal(1).scaleb(-n_places)
    return float(value.quantize(step, rounding=rule)), float(step / 2)


@given(underlying, places, places, st.sampled_from([ROUND_HALF_UP, ROUND_HALF_EVEN]))
def test_one_value_rounded_twice_is_never_a_revision(value, first, second, rule):
    one, other = published(value, first, rule), published(value, second, rule)
    assert could_be_same_value(*one, *other)


@given(underlying, underlying, places)
def test_to_the_same_decimals_any_difference_is_a_revision(before, after, n_places):
    one, other = published(before, n_places), published(after, n_places)
    assert could_be_same_value(*one, *other) == (one[0] == other[0])


@given(underlying, underlying, places, places)
def test_the_order_makes_no_difference(before, after, first, second):
    one, other = published(before, first), published(after, second)
    assert could_be_same_value(*one, *other) == could_be_same_value(*other, *one)


@given(underlying, places, places)
def test_values_further_apart_than_both_rounding_steps_are_a_revision(value, first, second):
    one, other = published(value, first), published(value + 3, second)
    assert not could_be_same_value(*one, *other)


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ((0.513, 0.0005), (0.51, 0.005), True),  # 51.3% and 51%
        ((0.513, 0.0005), (0.52, 0.005), False),
        ((40.7, 0.05), (40.8, 0.05), False),
        ((-0.41, 0.005), (-0.42, 0.005), False),
        ((50.6, 0.05), (50.6, 0.05), True),
        ((0.5, 0.0), (0.5, 0.0), True),  # counted, not rounded
        ((0.5, 0.0), (0.501, 0.0), False),
        ((0.375, 0.0), (0.38, 0.005), True),  # three of eight
    ],
)
def test_known_pairs(before, after, is_same):
    assert could_be_same_value(*before, *after) is is_same
