"""Somebody who has the program too, and runs the estimators backwards.

Which pupils would have to have been where for every figure to come out as it is published? The attacker
knows the schools, which years they have results in, everything `attacker.facts_of` reads, results of the
schools' other pupils, what their own had attained before, and, more than anyone has, a guess that is right:
bounds are looked for from the truth outwards. Unknown are the pupils of each school and year, and of every
measure how many of them met the standard or what they scored together, taken as real numbers, as in
`attacker`. Measures are of the same pupils: what is published of one says something of the pupils of all.

Bounds are linear programs with the figures' slopes at the truth: near it they are as good as the formulas,
far from it they are not. How each figure follows from the pupils is `worlds`.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd
from scipy.optimize import linprog

from pipelines.measures import MEASURES
from tests.disclosure.attacker import Fact
from tests.disclosure.worlds import FIGURES, Comparison, FloatArray, Name, Pupils

DRAWN = {"randomisation_inference", "wild_cluster_bootstrap"}
MOST_PUPILS = 1000.0
MOST_POINTS = 30.0  # that a pupil's progress is from the average
_STEP = 1e-4


@dataclass(frozen=True)
class Published:
    """What a reader has: ends between which each estimate lies (from its decimals), and sums of pupils.

    `means` are of schools whose points are drawn, without a name: who knows the truth knows whose they are.
    """

    between: Mapping[Name, tuple[float, float]]
    facts: Mapping[tuple[str, str], Sequence[Fact]]  # by measure and year
    means: Mapping[tuple[str, int, str], tuple[float, float]]  # by measure, school and year


def published_figures(
    released: Mapping[str, pd.DataFrame], comparison: Comparison
) -> dict[Name, tuple[float, float]]:
    """All that released tables say of a group's pupils but sums and points, with what each may stand for.

    What the comparison of another group tells of all pupils is left out: whoever knew all and the rest
    exactly would need no estimates.
    """
    return (
        _of_estimates(_asked(released["impact"], comparison))
        | _of_sides(_asked(released["comparison"], comparison))
        | _of_balance(released["balance"], comparison)
        | _of_attrition(_asked(released["attrition"], comparison))
    )


def _asked(table: pd.DataFrame, comparison: Comparison) -> pd.DataFrame:
    return table[
        table["measure"].isin(comparison.measures) & (table["pupil_group"] == comparison.group)
    ]


def _of_estimates(impact: pd.DataFrame) -> dict[Name, tuple[float, float]]:
    between: dict[Name, tuple[float, float]] = {}
    for column in FIGURES:
        for measure, written in impact.dropna(subset=[column]).groupby("measure"):
            half = half_step(written[column])
            for row in written.to_dict("records"):
                name = (str(measure), row["programme"], row["estimator"])
                if row["estimator"] in DRAWN and column == "p_value":
                    between[*name, "p_above"] = (0.0, np.inf)
                    between[*name, "p_below"] = (-np.inf, 0.0)
                    continue
                # Its range is written outwards.
                outwards = row["estimator"] == "leave_one_school_out" and half > _STEP
                low, high = ((0, 2) if column == "estimate_low" else (2, 0)) if outwards else (1, 1)
                value = float(row[column])
                between[*name, column] = (value - low * half, value + high * half)
    return between


def _of_sides(comparison: pd.DataFrame) -> dict[Name, tuple[float, float]]:
    """Means are sums of pupils, and known as such; their intervals are not."""
    between: dict[Name, tuple[float, float]] = {}
    for measure, written in comparison.dropna(subset=["ci_low"]).groupby("measure"):
        half = half_step(written[["ci_low", "ci_high"]].stack())
        for row in written.to_dict("records"):
            name = (str(measure), row["programme"], f"{row['arm']} {row['academic_year']}")
            for column in ("ci_low", "ci_high"):
                between[*name, column] = (row[column] - half, row[column] + half)
    return between


def _of_balance(balance: pd.DataFrame, comparison: Comparison) -> dict[Name, tuple[float, float]]:
    """How many of a school's pupils are disadvantaged is told of it whoever is compared."""
    between: dict[Name, tuple[float, float]] = {}
    for row in balance[~balance["suppressed"].astype(bool)].to_dict("records"):
        of = row["characteristic"]
        group = "disadvantaged" if of == "disadvantaged_share" else row["pupil_group"]
        if row["measure"] not in comparison.measures or group != comparison.group:
            continue
        name = (row["measure"], row["programme"], f"balance {of}")
        half = 0.5 if of == "cohort_pupils" else 0.005
        halves = dict.fromkeys(("programme_mean", "comparison_mean"), half)
        halves["standardised_difference"] = 0.005
        if of.endswith("_pupils_before"):
            halves |= dict.fromkeys(("n_programme_pupils", "n_comparison_pupils"), 5.0)
        between |= {
            (*name, column): (float(row[column]) - each, float(row[column]) + each)
            for column, each in halves.items()
            if not pd.isna(row[column])
        }
    return between


def _of_attrition(attrition: pd.DataFrame) -> dict[Name, tuple[float, float]]:
    kept = attrition[attrition["is_kept"].astype(bool)].dropna(subset=["mean"])
    between: dict[Name, tuple[float, float]] = {}
    for measure, written in kept.groupby("measure"):
        half = half_step(written["mean"])
        for row in written.to_dict("records"):
            name = (str(measure), row["programme"], f"attrition {row['side']}")
            between[*name, "mean"] = (row["mean"] - half, row["mean"] + half)
            between[*name, "n_pupils"] = (row["n_pupils"] - 5.0, row["n_pupils"] + 5.0)
    return between


def half_step(values: pd.Series) -> float:
    """How far a number may have been from what is written: by the decimals of its column, nine at most."""
    decimals = next(
        (n for n in range(9) if np.allclose(values, np.round(values, n), rtol=0, atol=1e-10)), 9
    )
    return 0.5 * 10.0**-decimals


class Attack:
    """Bounds on single schools' pupils, from the truth outwards.

    A world is one vector: every cell's pupils, then cell by cell the totals of each measure.
    """

    def __init__(self, comparison: Comparison, published: Published, truth: Pupils) -> None:
        self.comparison, self.published = comparison, published
        self.has_result = truth.n > 0
        self.n_cells = int(self.has_result.sum())
        self._more = {
            measure: more[self.has_result]
            for measure, more in zip(comparison.measures, comparison.more, strict=True)
        }
        self.truth = np.concatenate(
            [truth.n[self.has_result], *(total[self.has_result] for total in truth.totals)]
        )
        self.places = [
            (comparison.schools[s], comparison.years[y]) for s, y in np.argwhere(self.has_result)
        ]

    def total_at(self, measure: str, place: int) -> int:
        """Where in a world a cell's total stands."""
        return (1 + self.comparison.measures.index(measure)) * self.n_cells + place

    def figures(self, world: FloatArray, measures: Sequence[str] = ()) -> FloatArray:
        """The published estimates, of the pupils of a world; NaN of measures not asked for, if any are."""
        tables = np.zeros((1 + len(self.comparison.measures), *self.has_result.shape))
        tables[:, self.has_result] = world.reshape(-1, self.n_cells)
        found: dict[Name, float] = {}
        for measure in measures or self.comparison.measures:
            found |= self.comparison.figures(measure, tables[0], tables[1:])
        return np.array([found.get(name, np.nan) for name in self.published.between])

    def cells_of(self, schools: Container[int], year: str) -> list[int]:
        """Where the cells of some schools stand in one year."""
        return [
            place
            for place, (school, of_year) in enumerate(self.places)
            if school in schools and of_year == year
        ]

    def bounds(self, *targets: int, is_silent: bool = False) -> tuple[float, float]:
        """Least and most of numbers' sum, by two linear programs; silent ones know sums of pupils alone."""
        rows, most = self._sums if is_silent else self._sums_and_figures
        # A school with a result has a pupil.
        ends = [(1.0, MOST_PUPILS)] * self.n_cells
        ends += [(None, None)] * (self.truth.size - self.n_cells)
        found = []
        for sign in (1.0, -1.0):
            aim = sign * self._sum_of(targets)
            solved = linprog(aim, A_ub=rows, b_ub=most + 1e-9, bounds=ends, method="highs")
            assert solved.status == 0, solved.message
            found.append(float(solved.x[list(targets)].sum()))
        return found[0], found[1]

    @cached_property
    def _sums(self) -> tuple[FloatArray, FloatArray]:
        """What sums of pupils leave: rows and their most; no total is more than its pupils can have."""
        sums, between = self._sums_known()
        limits, ends = [], []
        for place, measure in product(range(self.n_cells), self.comparison.measures):
            is_share = MEASURES[measure].unit == "share"
            low, high = self.published.means.get(
                (measure, *self.places[place]),
                (0.0, 1.0) if is_share else (-MOST_POINTS, MOST_POINTS),
            )
            for sign, end in ((1.0, high), (-1.0, -low)):
                row = np.zeros(self.truth.size)
                row[self.total_at(measure, place)], row[place] = sign, -end
                limits.append(row)
                ends.append(end * self._more[measure][place])
        return (
            np.vstack([limits, sums, -sums]),
            np.concatenate([ends, between[:, 1], -between[:, 0]]),
        )

    @cached_property
    def _sums_and_figures(self) -> tuple[FloatArray, FloatArray]:
        rows, most = self._sums
        ends = np.array(list(self.published.between.values())).reshape(-1, 2)
        start = self.figures(self.truth) - self._slopes @ self.truth
        limits = np.concatenate([most, ends[:, 1] - start, start - ends[:, 0]])
        is_one = np.isfinite(limits)
        return np.vstack([rows, self._slopes, -self._slopes])[is_one], limits[is_one]

    @cached_property
    def _slopes(self) -> FloatArray:
        """How each estimate moves with each number, at the truth."""
        here, every = self.figures(self.truth), self.comparison.measures
        slopes = np.zeros((here.size, self.truth.size))
        for place, number in enumerate(self.truth):
            block = place // self.n_cells
            # A measure's totals move no other's estimates.
            measures = every[block - 1 : block] if block else every
            # Inwards, where no more can meet the standard than there are.
            is_share = block > 0 and MEASURES[measures[0]].unit == "share"
            step = -_STEP if is_share and number > 0 else _STEP
            moved = self.truth.copy()
            moved[place] += step
            is_moved = np.array([name[0] in measures for name in self.published.between], bool)
            change = self.figures(moved, measures) - here
            slopes[is_moved, place] = change[is_moved] / step
        return slopes

    def _sums_known(self) -> tuple[FloatArray, FloatArray]:
        rows, between = [], []
        for (measure, year), facts in self.published.facts.items():
            for fact in facts:
                is_in = self.cells_of(fact.schools, year)
                if fact.n_pupils is not None:
                    more = self._more[measure][is_in].sum()
                    ends = fact.n_between or (fact.n_pupils, fact.n_pupils)
                    rows.append(self._sum_of(is_in))
                    between.append((ends[0] - more, ends[1] - more))
                if fact.met_between is not None or fact.n_meeting is not None:
                    rows.append(self._sum_of([self.total_at(measure, place) for place in is_in]))
                    between.append(fact.met_between or (fact.n_meeting, fact.n_meeting))
        return np.array(rows).reshape(-1, self.truth.size), np.array(between).reshape(-1, 2)

    def _sum_of(self, places: Sequence[int]) -> FloatArray:
        row = np.zeros(self.truth.size)
        row[list(places)] = 1.0
        return row
