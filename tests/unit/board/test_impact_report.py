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


def test_whom_schools_are_compared_with_is_said():
    tables = released_tables()
    assert "Compared with other local schools." in render(tables)
    matched = tables["programme"].assign(comparison_pool="matched")
    report = render(tables | {"programme": matched})
    assert "Compared with similar schools outside the area. Whatever else changed" in report
    assert "other local schools." not in report


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


def section_of(report: str, title: str) -> str:
    return next(part for part in report.split("\n## ") if part.startswith(title))


def test_what_a_headline_rests_on_is_told_with_what_would_mislead():
    text = section_of(render(released_tables()), "SEND in mainstream: Reading")
    assert (
        "Schools missing: 4 of the others (no earlier result to compare with (1); no result for these "
        "pupils this year (3)), all their pupils now at 0.4 (about 120 pupils) against −1.4 (about "
        "1,450 pupils) in those kept. To mislead," in text
    )
    assert "earlier results of the target pupils −0.31 SD" in text
    assert "Enough: of the programme's schools 82% lay within the others' range" in text
    assert "claimed an effect that was not there in 47 in 100" in text


def test_what_is_withheld_in_the_design_is_marked_in_the_report():
    text = section_of(render(released_tables()), "Closing the gap: Expected")
    assert "all their pupils now at [c] against [c] in those kept" in text
    assert "earlier results of the target pupils [c]." in text
    assert "to mislead, those would have to have moved their results" in text
    assert "Hardly, so the ANCOVA end extrapolates" in text
    tables = released_tables()
    tables["overlap"]["programme_in_range_share"] = np.nan
    assert "Whether both sides met before: [c]." in render(tables)


def test_a_headline_without_a_design_table_leaves_it_out():
    text = section_of(render(released_tables()), "SEND in mainstream: Maths")
    assert "Schools missing" not in text
    assert "Did both sides meet" not in text
    tables = released_tables()
    attrition = tables["attrition"]
    tables["attrition"] = attrition[attrition["is_kept"]]
    assert "Schools missing: none that could be compared" in render(tables)


def test_others_that_are_in_no_programme_are_said_to_be_in_none():
    tables = released_tables()
    for kind in ("evaluated", "others"):
        tables["overlap"][f"n_comparison_schools_in_{kind}"] = 0
    report = render(tables)
    assert "None of the others is in any programme." in report
    assert "moved their results" not in report
