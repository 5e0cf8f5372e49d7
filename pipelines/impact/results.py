"""Frozen dataclasses that the estimators return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.catalogue.vocabulary import Estimator, Role, Verdict
from pipelines.study.measures import Unit


@dataclass(frozen=True)
class SampleSize:
    """Schools and outcome-year pupils in a model, by whether the school is in the programme."""

    n_programme_schools: int
    n_comparison_schools: int
    n_programme_pupils: int
    n_comparison_pupils: int


@dataclass(frozen=True)
class Estimate:
    """One programme's effect by one method, in the measure's own unit (shares 0 to 1).

    `p_value` is None for the naive change, which has an interval but tests nothing. `contribution` is each
    school's contribution to the error, from which the covariance of two estimates follows; empty if rows are
    pupils. `planned_df` are the degrees of freedom expected before the outcome's results, by which "too few
    schools" is decided; None for methods that are not planned for.
    """

    programme: str
    estimator: Estimator
    estimate: float
    standard_error: float
    degrees_of_freedom: float
    ci_low: float
    ci_high: float
    p_value: float | None
    sample: SampleSize
    contribution: Mapping[int, float] = field(default_factory=dict, repr=False, compare=False)
    planned_df: float | None = None

    @property
    def judged_df(self) -> float:
        """Degrees of freedom by which it is decided whether there are enough schools."""
        return self.degrees_of_freedom if self.planned_df is None else self.planned_df


@dataclass(frozen=True)
class NotComputable:
    """An effect that cannot be estimated, with the reason in words for the board."""

    programme: str
    estimator: Estimator
    reason: str
    sample: SampleSize
    degrees_of_freedom: float | None = None

    @property
    def judged_df(self) -> float | None:
        """As of an `Estimate`."""
        return self.degrees_of_freedom


@dataclass(frozen=True)
class Bracket:
    """Both ends of the headline, ANCOVA and change from the baseline mean, and the resulting interval.

    `estimate_low` and `estimate_high` are the smaller and larger end, `ci_low` and `ci_high` the 95% interval
    of an effect between them (`imbens_manski`), all in the measure's own unit. `extrapolation_reason` is None
    if programme and comparison schools overlap in their earlier results.
    """

    programme: str
    ends: tuple[Estimate, Estimate]
    estimate_low: float
    estimate_high: float
    ci_low: float
    ci_high: float
    p_value: float
    effective_df: float
    mde: float
    sample: SampleSize
    extrapolation_reason: str | None


@dataclass(frozen=True)
class ImpactRow:
    """One row of `released.impact`: its fields are that table's columns, None where it has NULL."""

    programme: str
    pupil_group: str
    measure: str
    academic_year: str
    release_status: str | None
    estimator: Estimator
    role: Role
    n_programme_schools: int
    n_comparison_schools: int
    n_programme_pupils: int
    n_comparison_pupils: int
    unit: Unit
    estimate_low: float | None = None
    estimate_high: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    effective_df: float | None = None
    mde: float | None = None
    breakdown: float | None = None
    expected_anyway: float | None = None
    p_value_holm: float | None = None
    hedges_g: float | None = None
    hedges_g_low: float | None = None
    hedges_g_high: float | None = None
    verdict: Verdict | None = None
    verdict_reason: str | None = None
