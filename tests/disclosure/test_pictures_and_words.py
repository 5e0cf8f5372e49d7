"""A figure withheld in a table is not in charts, their data and words, or either document."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pandas as pd
import pytest

from pipelines.charts import gallery
from pipelines.document import html
from tests.evaluated import PAPERS, Evaluated, parsed
from tests.packs import DOCUMENTS
from tests.released_fixture import WITHHELD_MEAN, released_tables

SVG = "{http://www.w3.org/2000/svg}"
YEAR = "2016-17"
SUBJECT = ("gap", "ks2_rwm_expected", "disadvantaged", "programme")


def withheld_year(mean: float | None) -> dict[str, pd.DataFrame]:
    """The middle year of a line is withheld; `mean` is a figure left in that row by mistake."""
    tables = released_tables()
    frame = tables["comparison"]
    key = ["programme", "measure", "pupil_group", "arm", "academic_year"]
    is_it = (frame[key] == [*SUBJECT, YEAR]).all(axis=1)
    assert is_it.sum() == 1
    frame.loc[is_it, "figure_status"] = "suppressed"
    frame.loc[is_it, ["mean", "ci_low", "ci_high"]] = mean
    # A count with the same digits.
    count = None if mean is None else round(mean * 10_000)
    frame.loc[is_it, ["n_pupils", "n_schools", "n_meeting"]] = count
    return tables


@pytest.fixture(scope="module")
def drawn():
    return {chart.name: chart for chart in gallery.draw_all(withheld_year(None))}


def lines_of(svg: bytes) -> list[str]:
    root = ET.fromstring(svg)  # noqa: S314 - drawn by this project a moment ago
    return [path.get("d", "") for path in root.iter(f"{SVG}path")]


def test_a_withheld_year_is_not_drawn_and_no_line_crosses_it(drawn):
    name = "outcome_by_year-gap-ks2_rwm_expected"
    whole = {c.name: c for c in gallery.draw("outcome_by_year", released_tables())}[name]

    def three_year_lines(svg: bytes) -> int:
        return sum(len(re.findall(r"[ML]", d)) == 3 and d.count("L") == 2 for d in lines_of(svg))

    assert three_year_lines(drawn[name].svg) == three_year_lines(whole.svg) - 1
    # The two remaining years are two points without a line between them.
    assert any(re.fullmatch(r"M \S+ \S+\s+M \S+ \S+\s*", d) for d in lines_of(drawn[name].svg))


def test_pictures_words_and_page_do_not_depend_on_a_withheld_figure(drawn):
    """The output is byte-identical whatever figure is left in the withheld row."""
    other = {chart.name: chart for chart in gallery.draw_all(withheld_year(WITHHELD_MEAN))}
    assert {n: c.svg for n, c in drawn.items()} == {n: c.svg for n, c in other.items()}
    words = [
        {n: (c.title, c.alt_text, c.caption, c.data.to_csv()) for n, c in charts.items()}
        for charts in (drawn, other)
    ]
    assert words[0] == words[1]
    charts = list(drawn.values())
    for document in DOCUMENTS.values():
        pages = [
            html.render(document(withheld_year(mean), charts)) for mean in (None, WITHHELD_MEAN)
        ]
        assert pages[0] == pages[1]


def test_the_example_prints_no_figure_that_its_tables_withhold(example: Evaluated):
    comparison = pd.read_csv(example.current / "released" / "comparison.csv")
    withheld = comparison[comparison["figure_status"] == "suppressed"]
    assert len(withheld) > 0
    assert (
        withheld[["n_schools", "n_pupils", "n_meeting", "mean", "ci_low", "ci_high"]]
        .isna()
        .all(axis=None)
    )
    rows_of = {
        document: [
            ["".join(cell.itertext()).strip() for cell in row]
            for row in parsed(page).iter("tr")
            if "[c]" in "".join(row.itertext())
        ]
        for document, page in example.pages().items()
    }
    # In averages and in balance, four figures of a row are withheld together.
    results_of = {
        document: [row for row in rows if row.count("[c]") == 4]
        for document, rows in rows_of.items()
    }
    balance = pd.read_csv(example.current / "released" / "balance.csv")
    assert (
        len(results_of["report"])
        == len(withheld) + (balance["figure_status"] == "suppressed").sum()
    )
    for results in results_of.values():
        assert all(not re.search(r"\d", "".join(row[3:])) for row in results)
    for file in sorted((example.current / "charts").glob("*.json")):
        words = json.loads(file.read_text(encoding="utf-8"))
        said = " ".join(words[part] for part in ("title", "alt_text", "caption"))
        data = file.with_suffix(".csv").read_text(encoding="utf-8")
        assert "nan" not in said.casefold().split()
        assert not re.search(r"\bnan\b", data, re.I)


@pytest.mark.parametrize("document", PAPERS)
def test_the_pdf_shows_no_more_than_the_page(example: Evaluated, document: str):
    pypdf = pytest.importorskip("pypdf")
    # Layout mode keeps neighbouring numbers in a drawing separate.
    pages = pypdf.PdfReader(example.paper(document)).pages
    text = " ".join(page.extract_text(extraction_mode="layout") for page in pages)
    numbers = re.compile(r"\d[\d,.]*\d|\d")
    assert set(numbers.findall(text)) <= set(numbers.findall(example.page(document)))
