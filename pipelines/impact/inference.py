"""Weighted least squares with small-sample intervals, and the between-school variance, on arrays.

`estimators` chooses the regressions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import stdtr, stdtrit  # Student's t; scipy.stats takes a second to import

from pipelines.impact.arrays import BoolArray, FloatArray
from pipelines.impact.score_interval import CONFIDENCE

POWER = 0.80

_RANK_TOLERANCE = 1e-10
_LEVERAGE_ONE = 1e-8


@dataclass(frozen=True)
class Regression:
    """Coefficients (p,) with HC2 standard errors, Bell–McCaffrey degrees of freedom and 95% intervals.

    A coefficient that the design does not identify is NaN throughout. Standard error, degrees of freedom,
    p-value and interval are NaN if the coefficient depends on a row with leverage 1, or if there are no
    residuals. `contribution` (S, p) is each row's contribution to a coefficient's error: its squares sum to
    the variance, its products with another regression on the same rows to their covariance.
    """

    coefficient: FloatArray
    standard_error: FloatArray
    degrees_of_freedom: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    is_estimable: BoolArray
    residual: FloatArray
    contribution: FloatArray


@dataclass(frozen=True)
class _Decomposition:
    """X = U S V' of the weighted design, to its rank r: `u` (S, r), `to_coefficients` (p, r)."""

    u: FloatArray
    to_coefficients: FloatArray
    is_estimable: BoolArray

    @property
    def rank(self) -> int:
        return int(self.u.shape[1])


def weighted_least_squares(
    design: FloatArray, outcome: FloatArray, weights: FloatArray
) -> Regression:
    """Regress `outcome` (S,) on `design` (S, p), one row per school, with positive weights (S,).

    Weights are inverse variances: rows are multiplied by their roots. The variance is HC2 (CR2 with each
    school its own cluster, under the working model "rows equally variable once weighted"). Degrees of freedom
    are Bell and McCaffrey's (2002) Satterthwaite approximation, as in Imbens and Kolesár (2016, Review of
    Economics and Statistics 98: 701) and Pustejovsky and Tipton (2018, Journal of Business & Economic
    Statistics 36: 672). With M = I - H, h the leverages, and q = X (X'X)^-1 e_j,

        df_j = (sum_s q_s^2)^2 / sum_st b_s b_t M_st^2,   b_s = q_s^2 / (1 - h_s).

    The denominator equals sum_s b_s^2 (1 - 2 h_s) + ||U' diag(b) U||_F^2 for orthonormal U spanning X, so no
    S x S matrix is needed.
    """
    root = np.sqrt(weights)
    rows, response = design * root[:, None], outcome * root
    parts = _decompose(rows)
    projected = parts.u.T @ response
    coefficient = np.where(parts.is_estimable, parts.to_coefficients @ projected, np.nan)
    residual = response - parts.u @ projected

    q = parts.u @ parts.to_coefficients.T
    leverage = np.minimum((parts.u**2).sum(axis=1), 1.0)
    fits_itself = leverage > 1 - _LEVERAGE_ONE
    slack = np.where(fits_itself, 1.0, 1 - leverage)
    adjusted = np.where(fits_itself[:, None], 0.0, q / np.sqrt(slack)[:, None])
    b, contribution = adjusted**2, adjusted * residual[:, None]
    variance = (contribution**2).sum(axis=0)
    quadratic = np.einsum("sj,sk,sl->jkl", b, parts.u, parts.u, optimize=True)
    denominator = (b**2 * (1 - 2 * leverage)[:, None]).sum(axis=0) + (quadratic**2).sum(axis=(1, 2))
    numerator = (q**2).sum(axis=0)

    # A row with leverage 1 has no residual, so an estimate that depends on it has no standard error.
    leans = (q[fits_itself] ** 2).sum(axis=0) > _LEVERAGE_ONE * numerator
    # Rounding error of a perfect fit is not a residual.
    noise_floor = (np.finfo(float).eps * np.abs(response).max(initial=0.0)) ** 2 * len(response)
    has_error = parts.is_estimable & ~leans & (denominator > 0) & (variance > 0)
    has_error &= (residual**2).sum() > 100 * noise_floor
    standard_error = np.sqrt(np.where(has_error, variance, np.nan))
    df = np.where(has_error, numerator**2 / np.where(has_error, denominator, 1.0), np.nan)
    margin = stdtrit(df, (1 + CONFIDENCE) / 2) * standard_error
    return Regression(
        coefficient=coefficient,
        standard_error=standard_error,
        degrees_of_freedom=df,
        p_value=np.asarray(2 * stdtr(df, -np.abs(coefficient) / standard_error)),
        ci_low=coefficient - margin,
        ci_high=coefficient + margin,
        is_estimable=parts.is_estimable,
        residual=residual / root,
        contribution=contribution,
    )


def between_school_variance(
    design: FloatArray, outcome: FloatArray, sampling_variance: FloatArray
) -> float:
    """Residual between-school variance, beyond sampling variances (S,).

    Paule and Mandel (1982, Journal of Research of the National Bureau of Standards 87: 377), for
    meta-regression as in DerSimonian and Kacker (2007, Contemporary Clinical Trials 28: 105): the tau^2 >= 0
    at which sum (residual^2 / (sampling variance + tau^2)) equals S minus the rank of the design (S, p). It
    is 0 if the residuals vary less than sampling would imply, or if there are none.
    """
    basis = orthonormal_basis(design)
    n_left = len(outcome) - basis.shape[1]
    if n_left <= 0:
        return 0.0

    def squared_residuals(tau2: float) -> float:
        root = np.sqrt(1 / (sampling_variance + tau2))
        q, _ = np.linalg.qr(basis * root[:, None])
        response = outcome * root
        return float(((response - q @ (q.T @ response)) ** 2).sum())

    rss = float(((outcome - basis @ (basis.T @ outcome)) ** 2).sum())
    if rss <= np.finfo(float).eps ** 2 * float((outcome**2).sum()) * len(outcome):
        return 0.0
    # At this value weighted residuals are at most half the target, so the root is below it.
    upper = 2 * rss / n_left
    lower = 0.0 if bool((sampling_variance > 0).all()) else upper * 1e-9
    if squared_residuals(lower) <= n_left:
        return lower
    return float(brentq(lambda tau2: squared_residuals(tau2) - n_left, lower, upper, rtol=1e-10))


def inverse_variance_weights(sampling_variance: FloatArray, between_variance: float) -> FloatArray:
    """1 / (sampling variance + between-school variance); equal weights if both are 0."""
    total = sampling_variance + between_variance
    return 1 / total if bool((total > 0).all()) else np.ones_like(total)


def minimum_detectable_effect(standard_error: float, degrees_of_freedom: float) -> float:
    """Effect detected with 80% power by a 5% two-sided test (Bloom 1995, Evaluation Review 19: 547).

    (t_.975 + t_.80) x SE, with the estimate's own degrees of freedom, in the unit of the SE.
    """
    two_sided = float(stdtrit(degrees_of_freedom, (1 + CONFIDENCE) / 2))
    power = float(stdtrit(degrees_of_freedom, POWER))
    return (two_sided + power) * standard_error


def orthonormal_basis(columns: FloatArray) -> FloatArray:
    """Orthonormal columns (S, r) that span `columns` (S, p), with r their rank."""
    return _decompose(columns).u


def _decompose(rows: FloatArray) -> _Decomposition:
    """Thin singular value decomposition, with columns first scaled to equal length."""
    length = np.sqrt((rows**2).sum(axis=0))
    length = np.where(length > 0, length, 1.0)
    u, singular, vt = np.linalg.svd(rows / length, full_matrices=False)
    keep = singular > _RANK_TOLERANCE * max(rows.shape) * singular.max(initial=0.0)
    u, singular, vt = u[:, keep], singular[keep], vt[keep]
    # e_j is in the row space exactly if the j-th coefficient is the same in every solution.
    is_estimable = 1 - (vt**2).sum(axis=0) < _RANK_TOLERANCE**0.5
    return _Decomposition(u, (vt / singular[:, None]).T / length[:, None], is_estimable)
