"""The finished documents of two studies: every number recomputed, their length, and images of the PDF.

Covers pack and report as a run leaves them, beyond the tests of their parts.
"""

from __future__ import annotations

import io
import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pypdf
import pytest
import typst
from matplotlib.image import imread

from pipelines.charts import gallery
from pipelines.document import pdf
from pipelines.released.reading import read_published
from tests.evaluated import PAPERS, Evaluated, parsed, text_of
from tests.packs import DOCUMENTS
from tests.resolved import made_again

Said = Callable[[str, object], None]
SCREEN_DPI = 96.0
MOST_PAGES = {"pack": 8, "report": 20}
MOST_WORDS = 180  # of a programme's column on page one
# Strips of a page, about 1 cm (two lines of text) each. The last holds the page number.
N_STRIPS = 27
MARGIN_STRIPS = 2
FEWEST_NUMBERS = {"pack": 30, "report": 300}
_PAGES = """#set page(width: 210mm, height: 297mm, margin: 0pt)
#for n in range(1, int(sys.inputs.n) + 1) { image("paper.pdf", page: n, width: 100%, alt: "") }
"""
_STEP = re.compile(r"^  (charts/\w+|board/\w+) .* ([\d.]+) s$", re.MULTILINE)


@pytest.fixture(scope="module", params=["example", "hampshire"])
def study(request: pytest.FixtureRequest) -> Evaluated:
    run: Evaluated = request.getfixturevalue(request.param)
    return run


def pictures(paper: Path, folder: Path) -> list[bytes]:
    """Every page of a PDF as a PNG."""
    shutil.copy(paper, folder / "paper.pdf")
    (folder / "pages.typ").write_text(_PAGES, encoding="utf-8")
    n_pages = len(pypdf.PdfReader(paper).pages)
    made = typst.compile(
        folder / "pages.typ", format="png", ppi=SCREEN_DPI, sys_inputs={"n": str(n_pages)}
    )
    return made if isinstance(made, list) else [made]


def fullness(picture: bytes) -> float:
    """The share of a page's strips with anything printed, without the lower margin."""
    ink = imread(io.BytesIO(picture))[:, :, :3].min(axis=2) < 0.9
    strips = [strip.any() for strip in np.array_split(ink, N_STRIPS)]
    return float(np.mean(strips[:-MARGIN_STRIPS]))


def cited_on_page(html: str) -> Iterator[tuple[str, str]]:
    for element in parsed(html).iter():
        if where := element.get("data-from"):
            yield "".join(element.itertext()), where


def cited_on_paper(value: object) -> Iterator[tuple[str, str]]:
    """Every run in the PDF's model that has a citation."""
    if isinstance(value, dict):
        if set(value) == {"text", "from"}:
            if value["from"]:
                yield value["text"], value["from"]
            return
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from cited_on_paper(part)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_number_of_page_and_pdf_is_recomputed_from_its_reference(
    study: Evaluated, document: str, record_property: Said
) -> None:
    tables = read_published(study.current / "released.duckdb")
    charts = gallery.read(study.current / "charts")
    figures = {chart.name: chart.data for chart in charts}
    said = {
        "page": list(cited_on_page(study.page(document))),
        "paper": list(cited_on_paper(pdf.model(DOCUMENTS[document](tables, charts)))),
    }
    counts = {}
    for where, numbers in said.items():
        counts[where], unlike = made_again(numbers, tables, figures)
        assert unlike == [], where
        assert counts[where] > FEWEST_NUMBERS[document], where
    record_property(
        "said",
        f"numbers made again, {document} of {study.folder.name}: {counts['page']:,} on the page, "
        f"{counts['paper']:,} on paper, none unlike",
    )


def test_a_number_that_its_reference_does_not_give_is_caught() -> None:
    tables = {"school_count": pd.DataFrame({"n_schools": [12]})}
    figures = {"a_chart": pd.DataFrame({"Result": ["43%", "44%"]})}
    said = [
        ("12", "school_count|0|n_schools|count"),
        ("13", "school_count|0|n_schools|count"),
        ("43%", "charts/a_chart.csv|0|Result|part"),
        ("43%", "charts/a_chart.csv|1|Result|part"),
        ("2", "charts/a_chart.csv|0;1|Result|rows"),
        ("3", "charts/a_chart.csv|0;1|Result|rows"),
    ]
    n, unlike = made_again(said, tables, figures)
    assert n == 6
    assert [text.split(" ")[0] for text in unlike] == ["13", "43%", "3"]


@pytest.mark.parametrize("document", PAPERS)
def test_neither_document_is_too_long(
    study: Evaluated, document: str, record_property: Said
) -> None:
    n_pages = len(pypdf.PdfReader(study.paper(document)).pages)
    assert n_pages <= MOST_PAGES[document]
    record_property("said", f"{document} of {study.folder.name}: {n_pages} pages of paper")


def test_no_page_of_the_pack_but_the_last_is_nearly_empty(study: Evaluated, tmp_path: Path) -> None:
    *pages, _ = map(fullness, pictures(study.paper("pack"), tmp_path))
    assert len(pages) > 1
    assert {n: full for n, full in enumerate(pages, start=1) if full < 1 / 3} == {}


def test_a_page_of_two_lines_is_nearly_empty_and_one_of_forty_is_not(tmp_path: Path) -> None:
    for n_lines, is_full in ((2, False), (40, True)):
        text = '#set page(numbering: "1")\n' + "Words of a line. \\\n" * n_lines
        (tmp_path / "lines.typ").write_text(text, encoding="utf-8")
        (tmp_path / "lines.pdf").write_bytes(typst.compile(tmp_path / "lines.typ"))
        (page,) = pictures(tmp_path / "lines.pdf", tmp_path)
        assert (fullness(page) > 1 / 3) is is_full


def columns_of_page_one(page: str) -> dict[str, ET.Element]:
    """Each programme's column on page one. Page one ends where the contents begin."""
    main = parsed(page).find(".//main")
    assert main is not None
    parts = list(main)
    names = [part.tag for part in parts]
    cells = [
        cell
        for part in parts[: names.index("nav")]
        if part.get("class") == "columns"
        for cell in part
    ]
    return {text_of(cell[0]): cell for cell in cells if cell[0].tag == "h2"}


def test_a_programmes_column_on_page_one_is_short(study: Evaluated, record_property: Said) -> None:
    columns = columns_of_page_one(study.page("pack"))
    programmes = pd.read_csv(study.current / "released" / "programme.csv")
    assert set(columns) == set(programmes.loc[programmes["is_evaluated"], "title"])
    n_words = {title: len(text_of(column).split()) for title, column in columns.items()}
    assert {title: n for title, n in n_words.items() if n > MOST_WORDS} == {}
    record_property("said", f"words of each column on page one: {n_words}")


def test_charts_of_page_one_are_in_the_order_of_the_columns(example: Evaluated) -> None:
    page = example.page("pack")
    titles = list(columns_of_page_one(page))
    programmes = pd.read_csv(example.current / "released" / "programme.csv").set_index("title")
    ids = [programmes.at[title, "programme"] for title in titles]
    main = parsed(page).find(".//main")
    assert main is not None
    opening = list(main)[: [part.tag for part in main].index("nav")]
    names = [f"{figure.get('id')}-" for part in opening for figure in part.iter("figure")]
    shown = [id_ for name in names for id_ in ids if f"-{id_}-" in name]
    assert shown
    assert shown == sorted(shown, key=ids.index)


@pytest.mark.parametrize("document", PAPERS)
def test_no_heading_is_followed_by_nothing(study: Evaluated, document: str) -> None:
    headings = ("h2", "h3", "h4")
    alone = []
    for section in parsed(study.page(document)).iter("section"):
        parts = list(section)
        for part, after in zip(parts, [*parts[1:], None], strict=True):
            is_over = after is not None and (after.tag not in headings or after.tag > part.tag)
            if part.tag in headings and not is_over:
                alone.append(text_of(part))
    assert alone == []


@pytest.mark.parametrize("document", PAPERS)
def test_images_of_the_pdf_are_kept(
    study: Evaluated, document: str, artefacts: Path, tmp_path: Path, record_property: Said
) -> None:
    pages = pictures(study.paper(document), tmp_path)
    for old in artefacts.glob(f"{study.folder.name}-{document}-*.png"):
        old.unlink()
    for number, picture in enumerate(pages, start=1):
        assert picture.startswith(b"\x89PNG")
        name = f"{study.folder.name}-{document}-{number:02d}.png"
        (artefacts / name).write_bytes(picture)
    assert len(pages) > 1
    record_property("said", f"pictures of {len(pages)} pages of paper: {artefacts.name}/")


def test_the_time_for_the_pack_is_recorded(study: Evaluated, record_property: Said) -> None:
    """Records the time in the tests' log; `make bench` measures it properly."""
    seconds = [float(took) for _, took in _STEP.findall(study.stdout + study.stderr)]
    assert len(seconds) == len(gallery.FAMILIES) + 2
    record_property(
        "said",
        f"pack and report of {study.folder.name}: {sum(seconds):.1f} s for charts, pages and PDFs",
    )
