"""Breaks in the series of a chart by year, in words.

`year_axis` draws the lines across them.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.charts.chart import Frames
from pipelines.charts.subject import Subject, study_years
from pipelines.released.wording import join_words


def breaks(tables: Frames, about: Subject, shown: Sequence[str] = ()) -> dict[str, str]:
    """Years from which the measure is not comparable with earlier years, each with what changed.

    Considers the years `shown`, or else the study's: a chart of the authority's published results,
    for example, covers other years.
    """
    years = shown or study_years(tables)
    rows_of = tables["series_break"]
    mine = rows_of[rows_of["measure"] == about.measure].sort_values("academic_year")
    found = zip(mine["academic_year"], mine["what"], strict=True)
    return {year: what for year, what in found if min(years) < year <= max(years)}


def spoken(tables: Frames, about: Subject, shown: Sequence[str] = ()) -> str:
    """Where the breaks in these years are; "" if there is none."""
    found = breaks(tables, about, shown)
    return f"Break in series at {join_words(found)}." if found else ""


def break_words(tables: Frames, about: Subject, shown: Sequence[str] = ()) -> str:
    """What a reader needs to know about breaks in these years; "" if there is none."""
    if not (said := spoken(tables, about, shown)):
        return ""
    what = "; ".join(breaks(tables, about, shown).values())
    return f"{said[:-1]}: {what}. Levels before and after are not comparable."
