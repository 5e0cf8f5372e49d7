"""The technical report: each main question, every method, its assumptions, and the design."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from pipelines.board import tables as word_tables
from pipelines.board.board_pack import board_pack
from pipelines.board.technical_report import technical_report
from pipelines.board.what_moved_it import behind_the_headline
from pipelines.document.blocks import Table, blocks_of
from pipelines.released.citations import plain, released_rows
from tests.packs import CHARTS, words_of
from tests.released_fixture import released_tables
from tests.unit.board.test_changes import MOVED


def part(id_: str, tables: dict[str, pd.DataFrame] | None = None) -> str:
    """All words of a section of the report."""
    report = technical_report(released_tables() if tables is None else tables, CHARTS)
    return words_of(next(section for section in report.sections if section.id == id_))


def behind(programme: str, measure: str, tables: dict[str, pd.DataFrame] | None = None) -> str:
    """The background to one headline: what moved it, its design, what would overturn it."""
    rows = released_rows(released_tables() if tables is None else tables)
    (headline,) = [
        row for row in rows["impact"]
        if (row["programme"], row["measure"], row["role"]) == (programme, measure, "headline")
    ]  # fmt: skip
    return plain(" ".join(behind_the_headline(headline, rows)))


def with_rows(**changes: object) -> dict[str, pd.DataFrame]:
    """The fixture with the first headline's numbers changed."""
    tables = released_tables()
    first = tables["impact"].index[tables["impact"]["role"] == "headline"][0]
    for column, value in changes.items():
        tables["impact"].loc[first, column] = value
    return tables


def test_sections_are_in_order_and_none_is_empty():
    report = technical_report(released_tables(), CHARTS)
    assert [section.id for section in report.sections] == [
        "method", "answers", "measures", "limits", "design", "error-rates", "results", "changes",
        "context", "voices", "cases", "withheld", "sources", "words",
    ]  # fmt: skip
    assert plain(report.title) == "Did SSIF support help pupils? Technical report"


def test_every_headline_with_an_estimate_has_every_method():
    tables = released_tables()
    report = technical_report(tables, CHARTS)
    captions = [plain(b.caption) for b in blocks_of(report) if isinstance(b, Table)]
    estimated = tables["impact"].query("role == 'headline'")["estimate_low"].notna()
    assert sum(caption.endswith(", every method") for caption in captions) == estimated.sum()


def test_a_main_question_has_its_verdict_reading_and_methods():
    said = part("answers")
    assert "SEND in mainstream. Key Stage 2: reading progress of pupils on SEN support" in said
    assert "Cannot tell (provisional)" in said
    assert "It is not safe to read it that way" in said
    assert "no such programme existed" in said
    assert "A finding: methods" in said


def test_the_part_expected_anyway_is_given():
    said = behind("send", "ks2_reading_progress")
    assert (
        "Change since last year: +2.8 points. If schools were picked on earlier results, +2.2 points was "
        "to be expected." in said
    )


def test_what_would_undo_a_verdict_is_its_distance_from_zero():
    tables = with_rows(
        verdict="better", estimate_low=1.4, estimate_high=1.9, ci_low=0.3, ci_high=3.1
    )
    said = behind("send", "ks2_reading_progress", tables)
    assert "such as knowledge of the coming pupils. Both sides changing differently" in said


def test_a_verdict_says_its_error_level_where_other_intervals_hold_zero():
    tables = with_rows(
        verdict="better", estimate_low=1.4, estimate_high=1.9, ci_low=0.3, ci_high=3.1
    )
    said = behind("send", "ks2_reading_progress", tables)
    assert "made to miss the truth in one study of twenty if it lies between the two ends" in said
    assert (
        "Here these intervals hold zero: against schools with the same earlier results; change since the "
        "average of earlier years; change, leaving out years schools were chosen on." in said
    )
    tables["impact"].loc[tables["impact"]["role"] == "robustness", "ci_low"] = 0.1
    assert "Error level" not in behind("send", "ks2_reading_progress", tables)
    assert "Error level" not in behind("send", "ks2_reading_progress")


def test_the_chance_of_any_false_alarm_is_given_for_several_verdicts():
    said = part("limits")
    rates = released_tables()["calibration"].query("effect_sd == 0")
    usual = rates[~rates["selection"].isin(["coming_cohort", "true_decline"])]
    real = usual[usual["programme"] != "lowest"]
    worst = real.groupby(["programme", "measure"])["false_verdict_share"].max()
    assert len(worst) > 1
    at_least_one = 100 * (1 - (1 - worst).prod())
    assert f"Whether one of the {len(worst)} verdicts is a false alarm" in said
    assert f"would claim one in at most {at_least_one:.0f} in 100 such studies" in said
    tables = released_tables()
    one = tables["calibration"]["programme"] == "send"
    tables["calibration"] = tables["calibration"][one]
    assert "is a false alarm" not in part("limits", tables)


def test_without_a_claim_there_is_nothing_to_overturn():
    said = behind("send", "ks2_reading_progress", with_rows(ci_low=-2.8, ci_high=2.9))
    assert "no better or worse results are claimed. Any effect between" in said
    assert not re.search(r"no (effect|change) |prove|caused|significant", said)


def test_the_difference_in_trends_that_would_change_the_verdict_has_earlier_ones_beside_it():
    said = behind("send", "ks2_reading_progress")
    assert (
        "the verdict could be another if, without the programme, its schools’ results had changed by 1.2 "
        "points more, or less, than the others’. Between earlier years their changes differed by −1.9 "
        "points, which could be anything from −4.4 to +0.6 by chance: as much as that has happened."
        in said
    )
    said = behind("gap", "ks2_rwm_expected")
    assert (
        "had changed by 8 percentage points more, or less, than the others’. Between earlier years their "
        "changes differed between −3 and +2 percentage points, which could be anything from −10 to +9 "
        "by chance: less than that." in said
    )
    assert "Both sides changing" not in behind("send", "ks2_maths_progress")


def test_a_verdict_that_no_difference_in_trends_would_change_says_so():
    said = behind("send", "ks2_reading_progress", with_rows(breakdown=np.nan))
    assert "themselves: nothing in how both sides changed by themselves would alone" in said


@pytest.mark.parametrize(
    ("status", "reason", "words"),
    [
        ("suppressed", "withheld", "between earlier years: [c]."),
        ("not_available", "no year before", "between earlier years is not known: no year before."),
    ],
)
def test_earlier_differences_that_are_not_there_are_said_to_be_so(status, reason, words):
    tables = released_tables()
    is_earlier = tables["impact"]["estimator"] == "earlier_changes"
    figures = ["estimate_low", "estimate_high", "ci_low", "ci_high"]
    tables["impact"].loc[is_earlier, figures] = np.nan
    tables["impact"].loc[is_earlier, ["figure_status", "verdict_reason"]] = (status, reason)
    assert words in behind("send", "ks2_reading_progress", tables)


def test_a_missing_minimum_detectable_effect_is_left_out():
    said = behind("send", "ks2_reading_progress", with_rows(mde=np.nan))
    assert "eight times in ten" not in said


def test_the_design_of_a_headline_is_given_with_what_would_mislead():
    said = behind("send", "ks2_reading_progress")
    assert (
        "Schools missing: 4 of the others (no earlier result to compare with (1); no result for these "
        "pupils this year (3)), all their pupils now at 0.4 (about 120 pupils) against −1.4 (about "
        "1,450 pupils) in those kept. This misleads only if these pupils" in said
    )
    assert "earlier results of the target pupils −0.31 SD" in said
    assert "Enough: of the programme's schools 82% lay within the others' range" in said
    assert "claimed an effect that was not there in 47 in 100" in said


def test_what_is_withheld_in_the_design_is_marked():
    said = behind("gap", "ks2_rwm_expected")
    assert "all their pupils now at [c] against [c] in those kept" in said
    assert "earlier results of the target pupils [c]." in said
    assert "This misleads only if those programmes changed their results" in said
    assert "Hardly, so the ANCOVA end extrapolates" in said
    tables = released_tables()
    tables["overlap"]["programme_in_range_share"] = np.nan
    assert "Whether both sides met before: [c]." in behind("gap", "ks2_rwm_expected", tables)


def test_a_headline_without_a_design_table_leaves_it_out():
    said = behind("send", "ks2_maths_progress")
    assert "Schools missing" not in said
    assert "Did both sides meet" not in said
    tables = released_tables()
    tables["attrition"] = tables["attrition"][tables["attrition"]["is_kept"]]
    assert "Schools missing: none that could" in behind("send", "ks2_reading_progress", tables)


def test_comparison_schools_in_no_programme_are_described_as_such():
    tables = released_tables()
    for kind in ("evaluated", "others"):
        tables["overlap"][f"n_comparison_schools_in_{kind}"] = 0
    said = behind("gap", "ks2_rwm_expected", tables)
    assert "None of the others is in any programme." in said
    assert "moved their results" not in said


def test_limits_name_undecided_questions_and_a_verdict_removes_its_own():
    assert "Whether SEND in mainstream helped at Key Stage 2" in part("limits")
    tables = with_rows(verdict="better", estimate_low=1.4, estimate_high=1.9, ci_low=0.3)
    assert "Whether SEND in mainstream helped at Key Stage 2" not in part("limits", tables)


def test_results_not_yet_published_come_with_the_reason():
    said = part("measures")
    assert "Last year’s figures do not stand in for these." in said
    assert "Attainment 8, 2017-18 (Key Stage 4)" in said
    assert "mid-October" in said


def test_the_design_has_a_table_for_each_part_or_says_why_not():
    said = part("design")
    for caption in (
        "Schools that could be compared, kept and lost",
        "Both sides before the programme",
        "Where both sides meet, and what the others got",
    ):
        assert caption in said
    assert "schools are in both SEND in mainstream and Closing the gap." in said
    tables = released_tables()
    for name in ("attrition", "balance", "overlap", "calibration"):
        tables[name] = tables[name].iloc[:0]
    said = part("design", tables) + part("error-rates", tables)
    assert "so no school is missing" in said
    assert "Too few schools on a side to judge." in said
    assert "No comparison has an estimate" in said
    assert "knows how the coming pupils" not in said


def test_changes_have_a_section_of_their_own():
    tables = released_tables()
    assert "There is nothing to set these results against" in part("changes", tables)
    tables["revisions"] = pd.DataFrame([MOVED])
    assert "−1.9 (provisional) −2.0 (revised)" in part("changes", tables)


def test_statements_that_are_not_in_the_pack_are_here():
    tables = released_tables()
    both = words_of(board_pack(tables, ())) + part("voices", tables)
    assert [quote for quote in tables["statements"]["quote"] if quote not in both] == []


def test_every_result_carries_its_release_status():
    report = technical_report(released_tables(), CHARTS)
    tables = [
        b for b in blocks_of(report) if isinstance(b, Table) and "Year and status" in b.columns
    ]
    assert len(tables) > 5
    for table in tables:
        at = table.columns.index("Year and status")
        for row in table.rows:
            assert re.search(r"\((provisional|final|school returns|not yet published)\)", row[at])


@pytest.mark.parametrize(
    ("status", "said"),
    [("suppressed", "11 ([c]) against 19 ([c])"), ("not_available", "11 against 19")],
)
def test_pupils_without_an_estimate_are_called_withheld_only_if_they_are(status: str, said: str):
    tables = released_tables()
    impact = tables["impact"]
    row = (impact["role"] == "headline") & (impact["measure"] == "ks2_rwm_expected")
    row &= impact["programme"] == "gap"
    impact.loc[row, ["n_programme_schools", "n_comparison_schools"]] = (11, 19)
    impact.loc[row, ["n_programme_pupils", "n_comparison_pupils", "estimate_low"]] = np.nan
    impact.loc[row, "figure_status"] = status
    table = word_tables.estimates("gap", released_rows(tables))
    at = table.columns.index("Schools (pupils)")
    assert said in [plain(cells[at]) for cells in table.rows]
