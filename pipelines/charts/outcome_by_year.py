"""Target pupils' outcomes by year: programme schools against the other local schools."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes

from pipelines.charts import series_breaks, style, subject, year_axis
from pipelines.charts.chart import Chart, Tables
from pipelines.charts.subject import Effect, Reading, Subject
from pipelines.charts.verdict_title import verdict_title
from pipelines.released.wording import (
    capitalised,
    format_count,
    format_group,
    format_verdict,
)

_HEIGHT = 2.75
_LEFT, _RIGHT = 0.5, 1.62
_REST = "other local schools"


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart for every evaluated programme and primary measure with any released mean."""
    for about in subject.primary_subjects(tables):
        lines = {
            about.schools: subject.series(tables, about, "programme", about.pupil_group),
            _REST: subject.series(tables, about, "rest", about.pupil_group),
        }
        if any(not reading.is_missing for line in lines.values() for reading in line):
            yield _chart(tables, about, lines)


def _chart(tables: Tables, about: Subject, lines: dict[str, list[Reading]]) -> Chart:
    name = f"outcome_by_year-{about.slug}"
    found = subject.effect(tables, about, "headline")
    title = verdict_title(tables, about, found)
    statuses = subject.status_words([reading for line in lines.values() for reading in line])
    broken = series_breaks.break_words(tables, about)
    alt_text = f"{_alt_text(about, found, lines)} {broken}".strip()
    svg = _draw(tables, about, title, lines).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            "Points are averages over all pupils of the group; shaded years have no figure that "
            f"can be shown. {broken}".strip(),
            statuses,
        ),
        data=_data(about, lines),
        svg=svg,
    )


@style.styled
def _draw(
    tables: Tables, about: Subject, title: str, lines: dict[str, list[Reading]]
) -> style.Sheet:
    sheet = style.sheet(
        title,
        f"{about.measured()}, {year_axis.interval_words(list(lines.values()))}",
        subject.footer(tables, "", (about.key_stage,)),
        _HEIGHT,
    )
    width = style.WIDTH_INCHES - _LEFT - _RIGHT
    height = _HEIGHT - 0.5
    axes = sheet.axes(_LEFT, 0.45, width, height)
    # Room for the note of the start above the last values.
    axes.set_ylim(*year_axis.limits(about, list(lines.values()), room=0.25))
    year_axis.draw_line(axes, about, lines[about.schools], style.PROGRAMME_MARKS, -1)
    year_axis.draw_line(axes, about, lines[_REST], style.REST_MARKS, 1)
    year_axis.draw_years(axes, list(lines.values()))
    year_axis.draw_values(axes, about)
    year_axis.mark_missing(axes, dict(lines), 0.55 * width / len(lines[_REST]))
    year_axis.mark_breaks(axes, subject.study_years(tables), series_breaks.breaks(tables, about))
    _mark_start(axes, about, subject.study_years(tables))
    _label_ends(axes, about, lines, height)
    return sheet


def _mark_start(axes: Axes, about: Subject, years: list[str]) -> None:
    """A thin line before the first results after the programme began: tests are in May."""
    if about.starts is None or about.is_placebo:
        return
    first_year = about.starts.year - ((about.starts.month, about.starts.day) <= (5, 15))
    year = f"{first_year}-{(first_year + 1) % 100:02d}"
    if year in years[1:]:
        position = years.index(year) - 0.5
        axes.axvline(position, color=style.RULE, linewidth=1, linestyle=(0, (1, 2)), zorder=1)
        axes.text(
            position,
            1.0,
            f"  starts {about.starts:%B %Y}",
            transform=axes.get_xaxis_transform(),
            ha="left",
            va="top",
            fontsize=style.SMALL_SIZE,
        )


def _label_ends(axes: Axes, about: Subject, lines: dict[str, list[Reading]], height: float) -> None:
    drawn = {
        name: year_axis.last_drawn(line)
        for name, line in lines.items()
        if any(not reading.is_missing for reading in line)
    }
    low, high = axes.get_ylim()
    # Clear of what is written in a last year that has no figure.
    is_early = any(line[-1].is_missing for line in lines.values())
    room = _RIGHT - (0.2 if is_early else 0.1)
    words = {
        name: style.wrap(name, room, style.BODY_SIZE, bold=is_early and name == about.schools)
        for name in drawn
    }
    n_lines = 1 + max((text.count("\n") + 1 for text in words.values()), default=1)
    apart = (n_lines + 0.7) * style.BODY_SIZE / 72 / height * (high - low)
    heights = style.spread([about.axis(r.mean) for _, r in drawn.values()], apart)
    # Off the years below and the note of the start above.
    note = 1.6 * style.SMALL_SIZE / 72 / height * (high - low)
    below = low + apart / 2 - min(heights)
    above = max(heights) + apart / 2 + note - high
    heights = [y + (below if below > 0 else min(0.0, -above)) for y in heights]
    for (name, (position, reading)), y in zip(drawn.items(), heights, strict=True):
        axes.text(
            len(lines[name]) - 0.48 if is_early else position + 0.17,
            y,
            f"{words[name]}\n{about.value(reading.mean)}",
            va="center",
            ha="left",
            fontweight="bold" if name == about.schools else "normal",
            linespacing=1.25,
            bbox=style.BEHIND_TEXT,
        )


def _alt_text(about: Subject, found: Effect | None, lines: dict[str, list[Reading]]) -> str:
    parts = []
    if about.is_placebo:
        parts.append("No such programme existed; the schools were picked by a rule.")
    for name, line in lines.items():
        steps = [
            f"{r.missing_reason if r.is_missing else about.value(r.mean)} in {r.academic_year}"
            for r in line
        ]
        parts.append(f"{name.capitalize()}: {', '.join(steps)}.")
    if found is not None and found.is_estimated:
        parts.append(f"Verdict: {format_verdict(found.verdict)}.")
    elif found is not None:
        parts.append("There is no verdict; the chart of all headlines says why.")
    group = format_group(about.pupil_group)
    return f"Line chart. {about.label} of {group}, by year. {' '.join(parts)}"


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
            }
            for name, line in lines.items()
            for reading in line
        ]
    )
