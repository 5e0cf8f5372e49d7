"""Numbers and codes as text: signs, units, halves, missing values, no overclaiming."""

import re
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from pipelines.catalogue.comparison_design import BALANCE
from pipelines.catalogue.vocabulary import Selection
from pipelines.released import wording
from pipelines.study.settings import PUPIL_GROUPS


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.43, "share", None, "43%"),
        (0.145, "share", None, "15%"),
        (0.0, "share", None, "0%"),
        (-1.25, "points", None, "−1.3"),
        (-0.04, "points", None, "0.0"),
        (-0.345, "points", 2, "−0.35"),
        (0.0435, "share", 1, "4.4%"),
        (1234.5, "points", None, "1,234.5"),
        (None, "share", None, "not available"),
        (float("nan"), "points", None, "not available"),
        (pd.NA, "points", None, "not available"),
    ],
)
def test_levels(value, unit, decimals, text):
    assert wording.format_value(value, unit, decimals) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.25, "share", "+25 percentage points"),
        (-0.01, "share", "−1 percentage point"),
        (0.004, "share", "0 percentage points"),
        (-0.004, "share", "0 percentage points"),
        (2.9, "points", "+2.9 points"),
        (1.0, "points", "+1.0 points"),
        (None, "points", "not available"),
    ],
)
def test_effects_carry_their_sign_and_unit(value, unit, text):
    assert wording.format_effect(value, unit) == text


def test_ranges():
    assert wording.format_range(-0.01, 0.23, "share") == "between −1 and +23 percentage points"
    assert wording.format_range(-0.2, 2.9, "points") == "between −0.2 and +2.9 points"
    assert wording.format_range(0.031, 0.029, "share") == "about +3 percentage points"
    assert wording.format_range(None, 0.2, "share") == "not available"
    assert wording.format_range(0.1, np.nan, "share") == "not available"
    assert wording.format_interval(0.37, 0.49, "share") == "37% to 49%"
    assert wording.format_interval(-3.6, -1.0, "points") == "−3.6 to −1.0"
    assert wording.format_interval(-0.02, 0.13, "share") == "0% to 13%"
    assert wording.format_interval(0.8, 1.04, "share") == "80% to 100%"


def test_sizes_have_no_sign():
    assert wording.format_size(-0.22, "share") == "22 percentage points"
    assert wording.format_size(0.05, "share") == "5 percentage points"


def test_counts_and_money():
    assert wording.format_count(1460.0) == "1,460"
    assert wording.format_count(float("nan")) == "not available"
    assert wording.format_gbp(200_000) == "£200,000"


def test_standard_deviations_times_in_a_hundred_and_the_census():
    assert [wording.format_sd(value) for value in (-0.306, 0.2, 0, None)] == [
        "−0.31",
        "+0.20",
        "0.00",
        "not available",
    ]
    shares = (0.473, 0.003, 0.0, 0.006, float("nan"))
    assert [wording.format_in_100(share) for share in shares] == [
        "47 in 100",
        "fewer than 1 in 100",
        "0 in 100",
        "1 in 100",
        "not available",
    ]
    assert wording.format_census("2017-18") == "January 2018 census"
    assert wording.format_census("2099-00") == "January 2100 census"


def test_every_code_of_the_design_tables_has_words():
    assert set(wording.SELECTION_LABELS) == set(get_args(Selection))
    for column, labels in (
        ("characteristic", wording.CHARACTERISTIC_LABELS),
        ("rating", wording.BALANCE_LABELS),
    ):
        assert set(BALANCE.column(column).allowed) == set(labels)


def test_verdicts_never_read_as_no_effect():
    phrases = [wording.format_verdict(v) for v in (*wording.VERDICT_LABELS, None, float("nan"))]
    assert phrases[3] == "cannot tell"
    assert phrases[4] == phrases[5] == wording.NO_VERDICT
    for phrase in phrases:
        assert not re.search(r"\bno (effect|change|difference)|prove|cause|significant", phrase)


def test_every_pupil_group_and_status_has_words():
    assert set(wording.GROUP_LABELS) == set(PUPIL_GROUPS)
    assert wording.format_group("disadvantaged") == "disadvantaged pupils"
    assert wording.format_status("school_return") == "school returns"
    assert wording.format_status(None) == "not yet published"
    assert set(wording.STATUS_ORDER) == set(wording.STATUS_LABELS)


def test_who_is_disadvantaged_depends_on_the_source():
    assert "looked after" not in wording.disadvantage_means(["ks2_pupils", "school_register"])
    assert "looked after" in wording.disadvantage_means(["ks2_schools"])


def test_capitalising_leaves_other_letters_unchanged():
    assert wording.capitalised("pupils on SEN support") == "Pupils on SEN support"


def test_arms_are_named_by_their_programmes():
    titles = {"send": "SEND", "gap": "Gaps", "gap_and_more": "More"}
    one, two = {"send": "SEND"}, {"send": "SEND", "gap": "Gaps"}
    for arm, of, words in (
        ("send_only", one, "schools in SEND"),
        ("neither", one, "schools not in the programme"),
        ("send_only", two, "schools in SEND only"),
        ("both", two, "schools in both programmes"),
        ("neither", two, "schools in neither programme"),
        ("send_and_gap", titles, "schools in SEND and Gaps only"),
        ("gap_and_gap_and_more", titles, "schools in Gaps and More only"),
        ("gap_and_more_only", titles, "schools in More only"),
        ("send_and_gap_and_gap_and_more", titles, "schools in SEND, Gaps and More"),
        ("neither", titles, "schools in none of the programmes"),
        ("another_only", titles, "schools in another only"),
    ):
        assert wording.format_arm(arm, of) == words


def test_lists_and_sentences():
    assert wording.join_words(["a", "b", "c"]) == "a, b and c"
    assert wording.join_words(["a", "b"], "or") == "a or b"
    assert wording.join_words([]) == ""
    assert wording.sentence("too few schools") == "Too few schools."
    assert wording.sentence("Why?") == "Why?"
    assert wording.sentence("") == ""


def test_the_fullest_wording_that_fits_is_taken():
    assert wording.first_within(2, "one two three", "one two", "one") == "one two"


def test_words_never_stop_a_run():
    assert wording.first_within(2, "one two three", "one two three four") == "one two…"
