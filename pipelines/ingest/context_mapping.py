"""Maps figures and pupil groups of files about authorities to this project's: two reviewed tables.

`context_measures.csv` lists figures by layout: `lait` by the interactive tool's short description, `ees` by
heading (and by subject, if the file has one row for each). `context_groups.csv` gives the pupil group of each
text in columns of explore education statistics; any other text means another group.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import duckdb

from pipelines.ingest.headings import Place
from pipelines.ingest.published_values import is_neither
from pipelines.store.store import sql_text
from pipelines.study.settings import PUPIL_GROUPS

Layout = Literal["lait", "ees"]
OTHER_PUPILS = "another group of pupils than this project's"


@dataclass(frozen=True)
class ContextMeasure:
    """A figure of a file about authorities; `pupil_group` is blank if other columns give the group."""

    layout: str
    name: str
    subject: str
    measure: str
    pupil_group: str


@cache
def context_measures(layout: Layout) -> tuple[ContextMeasure, ...]:
    """The reviewed table of figures of one layout."""
    return tuple(
        m for m in (ContextMeasure(**row) for row in _rows("measures")) if m.layout == layout
    )


@cache
def group_of_text(column: str) -> dict[str, str]:
    """Text (lower case) to pupil group, for one column of a file."""
    return {
        row["text"].casefold(): row["pupil_group"]
        for row in _rows("groups")
        if row["column"] in {"*", column.casefold()}
    }


def group_of_row(
    con: duckdb.DuckDBPyConnection, others: dict[str, Place], *, is_stated: bool
) -> tuple[str, str]:
    """SQL for the pupil group of a row of `numbered`, and the reason why rows without one are set aside.

    `others` are columns whose text may name a group. The result is the one group they name, 'all' if they
    name none, else NULL. A column with the same text in every row counts too, because the file may be cut to
    one group; it is ignored only if the study states the group (`stated_group`). Numeric columns are ignored.
    """
    groups: list[str] = []
    filters: list[str] = []
    if is_stated:
        known = ", ".join(sql_text(group) for group in PUPIL_GROUPS)
        groups.append(
            f"CASE WHEN lower(stated_group) IN ({known}) THEN lower(stated_group) ELSE 'other' END"
        )
    for cell, place in others.items():
        found = con.execute(
            f"SELECT count(DISTINCT coalesce({cell}, '')), coalesce(bool_or({is_neither(cell)}), false), "
            f"min({cell}) FROM numbered WHERE NOT is_blank_row"
        ).fetchall()
        n_texts, holds_words, text = found[0]
        if not holds_words or (is_stated and n_texts < 2):
            continue
        known_texts = group_of_text(place.heading)
        if n_texts < 2 and text.casefold() not in known_texts:
            filters.append(f"{place.heading} is {text!r} in every row")
        whens = " ".join(
            f"WHEN {sql_text(text)} THEN '{group}'" for text, group in known_texts.items()
        )
        groups.append(f"CASE lower({cell}) {whens} ELSE 'other' END")
    listed = f"list_distinct(list_filter([{', '.join(groups)}]::VARCHAR[], lambda g: g <> 'all'))"
    group = f"CASE len({listed}) WHEN 0 THEN 'all' WHEN 1 THEN nullif({listed}[1], 'other') END"
    return group, OTHER_PUPILS + (f" ({'; '.join(filters)})" if filters else "")


def _rows(name: str) -> list[dict[str, str]]:
    path = Path(__file__).parent / f"context_{name}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
