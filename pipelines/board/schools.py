"""All schools of the authority with their programmes, including schools in none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.board.tables import SCHOOLS_HEADING
from pipelines.document.blocks import Paragraph, Section, Table, Term, Terms
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, where
from pipelines.released.questions import programme_title

_NONE = "in none"


def schools_by_programme(tables: Tables) -> Iterator[Section]:
    """One section, or none where no school is enrolled in a programme that took place."""
    rows = tables["enrolment"]
    if not rows:
        return
    table = _table(rows, tables)
    own = _own_schools(rows, tables) if table.is_long else ()
    yield Section(
        "schools",
        SCHOOLS_HEADING,
        (_in_short(rows, tables), *own, table),
        starts_page=True,
    )


def _own_schools(rows: Sequence[Row], tables: Tables) -> tuple[Terms, ...]:
    """The evaluated programmes' schools by name, for the print, which leaves a long table out."""
    named = []
    for programme in where(tables["programme"], is_evaluated=True):
        own = where(rows, programme=programme["programme"])
        if own:
            noun = "school" if len(own) == 1 else "schools"
            names = "; ".join(cite(row, "as_it_is", "school_name") for row in own)
            named.append(
                Term(
                    f"{programme_title(programme, tables)}, {cite(own, 'rows')} {noun}", f"{names}."
                )
            )
    return (Terms(tuple(named)),) if named else ()


def _in_short(rows: Sequence[Row], tables: Tables) -> Paragraph:
    by_school = _by_school(rows)
    none = [own[0] for own in by_school.values() if wording.is_missing(own[0]["programme"])]
    evaluated = [str(p["programme"]) for p in where(tables["programme"], is_evaluated=True)]
    several = [
        own[0]
        for own in by_school.values()
        if sum(str(row["programme"]) in evaluated for row in own) > 1
    ]
    said = [f"{cite([own[0] for own in by_school.values()], 'rows')} schools."]
    if none:
        said.append(
            f"{cite(none, 'rows')} of them {'is' if len(none) == 1 else 'are'} in no programme."
        )
    if several:
        takes = "takes" if len(several) == 1 else "take"
        said.append(
            f"{cite(several, 'rows')} {takes} part in more than one of the evaluated programmes, so what "
            "each did alone can be told apart only in part."
        )
    return Paragraph(" ".join(said))


def _table(rows: Sequence[Row], tables: Tables) -> Table:
    return Table(
        "Schools and the programmes they are in",
        ("School", "Programmes"),
        tuple(
            (
                cite(own[0], "as_it_is", "school_name"),
                "; ".join(
                    _NONE if wording.is_missing(row["programme"]) else programme_title(row, tables)
                    for row in own
                ),
            )
            for own in _by_school(rows).values()
        ),
        is_filtered=True,
        is_in_halves=True,
    )


def _by_school(rows: Sequence[Row]) -> dict[str, list[Row]]:
    by_school: dict[str, list[Row]] = {}
    for row in rows:
        by_school.setdefault(str(row["school_name"]), []).append(row)
    return by_school
