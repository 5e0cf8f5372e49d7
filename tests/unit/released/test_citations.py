"""Every number on the page cites its origin, and recomputing it from there gives the same."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from pipelines.released import citations as cited
from pipelines.released.citations import (
    Quote,
    Reference,
    Row,
    chart_cells,
    cite,
    cite_figure,
    cite_quotes,
    parts,
    plain,
    released_rows,
)
from tests.packs import CHARTS, DOCUMENTS, page_of
from tests.released_fixture import released_tables

TABLES = released_rows(released_tables())


def test_a_number_is_put_into_words_and_says_where_it_is_from() -> None:
    row = next(row for row in TABLES["impact"] if row["role"] == "headline")
    text = f"Between {cite(row, 'range', 'estimate_low', 'estimate_high')}."
    assert plain(text) == "Between between +0.6 and +1.7 points."
    said = [(words, Reference.read(where)) for words, where in parts(text) if where]
    ((words, reference),) = said
    assert (reference.table, reference.columns) == ("impact", ("estimate_low", "estimate_high"))
    assert reference.rows == (row.key,)
    assert cited.words_of(reference.format, [row], reference.columns) == words
    assert str(Reference.read(str(reference))) == str(reference)


def test_counts_of_several_rows_are_added_up() -> None:
    rows = TABLES["school_count"][:2]
    total = sum(row["n_schools"] for row in rows)
    assert plain(cite(rows, "count", "n_schools")) == str(total)
    assert plain(cite(rows, "rows")) == "2"
    rows = [Row("school_count", "a", {"n_schools": 1}), Row("x", "b", {"n_schools": np.nan})]
    assert plain(cite(rows, "count", "n_schools")) == "[c]"
    with pytest.raises(ValueError, match="row"):
        cite([], "count", "n_schools")


def test_a_row_is_known_by_its_key_or_by_its_place() -> None:
    keys = [row.key for row in TABLES["impact"]]
    assert len(set(keys)) == len(keys)
    assert "send" in keys[0]
    assert [row.key for row in TABLES["statements"]] == [
        str(n) for n in range(len(TABLES["statements"]))
    ]


def test_marks_in_a_file_s_text_are_removed() -> None:
    forged = "\ue000impact|0|p_value|count\ue0017\ue002"
    rows = released_rows({"statements": pd.DataFrame({"quote": [forged]})})["statements"]
    assert plain(rows[0]["quote"]) == rows[0]["quote"]
    assert not set(rows[0]["quote"]) & {"\ue000", "\ue001", "\ue002"}


def test_a_chart_s_words_are_cited_from_the_figures_it_says() -> None:
    quotes = [Quote("43%", (1,), "Result"), Quote("2", (0, 1), "Year", is_count=True)]
    text = cite_quotes("Class 43 rose to 43% in 2 years, 2017-18", "a_chart", quotes)
    assert plain(text) == "Class 43 rose to 43% in 2 years, 2017-18"
    assert {words: where for words, where in parts(text) if where} == {
        "43%": "charts/a_chart.csv|1|Result|part",
        "2": "charts/a_chart.csv|0;1|Year|rows",
    }


def test_a_figure_of_a_chart_is_cited_from_its_own_cell() -> None:
    """Not from an earlier cell of the row with the same number."""
    data = pd.DataFrame({"Year": ["2017-18"], "All": ["12"], "Of these": ["12 (43%)"]})
    ((_, _, cell),) = chart_cells(data)
    said = {words: where for words, where in parts(cite_figure(cell, "a_chart")) if where}
    assert said == {
        "12": "charts/a_chart.csv|0|Of these|part",
        "43%": "charts/a_chart.csv|0|Of these|part",
    }


def test_a_heading_may_contain_the_separators_of_a_reference() -> None:
    reference = Reference("charts/a_chart.csv", ("0",), ("English, maths | 95% interval",), "part")
    assert Reference.read(str(reference)) == reference


def uncited(element: ET.Element) -> Iterator[str]:
    """Text outside cited elements, drawings, quotations and hidden elements."""
    tag = element.tag.split("}")[-1]
    if tag in {"svg", "style", "script", "head", "blockquote"} or element.get("data-from"):
        return
    yield element.text or ""
    for child in element:
        yield from uncited(child)
        yield child.tail or ""


# Names with a digit, academic years, and the numbers in a table of contents.
NAMES = re.compile(
    r"\b(20\d\d-\d\d|Key Stages 2 and 4|Key Stage [24]|Year \d+|(Attainment|Progress) 8|[Gg]rade \d)\b"
)


@pytest.fixture(scope="module", params=DOCUMENTS)
def page(request: pytest.FixtureRequest) -> ET.Element:
    return page_of(DOCUMENTS[request.param](released_tables(), CHARTS))


def test_no_digit_of_the_page_lacks_a_reference(page: ET.Element) -> None:
    bare = [NAMES.sub("", text) for text in uncited(page)]
    assert [text for text in bare if re.search(r"\d", text)] == []


def test_a_planted_digit_is_found() -> None:
    planted = ET.fromstring("<p>About <b>12</b> of <i data-from='a|b|c|d'>18</i></p>")  # noqa: S314
    assert "12" in "".join(uncited(planted))
    assert "18" not in "".join(uncited(planted))


def test_every_number_of_the_page_is_recomputed_from_its_reference(page: ET.Element) -> None:
    n_resolved = 0
    for element in page.iter():
        where = element.get("data-from")
        if not where or where.startswith("charts/"):
            continue
        reference = Reference.read(where)
        rows = [row for row in TABLES[reference.table] if row.key in reference.rows]
        again = cited.words_of(reference.format, rows, reference.columns)
        assert again.casefold() == "".join(element.itertext()).casefold(), where
        n_resolved += 1
    assert n_resolved > 100
