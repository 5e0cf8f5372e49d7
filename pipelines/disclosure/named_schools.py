"""Which schools may be shown by name, so that no other school's figures are what is left of a total.

Small figures are `inference`'s to guard. Here a figure may be large: a school that agreed to nothing must not
be named by the one that did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from pipelines.disclosure.structure import Count

Schools = frozenset[int]
_Question = tuple[str, str]  # measure, pupil group
_EPSILON = 1e-9


def fall_with_another(counts: Sequence[Count], shown: Sequence[bool]) -> list[int]:
    """Positions of shown counts of a named school of which another year, or programme, is not shown.

    A year left out could be worked out from the mean of several that is shown unnamed.
    """
    fallen = {
        (_school(count), _question(count))
        for count, is_shown in zip(counts, shown, strict=True)
        if count.cells and not is_shown
    }
    return [
        place
        for place, count in enumerate(counts)
        if shown[place] and count.cells and (_school(count), _question(count)) in fallen
    ]


def leave_another_alone(
    counts: Sequence[Count], shown: Sequence[bool], known: Sequence[Count]
) -> list[int]:
    """Positions of shown counts of named schools that would give another school's figure away.

    `known` are the counts of all other tables, and of earlier releases: what was said there of a school by
    name is known, whether or not it still agrees.
    """
    named = [place for place, count in enumerate(counts) if shown[place] and count.cells]
    systems: dict[_Question, dict[frozenset[str], set[Schools]]] = {}
    for count in known:
        if count.is_shown and count.cells:
            years = frozenset(cell.academic_year for cell in count.cells)
            schools = frozenset(cell.school_id for cell in count.cells)
            systems.setdefault(_question(count), defaultdict(set))[years].add(schools)
    candidates: dict[_Question, set[int]] = defaultdict(set)
    for place in named:
        candidates[_question(counts[place])].add(_school(counts[place]))
    refused = {
        (school, question)
        for question, schools in candidates.items()
        for school in not_to_be_named(
            frozenset(schools),
            [sorted(sums, key=sorted) for sums in systems.get(question, {}).values()],
        )
    }
    return [p for p in named if (_school(counts[p]), _question(counts[p])) in refused]


def not_to_be_named(candidates: Schools, systems: Sequence[Sequence[Schools]]) -> Schools:
    """The candidates whose own figures may not be shown, as few as a greedy search finds.

    Each of `systems` holds, for one set of pupils, which schools every figure shown adds up.
    """
    named = candidates
    while _given_away(named, systems):
        named -= {min(named, key=lambda school: (_n_given(named - {school}, systems), school))}
    return candidates - named


def _n_given(named: Schools, systems: Sequence[Sequence[Schools]]) -> int:
    return len(_given_away(named, systems))


def _given_away(named: Schools, systems: Sequence[Sequence[Schools]]) -> Schools:
    """Schools whose figure follows from the named ones' and the sums, and from the sums alone does not."""
    given: set[int] = set()
    for sums in systems:
        given |= _single_schools(sums, named) - _single_schools(sums, frozenset())
    return frozenset(given)


def _single_schools(sums: Sequence[Schools], known: Schools) -> set[int]:
    """Schools whose own figure is some sum of the sums, once the known ones are taken off.

    A school is one where its unit vector lies in the row space of the sums: where the projection on that
    space has a one.
    """
    schools = sorted(frozenset().union(*sums) - known)
    if not schools:
        return set()
    rows = np.array([[float(school in members) for school in schools] for members in sums])
    projection = np.linalg.pinv(rows) @ rows
    return {
        school
        for school, weight in zip(schools, np.diag(projection), strict=True)
        if weight > 1 - _EPSILON
    }


def _school(count: Count) -> int:
    return count.cells[0].school_id


def _question(count: Count) -> _Question:
    return count.cells[0].measure, count.cells[0].pupil_group
