"""An analyst's own decisions about which school a URN belongs to, and whether each still applies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipelines.errors.fault import Fault
from pipelines.identity.decision import Decision, Findings, Reason
from pipelines.identity.evidence import KnownSchool, Place, Succession

# Value of `school_urn` for a school of its own.
SEPARATE = "separate"


@dataclass(frozen=True)
class Correction:
    """An analyst's decision: the URN is the same school as `school_urn`, or with None a school of its own."""

    urn: int
    school_urn: int | None
    reason: str
    decided_by: str
    decided_on: dt.date
    place: Place


def without_corrected(
    edges: Iterable[Succession], corrections: Iterable[Correction]
) -> tuple[Succession, ...]:
    """Drop links from a corrected URN, and links to a URN that is a school of its own."""
    corrected = {correction.urn for correction in corrections}
    apart = {correction.urn for correction in corrections if correction.school_urn is None}
    return tuple(e for e in edges if e.old not in corrected and e.new not in apart)


def correct(correction: Correction, found: Findings) -> None:
    """Apply a correction, which overrides all other evidence."""
    evidence = f"decided by {correction.decided_by}: {correction.reason}"
    found.reasons[correction.urn] = Reason(
        "correction", evidence, correction.decided_on, correction.place
    )
    if correction.school_urn is not None:
        found.pairs.append((correction.urn, correction.school_urn))
        found.followed.add(correction.urn)


def faults_of_corrections(
    corrections: Sequence[Correction],
    schools: Mapping[int, KnownSchool],
    without: Sequence[Decision],
    reference_date: dt.date,
) -> Iterator[Fault]:
    """Every correction that no longer applies. `without` are the decisions made without corrections."""
    decided = {decision.urn: decision for decision in without}
    corrected = {correction.urn for correction in corrections}
    for correction in corrections:
        fault = (
            _names_nobody(correction, schools, decided, corrected)
            or _does_nothing(correction, decided)
            or _is_outdated(correction, decided)
            or _joins_two_schools(correction, schools, decided, reference_date)
        )
        if fault:
            column, problem, found, remedy = fault
            yield Fault(
                file=correction.place.source_id,
                row=correction.place.row_number,
                column=column,
                problem=problem,
                found=found,
                expected="a correction that still applies to the register and links of this study",
                remedy=remedy,
            )


_CorrectionFault = tuple[str, str, str, str] | None


def _names_nobody(
    correction: Correction,
    schools: Mapping[int, KnownSchool],
    decided: Mapping[int, Decision],
    corrected: set[int],
) -> _CorrectionFault:
    urn, target = correction.urn, correction.school_urn
    if urn not in decided:
        return (
            "urn",
            "no file of the study names that school any more",
            str(urn),
            "take the row out",
        )
    if target is None:
        return None
    if target == urn:
        remedy = f"write `{SEPARATE}` if it is a school of its own, else the URN it counts as"
        return "school_urn", "a school cannot count as itself", str(urn), remedy
    if target not in decided or decided[target].school_id is None:
        return (
            "school_urn",
            "the school it is to count as is in no register and in no results",
            str(target),
            "mend the URN, or fetch a register that holds the school",
        )
    if target in corrected:
        return (
            "school_urn",
            "the school it is to count as is corrected itself, in another row",
            schools[target].described(),
            "name the URN that both are to count as",
        )
    return None


def _does_nothing(correction: Correction, decided: Mapping[int, Decision]) -> _CorrectionFault:
    """The links or the register now give the same result."""
    decision = decided[correction.urn]
    if decision.decision == "unresolved":
        return None
    if correction.school_urn is None:
        together = [
            d.urn
            for d in decided.values()
            if d.school_id == decision.school_id and d.urn != correction.urn
        ]
        is_needless = decision.school_id is not None and not together
    else:
        target = decided[correction.school_urn]
        is_needless = decision.school_id == target.school_id
    if not is_needless:
        return None
    problem = "the register and links say the same by now, so the correction does nothing"
    return "school_urn", problem, f"{decision.decision}: {decision.evidence}", "take the row out"


def _is_outdated(correction: Correction, decided: Mapping[int, Decision]) -> _CorrectionFault:
    """It contradicts evidence that is newer than the correction."""
    decision = decided[correction.urn]
    if (
        decision.decision == "unresolved"
        or decision.evidence_date is None
        or decision.evidence_date <= correction.decided_on
    ):
        return None
    return (
        "decided_on",
        "the register and links say otherwise, and of a later date than the correction",
        f"{decision.decision}: {decision.evidence}",
        "look again: take the row out, or give it a new reason and the day of the new decision",
    )


def _joins_two_schools(
    correction: Correction,
    schools: Mapping[int, KnownSchool],
    decided: Mapping[int, Decision],
    reference_date: dt.date,
) -> _CorrectionFault:
    """In the register both schools are open and not linked."""
    if correction.school_urn is None:
        return None
    one, other = schools[correction.urn], schools[correction.school_urn]
    if not (one.is_open_on(reference_date) and other.is_open_on(reference_date)):
        return None
    if other.urn in decided[one.urn].candidates:
        return None
    return (
        "school_urn",
        "the register has both schools open on the reference date, and nothing links them",
        f"{one.described()} and {other.described()}",
        "take the row out, or fetch a register that has the one as closed",
    )
