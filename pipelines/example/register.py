"""The schools as files list them: a register in the columns of a GIAS extract, and its links file.

What a school is, and was, is in `schools`.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from pipelines.example.schools import (
    AGES,
    CITY,
    EARLY_CONVERTER,
    LOCAL_AUTHORITY,
    SCHOOLS,
    Identity,
    Phase,
    School,
    Traits,
)

# The register calls infant and junior schools "Primary", and gives special schools no phase.
REGISTER_PHASE: dict[Phase, str] = {
    "infant": "Primary",
    "junior": "Primary",
    "primary": "Primary",
    "all-through": "All-through",
    "secondary": "Secondary",
    "special": "Not applicable",
}
TRUSTS = ("Windlass Schools Trust", "Kittiwake Learning Trust", "Lodestone Academies Trust")


def _type_of(identity: Identity) -> tuple[str, str]:
    """`TypeOfEstablishment` and `EstablishmentTypeGroup` in the register's words."""
    if identity.phase == "special":
        if identity.is_academy:
            return "Academy special converter", "Academies"
        return "Community special school", "Special schools"
    if not identity.is_academy:
        kinds = ("Community school", "Voluntary controlled school", "Foundation school")
        return kinds[identity.urn // 10 % 3], "Local authority maintained schools"
    is_sponsored = identity.urn // 10 % 4 == 0
    return "Academy sponsor led" if is_sponsored else "Academy converter", "Academies"


def _day(day: dt.date | None) -> str:
    return "" if day is None else day.strftime("%d-%m-%Y")


def _register_row(school: School, identity: Identity, fsm6_share: float) -> tuple[object, ...]:
    low, high = AGES[identity.phase]
    kind, group = _type_of(identity)
    opened = closed = ""
    if identity.closed is not None:
        closed = "Academy Converter" if len(school.before) == 1 else "Result of Amalgamation"
    elif len(school.before) > 1:
        opened = "Result of Amalgamation"
    elif identity.is_academy:
        opened = "New Provision" if kind == "Academy sponsor led" else "Academy Converter"
    year_group = max(school.ks2_places, school.ks4_places, 60 if identity.phase == "infant" else 18)
    return (
        identity.urn,
        LOCAL_AUTHORITY,
        CITY,
        identity.laestab % 10_000,
        identity.name,
        kind,
        group,
        "Closed" if identity.closed else "Open",
        REGISTER_PHASE[identity.phase],
        low,
        high,
        _day(identity.opened),
        opened,
        _day(identity.closed),
        closed,
        TRUSTS[identity.urn // 10 % len(TRUSTS)] if identity.is_academy else "",
        pd.NA if identity.closed else year_group * (high - low),
        np.nan if identity.closed else round(55 * fsm6_share, 1),
    )


def school_register(traits: Traits) -> pd.DataFrame:
    """The register: one row a URN, closed ones too, in the columns of a GIAS extract."""
    rows = [
        _register_row(school, identity, float(share))
        for school, share in zip(SCHOOLS, traits.fsm6_share, strict=True)
        for identity in (school.now, *school.before)
    ]
    columns = [
        "URN",
        "LA (code)",
        "LA (name)",
        "EstablishmentNumber",
        "EstablishmentName",
        "TypeOfEstablishment (name)",
        "EstablishmentTypeGroup (name)",
        "EstablishmentStatus (name)",
        "PhaseOfEducation (name)",
        "StatutoryLowAge",
        "StatutoryHighAge",
        "OpenDate",
        "ReasonEstablishmentOpened (name)",
        "CloseDate",
        "ReasonEstablishmentClosed (name)",
        "Trusts (name)",
        "NumberOfPupils",
        "PercentageFSM",
    ]
    return pd.DataFrame(rows, columns=columns).astype({"NumberOfPupils": "Int64"})


def school_links() -> pd.DataFrame:
    """Predecessors and successors, both ways; the early conversion has no date, as is common."""
    rows: list[tuple[int, int, str, str, str]] = []
    for school in SCHOOLS:
        ending = " - merged" if len(school.before) > 1 else ""
        for old in school.before:
            day = "" if school.now.name == EARLY_CONVERTER else _day(school.now.opened)
            now = school.now
            rows.append((now.urn, old.urn, old.name, f"Predecessor{ending}", day))
            rows.append((old.urn, now.urn, now.name, f"Successor{ending}", day))
    return pd.DataFrame(
        rows, columns=["URN", "LinkURN", "LinkName", "LinkType", "LinkEstablishedDate"]
    )
