"""The board's sentences follow from the verdict and give the release status beside numbers."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from pipelines.board import limits, terminal
from pipelines.board.answers import Answer, NaiveReading, answer_to, naive_reading
from pipelines.board.method import method_words
from pipelines.board.programmes import Coverage, coverage_of, facts_of
from pipelines.document.blocks import Term
from pipelines.released import wording
from pipelines.released.citations import plain, released_rows
from pipelines.released.questions import evaluated_programmes, in_sentence, primary_headlines
from tests.packs import DOCUMENTS, words_of
from tests.released_fixture import NOT_YET, TOO_FEW, released_tables, without_marks

NEVER_OF_CANNOT_TELL = (
    "no effect", "no change", "no difference", "no impact", "did not work", "made no",
    "proved?", "caused", "significant", "months of progress", "per point",
)  # fmt: skip
STATUSES = ("provisional", "final", "revised", "school returns", "not yet published")


@dataclasses.dataclass(frozen=True)
class Said:
    """The sentences on one programme."""

    id: str
    facts: tuple[str, ...]
    coverage: tuple[Coverage, ...]
    answers: tuple[Answer, ...]
    naive: tuple[NaiveReading, ...]


def programmes_of(frames: dict[str, pd.DataFrame]) -> tuple[Said, ...]:
    """The sentences on every evaluated programme, without citation marks."""
    tables = released_rows(frames)
    said = []
    for row in evaluated_programmes(tables):
        headlines = primary_headlines(row["programme"], tables)
        naive = (naive_reading(headline, row, tables) for headline in headlines)
        said.append(
            Said(
                str(row["programme"]),
                facts_of(row),
                coverage_of(row, tables),
                tuple(answer_to(headline, row, tables) for headline in headlines),
                tuple(reading for reading in naive if reading is not None),
            )
        )
    return without_marks(tuple(said))


def method_of(frames: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    return without_marks(method_words(released_rows(frames)))


def limits_in(frames: dict[str, pd.DataFrame]) -> tuple[Term, ...]:
    return without_marks(limits.cannot_say(released_rows(frames)))


def everything(frames: dict[str, pd.DataFrame]) -> str:
    """All words of both documents."""
    return " ".join(words_of(made(frames, ())) for made in DOCUMENTS.values())


def headline_words(frames: dict[str, pd.DataFrame]) -> list[str]:
    return terminal.headline_words(released_rows(frames))


def with_verdict(
    verdict: str, low: float, high: float, ci: tuple[float, float], **other: object
) -> dict[str, pd.DataFrame]:
    """The fixture with another verdict and range for SEND's Key Stage 2 headline."""
    tables = released_tables()
    impact = tables["impact"]
    chosen = (
        (impact["programme"] == "send")
        & (impact["measure"] == "ks2_reading_progress")
        & (impact["role"] == "headline")
    )
    assert chosen.sum() == 1
    new = {"verdict": verdict, "estimate_low": low, "estimate_high": high, "ci_low": ci[0],
           "ci_high": ci[1]} | other  # fmt: skip
    for column, value in new.items():
        impact.loc[chosen, column] = value
    return tables


def answer(said: tuple[Said, ...], programme: str = "send", key_stage: str = "ks2") -> Answer:
    one = next(p for p in said if p.id == programme)
    return next(a for a in one.answers if a.key_stage == key_stage)


def test_headline_words_one_line_a_programme_and_key_stage_in_order():
    lines = headline_words(released_tables())
    assert lines[0] == (
        "SEND in mainstream, reading progress of pupils on SEN support (Key Stage 2, provisional): "
        "cannot tell. Between +0.6 if schools were picked on last year’s results and +1.7 points if "
        "picked for a lasting need. It could be anything from −1.2 to +3.6 by chance. The change "
        "since last year, which is unsafe, says +2.8 points."
    )
    assert lines[1] == (
        "SEND in mainstream, Attainment 8 of pupils on SEN support "
        f"(Key Stage 4, not yet published): cannot tell: {NOT_YET}."
    )
    assert lines[3].endswith(f"(Key Stage 4, school returns): cannot tell: {TOO_FEW}.")
    assert lines[4].startswith("Lowest results last year (no such programme existed), ")
    assert len(lines) == 5


@pytest.mark.parametrize(
    ("verdict", "low", "high", "ci", "words"),
    [
        ("better", 1.4, 1.9, (0.3, 3.1), "better than the comparison schools"),
        ("worse", -1.9, -1.4, (-3.1, -0.3), "worse than the comparison schools"),
        ("no_meaningful_difference", -0.1, 0.2, (-0.8, 0.9), "any difference is too small"),
        ("cannot_tell", -0.1, 0.2, (-2.8, 2.9), "cannot tell"),
    ],
)
def test_headline_words_follow_the_verdict(verdict, low, high, ci, words):
    line = headline_words(with_verdict(verdict, low, high, ci))[0]
    assert f"provisional): {words}" in line
    assert ". Between " in line
    assert " if schools were picked on last year’s results and " in line
    assert " if picked for a lasting need. It could be anything from " in line


def test_cannot_tell_is_never_worded_as_nothing_happened():
    text = everything(released_tables()).lower()
    text += " ".join(headline_words(released_tables())).lower()
    for phrase in NEVER_OF_CANNOT_TELL:
        assert not re.search(rf"\b{phrase}\b", text), phrase
    assert "not a finding that the money was wasted" in text


@pytest.mark.parametrize("verdict", ["no_meaningful_difference", "cannot_tell"])
def test_a_matched_pool_is_named_wherever_schools_are_compared(verdict):
    tables = with_verdict(verdict, -0.1, 0.2, (-0.8, 0.9))
    matched = tables["programme"].assign(comparison_pool="matched")
    found = programmes_of(tables | {"programme": matched})
    assert "Compared with similar schools outside the area: " in answer(found).bracket
    said = [*(p.naive for p in found), *(p.answers for p in found)]
    assert "the other schools" not in str(said)
    assert "Compared with the other schools: " in answer(programmes_of(tables)).bracket


@pytest.mark.parametrize(
    ("verdict", "opening"),
    [
        ("cannot_tell", "We cannot tell: "),
        ("better", "Results were better than in comparable schools: "),
        ("worse", "Results were worse than in comparable schools: "),
        (
            "no_meaningful_difference",
            "Any difference from the other schools is too small to matter: ",
        ),
    ],
)
def test_conclusion_gives_the_verdict_and_the_reason_on_file(verdict, opening):
    tables = with_verdict(verdict, 0.6, 1.7, (-1.2, 3.6), verdict_reason="the schools' own reason.")
    assert answer(programmes_of(tables)).conclusion.startswith(f"{opening}the schools’ own reason.")


def test_placebo_with_a_verdict_is_a_false_alarm():
    tables = released_tables()
    tables["impact"].loc[tables["impact"]["programme"] == "lowest", "verdict"] = "better"
    assert "this is a false alarm" in answer(programmes_of(tables), "lowest").conclusion


def test_every_sentence_with_a_result_carries_its_release_status():
    found = programmes_of(released_tables())
    for programme in found:
        for one in programme.answers:
            for text in (one.bracket, one.compared, one.happened):
                for sentence in re.split(r"(?<=[.])\s+(?=[A-Z])", text):
                    if re.search(r"\d", sentence) and "not yet published" not in sentence:
                        assert sentence.rstrip(".").endswith(
                            tuple(f"({status})" for status in STATUSES)
                        ), sentence
        for naive in programme.naive:
            assert "(provisional)" in naive.says
            assert "(provisional)" in naive.why_unsafe
        for coverage in programme.coverage:
            assert coverage.sentence.endswith(tuple(f"({status})." for status in STATUSES))


def test_coverage_accounts_for_every_enrolled_school():
    send = programmes_of(released_tables())[0]
    ks2 = send.coverage[0]
    assert ks2.sentence == (
        "11 of the 18 schools have Key Stage 2 results that can be compared (provisional)."
    )
    assert ks2.left_out == "7"
    assert ks2.why_not.startswith("The other 7 cannot be: not in the results files (2)")


def test_a_key_stage_with_no_school_compared_says_none():
    tables = released_tables()
    counts = tables["school_count"]
    of_stage = (counts["programme"] == "send") & (counts["key_stage"] == "ks4")
    counts = counts[~(of_stage & (counts["reason"] == "compared"))]
    counts.loc[of_stage, "n_schools"] = 9
    tables["school_count"] = counts
    ks4 = programmes_of(tables)[0].coverage[1]
    assert ks4.sentence.startswith("None of the 18 schools can be compared at Key Stage 4")
    assert ks4.why_not.startswith("Why not: ")
    assert "(9)" in ks4.why_not


def test_withheld_level_shows_the_mark_in_the_sentence():
    tables = released_tables()
    comparison = tables["comparison"]
    chosen = (
        (comparison["programme"] == "send")
        & (comparison["measure"] == "ks2_reading_progress")
        & (comparison["arm"] == "programme")
        & (comparison["academic_year"] == "2017-18")
    )
    comparison.loc[chosen, "figure_status"] = "suppressed"
    found = programmes_of(tables)
    assert "in 2017-18, [c] in schools in the programme and −2.2" in answer(found).happened
    assert "difference of the averages" not in found[0].naive[0].says


@pytest.mark.parametrize(
    ("change", "words"),
    [(2.8, "went up by 2.8 points"), (-2.8, "went down by 2.8 points"), (0.01, "in step with")],
)
def test_naive_change_has_its_direction_and_is_called_unsafe(change, words):
    tables = released_tables()
    impact = tables["impact"]
    chosen = (impact["role"] == "naive") & (impact["measure"] == "ks2_reading_progress")
    impact.loc[chosen, ["estimate_low", "estimate_high"]] = change
    naive = programmes_of(tables)[0].naive
    assert len(naive) == 1, "a change that cannot be computed is not told"
    assert words in naive[0].says
    # The difference of these averages is the printed change, +2.8.
    averages = "from −4.1 to −1.9 in schools in the programme, from −1.6 to −2.2 in the others."
    assert naive[0].says.endswith(averages)
    assert "not safe" in naive[0].why_unsafe
    # Recovery from a weak year explains a gain only.
    assert ("picked for a weak year" in naive[0].why_unsafe) is (change > 1)
    assert ("the two sides differ" in naive[0].why_unsafe) is (change < 1)
    assert "between +0.6 and +1.7 points" in naive[0].why_unsafe


@pytest.mark.parametrize("n_left_out", [0, 1])
def test_averages_that_leave_out_small_schools_say_so(n_left_out):
    """There are 20 comparison schools, of which one may be left out of the average."""
    tables = released_tables()
    comparison, impact = tables["comparison"], tables["impact"]
    asked = impact["measure"] == "ks2_reading_progress"
    impact.loc[asked, ["n_programme_schools", "n_comparison_schools"]] = [12, 20]
    for arm, n in (("programme", 12), ("rest", 20)):
        levels = (comparison["measure"] == "ks2_reading_progress") & (comparison["arm"] == arm)
        comparison.loc[levels, "n_schools"] = n
    now = levels & (comparison["academic_year"] == "2017-18")
    comparison.loc[now, ["n_schools", "n_schools_left_out"]] = [20 - n_left_out, n_left_out]
    happened = answer(programmes_of(tables)).happened
    words = (
        "Averages of pupils on SEN support, but for those of a few very small schools: in 2017-18"
    )
    assert (words in happened) is bool(n_left_out)
    assert "compared or not" not in happened


@pytest.mark.parametrize(("public", "is_said"), [(None, True), ("ks2", True), ("ks2, ks4", False)])
def test_the_effect_of_rounding_is_given_where_something_is_rounded(public, is_said):
    tables = released_tables()
    tables["study"]["public_key_stages"] = public
    said = [text for text in method_of(tables) if "rounded numbers of pupils" in text]
    assert len(said) == is_said


@pytest.mark.parametrize(
    ("public", "words"),
    [
        (
            None,
            "11 schools (about 124 pupils on SEN support with results) in the programme are set",
        ),
        ("ks2", "11 schools (124 pupils on SEN support with results) in the programme are set"),
    ],
)
def test_a_count_is_called_about_only_where_it_is_rounded(public, words):
    tables = released_tables()
    tables["study"]["public_key_stages"] = public
    assert words in answer(programmes_of(tables)).compared


def test_all_pupils_are_worded_as_pupils():
    tables = released_tables()
    programme = tables["programme"]["programme"] == "send"
    tables["programme"].loc[programme, "target_group"] = "all"
    for name in ("impact", "comparison"):
        own = tables[name]["programme"] == "send"
        tables[name].loc[own, "pupil_group"] = "all"
    found = programmes_of(tables)[0]
    assert "about £105 for each of the 1,900 pupils on roll" in " ".join(found.facts)
    assert "(about 124 pupils with results)" in answer([found]).compared
    assert "the all pupils" not in str(found)


def test_placebo_says_nothing_was_done_and_has_no_funding():
    placebo = programmes_of(released_tables())[2]
    assert "Nothing was done in these schools" in placebo.answers[0].conclusion
    assert "Nothing at all was done" in placebo.naive[0].why_unsafe
    assert "£" not in words_of(placebo)
    assert "in the programme" not in words_of(placebo)


def test_the_protocol_s_selection_is_given_and_no_other_is_ruled_out():
    tables = released_tables()
    text = plain(" ".join(method_of(tables)))
    assert "of SEND in mainstream it does not say how" in text
    assert "those of Closing the gap on results of 2016-17" in text
    assert "those of Lowest results last year by a rule on the results of 2016-17" in text
    assert "If they were chosen in some other way, both can be wrong." in text
    words = words_of(DOCUMENTS["report"](tables, ())).lower()
    for phrase in ("whichever way", "nobody knows", "trusted"):
        assert phrase not in words


def test_funding_is_no_limit_where_none_is_stated():
    tables = released_tables()
    subjects = [limit.subject for limit in limits_in(tables)]
    assert "Whether the money was well spent" in subjects
    tables["programme"]["funding_gbp"] = np.nan
    subjects = [limit.subject for limit in limits_in(tables)]
    assert "Whether the money was well spent" not in subjects


def test_funding_is_stated_and_missing_funding_left_out():
    tables = released_tables()
    assert "Funding, as stated: £200,000. Paid by: SSIF." in programmes_of(tables)[0].facts
    tables["programme"]["funding_gbp"] = np.nan
    assert "£" not in " ".join(programmes_of(tables)[0].facts)


def money_of_send(**changes: object) -> str:
    tables = released_tables()
    for column, value in changes.items():
        tables["programme"][column] = tables["programme"][column].astype(object)
        tables["programme"].loc[0, column] = value
    return programmes_of(tables)[0].facts[-1]


def test_money_is_set_against_target_pupils_of_the_whole_schools():
    assert money_of_send() == (
        "£200,000 is about £105 for each of the 1,900 pupils on SEN support on roll in all "
        "year groups of its 18 schools (January 2018 census)."
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"census_academic_year": None}, "cannot be said: no school census is on file."),
        (
            {"n_schools_with_census": 15},
            "cannot be said: the January 2018 census has no figure for 3 of its 18 schools.",
        ),
        (
            {"n_target_pupils_on_roll": np.nan, "funding_gbp_per_target_pupil": np.nan},
            "counts none of them, or too few to show.",
        ),
        ({"target_group": "high_prior"}, "does not count pupils with high prior attainment"),
        ({"target_group": "no_sen"}, "does not count pupils with no identified SEN"),
        (
            {"target_group": "disadvantaged"},
            "1,900 pupils eligible for free school meals at any time in the last six years on roll",
        ),
    ],
)
def test_where_money_cannot_be_set_against_pupils_it_says_why(changes, words):
    assert words in money_of_send(**changes)


def test_no_cost_per_point_and_no_cost_of_a_placebo_is_given():
    found = programmes_of(released_tables())
    for programme in found:
        assert not [fact for fact in programme.facts if "per point" in fact or "a point" in fact]
        assert (programme.id == "lowest") == (not any("£" in fact for fact in programme.facts))
    assert found[1].facts[-1].endswith("has no figure for 1 of its 18 schools.")


def test_the_method_s_error_rate_is_quoted_with_its_simulated_size():
    limits = [limit for limit in limits_in(released_tables()) if "knew" in limit.subject]
    (limit,) = limits
    assert limit.subject == (
        "Whether schools in SEND in mainstream (Key Stage 2) and Closing the gap (Key Stage 2) were "
        "chosen by someone who knew how the coming pupils would do"
    )
    assert limit.text == (
        "If they were, the method is often wrong. In at least 2,000 simulations of the size nearest to "
        "this one (11 of 34 schools in the programme, about 10 target pupils each), it then "
        "claimed an effect that was not there in 47 in 100; where they were chosen for a decline that "
        "goes on, in 13 in 100; in any other way that was tried, in at most 2 in 100."
    )


def test_the_error_rate_quoted_is_the_table_s_own():
    rates = released_tables()["calibration"]
    rates = rates[rates["programme"] == "gap"]
    rates.loc[rates["selection"] == "coming_cohort", "false_verdict_share"] = 0.284
    rows = released_rows({"calibration": rates})["calibration"]
    assert "not there in 28 in 100" in plain(limits.coming_cohort_words(rows))


def test_a_size_simulated_as_progress_is_says_so():
    rates = released_tables()["calibration"]
    rates["is_progress"] = True
    rows = released_rows({"calibration": rates})["calibration"]
    assert plain(limits.simulated_size(rows[0])) == (
        "11 of 34 schools in the programme, about 10 target pupils each, results that vary between "
        "years as progress does"
    )


def test_smallest_effect_is_left_out_where_the_protocol_names_none():
    tables = released_tables()
    assert "protocol says that 1.0 points would matter" in answer(programmes_of(tables)).power
    tables["measure"]["smallest_effect"] = np.nan
    assert answer(programmes_of(tables)).power.endswith("2.6 points or more was likely to show.")


@pytest.mark.parametrize(
    ("public", "words"),
    [
        (None, "are rounded."),
        ("ks4", "are rounded. Results of Key Stage 4 are published school by school: figures"),
        (
            "ks2, ks4",
            "Results of Key Stages 2 and 4 are published school by school: figures made of",
        ),
    ],
)
def test_results_of_which_nothing_is_withheld_are_named(public, words):
    tables = released_tables()
    tables["study"]["public_key_stages"] = public
    rule = plain(method_of(tables)[-1])
    assert words in rule
    assert ("are rounded" in rule) is (public != "ks2, ks4")
    assert ("school by school" in rule) == (public is not None)


def test_small_helpers_of_wording():
    assert wording.format_date(pd.Timestamp("2018-09-01")) == "1 September 2018"
    assert in_sentence("Reading progress") == "reading progress"
    assert in_sentence("Progress 8") == "Progress 8"
    assert in_sentence("Attainment 8") == "Attainment 8"
