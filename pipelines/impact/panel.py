"""The arrays behind one effect: schools by years for one measure and pupil group.

Built from mart rows by `cells`, used by `estimators`. Only pooled within-school variances and yearly scales
are estimated here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.impact.results import SampleSize
from pipelines.study.measures import Unit

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class SchoolPanel:
    """S schools with an outcome and at least one of T baseline years, in P programmes.

    Year columns are the baseline years, oldest first, then the outcome year (Y = T + 1).

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
    outcome_year: str
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
    def outcome_scale(self) -> float:
        """Pupil-level SD of the outcome year; converts standardised effects to the unit."""
        return float(self.scale[-1])

    def standardised(self) -> FloatArray:
        """School means (S, Y) in pupil SDs from each year's centre; NaN if missing."""
        return (self.mean - self.centre) / _one_where_zero(self.scale)

    def sampling_variance(self) -> FloatArray:
        """Variance (S, Y) of standardised means due to sampling of pupils and to rounding.

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
        """Schools and outcome-year pupils among the rows in `is_in_model` (S,)."""
        is_programme = self.exposure[:, self.programmes.index(programme)] > 0
        n_outcome_pupils = self.n_pupils[:, -1]
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
    outcome_year: str,
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
    shape = (len(school_ids), len(baseline_years) + 1)
    if any(a.shape != shape for a in (mean, n_pupils, variance, rounding_half_width)):
        raise ValueError(f"arrays over schools and years must have shape {shape}")
    if exposure.shape != (len(school_ids), len(programmes)):
        raise ValueError("exposure must have one row a school and one column a programme")
    has_value = np.isfinite(mean) & (np.nan_to_num(n_pupils) > 0)
    enters = has_value[:, -1] & has_value[:, :-1].any(axis=1)
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
        outcome_year=outcome_year,
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
