"""Files about the schools: a register in the columns of a GIAS extract, its links, and a census."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from pipelines.example.pupils import SEN_PLAN_SHARE, sen_support_share_of
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

# The register lists infant and junior schools as "Primary" and gives special schools no phase.
REGISTER_PHASE: dict[Phase, str] = {
    "infant": "Primary",
    "junior": "Primary",
    "primary": "Primary",
    "all-through": "All-through",
    "secondary": "Secondary",
    "special": "Not applicable",
}
CENSUS_DAY = dt.date(2018, 1, 18)
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


def _n_pupils(school: School, phase: Phase) -> int:
    """Pupils in all year groups."""
    low, high = AGES[phase]
    year_group = max(school.ks2_places, school.ks4_places, 60 if phase == "infant" else 18)
    return year_group * (high - low)


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
        pd.NA if identity.closed else _n_pupils(school, identity.phase),
        np.nan if identity.closed else round(55 * fsm6_share, 1),
    )


def school_register(traits: Traits) -> pd.DataFrame:
    """The register: one row per URN, including closed ones, in the columns of a GIAS extract."""
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


def school_census(rng: np.random.Generator, traits: Traits) -> pd.DataFrame:
    """The January census of the outcome year, in the columns of the Department's tables.

    Pupils of all year groups, as many as in the register, drawn with the same shares as year groups.
    """
    identities = [school.on(CENSUS_DAY) for school in SCHOOLS]
    n = np.array(
        [_n_pupils(school, now.phase) for school, now in zip(SCHOOLS, identities, strict=True)]
    )
    is_special = np.array([identity.phase == "special" for identity in identities])
    n_fsm6 = rng.binomial(n, traits.fsm6_share)
    n_support = rng.binomial(n_fsm6, sen_support_share_of(traits.sen_support_share, is_fsm6=True))
    n_support += rng.binomial(
        n - n_fsm6, sen_support_share_of(traits.sen_support_share, is_fsm6=False)
    )
    n_support[is_special] = 0
    n_plan = np.where(is_special, n, rng.binomial(n - n_support, SEN_PLAN_SHARE))
    has_ks4 = np.array([school.ks4_places > 0 for school in SCHOOLS])
    kind = np.where(is_special, "special school", np.where(has_ks4, "secondary", "primary"))
    return pd.DataFrame(
        {
            "URN": [identity.urn for identity in identities],
            "LA": LOCAL_AUTHORITY,
            "ESTAB": [identity.laestab % 10_000 for identity in identities],
            "SCHOOLTYPE": [f"State-funded {word}" for word in kind],
            "NOR": n,
            "TSENELSE": n_plan,
            "PSENELSE": 100 * n_plan / n,
            "TSENELK": n_support,
            "PSENELK": 100 * n_support / n,
            "NUMFSMEVER": n_fsm6,
            "PNUMFSMEVER": 100 * n_fsm6 / n,
        }
    )


def school_links() -> pd.DataFrame:
    """Predecessors and successors, in both directions. The early conversion has no date, as is common."""
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
