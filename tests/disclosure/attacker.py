"""An attacker who reverse-engineers released figures, using what others publish, with integer programs.

The attacker knows which schools each figure covers, the rounding and suppression rules, the
Department's tables (pupils of every school with six or more in the groups published by school) and
the authority's totals. For each unknown number integer programs look for another value than the true one
under all of this. It is disclosed if there is none, and there was one before the release.

The rules are reimplemented from `disclosure/README.md`, without using `pipelines`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_matrix

CLASS = 6
SPECIAL_NEED = ("sen_support", "ehc_plan", "no_sen")
_ABOVE = 10_000.0
Kind = Literal["n_pupils", "n_meeting"]


class Cell(NamedTuple):
    """Pupils of a school and group with a result on a measure, in one release of a year."""

    school: int
    group: str
    measure: str
    year: str
    status: str


class Unknown(NamedTuple):
    """An unknown whole number: pupils of a cell, or those of them who met the standard."""

    kind: Kind
    cell: Cell


Sum = Mapping[Unknown, int]  # each times its number, added up


@dataclass(frozen=True)
class Fact:
    """A sum lies between two inclusive bounds."""

    of: Sum
    least: float
    most: float


@dataclass(frozen=True)
class OneOf:
    """At least one of these holds, because a figure is suppressed."""

    facts: tuple[Fact, ...]


@dataclass
class Truth:
    """The true pupils and those who met the standard, by cell; used only to judge the attack."""

    cells: Mapping[Cell, tuple[int, int]]

    def of(self, what: Unknown) -> int:
        """The true number."""
        return self.cells[what.cell][what.kind == "n_meeting"]

    def sum(self, of: Sum) -> int:
        """The true sum."""
        return sum(times * self.of(what) for what, times in of.items())


def rounded(printed: float) -> tuple[float, float]:
    """The counts that round to this one."""
    low = printed - CLASS // 2
    return low, low + CLASS - 1


def counted(cells: Iterable[Cell], kind: Kind) -> dict[Unknown, int]:
    """The pupil count of some cells."""
    return {Unknown(kind, cell): 1 for cell in cells}


def is_published(cell: Cell, truth: Truth) -> bool:
    """Whether the Department publishes it: the group and its complement both have six or more pupils."""
    if cell.group in SPECIAL_NEED:
        return False
    of_school = [other for other in truth.cells if other.school == cell.school]
    same = [o for o in of_school if o[2:] == cell[2:] and o.group not in SPECIAL_NEED]
    return all(truth.cells[other][0] >= CLASS for other in same)


def published(truth: Truth) -> Iterator[Fact]:
    """What others publish: groups of six or more by school, which schools have fewer, and all totals."""
    for cell, (n, met) in truth.cells.items():
        if is_published(cell, truth):
            yield Fact({Unknown("n_pupils", cell): 1}, n, n)
            yield Fact({Unknown("n_meeting", cell): 1}, met, met)
        elif cell.group not in SPECIAL_NEED and n < CLASS:
            yield Fact({Unknown("n_pupils", cell): 1}, 1, CLASS - 1)
        # All pupils of a school are published, hence the sum of both groups.
        other = cell._replace(group="not_disadvantaged")
        if cell.group == "disadvantaged" and other in truth.cells:
            for kind in ("n_pupils", "n_meeting"):
                of = counted([cell, other], kind)
                yield Fact(of, truth.sum(of), truth.sum(of))
    yield from totals(truth)


def totals(truth: Truth) -> Iterator[Fact]:
    """The authority's pupils, and how many met the standard, in every group and release."""
    cells_of: dict[tuple[str, ...], list[Cell]] = {}
    for cell in truth.cells:
        cells_of.setdefault(cell[1:], []).append(cell)
    for cells in cells_of.values():
        for kind in ("n_pupils", "n_meeting"):
            of = counted(cells, kind)
            yield Fact(of, truth.sum(of), truth.sum(of))


@dataclass
class Released:
    """One release of one study: its tables, and the schools behind each figure."""

    tables: Mapping[str, pd.DataFrame]
    sides: Mapping[
        tuple[str, str], frozenset[int]
    ]  # schools of a programme and side, of 'all' and arm
    compared: Mapping[tuple[str, str, str], frozenset[int]]  # of a programme, measure and side

    def facts(self, truth: Truth) -> Iterator[Fact | OneOf]:
        """What every shown or suppressed figure implies."""
        comparison = self.tables["comparison"]
        rows = {(r["programme"], r["arm"], *_key(r)): r for r in comparison.to_dict("records")}
        for row in rows.values():
            cells = self._cells(row, truth)
            if not cells:
                continue
            if row["figure_status"] != "suppressed":
                for kind in ("n_pupils", "n_meeting"):
                    # A difference of two rounded totals adds nothing to these totals.
                    if pd.notna(row[kind]) and row[kind] % CLASS:
                        yield Fact(counted(cells, kind), *rounded(row[kind]))
                continue
            why = list(self._why(row, cells))
            # All figures of a programme, including both groups of a gap, are suppressed together,
            # and arms with them.
            why += [
                fact
                for beside in rows.values()
                if _falls_with(row, beside)
                for fact in self._why(beside, self._cells(beside, truth))
            ]
            if all(why):
                yield OneOf(tuple(fact for fact in why if fact))
        for row in self.tables["impact"].to_dict("records"):
            for side in ("programme", "comparison"):
                schools = self.compared.get((row["programme"], row["measure"], side))
                n = row[f"n_{side}_pupils"]
                if row["role"] == "headline" and schools and pd.notna(n) and n % CLASS:
                    # None of the few schools that published tables omit and the side's total leaves out.
                    arm = "programme" if side == "programme" else "rest"
                    shown = self._cells({**row, "arm": arm}, truth)
                    cells = [cell for cell in shown if cell.school in schools]
                    if cells:
                        yield Fact(counted(cells, "n_pupils"), *rounded(n))
        for row in self.tables["revisions"].to_dict("records"):
            for when, status in (("before", "from_status"), ("after", "to_status")):
                if row["figure_status"] == "shown" and row[f"n_pupils_{when}"] % CLASS:
                    of = {**row, "release_status": row[status], "arm": row["level"]}
                    cells = self._cells(of, truth)
                    if cells:
                        yield Fact(counted(cells, "n_pupils"), *rounded(row[f"n_pupils_{when}"]))

    def withheld(self, truth: Truth) -> Iterator[tuple[str, Sum]]:
        """Sums that a suppressed row must not reveal: who met the standard, and pupils if few."""
        for row in self.tables["comparison"].to_dict("records"):
            cells = self._cells(row, truth) if row["figure_status"] == "suppressed" else []
            about = f"{row['programme']} {row['arm']} {_key(row)}"
            if cells:
                yield f"n_meeting of {about}", counted(cells, "n_meeting")
            if 0 < truth.sum(counted(cells, "n_pupils")) < CLASS:
                yield f"n_pupils of {about}", counted(cells, "n_pupils")

    def _cells(self, row: Mapping[str, object], truth: Truth) -> list[Cell]:
        """The cells of a row, without the few schools that published tables omit."""
        schools = self.sides[str(row["programme"]), str(row["arm"])]
        cells = [cell for cell in truth.cells if cell.school in schools and cell[1:] == _key(row)]
        left = [cell for cell in cells if not is_published(cell, truth)]
        outside = [
            cell
            for cell in truth.cells
            if cell[1:] == _key(row)
            and cell.school not in schools
            and not is_published(cell, truth)
        ]
        is_few = len(left) < 5 or 0 < len(outside) < 5
        if row["pupil_group"] not in SPECIAL_NEED and is_few and len(left) < len(cells):
            cells = [cell for cell in cells if cell not in left]
        return cells

    def _why(self, row: Mapping[str, object], cells: Sequence[Cell]) -> Iterator[Fact | None]:
        """Possible reasons for suppressing a row; None for reasons about schools, which imply nothing."""
        n, met = counted(cells, "n_pupils"), counted(cells, "n_meeting")
        yield Fact(n, 0, CLASS - 1)
        if str(row["unit"]) == "share":
            yield Fact(met, 0, CLASS - 1)
            yield Fact({**n, **dict.fromkeys(met, -1)}, 0, CLASS - 1)
        if row["pupil_group"] in SPECIAL_NEED and len(cells) < 3:
            yield None


def _falls_with(row: Mapping[str, object], beside: Mapping[str, object]) -> bool:
    same = ["measure", "academic_year", "release_status"]
    if row["programme"] != "all":
        same.append("programme")
    return beside["programme"] != "all" and all(row[name] == beside[name] for name in same)


def _key(row: Mapping[str, object]) -> tuple[str, ...]:
    """Group, measure, year and status of a row, as in `Cell`."""
    names = ("pupil_group", "measure", "academic_year", "release_status")
    return tuple(str(row[name]) for name in names)


@dataclass
class Attack:
    """All known facts as integer programs."""

    truth: Truth
    facts: Sequence[Fact | OneOf]
    _at: dict[Unknown, int] = field(init=False)
    _filled: list[npt.NDArray[np.float64]] = field(default_factory=list)

    def __post_init__(self) -> None:
        both: tuple[Kind, ...] = ("n_pupils", "n_meeting")
        unknown = [Unknown(kind, cell) for cell in self.truth.cells for kind in both]
        self._at = {what: place for place, what in enumerate(unknown)}

    def is_known(self, of: Sum) -> bool:
        """Whether a sum can have no value but the true one.

        A way to fill in all numbers, found for another sum, often shows another value already.
        Raises AssertionError if the facts contradict the truth.
        """
        true, terms = self.truth.sum(of), self._row(of)
        for filled in self._filled:
            if round(sum(times * filled[place] for place, times in terms.items())) != true:
                return False
        return all(self._end(of, sign) == true for sign in (1, -1))

    def _end(self, of: Sum, sign: int) -> int:
        """The minimum (1) or maximum (-1) of a sum."""
        within, n_switches = self._constraints
        n = len(self._at) + n_switches
        most = np.concatenate([np.full(len(self._at), _ABOVE), np.ones(n_switches)])
        aim = np.zeros(n)
        for place, times in self._row(of).items():
            aim[place] = times
        solved = milp(
            sign * aim, constraints=within, bounds=Bounds(0, most), integrality=np.ones(n)
        )
        assert solved.x is not None, solved.message
        self._filled.append(np.round(solved.x))
        return round(float(aim @ solved.x))

    @cached_property
    def _constraints(self) -> tuple[LinearConstraint, int]:
        """The facts as rows of a matrix, and how many switches they need: the same for every sum."""
        assert not (missed := self._untrue()), missed
        n_switches = sum(len(fact.facts) for fact in self.facts if isinstance(fact, OneOf))
        n = len(self._at) + n_switches
        rows: list[tuple[dict[int, float], float, float]] = []
        switch = len(self._at)
        for fact in self.facts:
            if isinstance(fact, Fact):
                rows.append((self._row(fact.of), fact.least, fact.most))
                continue
            rows.append(({switch + k: 1.0 for k in range(len(fact.facts))}, 1, np.inf))
            for one in fact.facts:
                # When switched off, it has no effect.
                rows.append(({**self._row(one.of), switch: _ABOVE}, -np.inf, one.most + _ABOVE))
                switch += 1
        rows += [
            (self._row({Unknown("n_meeting", cell): 1, Unknown("n_pupils", cell): -1}), -np.inf, 0)
            for cell in self.truth.cells
        ]
        matrix = lil_matrix((len(rows), n))
        for at, (row, _, _) in enumerate(rows):
            for place, times in row.items():
                matrix[at, place] = times
        within = LinearConstraint(
            matrix.tocsr(), [low for _, low, _ in rows], [high for _, _, high in rows]
        )
        return within, n_switches

    def _row(self, of: Sum) -> dict[int, float]:
        return {self._at[what]: float(times) for what, times in of.items()}

    def _untrue(self) -> list[Fact | OneOf]:
        """Facts that contradict the truth: an error in the attacker or in the rules."""
        return [
            fact
            for fact in self.facts
            if not any(
                one.least <= self.truth.sum(one.of) <= one.most
                for one in (fact.facts if isinstance(fact, OneOf) else (fact,))
            )
        ]


def worked_out(
    truth: Truth,
    releases: Sequence[Released],
    more: Mapping[str, Sum] | None = None,
    outside: Iterable[Fact] | None = None,
) -> list[str]:
    """What releases disclose beyond other publications, in words.

    `more` are further sums that must not be disclosed; `outside` are facts known beforehand, by
    default `published`.
    """
    known = list(published(truth) if outside is None else outside)
    inside = [fact for release in releases for fact in release.facts(truth)]
    secrets = {name: of for release in releases for name, of in release.withheld(truth)}
    for cell in truth.cells if outside is None else ():
        if cell.group not in SPECIAL_NEED and not is_published(cell, truth):
            secrets |= {
                f"{kind} of {cell}": counted([cell], kind) for kind in ("n_pupils", "n_meeting")
            }
    before, after = Attack(truth, known), Attack(truth, [*known, *inside])
    return [
        name
        for name, of in {**secrets, **(more or {})}.items()
        if after.is_known(of) and not before.is_known(of)
    ]
