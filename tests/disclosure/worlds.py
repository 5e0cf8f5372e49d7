"""What the program makes of a group's pupils, whoever they are: every figure about them that is published.

Left out is `overlap`, which says of how many schools earlier results lie within the others' range.

A world says how many pupils each school has in each year and what they got; `Comparison` is what is no secret
of them, or is given to the attacker. Formulas are the program's own; only the few of `balance` and
`attrition`, which are SQL there, are written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.impact.clustered import PupilSums
from pipelines.impact.estimators import ancova_model, change_model
from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.group_mean import pooled_group_mean
from pipelines.impact.influence import leave_one_school_out
from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.impact.prior_adjusted import adjust_for_prior_attainment, with_residual_variance
from pipelines.impact.pupil_adjusted import pupil_adjusted
from pipelines.impact.results import Estimate, ImpactRow
from pipelines.impact.robustness import Draws, with_effect_size, with_expected_anyway
from pipelines.impact.rows import method_row
from pipelines.impact.triple_difference import triple_difference
from pipelines.measures import MEASURES
from tests.disclosure.lots import Lots

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
FIGURES = (
    "estimate_low",
    "estimate_high",
    "ci_low",
    "ci_high",
    "p_value",
    "effective_df",
    "mde",
    "expected_anyway",
    "hedges_g",
    "hedges_g_low",
    "hedges_g_high",
)
Name = tuple[str, str, str, str]  # measure, programme, estimator or table, column


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

    def count(self, place: int) -> FloatArray:
        """How many have a result of one measure: (S, Y)."""
        return self.n + self.more[place]


@dataclass(frozen=True)
class Priors:
    """What the pupils of schools by years had attained before, by measure: each (M, S, Y).

    `n_without` have a result and no known prior attainment, `total_without` is what they got. Of the others:
    the means of prior attainment and of its square, and the sums of products and squares (of points) about
    the school's means; `is_known` says where there are any.
    """

    is_known: BoolArray
    n_without: FloatArray
    total_without: FloatArray
    mean: FloatArray
    mean_square: FloatArray
    products: FloatArray
    squares: FloatArray

    def sums(self, place: int, pupils: Pupils, unit: str) -> PupilSums:
        """What `mart.pupil_moment` would hold of one measure: arrays (S, Y)."""
        n = np.where(self.is_known[place], pupils.count(place) - self.n_without[place], 0.0)
        y = np.where(n > 0, pupils.totals[place] - self.total_without[place], 0.0)
        x, xx = (np.where(n > 0, n * a[place], 0.0) for a in (self.mean, self.mean_square))
        xy = np.where(n > 0, self.products[place] + y * self.mean[place], 0.0)
        squares = self.squares[place] + y**2 / np.where(n > 0, n, 1.0)
        yy = np.where(n > 0, y if unit == "share" else squares, 0.0)
        return PupilSums(n, y, yy, x, xx, xy)


@dataclass(frozen=True)
class Side:
    """A published mean of some schools' pupils in one year, with its interval.

    `others_n` and `others_mean` are of those of its schools that are not compared.
    """

    what: tuple[str, str]  # programme and arm
    measure: str
    year: str
    schools: frozenset[int]
    others_n: FloatArray
    others_mean: FloatArray


@dataclass(frozen=True)
class Comparison:
    """Schools (S,) by years (Y,), the outcome year last: what is no secret of them, and their other pupils.

    `exposure` is (S, P). Of the pupils asked about what goes with their numbers is given to the attacker:
    `more`, `variances`, `priors`. `others` are their schoolmates. `rest` are all who are not in the group,
    with the variances of all; None where no figure of all pupils is published.
    """

    schools: tuple[int, ...]
    years: tuple[str, ...]
    programmes: Mapping[str, tuple[str, ...]]  # with the years its schools were chosen on
    group: str
    measures: tuple[str, ...]
    adjusted: frozenset[str]  # measures whose headline is adjusted for prior attainment
    exposure: FloatArray
    more: FloatArray
    variances: FloatArray
    priors: Priors | None
    others: Pupils
    others_priors: Priors | None
    rest: Pupils | None
    alike: Mapping[str, tuple[str, ...]]  # by measure, baseline years that no break in series parts
    sides: tuple[Side, ...]
    draws: Mapping[str, Draws]  # by measure: chance as the study draws it

    def panel(self, measure: str, pupils: Pupils) -> SchoolPanel:
        """The panel that the program would make of these pupils, nothing adjusted."""
        place = self.measures.index(measure)
        return self._laid_out(
            measure, pupils.count(place), _mean(pupils, place), variance=pupils.variances[place]
        )

    def _laid_out(
        self, measure: str, n_pupils: FloatArray, mean: FloatArray, *, variance: FloatArray
    ) -> SchoolPanel:
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
            variance=variance,
            rounding_half_width=np.zeros(mean.shape),
        )

    def _adjusted(
        self, as_published: SchoolPanel, pupils: Pupils, priors: Priors | None
    ) -> SchoolPanel:
        """The panel the program works with, adjusted for prior attainment where the protocol says so."""
        measure = as_published.measure
        if measure not in self.adjusted:
            return as_published
        assert priors is not None
        place = self.measures.index(measure)
        sums = priors.sums(place, pupils, as_published.unit)
        s, y = np.nonzero(sums.n > 0)
        key = {
            "school_id": np.array(self.schools)[s],
            "academic_year": np.array(self.years)[y],
        }
        moments = pd.DataFrame(
            key
            | {
                "n_pupils" if name == "n" else f"sum_{name}": values[s, y]
                for name, values in vars(sums).items()
            }
        )
        cells, residual = adjust_for_prior_attainment(pd.DataFrame(key), moments)
        mean, n_known = np.full(sums.n.shape, np.nan), np.zeros(sums.n.shape)
        at = (
            np.searchsorted(self.schools, cells["school_id"]),
            _places(self.years, cells["academic_year"]),
        )
        mean[at], n_known[at] = cells["mean"], cells["n_pupils"]
        panel = self._laid_out(measure, n_known, mean, variance=pupils.variances[place])
        return with_residual_variance(panel, as_published, residual)

    @cached_property
    def _others(self) -> dict[str, SchoolPanel]:
        return {
            measure: self._adjusted(
                self.panel(measure, self.others), self.others, self.others_priors
            )
            for measure in self.measures
        }

    @cached_property
    def _lots(self) -> dict[str, Lots]:
        return {measure: Lots(self.draws[measure]) for measure in self.measures}

    def figures(self, measure: str, n_pupils: FloatArray, totals: FloatArray) -> dict[Name, float]:
        """Every figure of a measure that the program would make of these pupils (S, Y), (M, S, Y)."""
        pupils = Pupils(n_pupils, self.more, totals, self.variances)
        as_published = self.panel(measure, pupils)
        panel = self._adjusted(as_published, pupils, self.priors)
        return (
            self._methods(panel, as_published)
            | self._robustness(panel, pupils)
            | self._of_sides(measure, pupils)
            | self._balance(measure, pupils)
            | self._attrition(measure, pupils)
            | self._points(measure, pupils)
        )

    def _methods(self, panel: SchoolPanel, as_published: SchoolPanel) -> dict[Name, float]:
        questions = [
            ProgrammeQuestion(programme, self.group, selection_years=years)
            for programme, years in self.programmes.items()
        ]
        found: dict[Name, float] = {}
        for row in evaluate_measure(
            panel, questions, release_status=None, as_published=as_published
        ):
            full = with_effect_size(row, panel) if row.role == "headline" else row
            if row.role == "naive":
                chosen_on = self.programmes[row.programme]
                full = with_expected_anyway(full, as_published, chosen_on)
            found |= _numbers(full)
        return found

    def _robustness(self, panel: SchoolPanel, pupils: Pupils) -> dict[Name, float]:
        measure, place = panel.measure, self.measures.index(panel.measure)
        found: dict[Name, float] = {}
        answered = [triple_difference(panel, self._others[measure])]
        if self.priors is not None:
            sums = self.priors.sums(place, pupils, panel.unit)
            rows = np.isin(self.schools, panel.school_ids)
            of_year = {name: values[rows, -1] for name, values in vars(sums).items()}
            if of_year["n"].any():
                answered.append(pupil_adjusted(panel, PupilSums(**of_year)))
        found |= self._lots[measure].figures(panel)
        models = (ancova_model(panel), change_model(panel, panel.baseline_years))
        for at, programme in enumerate(self.programmes):
            ends = [
                leave_one_school_out(m.outcome, m.design, m.weights, coefficient=at + 1)
                for m in models
            ]
            name = (measure, programme, "leave_one_school_out")
            found[*name, "estimate_low"] = min(e.low for e in ends) * panel.outcome_scale
            found[*name, "estimate_high"] = max(e.high for e in ends) * panel.outcome_scale
            for answers in answered:
                answer = answers[programme]
                if isinstance(answer, Estimate):
                    found |= _numbers(method_row(panel, answer, "robustness", None))
        return found

    def _of_sides(self, measure: str, pupils: Pupils) -> dict[Name, float]:
        """Both ends of the interval of every mean of some schools' pupils."""
        place = self.measures.index(measure)
        found: dict[Name, float] = {}
        for side in self.sides:
            if side.measure != measure:
                continue
            year = self.years.index(side.year)
            rows = np.isin(self.schools, list(side.schools))
            n = pupils.count(place)[rows, year]
            totals = pupils.totals[place][rows, year][n > 0]
            n = n[n > 0]
            pooled = pooled_group_mean(
                np.concatenate([totals / n, side.others_mean]), np.concatenate([n, side.others_n])
            )
            programme, arm = side.what
            for column in ("ci_low", "ci_high"):
                value = getattr(pooled, column)
                if value is not None:
                    found[measure, programme, f"{arm} {side.year}", column] = value
        return found

    def years_alike(self, measure: str) -> list[int]:
        """Where the baseline years stand whose raw values have an average."""
        return [at for at, year in enumerate(self.years) if year in self.alike[measure]]

    def point(self, measure: str, pupils: Pupils) -> tuple[FloatArray, FloatArray]:
        """Each school's average over the years before that are alike, and its mean now: both (S,)."""
        place = self.measures.index(measure)
        mean = _mean(pupils, place)
        alike = mean[:, self.years_alike(measure)]
        has_any = np.isfinite(alike).any(axis=1)
        before = np.full(len(mean), np.nan)
        before[has_any] = np.nanmean(alike[has_any], axis=1)
        return before, mean[:, -1]

    def _points(self, measure: str, pupils: Pupils) -> dict[Name, float]:
        before, _ = self.point(measure, pupils)
        return {
            (measure, str(school), "school_point", "baseline_mean"): float(value)
            for school, value in zip(self.schools, before, strict=True)
        }

    def _balance(self, measure: str, pupils: Pupils) -> dict[Name, float]:
        """As in `pipelines/impact/balance.sql`, each characteristic on both sides."""
        found: dict[Name, float] = {}
        for at, programme in enumerate(self.programmes):
            inside = self.exposure[:, at] > 0
            sides = [self._characteristics(measure, pupils, rows) for rows in (inside, ~inside)]
            for characteristic, (n_in, mean_in, var_in) in sides[0].items():
                n_out, mean_out, var_out = sides[1][characteristic]
                name = (measure, programme, f"balance {characteristic}")
                pooled = ((n_in - 1) * var_in + (n_out - 1) * var_out) / (n_in + n_out - 2)
                found[*name, "programme_mean"], found[*name, "comparison_mean"] = mean_in, mean_out
                if characteristic.endswith("_pupils_before"):
                    found[*name, "n_programme_pupils"] = n_in
                    found[*name, "n_comparison_pupils"] = n_out
                if pooled > 0:
                    correction = 1 - 3 / (4 * (n_in + n_out) - 9)
                    g = (mean_in - mean_out) / np.sqrt(pooled) * correction
                    found[*name, "standardised_difference"] = g
        return found

    def _characteristics(
        self, measure: str, pupils: Pupils, rows: BoolArray
    ) -> dict[str, tuple[float, float, float]]:
        """Of some schools, units with mean and variance: pupils over baseline years, schools' make-up."""
        place, unit = self.measures.index(measure), MEASURES[measure].unit
        years = np.ix_(rows, self.years_alike(measure))
        n, totals, variances = pupils.count(place), pupils.totals[place], pupils.variances[place]
        found = {}
        if self.years_alike(measure):
            found["target_pupils_before"] = _pooled(n[years], totals[years], variances[years], unit)
        if self.rest is None:
            return found
        all_n, all_totals = n + self.rest.count(place), totals + self.rest.totals[place]
        if self.years_alike(measure):
            found["all_pupils_before"] = _pooled(
                all_n[years], all_totals[years], self.rest.variances[place][years], unit
            )
        cohort, target = all_n[rows, :-1], n[rows, :-1]
        found["cohort_pupils"] = _of_schools(cohort.sum(axis=1) / (cohort > 0).sum(axis=1))
        if self.group == "disadvantaged":
            found["disadvantaged_share"] = _of_schools(target.sum(axis=1) / cohort.sum(axis=1))
        return found

    def _attrition(self, measure: str, pupils: Pupils) -> dict[Name, float]:
        """As in `attrition.sql`: all pupils of the outcome year, of schools that are kept."""
        if self.rest is None:
            return {}
        place = self.measures.index(measure)
        n = (pupils.count(place) + self.rest.count(place))[:, -1]
        totals = (pupils.totals[place] + self.rest.totals[place])[:, -1]
        found: dict[Name, float] = {}
        for at, programme in enumerate(self.programmes):
            for side, rows in (
                ("programme", self.exposure[:, at] > 0),
                ("comparison", self.exposure[:, at] == 0),
            ):
                name = (measure, programme, f"attrition {side}")
                found[*name, "n_pupils"] = n[rows].sum()
                found[*name, "mean"] = totals[rows].sum() / n[rows].sum()
        return found


def _mean(pupils: Pupils, place: int) -> FloatArray:
    n = pupils.count(place)
    return np.where(n > 0, pupils.totals[place] / np.where(n > 0, n, 1.0), np.nan)


def _places(years: Sequence[str], values: pd.Series) -> NDArray[np.intp]:
    return values.map({year: at for at, year in enumerate(years)}).to_numpy(dtype=np.intp)


def _pooled(
    n: FloatArray, totals: FloatArray, variances: FloatArray, unit: str
) -> tuple[float, float, float]:
    all_n = n.sum()
    mean = totals.sum() / all_n
    if unit == "share":
        variance = max(mean * (1 - mean), 0) * all_n / (all_n - 1)
    else:
        within = ((n - 1) * np.where(n > 1, np.nan_to_num(variances), 0.0))[n > 0].sum()
        between = (totals[n > 0] ** 2 / n[n > 0]).sum() - all_n * mean**2
        variance = (within + between) / (all_n - 1)
    return all_n, mean, variance


def _of_schools(values: FloatArray) -> tuple[float, float, float]:
    return len(values), float(values.mean()), float(values.var(ddof=1))


def _numbers(row: ImpactRow) -> dict[Name, float]:
    values = {column: getattr(row, column) for column in FIGURES}
    return {
        (row.measure, row.programme, row.estimator, column): float(value)
        for column, value in values.items()
        if value is not None and np.isfinite(value)
    }
