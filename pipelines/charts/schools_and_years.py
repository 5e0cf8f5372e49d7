"""The smallest effect that a planned study would see, by its number of schools and years of results.

Drawn for the planner's page (`board.plan_page`) from the rows of `planning.plan_table`, not from released
tables, so it is no family of the gallery.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipelines.charts import style
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart
from pipelines.released.citations import Quote, Row
from pipelines.released.wording import (
    NUMBER,
    UNIT_LABELS,
    first_within,
    format_count,
    format_group,
    format_size,
)
from pipelines.study.measures import Measure

_HEIGHT, _LEFT, _BELOW, _RIGHT = 2.7, 0.5, 0.5, 0.85
_WIDTH = style.WIDTH_INCHES - _LEFT - _RIGHT
_YEARS = {1: "one year", 2: "two years", 3: "three years"}
_LOOKS = {
    1: style.PROGRAMME_MARKS,
    2: style.REST_MARKS,
    3: style.THIRD_MARKS,
}
_SCHOOLS, _OTHERS, _MATTERS = "Schools in the programme", "Other schools", "Would matter"
_ONE_YEAR = "Seen with one year of results"


def chart(title_of_programme: str, rows: Sequence[Row], source: str) -> Chart:
    """The chart of one measure, from its rows of `plan` at all sizes but the half.

    `source` says place, years and publisher, as in "Kestrelmouth, 2016-17. Source: …".
    """
    first = rows[0]
    measure, smallest = first.measure, first["smallest_effect"]
    name = chart_name(first)
    data = _data(rows)
    planned, schools = data[_ONE_YEAR].iloc[0], data[_SCHOOLS].iloc[0]
    start = f"{schools} schools show {planned}"
    title_from = [Quote(schools, (0,), _SCHOOLS), _quote(planned, _ONE_YEAR)]
    if smallest is None:
        title = first_within(MAX_TITLE_WORDS, f"{start} or more", start)
    else:
        matters = NUMBER.findall(data[_MATTERS].iloc[0])[0]
        title = first_within(MAX_TITLE_WORDS, f"{start}; {matters} would matter", start)
        title_from += [_quote(data[_MATTERS].iloc[0], _MATTERS)] if "matter" in title else []
    alt_text = (
        f"{title_of_programme}, {measure.label}: the smallest effect seen eight times in ten falls from "
        f"{planned} with {schools} schools and one year of results to {_size(rows[-1], rows[-1]['mde'])} "
        f"with {data[_SCHOOLS].iloc[-1]} schools and three years."
    )
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=(
            f"{measure.label}, {format_group(first['pupil_group'])}. Both sides grow alike. Seen eight times "
            f"in ten, if the two comparisons differ as much as earlier results suggest. {source}"
        ),
        data=data,
        svg=_draw(title, title_of_programme, rows, source).save(name, alt_text),
        title_from=tuple(title_from),
    )


def chart_name(row: Row) -> str:
    """The name of the chart of a row's measure."""
    adjusted = "-pupil_adjusted" if row["is_pupil_adjusted"] else ""
    return f"schools_and_years-{row['programme']}-{row['measure']}{adjusted}"


def _quote(text: str, column: str) -> Quote:
    return Quote(NUMBER.findall(text)[0], (0,), column)


def _data(rows: Sequence[Row]) -> pd.DataFrame:
    """A row for each size, a column for each number of years."""
    by_size: dict[str, dict[str, str]] = {}
    for row in rows:
        of_size = by_size.setdefault(
            row["size"],
            {
                _SCHOOLS: format_count(row["n_programme_schools"]),
                _OTHERS: format_count(row["n_comparison_schools"]),
            },
        )
        of_size[f"Seen with {_YEARS[row['outcome_years']]} of results"] = _size(row, row["mde"])
    smallest = rows[0]["smallest_effect"]
    if smallest is not None:
        for of_size in by_size.values():
            of_size[_MATTERS] = _size(rows[0], smallest)
    return pd.DataFrame(list(by_size.values()))


def _size(row: Row, value: float) -> str:
    return format_size(value, row.measure.unit, row.measure.decimals)


@style.styled
def _draw(title: str, title_of_programme: str, rows: Sequence[Row], source: str) -> style.Sheet:
    measure = rows[0].measure
    sheet = style.sheet(
        title,
        f"{title_of_programme}: {measure.label}. The smallest effect seen eight times in ten",
        source,
        _HEIGHT,
    )
    axes = sheet.axes(_LEFT, _BELOW, _WIDTH, _HEIGHT - _BELOW - 0.1)
    axes.set_xlabel("schools in the programme", loc="left", fontsize=style.BODY_SIZE)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylabel(UNIT_LABELS[measure.unit], fontsize=style.BODY_SIZE)
    lines = {
        years: [
            (row["n_programme_schools"], _on_axis(measure, row["mde"]))
            for row in rows
            if row["outcome_years"] == years
        ]
        for years in _YEARS
    }
    for years, line in lines.items():
        axes.plot(*zip(*line, strict=True), **_LOOKS[years] | {"zorder": 3, "clip_on": False})
    axes.set_ylim(0, 1.08 * max(y for line in lines.values() for _, y in line))
    axes.set_xlim(0, max(x for line in lines.values() for x, _ in line))
    _label_lines(axes, {years: line[-1][1] for years, line in lines.items()})
    _levels(axes, rows[0])
    return sheet


def _on_axis(measure: Measure, value: float) -> float:
    return 100 * value if measure.unit == "share" else value


def _label_lines(axes: Axes, ends: dict[int, float]) -> None:
    """Each line's years at its right end, moved apart where they would touch."""
    top, inches = axes.get_ylim()[1], _HEIGHT - _BELOW - 0.1
    order = sorted(ends, key=lambda years: ends[years])
    gap = 0.17 / inches * top
    places = style.spread([ends[years] for years in order], [gap] * len(order), 0, top)
    right = axes.get_xlim()[1]
    for years, y in zip(order, places, strict=True):
        axes.annotate(
            _YEARS[years],
            (right, y),
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL_SIZE,
            color=style.TEXT,
            annotation_clip=False,
        )


def _levels(axes: Axes, row: Row) -> None:
    """What would matter, and what no number of schools goes below."""
    measure = row.measure
    levels = {"would matter": row["smallest_effect"], "however many schools": row["distance"]}
    shown = {
        words: _on_axis(measure, value) for words, value in levels.items() if value is not None
    }
    inches = _HEIGHT - _BELOW - 0.1
    top = axes.get_ylim()[1]
    gap = 0.17 / inches * top
    order = sorted(shown, key=lambda words: shown[words])
    places = style.spread([shown[words] + gap / 2 for words in order], [gap] * len(order), 0, top)
    for words, y in zip(order, places, strict=True):
        dashes = (0, (3, 3)) if words == "would matter" else (0, (1, 2))
        axes.axhline(shown[words], color=style.TEXT, linewidth=1, linestyle=dashes, zorder=2)
        figure = format_size(levels[words], measure.unit, measure.decimals).partition(" ")[0]
        axes.text(
            0.02 * axes.get_xlim()[1],
            y,
            f"{words}: {figure}",
            va="center",
            fontsize=style.SMALL_SIZE,
        )
