"""Each document as a PDF: the page's words in the same order, tagged, never parsed as markup."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest
from pypdf import PdfReader
from pypdf.generic import DictionaryObject, IndirectObject

from pipelines.board.board_pack import dated
from pipelines.document import pdf
from pipelines.document.blocks import (
    LONGEST_PRINTED,
    Columns,
    Document,
    Heading,
    Link,
    Links,
    Paragraph,
)
from pipelines.released import citations as cited
from pipelines.released.citations import Reference, released_rows
from tests.packs import CHARTS, DOCUMENTS, page_of, text_of
from tests.released_fixture import released_tables
from tests.unit.released.test_citations import NAMES

HOSTILE = (
    '#import "@preview/evil:0.1.0": x #panic("read as code") $ sum_1 $ *bold* _low_ `raw` <label> '
    "@cite = Heading // gone /* gone \\ #{1+1} <script>alert(1)</script> \u202eabc\u202c \u200fx"
)


def rendered(document: Document) -> bytes:
    return pdf.render(document, dated(released_tables()))


@pytest.fixture(scope="module", params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> Document:
    return DOCUMENTS[request.param](released_tables(), CHARTS)


@pytest.fixture(scope="module")
def paper(document: Document) -> bytes:
    return rendered(document)


@pytest.fixture(scope="module")
def reader(paper: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(paper))


@pytest.fixture(scope="module")
def model(document: Document) -> dict[str, Any]:
    return pdf.model(document)


@pytest.fixture(scope="module")
def page(document: Document) -> ET.Element:
    return page_of(document)


def text_in(paper: bytes) -> str:
    """All the text in reading order, with single spaces between words."""
    pages = PdfReader(io.BytesIO(paper)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def tags(reader: PdfReader) -> list[DictionaryObject]:
    """The structure elements in reading order."""

    def within(node: Any) -> Iterator[DictionaryObject]:
        node = node.get_object() if isinstance(node, IndirectObject) else node
        if isinstance(node, list):
            for child in node:
                yield from within(child)
        elif isinstance(node, DictionaryObject):
            if "/S" in node:
                yield node
            yield from within(node.get("/K"))

    return list(within(reader.trailer["/Root"]["/StructTreeRoot"]["/K"]))


def runs_in(value: Any) -> Iterator[dict[str, str | None]]:
    """Every run of the model, in reading order."""
    if isinstance(value, dict):
        if set(value) == {"text", "from"}:
            yield value
            return
        for child in value.values():
            yield from runs_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from runs_in(child)


def blocks_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "kind" in value:
            yield value
        for child in value.values():
            yield from blocks_in(child)
    elif isinstance(value, list):
        for child in value:
            yield from blocks_in(child)


def said(runs: list[dict[str, str | None]]) -> str:
    return "".join(run["text"] or "" for run in runs)


def test_it_is_tagged_named_and_in_british_english(
    reader: PdfReader, model: dict[str, Any]
) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == model["name"]
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfuaid:part(>|=\")1\b", metadata)
    assert all(round(float(page.mediabox.width)) == 595 for page in reader.pages)


def test_every_chart_has_its_words_and_nothing_else_is_a_figure(
    document: Document, reader: PdfReader
) -> None:
    alternatives = [tag.get("/Alt") for tag in tags(reader) if tag["/S"] == "/Figure"]
    assert alternatives == [figure.alt_text for figure in document.figures]
    assert alternatives


def test_headings_are_those_of_the_page_in_its_order(reader: PdfReader, page: ET.Element) -> None:
    tagged = [
        (tag["/S"], str(tag["/T"])) for tag in tags(reader) if re.fullmatch(r"/H\d", tag["/S"])
    ]
    on_page = [
        (f"/H{e.tag[1]}", text_of(e).replace(" ,", ","))
        for e in page.iter()
        if re.fullmatch(r"h\d", e.tag) and e.get("id") != "contents"
    ]
    without_contents = [(level, words) for level, words in tagged if words != "Contents"]
    assert without_contents == on_page


def pieces_of(element: ET.Element) -> Iterator[str]:
    """The bold words at the beginning of an element, and the rest."""
    strong = text_of(element.find("strong")) if element.find("strong") is not None else ""
    yield strong
    yield text_of(element).removeprefix(strong).strip().removeprefix("Verdict: ")


def test_it_says_what_the_page_says(model: dict[str, Any], page: ET.Element) -> None:
    """Every paragraph, item and cell, except the data tables of charts."""
    in_pdf = "".join("".join(run["text"] or "" for run in runs_in(model)).split())
    main = page.find(".//main")
    within_figures = {id(e) for d in main.iter("details") for e in d.iter()} - {
        id(e) for s in main.iter("section") for d in s.findall("details") for e in d.iter()
    }
    elements = [
        e for e in main.iter()
        if e.tag in {"p", "li", "dt", "dd", "th", "td", "caption"} and id(e) not in within_figures
    ]  # fmt: skip
    own = {"", "More", *(text_of(a) for a in main.iter("a"))}  # links: page numbers on paper
    missing = [
        text for e in elements
        if "only-print" not in (e.get("class") or "")
        for text in pieces_of(e)
        if text not in own and text.replace(" ", "") not in in_pdf
    ]  # fmt: skip
    assert len(elements) > 100
    assert [text for text in missing if " · " not in text] == []


def test_tables_mark_their_headers(reader: PdfReader, model: dict[str, Any]) -> None:
    tables = [block for block in blocks_in(model) if block["kind"] == "table" and block["rows"]]
    n_halves = sum(block["is_in_halves"] for block in tables)
    names = [tag["/S"] for tag in tags(reader)]
    n_long = sum(block["is_long"] for block in tables)
    assert names.count("/Table") == names.count("/THead") == len(tables) + n_halves - n_long > 3


def test_each_row_s_first_cell_is_its_header(reader: PdfReader, model: dict[str, Any]) -> None:
    printed = [
        row
        for block in blocks_in(model)
        if block["kind"] == "table" and not block["is_long"]
        for row in block["rows"]
    ]
    bodies = [tag for tag in tags(reader) if tag["/S"] == "/TBody"]
    rows = [row.get_object() for body in bodies for row in body["/K"]]
    assert len(rows) == len(printed) > 10
    for row in rows:
        first, *others = [cell.get_object() for cell in row["/K"]]
        assert (first["/S"], first["/A"]["/Scope"]) == ("/TH", "/Row")
        assert {cell["/S"] for cell in others} == {"/TD"}


def test_no_digit_in_the_pdf_lacks_a_reference(model: dict[str, Any]) -> None:
    quoted = {
        id(run) for b in blocks_in(model) if b["kind"] == "quote" for run in runs_in(b["text"])
    }
    bare = [
        NAMES.sub("", run["text"] or "") for run in runs_in(model)
        if run["from"] is None and id(run) not in quoted
    ]  # fmt: skip
    assert [text for text in bare if re.search(r"\d", text)] == []


def test_every_number_of_the_pdf_is_recomputed_from_its_reference(model: dict[str, Any]) -> None:
    tables = released_rows(released_tables())
    n_resolved = 0
    for run in runs_in(model):
        if run["from"] is None or run["from"].startswith("charts/"):
            continue
        reference = Reference.read(run["from"])
        rows = [row for row in tables[reference.table] if row.key in reference.rows]
        again = cited.words_of(reference.format, rows, reference.columns)
        assert again.casefold() == (run["text"] or "").casefold(), run
        n_resolved += 1
    assert n_resolved > 100


def test_no_digit_is_drawn_except_the_model_s_and_page_numbers(
    paper: bytes, model: dict[str, Any]
) -> None:
    n_pages = len(PdfReader(io.BytesIO(paper)).pages)
    known = {digits for run in runs_in(model) for digits in re.findall(r"\d+", run["text"] or "")}
    known |= {str(number) for number in range(1, n_pages + 1)}
    assert set(re.findall(r"\d+", text_in(paper))) <= known


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("statements", "quote"),
        ("case_studies", "school_name"),
        ("claims", "exceptions"),
        ("programme", "title"),
        ("study", "title"),
        ("study", "contact"),
    ],
)
def test_hostile_text_is_never_markup(table: str, column: str) -> None:
    tables = released_tables()
    tables[table][column] = HOSTILE
    made = DOCUMENTS["pack"](tables, CHARTS)
    assert HOSTILE in "".join(run["text"] or "" for run in runs_in(pdf.model(made)))
    drawn = text_in(rendered(made)).replace(" ", "").replace("-", "")
    for piece in ('#panic("readascode")', "*bold*", "`raw`", "//gone/*gone\\#{1+1}", "alert(1)"):
        assert piece in drawn


def test_hostile_words_of_a_chart_are_never_markup() -> None:
    chart = replace(CHARTS[0], title="#panic(1) *a*", alt_text=HOSTILE, caption=HOSTILE)
    made = DOCUMENTS["pack"](released_tables(), [chart])
    reader = PdfReader(io.BytesIO(rendered(made)))
    (alternative,) = [tag["/Alt"] for tag in tags(reader) if tag["/S"] == "/Figure"]
    assert alternative == HOSTILE


def test_characters_missing_from_the_font_are_replaced() -> None:
    tables = released_tables()
    tables["statements"]["quote"] = "Da iawn \U0001f389 1\u20e3 a\u0350 \U0001f3fd 漢字 \x00 ŷ."
    runs = "".join(
        run["text"] or "" for run in runs_in(pdf.model(DOCUMENTS["pack"](tables, CHARTS)))
    )
    assert "Da iawn � 1 a� � �� � ŷ." in runs
    drawing = CHARTS[0].svg.replace(b"<path", "<text>1\u20e3 \U0001f3fd ŷ</text><path".encode())
    made = DOCUMENTS["pack"](tables, [replace(CHARTS[0], svg=drawing)])
    assert "ŷ." in text_in(rendered(made))


def test_a_long_table_is_left_out_and_says_so() -> None:
    tables = released_tables()
    one = tables["enrolment"].iloc[[0]].assign(programme=None)
    own = one.assign(programme="send", school_name="Own Primary School")
    tables["enrolment"] = pd.concat(
        [own, *(one.assign(school_name=f"Sand {n}") for n in range(LONGEST_PRINTED + 1))],
        ignore_index=True,
    )
    drawn = text_in(rendered(DOCUMENTS["pack"](tables, ())))
    assert "Sand 7" not in drawn
    # The schools of the programme itself are printed, the others are counted.
    assert "SEND in mainstream, 1 school: Own Primary School." in drawn
    assert f"{LONGEST_PRINTED + 1} of them are in no programme." in drawn
    assert "This long table is left out of the print." in drawn


def test_sections_marked_to_start_a_page_do(reader: PdfReader, document: Document) -> None:
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    ask = [cited.plain(section.heading) for section in document.sections if section.starts_page]
    start = [heading for heading in ask if any(text.startswith(heading) for text in pages)]
    # A section starts on the previous page if that is less than a third full.
    assert len(start) >= len(ask) - 2


def left_edges(paper: bytes, words: str) -> set[float]:
    """Where the lines that hold a word begin, as a share of the page's width."""
    (page,) = PdfReader(io.BytesIO(paper)).pages
    found = set()

    def visit(text: str, outer: list[float], inner: list[float], *_font: Any) -> None:
        if words in text:
            x = outer[0] * inner[4] + outer[2] * inner[5] + outer[4]
            found.add(x / float(page.mediabox.width))

    page.extract_text(visitor_text=visit)
    return found


def test_the_text_of_a_lone_cell_fills_both_halves_of_the_paper() -> None:
    paragraphs = tuple(Paragraph(f"Sentence {n} " * 30) for n in range(6))
    lone = Columns(((Heading(2, "Heading"), *paragraphs),))
    document = Document("Title", "About", (lone,), (), ())
    edges = left_edges(rendered(document), "Sentence")
    assert min(edges) < 0.2
    assert 0.5 < max(edges) < 0.6


def test_a_lone_chart_has_its_caption_beside_it() -> None:
    (figure,) = DOCUMENTS["pack"](released_tables(), CHARTS[:1]).figures
    document = Document("Title", "About", (Columns(((figure,),), "Heading", 2),), (), ())
    edges = left_edges(rendered(document), "Westhaven, 2017-18, provisional")
    assert 0.5 < min(edges) < 0.6


def test_a_link_to_another_file_shows_its_address_on_paper() -> None:
    long = "a" * 50
    links = Links(
        (Link("Report", "r.html", "r.pdf"), Link("Far", "far.html", f"https://{long}.uk"))
    )
    drawn = text_in(rendered(Document("Title", "About", (links,), (), ())))
    assert "Report (r.pdf) · Far" in drawn
    assert long not in drawn
