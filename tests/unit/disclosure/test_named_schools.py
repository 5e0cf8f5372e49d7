"""Whom a case study would name besides its own school, worked out by hand."""

from __future__ import annotations

import pytest

from pipelines.disclosure.named_schools import (
    fall_with_another,
    leave_another_alone,
    not_to_be_named,
)
from pipelines.disclosure.structure import Cell, Count


def sums(*members: str) -> list[frozenset[int]]:
    """Schools by letter: "abc" is one sum over three."""
    return [frozenset(map(ord, each)) for each in members]


def schools(letters: str) -> frozenset[int]:
    return frozenset(map(ord, letters))


@pytest.mark.parametrize(
    ("named", "shown", "refused"),
    [
        ("a", ["abc", "def"], ""),  # b and c stay together
        ("a", ["ab", "cde"], "a"),  # b would stand alone
        ("ab", ["abc", "def"], None),  # one of the two has to go
        ("ab", ["ab", "cde"], ""),  # both agreed
        ("a", ["a", "abc"], ""),  # a is alone already
        ("a", ["abcd", "cd"], "a"),  # the difference is a and b
        ("a", ["abc", "bd", "cde"], ""),  # b and c only together
        ("a", ["abc", "abd", "d"], "a"),  # b follows from the last two
        ("a", ["abc", "bc", "abd", "d"], ""),  # a and b follow without it
        ("", ["ab"], ""),
    ],
)  # fmt: skip
def test_nobody_is_left_alone_in_a_total(named, shown, refused):
    found = not_to_be_named(schools(named), [sums(*shown)])
    if refused is None:
        assert len(found) == 1
        assert found < schools(named)
    else:
        assert found == schools(refused)


def test_one_set_of_pupils_in_which_it_tells_is_enough():
    assert not_to_be_named(schools("a"), [sums("abc"), sums("ab")]) == schools("a")


def count(letters: str, year: str, *, is_shown: bool = True, measure: str = "m") -> Count:
    cells = tuple(
        Cell(ord(letter), "ks2", year, "final", measure, "disadvantaged") for letter in letters
    )
    return Count("t", "n_pupils", 0, is_shown, cells=cells)


def test_a_year_that_is_withheld_takes_the_others_of_its_school_along():
    counts = [count("a", "2016-17"), count("a", "2017-18"), count("b", "2017-18")]
    assert fall_with_another(counts, [True, True, True]) == []
    assert fall_with_another(counts, [False, True, True]) == [1]
    other = [*counts, count("a", "2017-18", measure="other")]
    assert fall_with_another(other, [False, True, True, True]) == [1]


def test_only_what_is_shown_of_the_same_pupils_tells():
    named, shown = [count("a", "2017-18")], [True]
    assert leave_another_alone(named, shown, [count("ab", "2017-18")]) == [0]
    assert leave_another_alone(named, shown, [count("ab", "2017-18", is_shown=False)]) == []
    assert leave_another_alone(named, shown, [count("ab", "2017-18", measure="other")]) == []
    assert leave_another_alone(named, [False], [count("ab", "2017-18")]) == []
    # A total of one year and of another are not of the same pupils.
    assert leave_another_alone(named, shown, [count("abc", "2016-17"), count("b", "2017-18")]) == []
