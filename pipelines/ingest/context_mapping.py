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

Layout = Literal["lait", "ees"]


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


def _rows(name: str) -> list[dict[str, str]]:
    path = Path(__file__).parent / f"context_{name}.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
