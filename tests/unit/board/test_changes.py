"""Changes after later results, in words and figures, all cited."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from pipelines.board.changes import NOTHING, Changes, changes
from pipelines.released.citations import plain, released_rows
from pipelines.released.questions import not_alike
from tests.released_fixture import released_tables, without_marks

MOVED = {
    "programme": "send",
    "level": "programme",
    "pupil_group": "sen_support",
    "measure": "ks2_reading_progress",
    "unit": "points",
    "academic_year": "2017-18",
    "from_status": "provisional",
    "to_status": "revised",
    "n_pupils_before": 120,
    "n_pupils_after": 130,
    "n_pupils_difference": 10,
    "before": -1.9,
    "after": -2.0,
    "difference": -0.1,
    "is_rounding": False,
    "figure_status": "shown",
    "verdict_before": "cannot_tell",
    "verdict_after": "worse",
}
CHANGE = {
    "programme": "send",
    "measure": "ks2_reading_progress",
    "pupil_group": "sen_support",
    "academic_year": "2017-18",
    "compared_with": "another_release",
    "published_on": None,
    "from_year": "2017-18",
    "from_status": "provisional",
    "to_status": "revised",
    "verdict_before": "cannot_tell",
    "verdict_after": "worse",
    "is_changed": True,
    "reason": None,
}


def made(revisions=(), verdicts=(), sources=None) -> Changes:
    tables = released_tables()
    if revisions:
        tables["revisions"] = pd.DataFrame(revisions)
    if verdicts:
        tables["verdict_change"] = pd.DataFrame(verdicts)
    if sources is not None:
        tables["source"] = pd.concat([tables["source"], pd.DataFrame(sources)], ignore_index=True)
    return changes(released_rows(tables))


def test_a_section_without_changes_says_so():
    found = made()
    assert found.sentences == (NOTHING,)
    assert found.figures.rows == ()


def test_a_figure_that_moved_is_listed_with_both_releases():
    (row,) = without_marks(made([MOVED]).figures).rows
    assert row == (
        "Reading progress",
        "pupils on SEN support",
        "SEND in mainstream",
        "2017-18",
        "−1.9 (provisional)",
        "−2.0 (revised)",
        "−0.1 points (revised)",
        "120, then 130",
        "changed",
    )


def test_rounding_withheld_and_unmoved_figures_are_distinguished():
    found = made(
        [
            MOVED | {"is_rounding": True, "level": "rest", "verdict_before": None},
            MOVED
            | dict.fromkeys(
                ("n_pupils_before", "n_pupils_after", "before", "after", "difference"), float("nan")
            )
            | {"programme": "all", "level": "authority", "figure_status": "suppressed"},
            MOVED | {"difference": 0.0, "programme": "gap"},
        ]
    )
    rest, authority = without_marks(found.figures).rows
    assert rest[2] == "other local schools than SEND in mainstream"
    assert rest[6] == "−0.1 points (rounding)"
    assert rest[8] == "–"
    assert authority[2] == "all local mainstream schools"
    assert authority[4:8] == ("[c] (provisional)", "[c] (revised)", "[c]", "[c], then [c]")
    assert plain(found.sentences[0]).startswith("1 of 3 figures read the same in both releases")


def test_every_number_is_cited():
    found = made([MOVED, MOVED | {"difference": 0.0, "programme": "gap"}], [CHANGE])
    for text in (*found.sentences, *(cell for row in found.figures.rows for cell in row)):
        bare = re.sub("\ue000[^\ue002]*\ue002", "", text)
        assert not re.search(r"\d", re.sub(r"20\d\d-\d\d|Key Stage \d", "", bare)), text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {},
            "The verdict changed. It was “cannot tell” on provisional results; it is “worse than the "
            "comparison schools” on revised results.",
        ),
        (
            {"verdict_after": "cannot_tell", "is_changed": False},
            "The verdict did not change. It is “cannot tell” on revised results, as it was on provisional "
            "results.",
        ),
        (
            {"compared_with": "last_publication", "published_on": "2018-10-02"},
            "It was “cannot tell” as published on 2 October 2018, on provisional results; it is “worse",
        ),
        (
            {"verdict_before": None, "is_changed": None, "reason": "too many schools are missing"},
            "No verdict can be set against another, on provisional results and on revised results: too "
            "many schools are missing.",
        ),
        (
            {"verdict_before": None, "is_changed": None},
            "a figure behind one of them is withheld.",
        ),
    ],
)
def test_the_text_says_whether_a_verdict_changed(change, words):
    (said,) = made(verdicts=[CHANGE | change]).sentences
    assert plain(said).startswith(
        "SEND in mainstream, reading progress of pupils on SEN support (Key Stage 2): "
    )
    assert words in plain(said)


def test_the_release_used_is_named_where_there_are_several():
    final = {
        "file": "final.csv",
        "kind": "ks2_pupils",
        "academic_year": "2017-18",
        "release_status": "final",
        "is_used": False,
    }
    (said,) = made(sources=[final]).sentences
    assert said == (
        "Of 2017-18, Key Stage 2, every number on this page rests on the provisional results, as the "
        "study’s protocol says. The final ones are kept beside them."
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("phonics_schools", "Phonics screening check"),
        ("ks1_schools", "Key Stage 1"),
        ("attendance_schools", "Attendance"),
    ],
)
def test_the_release_used_is_named_for_every_key_stage(kind, words):
    table = {"file": "a.csv", "kind": kind, "academic_year": "2017-18"}
    sources = [
        {**table, "release_status": "provisional", "is_used": False},
        {**table, "file": "b.csv", "release_status": "revised", "is_used": True},
    ]
    (said,) = made(sources=sources).sentences
    assert said.startswith(f"Of 2017-18, {words}, every number on this page rests on the revised")


def test_values_on_both_sides_of_a_break_are_called_not_comparable():
    tables = released_tables()
    tables["series_break"] = pd.DataFrame(
        [
            {
                "measure": "ks2_rwm_expected",
                "key_stage": "ks2",
                "academic_year": "2017-18",
                "what": "the writing framework changed in 2017-18",
                "source": "DfE",
            }
        ]
    )
    rows = released_rows(tables)
    said = not_alike("ks2_rwm_expected", ["2017-18", "2016-17"], rows)
    assert plain(said) == (
        "These years are not measured alike: the writing framework changed in 2017-18."
    )
    assert not_alike("ks2_rwm_expected", ["2016-17", "2015-16"], rows) == ""
    assert not_alike("ks2_reading_score", ["2017-18", "2016-17"], rows) == ""


def _of_year(year: str, verdict: str | None) -> dict[str, object]:
    return {
        "programme": "send",
        "measure": "ks2_reading_progress",
        "pupil_group": "sen_support",
        "academic_year": year,
        "verdict_so_far": verdict,
    }


def test_how_the_verdict_moved_as_years_came_in():
    tables = released_tables()
    tables["answer_by_year"] = pd.DataFrame(
        [_of_year("2017-18", "cannot_tell"), _of_year("2018-19", "better")]
    )
    (said,) = (plain(text) for text in changes(released_rows(tables)).sentences)
    assert said == (
        "SEND in mainstream, reading progress of pupils on SEN support (Key Stage 2), the verdict as years "
        "came in: 2017-18: cannot tell; 2018-19: better than the comparison schools."
    )


def test_a_publication_on_fewer_years_names_its_last():
    published = {
        "compared_with": "last_publication",
        "published_on": pd.Timestamp("2018-10-02"),
        "academic_year": "2018-19",
        "from_status": "provisional",
        "to_status": "provisional",
    }
    (said,) = made(verdicts=[CHANGE | published]).sentences
    assert "as published on 2 October 2018, on provisional results of 2017-18" in plain(said)
    (same,) = made(verdicts=[CHANGE | published | {"academic_year": "2017-18"}]).sentences
    assert "on provisional results; it" in plain(same)
