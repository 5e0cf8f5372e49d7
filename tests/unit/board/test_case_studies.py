"""A school's page: what came before the tests, figures where they may be shown, never why they are not."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from pipelines.board.case_studies import CANNOT_SHOW, LEFT_OUT, case_studies
from pipelines.board.page import render
from pipelines.released.citations import plain, released_rows
from tests.released_fixture import released_tables, without_marks

RESULT = "case_study_result"


def told(tables=None):
    return without_marks(case_studies(released_rows(tables or released_tables())))


def test_a_school_s_figures_stand_beside_the_others_with_how_far_chance_could_move_them():
    send, gap = told()
    assert gap.heading == "The Ropewalk School, Closing the gap"
    says, caveat = gap.results_say
    assert says == (
        "In 2017-18 (provisional), expected standard in reading, writing and maths stood at 34% for this "
        "school’s 41 disadvantaged pupils, and at 46% in other local schools. By chance alone the school’s "
        "figure could be anything from 22% to 49%; the others’ average lies within that range."
    )
    assert caveat == CANNOT_SHOW
    (table,) = gap.results
    assert table.rows == (
        ("2015-16 (not yet published)", "–", "–", "–", "–"),
        ("2016-17 (final)", "40", "25%", "14% to 40%", "46%"),
        ("2017-18 (provisional)", "41", "34%", "22% to 49%", "46%"),
    )
    assert (send.results, send.results_say) == ((), (LEFT_OUT,))


def test_an_average_outside_the_range_is_not_put_down_to_anything():
    tables = released_tables()
    tables[RESULT].loc[2, ["mean", "ci_low", "ci_high"]] = (0.2, 0.1, 0.35)
    assert told(tables)[1].results_say[0].endswith("lies outside that range, for whatever reason.")


def test_why_there_are_no_figures_is_the_same_sentence_for_every_reason():
    withheld, none, other_measure = (released_tables() for _ in range(3))
    withheld[RESULT]["suppressed"] = True
    none[RESULT] = none[RESULT].iloc[:0]
    for tables in (withheld, none):
        assert {case.results_say for case in told(tables)} == {(LEFT_OUT,)}
        assert {case.results for case in told(tables)} == {()}
    more = other_measure[RESULT].iloc[[2]].assign(measure="ks4_basics_94", suppressed=True)
    other_measure[RESULT] = pd.concat([other_measure[RESULT], more])
    assert told(other_measure)[1].results_say[1:] == (CANNOT_SHOW, LEFT_OUT)
    assert not re.search(r"\d", LEFT_OUT)


def test_a_figure_left_behind_the_mark_is_not_printed():
    tables = released_tables()
    tables[RESULT]["suppressed"] = True
    tables[RESULT][["n_pupils", "mean", "ci_low", "ci_high"]] = 0.4321987
    assert "43%" not in render(tables, ()).split('id="case-studies"')[1].split("</section>")[0]


def test_an_average_of_others_that_is_withheld_leaves_the_school_s_own():
    tables = released_tables()
    comparison = tables["comparison"]
    is_it = (comparison["programme"] == "gap") & (comparison["arm"] == "rest")
    comparison.loc[is_it, "suppressed"] = True
    gap = told(tables)[1]
    assert "other local schools" not in gap.results_say[0]
    assert gap.results[0].rows[2] == ("2017-18 (provisional)", "41", "34%", "22% to 49%", "[c]")


def test_an_outcome_without_a_figure_or_an_interval():
    tables = released_tables()
    tables[RESULT].loc[2, ["ci_low", "ci_high"]] = np.nan
    assert "chance" not in told(tables)[1].results_say[0]
    tables[RESULT].loc[2, ["n_pupils", "mean"]] = np.nan
    assert told(tables)[1].results_say == (CANNOT_SHOW,)


@pytest.mark.parametrize(
    ("before", "says"),
    [
        ([True, False], "1 of the 2 entries of support below began before the tests of May 2018."),
        ([True, True], "Both entries of support below began before the tests of May 2018."),
        ([False, False], "None of the 2 entries of support below began before the tests of May 2018."),
        ([True], "The support below began before the tests of May 2018."),
        ([False], "The support below did not begin before the tests of May 2018."),
    ],
)  # fmt: skip
def test_how_much_support_came_before_the_tests(before, says):
    tables = released_tables()
    events = tables["case_study_event"]
    if len(before) == 1:
        events = events.drop(index=3)
    events.loc[events["kind"] == "support", "is_before_tests"] = before
    tables["case_study_event"] = events
    assert told(tables)[0].support_says == says


def test_without_tests_or_support_nothing_is_said_of_before():
    assert told()[1].support_says == ""


def test_days_and_months_head_what_happened():
    rows = told()[0].events.rows
    assert rows[1] == ("15 January 2018 to 22 June 2018", "Support: 6 days of an adviser")
    assert rows[2] == ("May 2018", "Key Stage 2 tests")


def test_a_school_of_two_programmes_has_each_programme_s_events_and_results():
    tables = released_tables()
    again = tables["case_studies"].iloc[[1]].assign(programme="send")
    tables["case_studies"] = pd.concat([tables["case_studies"], again])
    assert [len(case.results) for case in told(tables)] == [0, 1, 0]


def test_nothing_is_said_to_be_the_support_s_doing():
    text = " ".join(plain(said) for case in told() for said in case.results_say).casefold()
    for word in ("caus", "because", "thanks to", "impact", "effect", "improv", "helped", "worked"):
        assert word not in text
