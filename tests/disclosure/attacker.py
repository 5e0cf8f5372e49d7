"""Somebody who wants a small figure back: knows all that is published, and which schools each figure is of.

Written apart from `pipelines.disclosure` and sharing nothing with it: facts are taken from what readers are
given, and every unknown is bounded by two linear programs of its own.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from scipy.optimize import linprog

SHARES = {"ks2_rwm_expected", "ks4_basics_94"}
SPECIAL_NEED = {"sen_support", "ehc_plan", "no_sen"}
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
        members = {
            school
            for school in schools.with_result[key]
            if (
                schools.arms[school] == row["arm"]
                if row["programme"] == "all"
                else (row["programme"] in schools.programmes[school]) == (row["arm"] == "programme")
            )
        }
        n, met = _number(row["n_pupils"]), None
        if n is not None and row["measure"] in SHARES:
            met = round(float(row["mean"]) * n)
        facts[key].append(
            Fact(f"comparison {row['programme']} {row['arm']}", frozenset(members), n, met)
        )
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
    for row in tables["revisions"].to_dict("records"):
        for when, status in (("before", "from_status"), ("after", "to_status")):
            key = (row["pupil_group"], row["measure"], row["academic_year"], row[status])
            members = {
                school
                for school in schools.with_result[key]
                if row["programme"] in schools.programmes[school]
            }
            n, met = _number(row[f"n_pupils_{when}"]), None
            if n is not None and row["measure"] in SHARES and _number(row[when]) is not None:
                met = round(float(row[when]) * n)
            facts[key].append(Fact(f"revisions {row['programme']}", frozenset(members), n, met))
    return facts


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
    values = [facts[i].n_pupils for i in known]
    rows += [np.concatenate([np.zeros(size), of[i]]) for i in met]
    values += [facts[i].n_meeting for i in met]
    for asked, schools, what in _asked(facts, classes, of):
        n = sum(truth[school][0] for school in schools)
        n_met = sum(truth[school][1] for school in schools)
        with_pupils = sum(truth[school][0] > 0 for school in schools)
        is_withheld = what.startswith("withheld")
        found.n_withheld += is_withheld
        is_few = group in SPECIAL_NEED and n > 0 and with_pupils < 3
        if is_withheld or 0 < n < minimum or is_few:
            least, most = _bounds(np.concatenate([asked, np.zeros(size)]), rows, values, size)
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
            least, most = _bounds(np.concatenate([np.zeros(size), asked]), rows, values, size)
            assert least - 0.01 <= n_met <= most + 0.01, "the attacker's system is wrong"
            if most - least < minimum - 1:
                found.pinned.append(f"{what}: {n_met} of {n} met it in {least:.0f} to {most:.0f}")
    return found


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
    asked: np.ndarray, rows: list[np.ndarray], values: list[float], size: int
) -> tuple[float, float]:
    """The least and the most that whole numbers of pupils allow, up to a thousand."""
    # Of every class no more met the standard than there are.
    no_more = np.hstack([-np.eye(size), np.eye(size)])
    ends = []
    for sign in (1.0, -1.0):
        solved = linprog(
            sign * asked,
            A_ub=no_more,
            b_ub=np.zeros(size),
            A_eq=np.array(rows) if rows else None,
            b_eq=np.array(values) if rows else None,
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
        result = attack(facts, group, truths[key], minimum, is_share=measure in SHARES)
        result.pinned = [f"{measure} {group} {year} {status}: {text}" for text in result.pinned]
        found += result
    return found
