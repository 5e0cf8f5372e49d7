"""The attack on one group's results, laid out from published tables and, for the judge, from what is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd

from pipelines.impact.prior_adjusted import moments_in_use
from pipelines.impact.robustness import Draws
from pipelines.impact.study_effects import Marts
from pipelines.series import comparable_years
from pipelines.study import Study
from tests.disclosure.attacker import SHARES, Fact, Schools, facts_of, side_of
from tests.disclosure.estimates import Attack, Published, half_step, published_figures
from tests.disclosure.invented import schools_of
from tests.disclosure.worlds import Comparison, FloatArray, Name, Priors, Pupils, Side

OTHERS = {"disadvantaged": "not_disadvantaged", "sen_support": "no_sen"}


class _Truth:
    """Every local mainstream school's pupils, of the releases that are used."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, measures: Sequence[str], schools: Sequence[int]
    ) -> None:
        cells = con.execute(
            "SELECT school_id, academic_year, release_status, pupil_group, measure, n_pupils, "
            "n_pupils * mean AS total, variance FROM mart.outcome WHERE list_contains(?, measure) "
            "AND is_local AND is_compared_kind AND value_status = 'value' AND n_pupils > 0 ORDER BY ALL",
            [list(measures)],
        ).df()
        is_share = cells["measure"].isin(SHARES)
        cells.loc[is_share, "total"] = cells.loc[is_share, "total"].round()
        self.cells = cells
        self.years = tuple(sorted(cells["academic_year"].unique()))
        self.statuses = set(
            cells[["academic_year", "release_status"]].itertuples(index=False, name=None)
        )
        self.measures, self.schools = measures, schools
        moments = con.execute(moments_in_use()).df()
        self.moments = moments[moments["measure"].isin(measures)]

    def has(self, group: str) -> bool:
        """Whether anything is known of a group's results."""
        return bool((self.cells["pupil_group"] == group).any())

    def pupils(self, group: str) -> Pupils:
        """A group's pupils in the schools that are compared."""
        n = self._wide(self.cells, group, "n_pupils", 0)
        totals = self._wide(self.cells, group, "total", 0)
        variances = self._wide(self.cells, group, "variance", np.nan)
        return Pupils(n[0], n - n[0], totals, variances)

    def priors(self, group: str) -> Priors | None:
        """What they had attained before; None where no pupil files tell."""
        if not (self.moments["pupil_group"] == group).any():
            return None
        sums = {
            column: self._wide(self.moments, group, column, 0)
            for column in ("n_pupils", "sum_y", "sum_yy", "sum_x", "sum_xx", "sum_xy")
        }
        every = self.pupils(group)
        n = sums["n_pupils"]
        divisor = np.where(n > 0, n, 1.0)
        mean_x, mean_y = sums["sum_x"] / divisor, sums["sum_y"] / divisor
        return Priors(
            is_known=n > 0,
            n_without=np.array([every.count(place) for place in range(len(n))]) - n,
            total_without=every.totals - sums["sum_y"],
            mean=mean_x,
            mean_square=sums["sum_xx"] / divisor,
            products=sums["sum_xy"] - mean_x * sums["sum_y"],
            squares=sums["sum_yy"] - mean_y * sums["sum_y"],
        )

    def of_schools(self, group: str, measure: str, year: str) -> pd.DataFrame:
        """Pupils and totals by school, of all schools."""
        asked = self.cells[
            (self.cells["pupil_group"] == group)
            & (self.cells["measure"] == measure)
            & (self.cells["academic_year"] == year)
        ]
        return asked.set_index("school_id")[["n_pupils", "total"]].astype(float)

    def _wide(self, rows: pd.DataFrame, group: str, column: str, missing: float) -> FloatArray:
        of_group = rows[rows["pupil_group"] == group]
        return np.array(
            [
                of_group[of_group["measure"] == measure]
                .pivot(index="school_id", columns="academic_year", values=column)
                .reindex(index=list(self.schools), columns=list(self.years))
                .astype(float)
                .fillna(missing)
                for measure in self.measures
            ],
            dtype=float,
        )


def attack_of(
    con: duckdb.DuckDBPyConnection,
    released: Mapping[str, pd.DataFrame],
    study: Study,
    group: str,
    measures: tuple[str, ...],
) -> Attack:
    """The attack on what was published of a group's results by measures of one key stage."""
    known = schools_of(con)
    # Who has a result in the outcome year and one before is compared.
    compared = sorted(known.compared[group, measures[0]])
    actual = _Truth(con, measures, compared)
    target, others = actual.pupils(group), actual.pupils(OTHERS[group])
    rest = None
    if actual.has("all"):
        every = actual.pupils("all")
        rest = Pupils(
            every.n - target.n,
            every.more - target.more,
            every.totals - target.totals,
            every.variances,
        )
    programmes = {p.id: tuple(p.selection_years) for p in study.evaluated_programmes}
    comparison = Comparison(
        schools=tuple(compared),
        years=actual.years,
        programmes=programmes,
        group=group,
        measures=measures,
        adjusted=_adjusted(study, group),
        exposure=np.array(
            [[float(p in known.programmes[school]) for p in programmes] for school in compared]
        ),
        more=target.more,
        variances=target.variances,
        priors=actual.priors(group),
        others=others,
        others_priors=actual.priors(OTHERS[group]),
        rest=rest,
        alike={m: comparable_years(m, study.study.baseline_years) for m in measures},
        sides=_sides(released["comparison"], known, actual, group),
        draws=_draws(con, study, group, measures),
    )
    means, before = _means_drawn(released["school_point"], comparison, target)
    published = Published(
        published_figures(released, comparison) | before,
        _facts(released, known, actual, group),
        means,
    )
    attack = Attack(comparison, published, target)
    _is_right(attack)
    return attack


def _adjusted(study: Study, group: str) -> frozenset[str]:
    asked = {
        (measure.name, measure.adjust_for_prior_attainment)
        for programme in study.evaluated_programmes
        if programme.target_group == group
        for measure in programme.measure
    }
    adjusted = frozenset(name for name, is_adjusted in asked if is_adjusted)
    assert not any((name, False) in asked for name in adjusted), "one measure asked in two ways"
    return adjusted


def _draws(
    con: duckdb.DuckDBPyConnection, study: Study, group: str, measures: Sequence[str]
) -> dict[str, Draws]:
    """Lots as the program draws them, schools in the order of its panels."""
    marts = Marts(con, study)
    found = {}
    for measure in measures:
        panel_of = marts.prior_adjusted_panel if measure in _adjusted(study, group) else marts.panel
        panel = panel_of(measure, group, study.evaluated_programmes[0], "results_and_make_up")
        found[measure] = marts.draws(panel)
    return found


def _sides(
    comparison: pd.DataFrame, known: Schools, actual: _Truth, group: str
) -> tuple[Side, ...]:
    sides = []
    for row in comparison.dropna(subset=["ci_low"]).to_dict("records"):
        measure, year = row["measure"], row["academic_year"]
        is_used = (year, row["release_status"]) in actual.statuses
        if row["pupil_group"] != group or measure not in actual.measures or not is_used:
            continue
        schools = side_of(row, known)
        beyond = actual.of_schools(group, measure, year).drop(actual.schools, errors="ignore")
        beyond = beyond[beyond.index.isin(schools)]
        sides.append(
            Side(
                (row["programme"], row["arm"]),
                measure,
                year,
                schools,
                beyond["n_pupils"].to_numpy(),
                (beyond["total"] / beyond["n_pupils"]).to_numpy(),
            )
        )
    return tuple(sides)


def _facts(
    released: Mapping[str, pd.DataFrame], known: Schools, actual: _Truth, group: str
) -> dict[tuple[str, str], list[Fact]]:
    """Sums of pupils of the schools compared: what the others of a published sum have is given away."""
    facts: dict[tuple[str, str], list[Fact]] = {}
    for (of_group, measure, year, status), published in facts_of(released, known).items():
        if (
            of_group != group
            or measure not in actual.measures
            or (year, status) not in actual.statuses
        ):
            continue
        every = actual.of_schools(group, measure, year)
        for fact in published:
            others = every[every.index.isin(fact.schools - set(actual.schools))].sum()
            if fact.schools & set(actual.schools):
                facts.setdefault((measure, year), []).append(
                    replace(
                        fact,
                        schools=fact.schools & set(actual.schools),
                        n_pupils=_less(fact.n_pupils, others["n_pupils"]),
                        n_meeting=_less(fact.n_meeting, others["total"]),
                        n_between=_both_less(fact.n_between, others["n_pupils"]),
                        met_between=_both_less(fact.met_between, others["total"]),
                    )
                )
    return facts


def _less(value: float | None, others: float) -> float | None:
    return None if value is None else value - others


def _both_less(ends: tuple[float, float] | None, others: float) -> tuple[float, float] | None:
    return None if ends is None else (ends[0] - others, ends[1] - others)


def _means_drawn(
    points: pd.DataFrame, comparison: Comparison, truth: Pupils
) -> tuple[dict[tuple[str, int, str], tuple[float, float]], dict[Name, tuple[float, float]]]:
    """Means of schools that are drawn as points: of the outcome year, and averaged over years before.

    Of a single year before it is a mean like that of the outcome year.
    """
    means: dict[tuple[str, int, str], tuple[float, float]] = {}
    before: dict[Name, tuple[float, float]] = {}
    for measure in comparison.measures:
        drawn = points[
            (points["measure"] == measure) & (points["pupil_group"] == comparison.group)
        ].astype({"baseline_mean": float, "outcome_mean": float})
        half = half_step(drawn["outcome_mean"]) + 1e-9
        half_before = half_step(drawn["baseline_mean"]) + 1e-9
        of_baseline, of_outcome = comparison.point(measure, truth)
        years = comparison.years_alike(measure)
        for s, school in enumerate(comparison.schools):
            own = drawn[
                ((drawn["outcome_mean"] - of_outcome[s]).abs() <= half)
                & ((drawn["baseline_mean"] - of_baseline[s]).abs() <= half_before)
            ]
            if len(own):
                now, once = float(own["outcome_mean"].iloc[0]), float(own["baseline_mean"].iloc[0])
                means[measure, school, comparison.years[-1]] = (now - half, now + half)
                between = (once - half_before, once + half_before)
                if len(years) == 1:
                    means[measure, school, comparison.years[years[0]]] = between
                else:
                    before[measure, str(school), "school_point", "baseline_mean"] = between
    return means, before


def _is_right(attack: Attack) -> None:
    """The truth must do what is published, or the attacker's system is wrong."""
    figures = attack.figures(attack.truth)
    for name, value, (low, high) in zip(
        attack.published.between, figures, attack.published.between.values(), strict=True
    ):
        assert low - 1e-6 <= value <= high + 1e-6, f"{name}: {value} outside {low} to {high}"
