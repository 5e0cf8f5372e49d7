"""The gap by year: disadvantaged against other pupils, in programme schools and in the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd
from matplotlib.axes import Axes

from pipelines.charts import style, subject, year_axis
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Tables
from pipelines.charts.subject import Reading, Subject
from pipelines.wording import (
    capitalised,
    first_within,
    format_count,
    format_group,
    format_interval,
    format_size,
    format_status,
    rounded,
)

_HEIGHT = 3.1
_GROUPS = ("not_disadvantaged", "disadvantaged")
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
    title = _title(about, panels)
    alt_text = _alt_text(about, panels)
    statuses = subject.status_words(_all_readings(panels))
    svg, png = _draw(tables, about, title, panels, statuses).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            "The gap is other pupils minus disadvantaged pupils within the same schools; upright "
            "lines are 95% intervals. No interval is given for the gap itself. The change of the "
            "gap is told from the average of the earlier years.",
            statuses,
        ),
        data=_data(about, panels),
        svg=svg,
        png=png,
    )


def _arm_words(about: Subject, arm: str) -> str:
    return about.schools.capitalize() if arm == "programme" else "Other local schools"


def _all_readings(panels: dict[str, Panel]) -> list[Reading]:
    return [reading for panel in panels.values() for line in panel.values() for reading in line]


def _gaps(panel: Panel) -> list[float | None]:
    """Other pupils minus disadvantaged pupils by year; None where either side is missing."""
    return [
        None if other.is_missing or target.is_missing else other.mean - target.mean
        for other, target in zip(panel["not_disadvantaged"], panel["disadvantaged"], strict=True)
    ]


def _direction(about: Subject, panel: Panel) -> str | None:
    """How the outcome year's gap stands to the average of earlier gaps, as rounded."""
    *before, after = _gaps(panel)
    known = [gap for gap in before if gap is not None]
    if after is None or not known:
        return None
    change = rounded(after - sum(known) / len(known), about.unit, about.measure)
    return "narrowed" if change < 0 else "widened" if change > 0 else "held"


def _title(about: Subject, panels: dict[str, Panel]) -> str:
    programme = _direction(about, panels["programme"])
    rest = _direction(about, panels["rest"])
    if about.is_placebo and programme == "narrowed":
        return "No programme existed, yet these schools' gap narrowed"
    if about.is_placebo:
        return f"No programme existed; these schools' gap {programme or 'is unknown'}"
    if programme is None or rest is None:
        return first_within(
            MAX_TITLE_WORDS,
            f"{about.label}: cannot tell how the gap moved",
            "Cannot tell how the gap moved",
        )
    if programme == rest:
        return f"Gap {programme} in programme schools and elsewhere: cannot tell why"
    return f"Gap {programme} in programme schools, {rest} elsewhere: cannot tell why"


@style.styled
def _draw(
    tables: Tables, about: Subject, title: str, panels: dict[str, Panel], statuses: str
) -> style.Sheet:
    unit = "%" if about.unit == "share" else "average points"
    sheet = style.sheet(
        title,
        f"{about.label}, {unit}: {format_group('not_disadvantaged')} and "
        f"{format_group('disadvantaged')}, with 95% intervals",
        subject.footer(tables, statuses, (about.key_stage,)),
        _HEIGHT,
    )
    every_line = [line for panel in panels.values() for line in panel.values()]
    limits = year_axis.limits(about, every_line, room=0.2)
    width = 2.7
    marks = {"programme": style.PROGRAMME_MARKS, "rest": style.REST_MARKS}
    for number, (arm, panel) in enumerate(panels.items()):
        axes = sheet.axes(0.5 + number * (width + 0.3), 0.45, width, _HEIGHT - 0.75)
        axes.set_ylim(*limits)
        axes.set_title(
            _arm_words(about, arm), fontsize=style.BODY_SIZE + 1, fontweight="bold", loc="left"
        )
        colour = marks[arm]["color"]
        _draw_panel(axes, about, panel, colour)
        year_axis.draw_years(axes, list(panel.values()))
        year_axis.draw_values(axes, about)
        if number:
            axes.tick_params(labelleft=False)
        named = {format_group(g): line for g, line in panel.items()}
        year_axis.mark_missing(axes, named, 0.6 * width / len(every_line[0]))
    return sheet


def _draw_panel(axes: Axes, about: Subject, panel: Panel, colour: str) -> None:
    """Both sides of the gap: a hollow dashed line above, a solid one below, the gap between."""
    looks = {
        "not_disadvantaged": style.REST_MARKS | {"color": colour, "markeredgecolor": colour},
        "disadvantaged": style.PROGRAMME_MARKS
        | {"color": colour, "markerfacecolor": colour, "markeredgecolor": colour},
    }
    for group, line in panel.items():
        year_axis.draw_line(axes, about, line, looks[group], 0)
    _label_sides(axes, about, panel)
    for position, gap in enumerate(_gaps(panel)):
        if gap is not None:
            target = about.axis(panel["disadvantaged"][position].mean)
            other = about.axis(panel["not_disadvantaged"][position].mean)
            dots = (0, (1, 2))
            axes.plot(
                [position] * 2, [target, other], color=style.RULE, linestyle=dots, lw=1, zorder=1
            )
            axes.text(
                position,
                (target + other) / 2,
                f"gap {about.value(gap).removesuffix('%')}",
                ha="center",
                va="center",
                bbox=style.BEHIND_TEXT,
                zorder=4,
            )


def _label_sides(axes: Axes, about: Subject, panel: Panel) -> None:
    """Name each line where nothing of it can be in the way: beyond its outermost interval."""
    low, high = axes.get_ylim()
    clear = 0.02 * (high - low)
    for group, line in panel.items():
        above = group == "not_disadvantaged"
        ends = {
            position: about.axis(reading.ci_high if above else -reading.ci_low)
            for position, reading in enumerate(line)
            if not reading.is_missing
        }
        outermost = max(ends, key=lambda position: ends[position])
        is_first, is_last = outermost == 0, outermost == len(line) - 1
        axes.text(
            outermost - 0.4 * is_first + 0.4 * is_last,
            ends[outermost] + clear if above else -ends[outermost] - clear,
            format_group(group),
            ha="left" if is_first else "right" if is_last else "center",
            va="bottom" if above else "top",
        )


def _alt_text(about: Subject, panels: dict[str, Panel]) -> str:
    parts = ["No such programme existed."] if about.is_placebo else []
    for arm, panel in panels.items():
        gaps = [
            f"{'cannot be shown' if gap is None else format_size(gap, about.unit, about.measure)}"
            f" in {reading.academic_year}"
            for gap, reading in zip(_gaps(panel), panel["disadvantaged"], strict=True)
        ]
        direction = _direction(about, panel)
        against = f" The gap {direction} against earlier years." if direction else ""
        parts.append(f"{_arm_words(about, arm)}: gap {', '.join(gaps)}.{against}")
    return (
        f"Two line charts side by side. {about.label}: other pupils and disadvantaged pupils, by "
        f"year. {' '.join(parts)} These are descriptions; they cannot tell why a gap moved."
    )


def _data(about: Subject, panels: dict[str, Panel]) -> pd.DataFrame:
    rows = []
    for arm, panel in panels.items():
        for position, gap in enumerate(_gaps(panel)):
            sides = {group: panel[group][position] for group in _GROUPS}
            row = {"Year": sides["disadvantaged"].academic_year, "Schools": _arm_words(about, arm)}
            for group, side in sides.items():
                heading = capitalised(format_group(group))
                row[heading] = side.missing_reason or about.value(side.mean)
                row[f"{heading}: 95% interval"] = side.missing_reason or format_interval(
                    side.ci_low, side.ci_high, about.unit, about.measure
                )
                row[f"{heading}: number"] = side.missing_reason or format_count(side.n_pupils)
            row["Gap"] = (
                _first_reason(list(sides.values()))
                if gap is None
                else format_size(gap, about.unit, about.measure)
            )
            row["Release status"] = format_status(sides["disadvantaged"].status)
            rows.append(row)
    return pd.DataFrame(rows)


def _first_reason(sides: Sequence[Reading]) -> str:
    return next(side.missing_reason for side in sides if side.is_missing)
