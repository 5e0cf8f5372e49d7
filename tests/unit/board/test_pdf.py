"""The board's PDF: the same words as the page in the same order, tagged, its text never markup."""

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

from pipelines.board import pdf
from pipelines.board.pack import pack
from pipelines.board.page import render as render_page
from pipelines.charts.chart import Chart
from pipelines.released import citations as cited
from pipelines.released.citations import Reference, released_rows
from tests.released_fixture import released_tables
from tests.unit.board.test_page import CHARTS, text_of
from tests.unit.released.test_citations import NAMES

HOSTILE = (
    '#import "@preview/evil:0.1.0": x #panic("read as code") $ sum_1 $ *bold* _low_ `raw` <label> '
    "@cite = Heading // gone /* gone \\ #{1+1} <script>alert(1)</script> \u202eabc\u202c \u200fx"
)
MODEL = pdf.model(pack(released_tables(), CHARTS))


@pytest.fixture(scope="module")
def document() -> bytes:
    return pdf.render(released_tables(), CHARTS)


@pytest.fixture(scope="module")
def reader(document: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(document))


@pytest.fixture(scope="module")
def page() -> ET.Element:
    html = render_page(released_tables(), CHARTS)
    return ET.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page


def text_in(document: bytes) -> str:
    """All the text, as it is read out, words one space apart."""
    pages = PdfReader(io.BytesIO(document)).pages
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


def blocks_in(blocks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for block in blocks:
        yield block
        yield from blocks_in(block.get("blocks", []))
        for cell in block.get("cells", []):
            yield from blocks_in(cell)


def said(runs: list[dict[str, str | None]]) -> str:
    return "".join(run["text"] or "" for run in runs)


def headings() -> list[tuple[str, str]]:
    """Tag and words of each heading of the model."""
    return [
        (f"/H{block['level']}", said(block["text" if block["kind"] == "heading" else "title"]))
        for block in blocks_in(MODEL["blocks"])
        if block["kind"] in {"heading", "figure"}
    ]


def test_it_is_tagged_named_and_in_british_english(reader: PdfReader) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == MODEL["title"]
    metadata = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfuaid:part(>|=\")1\b", metadata)
    assert all(round(float(page.mediabox.width)) == 595 for page in reader.pages)


def test_every_chart_has_its_words_and_nothing_else_is_a_figure(reader: PdfReader) -> None:
    alternatives = [tag.get("/Alt") for tag in tags(reader) if tag["/S"] == "/Figure"]
    assert sorted(alternatives) == sorted(chart.alt_text for chart in CHARTS)


def test_headings_are_read_in_the_order_of_the_model(reader: PdfReader) -> None:
    tagged = [
        (tag["/S"], str(tag["/T"])) for tag in tags(reader) if re.fullmatch(r"/H\d", tag["/S"])
    ]
    assert tagged == headings()


def test_headings_are_those_of_the_page(page: ET.Element) -> None:
    main = [page.find(".//h1"), *(e for e in page.find(".//main").iter())]
    on_page = [
        (f"/H{e.tag[1]}", text_of(e).replace(" ,", ","))
        for e in main
        if re.fullmatch(r"h\d", e.tag)
    ]
    as_on_page = [
        (level, re.sub(r" \((no such programme existed)\)$", r" \1", words))
        for level, words in headings()
    ]
    assert as_on_page == on_page


def test_it_says_what_the_page_says(page: ET.Element) -> None:
    """Every paragraph, item and cell; words about using the page itself are the page's own."""
    in_pdf = " ".join("".join(run["text"] or "" for run in runs_in(MODEL)).split())
    main = page.find(".//main")
    elements = [e for e in main.iter() if e.tag in {"p", "li", "dt", "dd", "th", "td", "caption"}]
    missing = [
        text for e in elements
        if "only-narrow" not in (e.get("class") or "")
        and (text := text_of(e)).replace(" ", "") not in in_pdf.replace(" ", "")
    ]  # fmt: skip
    assert len(elements) > 500
    assert missing == []


def test_tables_mark_their_headers(reader: PdfReader) -> None:
    n_tables = sum(block["kind"] == "table" for block in blocks_in(MODEL["blocks"]))
    names = [tag["/S"] for tag in tags(reader)]
    assert names.count("/Table") == names.count("/THead") == n_tables > 10
    n_columns = sum(
        len(block["columns"]) for block in blocks_in(MODEL["blocks"]) if block["kind"] == "table"
    )
    assert names.count("/TH") == n_columns


def test_page_one_is_the_answer_alone(reader: PdfReader) -> None:
    one_page, *rest = MODEL["blocks"]
    first, second = (" ".join(reader.pages[n].extract_text().split()) for n in (0, 1))
    for programme in ("SEND in mainstream", "Closing the gap"):
        assert programme in first
    assert "The answer in plain words" in first
    assert "Verdict: " in first
    assert said(rest[0]["text"]) == "The programmes together"
    assert "The programmes together" not in first
    assert "The programmes together" in second
    assert one_page["kind"] == "one_page"


def test_no_digit_stands_without_a_reference() -> None:
    quoted = {id(run) for b in blocks_in(MODEL["blocks"]) if b["kind"] == "quote"
              for run in runs_in(b["text"])}  # fmt: skip
    bare = [
        NAMES.sub("", run["text"] or "") for run in runs_in(MODEL)
        if run["from"] is None and id(run) not in quoted
    ]  # fmt: skip
    assert [text for text in bare if re.search(r"\d", text)] == []


def test_every_number_is_the_same_made_again() -> None:
    tables = released_rows(released_tables())
    n_resolved = 0
    for run in runs_in(MODEL):
        if run["from"] is None or run["from"].startswith("charts/"):
            continue
        reference = Reference.read(run["from"])
        rows = [row for row in tables[reference.table] if row.key in reference.rows]
        again = cited.words_of(reference.format, rows, reference.columns)
        assert again.casefold() == (run["text"] or "").casefold(), run
        n_resolved += 1
    assert n_resolved > 200


def test_no_digit_is_drawn_but_the_model_s_and_page_numbers(document: bytes) -> None:
    n_pages = len(PdfReader(io.BytesIO(document)).pages)
    drawn = text_in(document)
    assert "[c]" in drawn
    known = {digits for run in runs_in(MODEL) for digits in re.findall(r"\d+", run["text"] or "")}
    known |= {str(number) for number in range(1, n_pages + 1)}
    assert set(re.findall(r"\d+", drawn)) <= known


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("statements", "quote"),
        ("case_studies", "school_name"),
        ("case_study_event", "happened"),
        ("claims", "exceptions"),
        ("programme", "title"),
        ("study", "title"),
        ("source", "file"),
    ],
)
def test_hostile_text_is_never_markup(table: str, column: str) -> None:
    tables = released_tables()
    tables[table][column] = HOSTILE
    runs = "".join(run["text"] or "" for run in runs_in(pdf.model(pack(tables, CHARTS))))
    assert HOSTILE in runs
    drawn = text_in(pdf.render(tables, CHARTS)).replace(" ", "").replace("-", "")
    for piece in ('#panic("readascode")', "*bold*", "`raw`", "//gone/*gone\\#{1+1}", "alert(1)"):
        assert piece in drawn


def test_hostile_words_of_a_chart_are_never_markup() -> None:
    chart = replace(CHARTS[0], title="#panic(1) *a*", alt_text=HOSTILE, caption=HOSTILE)
    reader = PdfReader(io.BytesIO(pdf.render(released_tables(), [chart])))
    (alternative,) = [tag["/Alt"] for tag in tags(reader) if tag["/S"] == "/Figure"]
    assert alternative == HOSTILE


def test_what_the_font_lacks_is_drawn_as_a_sign_and_stops_nothing() -> None:
    tables = released_tables()
    tables["statements"]["quote"] = "Da iawn \U0001f389 1\u20e3 a\u0350 \U0001f3fd 漢字 \x00 ŷ."
    runs = "".join(run["text"] or "" for run in runs_in(pdf.model(pack(tables, CHARTS))))
    assert "Da iawn � 1 a� � �� � ŷ." in runs
    drawing = CHARTS[0].svg.replace(b"<path", "<text>1\u20e3 \U0001f3fd ŷ</text><path".encode())
    assert "ŷ." in text_in(pdf.render(tables, [replace(CHARTS[0], svg=drawing)]))


def test_a_long_table_is_left_out_and_says_so() -> None:
    one = CHARTS[0]
    data = pd.DataFrame({"School": [f"Sand {letter}" for letter in "abc" * 50]})
    long = Chart(one.name, one.title, one.alt_text, one.caption, data, one.svg, one.png)
    blocks = pdf.model(pack(released_tables(), [long]))["blocks"]
    assert "Sand a" not in "".join(run["text"] or "" for run in runs_in(blocks))
    assert any(
        said(block["text"]) == "This long table is left out of the print."
        for block in blocks_in(blocks) if block["kind"] == "paragraph"
    )  # fmt: skip


def test_each_case_study_begins_a_page(reader: PdfReader) -> None:
    cases = [case.heading for case in pack(released_tables(), CHARTS).case_studies]
    assert cases
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    for heading in map(cited.plain, cases):
        (page,) = [text for text in pages if heading in text]
        assert page.removeprefix("Case studies ").startswith(heading)


def test_optional_parts_vanish_when_their_tables_are_empty() -> None:
    tables = released_tables()
    for name in (
        "statements", "statement_rule", "case_studies", "evaluation_summary", "claims",
        "not_yet_published", "attrition", "balance", "overlap", "calibration",
    ):  # fmt: skip
        tables[name] = tables[name].iloc[:0]
    drawn = text_in(pdf.render(tables, ()))
    assert "What schools said" not in drawn
    assert "The programmes together" not in drawn
    assert "Claims checked" not in drawn
    assert "Every result the study asks for is published." in drawn
    assert "No comparison has an estimate" in drawn


def test_same_input_gives_the_same_bytes_and_the_study_s_date(document: bytes) -> None:
    assert pdf.render(released_tables(), CHARTS) == document
    (as_at,) = released_tables()["study"]["as_at"]
    metadata = PdfReader(io.BytesIO(document)).metadata
    assert metadata is not None
    assert metadata.creation_date is not None
    assert metadata.creation_date.date() == as_at.date()
