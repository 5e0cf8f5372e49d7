"""The gap by year: disadvantaged against other pupils, in programme schools and in the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipelines.charts import series_breaks, style, subject, year_axis
from pipelines.charts.chart import Chart, Tables
from pipelines.charts.subject import Reading, Subject
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    MINUS,
    NUMBER,
    capitalised,
    format_count,
    format_group,
    format_size,
    rounded,
)

_ROW, _HEAD, _AXIS, _NAME = 0.5, 0.22, 0.3, 0.26
_LEFT, _GAP_COLUMN = 1.05, 0.42
_APART = 0.22  # rows between a mark and its interval, so that two intervals never hide each other
_WHISKER: dict[str, Any] = {"linewidth": 1.3, "marker": "|", "markersize": 5}
_GROUPS = ("not_disadvantaged", "disadvantaged")
_SIDE_WORDS = {"not_disadvantaged": "other", "disadvantaged": "disadvantaged"}
_ARMS = ("programme", "rest")
Panel = dict[str, list[Reading]]  # readings by pupil group


def charts(tables: Tables) -> Iterator[Chart]:
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


def _chart(tables: Tables, about: Subject, panels: dict[str, Panel]) -> Chart:
    name = f"gap_by_year-{about.slug}"
    data = _data(about, panels)
    title, title_from = _title(about, data, panels)
    broken = series_breaks.break_words(tables, about)
    alt_text = f"{_alt_text(about, panels)} {broken}".strip()
    statuses = subject.status_words(_all_readings(panels))
    svg = _draw(tables, about, title, panels).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            "The gap is other pupils minus disadvantaged pupils within the same schools. No "
            f"interval is given for the gap itself: it moves by chance too. {broken}".strip(),
            statuses,
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
    """How far other pupils are ahead of disadvantaged pupils by year; None where either side is missing."""
    sign = 1 if about.higher_is_better else -1
    return [
        None if other.is_missing or target.is_missing else sign * (other.mean - target.mean)
        for other, target in zip(panel["not_disadvantaged"], panel["disadvantaged"], strict=True)
    ]


def _gap_words(about: Subject, gap: float) -> str:
    """A gap with its unit and, where disadvantaged pupils do better, its minus sign."""
    minus = MINUS if rounded(gap, about.unit, about.decimals) < 0 else ""
    return minus + format_size(gap, about.unit, about.decimals)


def _title(
    about: Subject, data: pd.DataFrame, panels: dict[str, Panel]
) -> tuple[str, tuple[Quote, ...]]:
    """Both gaps of the outcome year: one or two earlier years are no direction."""
    year = panels["programme"]["disadvantaged"][-1].academic_year
    last = {arm: _gaps(about, panel)[-1] for arm, panel in panels.items()}
    gaps = {arm: _gap_words(about, gap) for arm, gap in last.items() if gap is not None}
    if len(gaps) < len(panels):
        # Of the side that has one, its own.
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
def _draw(tables: Tables, about: Subject, title: str, panels: dict[str, Panel]) -> style.Sheet:
    unit = "%" if about.unit == "share" else "average points"
    years = panels["programme"]["disadvantaged"]
    height = _NAME + _HEAD + _ROW * len(years) + _AXIS
    lines = [line for panel in panels.values() for line in panel.values()]
    sheet = style.sheet(
        title,
        f"{about.label}, {unit}: {format_group('disadvantaged')} and "
        f"{format_group('not_disadvantaged')} of the same schools, {year_axis.interval_words(lines)}",
        subject.footer(tables, "", (about.key_stage,)),
        height,
    )
    limits = year_axis.limits(about, lines)
    width = (style.WIDTH_INCHES - _LEFT - len(panels) * _GAP_COLUMN - 0.1) / len(panels)
    marks = {"programme": style.PROGRAMME_MARKS, "rest": style.REST_MARKS}
    for number, (arm, panel) in enumerate(panels.items()):
        left = _LEFT + number * (width + _GAP_COLUMN)
        axes = sheet.axes(left, _AXIS, width, _ROW * len(years) + _HEAD)
        axes.set_xlim(*limits)
        axes.set_ylim(len(years) - 0.5, -0.5 - _HEAD / _ROW)
        axes.set_yticks([])
        axes.grid(visible=True, axis="x")
        axes.spines["left"].set_visible(False)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(year_axis.value_mark(about))
        axes.set_title(
            _arm_words(about, arm), fontsize=style.BODY_SIZE + 1, fontweight="bold", loc="left"
        )
        _mark_breaks(axes, [r.academic_year for r in years], series_breaks.breaks(tables, about))
        _draw_panel(axes, about, panel, marks[arm]["color"])
        if not number:
            _write_years(axes, list(panel.values()))
    return sheet


def _mark_breaks(axes: Axes, years: Sequence[str], breaks: Collection[str]) -> None:
    """A dashed line above each year from which values are not comparable with those before."""
    for row, year in enumerate(years):
        if row and year in breaks:
            axes.axhline(
                row - 0.5, color=style.RULE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1
            )
            axes.text(
                1.0,
                row - 0.5,
                "break in series",
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="bottom",
                fontsize=style.SMALL_SIZE,
            )


def _write_years(axes: Axes, lines: Sequence[Sequence[Reading]]) -> None:
    """Each row's year with its release status, left of the first panel."""
    for row, words in enumerate(year_axis.year_words(lines)):
        axes.text(
            (0.08 - _LEFT) / style.width_of(axes),
            row,
            words,
            transform=axes.get_yaxis_transform(),
            va="center",
            linespacing=1.2,
        )


def _draw_panel(axes: Axes, about: Subject, panel: Panel, colour: str) -> None:
    """A dumbbell a year: both sides on one bar, their intervals above and below, the gap beside."""
    looks = {
        "not_disadvantaged": style.REST_MARKS | {"color": colour, "markeredgecolor": colour},
        "disadvantaged": style.PROGRAMME_MARKS
        | {"color": colour, "markerfacecolor": colour, "markeredgecolor": colour},
    }
    sides = {"not_disadvantaged": -_APART, "disadvantaged": _APART}
    beside = axes.get_yaxis_transform()
    axes.text(1.04, -0.5, "gap", transform=beside, va="bottom", fontsize=style.SMALL_SIZE)
    named: set[str] = set()
    for row, gap in enumerate(_gaps(about, panel)):
        readings = {group: line[row] for group, line in panel.items()}
        shown = {group: reading for group, reading in readings.items() if not reading.is_missing}
        if gap is not None:
            ends = [about.axis(reading.mean) for reading in shown.values()]
            axes.plot(
                ends, [row] * 2, color=style.BAND, linewidth=7, solid_capstyle="butt", zorder=1
            )
            size = about.value(gap).removesuffix("%")
            axes.text(1.04, row, size, transform=beside, va="center", fontweight="bold")
        for group, reading in shown.items():
            if reading.has_interval:
                interval = [about.axis(reading.ci_low), about.axis(reading.ci_high)]
                axes.plot(interval, [row + sides[group]] * 2, zorder=2, color=colour, **_WHISKER)
            axes.plot(
                [about.axis(reading.mean)], [row], **(looks[group] | {"linestyle": "", "zorder": 3})
            )
        if len(shown) == len(panel) and not named:
            _name_sides(axes, about, row, shown)
            named = set(shown)
        for group, reading in readings.items():
            if reading.is_missing:
                words = f"{format_group(group)}: {reading.missing_reason}"
                axes.text(
                    0.02,
                    row + sides[group],
                    words,
                    transform=beside,
                    va="center",
                    fontsize=style.SMALL_SIZE,
                )


def _name_sides(axes: Axes, about: Subject, row: int, shown: dict[str, Reading]) -> None:
    """Name the marks of the first whole dumbbell, above it, each from its own side outwards."""
    ends = {group: about.axis(reading.mean) for group, reading in shown.items()}
    low, high = axes.get_xlim()
    inch = (high - low) / style.width_of(axes)
    words = {group: _SIDE_WORDS[group] for group in ends}
    widths = {g: style.text_width(w, style.SMALL_SIZE) * inch for g, w in words.items()}
    left, right = sorted(ends, key=lambda group: ends[group])
    # Centred over their marks where there is room, moved apart and inwards where not.
    starts = {group: ends[group] - widths[group] / 2 for group in ends}
    clear = 0.12 * inch
    overlap = starts[left] + widths[left] + clear - starts[right]
    if overlap > 0:
        starts[left] -= overlap / 2
        starts[right] += overlap / 2
    if starts[left] < low:
        starts[right] = max(starts[right], low + widths[left] + clear)
        starts[left] = low
    if starts[right] + widths[right] > high:
        starts[right] = high - widths[right]
        starts[left] = min(starts[left], starts[right] - clear - widths[left])
    for group, start in starts.items():
        axes.text(start, row - 0.5, words[group], va="bottom", fontsize=style.SMALL_SIZE)


def _alt_text(about: Subject, panels: dict[str, Panel]) -> str:
    parts = ["No such programme existed."] if about.is_placebo else []
    for arm, panel in panels.items():
        gaps = [
            f"{'cannot be shown' if gap is None else _gap_words(about, gap)}"
            f" in {reading.academic_year}"
            for gap, reading in zip(_gaps(about, panel), panel["disadvantaged"], strict=True)
        ]
        parts.append(f"{_arm_words(about, arm)}: gap {', '.join(gaps)}.")
    return (
        f"Two dumbbell charts side by side. {about.label}: other pupils and disadvantaged pupils, by "
        f"year. {' '.join(parts)} These are descriptions; they cannot tell why a gap moved."
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
