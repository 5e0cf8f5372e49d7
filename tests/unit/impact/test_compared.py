"""The reason why a side has no compared school holds for all its schools."""

from __future__ import annotations

from pipelines.catalogue.comparison_reason import why_none


def test_a_reason_shared_by_all_schools_is_given_alone() -> None:
    assert why_none(["not_started", "not_started"]) == (
        "the programme had not begun there when pupils were tested"
    )


def test_several_reasons_are_given_with_their_counts_most_frequent_first() -> None:
    said = why_none(["not_taught", "special_school", "not_taught", "independent_school"])
    assert said == "does not teach this year group (2); special school (1); independent school (1)"


def test_where_a_school_is_compared_there_is_no_reason() -> None:
    assert why_none(["compared", "not_taught"]) is None
    assert why_none([]) is None
