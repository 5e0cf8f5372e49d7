"""Somebody who wants a small figure back: knows all that is published, and which schools each figure is of.

Written apart from `pipelines.disclosure` and sharing nothing with it: facts are taken from what readers are
given, and every unknown is bounded by two linear programs of its own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from pipelines.measures import MEASURES

SHARES = {measure.name for measure in MEASURES.values() if measure.unit == "share"}
SPECIAL_NEED = {"sen_support", "ehc_plan", "no_sen"}
_CASE = "case study"
Key = tuple[str, str, str, str]  # group, measure, year, status


@dataclass(frozen=True)
class Schools:
    """What is no secret: who is in which programme, which schools have a result, which are compared.

    `programmes` are the evaluated programmes of each local mainstream school. `with_result` and `compared`
    are by group, measure, and for the former year and status.
    """

    programmes: Mapping[int, frozenset[str]]
    with_result: Mapping[Key, frozenset[int]]
    compared: Mapping[tuple[str, str], frozenset[int]]
    arms: Mapping[int, str]


@dataclass(frozen=True)
class Fact:
    """A published figure: pupils of some schools, and those who met the standard; None is withheld."""

    what: str
    schools: frozenset[int]
    n_pupils: float | None
    n_meeting: float | None
    # Of a rounded figure, the least and the most it stands for; of points, what the pupils scored together.
    n_between: tuple[float, float] | None = None
    met_between: tuple[float, float] | None = None


@dataclass
class Findings:
    """What an attack came to."""

    n_withheld: int = 0
    pinned: list[str] = field(default_factory=list)

    def __iadd__(self, other: Findings) -> Findings:
        self.n_withheld += other.n_withheld
        self.pinned += other.pinned
        return self


def facts_of(tables: Mapping[str, pd.DataFrame], schools: Schools) -> dict[Key, list[Fact]]:
    """Every count of a release, by the pupils it is about."""
    facts: dict[Key, list[Fact]] = defaultdict(list)
    for row in tables["comparison"].to_dict("records"):
        key = (row["pupil_group"], row["measure"], row["academic_year"], row["release_status"])
        members = side_of(row, schools)
        n, met = _number(row["n_pupils"]), _number(row["n_meeting"])
        scored, mean = None, _number(row["mean"])
        if row["measure"] not in SHARES and n is not None and mean is not None:
            half = 0.5 * 10.0 ** -MEASURES[row["measure"]].decimals
            scored = (n * (mean - half), n * (mean + half))
        what = f"comparison {row['programme']} {row['arm']}"
        facts[key].append(Fact(what, members, n, met, met_between=scored))
    for row in tables["impact"].to_dict("records"):
        key = (row["pupil_group"], row["measure"], row["academic_year"], row["release_status"])
        compared = schools.compared.get(key[:2], frozenset()) & schools.with_result.get(key, set())
        if row["estimator"] != "bracket" or not compared:
            continue
        for side in ("programme", "comparison"):
            members = {
                school
                for school in compared
                if (row["programme"] in schools.programmes[school]) == (side == "programme")
            }
            what = f"impact {row['programme']} {side}"
            count = _number(row[f"n_{side}_pupils"])
            facts[key].append(Fact(what, frozenset(members), count, None))
    for row in tables["case_study_result"].to_dict("records"):
        key = (row["pupil_group"], row["measure"], row["academic_year"], row["release_status"])
        n, met = _number(row["n_pupils"]), _number(row["n_meeting"])
        if isinstance(row["release_status"], str) and (n is not None or row["suppressed"]):
            what = f"{_CASE} {row['programme']} {row['school_id']}"
            facts[key].append(Fact(what, frozenset({row["school_id"]}), n, met))
    for row in tables["revisions"].to_dict("records"):
        for when, status in (("before", "from_status"), ("after", "to_status")):
            key = (row["pupil_group"], row["measure"], row["academic_year"], row[status])
            members = {
                school
                for school in schools.with_result[key]
                if row["level"] == "authority"
                or (row["programme"] in schools.programmes[school]) == (row["level"] == "programme")
            }
            n, met = _number(row[f"n_pupils_{when}"]), None
            n_between, met_between = (0.0, 0.0), (0.0, 0.0)
            if n is not None:
                fitting = _that_fit(n, _number(row[when]) if row["measure"] in SHARES else None)
                n_between = (min(n for n, _ in fitting), max(n for n, _ in fitting))
                if row["measure"] in SHARES and _number(row[when]) is not None:
                    met = n
                    met_between = (min(m for _, m in fitting), max(m for _, m in fitting))
            what = f"revisions {row['programme']} {row['level']}"
            facts[key].append(Fact(what, frozenset(members), n, met, n_between, met_between))
    return facts


def side_of(row: Mapping[str, Hashable], schools: Schools) -> frozenset[int]:
    """The schools that a row of `released.comparison` is of."""
    key = (row["pupil_group"], row["measure"], row["academic_year"], row["release_status"])
    return frozenset(
        school
        for school in schools.with_result[key]
        if (
            schools.arms[school] == row["arm"]
            if row["programme"] == "all"
            else (row["programme"] in schools.programmes[school]) == (row["arm"] == "programme")
        )
    )


def _that_fit(n_rounded: float, share: float | None) -> list[tuple[int, int]]:
    """Pupils, and those of them who met the standard, that would have been printed so."""
    return [
        (n, met)
        for n in range(int(n_rounded) - 5, int(n_rounded) + 5)
        if n > 0
        for met in range(n + 1)
        if share is None or math.floor(met / n * 100 + 0.5 + 1e-9) == round(share * 100)
    ]


def pinned_movements(tables: Mapping[str, pd.DataFrame], minimum: int) -> tuple[int, list[str]]:
    """How many movements between releases could be attacked, and which of them are known to a few pupils.

    The pupils who came in, less those who went, are the other release's less those of the one that is used,
    which is shown exactly. Known is a movement if it and those who met the standard among it lie within less
    than the width that a withheld figure has.
    """
    exact = {
        (row["programme"], row["arm"], row["pupil_group"], row["measure"], row["academic_year"],
         row["release_status"]): (_number(row["n_pupils"]), row["mean"])
        for row in tables["comparison"].to_dict("records")
        if row["programme"] != "all"
    }  # fmt: skip
    n_attacked, pinned = 0, []
    for row in tables["revisions"].to_dict("records"):
        for used, other in (
            (("from", "before"), ("to", "after")),
            (("to", "after"), ("from", "before")),
        ):
            key = tuple(
                row[c] for c in ("programme", "level", "pupil_group", "measure", "academic_year")
            )
            n_used, _ = exact.get((*key, row[f"{used[0]}_status"]), (None, None))
            n_other = _number(row[f"n_pupils_{other[1]}"])
            if n_used is None or n_other is None:
                continue
            share = _number(row[other[1]]) if row["measure"] in SHARES else None
            fitting = _that_fit(n_other, share)
            n_attacked += 1
            moved = [n - n_used for n, _ in fitting]
            if not fitting or max(moved) - min(moved) < minimum - 1:
                pinned.append(
                    f"{key} {row[f'{other[0]}_status']}: {sorted(set(moved))} pupils moved"
                )
    return n_attacked, pinned


def attack(
    facts: Sequence[Fact],
    group: str,
    truth: Mapping[int, tuple[float, float]],
    minimum: int,
    *,
    is_share: bool,
) -> Findings:
    """Bound every withheld figure of one set of pupils, and every difference of two shown ones.

    `truth` is what each school's pupils and those who met the standard really are: the attacker does not
    have it, the judge of the attack does.
    """
    facts = [fact for fact in facts if fact.schools]
    found = Findings()
    if not facts:
        return found
    classes, of = _classes(facts)
    known = [i for i, fact in enumerate(facts) if fact.n_pupils is not None]
    met = [i for i, fact in enumerate(facts) if fact.n_meeting is not None]
    size = len(classes)
    rows = [np.concatenate([of[i], np.zeros(size)]) for i in known]
    between = [facts[i].n_between or (facts[i].n_pupils,) * 2 for i in known]
    rows += [np.concatenate([np.zeros(size), of[i]]) for i in met]
    between += [facts[i].met_between or (facts[i].n_meeting,) * 2 for i in met]
    for asked, schools, what in _asked(facts, classes, of):
        n = sum(truth[school][0] for school in schools)
        n_met = sum(truth[school][1] for school in schools)
        with_pupils = sum(truth[school][0] > 0 for school in schools)
        is_withheld = what.startswith("withheld")
        found.n_withheld += is_withheld
        is_few = group in SPECIAL_NEED and n > 0 and with_pupils < 3
        if is_withheld or 0 < n < minimum or is_few:
            least, most = _bounds(np.concatenate([asked, np.zeros(size)]), rows, between, size)
            assert least - 0.01 <= n <= most + 0.01, "the attacker's system is wrong"
            is_vague = (
                least <= 1 and most >= minimum - 1
                if 0 < n < minimum
                else most - least >= minimum - 1
            )
            if n and not is_vague:
                found.pinned.append(f"{what}: pupils {n} in {least:.0f} to {most:.0f}")
        is_telling = 0 < n < 5 * minimum and n_met in (0, n)
        if is_share and n and (is_withheld or is_telling):
            least, most = _bounds(np.concatenate([np.zeros(size), asked]), rows, between, size)
            assert least - 0.01 <= n_met <= most + 0.01, "the attacker's system is wrong"
            if most - least < minimum - 1:
                found.pinned.append(f"{what}: {n_met} of {n} met it in {least:.0f} to {most:.0f}")
    return found


def attack_with_cases(
    facts: Sequence[Fact],
    group: str,
    truth: Mapping[int, tuple[float, float]],
    minimum: int,
    *,
    is_share: bool,
) -> Findings:
    """What can be worked out without case studies, and what these add: even to bounds that were close before.

    A school's figure may stand elsewhere, as that of an arm of one school; then it is no secret that its
    case study kept.
    """
    ask = partial(attack, group=group, truth=truth, minimum=minimum, is_share=is_share)
    cases = [fact for fact in facts if fact.what.startswith(_CASE)]
    others = [fact for fact in facts if not fact.what.startswith(_CASE)]
    found = ask(others)
    if cases:
        silent = ask([*others, *(replace(case, n_pupils=None, n_meeting=None) for case in cases)])
        found += Findings(
            n_withheld=sum(case.n_pupils is None for case in cases),
            pinned=[text for text in ask(facts).pinned if text not in silent.pinned],
        )
    return found


def named_by_others(facts: Sequence[Fact]) -> set[int]:
    """Schools whose number of pupils follows from others' case studies, and without them does not."""
    without = [fact for fact in facts if not fact.what.startswith(_CASE)]
    told = {
        s for fact in facts if fact.what.startswith(_CASE) for s in fact.schools if fact.n_pupils
    }
    return _alone(facts) - _alone(without) - told


def _alone(facts: Sequence[Fact]) -> set[int]:
    """Schools that some weighing of the figures shown leaves alone: their row reduces to one school."""
    rows = [fact.schools for fact in facts if fact.n_pupils is not None]
    schools = sorted(set().union(*rows))
    matrix = [[Fraction(school in members) for school in schools] for members in rows]
    # Gauss and Jordan, in fractions: a school is alone where its column's pivot row has nothing else.
    n_done = 0
    for column in range(len(schools)):
        pivot = next((i for i in range(n_done, len(matrix)) if matrix[i][column]), None)
        if pivot is None:
            continue
        matrix[n_done], matrix[pivot] = matrix[pivot], matrix[n_done]
        head = [value / matrix[n_done][column] for value in matrix[n_done]]
        matrix = [
            head if i == n_done else [v - row[column] * h for v, h in zip(row, head, strict=True)]
            for i, row in enumerate(matrix)
        ]
        n_done += 1
    return {
        schools[next(j for j, value in enumerate(row) if value)]
        for row in matrix
        if sum(bool(value) for value in row) == 1
    }


def _classes(facts: Sequence[Fact]) -> tuple[list[frozenset[int]], np.ndarray]:
    """Schools that every fact takes together, and which of them each fact adds up."""
    by_signature: dict[tuple[bool, ...], set[int]] = defaultdict(set)
    for school in set().union(*(fact.schools for fact in facts)):
        by_signature[tuple(school in fact.schools for fact in facts)].add(school)
    classes = [frozenset(by_signature[signature]) for signature in sorted(by_signature)]
    of = np.array([[float(members <= fact.schools) for members in classes] for fact in facts])
    return classes, of


def _asked(
    facts: Sequence[Fact], classes: Sequence[frozenset[int]], of: np.ndarray
) -> Iterator[tuple[np.ndarray, frozenset[int], str]]:
    """Withheld figures; then what no table shows but a subtraction might."""
    seen: set[frozenset[int]] = set()
    for row, fact in zip(of, facts, strict=True):
        if fact.n_pupils is None:
            seen.add(fact.schools)
            yield row, fact.schools, f"withheld {fact.what}"
    for j, members in enumerate(classes):
        if members not in seen:
            seen.add(members)
            yield np.eye(len(classes))[j], members, f"schools {sorted(members)}"
    for row_a, a in zip(of, facts, strict=True):
        for row_b, b in zip(of, facts, strict=True):
            if b.schools < a.schools and a.schools - b.schools not in seen:
                seen.add(a.schools - b.schools)
                yield row_a - row_b, a.schools - b.schools, f"{a.what} less {b.what}"


def _bounds(
    asked: np.ndarray,
    rows: list[np.ndarray],
    between: list[tuple[float, float]],
    size: int,
) -> tuple[float, float]:
    """The least and the most that whole numbers of pupils allow, up to a thousand."""
    # Of every class no more met the standard than there are.
    no_more = np.hstack([-np.eye(size), np.eye(size)])
    exact = [(row, ends) for row, ends in zip(rows, between, strict=True) if ends[0] == ends[1]]
    rounded = [(row, ends) for row, ends in zip(rows, between, strict=True) if ends[0] < ends[1]]
    ends = []
    for sign in (1.0, -1.0):
        solved = linprog(
            sign * asked,
            A_ub=np.vstack([no_more, *(-row for row, _ in rounded), *(row for row, _ in rounded)]),
            b_ub=np.concatenate(
                [
                    np.zeros(size),
                    [-low for _, (low, _) in rounded],
                    [high for _, (_, high) in rounded],
                ]
            ),
            A_eq=np.array([row for row, _ in exact]) if exact else None,
            b_eq=np.array([low for _, (low, _) in exact]) if exact else None,
            bounds=(0, 1000),
            method="highs",
        )
        assert solved.status == 0, solved.message
        ends.append(sign * solved.fun)
    return math.ceil(ends[0] - 1e-6), math.floor(ends[1] + 1e-6)


def _number(value: object) -> float | None:
    return None if value is None or value != value else float(value)  # noqa: PLR0124


def attack_all(
    releases: Iterable[tuple[Mapping[str, pd.DataFrame], Schools]],
    truths: Mapping[Key, Mapping[int, tuple[float, float]]],
    minimum: int,
) -> Findings:
    """Everything published so far against everything withheld so far.

    `truths` are the pupils of every school, in the latest release.
    """
    together: dict[Key, list[Fact]] = defaultdict(list)
    for tables, schools in releases:
        for key, facts in facts_of(tables, schools).items():
            together[key] += facts
    found = Findings()
    for key, facts in together.items():
        group, measure, year, status = key
        result = attack_with_cases(facts, group, truths[key], minimum, is_share=measure in SHARES)
        result.pinned = [f"{measure} {group} {year} {status}: {text}" for text in result.pinned]
        result.pinned += [
            f"{measure} {group} {year}: school {school} is named by another's case study"
            for school in sorted(named_by_others(facts))
        ]
        found += result
    return found
