"""Builds `mart.school_identity`: every URN of the study, its school and why; stops if a needed one is
unclear."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb

from pipelines.errors.fault import Fault, StudyError
from pipelines.identity.corrections import SEPARATE, Correction, faults_of_corrections
from pipelines.identity.decision import Decision
from pipelines.identity.evidence import KnownSchool, Link, Place
from pipelines.identity.resolution import resolve

# A row of the SELECT, or a structure in it, by column name.
_Cells = Mapping[str, Any]


def decide(con: duckdb.DuckDBPyConnection, select: str) -> list[tuple[object, ...]]:
    """The rows of the table, decided from the facts, links and corrections in `select`.

    Raises StudyError with every correction that no longer applies; else with every URN that is enrolled or
    has results in the study but cannot be resolved.
    """
    cursor = con.execute(select)
    names = [column[0] for column in cursor.description or ()]
    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    schools = {row["urn"]: _school(row) for row in rows}
    links = [_link(row["urn"], link) for row in rows for link in row["links"]]
    corrections = _corrections(rows)
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
    """A fault for every needed URN that is unresolved or unknown, with the candidates."""
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


def _school(row: _Cells) -> KnownSchool:
    is_listed = row["source_id"] is not None
    return KnownSchool(
        row["urn"],
        row["school_name"],
        row["laestab"],
        row["open_date"],
        row["close_date"],
        is_registered=row["is_registered"],
        is_needed=row["is_needed"],
        is_listed=is_listed,
        outcome_files=frozenset(row["outcome_files"]),
        place=_place(row) if is_listed else None,
    )


def _link(urn: int, link: _Cells) -> Link:
    return Link(urn, link["link_urn"], link["link_type"], link["link_date"], _place(link))


def _place(cells: _Cells) -> Place:
    return Place(cells["source_id"], cells["row_number"])


def _reference_date(con: duckdb.DuckDBPyConnection) -> dt.date:
    ((day,),) = con.execute("SELECT reference_date FROM protocol.study").fetchall()
    return dt.date.fromisoformat(str(day))


def _corrections(rows: Sequence[_Cells]) -> list[Correction]:
    """The study's corrections. Raises StudyError if a `school_urn` is neither a URN nor `separate`."""
    corrections: list[Correction] = []
    faults: list[Fault] = []
    for urn, given in ((row["urn"], given) for row in rows for given in row["corrections"]):
        text = str(given["school_urn"]).casefold()
        if text == SEPARATE or (text.isdecimal() and text.isascii()):
            corrections.append(
                Correction(
                    urn,
                    None if text == SEPARATE else int(text),
                    given["reason"],
                    given["decided_by"],
                    given["decided_on"],
                    _place(given),
                )
            )
        else:
            faults.append(
                Fault(
                    file=given["source_id"],
                    row=given["row_number"],
                    column="school_urn",
                    problem="it is neither a URN nor a school of its own",
                    found=str(given["school_urn"]),
                    expected=f"the URN it is to count as, or `{SEPARATE}`",
                    remedy="mend the cell",
                )
            )
    if faults:
        raise StudyError(faults)
    return sorted(corrections, key=lambda correction: correction.place)


def _row(decision: Decision, school: KnownSchool | None) -> tuple[object, ...]:
    """A row in the order of the catalogue's columns."""
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
