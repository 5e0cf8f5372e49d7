"""Target pupils' outcomes by year: programme schools against the other local schools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from pipelines.charts import series_breaks, style, subject, year_axis
from pipelines.charts.chart import Chart, Frames
from pipelines.charts.subject import Reading, Subject
from pipelines.charts.verdict_title import verdict_title
from pipelines.released.wording import (
    capitalised,
    format_count,
    format_group,
    format_months,
)

_HEIGHT = 2.6
_LEFT, _RIGHT, _STRIP = 0.45, 1.12, 0.55
_WIDTH = style.WIDTH_INCHES - _LEFT - _RIGHT
_SEPTEMBER = 9  # month in which an academic year begins
_REST = "other local schools"


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart for every evaluated programme and primary measure with any released mean."""
    for about in subject.primary_subjects(tables):
        lines = {
            about.schools: subject.series(tables, about, "programme", about.pupil_group),
            _REST: subject.series(tables, about, "rest", about.pupil_group),
        }
        if any(not reading.is_missing for line in lines.values() for reading in line):
            yield _chart(tables, about, lines)


def _chart(tables: Frames, about: Subject, lines: dict[str, list[Reading]]) -> Chart:
    name = f"outcome_by_year-{about.slug}"
    found = subject.headline(tables, about)
    title = verdict_title(tables, about, found)
    statuses = subject.status_words([reading for line in lines.values() for reading in line])
    broken = series_breaks.break_words(tables, about)
    alt_text = f"{_alt_text(about, lines)} {series_breaks.spoken(tables, about)}".strip()
    svg = _draw(tables, about, title, lines).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            statuses,
            about.not_compared,
            broken,
        ),
        data=_data(about, lines),
        svg=svg,
    )


@style.styled
def _draw(
    tables: Frames, about: Subject, title: str, lines: dict[str, list[Reading]]
) -> style.Sheet:
    years, breaks = subject.study_years(tables), series_breaks.breaks(tables, about)
    strip = _STRIP if _has_strip(about) else 0.0
    sheet = style.sheet(
        title,
        f"{about.measured()}, {year_axis.interval_words(list(lines.values()))}",
        subject.footer(tables, "", (about.key_stage,)),
        _HEIGHT + strip,
    )
    axes = sheet.axes(_LEFT, strip + 0.45, _WIDTH, _HEIGHT - 0.5)
    axes.set_ylim(*year_axis.limits(about, list(lines.values()), room=0.25))
    year_axis.draw_line(axes, about, lines[about.schools], style.PROGRAMME_MARKS, -1, breaks=breaks)
    year_axis.draw_line(axes, about, lines[_REST], style.REST_MARKS, 1, breaks=breaks)
    year_axis.draw_years(axes, list(lines.values()))
    year_axis.draw_values(axes, about)
    year_axis.mark_missing(axes, dict(lines), 0.55 * _WIDTH / len(years))
    year_axis.mark_breaks(axes, years, breaks)
    year_axis.label_ends(axes, about, lines, _RIGHT)
    if strip:
        _draw_strip(sheet.axes(_LEFT, 0.05, _WIDTH, strip - 0.05), about, years)
    return sheet


def _has_strip(about: Subject) -> bool:
    return about.starts is not None and about.tests is not None and not about.is_placebo


def _draw_strip(axes: Axes, about: Subject, years: list[str]) -> None:
    """Support and test months on the time axis; a year runs from September to August."""
    axes.set_xlim(-0.5, len(years) - 0.5)
    axes.set_ylim(0, _STRIP)
    axes.axis("off")
    if about.starts is None or about.tests is None:
        return
    end = len(years) - 0.5
    for y, words in ((0.38, f"support from\n{about.starts:%B %Y}"), (0.1, "tests")):
        axes.plot([-0.5, end], [y, y], color=style.GRID, linewidth=1, zorder=1)
        look: dict[str, Any] = {"va": "center", "linespacing": 1.15, "fontsize": style.SMALL_SIZE}
        axes.text(end + 0.06 * len(years) / _WIDTH, y, words, **look)
    bar: dict[str, Any] = {"linewidth": 7, "solid_capstyle": "butt", "zorder": 2}
    axes.plot([_place(about.starts, years), end], [0.38] * 2, color=style.DARK_BLUE, **bar)
    for year in years:
        days = [day.replace(year=int(year[:4]) + (day.month < _SEPTEMBER)) for day in about.tests]
        places = [_place(day, years) for day in days]
        tip = format_months(*days)
        axes.plot(places, [0.1] * 2, color=style.TEXT, label=tip, **bar)


def _place(day: pd.Timestamp, years: list[str]) -> float:
    """The position of a day on the axis; a day between two shown years lies between them."""
    first = day.year - (day.month < _SEPTEMBER)
    year = f"{first}-{(first + 1) % 100:02d}"
    number = next((n for n, shown in enumerate(years) if shown >= year), len(years))
    days = (day - pd.Timestamp(first, _SEPTEMBER, 1)).days if year in years else 0
    return number - 0.5 + days / 366


def _alt_text(about: Subject, lines: dict[str, list[Reading]]) -> str:
    existed = "No such programme existed. " if about.is_placebo else ""
    group = format_group(about.pupil_group)
    timing = f", {_timing(about)}" if _has_strip(about) else ""
    return f"{existed}{about.label} of {group} by year{timing}. {year_axis.spoken(about, lines)}"


def _timing(about: Subject) -> str:
    if about.starts is None or about.tests is None or about.is_placebo:
        return "–"
    return f"support from {about.starts:%B %Y}, tests in {format_months(*about.tests)}"


def _data(about: Subject, lines: dict[str, list[Reading]]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Year": reading.academic_year,
                "Schools": name.capitalize(),
                "Pupils": capitalised(format_group(about.pupil_group)),
                about.label: reading.missing_reason or about.value(reading.mean),
                "95% interval": year_axis.interval_of(reading, about),
                "Number of schools": reading.missing_reason or format_count(reading.n_schools),
                "Number of pupils": reading.missing_reason or format_count(reading.n_pupils),
                "Release status": reading.how_final,
                "Timing": capitalised(_timing(about)),
            }
            for name, line in lines.items()
            for reading in line
        ]
    )
