"""Regression of pupils with school-clustered errors, from per-school moments; pupil rows are not needed.

`pupil_adjusted` chooses the regression; school-level regressions are in `inference`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr, stdtrit

from pipelines.impact.arrays import BoolArray, FloatArray
from pipelines.impact.score_interval import CONFIDENCE

_RANK_TOLERANCE = 1e-10
_FITS_ITSELF = 1e-8
_WEIGHTED = ("y", "yy", "x", "xx", "xy")


@dataclass(frozen=True)
class ClusterMoments:
    """Moments of S clusters for a weighted regression of outcome y on K regressors X.

    `n` (S,) rows; `xx` (S, K, K) = X'WX; `xy` (S, K) = X'Wy; `yy` (S,) = y'Wy. A cluster without rows is
    zero throughout. Moments of parts of a cluster add up.
    """

    n: FloatArray
    xx: FloatArray
    xy: FloatArray
    yy: FloatArray


@dataclass(frozen=True)
class PupilSums:
    """Sums over the pupils of each of S schools who have both outcome y and prior attainment x, each (S,).

    These are columns of `mart.pupil_moment`; 0 for a school without such pupils.
    """

    n: FloatArray
    y: FloatArray
    yy: FloatArray
    x: FloatArray
    xx: FloatArray
    xy: FloatArray


@dataclass(frozen=True)
class ClusteredRegression:
    """Weighted least squares coefficients (K,) with clustered covariance (K, K) and 95% intervals.

    A coefficient that the design does not identify is NaN, as are its errors. All errors are NaN with fewer
    than two clusters or no more rows than coefficients.
    """

    coefficient: FloatArray
    covariance: FloatArray
    standard_error: FloatArray
    degrees_of_freedom: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    is_estimable: BoolArray
    n_rows: int
    n_clusters: int


def clustered_regression(
    moments: ClusterMoments, *, correction: Literal["CR1", "CR2"] = "CR1"
) -> ClusteredRegression:
    """Solve the summed normal equations, with covariance from each cluster's score.

    With b = (sum_s X_s'X_s)^-1 sum_s X_s'y_s, the score of a cluster is u_s = X_s'y_s - X_s'X_s b. So the
    moments give Liang and Zeger's (1986, Biometrika 73: 13) covariance exactly.

    - CR1: the small-sample factor is G / (G - 1) * (N - 1) / (N - K) for G clusters, N rows and K estimable
      coefficients; degrees of freedom are G - 1. These are the defaults of pyfixest and Stata.
    - CR2: bias-reduced errors with Bell and McCaffrey's (2002) degrees of freedom, under the working model
      "rows independent and equally variable once weighted", as in Pustejovsky and Tipton (2018, Journal of
      Business & Economic Statistics 36: 672). Use it if clusters, or those in a programme, are few: CR1
      then rejects too often.
    """
    n_rows, n_clusters = float(moments.n.sum()), int((moments.n > 0).sum())
    total_xx, total_xy = moments.xx.sum(axis=0), moments.xy.sum(axis=0)
    inverse, is_estimable, rank = _pseudo_inverse(total_xx)
    fitted = inverse @ total_xy
    # A refinement step removes rounding error.
    fitted = fitted + inverse @ (total_xy - total_xx @ fitted)
    scores = moments.xy - moments.xx @ fitted
    df = np.full(len(fitted), n_clusters - 1.0)
    if n_clusters < 2 or n_rows <= rank:
        covariance = np.full_like(inverse, np.nan)
        df = np.full_like(df, np.nan)
    elif correction == "CR1":
        factor = n_clusters / (n_clusters - 1) * (n_rows - 1) / (n_rows - rank)
        covariance = factor * (inverse @ (scores.T @ scores) @ inverse)
    else:
        covariance, df = _bias_reduced(moments.xx, scores, inverse)
    is_unknown = ~is_estimable[:, None] | ~is_estimable[None, :]
    covariance = np.where(is_unknown, np.nan, covariance)
    coefficient = np.where(is_estimable, fitted, np.nan)
    df = np.where(is_estimable, df, np.nan)
    standard_error = np.sqrt(np.diag(covariance))
    margin = stdtrit(df, (1 + CONFIDENCE) / 2) * standard_error
    with np.errstate(divide="ignore", invalid="ignore"):
        p_value = np.asarray(2 * stdtr(df, -np.abs(coefficient) / standard_error))
    return ClusteredRegression(
        coefficient=coefficient,
        covariance=covariance,
        standard_error=standard_error,
        degrees_of_freedom=df,
        p_value=p_value,
        ci_low=coefficient - margin,
        ci_high=coefficient + margin,
        is_estimable=is_estimable,
        n_rows=round(n_rows),
        n_clusters=n_clusters,
    )


def pupil_moments(
    school_columns: FloatArray,
    sums: PupilSums,
    *,
    with_covariate: bool = True,
    weights: FloatArray | None = None,
) -> ClusterMoments:
    """Moments of pupils' y on an intercept, `school_columns` (S, Q) and their own x, in this order.

    A school's columns are constant over its pupils, so their cross-products need only the school's counts and
    sums. `weights` (S,) applies to every pupil of a school; the default is 1. Raises ValueError if the shapes
    disagree.
    """
    n_schools = len(sums.n)
    if school_columns.ndim != 2 or len(school_columns) != n_schools:
        raise ValueError("school_columns must have one row a school")
    if weights is not None and weights.shape != (n_schools,):
        raise ValueError("weights must have one value a school")
    if weights is not None:
        sums = PupilSums(n=sums.n, **{name: weights * getattr(sums, name) for name in _WEIGHTED})
    count = sums.n if weights is None else weights * sums.n
    fixed = np.hstack([np.ones((n_schools, 1)), school_columns])
    n_fixed = fixed.shape[1]
    size = n_fixed + int(with_covariate)
    xx, xy = np.zeros((n_schools, size, size)), np.zeros((n_schools, size))
    counted = fixed * count[:, None]
    np.multiply(counted[:, :, None], fixed[:, None, :], out=xx[:, :n_fixed, :n_fixed])
    xy[:, :n_fixed] = fixed * sums.y[:, None]
    if with_covariate:
        cross = fixed * sums.x[:, None]
        xx[:, :n_fixed, -1] = cross
        xx[:, -1, :n_fixed] = cross
        xx[:, -1, -1] = sums.xx
        xy[:, -1] = sums.xy
    return ClusterMoments(n=sums.n, xx=xx, xy=xy, yy=sums.yy)


def _pseudo_inverse(total_xx: FloatArray) -> tuple[FloatArray, BoolArray, int]:
    """Inverse of X'X on its row space, the coefficients it determines, and its rank.

    Columns are scaled to equal length first, so that units do not matter.
    """
    length = np.sqrt(np.maximum(np.diag(total_xx), 0.0))
    length = np.where(length > 0, length, 1.0)
    value, vector = np.linalg.eigh(total_xx / np.outer(length, length))
    keep = value > _RANK_TOLERANCE * len(value) * value.max(initial=0.0)
    kept = vector[:, keep]
    inverse = (kept / value[keep]) @ kept.T / np.outer(length, length)
    is_estimable = 1 - (kept**2).sum(axis=1) < _RANK_TOLERANCE**0.5
    return inverse, is_estimable, int(keep.sum())


def _bias_reduced(
    xx: FloatArray, scores: FloatArray, inverse: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """CR2 covariance (K, K) and degrees of freedom (K,), using at most K rows per cluster.

    With X_s'X_s = Z_s'Z_s and M = (X'X)^-1, a cluster's adjustment (I - X_s M X_s')^-1/2 acts within the span
    of X_s as (I - Z_s M Z_s')^-1/2 acts on Z_s; outside that span it changes nothing. For a coefficient c,
    let a_s = (I - Z_s M Z_s')^-1/2 Z_s M c and let B have rows (Z_s'a_s)'. Then the degrees of freedom are
    (tr G)^2 / tr(G^2) with G = diag(a_s'a_s) - B M B'.
    """
    value, vector = np.linalg.eigh(xx)
    value = np.where(value > _RANK_TOLERANCE * value[:, -1:].clip(min=0), value, 0.0)
    root = np.sqrt(value)
    z = root[:, :, None] * vector.transpose(0, 2, 1)
    residual = np.where(
        root > 0,
        np.einsum("skj,sk->sj", vector, scores) / np.where(root > 0, root, 1.0),
        0.0,
    )
    slack, basis = np.linalg.eigh(np.eye(len(inverse)) - z @ inverse @ z.transpose(0, 2, 1))
    # In a direction that a cluster fits perfectly, it has no residual to adjust.
    adjust = np.where(slack > _FITS_ITSELF, 1 / np.sqrt(np.maximum(slack, _FITS_ITSELF)), 0.0)
    adjustment = (basis * adjust[:, None, :]) @ basis.transpose(0, 2, 1)
    adjusted = np.einsum("sjk,sji,si->sk", z, adjustment, residual, optimize=True)
    covariance = inverse @ (adjusted.T @ adjusted) @ inverse
    a = adjustment @ z @ inverse  # (S, K rows, K coefficients)
    b = np.einsum("sik,sij->sjk", z, a, optimize=True)  # (S, coefficient, K)
    length = (a**2).sum(axis=1)
    own = np.einsum("sjk,kl,sjl->sj", b, inverse, b, optimize=True)
    crossed = np.einsum("sjk,sjl->jkl", b, b, optimize=True) @ inverse
    numerator = (length - own).sum(axis=0) ** 2
    denominator = (length**2 - 2 * length * own).sum(axis=0) + np.einsum(
        "jkl,jlk->j", crossed, crossed
    )
    return covariance, np.where(
        denominator > 0, numerator / np.maximum(denominator, 1e-300), np.nan
    )
