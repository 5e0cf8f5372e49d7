"""Somebody who has the program too, and runs the estimators backwards.

Which pupils would have to have been where for every estimate to come out as it is published? The attacker
knows the schools, which years they have results in, everything `attacker.facts_of` reads, results of the
schools' other pupils, and, more than anyone has, a guess that is right: bounds are looked for from the truth
outwards. Unknown are the pupils of each school and year and those who met the standard, taken as real
numbers, as in `attacker`.

Bounds are linear programs with the estimates' slopes at the truth: near it they are as good as the formulas,
far from it they are not. Left out are methods that draw lots, whose numbers move in steps with what the
others follow smoothly, and those that need pupils' prior attainment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

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
_STEP = 1e-4
Name = tuple[str, str, str]  # programme, estimator, column


@dataclass(frozen=True)
class Comparison:
    """Schools (S,) by years (Y,), the outcome year last: what is no secret of them, and their other pupils.

    `exposure` is (S, P); `other_n` and `other_met` (S, Y) are the other pupils, whom the attacker is given.
    """

    schools: tuple[int, ...]
    years: tuple[str, ...]
    programmes: Mapping[str, tuple[str, ...]]  # with the years its schools were chosen on
    group: str
    measure: str
    exposure: FloatArray
    other_n: FloatArray
    other_met: FloatArray

    def panel(self, n_pupils: FloatArray, n_meeting: FloatArray) -> SchoolPanel:
        """The panel that the program would make of these pupils."""
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(n_pupils > 0, n_meeting / n_pupils, np.nan)
        return school_panel(
            measure=self.measure,
            pupil_group=self.group,
            unit="share",
            programmes=tuple(self.programmes),
            baseline_years=self.years[:-1],
            outcome_year=self.years[-1],
            school_ids=np.array(self.schools, dtype=np.int64),
            exposure=self.exposure,
            mean=mean,
            n_pupils=n_pupils,
            variance=np.full(mean.shape, np.nan),
            rounding_half_width=np.zeros(mean.shape),
        )

    @cached_property
    def _others(self) -> SchoolPanel:
        return self.panel(self.other_n, self.other_met)

    def figures(self, n_pupils: FloatArray, n_meeting: FloatArray) -> dict[Name, float]:
        """Every estimate that the program would make of these pupils."""
        panel = self.panel(n_pupils, n_meeting)
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
        answers = triple_difference(panel, self._others)
        for place, programme in enumerate(self.programmes):
            if (programme, "bracket", "estimate_low") not in found:
                continue
            ends = [
                leave_one_school_out(m.outcome, m.design, m.weights, coefficient=place + 1)
                for m in (ancova_model(panel), change_model(panel, panel.baseline_years))
            ]
            scale = panel.outcome_scale
            name = (programme, "leave_one_school_out")
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
        (row.programme, row.estimator, column): float(value)
        for column, value in values.items()
        if value is not None and np.isfinite(value)
    }


@dataclass(frozen=True)
class Published:
    """What a reader has: ends between which each estimate lies (from its decimals), and sums of pupils."""

    between: Mapping[Name, tuple[float, float]]
    facts: Mapping[str, Sequence[Fact]]  # by year


def published_estimates(
    impact: pd.DataFrame, comparison: Comparison
) -> dict[Name, tuple[float, float]]:
    """The estimates of a released table, each with the numbers it may have been before it was written."""
    rows = impact[
        (impact["measure"] == comparison.measure)
        & (impact["pupil_group"] == comparison.group)
        & ~impact["estimator"].isin(NOT_RUN)
    ]
    between: dict[Name, tuple[float, float]] = {}
    for column in FIGURES:
        half = 0.5 * 10.0 ** -_decimals(rows[column].dropna())
        for row in rows.dropna(subset=[column]).to_dict("records"):
            # Its range is written outwards.
            outwards = row["estimator"] == "leave_one_school_out" and half > _STEP
            low, high = ((0, 2) if column == "estimate_low" else (2, 0)) if outwards else (1.0, 1.0)
            value = float(row[column])
            between[row["programme"], row["estimator"], column] = (
                value - low * half,
                value + high * half,
            )
    return between


def _decimals(values: pd.Series) -> int:
    """As many as the column is written with, up to nine."""
    return next(
        (n for n in range(9) if np.allclose(values, np.round(values, n), rtol=0, atol=1e-10)), 9
    )


class Attack:
    """Bounds on single schools' pupils, from the truth outwards: `truth` are (S, Y) pupils, and met."""

    def __init__(
        self, comparison: Comparison, published: Published, truth: tuple[FloatArray, FloatArray]
    ) -> None:
        self.comparison, self.published = comparison, published
        self.has_result = truth[0] > 0
        self.n_cells = int(self.has_result.sum())
        self.truth = np.concatenate([values[self.has_result] for values in truth])
        self.places = [
            (comparison.schools[s], comparison.years[y]) for s, y in np.argwhere(self.has_result)
        ]

    def figures(self, world: FloatArray) -> FloatArray:
        """The published estimates, of the pupils of a world: (2 cells,), all pupils before those who met."""
        n, met = (np.zeros(self.has_result.shape) for _ in range(2))
        n[self.has_result], met[self.has_result] = np.split(world, 2)
        found = self.comparison.figures(n, met)
        return np.array([found.get(name, np.nan) for name in self.published.between])

    def bounds(self, target: int, *, with_estimates: bool = True) -> tuple[float, float]:
        """Least and most of a number, by two linear programs."""
        rows, most = self._with_estimates if with_estimates else self._without_estimates
        # A school with a result has a pupil.
        ends = [(1.0, MOST_PUPILS)] * self.n_cells + [(0.0, MOST_PUPILS)] * self.n_cells
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
        """What sums of pupils leave: rows and their most; no more met the standard than there are."""
        sums, between = self._sums_known()
        no_more = np.hstack([-np.eye(self.n_cells), np.eye(self.n_cells)])
        return (
            np.vstack([no_more, sums, -sums]),
            np.concatenate([np.zeros(self.n_cells), between[:, 1], -between[:, 0]]),
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
        here = self.figures(self.truth)
        columns = []
        for place, number in enumerate(self.truth):
            # Inwards, where no more can meet the standard than there are.
            step = -_STEP if place >= self.n_cells and number > 0 else _STEP
            moved = self.truth.copy()
            moved[place] += step
            columns.append((self.figures(moved) - here) / step)
        return np.array(columns).T

    def _sums_known(self) -> tuple[FloatArray, FloatArray]:
        rows, between = [], []
        for year, facts in self.published.facts.items():
            for fact in facts:
                is_in = np.array([s in fact.schools and y == year for s, y in self.places], float)
                if fact.n_pupils is not None:
                    rows.append(np.concatenate([is_in, np.zeros(self.n_cells)]))
                    between.append(fact.n_between or (fact.n_pupils, fact.n_pupils))
                if fact.n_meeting is not None:
                    rows.append(np.concatenate([np.zeros(self.n_cells), is_in]))
                    between.append(fact.met_between or (fact.n_meeting, fact.n_meeting))
        return np.array(rows).reshape(-1, self.truth.size), np.array(between).reshape(-1, 2)
