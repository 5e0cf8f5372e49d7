"""Charts mark a series break in picture and words, and nothing is averaged across it."""

from __future__ import annotations

from importlib import import_module
from xml.etree import ElementTree

import pandas as pd
import pytest

from pipelines.charts.chart import Chart
from tests.disclosure.coordinates import panels
from tests.released_fixture import released_tables

WHAT = "the writing framework changed in 2017-18"
AT = "Break in series at 2017-18."
SAID = f"Break in series at 2017-18: {WHAT}. Levels before and after are not comparable."
BY_YEAR = ("outcome_by_year", "gap_by_year")


def drawn(family: str, *, is_broken: bool, year: str = "2017-18") -> Chart:
    """The family's chart of one primary measure."""
    tables = released_tables()
    if is_broken:
        tables["series_break"] = pd.DataFrame(
            [
                {
                    "measure": measure,
                    "key_stage": "ks2",
                    "academic_year": year,
                    "what": WHAT,
                    "source": "DfE",
                }
                for measure in ("ks2_rwm_expected", "ks2_reading_progress")
            ]
        )
    charts = import_module(f"pipelines.charts.{family}").charts(tables)
    return next(chart for chart in charts if chart.name == f"{family}-gap-ks2_rwm_expected")


def words_of(chart: Chart) -> str:
    root = ElementTree.fromstring(chart.svg)  # noqa: S314 - made by this project a moment ago
    return " ".join(t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.parametrize("family", [*BY_YEAR, "baseline_outcome", "answer"])
def test_a_break_is_given_in_caption_and_alt_text(family):
    broken, whole = (drawn(family, is_broken=is_broken) for is_broken in (True, False))
    assert (AT if family == "answer" else SAID) in broken.caption
    assert AT in broken.alt_text
    assert "Break in series" not in whole.caption + whole.alt_text


@pytest.mark.parametrize("family", BY_YEAR)
def test_a_break_is_drawn_between_the_years_it_parts(family):
    broken, whole = (drawn(family, is_broken=is_broken) for is_broken in (True, False))
    assert "not measured alike" in " ".join(words_of(broken).split())
    assert "not measured alike" not in " ".join(words_of(whole).split())


def test_no_line_runs_across_a_break():
    broken, whole = (drawn("outcome_by_year", is_broken=b) for b in (True, False))

    def years_joined(chart: Chart) -> list[int]:
        lines = [line for panel in panels(chart.svg) if panel.is_scaled for line in panel.lines]
        return [len(line) for line in lines if line[0][0] != line[-1][0]]

    assert years_joined(whole) == [3, 3]
    assert years_joined(broken) == [2, 2]


def test_titles_of_the_outcome_year_alone_are_the_same_across_a_break():
    broken, whole = (drawn("gap_by_year", is_broken=is_broken) for is_broken in (True, False))
    assert broken.title == whole.title
    assert broken.title.startswith("2017-18")


def test_no_title_counts_schools_across_a_break():
    assert drawn("baseline_outcome", is_broken=False).title.startswith("Higher in ")
    assert drawn("baseline_outcome", is_broken=True).title == (
        "Measured differently before and after: cannot tell which schools rose"
    )


def test_the_change_since_last_year_is_not_touched_by_an_older_break():
    assert "Break" not in drawn("answer", is_broken=True, year="2016-17").caption


@pytest.mark.parametrize("family", [*BY_YEAR, "baseline_outcome", "answer"])
def test_a_break_after_the_study_is_not_in_its_charts(family):
    """The table also has breaks in later years, for the authority's published results."""
    later, whole = drawn(family, is_broken=True, year="2018-19"), drawn(family, is_broken=False)
    assert (later.caption, later.title, later.svg) == (whole.caption, whole.title, whole.svg)


def test_published_results_have_the_breaks_of_their_own_years():
    def caption(year: str, shown_from: str, until: str) -> str:
        tables = released_tables()
        tables["series_break"] = pd.DataFrame(
            [
                {
                    **{"measure": "ks2_rwm_expected", "key_stage": "ks2", "academic_year": year},
                    **{"what": WHAT, "source": "DfE"},
                }
            ]
        )
        context = tables["authority_context"]
        years = sorted(context["academic_year"].unique())
        spread = dict(zip((years[0], years[-1]), (shown_from, until), strict=True))
        kept = context[context["academic_year"].isin(spread)]
        tables["authority_context"] = kept.assign(academic_year=kept["academic_year"].map(spread))
        name = "authority_context-sen_support-ks2_rwm_expected"
        charts = import_module("pipelines.charts.authority_context").charts(tables)
        return next(chart.caption for chart in charts if chart.name == name)

    assert "Break in series at 2018-19" in caption("2018-19", "2017-18", "2018-19")
    assert "Break in series" not in caption("2017-18", "2017-18", "2018-19")
