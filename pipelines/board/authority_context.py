"""The authority's published results beside its statistical neighbours and England.

They cover all the authority's pupils of a group. `answers` has the programmes' effects.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from pipelines.board.tables import NONE
from pipelines.document.blocks import Table
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, where
from pipelines.released.questions import key_stage_of, measure_label, not_alike


@dataclass(frozen=True)
class Context:
    """Sentences and tables on the authority's published results; empty where there are none."""

    sentences: tuple[str, ...]
    tables: tuple[Table, ...]


def authority_context(tables: Tables) -> Context:
    """The section's sentences, and one table for each measure."""
    rows = tables["authority_context"]
    measures = tuple(dict.fromkeys(row["measure"] for row in rows))
    if not rows:
        return Context((), ())
    return Context(
        (
            "These are figures that others publish, of all the authority’s pupils of a group, whatever "
            "their schools take part in. They say how these pupils did, not what a programme did.",
            *(said for measure in measures for said in _last_year(measure, tables)),
            *_neighbours(rows),
            *(said for measure in measures for said in _not_alike(measure, tables)),
        ),
        tuple(_table(measure, tables) for measure in measures),
    )


def in_short(tables: Tables) -> tuple[str, ...]:
    """The pack's version: the latest year, for the pupil groups that the programmes target.

    Empty where no figure of these groups is published.
    """
    groups = {row["target_group"] for row in where(tables["programme"], is_evaluated=True)}
    main = dict.fromkeys(row["measure"] for row in tables["measure"] if row["is_primary"])
    said = [said for measure in main for said in _last_year(measure, tables, groups)]
    if not said:
        return ()
    return (
        "Others publish these figures, of all the authority’s pupils of a group. They do not say what a "
        "programme did.",
        *said,
    )


def _last_year(measure: str, tables: Tables, groups: Collection[object] = ()) -> Iterator[str]:
    """A sentence for each group: the authority's latest year, with the other places' figures."""
    mine = where(tables["authority_context"], measure=measure)
    for group in dict.fromkeys(row["pupil_group"] for row in mine):
        if groups and group not in groups:
            continue
        of_group = where(mine, pupil_group=group)
        year = max(row["academic_year"] for row in where(of_group, place="authority"))
        parts = [
            f"{_place(row, tables)} {cite(row, 'value', 'value')}"
            for row in where(of_group, academic_year=year)
        ]
        yield (
            f"{measure_label(measure, tables)}, {wording.format_group(group)} "
            f"({key_stage_of(of_group[0])}), {year}: {', '.join(parts)}."
        )


def _not_alike(measure: str, tables: Tables) -> Iterator[str]:
    years = [row["academic_year"] for row in where(tables["authority_context"], measure=measure)]
    if said := not_alike(measure, years, tables):
        yield f"{measure_label(measure, tables)}. {said}"


def _neighbours(rows: Sequence[Row]) -> Iterator[str]:
    """Who the statistical neighbours are and how they are averaged."""
    of = where(rows, place="statistical_neighbours")
    if of:
        yield (
            f"Statistical neighbours are {cite(of[0], 'count', 'n_places_listed')} authorities most like "
            f"this one, by the list of {cite(of[0], 'text', 'model')}. Their average counts each authority "
            "once, however many pupils it has, and is of those with a published figure: the table says "
            "how many."
        )


def _table(measure: str, tables: Tables) -> Table:
    mine = where(tables["authority_context"], measure=measure)
    keys = dict.fromkeys((row["pupil_group"], row["academic_year"]) for row in mine)
    places = ("authority", "statistical_neighbours", "england")
    here = [place for place in places if where(mine, place=place)]
    return Table(
        f"Published results: {measure_label(measure, tables)} ({key_stage_of(mine[0])})",
        ("Pupils", "Year", *(_heading(place, tables) for place in here)),
        tuple(
            (
                wording.capitalised(wording.format_group(group)),
                f"{year} ({_status(mine, group, year)})",
                *(
                    _cell(where(mine, pupil_group=group, academic_year=year, place=place))
                    for place in here
                ),
            )
            for group, year in keys
        ),
    )


def _status(mine: Sequence[Row], group: str, year: str) -> str:
    row = where(mine, pupil_group=group, academic_year=year)[0]
    return wording.format_status(row["release_status"])


def _heading(place: str, tables: Tables) -> str:
    if place == "authority":
        return str(tables["study"][0]["local_authority_name"])
    name = wording.capitalised(wording.PLACE_LABELS[place])
    return f"{name} (authorities with a figure)" if place == "statistical_neighbours" else name


def _cell(found: Sequence[Row]) -> str:
    if not found:
        return NONE
    (row,) = found
    value = cite(row, "value", "value")
    if row["place"] != "statistical_neighbours":
        return value
    return f"{value} ({cite(row, 'count', 'n_places')})"


def _place(row: Row, tables: Tables) -> str:
    if row["place"] == "authority":
        return str(tables["study"][0]["local_authority_name"])
    return wording.PLACE_LABELS[row["place"]]
