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
    "struck": "A\u0336 B\u0301",
    "marks": "A\u0336\u0301\u0300\u0302 \u0301B",
    "scripts": "学校 தமிழ் בית ספר مدرسة",
    "markup": 'A & <b> "q" \' ]]> --> %s {x} # ~ ^ `c` *d* _e_',
    "endless": "W" * 300,
    "lines": "Anchor\nSchool",
}


TURNS = 3


def named(turn: int) -> dict[str, pd.DataFrame]:
    """The released tables with odd texts in every name: over all turns, each text in each kind of name."""
    tables = released_tables()
    texts = [*ODD.values()]

    def add(table: str, column: str, offered: list[str]) -> None:
        names = tables[table][column]
        odd = [offered[row % len(offered)] for row in range(len(names))]
        tables[table][column] = [f"{name} {text}" for name, text in zip(names, odd, strict=True)]

    of_turn = texts[turn * 4 :] + texts[: turn * 4]
    for table, column in (
        ("enrolment", "school_name"),
        *(("programme", column) for column in ("title", "priority", "fund")),
        ("priority", "priority"),
    ):
        add(table, column, of_turn)
    add("study", "title", [" ".join(texts[turn::TURNS])])
    return tables


def test_every_text_is_in_every_kind_of_name() -> None:
    turns = [named(turn) for turn in range(TURNS)]
    for table, column in (
        ("enrolment", "school_name"),
        ("programme", "title"),
        ("programme", "priority"),
        ("programme", "fund"),
        ("priority", "priority"),
        ("study", "title"),
    ):
        said = " ".join(name for tables in turns for name in tables[table][column])
        assert [text for text in ODD.values() if text not in said] == [], (table, column)


@pytest.mark.parametrize("turn", range(TURNS))
def test_any_name_is_drawn(turn: int) -> None:
    tables = named(turn)
    charts = [chart for family in FAMILIES for chart in gallery.draw(family, tables)]
    assert len(charts) >= len(FAMILIES)
    for made in DOCUMENTS.values():
        document = made(tables, charts)
        assert pdf.render(document, dated(tables)).startswith(b"%PDF")
        assert html.render(document)


def test_characters_that_cannot_be_drawn_are_each_replaced() -> None:
    assert drawable("Da 👩‍👩‍👧 iawn 漢字 3️⃣ ŷ") == "Da � iawn �� 3 ŷ"
    assert drawable("$x_1$ é\n") == "$x_1$ é\n"
    assert drawable("e\u0301 A\u0336\u0301 B\u0301") == "é Á B"


def test_no_heading_of_a_chart_is_a_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gallery, "_with_pictures", lambda charts: charts)
    tables = released_tables()
    tables["measure"]["label"] = [f"={label}|' /C calc'!A0" for label in tables["measure"]["label"]]
    charts = [chart for family in gallery.FAMILIES for chart in gallery.draw(family, tables)]
    headings = [str(heading) for chart in charts for heading in chart.data.columns]
    assert [heading for heading in headings if heading.startswith("'=")]
    assert [heading for heading in headings if re.match(r"[=+@-]", heading)] == []
