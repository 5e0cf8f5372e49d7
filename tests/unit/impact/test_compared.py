"""The reason why a side has no compared school holds for all its schools."""

from __future__ import annotations

from pipelines.catalogue.comparison_reason import why_none


def test_one_reason_of_all_schools_stands_alone() -> None:
    assert why_none(["not_started", "not_started"]) == (
        "the programme had not begun there when pupils were tested"
    )


def test_several_reasons_stand_with_their_schools_the_most_frequent_first() -> None:
    said = why_none(["not_taught", "special_school", "not_taught", "independent_school"])
    assert said == "does not teach this year group (2); special school (1); independent school (1)"


def test_where_a_school_is_compared_there_is_nothing_to_say() -> None:
    assert why_none(["compared", "not_taught"]) is None
    assert why_none([]) is None
