"""Breaks in the series a chart by year shows: where they are, in words.

How a line is drawn across them is `year_axis`'s.
"""

from __future__ import annotations

from pipelines.charts.chart import Tables
from pipelines.charts.subject import Subject
from pipelines.wording import join_words


def breaks(tables: Tables, subject: Subject) -> dict[str, str]:
    """Years from which the measure is not comparable with years before, each with what changed."""
    rows_of = tables["series_break"]
    mine = rows_of[rows_of["measure"] == subject.measure].sort_values("academic_year")
    return dict(zip(mine["academic_year"], mine["what"], strict=True))


def break_words(tables: Tables, subject: Subject, after: str = "") -> str:
    """What a reader of values from year `after` on has to know of their breaks; "" if there is none."""
    found = {year: what for year, what in breaks(tables, subject).items() if year > after}
    if not found:
        return ""
    return (
        f"Break in series at {join_words(found)}: {'; '.join(found.values())}. "
        "Levels before and after are not comparable."
    )
