"""Pupil-level estimate adjusted for each pupil's own prior attainment; errors come from `clustered`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.impact.clustered import (
    ClusteredRegression,
    ClusterMoments,
    PupilSums,
    clustered_regression,
    pupil_moments,
)
from pipelines.impact.estimators import Answers, predict_missing_baselines
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import Estimate, NotComputable, SampleSize


def pupil_adjusted(panel: SchoolPanel, sums: PupilSums) -> Answers:
    """Regress results of the outcome years' pupils on exposures, school baselines and own prior attainment.

    `sums` cover these pupils in the panel's schools, in its order (0 if a school has no pupil with both). The
    design is that of `estimators.ancova` plus the pupil's own prior attainment, with equal weight for each
    pupil and CR2 errors clustered by school. Like ANCOVA it underestimates an effect if schools were selected
    on lasting quality. It is not an end of the bracket. Raises ValueError if the shapes disagree.
    """
    if len(sums.n) != panel.n_schools:
        raise ValueError("sums must have one value for each of the panel's schools")
    moments = _moments(panel, sums)
    regression = clustered_regression(moments, correction="CR2")
    return {
        programme: _answer(panel, sums, programme, regression, coefficient=j)
        for j, programme in enumerate(panel.programmes, start=1)
    }


def pooled_sums(panel: SchoolPanel, by_year: Sequence[PupilSums]) -> PupilSums:
    """Sums over the pupils of all outcome years, one `PupilSums` a year, as if of the last.

    In each year the mean of pupils in the panel's untreated schools is subtracted from results and prior
    attainment, and results are brought to the last year's SD. A school's years without a result in the panel
    do not count. One year stays as it is.
    """
    if len(by_year) == 1:
        return by_year[0]
    pooled = np.zeros((6, panel.n_schools))
    for column, sums in enumerate(by_year, start=len(panel.baseline_years)):
        counts = np.isfinite(panel.mean[:, column])
        n, y, yy, x, xx, xy = np.where(
            counts, [sums.n, sums.y, sums.yy, sums.x, sums.xx, sums.xy], 0.0
        )
        n_untreated = n[panel.is_untreated].sum()
        if not n_untreated or not panel.scale[column] > 0:
            continue
        mean_x = x[panel.is_untreated].sum() / n_untreated
        mean_y = y[panel.is_untreated].sum() / n_untreated
        to_last = panel.outcome_scale / panel.scale[column]
        pooled += [
            n,
            to_last * (y - n * mean_y),
            to_last**2 * (yy - 2 * mean_y * y + n * mean_y**2),
            x - n * mean_x,
            xx - 2 * mean_x * x + n * mean_x**2,
            to_last * (xy - mean_x * y - mean_y * x + n * mean_x * mean_y),
        ]
    return PupilSums(*pooled)


def intraclass_correlation(panel: SchoolPanel, sums: PupilSums) -> float | None:
    """Share of the residual variance of pupils' outcome, given the design above, between schools.

    Analysis of variance estimator (Donner 1986, International Statistical Review 54: 67), at least 0:
    (MSB - MSW) / (MSB + (n0 - 1) MSW), n0 = (N - sum n_s^2 / N) / (S - 1). None if there are too few schools
    or pupils, or no variance.
    """
    moments = _moments(panel, sums)
    has_rows = moments.n > 0
    n, n_schools = moments.n[has_rows], int(has_rows.sum())
    regression = clustered_regression(moments)
    n_coefficients = int(regression.is_estimable.sum())
    df_between, df_within = n_schools - (n_coefficients - 1), float(n.sum()) - n_schools - 1
    if df_between <= 0 or df_within <= 0:
        return None
    b = np.nan_to_num(regression.coefficient)
    totals = (moments.xy - moments.xx @ b)[has_rows, 0]
    squares = float((moments.yy - 2 * moments.xy @ b + moments.xx @ b @ b).sum())
    between_squares = float((totals**2 / n).sum())
    between = between_squares / df_between
    within = max(squares - between_squares, 0.0) / df_within
    n0 = (float(n.sum()) - float((n**2).sum() / n.sum())) / (n_schools - 1)
    total = between + (n0 - 1) * within
    return max((between - within) / total, 0.0) if total > 0 else None


def _moments(panel: SchoolPanel, sums: PupilSums) -> ClusterMoments:
    columns = np.hstack([panel.exposure, predict_missing_baselines(panel)])
    return pupil_moments(columns, sums)


def _answer(
    panel: SchoolPanel,
    sums: PupilSums,
    programme: str,
    regression: ClusteredRegression,
    *,
    coefficient: int,
) -> Estimate | NotComputable:
    sample = _sample_size(panel, sums, programme)
    j = coefficient
    why_none = _why_none(sample, regression, j)
    if why_none:
        return NotComputable(programme, "pupil_adjusted", why_none, sample)
    return Estimate(
        programme=programme,
        estimator="pupil_adjusted",
        estimate=float(regression.coefficient[j]),
        standard_error=float(regression.standard_error[j]),
        degrees_of_freedom=float(regression.degrees_of_freedom[j]),
        ci_low=float(regression.ci_low[j]),
        ci_high=float(regression.ci_high[j]),
        p_value=float(regression.p_value[j]),
        sample=sample,
    )


def _why_none(sample: SampleSize, regression: ClusteredRegression, j: int) -> str | None:
    """Why the j-th coefficient is not an estimate, or None."""
    if not sample.n_programme_pupils + sample.n_comparison_pupils:
        return "no pupil has both a result and a record of earlier attainment"
    if not sample.n_programme_schools:
        return "no school of the programme has pupils whose earlier attainment is known"
    if not sample.n_comparison_schools:
        return "every school with results is in the programme, so there is none to compare with"
    if not regression.is_estimable[j]:
        return "the programme cannot be told apart from the others: the same schools are in them"
    has_error = np.isfinite(regression.standard_error[j]) and regression.standard_error[j] > 0
    if not has_error or not np.isfinite(regression.degrees_of_freedom[j]):
        return "schools vary too little, or are too few, to say how uncertain the difference is"
    return None


def _sample_size(panel: SchoolPanel, sums: PupilSums, programme: str) -> SampleSize:
    """Schools and pupils with both outcome and prior attainment."""
    is_programme = panel.exposure[:, panel.programmes.index(programme)] > 0
    inside, outside = sums.n[is_programme], sums.n[~is_programme]
    return SampleSize(
        n_programme_schools=int((inside > 0).sum()),
        n_comparison_schools=int((outside > 0).sum()),
        n_programme_pupils=int(inside.sum()),
        n_comparison_pupils=int(outside.sum()),
    )
