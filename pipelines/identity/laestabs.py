"""Applies the rules for URNs that shared a LAESTAB; `resolution` states them in words."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise

from pipelines.identity.corrections import Correction
from pipelines.identity.decision import Findings, Reason, parts
from pipelines.identity.evidence import (
    LONGEST_HANDOVER_DAYS,
    LONGEST_OVERLAP_DAYS,
    KnownSchool,
    Succession,
)


def judge_laestabs(
    edges: Iterable[Succession], corrections: Iterable[Correction], found: Findings
) -> None:
    """Compare unlinked schools that had the same LAESTAB, each with the next in time."""
    linked = {frozenset((e.old, e.new)) for e in edges}
    corrected = {correction.urn for correction in corrections}
    part = parts(found.pairs)
    by_laestab: dict[int, list[KnownSchool]] = defaultdict(list)
    for school in found.schools.values():
        if school.laestab is not None and school.urn not in corrected:
            by_laestab[school.laestab].append(school)
    for laestab, group in sorted(by_laestab.items()):
        in_time = sorted(
            group,
            key=lambda s: (s.open_date or dt.date.min, s.close_date or dt.date.max, s.urn),
        )
        for earlier, later in pairwise(in_time):
            is_one_part = part.get(earlier.urn, -1) == part.get(later.urn, -2)
            if not is_one_part and frozenset((earlier.urn, later.urn)) not in linked:
                _judge_laestab(laestab, earlier, later, found)


def _judge_laestab(laestab: int, earlier: KnownSchool, later: KnownSchool, found: Findings) -> None:
    day = found.reference_date
    gap_days = 0
    if earlier.close_date is not None and later.open_date is not None:
        gap_days = (later.open_date - earlier.close_date).days
        are_both_there = gap_days < -LONGEST_OVERLAP_DAYS
    else:
        are_both_there = (earlier.is_open_on(day) and later.is_open_on(day)) or bool(
            earlier.outcome_files & later.outcome_files
        )
    if are_both_there:
        for urn, other in ((earlier.urn, later.urn), (later.urn, earlier.urn)):
            evidence = (
                f"LAESTAB {laestab} is also that of {other}, at the same time and without a link"
            )
            before = found.reasons.get(urn)
            already = before.candidates if before and before.kind == "unresolved" else ()
            candidates = tuple(sorted({other, *already}))
            found.because(urn, Reason("unresolved", evidence, None, None, candidates))
    elif gap_days > LONGEST_HANDOVER_DAYS or earlier.urn in found.followed:
        evidence = f"LAESTAB {laestab} went to {later.urn} later, which is another school"
        found.because(earlier.urn, Reason("laestab_reused", evidence, earlier.close_date))
    elif not found.is_unresolved(earlier.urn) and not found.is_unresolved(later.urn):
        when = f"closed {earlier.close_date}" if earlier.close_date else "dates not all known"
        evidence = f"LAESTAB {laestab} kept, {earlier.urn} to {later.urn} without a link, {when}"
        about = later.urn if later.opens_after(day) and later.is_registered else earlier.urn
        if about == earlier.urn:
            found.followed.add(earlier.urn)
        found.one_school(
            earlier.urn, later.urn, about, Reason("converted", evidence, earlier.close_date)
        )
