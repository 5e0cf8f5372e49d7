"""All charts' requirements, on hand-made released tables: words, data, marks, bytes."""

import contextlib
import dataclasses
import re
import subprocess
import sys
from xml.etree import ElementTree

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from pipelines.charts import gallery, power_curve, style
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart
from pipelines.released.citations import cite_quotes, parts
from pipelines.released.wording import NUMBER
from tests.disclosure.coordinates import panels
from tests.released_fixture import (
    WITHHELD_MEAN,
    released_tables,
    with_headlines_alone,
)

PALETTE = {"#12436d", "#28a197", "#801650", "#f46a25", "#3d3d3d", "#a285d1", "#2073bc", "#6bace6"}
NEUTRAL = {c.lower() for c in (style.TEXT, style.RULE, style.GRID, style.BAND, style.WHITE)}
FORBIDDEN = re.compile(
    r"\b(prov(ed|es|en)|caus(ed|es)|significan\w*|no (effect|change|impact|difference))\b", re.I
)


@pytest.fixture(scope="module")
def charts() -> dict[str, Chart]:
    return {chart.name: chart for chart in gallery.draw_all(released_tables())}


def redraw(tables: dict[str, pd.DataFrame], *families: str) -> dict[str, Chart]:
    asked = families or gallery.FAMILIES
    return {chart.name: chart for family in asked for chart in gallery.draw(family, tables)}


def test_a_family_reads_no_table_but_those_it_names():
    tables = released_tables()
    # Charts look up the reason for a year without results.
    tables["comparison"] = tables["comparison"][tables["comparison"]["academic_year"] != "2017-18"]
    drawn = {
        family: gallery.draw(family, {name: tables[name] for name in names})
        for family, names in gallery.FAMILIES.items()
    }
    assert all(drawn.values()), "each family has something to draw, so each read its tables"
    with pytest.raises(KeyError, match="evaluation_summary"):
        gallery.draw(
            "evaluation_answers", {name: tables[name] for name in ("study", "programme", "source")}
        )


def words_drawn(chart: Chart) -> str:
    root = ElementTree.fromstring(chart.svg)  # noqa: S314 - made by this project a moment ago
    return " ".join(t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}text"))


def all_words(chart: Chart) -> str:
    return " ".join(
        (chart.title, chart.alt_text, chart.caption, words_drawn(chart), chart.data.to_csv())
    )


def test_every_family_draws_what_the_tables_allow(charts):
    assert set(charts) == {
        "answer-send-ks2_reading_progress",
        "answer-gap-ks2_rwm_expected",
        "answer-lowest-ks2_rwm_expected",
        "headline_effects",
        "support_timeline",
        "power_curve-send-ks2_reading_progress",
        "power_curve-gap-ks2_rwm_expected",
        "outcome_by_year-send-ks2_reading_progress",
        "outcome_by_year-send-ks4_attainment8",
        "outcome_by_year-gap-ks2_rwm_expected",
        "outcome_by_year-gap-ks4_basics_94",
        "outcome_by_year-lowest-ks2_rwm_expected",
        "gap_by_year-gap-ks2_rwm_expected",
        "gap_by_year-gap-ks4_basics_94",
        "gap_by_year-lowest-ks2_rwm_expected",
        "baseline_outcome-gap-ks2_rwm_expected",
        "baseline_outcome-lowest-ks2_rwm_expected",
        "methods-send-ks2_reading_progress",
        "methods-gap-ks2_rwm_expected",
        "methods-lowest-ks2_rwm_expected",
        "authority_context-sen_support-ks2_rwm_expected",
        "priorities",
        "evaluation_answers",
    }


def test_titles_are_findings_of_ten_words_or_fewer(charts):
    titles = {name: chart.title for name, chart in charts.items()}
    assert all(0 < len(title.split()) <= MAX_TITLE_WORDS for title in titles.values())
    assert titles["headline_effects"] == "Cannot tell whether either programme helped"
    assert (
        titles["outcome_by_year-send-ks2_reading_progress"]
        == "Reading progress: cannot tell whether SEND in mainstream helped"
    )
    assert (
        titles["answer-lowest-ks2_rwm_expected"]
        == "No programme existed; cannot tell: gains and losses both fit"
    )
    assert titles["outcome_by_year-send-ks4_attainment8"].endswith("not yet published")


def test_long_names_still_give_titles_of_ten_words():
    tables = released_tables()
    long = "A programme with a very long name that its funder insisted upon using"
    tables["programme"].loc[tables["programme"]["is_evaluated"], "title"] = long
    tables["measure"]["label"] = "The share of pupils who reach a standard that takes long to say"
    drawn = redraw(tables).values()
    # A placebo's row is marked as one, however short its name is cut.
    assert any(
        "No such programme – " in words_drawn(c) for c in drawn if c.name == "headline_effects"
    )
    assert all(len(c.title.split()) <= MAX_TITLE_WORDS for c in drawn)
    sizes = {size for c in drawn for size in re.findall(rb"font-size: ([\d.]+)px", c.svg)}
    assert len(sizes) > 1
    assert min(map(float, sizes)) >= style.SMALL_SIZE


def test_every_chart_can_be_read_on_a_phone(charts):
    """A phone 390 pixels wide leaves 358 for a chart, whose smallest letters must have 9."""
    for name, chart in charts.items():
        (width,) = re.findall(rb'<svg[^>]* viewBox="0 0 ([\d.]+) ', chart.svg)
        sizes = re.findall(rb"font(?:-size)?: (?:\d+ )?([\d.]+)px", chart.svg)
        assert min(map(float, sizes)) * 358 / float(width) >= 9, name


@pytest.mark.parametrize(
    ("verdict", "headline", "by_year"),
    [
        ("better", "Of 2 outcomes: 1 better, 1 cannot tell", "better than expected"),
        ("worse", "Of 2 outcomes: 1 worse, 1 cannot tell", "worse than expected"),
        ("no_meaningful_difference", "Of 2 outcomes: 1 too small", "too small to matter"),
        ("cannot_tell", "Cannot tell whether SEND in mainstream helped", "cannot tell whether"),
    ],
)
def test_titles_follow_the_verdict(verdict, headline, by_year):
    tables = released_tables()
    impact = tables["impact"]
    judged = (
        (impact["programme"] == "send")
        & (impact["measure"] == "ks2_reading_progress")
        & (impact["role"] == "headline")
    )
    impact.loc[judged, "verdict"] = verdict
    tables["programme"] = tables["programme"][tables["programme"]["programme"] == "send"]
    drawn = redraw(tables, "headline_effects", "outcome_by_year", "answer")
    assert drawn["headline_effects"].title.startswith(headline)
    assert by_year in drawn["outcome_by_year-send-ks2_reading_progress"].title
    assert drawn[SEND].title.startswith("Cannot tell") == (verdict == "cannot_tell")


def test_words_never_claim_too_much(charts):
    for chart in charts.values():
        assert not FORBIDDEN.search(all_words(chart)), chart.name


def test_placebo_charts_say_that_no_programme_existed(charts):
    mine = [chart for name, chart in charts.items() if "-lowest-" in name]
    assert len(mine) == 5
    for chart in mine:
        assert chart.title.startswith("No programme existed")
        assert "No such programme existed" in chart.alt_text


def test_caption_names_place_period_status_and_source_and_is_short(charts):
    for name, chart in charts.items():
        for needed in ("Westhaven (fictional)", "2017-18", "Source: "):
            assert needed in chart.caption, name
        assert len(chart.caption.split()) <= 60, name
        sentences = re.split(r"(?<=[.?]) (?=[A-Z])", chart.alt_text)
        assert len(sentences) <= 2 + ("No such programme" in chart.alt_text), name
    assert "2017-18 school returns" in charts["outcome_by_year-gap-ks4_basics_94"].caption


SEND = "answer-send-ks2_reading_progress"
NAMED = re.compile(
    r"\b(20\d\d-\d\d|Key Stages? [24]( and 4)?|Year \d+|(Attainment|Progress) 8|[Gg]rade \d|95%)(?!\d)"
)


def test_every_number_in_a_chart_s_words_is_in_its_data(charts):
    for name, chart in charts.items():
        words = ((chart.title, chart.title_from), (chart.caption, chart.caption_from))
        for text, quotes in words:
            said = cite_quotes(text, name, quotes)
            left = "".join(words for words, where in parts(said) if not where)
            assert not re.search(r"\d", NAMED.sub("", left)), f"{name}: {left}"
            assert len([where for _, where in parts(said) if where]) == len(quotes), name
        figures = set(NUMBER.findall(chart.data.to_csv()))
        assert set(NUMBER.findall(NAMED.sub("", chart.alt_text))) <= figures, name


def test_a_number_follows_the_cell_it_is_said_to_be_from(charts):
    """Changing the cited cell changes the number, so it is not an equal number from elsewhere."""
    title = charts["priorities"].title
    tables = released_tables()
    most = tables["priority"]["n_schools"].idxmax()
    tables["priority"].loc[most, "n_schools"] += 1
    chart = redraw(tables, "priorities")["priorities"]
    assert chart.title != title
    changed = chart.title_from[1]
    assert chart.data[changed.column].iloc[changed.rows[0]] == changed.number


@pytest.mark.parametrize(
    "wrong",
    [
        {"rows": (1,)},
        {"column": "Programmes"},
        {"column": "No such heading"},
        {"rows": (99,)},
        {"number": "1"},
        {"is_count": True},
    ],
)
def test_a_number_from_another_cell_is_refused(charts, wrong):
    chart = charts["priorities"]
    first = chart.title_from[0]
    assert first.is_in(chart.data)
    assert first.rows != wrong.get("rows")
    with pytest.raises(ValueError, match="is not where"):
        planted = (dataclasses.replace(first, **wrong), *chart.title_from[1:])
        dataclasses.replace(chart, title_from=planted)


def test_a_count_of_verdicts_says_which_rows_it_counts():
    tables = released_tables()
    impact = tables["impact"]
    judged = (impact["measure"] == "ks2_reading_progress") & (impact["role"] == "headline")
    impact.loc[judged, "verdict"] = "better"
    chart = redraw(tables, "headline_effects")["headline_effects"]
    assert chart.title.startswith("Of ")
    everyone, better, *_ = chart.title_from
    assert len(everyone.rows) == int(everyone.number)
    verdicts = chart.data["Verdict"].iloc[list(better.rows)]
    assert len(verdicts) == int(better.number)
    assert verdicts.str.startswith("better").all()


def test_data_are_text_with_human_headings(charts):
    for chart in charts.values():
        assert chart.data.notna().all(axis=None), chart.name
        assert all(isinstance(v, str) for v in chart.data.to_numpy().ravel()), chart.name
        assert not any("_" in str(heading) for heading in chart.data.columns), chart.name
        assert not re.search(r"(^|[ ,(])-\d", chart.data.to_csv(index=False)), chart.name


def test_same_tables_give_the_same_bytes(charts):
    again = redraw(released_tables())
    for name, chart in charts.items():
        assert again[name].svg == chart.svg, name
        assert again[name].png == chart.png, name
        assert chart.png.startswith(b"\x89PNG"), name


def test_svg_has_real_text_a_title_and_ids_no_other_chart_has(charts):
    seen: set[str] = set()
    for name, chart in charts.items():
        svg = chart.svg.decode()
        flat = " ".join(words_drawn(chart).split())
        assert chart.title in flat, name
        assert f'<title id="{name}-title">' in svg
        assert "sans-serif" in svg
        assert "<style" not in svg, "matplotlib styles `*`, which in a page is the page"
        ids = re.findall(r'\bid="([^"]+)"', svg)
        assert len(ids) == len(set(ids))
        assert not seen & set(ids)
        seen |= set(ids)
        refs = set(re.findall(r'(?:href="#|url\(#)([^")]+)', svg))
        assert refs <= set(ids), name
        labelled = re.search(r'aria-labelledby="([^"]+)"', svg)
        assert labelled is not None
        assert set(labelled[1].split()) <= set(ids)


def test_colours_are_at_most_four_of_the_palette(charts):
    for chart in charts.values():
        used = set(re.findall(r"#[0-9a-f]{6}\b", chart.svg.decode().lower()))
        assert used <= PALETTE | NEUTRAL, chart.name
        assert 1 <= len(used & PALETTE) <= 4, chart.name


@pytest.mark.parametrize("colour", [style.DARK_BLUE, style.ORANGE, style.RULE])
def test_marks_contrast_with_the_page(colour):
    assert contrast(colour, style.WHITE) >= 3


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_a_withheld_mean_leaves_no_trace_even_if_the_number_were_still_there():
    """The picture of a withheld cell is the same for any mean, so nothing can be measured."""
    drawn = []
    for mean in (WITHHELD_MEAN, float("nan")):
        tables = released_tables()
        cells = tables["comparison"]
        hidden = (
            (cells["programme"] == "gap")
            & (cells["arm"] == "programme")
            & (cells["academic_year"] == "2016-17")
        )
        assert hidden.sum() == 6
        cells.loc[hidden, "figure_status"] = "suppressed"
        cells.loc[hidden, ["mean", "ci_low", "ci_high"]] = mean
        drawn.append(redraw(tables, "outcome_by_year", "gap_by_year"))
    for name in ("outcome_by_year-gap-ks2_rwm_expected", "gap_by_year-gap-ks2_rwm_expected"):
        with_number, without = (charts[name] for charts in drawn)
        assert with_number.svg == without.svg
        assert with_number.png == without.png
        assert with_number.data.equals(without.data)
        assert with_number.alt_text == without.alt_text
        assert "[c]" in words_drawn(without)
        assert "[c]" in without.data.to_csv()


def test_a_missing_year_is_marked_with_its_reason_and_never_zero(charts):
    chart = charts["outcome_by_year-send-ks4_attainment8"]
    assert "not yet published" in " ".join(words_drawn(chart).split())
    assert "not yet published in 2017-18" in chart.alt_text
    last = chart.data[chart.data["Year"] == "2017-18"]
    assert set(last["Attainment 8"]) == {"not yet published"}
    assert "0.0" not in set(chart.data["Attainment 8"])


@pytest.mark.parametrize("family", ["outcome_by_year", "gap_by_year"])
def test_a_side_without_schools_in_a_year_has_no_figure_and_is_not_awaited(family):
    tables = released_tables()
    comparison = tables["comparison"]
    is_gone = (comparison["arm"] == "programme") & (comparison["academic_year"] == "2016-17")
    tables["comparison"] = comparison[~is_gone]
    chart = redraw(tables, family)[f"{family}-gap-ks2_rwm_expected"]
    is_own = chart.data["Schools"].str.startswith("Programme")
    (row,) = chart.data[is_own & (chart.data["Year"] == "2016-17")].to_dict("records")
    assert row["Release status"] == "no figure"
    assert "not yet published" not in all_words(chart)


def test_points_of_schools_have_the_decimals_they_are_released_with(charts):
    tables = released_tables()
    tables["measure"] = tables["measure"].assign(decimals=2)
    name = "baseline_outcome-gap-ks2_rwm_expected"
    assert redraw(tables, "baseline_outcome")[name].data.equals(charts[name].data)


def test_pupils_of_every_group_are_counted_as_pupils():
    tables = released_tables()
    tables["priority"] = tables["priority"].assign(target_group="all")
    words = all_words(redraw(tables, "priorities")["priorities"])
    assert "pupils with results, " in words
    assert "all pupils" not in words


def test_an_interval_that_is_cut_has_an_arrow_and_one_that_is_not_there_is_not_drawn(charts):
    name = "outcome_by_year-gap-ks2_rwm_expected"
    assert "arrow" not in words_drawn(charts[name])
    tables = released_tables()
    cells = tables["comparison"]
    key = ["programme", "arm", "measure", "pupil_group"]
    about = ["gap", "programme", "ks2_rwm_expected", "disadvantaged"]
    mine = (cells[key] == about).all(axis=1)
    cells.loc[mine & (cells["academic_year"] == "2015-16"), "ci_low"] = -0.05
    cells.loc[mine & (cells["academic_year"] == "2016-17"), ["ci_low", "ci_high"]] = float("nan")
    drawn = redraw(tables, "outcome_by_year", "gap_by_year")
    assert "arrow" in words_drawn(drawn[name])
    cut, absent = drawn[name].data["95% interval"].iloc[:2]
    assert cut.startswith("0% to ")
    assert absent == "not available"
    n_lines = [chart.svg.count(b"stroke-width: 1.2") for chart in (charts[name], drawn[name])]
    # One more line, with an arrow, and one interval fewer.
    assert n_lines == [6, 6]
    assert drawn[name].svg.count(b"<use") == charts[name].svg.count(b"<use") + 1


def test_a_headline_without_an_estimate_is_named_with_its_reason(charts):
    chart = charts["headline_effects"]
    drawn = " ".join(words_drawn(chart).split())
    for reason in ("4 programme schools have results", "is published in mid-October"):
        assert reason in drawn
        assert reason in chart.alt_text
        assert chart.data["Why"].str.contains(reason).any()


def test_support_and_tests_are_placed_in_time(charts):
    chart = charts["outcome_by_year-send-ks2_reading_progress"]
    said = "support from January 2018, tests in May 2018"
    assert said in chart.alt_text
    assert set(chart.data["Timing"]) == {
        said.capitalize().replace("january", "January").replace("may", "May")
    }
    (strip,) = [p for p in panels(chart.svg) if len(p.lines) == 6]
    left, right = strip.lines[0][0][0], strip.lines[0][1][0]
    year = (right - left) / 3
    places = [(line[0][0] - left) / year for line in strip.lines[2:]]
    # Years start in September: 8 January 2018 is day 129 of the third year, 1 May is day 242.
    assert places[0] == pytest.approx(2 + 129 / 366, abs=0.01)
    assert places[1:] == pytest.approx([n + 242 / 366 for n in range(3)], abs=0.01)


def test_months_from_start_to_first_test_are_counted_and_cited(charts):
    chart = charts["support_timeline"]
    assert chart.title == "Tests came 4 and 8 months after support began"
    months = dict(
        zip(chart.data["Programme"], chart.data["Months from start to first test"], strict=True)
    )
    assert months == {"SEND in mainstream": "4 months", "Closing the gap": "8 months"}
    assert [quote.number for quote in chart.title_from] == ["4", "8"]


@pytest.mark.parametrize(
    ("starts", "title"),
    [
        ("2018-06-04", "Some tests came before the support began"),
        ("2017-09-04", "Tests came 8 months after support began"),
        (None, None),
    ],
)
def test_the_timeline_says_when_support_began(starts, title):
    tables = released_tables()
    tables["programme"]["starts"] = pd.Timestamp(starts) if starts else pd.NaT
    drawn = redraw(tables, "support_timeline")
    assert [chart.title for chart in drawn.values()] == ([title] if title else [])


def test_power_is_the_normal_approximation_of_the_released_mde(charts):
    # At the mde of 2.6 points: 80%. At no effect: 5% on both sides together, so 2.5% on one.
    assert power_curve.power(2.6, 2.6) == pytest.approx(0.8)
    assert power_curve.power(0.0, 2.6) == pytest.approx(0.025)
    assert power_curve.power(-1.0, 2.6) == pytest.approx(norm.cdf(2.8016 / 2.6 - 1.96), abs=1e-4)
    chart = charts["power_curve-send-ks2_reading_progress"]
    assert chart.title == "An effect worth having: seen in 19 of 100 studies"
    worth, likely = chart.data.head(2).to_numpy().tolist()
    assert worth == ["1.0 points", "19 of 100", "worth having"]
    assert likely == ["2.6 points", "80 of 100", "likely to show"]


@pytest.mark.parametrize("small", [0.001, 2.0, 4.0, 50.0, float("nan")])
def test_any_smallest_effect_has_a_curve(small):
    tables = released_tables()
    tables["measure"]["smallest_effect"] = small
    chart = redraw(tables, "power_curve")["power_curve-send-ks2_reading_progress"]
    assert "likely to show" in chart.data["What it is"].tolist()
    assert 10 < len(chart.data) < 80


def test_a_placebo_has_no_support_to_show(charts):
    chart = charts["outcome_by_year-lowest-ks2_rwm_expected"]
    assert "support" not in all_words(chart)
    assert set(chart.data["Timing"]) == {"–"}


def test_no_school_level_chart_for_pupils_on_sen_support(charts):
    assert not any(name.startswith("baseline_outcome-send") for name in charts)


def test_the_latest_release_status_of_a_year_is_drawn():
    tables = released_tables()
    cells = tables["comparison"]
    now = (
        (cells["programme"] == "send")
        & (cells["measure"] == "ks2_reading_progress")
        & (cells["academic_year"] == "2017-18")
    )
    revised = cells[now].assign(release_status="revised", mean=-7.7, ci_low=-8.7, ci_high=-6.7)
    tables["comparison"] = pd.concat([revised, cells], ignore_index=True)
    chart = redraw(tables, "outcome_by_year")["outcome_by_year-send-ks2_reading_progress"]
    assert "−7.7" in words_drawn(chart)
    assert "2017-18 revised" in chart.caption


def test_tables_from_the_database_give_the_same_charts(charts):
    """Notebooks and pages read tables from DuckDB, which has its own types for NULLs and dates."""
    tables = {}
    with contextlib.closing(duckdb.connect()) as connection:
        for name, table in released_tables().items():
            connection.register("frame", table)
            tables[name] = connection.execute("SELECT * FROM frame").df()
    for name, chart in redraw(tables).items():
        assert chart.svg == charts[name].svg, name
        assert chart.data.equals(charts[name].data), name


def test_a_plain_change_without_an_interval_is_still_drawn(charts):
    tables = released_tables()
    tables["impact"].loc[tables["impact"]["role"] == "naive", ["ci_low", "ci_high"]] = float("nan")
    chart = redraw(tables, "answer")[SEND]
    assert chart.svg == charts[SEND].svg
    assert chart.data["95% interval"].tolist()[2] == "not available"


def test_a_headline_without_other_methods_has_no_chart_of_methods():
    assert redraw(with_headlines_alone(released_tables()), "methods") == {}


def of_send(tables: dict[str, pd.DataFrame], estimator: str) -> pd.Series:
    impact = tables["impact"]
    is_reading = impact["measure"] == "ks2_reading_progress"
    return is_reading & (impact["programme"] == "send") & (impact["estimator"] == estimator)


def test_the_answer_has_a_row_for_each_selection_and_the_plain_change(charts):
    chart = charts[SEND]
    drawn = words_drawn(chart)
    for words in ("If picked on last year’s results:", "If picked for a lasting need:"):
        assert words in drawn
    assert "← worse better →" in " ".join(drawn.split())
    assert chart.data["Difference"].tolist() == ["+0.6", "+1.7", "+2.8", "between +0.6 and +1.7"]
    assert "<title>If picked for a lasting need: +1.7 (95%: between −0.2 and +3.6)</title>" in (
        chart.svg.decode()
    )


@pytest.mark.parametrize("is_placebo", [False, True])
def test_two_answers_of_one_programme_name_their_year_groups(is_placebo):
    tables = released_tables()
    impact = tables["impact"]
    of_gap = impact["programme"] == "gap"
    main = impact[of_gap & (impact["measure"] == "ks2_rwm_expected")]
    impact = impact[~(of_gap & (impact["measure"] == "ks4_basics_94"))]
    tables["impact"] = pd.concat([impact, main.assign(measure="ks4_basics_94")], ignore_index=True)
    tables["programme"].loc[tables["programme"]["programme"] == "gap", "is_placebo"] = is_placebo
    drawn = redraw(tables, "answer")
    titles = {name: chart.title for name, chart in drawn.items() if "-gap-" in name}
    assert len(titles) == 2
    assert ["Year 6: " in titles[name] for name in titles] == ["ks2" in name for name in titles]
    assert ["Year 11: " in titles[name] for name in titles] == ["ks4" in name for name in titles]
    assert all(len(title.split()) <= 10 for title in titles.values())
    assert "Year" not in drawn[SEND].title


@pytest.mark.parametrize("estimator", ["ancova", "change_from_baseline_mean"])
def test_where_an_end_is_withheld_the_bracket_is_alone(charts, estimator):
    tables = released_tables()
    figures = ["estimate_low", "estimate_high", "ci_low", "ci_high"]
    tables["impact"].loc[of_send(tables, estimator), figures] = float("nan")
    chart = redraw(tables, "answer")[SEND]
    assert "If picked" not in all_words(chart)
    assert chart.data["Difference"].tolist() == ["between +0.6 and +1.7", "+2.8"]
    assert chart.title == charts[SEND].title


def test_a_plain_change_off_the_scale_is_an_arrow_at_its_edge(charts):
    tables = released_tables()
    tables["impact"].loc[of_send(tables, "change_since_last_year"), "estimate_low"] = -99.0
    drawn = words_drawn(redraw(tables, "answer")[SEND])
    # One arrow beside "worse", and one at the edge.
    assert drawn.count("←") == words_drawn(charts[SEND]).count("←") + 1
    assert "−99.0" in drawn


def test_where_less_is_better_the_scale_says_so_and_the_gain_is_on_the_left():
    tables = released_tables()
    tables["measure"]["higher_is_better"] = False
    assert "← better worse →" in " ".join(words_drawn(redraw(tables, "answer")[SEND]).split())


def test_a_study_without_results_has_only_the_possible_charts():
    tables = released_tables()
    for name in ("impact", "comparison", "school_point", "school_point_withheld"):
        tables[name] = tables[name].head(0)
    families = {name.partition("-")[0] for name in redraw(tables)}
    assert families == {
        "support_timeline",
        "authority_context",
        "priorities",
        "evaluation_answers",
    }


def test_written_charts_are_read_back_as_they_were(charts, tmp_path):
    for chart in charts.values():
        suffixes = [path.suffix for path in gallery.write(chart, tmp_path)]
        assert suffixes == [".svg", ".png", ".csv", ".json"]
    read = gallery.read(tmp_path)
    assert read[0].name == "answer-gap-ks2_rwm_expected"
    assert {chart.name for chart in read} == set(charts)
    for chart in read:
        drawn = charts[chart.name]
        assert (chart.title, chart.alt_text, chart.caption) == (
            drawn.title,
            drawn.alt_text,
            drawn.caption,
        )
        assert (chart.svg, chart.png) == (drawn.svg, drawn.png)
        assert (chart.title_from, chart.caption_from) == (drawn.title_from, drawn.caption_from)
        pd.testing.assert_frame_equal(chart.data, drawn.data, check_dtype=False)


def test_a_chart_without_its_words_is_refused(charts):
    chart = charts["headline_effects"]
    with pytest.raises(ValueError, match="title over"):
        dataclasses.replace(chart, title="word " * 11)
    with pytest.raises(ValueError, match="missing"):
        dataclasses.replace(chart, alt_text="")
    with pytest.raises(ValueError, match="missing"):
        dataclasses.replace(chart, data=chart.data.head(0))


def test_the_gallery_is_imported_without_the_drawing_library():
    code = "import sys, pipelines.charts.gallery; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("status", "said"), [("suppressed", "[c]"), ("not_available", "not available")]
)
def test_a_priority_s_pupils_are_called_withheld_only_if_they_are(status: str, said: str):
    tables = released_tables()
    of_group = tables["priority"]["target_group"].notna()
    tables["priority"].loc[of_group, ["n_target_pupils", "target_pupil_share"]] = np.nan
    tables["priority"].loc[of_group, "figure_status"] = status
    (chart,) = redraw(tables, "priorities").values()
    marks = [words.rpartition(": ")[2] for words in chart.data["Pupils it is for"][of_group]]
    assert set(marks) == {said}
