"""A school's case study: support before the tests; figures if released, never why they are not."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from pipelines.board.case_studies import CANNOT_SHOW, LEFT_OUT, case_studies, case_tables
from pipelines.document.blocks import Heading
from pipelines.released.citations import plain, released_rows
from tests.packs import words_of
from tests.released_fixture import released_tables, without_marks

RESULT = "case_study_result"


def cases(tables=None) -> dict[str, list[str]]:
    """Each school's paragraphs and statement, by heading."""
    (section,) = case_studies(released_rows(tables or released_tables()))
    said: dict[str, list[str]] = {}
    for block in section.blocks:
        if isinstance(block, Heading):
            heading = plain(block.text)
            said[heading] = []
        else:
            said[heading].append(words_of(block))
    return said


def results_of(school: int, tables=None) -> str:
    _, _, results, _, *_ = list(cases(tables).values())[school]
    return results.removeprefix("Its results. ")


def support_of(school: int, tables=None) -> str:
    _, support, *_ = list(cases(tables).values())[school]
    return support


def tables_of(tables=None):
    return without_marks(case_tables(released_rows(tables or released_tables())))


def test_a_school_s_figures_stand_beside_the_others_with_how_far_chance_could_move_them():
    assert list(cases())[1] == "The Ropewalk School, Closing the gap"
    assert results_of(1) == (
        "In 2017-18 (provisional), expected standard in reading, writing and maths stood at 34% for this "
        "school’s 41 disadvantaged pupils, and at 46% in other local schools. By chance alone the school’s "
        f"figure could be anything from 22% to 49%; the others’ average lies within that range. {CANNOT_SHOW}"
    )
    assert results_of(0) == LEFT_OUT
    table = tables_of()[-1]
    assert table.caption.startswith("The Ropewalk School")
    assert table.rows == (
        ("2015-16 (not yet published)", "–", "–", "–", "–"),
        ("2016-17 (final)", "40", "25%", "14% to 40%", "46%"),
        ("2017-18 (provisional)", "41", "34%", "22% to 49%", "46%"),
    )


def test_an_average_outside_the_interval_is_not_explained():
    tables = released_tables()
    tables[RESULT].loc[2, ["mean", "ci_low", "ci_high"]] = (0.2, 0.1, 0.35)
    assert "lies outside that range, for whatever reason." in results_of(1, tables)


def test_why_there_are_no_figures_is_the_same_sentence_for_every_reason():
    withheld, none, other_measure = (released_tables() for _ in range(3))
    withheld[RESULT]["figure_status"] = "suppressed"
    none[RESULT] = none[RESULT].iloc[:0]
    for tables in (withheld, none):
        assert {results_of(school, tables) for school in (0, 1)} == {LEFT_OUT}
        assert not [t for t in tables_of(tables) if "results" in t.caption]
    more = (
        other_measure[RESULT].iloc[[2]].assign(measure="ks4_basics_94", figure_status="suppressed")
    )
    other_measure[RESULT] = pd.concat([other_measure[RESULT], more])
    assert results_of(1, other_measure).endswith(f"{CANNOT_SHOW} {LEFT_OUT}")
    assert not re.search(r"\d", LEFT_OUT)


def test_a_figure_left_in_a_withheld_row_is_not_printed():
    tables = released_tables()
    tables[RESULT]["figure_status"] = "suppressed"
    tables[RESULT][["n_pupils", "mean", "ci_low", "ci_high"]] = 0.4321987
    assert "43%" not in str(cases(tables)) + str(tables_of(tables))


def test_a_withheld_average_of_others_leaves_the_school_s_own_figure():
    tables = released_tables()
    comparison = tables["comparison"]
    is_it = (comparison["programme"] == "gap") & (comparison["arm"] == "rest")
    comparison.loc[is_it, "figure_status"] = "suppressed"
    assert "other local schools" not in results_of(1, tables)
    last = tables_of(tables)[-1].rows[2]
    assert last == ("2017-18 (provisional)", "41", "34%", "22% to 49%", "[c]")


def test_an_outcome_without_a_figure_or_an_interval():
    tables = released_tables()
    tables[RESULT].loc[2, ["ci_low", "ci_high"]] = np.nan
    assert "chance" not in results_of(1, tables)
    tables[RESULT].loc[2, ["n_pupils", "mean"]] = np.nan
    tables[RESULT].loc[2, "figure_status"] = "not_available"
    assert results_of(1, tables) == CANNOT_SHOW


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ([True, False], "1 of the 2 parts of this support began before the tests of May 2018."),
        ([True, True], "Both parts of this support began before the tests of May 2018."),
        ([False, False], "None of the 2 parts of this support began before the tests of May 2018."),
        ([True], "This support began before the tests of May 2018."),
        ([False], "This support did not begin before the tests of May 2018."),
    ],
)  # fmt: skip
def test_how_much_support_came_before_the_tests(before, says):
    tables = released_tables()
    events = tables["case_study_event"]
    if len(before) == 1:
        events = events.drop(index=3)
    events.loc[events["kind"] == "support", "is_before_tests"] = before
    tables["case_study_event"] = events
    assert support_of(0, tables).endswith(says)


def test_without_test_or_support_dates_their_order_is_not_mentioned():
    assert "before the tests" not in support_of(1)


def test_events_have_days_or_months():
    rows = tables_of()[0].rows
    assert rows[1] == ("15 January 2018 to 22 June 2018", "Support: 6 days of an adviser")
    assert rows[2] == ("May 2018", "Key Stage 2 tests")


def test_a_school_of_two_programmes_has_each_programme_s_events_and_results():
    tables = released_tables()
    again = tables["case_studies"].iloc[[1]].assign(programme="send")
    tables["case_studies"] = pd.concat([tables["case_studies"], again])
    assert [results_of(n, tables) == LEFT_OUT for n in range(3)] == [True, False, True]


def test_no_result_is_attributed_to_the_support():
    text = " ".join(results_of(school) for school in (0, 1)).casefold()
    for word in ("caus", "because", "thanks to", "impact", "effect", "improv", "helped", "worked"):
        assert word not in text


def test_without_a_case_study_there_is_no_section():
    tables = released_tables()
    tables["case_studies"] = tables["case_studies"].iloc[:0]
    assert list(case_studies(released_rows(tables))) == []


def test_a_statement_is_quoted_as_it_is():
    statements = released_tables()["case_studies"]["statement"]
    for (_, said), statement in zip(cases().items(), statements, strict=True):
        assert said[3] == statement
