"""`mart.school_identity`: every URN the study names, its school, and why; a stop where no one can tell."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

import duckdb

from pipelines.errors import Fault, StudyError
from pipelines.identity.corrections import SEPARATE, Correction, faults_of_corrections
from pipelines.identity.decision import Decision
from pipelines.identity.evidence import KnownSchool, Link, Place
from pipelines.identity.resolution import resolve


def decide(con: duckdb.DuckDBPyConnection, select: str) -> list[tuple[object, ...]]:
    """The rows of the table from what `select` knows of each URN, the links and the corrections.

    Raises StudyError with every correction that no longer applies; else with every URN with results in
    the study, or enrolled, that may be more than one school.
    """
    schools = {school.urn: school for school in _schools(con, select)}
    links = [
        Link(urn, link_urn, link_type, link_date, Place(source_id, row))
        for urn, link_urn, link_type, link_date, source_id, row in con.execute(
            "SELECT urn, link_urn, link_type, link_date, source_id, row_number FROM raw.school_links"
        ).fetchall()
    ]
    corrections = _corrections(con)
    day = _reference_date(con)
    decisions = resolve(schools.values(), links, day)
    if corrections:
        faults = list(faults_of_corrections(corrections, schools, decisions, day))
        if faults:
            raise StudyError(faults)
        decisions = resolve(schools.values(), links, day, corrections)
    faults = list(faults_of_decisions(decisions, schools))
    if faults:
        raise StudyError(faults)
    return [_row(decision, schools.get(decision.urn)) for decision in decisions]


def faults_of_decisions(
    decisions: Sequence[Decision], schools: Mapping[int, KnownSchool]
) -> Iterator[Fault]:
    """A fault for every needed URN that is not known to be one school, with the candidates."""
    for decision in decisions:
        school = schools.get(decision.urn)
        if school is None or not school.is_needed or decision.place is None:
            continue
        if decision.decision == "unresolved":
            names = [schools.get(urn, KnownSchool(urn)).described() for urn in decision.candidates]
            yield Fault(
                file=decision.place.source_id,
                row=decision.place.row_number,
                problem=f"which school URN {decision.urn} is cannot be told, and it has results in the "
                "study or is enrolled",
                found=f"{school.described()}: {decision.evidence}. It may count as "
                + " or ".join(names),
                expected="one school that its results belong to",
                remedy="decide, and write a row in a file of kind `school_corrections` (columns urn, "
                f"school_urn, reason, decided_by, decided_on): urn {decision.urn}, and as school_urn "
                + " or ".join([*map(str, decision.candidates), f"`{SEPARATE}`"])
                + " for a school of its own",
            )
        elif decision.decision == "unknown" and school.place is not None:
            yield Fault(
                file=school.place.source_id,
                row=school.place.row_number,
                problem=f"URN {decision.urn} leads to no school that is known, so its rows would be lost",
                found=f"{school.described()}: {decision.evidence}",
                expected="a URN that the register or the performance tables list with its "
                "establishment number, or that links lead on from to one",
                remedy="mend the URN, fetch a register or links that hold the school, or name the school "
                "it is in a file of kind `school_corrections`",
            )


def _schools(con: duckdb.DuckDBPyConnection, select: str) -> Iterator[KnownSchool]:
    cursor = con.execute(
        "SELECT urn, school_name, laestab, open_date, close_date, is_registered, is_needed, "
        f"outcome_files, source_id, row_number FROM ({select})"
    )
    for (
        urn,
        name,
        laestab,
        opened,
        closed,
        is_registered,
        is_needed,
        files,
        source_id,
        row,
    ) in cursor.fetchall():
        yield KnownSchool(
            urn,
            name,
            laestab,
            opened,
            closed,
            is_registered=is_registered,
            is_needed=is_needed,
            is_listed=True,
            outcome_files=frozenset(files),
            place=Place(source_id, row),
        )


def _reference_date(con: duckdb.DuckDBPyConnection) -> dt.date:
    ((day,),) = con.execute("SELECT reference_date FROM protocol.study").fetchall()
    return dt.date.fromisoformat(str(day))


def _corrections(con: duckdb.DuckDBPyConnection) -> list[Correction]:
    """The corrections of the study. Raises StudyError for a `school_urn` that is neither URN nor word."""
    corrections: list[Correction] = []
    faults: list[Fault] = []
    for urn, school_urn, reason, by, on, source_id, row in con.execute(
        "SELECT urn, school_urn, reason, decided_by, decided_on, source_id, row_number "
        "FROM raw.school_corrections ORDER BY source_id, row_number"
    ).fetchall():
        text = str(school_urn).casefold()
        if text != SEPARATE and not (text.isdecimal() and text.isascii()):
            faults.append(
                Fault(
                    file=source_id,
                    row=row,
                    column="school_urn",
                    problem="it is neither a URN nor a school of its own",
                    found=str(school_urn),
                    expected=f"the URN it is to count as, or `{SEPARATE}`",
                    remedy="mend the cell",
                )
            )
            continue
        target = None if text == SEPARATE else int(text)
        corrections.append(Correction(urn, target, reason, by, on, Place(source_id, row)))
    if faults:
        raise StudyError(faults)
    return corrections


def _row(decision: Decision, school: KnownSchool | None) -> tuple[object, ...]:
    """In the order of the catalogue's columns."""
    place = decision.place or (school.place if school else None)
    return (
        decision.urn,
        decision.school_id,
        decision.standing_urn,
        school.school_name if school else None,
        school.laestab if school else None,
        decision.decision,
        decision.evidence,
        decision.evidence_date,
        ", ".join(map(str, decision.candidates)) or None,
        bool(school and school.is_needed),
        place.source_id if place else None,
        place.row_number if place else None,
    )
