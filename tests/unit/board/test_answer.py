"""Page one: the answer, a column for each programme, one chart, and the board's questions."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from pipelines.board.board_pack import board_pack
from pipelines.document.blocks import Columns, Figure, Notice, Paragraph, Table
from pipelines.study.measures import MEASURES
from tests.packs import CHARTS, DOCUMENTS, words_of
from tests.released_fixture import released_tables
from tests.unit.board.test_sentences import with_verdict

SEND = 0


def opening(tables: dict[str, pd.DataFrame] | None = None, charts=CHARTS):
    return board_pack(released_tables() if tables is None else tables, charts).opening


def columns(tables: dict[str, pd.DataFrame] | None = None) -> list[str]:
    """The text of each programme's column."""
    cells = [
        cell for block in opening(tables) if isinstance(block, Columns) for cell in block.cells
    ]
    return [words_of(cell) for cell in cells if not isinstance(cell[0], Figure)]


def answer_of(tables: dict[str, pd.DataFrame]) -> str:
    first = opening(tables)[0]
    assert isinstance(first, Notice)
    assert first.is_answer
    return f"{first.strong} {first.text}".strip()


def test_the_answer_comes_first_and_does_not_say_that_nothing_happened():
    assert answer_of(released_tables()) == (
        "We cannot tell yet. Pupils may have gained, lost or stayed the same. The studies are too small to "
        "show an effect worth having, so this is not a finding that the money was wasted."
    )


def test_without_funding_or_a_smallest_effect_neither_is_mentioned():
    tables = released_tables()
    tables["programme"]["funding_gbp"] = np.nan
    tables["measure"]["smallest_effect"] = np.nan
    assert answer_of(tables).endswith(
        "or stayed the same. This is not a finding that nothing changed."
    )


def test_without_any_estimate_there_are_too_few_results():
    tables = released_tables()
    tables["impact"][["estimate_low", "estimate_high", "ci_low", "ci_high", "mde"]] = np.nan
    tables["impact"]["figure_status"] = "not_available"
    assert "There are too few results to compare so far." in answer_of(tables)
    assert not [
        b for b in opening(tables) if isinstance(b, Columns) and b.heading.startswith("Not")
    ]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("better", "SEND in mainstream: better than the comparison schools (reading progress"),
        ("worse", "SEND in mainstream: worse than the comparison schools (reading progress"),
        ("no_meaningful_difference", "SEND in mainstream: any difference is too small to matter"),
    ],
)
def test_a_verdict_is_the_answer_with_one_for_each_question(verdict, words):
    said = answer_of(with_verdict(verdict, 1.4, 1.9, (0.3, 3.1)))
    assert said.startswith(words)
    assert "Closing the gap: cannot tell" in said
    assert "We cannot tell yet" not in said


def test_a_placebo_is_not_part_of_the_answer_and_is_labelled():
    tables = released_tables()
    tables["impact"].loc[tables["impact"]["programme"] == "lowest", "verdict"] = "better"
    assert answer_of(tables).startswith("We cannot tell yet.")
    (notice,) = [b for b in opening(tables)[1:] if isinstance(b, Notice)]
    assert "“Lowest results last year”: no such programme existed." in notice.text


def test_a_study_of_a_placebo_alone_does_not_ask_whether_it_helped():
    tables = released_tables()
    tables["programme"] = tables["programme"][tables["programme"]["programme"] == "lowest"]
    assert answer_of(tables).startswith("Cannot tell.")
    assert "helped" not in words_of(opening(tables))


def test_a_programme_s_column_gives_facts_dates_and_uncertainty():
    send, gap, lowest = columns()
    assert send == (
        "SEND in mainstream 18 schools, £200,000, from January 2018. Key Stage 2 tests came four months "
        "later. Reading progress (Year 6). 11 schools can be compared. Averages of pupils on SEN support "
        "there and elsewhere: in 2016-17, −4.1 and −1.6; in 2017-18, −1.9 and −2.2. That looks like a gain "
        "of 2.8 points. If picked after a weak year, most of it would "
        "have come anyway. Two fair comparisons: +0.6 if picked on last year’s results, +1.7 points if "
        "picked for a lasting need. Together, chance allows anything from −1.2 to +3.6 points. "
        "Worth having, as fixed beforehand: 1.0 points. Likely to show with about 124 pupils’ "
        "results: 2.6 points or more. Attainment 8 (Year 11). "
        "Attainment 8 for 2017-18 is published in mid-October. Schools say. 13 of 18 replied. Agreed: "
        "“The support was right for our pupils”, 10 of 13; “It was worth the time”, 3 of 11."
    )
    assert "Key Stage 2 tests came eight months later." in gap
    assert lowest.startswith(
        "Lowest results last year 18 schools on a list. Nothing was done for them."
    )


def test_a_reader_can_work_the_plain_change_out_from_the_averages():
    send = columns()[SEND]
    numbers = re.search(r"−(4\.1) and −(1\.6); in 2017-18, −(1\.9) and −(2\.2)\.", send)
    assert numbers
    before, others_before, now, others_now = (-float(number) for number in numbers.groups())
    change = (now - before) - (others_now - others_before)
    assert f"a gain of {change:.1f} points" in send


def test_columns_have_at_most_180_words_and_no_method_terms():
    for text in columns():
        assert len(text.split()) <= 180
        for word in ("degrees of freedom", "ANCOVA", "bracket", "confidence", "interval", "SD"):
            assert word not in text


@pytest.mark.parametrize(
    ("starts", "words"),
    [
        ("2018-05-08", "Key Stage 2 tests came in the same month."),
        ("2018-04-08", "came one month later."),
        ("2018-09-08", "Key Stage 2 tests came before it began."),
        ("2016-09-08", "came more than a year later."),
    ],
)
def test_how_long_there_was_before_the_tests(starts, words):
    tables = released_tables()
    tables["programme"].loc[SEND, "starts"] = pd.Timestamp(starts)
    assert words in columns(tables)[SEND]


def test_without_a_start_date_none_is_mentioned():
    tables = released_tables()
    tables["programme"]["starts"] = pd.NaT
    assert "tests came" not in "".join(columns(tables))


def test_averages_withheld_are_left_out():
    tables = released_tables()
    tables["comparison"]["figure_status"] = "suppressed"
    assert "Averages of" not in columns(tables)[SEND]
    assert "[c]" not in columns(tables)[SEND]


def test_a_matched_pool_is_named():
    tables = released_tables()
    tables["programme"]["comparison_pool"] = "matched"
    send = columns(tables)[SEND]
    assert "Two fair comparisons, against similar schools outside the area:" in send
    # The averages are of local schools, so the change does not follow from them, and is not said to.
    assert (
        "in the programme and in other local schools, which are not those compared: in 2016" in send
    )
    assert "That looks like" not in send
    assert (
        "Against similar schools outside the area, the change since last year looks like a gain of 2.8"
        in send
    )


def test_a_change_that_does_not_follow_from_the_averages_printed_is_not_called_that():
    tables = released_tables()
    tables["impact"].loc[tables["impact"]["programme"] == "send", "n_programme_schools"] = 10
    send = columns(tables)[SEND]
    assert "elsewhere, compared or not: in 2016-17" in send
    assert "Among the schools compared, the change since last year looks like a gain of 2.8" in send


def test_the_chart_follows_the_answer_with_its_finding():
    # Third, after the answer and the notice on the placebo; charts arrive in any order.
    picture = opening(charts=CHARTS[::-1])[2]
    assert isinstance(picture, Columns)
    assert picture.heading == "Not to be judged yet: gains and losses both fit"
    assert [cell[0].name for cell in picture.cells if isinstance(cell[0], Figure)] == [
        "answer-send-ks2_reading_progress",
        "answer-gap-ks2_rwm_expected",
    ]
    told = opening(with_verdict("better", 1.4, 1.9, (0.3, 3.1)))[2]
    assert isinstance(told, Columns)
    assert told.heading == "What two fair comparisons say"


@pytest.mark.parametrize(
    ("anyway", "words"),
    [
        (2.8, "all of it would have come anyway."),
        (1.4, "most of it would have come anyway."),
        (0.3, "part of it would have come anyway."),
        (-0.3, "gain of 2.8 points. It is no fair comparison: one year can be chance, and the two"),
        (np.nan, "Weak years tend to recover unaided, so do not trust it."),
    ],
)
def test_the_expected_part_of_the_plain_change_is_given_in_words(anyway, words):
    tables = released_tables()
    is_it = (tables["impact"]["role"] == "naive") & (tables["impact"]["programme"] == "send")
    tables["impact"].loc[is_it, "expected_anyway"] = anyway
    assert words in columns(tables)[SEND]


@pytest.mark.parametrize(
    ("anyway", "words"),
    [
        (np.nan, "It is no fair comparison: one year can be chance, and the two sides differ."),
        (0.3, "It is no fair comparison: one year can be chance, and the two sides differ."),
        (-2.8, "If picked on last year’s results, all of it would have come anyway."),
    ],
)
def test_a_loss_is_never_put_down_to_recovery(anyway, words):
    tables = released_tables()
    is_it = (tables["impact"]["role"] == "naive") & (tables["impact"]["programme"] == "send")
    tables["impact"].loc[is_it, ["estimate_low", "estimate_high"]] = -2.8
    tables["impact"].loc[is_it, "expected_anyway"] = anyway
    send = columns(tables)[SEND]
    assert f"That looks like a loss of 2.8 points. {words}" in send
    assert "recover" not in send
    assert "weak year" not in send


def test_years_that_are_not_comparable_are_described_as_such():
    tables = released_tables()
    assert "not measured alike" not in columns(tables)[SEND]
    tables["series_break"] = pd.DataFrame(
        [
            {
                "measure": "ks2_reading_progress",
                "key_stage": "ks2",
                "academic_year": "2017-18",
                "what": "scores were limited",
                "source": "DfE",
            }
        ]
    )
    assert "The two years were not measured alike." in columns(tables)[SEND]


def test_the_board_s_questions_are_answered_with_links():
    (asked,) = [block for block in opening() if isinstance(block, Table)]
    assert len(asked.see) == len(asked.rows)
    assert set(asked.see) == {"claims", "next"}
    said = words_of(asked.rows)
    assert "What comes next" in said
    assert "To decide: whether to measure again next year, with more schools." in said
    assert "Attainment 8 and Progress 8 are still to be published." in said


@pytest.mark.parametrize(
    ("kind", "is_listed"), [("eligible_share", True), ("expected_schools", False)]
)
def test_only_a_confirmed_number_of_schools_is_left_out(kind: str, is_listed: bool):
    """A title may contain any words, so a claim is known by its kind."""
    tables = released_tables()
    claim = "All take part: at least 70% of its schools were eligible"
    tables["claims"].loc[0, ["claim", "kind", "result"]] = (claim, kind, "holds")
    (asked,) = [block for block in opening(tables) if isinstance(block, Table)]
    assert (claim in words_of(asked.rows)) is is_listed


def test_without_questions_or_next_steps_there_is_no_table():
    tables = released_tables()
    tables["claims"] = tables["claims"].iloc[:0]
    tables["not_yet_published"] = tables["not_yet_published"].iloc[:0]
    tables["impact"]["release_status"] = "final"
    tables["impact"]["mde"] = 0.001
    assert not [block for block in opening(tables) if isinstance(block, Table)]


def test_one_school_and_one_programme_are_worded_in_the_singular():
    tables = released_tables()
    tables["programme"] = tables["programme"].iloc[[0]].assign(n_schools=1)
    assert columns(tables)[0].startswith("SEND in mainstream 1 school, ")
    assert "The study is too small" in answer_of(tables)


def test_the_one_chart_of_one_programme_stands_beside_its_column():
    tables = released_tables()
    tables["programme"] = tables["programme"].iloc[[0]]
    (both,) = [block for block in opening(tables) if isinstance(block, Columns)]
    chart, column = both.cells
    assert isinstance(chart[0], Figure)
    assert words_of(column).startswith("SEND in mainstream 18 schools")
    assert both.heading == "Not to be judged yet: gains and losses both fit"


def test_one_row_of_questions_is_a_sentence_not_a_table():
    tables = released_tables()
    tables["claims"] = tables["claims"].iloc[:0]
    last = opening(tables)[-1]
    assert isinstance(last, Paragraph)
    assert last.strong == "What comes next."


def with_the_index() -> dict[str, pd.DataFrame]:
    """The fixture with the index in place of reading progress as the first primary measure."""
    tables = released_tables()
    index = MEASURES["ks2_progress_index"]
    for name, frame in tables.items():
        if "measure" in frame.columns:
            is_it = frame["measure"] == "ks2_reading_progress"
            tables[name] = frame.assign(measure=frame["measure"].where(~is_it, index.name))
    is_it = tables["measure"]["measure"] == index.name
    tables["measure"].loc[is_it, ["label", "decimals"]] = (index.label, index.decimals)
    return tables


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_index_is_explained_wherever_it_is_in_use(document):
    meaning = "average of three subjects: each pupil’s progress in reading, writing and maths"
    said = words_of(DOCUMENTS[document](with_the_index(), ()))
    # With each main question, and among the words used.
    assert said.count(meaning) >= 2
    assert meaning not in words_of(DOCUMENTS[document](released_tables(), ()))


def test_page_one_says_in_short_what_the_index_is():
    assert (
        "(standard deviations), the average of three subjects (Year 6)."
        in columns(with_the_index())[SEND]
    )
