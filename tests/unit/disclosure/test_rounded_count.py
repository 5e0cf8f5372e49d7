"""A share beside a count to the nearest ten must not give the count away."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from pipelines.disclosure.rounded_count import counts_that_fit, is_vague


@given(st.integers(1, 400), st.data())
def test_the_true_count_always_fits(n, data):
    met = data.draw(st.integers(0, n))
    shown = math.floor(n / 10 + 0.5) * 10
    share = math.floor(met / n * 100 + 0.5 + 1e-9) / 100
    assert n in counts_that_fit(shown, share, 2)


def test_a_share_of_few_pupils_pins_them():
    assert counts_that_fit(10, 0.42, 2) == (12,)  # 5 of 12
    assert not is_vague(10, 0.42, 2, 6)


def test_a_share_of_many_pupils_fits_any_number_in_the_ten():
    assert counts_that_fit(260, 0.42, 2) == tuple(range(255, 265))
    assert is_vague(260, 0.42, 2, 6)


def test_half_of_few_fits_every_even_number():
    assert counts_that_fit(20, 0.5, 2) == (16, 18, 20, 22, 24)
    assert is_vague(20, 0.5, 2, 6)
    assert not is_vague(20, 0.5, 2, 10)


def test_what_rounds_to_no_pupil_fits_whoever_is_there():
    assert counts_that_fit(0, 0.0, 2) == (1, 2, 3, 4)
    assert not is_vague(0, 0.33, 2, 6)
