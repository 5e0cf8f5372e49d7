"""Which figures and which pupils of a file about authorities are this project's: two reviewed tables.

`context_measures.csv` names figures by layout: `lait` by the interactive tool's short description, `ees` by
the heading of the figure (and the subject, where a file has one row for each). `context_groups.csv` says
which pupils a text in a column of explore education statistics means; what it does not name is another group.
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
    """A figure of a file about authorities; the pupil group is blank where other columns say it."""

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
    con: duckdb.DuckDBPyConnection, others: dict[str, Place], *, is_said: bool
) -> tuple[str, str]:
    """SQL for the pupil group of a row of table `numbered`, and why a row without one is set aside.

    The group is the one that its columns name (`others`: a cell, and where it stands), everyone if all say
    so, else NULL. A column that says the same in every row is a filter like any other: the file was cut to
    one group. Only where the study says which group that is (`said_group`) is it not asked. Numbers tell no
    group.
    """
    groups: list[str] = []
    filters: list[str] = []
    if is_said:
        known = ", ".join(sql_text(group) for group in PUPIL_GROUPS)
        groups.append(
            f"CASE WHEN lower(said_group) IN ({known}) THEN lower(said_group) ELSE 'other' END"
        )
    for cell, place in others.items():
        found = con.execute(
            f"SELECT count(DISTINCT coalesce({cell}, '')), coalesce(bool_or({is_neither(cell)}), false), "
            f"min({cell}) FROM numbered WHERE NOT is_blank_row"
        ).fetchall()
        n_texts, holds_words, text = found[0]
        if not holds_words or (is_said and n_texts < 2):
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
