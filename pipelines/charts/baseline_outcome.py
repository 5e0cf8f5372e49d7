"""Each school's earlier results against its outcome, schools unnamed.

Shows only schools in released.school_point, which has none for pupils on SEN support: their
school-level figures are not public.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd
from matplotlib.ticker import MaxNLocator

from pipelines.charts import series_breaks, style, subject, year_axis
from pipelines.charts.chart import Chart, Frames
from pipelines.charts.subject import Subject
from pipelines.released.citations import Quote
from pipelines.released.wording import NUMBER, format_count, rounded

_SIDE, _LEFT = 3.6, 0.5
_DECIMALS_OF_POINTS = {"share": 0, "points": 1}
_BEFORE, _HIGHER = "Average of earlier years", "Higher than before"
_BY_CHANCE = (
    "A school's results move by chance too, and those that start low tend to rise whatever is done."
)


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart for every primary measure with released school points."""
    points = tables["school_point"]
    for about in subject.primary_subjects(tables):
        mine = points[
            (points["programme"] == about.programme)
            & (points["measure"] == about.measure)
            & (points["pupil_group"] == about.pupil_group)
        ].dropna(subset=["baseline_mean", "outcome_mean"])
        if len(mine):
            # No more decimals than the points are released with (`school_point`).
            decimals = min(about.decimals, _DECIMALS_OF_POINTS[about.unit])
            yield _chart(tables, replace(about, decimals=decimals), mine)


def _chart(tables: Frames, about: Subject, points: pd.DataFrame) -> Chart:
    name = f"baseline_outcome-{about.slug}"
    data = _data(tables, about, points)
    title, title_from = _title(tables, about, data)
    notes = _withheld(tables, about)
    withheld = " ".join(f"{note}." for note in notes) or "No school is withheld."
    status = subject.series(tables, about, "rest", about.pupil_group)[-1].how_final
    broken = series_breaks.break_words(tables, about)
    existed = "No such programme existed. " if about.is_placebo else ""
    moved = "" if _is_broken(tables, about) else _higher_words(tables, about, data)
    alt_text = (
        f"{existed}{about.measured()}, one point a school, earlier years against "
        f"{subject.outcome_year(tables)}. {moved}{series_breaks.spoken(tables, about)}"
    ).strip()
    svg = _draw(tables, about, title, points, status).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            f"{subject.outcome_year(tables)} {status}",
            about.compared_with,
            _BY_CHANCE,
            withheld,
            broken,
        ),
        data=data,
        svg=svg,
        title_from=title_from,
        # The schools' rows are followed by a row for each reason.
        caption_from=tuple(
            Quote(number, (len(points) + place,), "School")
            for place, note in enumerate(notes)
            for number in NUMBER.findall(note)
        ),
    )


def _is_broken(tables: Frames, about: Subject) -> bool:
    """Whether a series break separates all earlier results from the outcome."""
    last = max(series_breaks.breaks(tables, about), default="")
    return last > subject.last_year_before(tables)


def _places(data: pd.DataFrame, schools: str) -> tuple[list[int], list[int]]:
    """Rows of these schools in the chart's data, and of those that are higher than before."""
    mine = data["School"] == _one_of(schools)
    is_higher = mine & (data[_HIGHER] == "yes")
    return [*data.index[mine]], [*data.index[is_higher]]


def _higher_words(tables: Frames, about: Subject, data: pd.DataFrame) -> str:
    """What part of each side is higher, in words; a number would have to be cited from the data."""
    parts = []
    for schools in (about.schools, about.others):
        everyone, higher = (len(places) for places in _places(data, schools))
        if everyone:
            parts.append(f"{_part(higher, everyone)} {schools}")
    year = subject.outcome_year(tables)
    return f"Higher in {year} than in earlier years: {' and '.join(parts)}. "


def _part(n: int, everyone: int) -> str:
    if n in (0, everyone):
        return "all" if n else "no"
    return "most" if 2 * n > everyone else "half of" if 2 * n == everyone else "fewer than half of"


def _title(tables: Frames, about: Subject, data: pd.DataFrame) -> tuple[str, tuple[Quote, ...]]:
    """How many programme schools are higher than before, and the rows each number counts.

    It claims no more, because a single school's results vary by chance and have no interval here.
    """
    if _is_broken(tables, about):
        return "Measured differently before and after: cannot tell which schools rose", ()
    mine, higher = _places(data, about.schools)
    of_all = Quote(format_count(len(mine)), tuple(mine), _HIGHER, is_count=True)
    if len(mine) < 2:
        return "Too few programme schools are shown: cannot tell anything", ()
    whose = "chosen" if about.is_placebo else "programme"
    part = f"none of {of_all.number}"
    quotes: tuple[Quote, ...] = (of_all,)
    if higher:
        some = Quote(format_count(len(higher)), tuple(higher), _HIGHER, is_count=True)
        part, quotes = f"{some.number} of {of_all.number}", (some, *quotes)
    if about.is_placebo:
        return f"No programme existed: higher in {part} {whose} schools", quotes
    return f"Higher in {part} {whose} schools: cannot tell why", quotes


def _withheld(tables: Frames, about: Subject) -> list[str]:
    """How many schools are not shown, by reason."""
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
    tables: Frames, about: Subject, title: str, points: pd.DataFrame, status: str
) -> style.Sheet:
    year = subject.outcome_year(tables)
    is_programme = points["is_programme"].astype(bool)
    key = _key(about, int(is_programme.sum()), int((~is_programme).sum()))
    key_height = style.key_height(words for words, _ in key)
    sheet = style.sheet(
        title,
        f"{about.measured()}, one point a school; rounded, so that some lie on one another",
        subject.footer(tables, "", (about.key_stage,)),
        _SIDE + 0.75 + key_height,
    )
    sheet.key(_SIDE + 0.75 + key_height, key)
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
    looks = ((~is_programme, style.REST_MARKS, 2), (is_programme, style.PROGRAMME_MARKS, 3))
    for chosen, look, order in looks:
        marks = look | {"linestyle": "", "markersize": look["markersize"] - 1, "zorder": order}
        axes.plot(columns["baseline_mean"][chosen], columns["outcome_mean"][chosen], **marks)
    return sheet


def _key(about: Subject, n_programme: int, n_rest: int) -> tuple[style.KeyEntry, ...]:
    alone = {"linestyle": "", "markevery": [1]}
    return (
        (f"{about.schools} ({n_programme})", (style.PROGRAMME_MARKS | alone,)),
        (f"{about.others} ({n_rest})", (style.REST_MARKS | alone,)),
        ("above this line: higher than in earlier years", ({"color": style.RULE},)),
    )


def _one_of(schools: str) -> str:
    return schools.replace("schools", "school")


def _data(tables: Frames, about: Subject, points: pd.DataFrame) -> pd.DataFrame:
    ordered = points.sort_values(
        ["is_programme", "baseline_mean", "outcome_mean"], ascending=[False, True, True]
    )
    year = subject.outcome_year(tables)
    shown = [
        {
            "School": _one_of(about.schools if row["is_programme"] else about.others),
            _BEFORE: about.value(row["baseline_mean"]),
            year: about.value(row["outcome_mean"]),
            _HIGHER: "yes" if _change(about, row) > 0 else "no",
        }
        for row in subject.rows(ordered)
    ]
    hidden = [
        {"School": note} | dict.fromkeys((_BEFORE, year, _HIGHER), subject.WITHHELD_TEXT)
        for note in _withheld(tables, about)
    ]
    return pd.DataFrame(shown + hidden)


def _change(about: Subject, row: dict[str, Any]) -> float:
    before, after = (
        rounded(row[mean], about.unit, about.decimals) for mean in ("baseline_mean", "outcome_mean")
    )
    return after - before
