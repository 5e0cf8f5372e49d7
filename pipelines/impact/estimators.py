"""The estimators: ANCOVA, change from the baseline mean (optionally without selection years), naive change.

Each takes a panel and estimates every programme in one model with a column per programme. `headline` combines
two of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit  # scipy.stats takes a second to import

from pipelines.catalogue.vocabulary import Estimator
from pipelines.impact.arrays import BoolArray, FloatArray
from pipelines.impact.inference import (
    Regression,
    between_school_variance,
    inverse_variance_weights,
    weighted_least_squares,
)
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import Estimate, NotComputable, SampleSize
from pipelines.impact.score_interval import CONFIDENCE

Answers = dict[str, Estimate | NotComputable]


@dataclass(frozen=True)
class ExposureModel:
    """One weighted regression: n of a panel's S schools on an intercept, P exposures and q covariates.

    - `design` (n, 1 + P + q): intercept, exposures in the panel's order, covariates
    - `outcome`, `sampling_variance`, `weights` (n,), in pupil SDs of the outcome year; multiply a coefficient
      by the panel's `outcome_scale` to get the measure's unit
    - `is_in_model` (S,) marks the panel's schools that are rows
    """

    design: FloatArray
    outcome: FloatArray
    sampling_variance: FloatArray
    weights: FloatArray
    is_in_model: BoolArray
    n_programmes: int

    @property
    def exposure(self) -> FloatArray:
        """Memberships (n, P)."""
        return self.design[:, 1 : 1 + self.n_programmes]

    @property
    def covariates(self) -> FloatArray:
        """Covariates (n, q), without the intercept."""
        return self.design[:, 1 + self.n_programmes :]


# Fewer schools give no useful estimate of a covariance between two years.
_MIN_SCHOOLS_FOR_COVARIANCE = 4
_TOO_FEW_TO_VARY = "schools vary too little, or are too few, to say how uncertain the difference is"


def ancova(panel: SchoolPanel) -> Answers:
    """Regress the outcome on exposures and every baseline year's mean, all standardised within year.

    Unbiased if schools were selected on the results conditioned on; underestimates an effect if they were
    selected on lasting quality (Ding and Li 2019, Political Analysis 27: 605). Missing baselines come from
    `predict_missing_baselines`. Weights are 1 / (sampling variance of the outcome + residual between-school
    variance).
    """
    return effects(panel, "ancova", ancova_model(panel))


def change_from_baseline_mean(panel: SchoolPanel) -> Answers:
    """Regress the outcome minus the mean of the school's available baseline years on exposures.

    Unbiased if schools were selected on lasting quality; overestimates an effect if they were selected on
    weak results that were partly bad luck. A school that lacks a year uses its other years; its sampling
    variance is var(outcome) + sum var(baseline) / k^2 over k years.
    """
    return effects(panel, "change_from_baseline_mean", change_model(panel, panel.baseline_years))


def change_leaving_selection_years_out(
    panel: SchoolPanel, selection_years: Mapping[str, Sequence[str]]
) -> Answers:
    """Change from the mean of the baseline years that were not used to select a programme's schools.

    `selection_years` gives these years by programme; without any there is no estimate. Schools without a
    result in the remaining years are not in that programme's model.
    """
    answers: Answers = {}
    for programme in panel.programmes:
        left_out = set(selection_years.get(programme, ()))
        years = tuple(year for year in panel.baseline_years if year not in left_out)
        if left_out and years:
            model = change_model(panel, years)
            fitted = effects(panel, "change_leaving_selection_years_out", model)
            answers[programme] = fitted[programme]
            continue
        reason = (
            "no earlier year is left once those on whose results schools were chosen are left out"
            if left_out
            else "the years on whose results schools were chosen are not known"
        )
        answers[programme] = _not_computable(
            panel, programme, "change_leaving_selection_years_out", reason
        )
    return answers


def change_since_last_year(panel: SchoolPanel) -> Answers:
    """The naive change, as a reader would compute it from the averages of this year and last year.

    This year is the last outcome year, last year the last before the programme.

    The averages are those of `group_mean`: over all pupils of schools with a result in the year, one
    programme's schools against all others. The estimate is the difference in differences of the four, without
    standardising or covariates. Regression to the mean inflates it. Its interval clusters by school, with a
    variance for each side (Welch 1947, Biometrika 34: 28). It has no p-value, because it tests no useful
    hypothesis.
    """
    estimator: Estimator = "change_since_last_year"
    panel = panel.last_outcome_year()
    has_both_years = np.isfinite(panel.mean[:, -2] + panel.mean[:, -1])
    why_none = _why_no_model(panel, has_both_years)
    if why_none:
        return _no_answers(panel, estimator, why_none, has_both_years)
    answers: Answers = {}
    for j, programme in enumerate(panel.programmes):
        is_programme = panel.exposure[:, j] > 0
        sample = panel.sample_size(programme, _every_school(panel))
        both = panel.sample_size(programme, has_both_years)
        why_none = _why_no_side(both)
        if why_none is None and min(both.n_programme_schools, both.n_comparison_schools) < 2:
            why_none = _TOO_FEW_TO_VARY
        if why_none:
            answers[programme] = NotComputable(programme, estimator, why_none, both)
            continue
        change, parts, variances = 0.0, np.zeros(panel.n_schools), []
        for sign, side in ((1, is_programme), (-1, ~is_programme)):
            average, part = _pooled_change(panel.mean[side, -2:], panel.n_pupils[side, -2:])
            change += sign * average
            parts[side] = sign * part
            variances.append((float((part**2).sum()), int(side.sum()) - 1))
        variance = sum(of_side for of_side, _ in variances)
        if not variance > 0:
            answers[programme] = NotComputable(programme, estimator, _TOO_FEW_TO_VARY, sample)
            continue
        df = variance**2 / sum(of_side**2 / n_free for of_side, n_free in variances)
        error = float(np.sqrt(variance))
        margin = float(stdtrit(df, (1 + CONFIDENCE) / 2)) * error
        answers[programme] = Estimate(
            programme=programme,
            estimator=estimator,
            estimate=change,
            standard_error=error,
            degrees_of_freedom=df,
            ci_low=change - margin,
            ci_high=change + margin,
            p_value=None,
            sample=sample,
            contribution=dict(zip(panel.school_ids.tolist(), parts.tolist(), strict=True)),
        )
    return answers


def _pooled_change(mean: FloatArray, n_pupils: FloatArray) -> tuple[float, FloatArray]:
    """Change of the pupil average from last year to this, and each school's contribution (S,) to its error.

    `mean` and `n_pupils` are (S, 2). An average is a ratio of school totals; the sum of squared contributions
    is the variance of the change with schools as clusters (`group_mean.pooled_group_mean`).
    """
    n = np.where(np.isfinite(mean), n_pupils, 0.0)
    value = np.where(n > 0, mean, 0.0)
    average = (n * value).sum(axis=0) / n.sum(axis=0)
    deviation = n * (value - average) / n.sum(axis=0)
    n_schools = len(mean)
    parts = (deviation[:, 1] - deviation[:, 0]) * np.sqrt(n_schools / (n_schools - 1))
    return float(average[1] - average[0]), parts


def ancova_model(panel: SchoolPanel) -> ExposureModel:
    """The regression behind `ancova`."""
    outcome = panel.standardised()[:, -1]
    return exposure_model(
        panel,
        outcome=outcome,
        sampling_variance=panel.sampling_variance()[:, -1],
        covariates=predict_missing_baselines(panel),
        is_in_model=np.isfinite(outcome),
    )


def change_model(panel: SchoolPanel, years: Sequence[str]) -> ExposureModel:
    """The regression behind the change estimators: outcome minus the mean of available `years`."""
    columns = [panel.baseline_years.index(year) for year in years]
    z, variance = panel.standardised(), panel.sampling_variance()
    baseline, baseline_variance = z[:, columns], variance[:, columns]
    has_value = np.isfinite(baseline)
    n_years = has_value.sum(axis=1)
    divisor = np.maximum(n_years, 1)
    change = z[:, -1] - np.where(has_value, baseline, 0.0).sum(axis=1) / divisor
    change_variance = (
        variance[:, -1] + np.where(has_value, baseline_variance, 0.0).sum(axis=1) / divisor**2
    )
    return exposure_model(
        panel,
        outcome=change,
        sampling_variance=change_variance,
        covariates=np.empty((panel.n_schools, 0)),
        is_in_model=(n_years > 0) & np.isfinite(change),
    )


def exposure_model(
    panel: SchoolPanel,
    *,
    outcome: FloatArray,
    sampling_variance: FloatArray,
    covariates: FloatArray,
    is_in_model: BoolArray,
) -> ExposureModel:
    """Regress `outcome` (S,) on an intercept, every exposure and the `covariates` (S, q).

    Rows are the schools in `is_in_model` (S,), weighted by 1 / (sampling variance + residual between-school
    variance).
    """
    design = np.hstack([_with_intercept(panel.exposure), covariates])[is_in_model]
    y, variance = outcome[is_in_model], sampling_variance[is_in_model]
    between = between_school_variance(design, y, variance)
    weights = inverse_variance_weights(variance, between)
    return ExposureModel(design, y, variance, weights, is_in_model, len(panel.programmes))


def effects(panel: SchoolPanel, estimator: Estimator, model: ExposureModel) -> Answers:
    """Fit a model: every programme's effect in the outcome year's unit."""
    why_none = _why_no_model(panel, model.is_in_model)
    if why_none:
        return _no_answers(panel, estimator, why_none, model.is_in_model)
    regression = weighted_least_squares(model.design, model.outcome, model.weights)
    return {
        programme: _answer(
            programme,
            estimator,
            panel.sample_size(programme, model.is_in_model),
            regression,
            coefficient=j,
            to_unit=panel.outcome_scale,
            school_ids=panel.school_ids[model.is_in_model],
        )
        for j, programme in enumerate(panel.programmes, start=1)
    }


def predict_missing_baselines(panel: SchoolPanel) -> FloatArray:
    """Standardised baselines (S, T) with gaps filled from the school's other years.

    In year t a school's mean is m_t + lasting + passing + sampling error, with m_t the fitted mean of
    schools with its exposures. The best linear prediction of year s is

        m_s + sum_t c_t (z_t - m_t),   c_t = (1 / v_t) / (1 / L + sum_t 1 / v_t),

    where L is the lasting between-school variance (the covariance between years, which sampling of different
    pupils does not affect), and v_t = K + within / n_t with K the passing part of the between-school
    variance. With one other year c = L / (L + K + within / n), the reliability of that year's mean: Kelley's
    regressed score (1927), for school results Kane and Staiger (2002, Journal of Economic Perspectives 16:
    91); as a covariate it is regression calibration (Carroll et al. 2006, Measurement Error in Nonlinear
    Models, chapter 4). Years without any school are dropped.
    """
    z, sampling = panel.standardised()[:, :-1], panel.sampling_variance()[:, :-1]
    has_any_school = np.isfinite(z).any(axis=0)
    z, sampling = z[:, has_any_school], sampling[:, has_any_school]
    has_value = np.isfinite(z)
    if has_value.all():
        return z
    membership = _with_intercept(panel.exposure)
    fitted, between = np.empty_like(z), np.empty(z.shape[1])
    for year in range(z.shape[1]):
        rows = has_value[:, year]
        fitted[:, year], between[year] = _exposure_means(
            membership, z[:, year], sampling[:, year], rows
        )
    deviation = np.where(has_value, z - fitted, 0.0)
    lasting = _lasting_variance(deviation, has_value, between)
    passing = max(float(between.mean()) - lasting, 0.0)
    variance = np.maximum(passing + np.where(has_value, sampling, 0.0), np.finfo(float).eps)
    precision = np.where(has_value, 1 / variance, 0.0)
    total_precision = precision.sum(axis=1)
    lasting_part = (
        lasting * (precision * deviation).sum(axis=1) / (1 + lasting * total_precision)
    )[:, None]
    return np.where(has_value, z, fitted + lasting_part)


def _exposure_means(
    membership: FloatArray, z: FloatArray, sampling: FloatArray, rows: BoolArray
) -> tuple[FloatArray, float]:
    """Fitted mean (S,) of one year by exposure, and the residual between-school variance."""
    between = between_school_variance(membership[rows], z[rows], sampling[rows])
    root = np.sqrt(inverse_variance_weights(sampling[rows], between))
    # If no school of an exposure has the year, least norm gives it the others' mean.
    coefficient = np.linalg.lstsq(membership[rows] * root[:, None], z[rows] * root)[0]
    return membership @ coefficient, between


def _lasting_variance(deviation: FloatArray, has_value: BoolArray, between: FloatArray) -> float:
    """Covariance of schools' deviations between years, pooled over pairs of years, at least 0."""
    products, n_products = 0.0, 0
    for first in range(deviation.shape[1]):
        for second in range(first):
            both = has_value[:, first] & has_value[:, second]
            if both.sum() >= _MIN_SCHOOLS_FOR_COVARIANCE:
                products += float((deviation[both, first] * deviation[both, second]).sum())
                n_products += int(both.sum())
    if not n_products:
        return float(between.mean())
    return min(max(products / n_products, 0.0), float(between.mean()))


def _answer(
    programme: str,
    estimator: Estimator,
    sample: SampleSize,
    regression: Regression,
    *,
    coefficient: int,
    to_unit: float,
    school_ids: NDArray[np.int64],
) -> Estimate | NotComputable:
    """One programme's coefficient in the measure's unit, or why there is none."""
    j = coefficient
    why_none = _why_no_effect(sample, regression, j)
    if why_none:
        return NotComputable(programme, estimator, why_none, sample)
    contribution = dict(
        zip(school_ids.tolist(), (regression.contribution[:, j] * to_unit).tolist(), strict=True)
    )
    return Estimate(
        programme=programme,
        estimator=estimator,
        estimate=float(regression.coefficient[j]) * to_unit,
        standard_error=float(regression.standard_error[j]) * to_unit,
        degrees_of_freedom=float(regression.degrees_of_freedom[j]),
        ci_low=float(regression.ci_low[j]) * to_unit,
        ci_high=float(regression.ci_high[j]) * to_unit,
        p_value=float(regression.p_value[j]),
        sample=sample,
        contribution=contribution,
    )


def _why_no_model(panel: SchoolPanel, is_in_model: BoolArray) -> str | None:
    """Why nothing can be fitted, or None."""
    if not is_in_model.any():
        return f"no school has results both in {panel.outcome_year} and in the earlier years used"
    if not panel.outcome_scale > 0:
        return f"every pupil has the same result in {panel.outcome_year}"
    return None


def _no_answers(
    panel: SchoolPanel, estimator: Estimator, reason: str, is_in_model: BoolArray
) -> Answers:
    return {
        programme: _not_computable(panel, programme, estimator, reason, is_in_model)
        for programme in panel.programmes
    }


def _why_no_effect(sample: SampleSize, regression: Regression, j: int) -> str | None:
    """Why the j-th coefficient is not an estimate, or None."""
    why_none = _why_no_side(sample)
    if why_none:
        return why_none
    if not regression.is_estimable[j]:
        return "the programme cannot be told apart from the others: the same schools are in them"
    if not np.isfinite(regression.standard_error[j]):
        return _TOO_FEW_TO_VARY
    return None


def _why_no_side(sample: SampleSize) -> str | None:
    if not sample.n_programme_schools:
        return "no school of the programme has results that can be compared"
    if not sample.n_comparison_schools:
        return "every school with results is in the programme, so there is none to compare with"
    return None


def _not_computable(
    panel: SchoolPanel,
    programme: str,
    estimator: Estimator,
    reason: str,
    is_in_model: BoolArray | None = None,
) -> NotComputable:
    rows = _every_school(panel) if is_in_model is None else is_in_model
    return NotComputable(programme, estimator, reason, panel.sample_size(programme, rows))


def _with_intercept(columns: FloatArray) -> FloatArray:
    return np.hstack([np.ones((len(columns), 1)), columns])


def _every_school(panel: SchoolPanel) -> BoolArray:
    return np.ones(panel.n_schools, dtype=np.bool_)
