"""Recomputes cited numbers from their references: a released table, or a chart's figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from pipelines.released import citations as cited
from pipelines.released.citations import Reference, released_rows
from pipelines.released.wording import NUMBER


def made_again(
    said: Iterable[tuple[str, str]],
    tables: Mapping[str, pd.DataFrame],
    charts: Mapping[str, pd.DataFrame],
) -> tuple[int, list[str]]:
    """The count of numbers, and those that their reference does not reproduce.

    `said` are words with their references; `charts` are the figures of each chart by name.
    """
    rows = released_rows(tables)
    n, unlike = 0, []
    for words, where in said:
        n += 1
        reference = Reference.read(where)
        if reference.table.startswith("charts/"):
            figures = charts[reference.table.removeprefix("charts/").removesuffix(".csv")]
            again = [str(figures.loc[int(row), reference.columns[0]]) for row in reference.rows]
            is_count = reference.format == "rows"
            is_same = words == str(len(again)) if is_count else words in NUMBER.findall(again[0])
        else:
            mine = [row for row in rows[reference.table] if row.key in reference.rows]
            again = [cited.words_of(reference.format, mine, reference.columns)]
            is_same = again[0].casefold() == words.casefold()
        if not is_same:
            unlike.append(f"{words} is {again[0]} in {where}")
    return n, unlike
