"""Published results of the authority by year, beside its statistical neighbours and England.

The figures cover all the authority's pupils of a group. No programme or school is identified.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import pandas as pd

from pipelines.charts import series_breaks, style, subject, year_axis
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Frames
from pipelines.charts.subject import Reading, Subject
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    PLACE_LABELS,
    capitalised,
    first_within,
    format_count,
    format_group,
    format_status,
    is_missing,
    pupils_of,
)
from pipelines.study.measures import MEASURES

_HEIGHT = 2.6
_LEFT, _RIGHT = 0.45, 1.3
_LOOKS = {
    "authority": style.PROGRAMME_MARKS,
    "statistical_neighbours": style.REST_MARKS,
    "england": style.THIRD_MARKS,
}
_NO_FIGURE = "no published figure"


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart for each primary measure and group with a published figure for the authority."""
    asked = tables["measure"]
    primary = asked.loc[asked["is_primary"].astype(bool), "measure"]
    context = tables["authority_context"]
    context = context[context["measure"].isin(primary)]
    for (measure, group), mine in context.groupby(["measure", "pupil_group"], sort=False):
        yield _chart(tables, _about(str(measure), str(group)), mine)


def _about(measure: str, group: str) -> Subject:
    """The subject of a chart that shows no programme."""
    found = MEASURES[measure]
    return Subject(
        programme=group,
        title="",
        is_placebo=False,
        pupil_group=group,
        starts=None,
        tests=None,
        measure=measure,
        label=found.label,
        key_stage=found.key_stage,
        unit=found.unit,
        decimals=found.decimals,
        smallest_effect=None,
        higher_is_better=found.higher_is_better,
        comparison_pool="local",
    )


def _chart(tables: Frames, about: Subject, mine: pd.DataFrame) -> Chart:
    name = f"authority_context-{about.slug}"
    lines = _lines(mine)
    names = {place: _name_of(tables, place) for place in lines}
    year = max(r.academic_year for r in lines["authority"] if not r.is_missing)
    title, quotes = _title(tables, about, lines, year)
    years = [reading.academic_year for reading in lines["authority"]]
    broken = series_breaks.break_words(tables, about, years)
    group = format_group(about.pupil_group)
    values = year_axis.spoken(about, {names[place]: line for place, line in lines.items()})
    broken_at = series_breaks.spoken(tables, about, years)
    alt_text = f"Published {about.label} of {group} by year. {values} {broken_at}".strip()
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=" ".join(
            part
            for part in (
                f"{about.measured()} in all state-funded schools, in any programme or none.",
                f"{subject.place(tables)}, {subject.status_words(lines['authority'])}.",
                source(mine),
                _average_note(mine),
                broken,
            )
            if part
        ),
        data=_data(about, names, lines, mine),
        svg=_draw(
            about,
            title,
            {place: (names[place], line) for place, line in lines.items()},
            series_breaks.breaks(tables, about, years),
            f"{subject.place(tables)}. {source(mine)}",
        ).save(name, alt_text),
        title_from=quotes,
    )


def _lines(mine: pd.DataFrame) -> dict[str, list[Reading]]:
    """A reading for every year that any place has; the authority's line comes first."""
    years = sorted(set(mine["academic_year"]))
    rows = {(row["place"], row["academic_year"]): row for row in subject.rows(mine)}
    nothing = float("nan")
    places = [place for place in _LOOKS if place in set(mine["place"])]
    return {
        place: [
            Reading(
                year,
                None if row is None else str(row["release_status"]),
                nothing if row is None else float(row["value"]),
                nothing,
                nothing,
                None,
                None,
                _NO_FIGURE if row is None else "",
            )
            for year in years
            for row in [rows.get((place, year))]
        ]
        for place in places
    }


def _name_of(tables: Frames, place: str) -> str:
    if place == "authority":
        return str(tables["study"].iloc[0]["local_authority_name"])
    return PLACE_LABELS[place]


def _average_note(mine: pd.DataFrame) -> str:
    """How the neighbours' average is computed; the table beside the chart counts the neighbours."""
    of = mine[mine["place"] == "statistical_neighbours"]
    if of.empty:
        return ""
    return "The neighbours’ average counts each authority once, however many pupils it has."


def source(mine: pd.DataFrame) -> str:
    """Who published the figures."""
    found = [p for p in dict.fromkeys(mine["publisher"]) if not is_missing(p)]
    return f"Source: {'; '.join(found) or 'files of the study'}."


def _title(
    tables: Frames, about: Subject, lines: Mapping[str, list[Reading]], year: str
) -> tuple[str, tuple[Quote, ...]]:
    """The latest figures of the authority and England, with no comparison drawn from them."""
    value_of = {
        place: (row, reading)
        for place, line in lines.items()
        for row, reading in enumerate(line)
        if reading.academic_year == year and not reading.is_missing
    }
    group = format_group(about.pupil_group)
    here = about.value(value_of["authority"][1].mean)
    quotes = [Quote(here.removesuffix(" points"), (_row(lines, "authority", value_of),), "Figure")]
    if "england" not in value_of:
        long = f"{subject.place(tables)}, {group}: {here} in {year}"
        return first_within(MAX_TITLE_WORDS, long, f"{capitalised(group)}: {here} here"), tuple(
            quotes
        )
    there = about.value(value_of["england"][1].mean)
    quotes.append(
        Quote(there.removesuffix(" points"), (_row(lines, "england", value_of),), "Figure")
    )
    title = first_within(
        MAX_TITLE_WORDS,
        f"{subject.place(tables)} {pupils_of(about.pupil_group)}: {here}, England {there}, {year}",
        f"{capitalised(group)}: {here}, England {there}, {year}",
        f"{capitalised(group)}: {here}, England {there}",
    )
    return title, tuple(quotes)


def _row(
    lines: Mapping[str, list[Reading]], place: str, value_of: Mapping[str, tuple[int, Reading]]
) -> int:
    """The row of a place's value in the chart's data."""
    before = list(lines)[: list(lines).index(place)]
    return sum(len(lines[other]) for other in before) + value_of[place][0]


@style.styled
def _draw(
    about: Subject,
    title: str,
    lines: Mapping[str, tuple[str, list[Reading]]],
    breaks: Collection[str],
    footer: str,
) -> style.Sheet:
    """`lines` maps each place to its name and readings."""
    sheet = style.sheet(title, f"{about.measured()}, published figures", footer, _HEIGHT)
    readings = [line for _, line in lines.values()]
    width, height = style.WIDTH_INCHES - _LEFT - _RIGHT, _HEIGHT - 0.5
    axes = sheet.axes(_LEFT, 0.45, width, height)
    axes.set_ylim(*year_axis.limits(about, readings, room=0.25))
    for place, (_, line) in lines.items():
        year_axis.draw_line(axes, about, line, _LOOKS[place], 0, breaks=breaks)
    year_axis.draw_years(axes, readings)
    year_axis.draw_values(axes, about)
    years = [reading.academic_year for reading in readings[0]]
    year_axis.mark_missing(axes, dict(lines.values()), 0.55 * width / len(years))
    year_axis.mark_breaks(axes, years, breaks)
    year_axis.label_ends(axes, about, dict(lines.values()), _RIGHT)
    return sheet


def _data(
    about: Subject,
    names: Mapping[str, str],
    lines: Mapping[str, list[Reading]],
    mine: pd.DataFrame,
) -> pd.DataFrame:
    counted = {(row["place"], row["academic_year"]): row for row in subject.rows(mine)}
    return pd.DataFrame(
        [
            {
                "Place": capitalised(names[place]),
                "Year": reading.academic_year,
                "Figure": reading.missing_reason or about.value(reading.mean),
                "Authorities with a figure": _n_of(counted.get((place, reading.academic_year))),
                "Release status": format_status(reading.status) if reading.status else _NO_FIGURE,
            }
            for place, line in lines.items()
            for reading in line
        ]
    )


def _n_of(row: Mapping[str, object] | None) -> str:
    """ "9 of 10" for an average; a dash for the figure of a single place."""
    if row is None or row["place"] != "statistical_neighbours":
        return "–"
    return f"{format_count(row['n_places'])} of {format_count(row['n_places_listed'])}"  # type: ignore[arg-type]
