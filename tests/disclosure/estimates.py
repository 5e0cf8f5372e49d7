"""Somebody who has the program too, and runs the estimators backwards.

Which pupils would have to have been where for every estimate to come out as it is published? The attacker
knows the schools, which years they have results in, everything `attacker.facts_of` reads, results of the
schools' other pupils, and, more than anyone has, a guess that is right: bounds are looked for from the truth
outwards. Unknown are the pupils of each school and year, and of every measure how many of them met the
standard or what they scored together, taken as real numbers, as in `attacker`. Measures are of the same
pupils: what is published of one says something of the pupils of all.

Bounds are linear programs with the estimates' slopes at the truth: near it they are as good as the formulas,
far from it they are not. Left out are methods that draw lots, whose numbers move in steps with what the
others follow smoothly, and those that need pupils' prior attainment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linprog

from pipelines.impact.estimators import ancova_model, change_model
from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.influence import leave_one_school_out
from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.impact.results import Estimate, ImpactRow
from pipelines.impact.robustness import with_effect_size, with_expected_anyway
from pipelines.impact.rows import method_row
from pipelines.impact.triple_difference import triple_difference
from pipelines.measures import MEASURES
from tests.disclosure.attacker import Fact

FloatArray = NDArray[np.float64]
FIGURES = (
    "estimate_low",
    "estimate_high",
    "ci_low",
    "ci_high",
    "effective_df",
    "mde",
    "expected_anyway",
    "hedges_g",
    "hedges_g_low",
    "hedges_g_high",
)
NOT_RUN = {"randomisation_inference", "wild_cluster_bootstrap", "pupil_adjusted"}
MOST_PUPILS = 1000.0
MOST_POINTS = 30.0  # that a pupil's progress is from the average
_STEP = 1e-4
Name = tuple[str, str, str, str]  # measure, programme, estimator, column


@dataclass(frozen=True)
class Pupils:
    """Of schools by years: how many (S, Y); by measure who met it, or the sum of what they scored (M, S, Y).

    `n` are those with a result of the first measure; `more` (M, S, Y) is how many more have one of another.
    `variances` (M, S, Y), between a school's pupils, matter to points alone.
    """

    n: FloatArray
    more: FloatArray
    totals: FloatArray
    variances: FloatArray


@dataclass(frozen=True)
class Comparison:
    """Schools (S,) by years (Y,), the outcome year last: what is no secret of them, and their other pupils.

    `exposure` is (S, P). Given to the attacker are the other pupils, and of these `more` and `variances`.
    """

    schools: tuple[int, ...]
    years: tuple[str, ...]
    programmes: Mapping[str, tuple[str, ...]]  # with the years its schools were chosen on
    group: str
    measures: tuple[str, ...]
    exposure: FloatArray
    more: FloatArray
    variances: FloatArray
    others: Pupils

    def panel(self, measure: str, pupils: Pupils) -> SchoolPanel:
        """The panel that the program would make of these pupils."""
        place = self.measures.index(measure)
        n_pupils, totals = pupils.n + pupils.more[place], pupils.totals[place]
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(n_pupils > 0, totals / n_pupils, np.nan)
        return school_panel(
            measure=measure,
            pupil_group=self.group,
            unit=MEASURES[measure].unit,
            programmes=tuple(self.programmes),
            baseline_years=self.years[:-1],
            outcome_year=self.years[-1],
            school_ids=np.array(self.schools, dtype=np.int64),
            exposure=self.exposure,
            mean=mean,
            n_pupils=n_pupils,
            variance=pupils.variances[place],
            rounding_half_width=np.zeros(mean.shape),
        )

    @cached_property
    def _others(self) -> dict[str, SchoolPanel]:
        return {measure: self.panel(measure, self.others) for measure in self.measures}

    def figures(self, measure: str, n_pupils: FloatArray, totals: FloatArray) -> dict[Name, float]:
        """Every estimate of a measure that the program would make of these pupils (S, Y), (M, S, Y)."""
        panel = self.panel(measure, Pupils(n_pupils, self.more, totals, self.variances))
        questions = [
            ProgrammeQuestion(programme, self.group, selection_years=years)
            for programme, years in self.programmes.items()
        ]
        rows = evaluate_measure(panel, questions, release_status=None)
        found: dict[Name, float] = {}
        for row in rows:
            full = with_effect_size(row, panel) if row.role == "headline" else row
            full = (
                with_expected_anyway(full, panel, self.programmes[row.programme])
                if row.role == "naive"
                else full
            )
            found |= _numbers(full)
        answers = triple_difference(panel, self._others[measure])
        for place, programme in enumerate(self.programmes):
            if (measure, programme, "bracket", "estimate_low") not in found:
                continue
            ends = [
                leave_one_school_out(m.outcome, m.design, m.weights, coefficient=place + 1)
                for m in (ancova_model(panel), change_model(panel, panel.baseline_years))
            ]
            scale = panel.outcome_scale
            name = (measure, programme, "leave_one_school_out")
            found[*name, "estimate_low"] = min(end.low for end in ends) * scale
            found[*name, "estimate_high"] = max(end.high for end in ends) * scale
            answer = answers[programme]
            if isinstance(answer, Estimate):
                row = method_row(panel, answer, "robustness", None)
                found |= _numbers(row)
        return found


def _numbers(row: ImpactRow) -> dict[Name, float]:
    values = {column: getattr(row, column) for column in FIGURES}
    return {
        (row.measure, row.programme, row.estimator, column): float(value)
        for column, value in values.items()
        if value is not None and np.isfinite(value)
    }


@dataclass(frozen=True)
class Published:
    """What a reader has: ends between which each estimate lies (from its decimals), and sums of pupils.

    `means` are of schools whose points are drawn, without a name: who knows the truth knows whose they are.
    """

    between: Mapping[Name, tuple[float, float]]
    facts: Mapping[tuple[str, str], Sequence[Fact]]  # by measure and year
    means: Mapping[tuple[str, int, str], tuple[float, float]]  # by measure, school and year


def published_estimates(
    impact: pd.DataFrame, comparison: Comparison
) -> dict[Name, tuple[float, float]]:
    """The estimates of a released table, each with the numbers it may have been before it was written."""
    rows = impact[
        impact["measure"].isin(comparison.measures)
        & (impact["pupil_group"] == comparison.group)
        & ~impact["estimator"].isin(NOT_RUN)
    ]
    between: dict[Name, tuple[float, float]] = {}
    for measure, column in product(comparison.measures, FIGURES):
        written = rows[rows["measure"] == measure].dropna(subset=[column])
        half = half_step(written[column])
        for row in written.to_dict("records"):
            # Its range is written outwards.
            outwards = row["estimator"] == "leave_one_school_out" and half > _STEP
            low, high = ((0, 2) if column == "estimate_low" else (2, 0)) if outwards else (1.0, 1.0)
            value = float(row[column])
            between[measure, row["programme"], row["estimator"], column] = (
                value - low * half,
                value + high * half,
            )
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

    def bounds(self, target: int, *, with_estimates: bool = True) -> tuple[float, float]:
        """Least and most of a number, by two linear programs."""
        rows, most = self._with_estimates if with_estimates else self._without_estimates
        # A school with a result has a pupil.
        ends = [(1.0, MOST_PUPILS)] * self.n_cells
        ends += [(None, None)] * (self.truth.size - self.n_cells)
        found = []
        for sign in (1.0, -1.0):
            aim = np.zeros(self.truth.size)
            aim[target] = sign
            solved = linprog(aim, A_ub=rows, b_ub=most + 1e-9, bounds=ends, method="highs")
            assert solved.status == 0, solved.message
            found.append(float(solved.x[target]))
        return found[0], found[1]

    @cached_property
    def _without_estimates(self) -> tuple[FloatArray, FloatArray]:
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
    def _with_estimates(self) -> tuple[FloatArray, FloatArray]:
        rows, most = self._without_estimates
        ends = np.array(list(self.published.between.values())).reshape(-1, 2)
        start = self.figures(self.truth) - self._slopes @ self.truth
        return (
            np.vstack([rows, self._slopes, -self._slopes]),
            np.concatenate([most, ends[:, 1] - start, start - ends[:, 0]]),
        )

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
                is_in = [
                    place
                    for place, (school, of_year) in enumerate(self.places)
                    if school in fact.schools and of_year == year
                ]
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
