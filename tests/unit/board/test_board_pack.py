"""The board pack as a whole: sections, the order of charts, parts left out, and its end."""

from __future__ import annotations

import pandas as pd
import pytest

from pipelines.board.board_pack import board_pack, dated
from pipelines.board.outlook import what_will_change, words_used
from pipelines.board.voices import balanced
from pipelines.document.blocks import Columns, Figure, Quote, Table, blocks_of
from pipelines.released.citations import plain, released_rows
from tests.packs import CHARTS, chart, words_of
from tests.released_fixture import released_tables


def section(id_: str, tables: dict[str, pd.DataFrame] | None = None, charts=CHARTS):
    pack = board_pack(released_tables() if tables is None else tables, charts)
    return next(section for section in pack.sections if section.id == id_)


def test_sections_are_in_the_board_s_reading_order():
    pack = board_pack(released_tables(), CHARTS)
    assert [section.id for section in pack.sections] == [
        "programme-send", "programme-gap", "programme-lowest", "claims", "schools", "schools-say",
        "case-studies", "next",
    ]  # fmt: skip
    assert all(section.starts_page for section in pack.sections)


def test_the_first_line_says_whose_results_when_and_how_final():
    kicker = plain(board_pack(released_tables(), ()).kicker)
    assert kicker == (
        "Westhaven · Education Advisory Board · school returns and provisional results of 2017-18 · "
        "2 October 2018 · DRAFT until a person releases it · invented example: nothing here describes a real "
        "place"
    )
    tables = released_tables()
    tables["study"]["is_fictional"] = False
    tables["study"]["prepared_for"] = None
    assert plain(board_pack(tables, ()).kicker).startswith("Westhaven · school returns and")
    assert "invented" not in board_pack(tables, ()).kicker


def test_charts_of_a_programme_are_on_its_page():
    names = [b.name for b in blocks_of(section("programme-send")) if isinstance(b, Figure)]
    assert names == ["outcome_by_year-send-ks2_reading_progress"]


def test_a_programme_s_page_shows_its_first_main_measure_with_an_estimate():
    two = (
        chart("outcome_by_year-send-ks4_attainment8"),
        chart("outcome_by_year-send-ks2_reading_progress"),
    )
    names = [
        b.name for b in blocks_of(section("programme-send", charts=two)) if isinstance(b, Figure)
    ]
    assert names == ["outcome_by_year-send-ks2_reading_progress"]


def test_a_programme_s_page_has_facts_verdicts_reasons_and_three_limits():
    said = words_of(section("programme-send"))
    assert "£200,000 is about £105 for each of the 1,900 pupils on SEN support" in said
    assert "Cannot tell (provisional)" in said
    assert "11 of the 18 schools have Key Stage 2 results that can be compared" in said
    (terms,) = [b for b in blocks_of(section("programme-send")) if b.kind == "terms"]
    assert len(terms.items) == 3
    placebo = words_of(section("programme-lowest"))
    assert "No such programme existed." in placebo
    assert "£" not in placebo
    assert "No such programme existed." not in said


def test_every_school_is_listed_once_with_its_programmes_or_none():
    tables = released_tables()
    tables["enrolment"] = pd.concat(
        [
            tables["enrolment"],
            pd.DataFrame(
                {"school_name": ["Lone School"], "programme": [None], "start_date": [pd.NaT]}
            ),
        ],
        ignore_index=True,
    )
    (table,) = [b for b in blocks_of(section("schools", tables)) if isinstance(b, Table)]
    by_school = {plain(name): plain(programmes) for name, programmes in table.rows}
    assert len(by_school) == len(table.rows) == tables["enrolment"]["school_name"].nunique()
    assert by_school["Lone School"] == "in none"
    assert by_school["Harbour 12 Primary School"].startswith("SEND in mainstream; Closing the gap")
    said = words_of(section("schools", tables))
    assert "1 of them is in no programme." in said
    assert "6 take part in more than one of the evaluated programmes" in said


def test_six_quotes_are_balanced_over_tones_and_programmes():
    rows = released_rows(
        {
            "statements": pd.DataFrame(
                [
                    {"programme": programme, "tone": tone, "quote": f"{programme} {tone} {n}"}
                    for programme in ("send", "gap")
                    for tone in ("positive", "positive", "mixed", "negative")
                    for n in range(2)
                ]
            )
        }
    )["statements"]
    shown = balanced(rows)
    assert [(row["tone"], row["programme"]) for row in shown] == [
        (tone, programme)
        for tone in ("positive", "mixed", "negative")
        for programme in ("send", "gap")
    ]
    assert balanced(rows[:1]) == rows[:1]
    assert balanced(()) == []


def test_schools_are_quoted_as_consented():
    quotes = [b for b in blocks_of(section("schools-say")) if isinstance(b, Quote)]
    shown = released_tables()["statements"]
    assert 0 < len(quotes) <= 6
    assert {plain(quote.text) for quote in quotes} <= set(shown["quote"])


def test_parts_without_content_disappear():
    tables = released_tables()
    for name in (
        "statements", "statement_rule", "case_studies", "evaluation_summary", "claims", "priority",
        "enrolment",
    ):  # fmt: skip
        tables[name] = tables[name].iloc[:0]
    ids = [section.id for section in board_pack(tables, ()).sections]
    assert ids == ["programme-send", "programme-gap", "programme-lowest", "next"]


def test_what_comes_next_has_reasons_words_and_whom_to_ask():
    said = words_of(section("next"))
    assert "Attainment 8, 2017-18 (Key Stage 4)" in said
    assert "mid-October" in said
    assert "Revised results of Key Stage 2 and Key Stage 4 follow." in said
    assert "Questions: Analysts of Westhaven." in said
    for word in ("Cannot tell", "Other schools", "SEN support", "Disadvantaged pupils", "[c]"):
        assert word in said
    tables = released_tables()
    tables["study"]["contact"] = None
    assert "Questions: to whoever gave you this pack." in words_of(section("next", tables))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("provisional", "Revised results of Key Stage 2 and Key Stage 4 follow."),
        ("revised", "Final ones can still differ a little."),
        ("final", "The results used here are final."),
        (None, "made again by the same rules when results are published."),
    ],
)
def test_the_text_says_whether_results_can_still_change(status, words):
    tables = released_tables()
    tables["impact"]["release_status"] = status
    assert words in what_will_change(released_rows(tables))


@pytest.mark.parametrize(
    ("n_missing", "words"),
    [(10, "School 1; School 2; "), (11, "11 schools: see “Schools by programme”")],
)
def test_more_than_ten_exceptions_to_a_claim_are_counted_not_named(n_missing, words):
    tables = released_tables()
    claim = tables["claims"]["claim"].str.startswith("Every school")
    names = "; ".join(f"School {n}" for n in range(1, n_missing + 1))
    tables["claims"].loc[claim, ["numerator", "denominator"]] = [60 - n_missing, 60]
    tables["claims"].loc[claim, "exceptions"] = names
    (table,) = [b for b in section("claims", tables).blocks if isinstance(b, Table)]
    (exceptions,) = [plain(row[-1]) for row in table.rows if plain(row[0]).startswith("Every")]
    assert exceptions.startswith(words)


def test_the_authority_s_figures_are_those_of_the_programmes_pupils_under_their_heading():
    tables = released_tables()
    context = tables["authority_context"]
    everyone = context.assign(pupil_group="all", value=context["value"] + 0.4)
    tables["authority_context"] = pd.concat([context, everyone], ignore_index=True)
    names = ("authority_context-sen_support", "authority_context-all", "support_timeline")
    charts = [chart(f"{name}-ks2_rwm_expected" if "-" in name else name) for name in names]
    for target in ("all", "sen_support"):
        tables["programme"]["target_group"] = target
        tables["measure"].loc[tables["measure"]["measure"] == "ks2_rwm_expected", "is_primary"] = (
            True
        )
        last = board_pack(tables, charts).sections[-1]
        (columns,) = [b for b in last.blocks if isinstance(b, Columns)]
        support, beside = columns.cells
        assert [getattr(b, "text", "") for b in (support[0], beside[0])] == [
            "When support began, and when tests came",
            "The authority beside others",
        ]
        assert [b.name for b in beside if isinstance(b, Figure)] == [
            f"authority_context-{target}-ks2_rwm_expected"
        ]
    tables["programme"]["target_group"] = "ehc_plan"
    assert "The authority beside others" not in words_of(board_pack(tables, charts).sections[-1])


def test_a_programme_s_page_shows_every_main_measure_that_has_an_estimate():
    tables = released_tables()
    measures = ("ks2_rwm_expected", "ks4_basics_94")
    charts = [chart(f"outcome_by_year-gap-{measure}") for measure in measures]
    for n_estimated in (1, 2):
        headline = (tables["impact"]["role"] == "headline") & (
            tables["impact"]["programme"] == "gap"
        )
        estimated = headline & tables["impact"]["measure"].isin(measures[:n_estimated])
        tables["impact"].loc[estimated, "figure_status"] = "shown"
        page = next(s for s in board_pack(tables, charts).sections if s.id == "programme-gap")
        shown = [b.name for b in blocks_of(page) if isinstance(b, Figure)]
        assert shown == [f"outcome_by_year-gap-{measure}" for measure in measures[:n_estimated]]


@pytest.mark.parametrize("n_withheld", [0, 2])
def test_the_mark_for_a_withheld_figure_is_explained_only_where_one_is_withheld(n_withheld):
    tables = released_tables()
    tables["withheld"]["n_withheld"] = 0
    tables["withheld"].loc[0, "n_withheld"] = n_withheld
    terms = [term.subject for term in words_used(released_rows(tables))]
    assert ("[c]" in terms) is bool(n_withheld)


@pytest.mark.parametrize("status", ["provisional", "revised"])
def test_a_release_that_is_on_file_is_not_announced(status):
    tables = released_tables()
    tables["impact"]["release_status"] = status
    kinds = [f"{key_stage}_pupils" for key_stage in ("ks2", "ks4")]
    on_file = [
        {"kind": kind, "academic_year": "2017-18", "release_status": release, "is_used": used}
        for kind in kinds
        for release, used in ((status, True), ("final", False))
    ]
    tables["source"] = pd.concat([tables["source"], pd.DataFrame(on_file)], ignore_index=True)
    said = what_will_change(released_rows(tables))
    assert said == "Later results than those used here are on file already: no others are awaited."
    (asked,) = [b for b in board_pack(tables, ()).opening if isinstance(b, Table)]
    assert "follow" not in words_of(asked)


def test_every_document_ends_with_licence_and_fingerprints():
    tables = released_tables()
    tables["source"]["licence"] = "Open Government Licence v3.0"
    said = words_of(board_pack(tables, ()).closing)
    assert "Licence of the data: Open Government Licence v3.0." in said
    assert "Protocol 3f1c9a0b7d42." in said


def test_the_pack_has_the_date_of_its_figures():
    tables = released_tables()
    assert dated(tables).isoformat() == "2018-10-02"
    tables["study"]["as_at"] = pd.NaT
    assert dated(tables).isoformat() == "2018-09-01"
