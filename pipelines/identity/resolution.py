"""Decides which URNs are one school, from schools, links and corrections. Pure functions.

A school is as on the reference date. These rules say which URNs belong to it:

- a conversion or renumbering (one school, one successor) keeps its history, before or after the reference
  date;
- a merger by the reference date makes its parts one school in every year: their pupils are pooled, so the
  baseline covers all the merged school's pupils. After a later merger the parts stay separate;
- a split school continues as the part that keeps its LAESTAB, or as itself if it stays open; otherwise it is
  `unresolved`. The other parts are new schools without history;
- without a link, a LAESTAB that passes from one URN to another within two months is one school. After a
  longer gap it is another school. Two open schools with one LAESTAB are `unresolved`;
- links that contradict each other (a cycle) or the register (both schools open) are `unresolved`.

An `unresolved` URN counts as a school of its own until an analyst corrects it. The school's id is the LAESTAB
of its URN on the reference date, or that URN if another school has the LAESTAB.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pipelines.identity.corrections import Correction, correct, without_corrected
from pipelines.identity.decision import Decision, DecisionKind, Findings, Reason, parts
from pipelines.identity.evidence import KnownSchool, Link, successions
from pipelines.identity.laestabs import judge_laestabs
from pipelines.identity.links import judge_links


def resolve(
    known: Iterable[KnownSchool],
    links: Sequence[Link],
    reference_date: dt.date,
    corrections: Sequence[Correction] = (),
) -> tuple[Decision, ...]:
    """A decision for every listed URN and every URN linked to one, in URN order.

    The result does not depend on row order, or on which of two schools recorded a link.
    """
    schools = {school.urn: school for school in known}
    for link in links:
        for urn in (link.urn, link.link_urn):
            schools.setdefault(urn, KnownSchool(urn))
    found = Findings(schools, reference_date)
    edges = without_corrected(successions(links, schools), corrections)
    judge_links(edges, found)
    judge_laestabs(edges, corrections, found)
    for correction in corrections:
        correct(correction, found)
    return tuple(_decisions(schools, found, reference_date))


def _decisions(
    schools: Mapping[int, KnownSchool], found: Findings, day: dt.date
) -> Iterable[Decision]:
    part = parts(found.pairs)
    members: dict[int, list[KnownSchool]] = defaultdict(list)
    for nth, (urn, school) in enumerate(sorted(schools.items())):
        members[part.get(urn, -1 - nth)].append(school)

    def rank(school: KnownSchool) -> tuple[object, ...]:
        return (
            school.is_open_on(day),
            school.is_registered and not school.opens_after(day),
            school.laestab is not None,
            school.urn not in found.followed,
            school.open_date or dt.date.min,
            school.urn,
        )

    groups = [
        sorted(group, key=rank, reverse=True)
        for group in members.values()
        if any(school.is_listed for school in group)
    ]
    taken: set[int] = set()
    decided: list[Decision] = []
    # Of schools that shared a LAESTAB, the one open on the reference date keeps it.
    for group in sorted(groups, key=lambda group: rank(group[0]), reverse=True):
        standing = group[0]
        laestab = next((school.laestab for school in group if school.laestab is not None), None)
        school_id = standing.urn if laestab in taken else laestab
        if laestab is not None:
            taken.add(laestab)
        others = [school.urn for school in group[1:]]
        for school in group:
            reason = found.reasons.get(school.urn) or _plain(school, standing, others)
            if school_id is None and reason.kind != "correction":
                reason = Reason("unknown", _why_unknown(school))
            decided.append(
                Decision(
                    school.urn,
                    school_id,
                    standing.urn if school_id is not None else None,
                    reason.kind,
                    reason.evidence,
                    reason.date,
                    reason.place or school.place,
                    reason.candidates,
                )
            )
    return sorted(decided, key=lambda decision: decision.urn)


def _plain(school: KnownSchool, standing: KnownSchool, others: Sequence[int]) -> Reason:
    """The reason for a URN without successors."""
    kind: DecisionKind = "as_registered" if school.is_registered else "as_published"
    evidence = (
        "as the register has it" if school.is_registered else "in no register; as results name it"
    )
    if school is standing and others:
        evidence += "; with it count " + ", ".join(map(str, sorted(others)))
    return Reason(kind, evidence)


def _why_unknown(school: KnownSchool) -> str:
    if school.is_registered:
        return "the register has it without an establishment number"
    return "in no register, without a LAESTAB, and no link leads to a school that is known"
