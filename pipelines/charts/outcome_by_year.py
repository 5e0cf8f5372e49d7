"""Target pupils' outcomes by year: programme schools against the other local schools."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipelines.charts import series_breaks, style, subject, year_axis
from pipelines.charts.chart import Chart, Tables
from pipelines.charts.subject import Reading, Subject
from pipelines.charts.verdict_title import verdict_title
from pipelines.released.wording import (
    capitalised,
    format_count,
    format_group,
)

_HEIGHT = 2.6
_LEFT, _RIGHT = 0.45, 1.12
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
            broken,
        ),
        data=_data(about, lines),
        svg=svg,
    )


@style.styled
def _draw(
    tables: Tables, about: Subject, title: str, lines: dict[str, list[Reading]]
) -> style.Sheet:
    starts = "" if about.starts is None else f"; support starts {about.starts:%B %Y}"
    sheet = style.sheet(
        title,
        f"{about.measured()}, {year_axis.interval_words(list(lines.values()))}"
        f"{'' if about.is_placebo else starts}",
        subject.footer(tables, "", (about.key_stage,)),
        _HEIGHT,
    )
    width = style.WIDTH_INCHES - _LEFT - _RIGHT
    axes = sheet.axes(_LEFT, 0.45, width, _HEIGHT - 0.5)
    axes.set_ylim(*year_axis.limits(about, list(lines.values()), room=0.25))
    year_axis.draw_line(axes, about, lines[about.schools], style.PROGRAMME_MARKS, -1)
    year_axis.draw_line(axes, about, lines[_REST], style.REST_MARKS, 1)
    year_axis.draw_years(axes, list(lines.values()))
    year_axis.draw_values(axes, about)
    year_axis.mark_missing(axes, dict(lines), 0.55 * width / len(lines[_REST]))
    year_axis.mark_breaks(axes, subject.study_years(tables), series_breaks.breaks(tables, about))
    year_axis.label_ends(axes, about, lines, _RIGHT)
    return sheet


def _alt_text(about: Subject, lines: dict[str, list[Reading]]) -> str:
    existed = "No such programme existed. " if about.is_placebo else ""
    group = format_group(about.pupil_group)
    return f"{existed}{about.label} of {group} by year. {year_axis.spoken(about, lines)}"


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
