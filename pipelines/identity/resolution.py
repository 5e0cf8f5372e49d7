"""Which URNs are one school. Pure: schools, links and corrections in, a decision for every URN out.

A school is what it is on the reference date. Its URNs are those that lead to it:

- a conversion or re-numbering (one school, one successor) keeps its history, whether it comes before the
  reference date or after;
- a merger by the reference date makes one school of its parts in every year: their pupils are pooled, so
  its baseline is that of all children who would have been its pupils. A later one leaves the parts apart;
- a school that splits goes on in the part that keeps its LAESTAB, or as itself if it stays open; else no
  one can tell and it is `unresolved`. The other parts are new schools, without a history;
- without a link, a LAESTAB that one URN leaves and another takes up within two months is one school. One
  taken up later is another school; two open schools with one LAESTAB are `unresolved`;
- links that contradict each other (a ring) or the register (both schools open) are `unresolved`.

An `unresolved` URN counts as a school of its own until a correction says otherwise. The school's id is the
LAESTAB of the URN it has on the reference date, or that URN where the LAESTAB is another school's.
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
    """A decision for every listed URN and every one that links join to one, in order of URN.

    The order of the rows, and which of two schools recorded a link, make no difference.
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
    # The school that is there on the reference date keeps a LAESTAB that others have had.
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
    """The reason of a URN that nothing leads on from."""
    kind: DecisionKind = "as_registered" if school.is_registered else "as_published"
    told = (
        "as the register has it" if school.is_registered else "in no register; as results name it"
    )
    if school is standing and others:
        told += "; with it count " + ", ".join(map(str, sorted(others)))
    return Reason(kind, told)


def _why_unknown(school: KnownSchool) -> str:
    if school.is_registered:
        return "the register has it without an establishment number"
    return "in no register, without a LAESTAB, and no link leads to a school that is known"
