"""Each document as HTML: self-contained, well-formed, accessible, safe with hostile text."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import xml.etree.ElementTree as ET

import pandas as pd
import pytest

from pipelines.board.tables import of_chart, results_by_year
from pipelines.charts.chart import Chart
from pipelines.document import html
from pipelines.document.blocks import LONGEST_PRINTED, Document, Section, Table
from pipelines.document.html import with_whole_years
from pipelines.released.citations import released_rows
from tests.packs import CHARTS, DOCUMENTS, page_of, section_of, text_of
from tests.released_fixture import WITHHELD_MEAN, released_tables

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = (
    '<script>alert("x")</script><img src="http://evil.example/x.png" onerror="a()"> & {{ 7*7 }}'
)


@pytest.fixture(scope="module", params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> Document:
    return DOCUMENTS[request.param](released_tables(), CHARTS)


@pytest.fixture(scope="module")
def written(document: Document) -> str:
    return html.render(document)


@pytest.fixture(scope="module")
def page(document: Document) -> ET.Element:
    return page_of(document)


def test_an_academic_year_is_never_broken_at_its_hyphen(written: str, page: ET.Element):
    years = [e for e in page.iter("span") if e.get("class") == "year"]
    assert {year.text for year in years} >= {"2016-17", "2017-18"}
    assert re.search(r"\.year \{ white-space: nowrap; \}", written)
    main = page.find(".//main")
    assert main is not None
    bare = re.compile(r"20\d\d-\d\d(?![\d-])")
    for element in main.iter():
        if not element.tag.startswith(SVG) and element.get("class") != "year":
            assert not bare.search(element.text or ""), element.text
        assert not bare.search(element.tail or ""), element.tail


def test_years_in_tags_titles_drawings_and_dates_are_unchanged():
    kept = (
        '<title>2017-18</title><svg><title>a</title><text>2017-18</text></svg><p id="2017-18">'
        "2018-09-01</p><script>2017-18</script>"
    )
    year = '<span class="year">2017-18</span>'
    assert with_whole_years(kept).replace(year, "2017-18") == kept
    assert with_whole_years("<svg/><b>2017-18</b>") == f"<svg/><b>{year}</b>"
    assert with_whole_years("2018-09-01") == "2018-09-01"


def test_every_table_has_a_caption_of_its_own(page: ET.Element):
    captions = [text_of(caption) for caption in page.iter("caption")]
    assert sorted(captions) == sorted(set(captions))


def test_it_needs_no_outside_file_and_no_script_but_its_own(written: str, page: ET.Element):
    ids = {element.get("id") for element in page.iter()}
    for element in page.iter():
        assert element.tag.split("}")[-1] not in {"iframe", "object", "img", "form"}
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            if name.split("}")[-1] in {"src", "srcset", "action"}:
                raise AssertionError(value)
            if name.split("}")[-1] == "href":
                assert not re.match(r"\w+:", value) or value.startswith("data:image/svg+xml,")
                if value.startswith("#"):
                    assert value[1:] in ids
    assert "@import" not in written
    assert set(re.findall(r"url\((\w+:)", written)) == {"data:"}
    policy = page.find("head/meta[@http-equiv]").get("content")
    assert policy.startswith("default-src 'none'; ")
    scripts = [e.text for e in page.iter("script")]
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"script-src 'sha256-{digest}'" in policy
        assert len(script) < 4096
    assert ("script-src" in policy) is bool(scripts)


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
    regions = [e for e in page.iter() if e.get("role") == "region"]
    named = [e for e in page.iter("section") if e.get("aria-labelledby") or e.get("aria-label")]
    assert len(regions) + len(named) + 4 <= 10
    body = page.find("body")
    assert body is not None
    assert (body[0].tag, body[0].get("class"), body[0].get("href")) == ("a", "skip", "#content")


def test_every_drawing_has_words_an_address_and_links_to_its_data(page: ET.Element):
    figures = [e for e in page.iter("figure") if (e.get("id") or "").startswith("figure-")]
    assert figures
    for figure in figures:
        name = figure.get("id").removeprefix("figure-")
        drawing = figure.find(f".//{SVG}svg")
        assert drawing.get("role") == "img"
        assert drawing.findtext(f"{SVG}title")
        assert drawing.findtext(f"{SVG}desc")
        links = [a.get("href") for a in figure.iter("a")]
        assert links == [f"../charts/{name}.csv", f"../charts/{name}.svg", f"#figure-{name}"]
        assert figure.find("details//table") is not None


def test_every_table_has_a_caption_scopes_and_can_be_reached_by_key(page: ET.Element):
    boxes = [e for e in page.iter("div") if "scroll" in (e.get("class") or "").split()]
    tables = list(page.iter("table"))
    assert len(boxes) == len(tables) > 5
    for box in boxes:
        assert (box.get("role"), box.get("tabindex")) == ("group", "0")
        assert box.get("aria-labelledby") == box.find("table/caption").get("id")
    for table in tables:
        assert text_of(table.find("caption"))
        assert all(th.get("scope") == "col" for th in table.findall("thead/tr/th"))
        for row in table.findall("tbody/tr"):
            assert row[0].tag == "th"
            assert row[0].get("scope") == "row"
            assert len(row) == len(table.findall("thead/tr/th"))


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
        ("enrolment", "school_name"),
        ("programme", "title"),
        ("study", "title"),
        ("study", "contact"),
        ("source", "file"),
        ("source", "licence"),
    ],
)
def test_hostile_text_is_inert(table: str, column: str):
    tables = released_tables()
    tables[table][column] = HOSTILE
    said = ""
    for made in DOCUMENTS.values():
        root = page_of(made(tables, CHARTS))
        assert all("alert" not in (e.text or "") for e in root.iter("script"))
        assert not list(root.iter("img"))
        said += "".join(root.itertext())
    assert HOSTILE in said


def test_words_never_read_as_nothing_happened_or_as_proof(page: ET.Element):
    text = text_of(page.find("body")).lower()
    for phrase in (
        "no effect", "no change", "no impact", "made no difference", "did not work",
        "proved?", "caused", "significant", "months of progress", "per point",
    ):  # fmt: skip
        assert not re.search(rf"\b{phrase}\b", text), phrase


def test_withheld_cells_show_the_mark_and_never_a_number():
    tables = released_tables()
    hidden = tables["comparison"]["figure_status"] == "suppressed"
    assert hidden.any()
    # Even if a withheld number reached the page, it must not be printed.
    tables["comparison"].loc[hidden, ["mean", "ci_low", "ci_high"]] = WITHHELD_MEAN
    tables["comparison"].loc[hidden, ["n_pupils", "n_schools"]] = 4321
    withheld = [
        row for t in results_by_year("all", released_rows(tables)) for row in t.rows if "[c]" in row
    ]
    assert len(withheld) == int((hidden & (tables["comparison"]["programme"] == "all")).sum())
    assert all(row[-4:] == ("[c]",) * 4 for row in withheld)
    for made in DOCUMENTS.values():
        assert "4,321" not in html.render(made(tables, CHARTS))
    report = page_of(DOCUMENTS["report"](tables, CHARTS))
    assert "[c] means withheld" in text_of(section_of(report, "results"))
    glossary = text_of(section_of(report, "words"))
    assert "[c] Withheld" in glossary
    assert "fewer than 6 pupils" in glossary


def test_a_long_table_stays_off_paper_and_says_so():
    data = pd.DataFrame({"School": [str(i) for i in range(LONGEST_PRINTED + 1)]})
    assert of_chart("schools", "Schools", data).is_long
    one = CHARTS[0]
    long = Chart(one.name, one.title, one.alt_text, one.caption, data, one.svg, one.png)
    page = DOCUMENTS["pack"](released_tables(), (long,))
    assert "This long table is left out of the print." in html.render(page)


def test_a_table_refuses_a_ragged_row():
    with pytest.raises(ValueError, match="not as wide"):
        Table("Caption", ("A", "B"), (("1",),))


def test_a_marked_document_says_so_in_title_on_every_screen_and_on_every_sheet():
    section = Section("a", "A", (Table("T", ("X",), (("1",),)),))
    marked = html.render(Document("Schools", "About", (), (section,), (), marking="FOR A FEW"))
    assert "<title>OFFICIAL-SENSITIVE: Schools (draft)</title>" in marked
    assert '<aside class="marking" aria-label="Protective marking">FOR A FEW</aside>' in marked
    assert re.search(r"\.marking \{[^}]*position: sticky; top: 0;", marked)
    assert '@top-center { content: "FOR A FEW"' in marked
    assert "OFFICIAL" not in html.render(Document("Schools", "About", (), (section,), ()))


def test_the_same_input_gives_the_same_page(document: Document, written: str):
    assert html.render(document) == written
