"""The arrays behind one effect: schools by years for one measure and pupil group.

Built from mart rows by `cells`, used by `estimators`. Only pooled within-school variances and yearly scales
are estimated here; `pooled_years` makes one outcome of several outcome years.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipelines.impact.arrays import BoolArray, FloatArray
from pipelines.impact.pooled_years import pooled_years
from pipelines.impact.results import SampleSize
from pipelines.study.measures import Unit


@dataclass(frozen=True)
class SchoolPanel:
    """S schools with an outcome and at least one of T baseline years, in P programmes.

    Year columns are the baseline years, then the K outcome years, each oldest first (Y = T + K). Estimators
    see T + 1 columns, `standardised` and `sampling_variance`, whose last is the pooled outcome. The last
    outcome year with results gives the unit.

    - `school_ids` (S,), `exposure` (S, P) of 0 and 1
    - `mean` (S, Y) in the measure's unit, NaN if missing; `n_pupils` (S, Y), then 0
    - `within_variance` (Y,): pupil-level variance within schools, pooled over schools; NaN if unknown. A
      cell's own variance is never used as a weight: 0 of 8 would get infinite weight.
    - `rounding_half_width` (Y,): half the rounding step of published figures
    - `centre`, `scale` (Y,): pupil-pooled mean and pupil-level SD of the year. If
      `is_scale_from_school_means` is set, some year's pupil variance is unknown, and every year is scaled by
      the pupil-weighted SD of school means (one kind for all years, so that changes are comparable).
    """

    measure: str
    pupil_group: str
    unit: Unit
    programmes: tuple[str, ...]
    baseline_years: tuple[str, ...]
    outcome_years: tuple[str, ...]
    school_ids: NDArray[np.int64]
    exposure: FloatArray
    mean: FloatArray
    n_pupils: FloatArray
    within_variance: FloatArray
    rounding_half_width: FloatArray
    centre: FloatArray
    scale: FloatArray
    is_scale_from_school_means: bool

    @property
    def n_schools(self) -> int:
        """Number of schools in the panel."""
        return len(self.school_ids)

    @property
    def is_untreated(self) -> BoolArray:
        """Schools (S,) in none of the programmes; all of them if each school is in one."""
        untreated = np.asarray(~(self.exposure > 0).any(axis=1))
        return untreated if untreated.any() else np.ones_like(untreated)

    @property
    def years(self) -> tuple[str, ...]:
        """The academic year of each column (Y,)."""
        return (*self.baseline_years, *self.outcome_years)

    @property
    def outcome_year(self) -> str:
        """The last outcome year with results."""
        return self.years[self._last]

    @property
    def outcome_scale(self) -> float:
        """Pupil-level SD of that year; converts standardised effects to the unit."""
        return float(self.scale[self._last])

    @property
    def outcome_pupils(self) -> FloatArray:
        """Pupils (S,) behind each school's outcome, over its outcome years."""
        return np.asarray(self.n_pupils[:, len(self.baseline_years) :].sum(axis=1))

    def standardised(self) -> FloatArray:
        """School means (S, T + 1) in pupil SDs from each year's centre, the outcome last; NaN if missing."""
        return np.column_stack(
            [self.standardised_by_year[:, : len(self.baseline_years)], self._outcome[0]]
        )

    def sampling_variance(self) -> FloatArray:
        """Variance (S, T + 1) of `standardised`, due to sampling of pupils and to rounding."""
        by_year = self.sampling_variance_by_year
        return np.column_stack([by_year[:, : len(self.baseline_years)], self._outcome[1]])

    def last_outcome_year(self) -> SchoolPanel:
        """The same comparison in the last outcome year alone."""
        return self if len(self.outcome_years) == 1 else self.of_outcome_year(self.outcome_year)

    def of_outcome_year(self, year: str) -> SchoolPanel:
        """The same comparison in one outcome year: its schools with a result in that year."""
        column = self.years.index(year)
        columns = [*range(len(self.baseline_years)), column]
        rows = np.flatnonzero(np.isfinite(self.mean[:, column]))
        return replace(
            self,
            outcome_years=(year,),
            school_ids=self.school_ids[rows],
            exposure=self.exposure[rows],
            mean=self.mean[np.ix_(rows, columns)],
            n_pupils=self.n_pupils[np.ix_(rows, columns)],
            within_variance=self.within_variance[columns],
            rounding_half_width=self.rounding_half_width[columns],
            centre=self.centre[columns],
            scale=self.scale[columns],
        )

    def pooled(self, by_year: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
        """A quantity of the K outcome years (S, K) as one (S,) a school, and its variance."""
        if len(self.outcome_years) == 1:
            return by_year[:, 0], variance[:, 0]
        return pooled_years(by_year, variance, self.is_untreated)

    @cached_property
    def _last(self) -> int:
        """The column of the last outcome year with results; the last if none has any."""
        columns = range(len(self.baseline_years), len(self.years))
        held = np.flatnonzero(np.isfinite(self.mean).any(axis=0)).tolist()
        return max((column for column in columns if column in held), default=columns[-1])

    @cached_property
    def _outcome(self) -> tuple[FloatArray, FloatArray]:
        n_baselines = len(self.baseline_years)
        return self.pooled(
            self.standardised_by_year[:, n_baselines:],
            self.sampling_variance_by_year[:, n_baselines:],
        )

    @cached_property
    def standardised_by_year(self) -> FloatArray:
        """School means (S, Y) in pupil SDs from each year's centre."""
        from_centre: FloatArray = self.mean - self.centre
        return from_centre / _one_where_zero(self.scale)

    @cached_property
    def sampling_variance_by_year(self) -> FloatArray:
        """Variance (S, Y) of each year's standardised means.

        Pooled within-school variance / n + (2 x half width)^2 / 12, the variance of a uniform rounding error
        (Sheppard 1898). An unknown within-school variance counts as 0 and is absorbed by the between-school
        variance, which is estimated afterwards. NaN if missing.
        """
        known_within = np.where(np.isfinite(self.within_variance), self.within_variance, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            sampling = known_within / self.n_pupils
        rounding = (2 * self.rounding_half_width) ** 2 / 12
        variance = (sampling + rounding) / _one_where_zero(self.scale) ** 2
        return np.where(np.isfinite(self.mean), variance, np.nan)

    def without_programmes(self) -> SchoolPanel:
        """Drop memberships, so that predictions and weights do not depend on them and may be permuted."""
        return replace(self, programmes=(), exposure=np.empty((self.n_schools, 0)))

    def sample_size(self, programme: str, is_in_model: BoolArray) -> SampleSize:
        """Schools, and pupils of the outcome years, among the rows in `is_in_model` (S,)."""
        is_programme = self.exposure[:, self.programmes.index(programme)] > 0
        n_outcome_pupils = self.outcome_pupils
        inside, outside = is_in_model & is_programme, is_in_model & ~is_programme
        return SampleSize(
            n_programme_schools=int(inside.sum()),
            n_comparison_schools=int(outside.sum()),
            n_programme_pupils=int(n_outcome_pupils[inside].sum()),
            n_comparison_pupils=int(n_outcome_pupils[outside].sum()),
        )


def school_panel(
    *,
    measure: str,
    pupil_group: str,
    unit: Unit,
    programmes: Sequence[str],
    baseline_years: Sequence[str],
    outcome_years: Sequence[str],
    school_ids: NDArray[np.int64],
    exposure: FloatArray,
    mean: FloatArray,
    n_pupils: FloatArray,
    variance: FloatArray,
    rounding_half_width: FloatArray,
    counts_pupils: bool = True,
) -> SchoolPanel:
    """Keep the schools that can be compared, pool variances and set each year's scale.

    `mean`, `n_pupils`, `variance` (pupil-level within school; ignored for shares that count pupils) and
    `rounding_half_width` are (S, Y), years as in `SchoolPanel`, NaN if missing. A school is kept if it has an
    outcome and at least one baseline. Raises ValueError if the shapes disagree.
    """
    shape = (len(school_ids), len(baseline_years) + len(outcome_years))
    if any(a.shape != shape for a in (mean, n_pupils, variance, rounding_half_width)):
        raise ValueError(f"arrays over schools and years must have shape {shape}")
    if exposure.shape != (len(school_ids), len(programmes)):
        raise ValueError("exposure must have one row a school and one column a programme")
    n_baselines = len(baseline_years)
    has_value = np.isfinite(mean) & (np.nan_to_num(n_pupils) > 0)
    enters = has_value[:, n_baselines:].any(axis=1) & has_value[:, :n_baselines].any(axis=1)
    has_value = has_value[enters]
    kept_mean = np.where(has_value, mean[enters], np.nan)
    kept_n = np.where(has_value, n_pupils[enters], 0.0)
    within = _pooled_within_variance(
        kept_mean, kept_n, variance[enters], is_of_pupils=unit == "share" and counts_pupils
    )
    centre, scale, is_fallback = _centre_and_scale(kept_mean, kept_n, within)
    rounding = np.where(has_value, np.nan_to_num(rounding_half_width[enters]), 0.0)
    return SchoolPanel(
        measure=measure,
        pupil_group=pupil_group,
        unit=unit,
        programmes=tuple(programmes),
        baseline_years=tuple(baseline_years),
        outcome_years=tuple(outcome_years),
        school_ids=school_ids[enters],
        exposure=exposure[enters].astype(np.float64),
        mean=kept_mean,
        n_pupils=kept_n,
        within_variance=within,
        rounding_half_width=rounding.max(axis=0, initial=0.0),
        centre=centre,
        scale=scale,
        is_scale_from_school_means=is_fallback,
    )


def _pooled_within_variance(
    mean: FloatArray, n_pupils: FloatArray, variance: FloatArray, *, is_of_pupils: bool
) -> FloatArray:
    """Pooled over schools: sum n p (1 - p) / sum (n - 1) for shares of pupils, else by degrees of freedom."""
    if is_of_pupils:
        is_known = np.isfinite(mean)
        squares = n_pupils * mean * (1 - mean)
    else:
        is_known = np.isfinite(mean) & np.isfinite(variance) & (n_pupils > 1)
        squares = (n_pupils - 1) * variance
    degrees = np.where(is_known, n_pupils - 1, 0.0).sum(axis=0)
    total = np.where(is_known, squares, 0.0).sum(axis=0)
    # A rounded share above 100% must not give a negative variance.
    return np.where(degrees > 0, np.maximum(total, 0.0) / np.maximum(degrees, 1.0), np.nan)


def _centre_and_scale(
    mean: FloatArray, n_pupils: FloatArray, within: FloatArray
) -> tuple[FloatArray, FloatArray, bool]:
    """Pupil-pooled mean and total pupil SD per year, by the analysis of variance identity.

    Total = ((N - S) within + sum n (mean - centre)^2) / (N - 1); for a share this is p (1 - p) N / (N - 1).
    If a within-school variance is unknown: the pupil-weighted SD of school means.
    """
    has_value = n_pupils > 0
    has_year = has_value.any(axis=0)
    total_n = np.maximum(n_pupils.sum(axis=0), 1.0)
    value = np.where(has_value, mean, 0.0)
    centre = np.where(has_year, (n_pupils * value).sum(axis=0) / total_n, np.nan)
    between = (n_pupils * (value - np.nan_to_num(centre)) ** 2).sum(axis=0)
    is_fallback = bool((has_year & ~np.isfinite(within)).any())
    if is_fallback:
        variance = between / total_n
    else:
        degrees_within = total_n - has_value.sum(axis=0)
        pupil_squares = degrees_within * np.nan_to_num(within) + between
        variance = pupil_squares / np.maximum(total_n - 1, 1.0)
    return centre, np.where(has_year, np.sqrt(variance), np.nan), is_fallback


def _one_where_zero(scale: FloatArray) -> FloatArray:
    """Avoid 0 / 0 in a year in which every pupil has the same result."""
    return np.where(scale > 0, scale, 1.0)
