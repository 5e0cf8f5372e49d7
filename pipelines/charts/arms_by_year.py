"""Target pupils' outcomes by year, one panel an arm: in both programmes, in one, in neither."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
from matplotlib.axes import Axes

from pipelines.charts import series_breaks, style, subject, year_axis
from pipelines.charts.chart import Chart, Tables
from pipelines.charts.subject import Reading, Subject
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    NUMBER,
    capitalised,
    format_arm,
    format_count,
    format_group,
)

# Two schools tell so little of their own spread that their 95% interval spans anything at all.
MIN_SCHOOLS = 3
_COLUMNS = 2
_LEFT, _BETWEEN, _RIGHT = 0.5, 0.3, 0.25
_PANEL, _HEADING, _LINE, _YEARS = 1.2, 0.42, 0.16, 0.45
_MOST_NAMED = 4  # of more years, the first and the last value are written
Lines = dict[str, list[Reading]]  # readings by arm


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart for every primary measure for which three arms or more have enough schools.

    Of two arms it would show what `outcome_by_year` shows.
    """
    for about in subject.primary_subjects(tables):
        if about.is_placebo:
            continue
        lines = _lines(tables, about)
        if len(lines) > 2:
            yield _chart(tables, about, lines)


def _lines(tables: Tables, about: Subject) -> Lines:
    """The arms with enough schools, those in most programmes first, those in none last."""
    comparison = tables["comparison"]
    mine = comparison[
        (comparison["programme"] == "all")
        & (comparison["measure"] == about.measure)
        & (comparison["pupil_group"] == about.pupil_group)
    ]
    # Released arms are listed by name; "both" or a joined name is in more programmes than "…_only".
    ranks = {"both": 0, "neither": 3}
    arms = sorted(
        (arm for arm in dict.fromkeys(mine["arm"]) if arm != "not_under_way"),
        key=lambda arm: ranks.get(arm, 2 if arm.endswith("_only") else 1),
    )
    of_all = replace(about, programme="all")
    lines = {arm: subject.series(tables, of_all, arm, about.pupil_group) for arm in arms}
    return {
        arm: line
        for arm, line in lines.items()
        if any((reading.n_schools or 0) >= MIN_SCHOOLS for reading in line)
    }


def _chart(tables: Tables, about: Subject, lines: Lines) -> Chart:
    name = f"arms_by_year-{about.slug}"
    data = _data(tables, about, lines)
    title, title_from = _title(tables, about, data, lines)
    broken = series_breaks.break_words(tables, about)
    alt_text = f"{_alt_text(tables, about, lines)} {series_breaks.spoken(tables, about)}".strip()
    svg = _draw(tables, about, title, lines).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            subject.status_words([reading for line in lines.values() for reading in line]),
            "Schools differ in much besides their programmes.",
            broken,
        ),
        data=data,
        svg=svg,
        title_from=title_from,
    )


def _title(
    tables: Tables, about: Subject, data: pd.DataFrame, lines: Lines
) -> tuple[str, tuple[Quote, ...]]:
    """The lowest and the highest level of the outcome year: one earlier year is no direction."""
    year = subject.outcome_year(tables)
    rows = [place for place, shown in enumerate(data["Year"]) if shown == year]
    levels = {
        place: line[-1].mean
        for place, line in zip(rows, lines.values(), strict=True)
        if not line[-1].is_missing
    }
    if len(levels) < 2:
        return f"{year} results: too few groups have figures to compare", ()
    ends = (min(levels, key=lambda place: levels[place]), max(levels, key=lambda p: levels[p]))
    low, high = (
        Quote(NUMBER.findall(about.value(levels[place]))[0], (place,), about.label)
        for place in ends
    )
    if low.number == high.number:
        return f"{year}: every group near {low.number}; cannot tell why", (low,)
    return f"{year}: groups from {low.number} to {high.number}; cannot tell why", (low, high)


@style.styled
def _draw(tables: Tables, about: Subject, title: str, lines: Lines) -> style.Sheet:
    breaks = series_breaks.breaks(tables, about)
    dashed = "; years across a dashed line are not measured alike" if breaks else ""
    n_rows = -(-len(lines) // _COLUMNS)
    width = (style.WIDE_INCHES - _LEFT - _BETWEEN - _RIGHT) / _COLUMNS
    names = {
        arm: style.wrap(_arm_words(tables, arm), width, style.BODY_SIZE, bold=True) for arm in lines
    }
    heading = _HEADING + _LINE * max(0, *(words.count("\n") - 1 for words in names.values()))
    height = n_rows * (heading + _PANEL) + _YEARS
    sheet = style.sheet(
        title,
        f"{about.measured()}, {year_axis.interval_words(list(lines.values()))}; "
        f"grey lines are the other groups of schools{dashed}",
        subject.footer(tables, "", (about.key_stage,)),
        height,
        style.WIDE_INCHES,
    )
    limits = year_axis.limits(about, list(lines.values()), room=0.2)
    for number, (arm, line) in enumerate(lines.items()):
        row, column = divmod(number, _COLUMNS)
        bottom = height - (row + 1) * (heading + _PANEL)
        axes = sheet.axes(_LEFT + column * (width + _BETWEEN), bottom, width, _PANEL)
        axes.set_ylim(*limits)
        others = [other for name, other in lines.items() if name != arm]
        _draw_panel(axes, about, line, others, is_in_any=arm != "neither")
        axes.set_title(
            names[arm],
            fontsize=style.BODY_SIZE,
            fontweight="bold",
            loc="left",
            pad=4,
        )
        year_axis.draw_years(axes, list(lines.values()))
        years = subject.study_years(tables)
        for place in (n - 0.5 for n, year in enumerate(years) if n and year in breaks):
            axes.axvline(place, color=style.RULE, linewidth=1.2, linestyle=(0, (4, 3)), zorder=1)
        year_axis.draw_values(axes, about)
        if column:
            axes.tick_params(labelleft=False)
        if number + _COLUMNS < len(lines):
            axes.tick_params(labelbottom=False)
        year_axis.mark_missing(axes, {"": line}, 0.6 * width / len(line))
    return sheet


def _draw_panel(
    axes: Axes, about: Subject, line: list[Reading], others: list[list[Reading]], *, is_in_any: bool
) -> None:
    """One arm's line with intervals and its values, before the others in grey."""
    for other in others:
        means = [about.axis(reading.mean) for reading in other]
        axes.plot(range(len(other)), means, color=style.BAND, linewidth=1.6, zorder=1)
    marks = style.PROGRAMME_MARKS if is_in_any else style.REST_MARKS
    year_axis.draw_line(axes, about, line, marks, 0)
    for position, reading in enumerate(line):
        is_end = position in (0, len(line) - 1)
        if reading.is_missing or (len(line) > _MOST_NAMED and not is_end):
            continue
        # On the side that the line to the next point leaves free.
        following = line[position + 1].mean if position + 1 < len(line) else float("nan")
        side = -1 if following >= reading.mean else 1 if following < reading.mean else 0
        axes.annotate(
            about.value(reading.mean),
            (position, about.axis(reading.mean)),
            xytext=(6, 4 * side),
            textcoords="offset points",
            va={-1: "top", 0: "center", 1: "bottom"}[side],
            zorder=4,
        )


def _arm_words(tables: Tables, arm: str) -> str:
    return capitalised(format_arm(arm, subject.titles(tables, are_evaluated=True)))


def _alt_text(tables: Tables, about: Subject, lines: Lines) -> str:
    parts = []
    for arm, line in lines.items():
        steps = [
            f"{r.missing_reason if r.is_missing else about.value(r.mean)} in {r.academic_year}"
            for r in line
        ]
        parts.append(f"{_arm_words(tables, arm)}: {', '.join(steps)}.")
    return (
        f"Line charts side by side, one a group of schools. {about.label} of "
        f"{format_group(about.pupil_group)}, by year. {' '.join(parts)} These are descriptions; they "
        f"cannot tell why results moved."
    )


def _data(tables: Tables, about: Subject, lines: Lines) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "Schools": _arm_words(tables, arm),
                "Year": reading.academic_year,
                about.label: reading.missing_reason or about.value(reading.mean),
                "95% interval": year_axis.interval_of(reading, about),
                "Number of schools": reading.missing_reason or format_count(reading.n_schools),
                "Number of pupils": reading.missing_reason or format_count(reading.n_pupils),
                "Release status": reading.how_final,
            }
            for arm, line in lines.items()
            for reading in line
        ]
    )
