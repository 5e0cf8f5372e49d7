"""`impact.md`: a section a headline, every method, and what would undo the verdict."""

from __future__ import annotations

import re

import numpy as np

from pipelines.board.impact_report import render
from tests.released_fixture import released_tables


def with_rows(**changes: object):
    """The fixture with the first headline's numbers changed."""
    tables = released_tables()
    impact = tables["impact"].copy()
    first = impact.index[impact["role"] == "headline"][0]
    for column, value in changes.items():
        impact.loc[first, column] = value
    return tables | {"impact": impact}


def test_every_headline_has_a_section_and_every_method_a_row():
    tables = released_tables()
    report = render(tables)
    impact = tables["impact"]
    assert report.count("\n## ") == (impact["role"] == "headline").sum()
    estimated = impact[(impact["role"] == "headline") & impact["estimate_low"].notna()]
    assert report.count("| Method |") == len(estimated)
    assert report.count("| change since last year (unsafe) |") == len(estimated)


def test_the_part_to_be_expected_anyway_is_said():
    assert "of the +2.8 points since last year, +2.2 points was to be expected" in render(
        released_tables()
    )


def test_a_headline_without_an_estimate_gives_its_reason_and_no_table():
    report = render(released_tables())
    section = next(part for part in report.split("\n## ") if "Attainment 8" in part)
    assert "| Method |" not in section
    assert "Cannot tell" in section


def test_what_would_undo_a_verdict_is_its_distance_from_zero():
    report = render(
        with_rows(verdict="better", estimate_low=1.4, estimate_high=1.9, ci_low=0.3, ci_high=3.1)
    )
    assert "worth at least 0.3 points" in report


def test_nothing_claimed_is_nothing_undone():
    report = render(with_rows(ci_low=-2.8, ci_high=2.9))
    assert "nothing has been claimed" in report
    assert not re.search(r"no (effect|change) |prove|caused|significant", report)


def test_a_placebo_says_that_no_programme_existed():
    assert "no such programme existed" in render(released_tables())


def test_a_missing_minimum_detectable_effect_is_left_out():
    assert "would be seen 8 times in 10" not in next(
        part
        for part in render(with_rows(mde=np.nan)).split("\n## ")
        if part.startswith("SEND in mainstream: Reading")
    )
