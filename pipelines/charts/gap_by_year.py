"""The gap by year: disadvantaged against other pupils, in programme schools and in the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipelines.charts import series_breaks, style, subject, year_axis
from pipelines.charts.chart import Chart, Frames
from pipelines.charts.subject import Reading, Subject
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    MINUS,
    NUMBER,
    UNIT_LABELS,
    capitalised,
    format_count,
    format_group,
    format_size,
    rounded,
)

_ROW, _HEAD, _AXIS, _NAME = 0.46, 0.2, 0.3, 0.26
_LEFT, _GAP_COLUMN = 1.05, 0.5
_PANEL = style.WIDTH_INCHES - _LEFT - _GAP_COLUMN
_HEADING: dict[str, Any] = {"fontsize": style.BODY_SIZE, "fontweight": "bold", "va": "top"}
# Rows between a mark and its interval, so that the two intervals do not overlap.
_SIDES = {"not_disadvantaged": -0.22, "disadvantaged": 0.22}
_WHISKER: dict[str, Any] = {"linewidth": 1.3, "marker": "|", "markersize": 5}
_GROUPS = ("not_disadvantaged", "disadvantaged")
_SIDE_WORDS = {"not_disadvantaged": "other", "disadvantaged": "disadvantaged"}
_ARMS = ("programme", "rest")
Panel = dict[str, list[Reading]]  # readings by pupil group


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart for every primary measure of a programme for disadvantaged pupils."""
    for about in subject.primary_subjects(tables):
        if about.pupil_group != "disadvantaged":
            continue
        panels = {
            arm: {group: subject.series(tables, about, arm, group) for group in _GROUPS}
            for arm in _ARMS
        }
        drawn = [
            any(not r.is_missing for r in line) for p in panels.values() for line in p.values()
        ]
        if all(drawn):
            yield _chart(tables, about, panels)


def _chart(tables: Frames, about: Subject, panels: dict[str, Panel]) -> Chart:
    name = f"gap_by_year-{about.slug}"
    data = _data(about, panels)
    title, title_from = _title(about, data, panels)
    broken = series_breaks.break_words(tables, about)
    alt_text = f"{_alt_text(about, panels)} {series_breaks.spoken(tables, about)}".strip()
    statuses = subject.status_words(_all_readings(panels))
    svg = _draw(tables, about, title, panels).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            statuses,
            about.not_compared,
            "The gap is other pupils minus disadvantaged pupils; it moves by chance too.",
            broken,
        ),
        data=data,
        svg=svg,
        title_from=title_from,
    )


def _arm_words(about: Subject, arm: str) -> str:
    return about.schools.capitalize() if arm == "programme" else "Other local schools"


def _all_readings(panels: dict[str, Panel]) -> list[Reading]:
    return [reading for panel in panels.values() for line in panel.values() for reading in line]


def _gaps(about: Subject, panel: Panel) -> list[float | None]:
    """Other pupils' lead over disadvantaged pupils, by year; None where either is missing."""
    sign = 1 if about.higher_is_better else -1
    return [
        None if other.is_missing or target.is_missing else sign * (other.mean - target.mean)
        for other, target in zip(panel["not_disadvantaged"], panel["disadvantaged"], strict=True)
    ]


def _gap_words(about: Subject, gap: float) -> str:
    """A gap with its unit, and a minus sign where disadvantaged pupils do better."""
    minus = MINUS if rounded(gap, about.unit, about.decimals) < 0 else ""
    return minus + format_size(gap, about.unit, about.decimals)


def _title(
    about: Subject, data: pd.DataFrame, panels: dict[str, Panel]
) -> tuple[str, tuple[Quote, ...]]:
    """Both gaps in the outcome year; one or two earlier years do not show a trend."""
    year = panels["programme"]["disadvantaged"][-1].academic_year
    last = {arm: _gaps(about, panel)[-1] for arm, panel in panels.items()}
    gaps = {arm: _gap_words(about, gap) for arm, gap in last.items() if gap is not None}
    if len(gaps) < len(panels):
        whose = {"programme": "other schools", "rest": about.schools}.get(next(iter(gaps), ""))
        return f"No {year} gap can be shown{f' for {whose}' if whose else ''}", ()
    places = {arm: n for n, arm in enumerate(data["Schools"]) if data["Year"].iloc[n] == year}
    quotes = tuple(
        Quote(NUMBER.findall(words)[0], (places[_arm_words(about, arm)],), "Gap")
        for arm, words in gaps.items()
    )
    elsewhere = quotes[1].number
    if about.is_placebo:
        title = f"No programme existed: {year} gap {quotes[0].number}, elsewhere {elsewhere}"
    else:
        title = f"{year} gap: {gaps['programme']} in programme schools, {elsewhere} elsewhere"
    return title, quotes


@style.styled
def _draw(tables: Frames, about: Subject, title: str, panels: dict[str, Panel]) -> style.Sheet:
    unit = "%" if about.unit == "share" else "average points"
    lines = [line for panel in panels.values() for line in panel.values()]
    rows = _ROW * len(panels["programme"]["disadvantaged"])
    height = _NAME + _HEAD + rows
    sheet = style.sheet(
        title,
        f"{about.label}, {unit}: {format_group('disadvantaged')} and "
        f"{format_group('not_disadvantaged')} of the same schools, {year_axis.interval_words(lines)}",
        subject.footer(tables, "", (about.key_stage,)),
        height * len(panels) + _AXIS,
    )
    limits = year_axis.limits(about, lines)
    years = [reading.academic_year for reading in panels["programme"]["disadvantaged"]]
    marks = {"programme": style.PROGRAMME_MARKS, "rest": style.REST_MARKS}
    for number, (arm, panel) in enumerate(reversed(panels.items())):
        axes = sheet.axes(_LEFT, _AXIS + number * height, _PANEL, height - _NAME)
        axes.set_xlim(*limits)
        axes.set_ylim(len(years) - 0.5, -0.5 - _HEAD / _ROW)
        axes.set_yticks([])
        axes.grid(visible=True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(year_axis.value_mark(about))
        axes.tick_params(labelbottom=not number)
        sheet.write(_AXIS + (number + 1) * height - 0.06, _arm_words(about, arm), **_HEADING)
        _mark_breaks(axes, years, series_breaks.breaks(tables, about))
        _draw_panel(axes, about, panel, marks[arm]["color"])
        _write_years(axes, list(panel.values()))
    return sheet


def _mark_breaks(axes: Axes, years: Sequence[str], breaks: Collection[str]) -> None:
    """A dashed line above each year from which values are not comparable with earlier ones."""
    for row, year in enumerate(years):
        if row and year in breaks:
            axes.axhline(
                row - 0.5, color=style.RULE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1
            )
            axes.text(
                1.0,
                row - 0.5,
                year_axis.NOT_ALIKE,
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="bottom",
                fontsize=style.SMALL_SIZE,
            )


def _write_years(axes: Axes, lines: Sequence[Sequence[Reading]]) -> None:
    """The years with their release statuses, left of the first panel."""
    for row, words in enumerate(year_axis.year_words(lines)):
        axes.text(
            (0.08 - _LEFT) / style.inches(axes)[0],
            row,
            words,
            transform=axes.get_yaxis_transform(),
            va="center",
            linespacing=1.2,
        )


def _draw_panel(axes: Axes, about: Subject, panel: Panel, colour: str) -> None:
    """A dumbbell for each year: both sides on one bar, their intervals, and the gap beside it."""
    beside: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center"}
    axes.text(1.04, -0.5, "gap", **(beside | {"va": "bottom", "fontsize": style.SMALL_SIZE}))
    is_named = False
    for row, gap in enumerate(_gaps(about, panel)):
        readings = {group: line[row] for group, line in panel.items()}
        for group, reading in readings.items():
            if reading.is_missing:
                words = f"{format_group(group)}: {reading.missing_reason}"
                look = beside | {"fontsize": style.SMALL_SIZE}
                axes.text(0.02, row + _SIDES[group], words, **look)
            else:
                _draw_side(axes, about, (row, group), reading, colour)
        if gap is not None:
            ends = [about.axis(reading.mean) for reading in readings.values()]
            bar: dict[str, Any] = {"color": style.BAND, "linewidth": 7, "solid_capstyle": "butt"}
            axes.plot(ends, [row] * 2, zorder=1, **bar)
            size = about.value(gap).removesuffix("%")
            axes.text(1.04, row, size, fontweight="bold", **beside)
            if not is_named:
                _name_sides(axes, about, row, readings)
                is_named = True


def _draw_side(
    axes: Axes, about: Subject, at: tuple[int, str], reading: Reading, colour: str
) -> None:
    """A mark on the row, filled for disadvantaged pupils, and its interval on its own side."""
    row, group = at
    tip = f"{reading.academic_year}, {format_group(group)}: {about.value(reading.mean)}"
    if reading.has_interval:
        tip += f" (95%: {year_axis.interval_of(reading, about)})"
        ends = [about.axis(reading.ci_low), about.axis(reading.ci_high)]
        look: dict[str, Any] = _WHISKER | {"color": colour, "label": tip}
        axes.plot(ends, [row + _SIDES[group]] * 2, zorder=2, **look)
    is_filled = group == "disadvantaged"
    marks = style.PROGRAMME_MARKS if is_filled else style.REST_MARKS
    fill = {"markerfacecolor": colour} if is_filled else {}
    look = marks | fill | {"color": colour, "markeredgecolor": colour, "linestyle": ""}
    axes.plot([about.axis(reading.mean)], [row], zorder=3, label=tip, **look)


def _name_sides(axes: Axes, about: Subject, row: int, shown: dict[str, Reading]) -> None:
    """Label the marks of the first complete dumbbell, moved apart where they would overlap."""
    low, high = axes.get_xlim()
    inch = (high - low) / style.inches(axes)[0]
    groups = sorted(shown, key=lambda group: about.axis(shown[group].mean))
    widths = [style.text_width(_SIDE_WORDS[g], style.SMALL_SIZE) + 0.12 for g in groups]
    ends = [about.axis(shown[group].mean) for group in groups]
    places = style.spread(ends, [width * inch for width in widths], low, high)
    for group, place in zip(groups, places, strict=True):
        look: dict[str, Any] = {"ha": "center", "va": "bottom", "fontsize": style.SMALL_SIZE}
        axes.text(place, row - 0.5, _SIDE_WORDS[group], **look)


def _alt_text(about: Subject, panels: dict[str, Panel]) -> str:
    existed = "No such programme existed. " if about.is_placebo else ""
    parts = [
        f"{_arm_words(about, arm).lower()} "
        + ", ".join(
            f"{'not shown' if gap is None else about.value(gap).removesuffix('%')} in "
            f"{reading.academic_year}"
            for gap, reading in zip(_gaps(about, panel), panel["disadvantaged"], strict=True)
        )
        for arm, panel in panels.items()
    ]
    unit = UNIT_LABELS[about.unit]
    return (
        f"{existed}{about.label}: gap in {unit} between other and disadvantaged pupils by year. "
        f"{capitalised('; '.join(parts))}."
    )


def _data(about: Subject, panels: dict[str, Panel]) -> pd.DataFrame:
    rows = []
    for arm, panel in panels.items():
        for position, gap in enumerate(_gaps(about, panel)):
            sides = {group: panel[group][position] for group in _GROUPS}
            row = {"Year": sides["disadvantaged"].academic_year, "Schools": _arm_words(about, arm)}
            for group, side in sides.items():
                heading = capitalised(format_group(group))
                row[heading] = side.missing_reason or about.value(side.mean)
                row[f"{heading}: 95% interval"] = year_axis.interval_of(side, about)
                row[f"{heading}: number"] = side.missing_reason or format_count(side.n_pupils)
            row["Gap"] = (
                _first_reason(list(sides.values())) if gap is None else _gap_words(about, gap)
            )
            row["Release status"] = sides["disadvantaged"].how_final
            rows.append(row)
    return pd.DataFrame(rows)


def _first_reason(sides: Sequence[Reading]) -> str:
    return next(side.missing_reason for side in sides if side.is_missing)
