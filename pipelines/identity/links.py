"""Applies the rules for the register's links; `resolution` states them in words."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from pipelines.identity.decision import Findings, Reason, parts
from pipelines.identity.evidence import (
    LONGEST_HANDOVER_DAYS,
    LONGEST_OVERLAP_DAYS,
    KnownSchool,
    Succession,
)


def judge_links(edges: Sequence[Succession], found: Findings) -> None:
    """Decide about every school that has a successor."""
    in_ring = _rings(edges)
    for edge in edges:
        if edge in in_ring:
            for urn, other in ((edge.old, edge.new), (edge.new, edge.old)):
                before = found.reasons.get(urn)
                found.because(
                    urn,
                    Reason(
                        "unresolved",
                        "links lead round in a ring, each school the other's successor",
                        edge.effective,
                        edge.place,
                        tuple(sorted({other, *(before.candidates if before else ())})),
                    ),
                )
    sound = [edge for edge in edges if edge not in in_ring]
    after, before_it = _grouped(sound, lambda e: e.old), _grouped(sound, lambda e: e.new)
    for old, outgoing in after.items():
        direct = _without_shortcuts(outgoing, after)
        _judge_outgoing(found.schools[old], direct, before_it, found)


def _judge_outgoing(
    old: KnownSchool,
    outgoing: Sequence[Succession],
    incoming: Mapping[int, Sequence[Succession]],
    found: Findings,
) -> None:
    """Decide about one school with successors."""
    schools, day = found.schools, found.reference_date
    is_open = old.is_open_on(day)

    def is_merger(edge: Succession) -> bool:
        return _is_merger(edge, incoming[edge.new], schools)

    def is_in_effect(edge: Succession) -> bool:
        if edge.effective is None:
            return not (is_open and schools[edge.new].opens_after(day))
        return edge.effective <= day

    now = [edge for edge in outgoing if is_in_effect(edge)]
    if not now:
        _judge_later(old, outgoing, is_merger, found)
        return
    if len(now) > 1 or now[0].is_split:
        _judge_split(old, now, found)
        return
    edge = now[0]
    new = schools[edge.new]
    is_closing = old.close_date is not None and (old.close_date - day).days <= LONGEST_OVERLAP_DAYS
    if is_open and not is_closing and (new.is_open_on(day) or is_merger(edge)):
        evidence = f"{edge.in_words()}, yet the register has {old.urn} open on the reference date"
        found.because(
            old.urn, Reason("unresolved", evidence, edge.effective, edge.place, (new.urn,))
        )
        return
    found.followed.add(old.urn)
    found.one_school(
        old.urn, new.urn, old.urn, _reason_of(edge, old, new, is_merger=is_merger(edge))
    )


def _judge_later(
    old: KnownSchool,
    later: Sequence[Succession],
    is_merger: Callable[[Succession], bool],
    found: Findings,
) -> None:
    """A change after the reference date keeps the school the same only if it is a mere renumbering."""
    schools, day = found.schools, found.reference_date
    for edge in later:
        new = schools[edge.new]
        if is_merger(edge) or len(later) > 1 or edge.is_split:
            # Its results, if any, combine several schools of the reference date.
            if new.is_needed and new.opens_after(day):
                evidence = f"{edge.in_words()}, after the reference date; its results are of several schools"
                before = found.reasons.get(new.urn)
                olds = tuple(sorted({old.urn, *(before.candidates if before else ())}))
                found.because(
                    new.urn, Reason("unresolved", evidence, edge.effective, edge.place, olds)
                )
        elif new.opens_after(day):
            found.one_school(old.urn, new.urn, new.urn, _reason_of(edge, old, new, is_merger=False))


def _judge_split(old: KnownSchool, pieces: Sequence[Succession], found: Findings) -> None:
    schools = found.schools
    heirs = [e for e in pieces if old.laestab and schools[e.new].laestab == old.laestab]
    if len(heirs) == 1:
        heir = heirs[0]
        evidence = f"{heir.in_words()}; it split, and this part kept LAESTAB {old.laestab}"
        found.followed.add(old.urn)
        found.one_school(
            old.urn, heir.new, old.urn, Reason("converted", evidence, heir.effective, heir.place)
        )
    elif not old.is_open_on(found.reference_date):
        evidence = "it split and no part kept its LAESTAB: " + "; ".join(
            e.in_words() for e in pieces
        )
        candidates = tuple(e.new for e in pieces)
        found.because(
            old.urn,
            Reason("unresolved", evidence, pieces[0].effective, pieces[0].place, candidates),
        )
    for edge in pieces:
        if edge not in heirs or len(heirs) > 1:
            evidence = f"{edge.in_words()}, a part of what was there before"
            found.because(edge.new, Reason("split_off", evidence, edge.effective, edge.place))


def _is_merger(
    edge: Succession, incoming: Sequence[Succession], schools: Mapping[int, KnownSchool]
) -> bool:
    """Whether the successor had other pupils, its own or another school's, when it took these over."""
    if edge.is_merger:
        return True
    latest = edge.effective or dt.date.max
    handover = dt.timedelta(days=LONGEST_HANDOVER_DAYS)
    if latest <= dt.date.max - handover:
        latest += handover
    others = [e for e in incoming if e.old != edge.old and not e.is_split]
    if any((e.effective or dt.date.min) <= latest for e in others):
        return True
    opened = schools[edge.new].open_date
    return bool(opened and edge.effective and opened + handover < edge.effective)


def _reason_of(edge: Succession, old: KnownSchool, new: KnownSchool, *, is_merger: bool) -> Reason:
    if is_merger:
        return Reason(
            "merged",
            f"{edge.in_words()}; its pupils are pooled with the others'",
            edge.effective,
            edge.place,
        )
    if old.laestab and old.laestab == new.laestab:
        evidence = f"{edge.in_words()}; LAESTAB {old.laestab} kept"
        return Reason("converted", evidence, edge.effective, edge.place)
    if old.laestab and new.laestab:
        evidence = f"{edge.in_words()}; LAESTAB {old.laestab} became {new.laestab}"
        return Reason("re_numbered", evidence, edge.effective, edge.place)
    return Reason("converted", edge.in_words(), edge.effective, edge.place)


def _rings(edges: Sequence[Succession]) -> frozenset[Succession]:
    """The links that are part of a cycle."""
    part = parts([(e.old, e.new) for e in edges], connection="strong")
    return frozenset(e for e in edges if part[e.old] == part[e.new])


def _without_shortcuts(
    outgoing: Sequence[Succession], after: Mapping[int, Sequence[Succession]]
) -> list[Succession]:
    """Drop links to schools that another link also leads to: a chain recorded twice is not a split."""
    if len(outgoing) == 1:
        return list(outgoing)
    beyond: set[int] = set()
    waiting = [edge.new for edge in outgoing]
    seen: set[int] = set()
    while waiting:
        urn = waiting.pop()
        if urn not in seen:
            seen.add(urn)
            following = [edge.new for edge in after.get(urn, ())]
            beyond.update(following)
            waiting += following
    return [edge for edge in outgoing if edge.new not in beyond]


def _grouped(
    edges: Iterable[Succession], key: Callable[[Succession], int]
) -> dict[int, list[Succession]]:
    groups: dict[int, list[Succession]] = defaultdict(list)
    for edge in edges:
        groups[key(edge)].append(edge)
    return groups
