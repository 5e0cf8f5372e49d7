"""Odd names appear in chart, page, PDF and report without stopping a run or being executed."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from pipelines.board.board_pack import dated
from pipelines.charts import gallery
from pipelines.document import html, pdf
from pipelines.document.typesetting import drawable
from tests.packs import DOCUMENTS
from tests.released_fixture import released_tables

FAMILIES = ("headline_effects", "answer", "evaluation_answers", "priorities")
ODD = {
    "dollars": "Anchor $x_1$ $\\frac$ School",
    "one dollar": "Anchor $ School \\$",
    "joined emoji": "Anchor 👩‍👩‍👧 🏳️‍🌈",
    "lone joiners": "An\u200dchor \u200c\ufe0f\u20e3",
    "keycap": "Anchor 3️⃣ ❤️ 👍🏽",
    "flags": "🇬🇧 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "marks": "A\u0336\u0301\u0300\u0302 \u0301B",
    "scripts": "学校 தமிழ் בית ספר مدرسة",
    "markup": 'A & <b> "q" \' ]]> --> %s {x} # ~ ^ `c` *d* _e_',
    "endless": "W" * 300,
    "lines": "Anchor\nSchool",
}


def named(text: str) -> dict[str, pd.DataFrame]:
    """The released tables with a text in every name."""
    tables = released_tables()
    tables["enrolment"]["school_name"] += f" {text}"
    for table, columns in (("programme", ("title", "priority", "fund")), ("study", ("title",))):
        for column in columns:
            tables[table][column] += f" {text}"
    tables["priority"]["priority"] += f" {text}"
    return tables


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_any_name_is_drawn(text: str) -> None:
    tables = named(text)
    charts = [chart for family in FAMILIES for chart in gallery.draw(family, tables)]
    assert len(charts) >= len(FAMILIES)
    for made in DOCUMENTS.values():
        document = made(tables, charts)
        assert pdf.render(document, dated(tables)).startswith(b"%PDF")
        assert html.render(document)


def test_characters_that_cannot_be_drawn_are_each_replaced() -> None:
    assert drawable("Da 👩‍👩‍👧 iawn 漢字 3️⃣ ŷ") == "Da � iawn �� 3 ŷ"
    assert drawable("$x_1$ é\n") == "$x_1$ é\n"


def test_no_heading_of_a_chart_is_a_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "_with_pictures", lambda charts: charts)
    tables = released_tables()
    tables["measure"]["label"] = [f"={label}|' /C calc'!A0" for label in tables["measure"]["label"]]
    charts = [chart for family in gallery.FAMILIES for chart in gallery.draw(family, tables)]
    headings = [str(heading) for chart in charts for heading in chart.data.columns]
    assert [heading for heading in headings if heading.startswith("'=")]
    assert [heading for heading in headings if re.match(r"[=+@-]", heading)] == []
