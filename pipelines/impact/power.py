"""Power analysis from baseline results alone: the smallest effect that the headline would detect.

Predicts the uncertainty of both ends of the bracket. `study_power` applies it to a study's measures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from pipelines.impact.arrays import BoolArray, FloatArray
from pipelines.impact.estimators import predict_missing_baselines
from pipelines.impact.headline import too_few_schools
from pipelines.impact.imbens_manski import detectable_effect
from pipelines.impact.inference import (
    between_school_variance,
    inverse_variance_weights,
    weighted_least_squares,
)
from pipelines.impact.panel import SchoolPanel
from pipelines.study.measures import Unit

_TINY = 1e-12


@dataclass(frozen=True)
class SchoolVariance:
    """Between-school variance beyond sampling of pupils, in pupil variances (SD² of pupils in a year).

    `lasting` persists from year to year, `passing` is independent in each year. `is_lasting_known` is False
    with only one baseline year: then all variance counts as passing, which maximises the uncertainty of both
    ends.
    """

    lasting: float
    passing: float
    is_lasting_known: bool


@dataclass(frozen=True)
class Power:
    """What the headline of one programme, measure and pupil group could detect.

    `mde` is in the measure's unit, `mde_sd` in pupil SDs of the latest baseline year (None if unknown). Both
    are None if there would be no headline, and `reason` says why. They assume that the bracket's ends are as
    far apart as earlier results suggest (`distance`); `mde_if_ends_agree` assumes that they coincide. Counts
    and degrees of freedom are those expected for the outcome year (`effective_df` is the smaller of both
    ends'). Standard errors, `distance` and `mde_if_ends_agree` are in the measure's unit. `correlation` is
    that of the two ends' errors.
    """

    programme: str
    measure: str
    pupil_group: str
    unit: Unit
    n_programme_schools: int
    n_comparison_schools: int
    n_programme_pupils: int
    n_comparison_pupils: int
    effective_df: float | None = None
    df_ancova: float | None = None
    df_change: float | None = None
    correlation: float | None = None
    standard_error_ancova: float | None = None
    standard_error_change: float | None = None
    lasting_share: float | None = None
    distance: float | None = None
    mde_if_ends_agree: float | None = None
    mde: float | None = None
    mde_sd: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class _Ends:
    """Both ends, the covariance (S,) of a school's errors in them, and their distance (P,)."""

    ancova: _End
    change: _End
    covariance: FloatArray
    distance: FloatArray


@dataclass(frozen=True)
class _End:
    """One end as a linear estimator: `rows` (P, S) times school errors of variance (S,)."""

    rows: FloatArray
    variance: FloatArray
    degrees_of_freedom: FloatArray

    @property
    def standard_error(self) -> FloatArray:
        return np.asarray(np.sqrt((self.rows**2 * self.variance).sum(axis=1)))


def power(
    panel: SchoolPanel, spread: SchoolVariance | None = None, outcome_years: int = 1
) -> dict[str, Power]:
    """Minimum detectable effect (80% power, 5% level) of the bracket, for every programme of the panel.

    The panel's outcome year must repeat its latest baseline year: the same schools and pupil numbers are
    expected, and the outcomes themselves are not used. The prediction is analytic: treating the latest year
    as an outcome would leave one baseline year fewer and add the chance error of a single fit. With L
    lasting, K passing and W_st sampling variance (pooled within-school variance over pupils, and rounding), a
    school's results have covariance L + 1[s = t] (K + W_st). From it follow, school by school, the residual
    variances of ANCOVA (at its expected slopes, given the baselines) and of the change from the baseline
    mean, their expected weights and standard errors, and the correlation of the two ends.

    With `outcome_years` Y > 1, the outcome is a school's mean over Y years with as many pupils each, and the
    effect the same in all. What is passing and what is sampling averages out over the years, what lasts does
    not: the outcome's variance is L + (K + W_st) / Y, and its covariance with each baseline stays L (Frison
    and Pocock 1992, Statistics in Medicine 11: 1685; McKenzie 2012, Journal of Development Economics 99:
    210).

    `spread` defaults to `school_variance(panel)`. Raises ValueError for less than one outcome year.
    """
    if outcome_years < 1:
        raise ValueError("a study needs at least one year of results")
    spread = school_variance(panel) if spread is None else spread
    why_none = _why_nothing(panel)
    ends = None if why_none else _ends(panel, spread, outcome_years)
    return {
        programme: _answer(panel, programme, spread, ends, why_none)
        for programme in panel.programmes
    }


def planned_degrees_of_freedom(panel: SchoolPanel) -> dict[str, tuple[float, float]]:
    """Degrees of freedom expected of ANCOVA and of the change, from counts and baseline results alone.

    By programme; empty if nothing can be planned. Unlike in `power`, the panel's outcome is the real one: its
    schools and numbers of pupils are used, and the variances of the latest baseline year stand in for its
    own.
    """
    n_baselines = len(panel.baseline_years)
    held = np.flatnonzero(np.isfinite(panel.mean[:, :n_baselines]).any(axis=0)).tolist()
    if not held:
        return {}
    columns = [*range(n_baselines), held[-1]]
    planned = replace(
        panel,
        outcome_years=panel.outcome_years[-1:],
        mean=np.column_stack(
            [panel.mean[:, :n_baselines], np.full(panel.n_schools, panel.centre[held[-1]])]
        ),
        n_pupils=np.column_stack([panel.n_pupils[:, :n_baselines], panel.outcome_pupils]),
        within_variance=panel.within_variance[columns],
        rounding_half_width=panel.rounding_half_width[columns],
        centre=panel.centre[columns],
        scale=panel.scale[columns],
    )
    if _why_nothing(planned):
        return {}
    ends = _ends(planned, school_variance(planned), 1)
    df = zip(ends.ancova.degrees_of_freedom, ends.change.degrees_of_freedom, strict=True)
    return {
        programme: (float(of_ancova), float(of_change))
        for programme, (of_ancova, of_change) in zip(panel.programmes, df, strict=True)
        if np.isfinite(of_ancova) and np.isfinite(of_change)
    }


def at_size(found: Power, n_programme_schools: int, n_comparison_schools: int) -> Power:
    """The same study with other numbers of schools, of the same sizes and as alike as these.

    A difference of two sides has variance proportional to 1/m + 1/n for m and n schools, and Welch's degrees
    of freedom for sides of equal variance, (1/m + 1/n)^2 / (1 / (m^2 (m - 1)) + 1 / (n^2 (n - 1))) (1947,
    Biometrika 34: 28); both ends' standard errors and degrees of freedom change in these proportions. Their
    distance does not: it comes from how the schools were selected, and no number of schools removes it.
    Pupils change with the schools of their side. A refused `found` is returned as it is; raises ValueError
    for fewer than two schools on a side.
    """
    if min(n_programme_schools, n_comparison_schools) < 2:
        raise ValueError("a side needs at least two schools")
    if found.mde is None or found.distance is None or found.mde_if_ends_agree is None:
        return found
    before = (found.n_programme_schools, found.n_comparison_schools)
    after = (n_programme_schools, n_comparison_schools)
    shrinks = np.sqrt(_per_school(*after) / _per_school(*before))
    more_df = _welch(*after) / _welch(*before)
    errors = [
        float(shrinks * (e or 0.0))
        for e in (found.standard_error_ancova, found.standard_error_change)
    ]
    df = [float(more_df * (d or 0.0)) for d in (found.df_ancova, found.df_change)]
    correlation = found.correlation or 0.0
    mde = detectable_effect(errors, df, correlation, found.distance)
    return replace(
        found,
        n_programme_schools=after[0],
        n_comparison_schools=after[1],
        n_programme_pupils=round(found.n_programme_pupils * after[0] / before[0]),
        n_comparison_pupils=round(found.n_comparison_pupils * after[1] / before[1]),
        effective_df=min(df),
        df_ancova=df[0],
        df_change=df[1],
        standard_error_ancova=errors[0],
        standard_error_change=errors[1],
        mde_if_ends_agree=detectable_effect(errors, df, correlation),
        mde=mde,
        mde_sd=None if found.mde_sd is None else found.mde_sd * mde / found.mde,
    )


def _per_school(m: int, n: int) -> float:
    return 1 / m + 1 / n


def _welch(m: int, n: int) -> float:
    return _per_school(m, n) ** 2 / (1 / (m**2 * (m - 1)) + 1 / (n**2 * (n - 1)))


def school_variance(panel: SchoolPanel) -> SchoolVariance:
    """Lasting and passing between-school variance, around the means of their exposures.

    Lasting + passing is the Paule–Mandel between-school variance, averaged over baseline years. Lasting is
    the covariance of a school's deviations in two years, which sampling of different pupils does not affect,
    averaged over schools and pairs of years with weights inverse to the variance of the product.
    """
    z, sampling = panel.standardised()[:, :-1], panel.sampling_variance()[:, :-1]
    membership = _with_intercept(panel.exposure)
    deviation, between = np.full_like(z, np.nan), np.full(z.shape[1], np.nan)
    for year in range(z.shape[1]):
        rows = np.isfinite(z[:, year])
        if rows.sum() <= membership.shape[1]:
            continue
        design, result, variance = membership[rows], z[rows, year], sampling[rows, year]
        between[year] = between_school_variance(design, result, variance)
        weights = inverse_variance_weights(variance, between[year])
        deviation[rows, year] = weighted_least_squares(design, result, weights).residual
    if not np.isfinite(between).any():
        return SchoolVariance(0.0, 0.0, is_lasting_known=False)
    total = float(np.nanmean(between))
    products, weight = 0.0, 0.0
    for first in range(z.shape[1]):
        for second in range(first):
            both = np.isfinite(deviation[:, first] * deviation[:, second])
            n_free = both.sum() - membership.shape[1]
            if n_free <= 0:
                continue
            of_first, of_second = sampling[both, first] + total, sampling[both, second] + total
            precision = 1 / np.maximum(of_first * of_second, _TINY)
            product = deviation[both, first] * deviation[both, second]
            products += float((precision * product).sum()) * both.sum() / n_free
            weight += float(precision.sum())
    lasting = min(max(products / weight, 0.0), total) if weight else 0.0
    return SchoolVariance(lasting, total - lasting, is_lasting_known=weight > 0)


def _why_nothing(panel: SchoolPanel) -> str | None:
    if not panel.n_schools:
        return (
            "no school has a result for these pupils with their number in the latest baseline year"
        )
    if not panel.outcome_scale > 0:
        return "every pupil has the same result in the latest baseline year"
    return None


def _answer(
    panel: SchoolPanel,
    programme: str,
    spread: SchoolVariance,
    ends: _Ends | None,
    why_none: str | None,
) -> Power:
    j = panel.programmes.index(programme)
    sample = panel.sample_size(programme, np.ones(panel.n_schools, dtype=np.bool_))

    def result(**known: float | str | None) -> Power:
        return Power(
            programme=programme,
            measure=panel.measure,
            pupil_group=panel.pupil_group,
            unit=panel.unit,
            n_programme_schools=sample.n_programme_schools,
            n_comparison_schools=sample.n_comparison_schools,
            n_programme_pupils=sample.n_programme_pupils,
            n_comparison_pupils=sample.n_comparison_pupils,
            **known,  # type: ignore[arg-type]
        )

    if ends is None:
        return result(reason=why_none)
    ancova, change = ends.ancova, ends.change
    df = (float(ancova.degrees_of_freedom[j]), float(change.degrees_of_freedom[j]))
    least_df = min(df) if np.isfinite(df).all() else None
    too_few = too_few_schools(sample, least_df)
    if too_few or least_df is None:
        cannot = "the programme cannot be told apart from the others, or schools are too few"
        return result(effective_df=least_df, reason=too_few or cannot)
    errors = (float(ancova.standard_error[j]), float(change.standard_error[j]))
    together = float((ancova.rows[j] * change.rows[j] * ends.covariance).sum())
    correlation, distance = together / (errors[0] * errors[1]), float(ends.distance[j])
    mde_sd = detectable_effect(errors, df, correlation, distance)
    total = spread.lasting + spread.passing
    return result(
        effective_df=least_df,
        df_ancova=df[0],
        df_change=df[1],
        correlation=correlation,
        standard_error_ancova=errors[0] * panel.outcome_scale,
        standard_error_change=errors[1] * panel.outcome_scale,
        lasting_share=spread.lasting / total if spread.is_lasting_known and total > 0 else None,
        distance=distance * panel.outcome_scale,
        mde_if_ends_agree=detectable_effect(errors, df, correlation) * panel.outcome_scale,
        mde=mde_sd * panel.outcome_scale,
        mde_sd=None if panel.is_scale_from_school_means else mde_sd,
    )


def _ends(panel: SchoolPanel, spread: SchoolVariance, outcome_years: int) -> _Ends:
    """Both ends, as expected from baseline results alone.

    Their distance is the part of the baseline gap between the sides that is expected to fade: the change from
    the baseline mean in what ANCOVA predicts from baselines, where ANCOVA itself shows no effect (Ding and Li
    2019, Political Analysis 27: 605).
    """
    z, sampling = panel.standardised()[:, :-1], panel.sampling_variance()
    has_value = np.isfinite(z)
    has_any_school = has_value.any(axis=0)
    has_value, baseline_sampling = has_value[:, has_any_school], sampling[:, :-1][:, has_any_school]
    outcome_sampling = sampling[:, -1] / outcome_years
    n_years = has_value.sum(axis=1)
    mean_of = has_value / n_years[:, None]
    filled_from = _filled_from(has_value, baseline_sampling, spread)
    own = np.where(has_value, spread.passing + np.where(has_value, baseline_sampling, 0.0), 0.0)
    # Years without a result have zeros in both arrays above, so their rows and columns do not matter.
    baselines = spread.lasting + own[:, :, None] * np.eye(own.shape[1])
    outcome_variance = spread.lasting + spread.passing / outcome_years + outcome_sampling

    of_filled = filled_from @ baselines @ filled_from.transpose(0, 2, 1)
    with_outcome = spread.lasting * filled_from.sum(axis=2)
    weights = 1 / np.maximum(outcome_variance, _TINY)
    moments = np.einsum("s,sij->ij", weights, of_filled)
    slope = np.linalg.lstsq(moments, weights @ with_outcome, rcond=None)[0]
    conditioned_on = np.einsum("i,sit->st", slope, filled_from)

    def error_covariance(first: FloatArray, second: FloatArray) -> FloatArray:
        together = np.einsum("si,sij,sj->s", first, baselines, second)
        with_first = spread.lasting * first.sum(axis=1)
        with_second = spread.lasting * second.sum(axis=1)
        return np.asarray(outcome_variance - with_first - with_second + together)

    membership = _with_intercept(panel.exposure)
    n_programmes = panel.exposure.shape[1]
    change_sampling = (
        outcome_sampling + (mean_of**2 * np.where(has_value, baseline_sampling, 0.0)).sum(axis=1)
    )  # fmt: skip
    filled = predict_missing_baselines(panel)
    ancova = _end(
        np.hstack([membership, filled]),
        error_covariance(conditioned_on, conditioned_on),
        outcome_sampling,
        n_programmes,
    )
    change = _end(membership, error_covariance(mean_of, mean_of), change_sampling, n_programmes)
    baseline_mean = (mean_of * np.nan_to_num(z[:, has_any_school])).sum(axis=1)
    return _Ends(
        ancova,
        change,
        error_covariance(conditioned_on, mean_of),
        np.abs(change.rows @ (filled @ slope - baseline_mean)),
    )


def _filled_from(has_value: BoolArray, sampling: FloatArray, spread: SchoolVariance) -> FloatArray:
    """(S, T, T): how each baseline covariate is composed of the available results.

    A result is itself; a missing one is the combination of the others in `predict_missing_baselines`.
    """
    variance = np.maximum(spread.passing + np.where(has_value, sampling, 0.0), _TINY)
    precision = np.where(has_value, 1 / variance, 0.0)
    prediction = spread.lasting * precision / (1 + spread.lasting * precision.sum(axis=1))[:, None]
    itself = has_value[:, :, None] * np.eye(has_value.shape[1])
    return np.asarray(itself + ~has_value[:, :, None] * prediction[:, None, :])


def _end(design: FloatArray, variance: FloatArray, sampling: FloatArray, n_programmes: int) -> _End:
    """The estimator with its expected weights: 1 / (sampling + between schools)."""
    weights = inverse_variance_weights(sampling, _expected_between(variance, sampling))
    # Degrees of freedom depend on design and weights only, so any outcome without a perfect fit will do.
    anything = np.random.default_rng(0).standard_normal(len(design))
    df = weighted_least_squares(design, anything, weights).degrees_of_freedom
    root = np.sqrt(weights)
    rows = np.asarray(np.linalg.pinv(design * root[:, None]) * root, dtype=np.float64)
    wanted = slice(1, 1 + n_programmes)
    return _End(rows[wanted], np.maximum(variance, 0.0), df[wanted])


def _expected_between(variance: FloatArray, sampling: FloatArray) -> float:
    """The between-school variance at which standardised squared errors average 1, at least 0."""

    def excess(between: float) -> float:
        return float((variance / np.maximum(sampling + between, _TINY)).mean()) - 1

    if excess(0.0) <= 0:
        return 0.0
    return float(brentq(excess, 0.0, float(variance.max()) + 1.0, rtol=1e-8))


def _with_intercept(columns: FloatArray) -> FloatArray:
    return np.hstack([np.ones((len(columns), 1)), columns])
