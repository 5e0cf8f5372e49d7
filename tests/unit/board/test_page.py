"""The page as a whole: self-contained, well-formed, accessible in structure, safe with hostile text."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from pipelines.board.page import render, with_whole_years
from pipelines.board.tables import Table, of_chart, results_by_year
from pipelines.charts.chart import Chart
from pipelines.released.citations import released_rows
from tests.released_fixture import WITHHELD_MEAN, released_tables
from tests.unit.board.test_changes import MOVED

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    '<script>alert("x")</script><img src="http://evil.example/x.png" onerror="a()"> & {{ 7*7 }}'
)


def chart(name: str) -> Chart:
    """A placeholder that keeps the contract of a drawn chart."""
    svg = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">Title</title>'
        f'<desc id="{name}-desc">Words for {name}</desc><path d="M0 0L9 9"/></svg>'
    )
    return Chart(
        name=name,
        title=f"A finding: {name.partition('-')[0]}",
        alt_text=f"Words for {name}",
        caption="Reading progress, Westhaven, 2017-18, provisional.",
        data=pd.DataFrame({"Year": ["2017-18"], "Result": ["[c]"], "Status": ["provisional"]}),
        svg=svg.encode(),
        png=b"",
    )


CHARTS = tuple(
    chart(name)
    for name in (
        "headline_effects",
        "outcome_by_year-send-ks2_reading_progress",
        "outcome_by_year-gap-ks2_rwm_expected",
        "naive_headline-lowest-ks2_rwm_expected",
    )
)


@pytest.fixture(scope="module")
def html() -> str:
    return render(released_tables(), CHARTS)


@pytest.fixture(scope="module")
def page(html: str) -> ET.Element:
    return ET.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page


def text_of(element: ET.Element) -> str:
    return " ".join(" ".join(element.itertext()).split())


def section(page: ET.Element, name: str) -> ET.Element:
    found = page.find(f".//section[@id='{name}']")
    assert found is not None, name
    return found


def test_an_academic_year_is_never_broken_at_its_hyphen(html: str, page: ET.Element):
    years = [e for e in page.iter("span") if e.get("class") == "year"]
    assert {year.text for year in years} >= {"2016-17", "2017-18"}
    assert re.search(r"\.year \{ white-space: nowrap; \}", html)
    main = page.find(".//main")
    assert main is not None
    bare = re.compile(r"20\d\d-\d\d(?![\d-])")
    for element in main.iter():
        if not element.tag.startswith(SVG) and element.get("class") != "year":
            assert not bare.search(element.text or ""), element.text
        assert not bare.search(element.tail or ""), element.tail


def test_years_in_tags_titles_drawings_and_dates_are_left_alone():
    kept = (
        '<title>2017-18</title><svg><title>a</title><text>2017-18</text></svg><p id="2017-18">'
        "2018-09-01</p>"
    )
    year = '<span class="year">2017-18</span>'
    assert with_whole_years(kept).replace(year, "2017-18") == kept
    assert with_whole_years("<svg/><b>2017-18</b>") == f"<svg/><b>{year}</b>"
    assert with_whole_years("2018-09-01") == "2018-09-01"


def test_every_table_has_a_name_of_its_own(page: ET.Element):
    captions = [text_of(caption) for caption in page.iter("caption")]
    assert sorted(captions) == sorted(set(captions))
    assert "SEND in mainstream: headline results of every measure" in captions
    # Two charts of this page have one title.
    assert (
        "The figures in the chart: A finding: outcome_by_year (SEND in mainstream, reading progress)"
        in captions
    )
    charts = [label for e in page.iter() if (label := e.get("aria-label", "")).startswith("Chart")]
    assert len(charts) == len(set(charts)) == len(CHARTS)


def test_it_is_not_called_a_page_where_it_may_be_paper(page: ET.Element):
    main, header = page.find(".//main"), page.find(".//header")
    assert main is not None
    assert header is not None
    assert "this page" not in (text_of(main) + text_of(header)).casefold()


def test_page_needs_nothing_from_outside_and_no_script(html: str, page: ET.Element):
    ids = {element.get("id") for element in page.iter()}
    for element in page.iter():
        assert element.tag.split("}")[-1] not in {"script", "link", "iframe", "object", "img"}
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            if name.split("}")[-1] in {"href", "src", "srcset", "action"}:
                assert value.startswith("#")
                assert value[1:] in ids
    assert "@import" not in html
    assert "url(" not in html
    assert "default-src 'none'" in html


def test_ids_are_unique_and_references_resolve(page: ET.Element):
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in page.iter():
        for reference in (element.get("aria-labelledby") or "").split():
            assert reference in ids


def test_headings_go_down_one_level_at_a_time_from_one_h1(page: ET.Element):
    levels = [int(e.tag[1]) for e in page.iter() if re.fullmatch(r"h[1-6]", e.tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_landmarks_language_and_skip_link(page: ET.Element):
    assert page.get("lang") == "en-GB"
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.findall(f".//{landmark}")) == 1
    body = page.find("body")
    assert body is not None
    assert (body[0].tag, body[0].get("class"), body[0].get("href")) == ("a", "skip", "#answer")


def test_every_drawing_has_a_role_and_words(page: ET.Element):
    drawings = list(page.iter(f"{SVG}svg"))
    assert len(drawings) == len(CHARTS)
    for drawing in drawings:
        assert drawing.get("role") == "img"
        assert drawing.findtext(f"{SVG}title")
        assert drawing.findtext(f"{SVG}desc")


def test_every_table_has_a_caption_scopes_and_a_focusable_region(page: ET.Element):
    regions = [e for e in page.iter("div") if "scroll" in (e.get("class") or "").split()]
    tables = list(page.iter("table"))
    assert len(regions) == len(tables) > 10
    for region in regions:
        assert (region.get("role"), region.get("tabindex")) == ("region", "0")
        assert region.get("aria-labelledby") == region.find("table/caption").get("id")
    for table in tables:
        assert text_of(table.find("caption"))
        assert all(th.get("scope") == "col" for th in table.findall("thead/tr/th"))
        for row in table.findall("tbody/tr"):
            assert row[0].tag == "th"
            assert row[0].get("scope") == "row"
            assert len(row) == len(table.findall("thead/tr/th"))


def test_charts_stand_with_their_programme_or_with_the_study(page: ET.Element):
    assert section(page, "programme-send").find(".//figure/details") is not None
    assert "A finding: headline_effects" in text_of(section(page, "together"))
    assert "A finding: outcome_by_year" in text_of(section(page, "programme-gap"))
    lowest = text_of(section(page, "programme-lowest"))
    naive_words = lowest.index("What the change since last year would have said")
    assert lowest.index("A finding: naive_headline") > naive_words
    assert "A finding" not in text_of(section(page, "answer"))


def test_sections_come_in_the_order_a_board_reads(page: ET.Element):
    names = [element.get("id") for element in page.findall(".//main/section")]
    assert names == [
        "answer", "together", "programme-send", "programme-gap", "programme-lowest",
        "authority-context", "cannot-say", "claims", "not-yet", "changed", "schools-say",
        "case-studies", "method", "annex", "withheld", "sources", "words",
    ]  # fmt: skip


def test_banners_for_draft_fiction_and_placebo(page: ET.Element):
    header = text_of(page.find(".//header"))
    assert "Draft." in header
    assert "Westhaven, its schools and its pupils are made up" in header
    assert "no such programme existed" in header
    assert "No such programme existed." in text_of(section(page, "programme-lowest"))
    assert "No such programme existed." not in text_of(section(page, "programme-send"))


def test_withheld_cells_show_the_mark_and_never_a_number():
    tables = released_tables()
    hidden = tables["comparison"]["suppressed"]
    assert hidden.any()
    # Even if a number came through with the mark, it must not be printed.
    tables["comparison"].loc[hidden, ["mean", "ci_low", "ci_high"]] = WITHHELD_MEAN
    tables["comparison"].loc[hidden, ["n_pupils", "n_schools"]] = 4321
    withheld = [
        row for t in results_by_year("all", released_rows(tables)) for row in t.rows if "[c]" in row
    ]
    assert len(withheld) == int((hidden & (tables["comparison"]["programme"] == "all")).sum())
    assert all(row[-4:] == ("[c]",) * 4 for row in withheld)
    html = render(tables, CHARTS)
    assert "43%" in html
    assert "4,321" not in html
    assert "[c] means withheld" in html
    root = ET.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page
    glossary = text_of(section(root, "words"))
    assert "[c] Withheld" in glossary
    assert "fewer than 6 pupils" in glossary


def test_release_status_stands_in_every_row_of_results(page: ET.Element):
    for name in ("estimates-send", "estimates-gap", "results-send-1", "arms-1"):
        caption = page.find(f".//caption[@id='{name}']")
        assert caption is not None, name
        table = next(t for t in page.iter("table") if t.find("caption") is caption)
        assert "status" in text_of(table.find("thead")).lower()
        for row in table.findall("tbody/tr"):
            assert re.search(
                r"\((provisional|final|school returns|not yet published)\)", text_of(row)
            )


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("statements", "quote"),
        ("statements", "attribution"),
        ("case_studies", "statement"),
        ("case_studies", "school_name"),
        ("case_study_event", "happened"),
        ("claims", "exceptions"),
        ("evaluation_summary", "question"),
        ("evaluation_summary", "example"),
        ("programme", "title"),
        ("study", "title"),
        ("source", "file"),
    ],
)
def test_hostile_text_is_inert(table: str, column: str):
    tables = released_tables()
    tables[table][column] = HOSTILE
    html = render(tables, CHARTS)
    root = ET.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page
    assert not list(root.iter("script"))
    assert not list(root.iter("img"))
    assert "<script" not in html
    assert HOSTILE in "".join(root.itertext())


def test_words_never_read_as_nothing_happened_or_as_proof(page: ET.Element):
    text = text_of(page).lower()
    for phrase in (
        "no effect", "no change", "no impact", "made no difference", "did not work",
        "proved?", "caused", "significant", "months of progress", "per point",
    ):  # fmt: skip
        assert not re.search(rf"\b{phrase}\b", text), phrase


def test_hashes_and_money_are_stated(page: ET.Element):
    assert "3f1c9a0b7d42" in text_of(page.find(".//footer"))
    assert "£200,000" in text_of(section(page, "programme-send"))
    assert "£" not in text_of(section(page, "answer"))


def test_the_annex_has_a_table_for_each_part_of_the_design(page: ET.Element):
    annex = section(page, "annex")
    captions = [text_of(caption) for caption in annex.iter("caption")]
    assert captions[:4] == [
        "Schools that could be compared, kept and lost",
        "Both sides before the programme",
        "Where both sides meet, and what the others got",
        "11 of 34 schools in the programme, about 10 target pupils each (nearest to SEND in mainstream "
        "(Key Stage 2) and Closing the gap (Key Stage 2))",
    ]
    headlines = released_tables()["impact"]["role"] == "headline"
    assert sum(caption.endswith(", every method") for caption in captions) == headlines.sum()


def test_an_annex_without_a_comparison_says_so():
    tables = released_tables()
    for name in ("attrition", "balance", "overlap", "calibration"):
        tables[name] = tables[name].iloc[:0]
    html = render(tables, ())
    assert "so no school is missing" in html
    assert "Too few schools on a side to judge." in html
    assert "No comparison has an estimate" in html
    assert "knew how the coming pupils" not in html


def test_optional_parts_vanish_when_their_tables_are_empty():
    tables = released_tables()
    for name in ("statements", "statement_rule", "case_studies", "evaluation_summary", "claims"):
        tables[name] = tables[name].iloc[:0]
    tables["not_yet_published"] = tables["not_yet_published"].iloc[:0]
    html = render(tables, ())
    assert 'id="schools-say"' not in html
    assert 'id="together"' not in html
    assert 'id="claims"' not in html
    assert "Claims checked" not in html
    assert "Every result the study asks for is published." in html


def test_what_changed_stands_in_a_section_of_its_own():
    tables = released_tables()
    assert "There is nothing to set these results against" in render(tables, ())
    tables["revisions"] = pd.DataFrame([MOVED])
    root = ET.fromstring(render(tables, ()).removeprefix("<!DOCTYPE html>\n"))  # noqa: S314
    table = next(t for t in root.iter("table") if "moved between" in text_of(t.find("caption")))
    assert "−1.9 (provisional) −2.0 (revised)" in text_of(table)


def test_long_table_stays_off_paper_and_says_so():
    data = pd.DataFrame({"School": [str(i) for i in range(157)]})
    table = of_chart("schools", "Schools", data)
    assert table.is_long
    one = CHARTS[0]
    long = Chart(one.name, one.title, one.alt_text, one.caption, data, one.svg, one.png)
    assert "This long table is left out of the print." in render(released_tables(), (long,))


def test_table_refuses_a_ragged_row():
    with pytest.raises(ValueError, match="not as wide"):
        Table("Caption", ("A", "B"), (("1",),))


def test_same_input_gives_the_same_page(html: str):
    assert render(released_tables(), CHARTS) == html
