"""Regression of pupils from per-school moments, with school-clustered errors: no pupil row is needed.

What is regressed on what for a programme is decided in `pupil_adjusted`; school-level regressions are in
`inference`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtr, stdtrit

from pipelines.impact.panel import BoolArray, FloatArray
from pipelines.impact.score_interval import CONFIDENCE

_RANK_TOLERANCE = 1e-10
_FITS_ITSELF = 1e-8
_WEIGHTED = ("y", "yy", "x", "xx", "xy")


@dataclass(frozen=True)
class ClusterMoments:
    """What a regression needs of each of S clusters: K regressors X, outcome y, weights inside.

    `n` (S,) rows; `xx` (S, K, K) = X'WX; `xy` (S, K) = X'Wy; `yy` (S,) = y'Wy. A cluster without
    rows is zero throughout. The moments of two parts of a cluster are the sum of theirs.
    """

    n: FloatArray
    xx: FloatArray
    xy: FloatArray
    yy: FloatArray


@dataclass(frozen=True)
class PupilSums:
    """Sums over the pupils of each of S schools with both outcome y and prior attainment x, each (S,).

    They are `mart.pupil_moment`'s columns; all 0 for a school without such pupils.
    """

    n: FloatArray
    y: FloatArray
    yy: FloatArray
    x: FloatArray
    xx: FloatArray
    xy: FloatArray


@dataclass(frozen=True)
class ClusteredRegression:
    """Coefficients (K,) of the rows' weighted least squares, with their clustered covariance (K, K).

    `degrees_of_freedom` is (K,), intervals are 95%. A coefficient that the design cannot tell apart
    from the others is NaN, its errors too. All errors are NaN with fewer than two clusters or no
    more rows than coefficients.
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
    """Solve the summed normal equations; covariance from each cluster's score.

    With b = (sum_s X_s'X_s)^-1 sum_s X_s'y_s, the score of a cluster is u_s = X_s'y_s - X_s'X_s b:
    its moments are all that Liang and Zeger's (1986, Biometrika 73: 13) covariance needs, exactly
    and not approximately.

    - CR1: the small-sample factor is G / (G - 1) * (N - 1) / (N - K), for G clusters, N rows and K
      estimable coefficients, and degrees of freedom are G - 1: pyfixest's and Stata's defaults.
    - CR2: bias-reduced errors with Bell and McCaffrey's (2002) degrees of freedom, working model
      "rows independent and equally variable once weighted", as in Pustejovsky and Tipton (2018,
      Journal of Business & Economic Statistics 36: 672). To be used where clusters are few, or few
      are in a programme: CR1 then finds too much.
    """
    n_rows, n_clusters = float(moments.n.sum()), int((moments.n > 0).sum())
    total_xx, total_xy = moments.xx.sum(axis=0), moments.xy.sum(axis=0)
    inverse, is_estimable, rank = _pseudo_inverse(total_xx)
    fitted = inverse @ total_xy
    # A second step on what the first leaves over takes its rounding error out.
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

    A school's columns are the same for all its pupils, so that their cross-products are the school's
    counts and sums times them. `weights` (S,) is the weight of every pupil in a school, 1 if not
    given. Raises ValueError where the shapes disagree.
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
    """Inverse of X'X on its row space, which coefficients it determines, and its rank.

    Columns are brought to one length first, so that units decide nothing.
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
    """CR2 covariance (K, K) and degrees of freedom (K,), from no more than K rows a cluster.

    With X_s'X_s = Z_s'Z_s and M = (X'X)^-1, what a cluster's adjustment (I - X_s M X_s')^-1/2 does
    within the span of X_s it does as (I - Z_s M Z_s')^-1/2 on Z_s, and outside the span nothing is
    adjusted and nothing enters the score. For a coefficient c, a_s = (I - Z_s M Z_s')^-1/2 Z_s M c
    and B has rows (Z_s'a_s)', degrees of freedom are (tr G)^2 / tr(G^2) with
    G = diag(a_s'a_s) - B M B'.
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
    # A cluster that fits itself perfectly in some direction has no residual in it to adjust.
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
