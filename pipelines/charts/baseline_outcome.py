"""Each school's earlier results against its outcome, schools unnamed.

Only schools in released.school_point are here; there is none for pupils on SEN support, whose
school-level figures are not public.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipelines.charts import series_breaks, style, subject, year_axis
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Quote, Tables
from pipelines.charts.subject import Subject
from pipelines.wording import NUMBER, first_within, format_status

_SIDE, _LEFT = 3.55, 0.55


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart for every primary measure with released school points."""
    points = tables["school_point"]
    for about in subject.primary_subjects(tables):
        mine = points[
            (points["programme"] == about.programme)
            & (points["measure"] == about.measure)
            & (points["pupil_group"] == about.pupil_group)
        ].dropna(subset=["baseline_mean", "outcome_mean"])
        if len(mine):
            yield _chart(tables, about, mine)


def _chart(tables: Tables, about: Subject, points: pd.DataFrame) -> Chart:
    name = f"baseline_outcome-{about.slug}"
    counts = {
        about.schools: _rises(points[points["is_programme"].astype(bool)]),
        about.others: _rises(points[~points["is_programme"].astype(bool)]),
    }
    title = _title(tables, about, counts)
    notes = _withheld(tables, about)
    withheld = " ".join(f"{note}." for note in notes) or "No school is withheld."
    year = subject.outcome_year(tables)
    status = format_status(subject.series(tables, about, "rest", about.pupil_group)[-1].status)
    broken = series_breaks.break_words(tables, about)
    parts = [f"{_part(up, n)} {name} rose" for name, (up, n) in counts.items()]
    rose = f"From the average of earlier years to {year}, {' and '.join(parts)}. "
    existed = "No such programme existed. " if about.is_placebo else ""
    alt_text = (
        f"Scatter chart, one point a school. {about.measured()}. {existed}"
        f"{'' if _is_broken(tables, about) else rose}{withheld} Schools "
        f"that start low tend to rise whatever is done. {broken}"
    )
    alt_text = alt_text.strip()
    svg = _draw(tables, about, title, points, status).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            f"Schools are not named. Those that start low tend to rise whatever is done. {withheld} "
            f"{broken}".strip(),
            status,
        ),
        data=_data(tables, about, points),
        svg=svg,
        # Below the schools' own rows stands one for each reason.
        caption_from=tuple(
            Quote(number, (len(points) + place,), "School")
            for place, note in enumerate(notes)
            for number in NUMBER.findall(note)
        ),
    )


def _rises(points: pd.DataFrame) -> tuple[int, int]:
    """How many schools rose, of how many."""
    return int((points["outcome_mean"] > points["baseline_mean"]).sum()), len(points)


def _is_broken(tables: Tables, about: Subject) -> bool:
    """Whether a break parts all earlier results from the outcome's."""
    last = max(series_breaks.breaks(tables, about), default="")
    return last > subject.study_years(tables)[-2]


def _part(n: int, everyone: int) -> str:
    """How many of them, before a noun: a count would stand in none of the chart's figures."""
    if n in (0, everyone):
        return "all" if n else "no"
    return "most" if 2 * n > everyone else "half of" if 2 * n == everyone else "fewer than half of"


def _title(tables: Tables, about: Subject, counts: dict[str, tuple[int, int]]) -> str:
    if _is_broken(tables, about):
        return "Measured differently before and after: cannot tell which schools rose"
    mine, others = (_part(*counts[schools]) for schools in (about.schools, about.others))
    if about.is_placebo:
        return first_within(MAX_TITLE_WORDS, f"No programme existed: {mine} chosen schools rose")
    return first_within(MAX_TITLE_WORDS, f"Rose: {mine} programme schools, {others} others")


def _withheld(tables: Tables, about: Subject) -> list[str]:
    """How many schools are not shown, each time with the reason."""
    rows = tables["school_point_withheld"]
    mine = rows[
        (rows["programme"] == about.programme)
        & (rows["measure"] == about.measure)
        & (rows["pupil_group"] == about.pupil_group)
        & (rows["n_schools_withheld"] > 0)
    ]
    return [
        f"{subject.counted(int(n), 'school')} withheld: {reason}"
        for n, reason in zip(mine["n_schools_withheld"], mine["reason"], strict=True)
    ]


@style.styled
def _draw(
    tables: Tables, about: Subject, title: str, points: pd.DataFrame, status: str
) -> style.Sheet:
    year = subject.outcome_year(tables)
    footer = subject.footer(tables, "", (about.key_stage,))
    sheet = style.sheet(title, f"{about.measured()}, one point a school", footer, _SIDE + 0.75)
    axes = sheet.axes(_LEFT, 0.42, _SIDE, _SIDE)
    columns = {key: points[key].map(about.axis) for key in ("baseline_mean", "outcome_mean")}
    within = (0.0, 100.0) if about.unit == "share" else None
    limits = style.padded_limits([v for c in columns.values() for v in c], 0.06, within)
    axes.set_xlim(*limits)
    axes.set_ylim(*limits)
    axes.grid(visible=True, axis="both")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(year_axis.value_mark(about))
    axes.set_xlabel("average of earlier years", loc="left", fontsize=style.BODY_SIZE)
    axes.set_title(f"{year} ({status})", loc="left", fontsize=style.BODY_SIZE, pad=5)
    axes.plot(limits, limits, color=style.RULE, linewidth=1.2, zorder=1)
    is_programme = points["is_programme"].astype(bool)
    looks = ((~is_programme, style.REST_MARKS, 2), (is_programme, style.PROGRAMME_MARKS, 3))
    for chosen, look, order in looks:
        marks = look | {"linestyle": "", "markersize": look["markersize"] - 1, "zorder": order}
        axes.plot(columns["baseline_mean"][chosen], columns["outcome_mean"][chosen], **marks)
    _write_key(axes, about, int(is_programme.sum()), int((~is_programme).sum()))
    return sheet


def _write_key(axes: Axes, about: Subject, n_programme: int, n_rest: int) -> None:
    """Marks with their words, and what the diagonal means, beside the panel."""
    place: dict[str, Any] = {"transform": axes.transAxes, "clip_on": False}
    room = style.WIDTH_INCHES - _LEFT - _SIDE - 0.5
    entries = (
        (0.95, style.PROGRAMME_MARKS, f"{about.schools} ({n_programme})"),
        (0.82, style.REST_MARKS, f"{about.others} ({n_rest})"),
    )
    for height, look, text in entries:
        axes.plot([1.06], [height], **(look | place | {"linestyle": ""}))
        words = style.wrap(text, room, style.BODY_SIZE)
        axes.text(1.1, height, words, va="center", linespacing=1.25, **place)
    axes.plot([1.03, 1.09], [0.63, 0.69], color=style.RULE, linewidth=1.2, **place)
    note = style.wrap("above this line: better than in earlier years", room, style.BODY_SIZE)
    axes.text(1.11, 0.66, note, va="center", linespacing=1.25, **place)


def _data(tables: Tables, about: Subject, points: pd.DataFrame) -> pd.DataFrame:
    ordered = points.sort_values(
        ["is_programme", "baseline_mean", "outcome_mean"], ascending=[False, True, True]
    )
    year = subject.outcome_year(tables)
    shown = [
        {
            "School": (about.schools if row["is_programme"] else about.others).replace(
                "schools", "school"
            ),
            "Average of earlier years": about.value(row["baseline_mean"]),
            year: about.value(row["outcome_mean"]),
            "Rose": "yes" if row["outcome_mean"] > row["baseline_mean"] else "no",
        }
        for row in subject.rows(ordered)
    ]
    hidden = [
        {"School": note}
        | dict.fromkeys(("Average of earlier years", year, "Rose"), subject.WITHHELD_TEXT)
        for note in _withheld(tables, about)
    ]
    return pd.DataFrame(shown + hidden)
