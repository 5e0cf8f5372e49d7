"""The finished packs of two studies: every number made again, and pictures of the paper for whoever looks.

What the tests of each part cannot see: the pack as a run leaves it.
"""

from __future__ import annotations

import re
import shutil
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pypdf
import pytest
import typst

from pipelines.board import pdf
from pipelines.board.pack import pack
from pipelines.charts import gallery
from pipelines.released.reading import read_published
from tests.evaluated import Evaluated
from tests.resolved import made_again

Said = Callable[[str, object], None]
SCREEN_DPI = 96.0
_PAGES = """#set page(width: 210mm, height: 297mm, margin: 0pt)
#for n in range(1, int(sys.inputs.n) + 1) { image("board.pdf", page: n, width: 100%, alt: "") }
"""
_STEP = re.compile(r"^  (charts/\w+|board/\w+) .* ([\d.]+) s$", re.MULTILINE)


@pytest.fixture(scope="module", params=["example", "hampshire"])
def study(request: pytest.FixtureRequest) -> Evaluated:
    run: Evaluated = request.getfixturevalue(request.param)
    return run


def cited_on_page(html: str) -> Iterator[tuple[str, str]]:
    root = ET.fromstring(html.removeprefix("<!DOCTYPE html>\n"))  # noqa: S314 - our own page
    for element in root.iter():
        if where := element.get("data-from"):
            yield "".join(element.itertext()), where


def cited_on_paper(value: object) -> Iterator[tuple[str, str]]:
    """Every run of the PDF's model that has a reference."""
    if isinstance(value, dict):
        if set(value) == {"text", "from"}:
            if value["from"]:
                yield value["text"], value["from"]
            return
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from cited_on_paper(part)


def test_every_number_of_page_and_paper_is_the_same_made_again(
    study: Evaluated, record_property: Said
) -> None:
    tables = read_published(study.current / "released.duckdb")
    charts = gallery.read(study.current / "charts")
    figures = {chart.name: chart.data for chart in charts}
    html = (study.current / "board" / "index.html").read_text(encoding="utf-8")
    said = {
        "page": list(cited_on_page(html)),
        "paper": list(cited_on_paper(pdf.model(pack(tables, charts)))),
    }
    counts = {}
    for where, numbers in said.items():
        counts[where], unlike = made_again(numbers, tables, figures)
        assert unlike == [], where
        assert counts[where] > 400, where
    record_property(
        "said",
        f"numbers made again, {study.folder.name}: {counts['page']:,} on the page, "
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


def test_pictures_of_the_paper_are_kept(
    study: Evaluated, artefacts: Path, tmp_path: Path, record_property: Said
) -> None:
    paper = study.current / "board" / "board.pdf"
    n_pages = len(pypdf.PdfReader(paper).pages)
    shutil.copy(paper, tmp_path)
    (tmp_path / "pages.typ").write_text(_PAGES, encoding="utf-8")
    pages = typst.compile(
        tmp_path / "pages.typ", format="png", ppi=SCREEN_DPI, sys_inputs={"n": str(n_pages)}
    )
    for old in artefacts.glob(f"{study.folder.name}-page-*.png"):
        old.unlink()
    for number, picture in enumerate(pages, start=1):
        assert picture.startswith(b"\x89PNG")
        (artefacts / f"{study.folder.name}-page-{number:02d}.png").write_bytes(picture)
    assert len(pages) == n_pages > 1
    record_property("said", f"pictures of {n_pages} pages of paper: {artefacts.name}/")


def test_how_long_the_pack_took_is_said(study: Evaluated, record_property: Said) -> None:
    """`make bench` measures it; here a reader of the tests' log sees about how long."""
    seconds = [float(took) for _, took in _STEP.findall(study.stdout + study.stderr)]
    assert len(seconds) == len(gallery.FAMILIES) + 2
    record_property(
        "said",
        f"pack of {study.folder.name}: {sum(seconds):.1f} s for charts, page and PDF, within its run",
    )
