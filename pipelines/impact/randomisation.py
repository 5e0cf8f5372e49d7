"""Randomisation inference: the distribution of the estimate if other schools had been chosen.

Permutes exposure rows and computes all statistics at once; `inversion` turns them into p-values and
intervals.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.impact.arrays import FloatArray
from pipelines.impact.inference import orthonormal_basis
from pipelines.impact.inversion import DrawnInference, DrawnStatistics, is_rounding_noise

IntArray = NDArray[np.intp]

# Draws per block: few enough for a block of (draws, schools) to fit in the cache.
_BLOCK = 256
_LEFT_OVER = 1e-10
_LEVERAGE_ONE = 1e-8


def randomisation_inference(
    outcome: FloatArray,
    exposure: FloatArray,
    covariates: FloatArray,
    weights: FloatArray,
    *,
    programme: int,
    strata: NDArray[np.int64],
    draws: int,
    seed: int,
) -> DrawnInference:
    """Test and bound the effect of column `programme` of `exposure` by permuting memberships.

    `outcome`, `weights` and `strata` (for example phase) are (S,), `exposure` (S, P), `covariates` (S, q)
    without an intercept. Whole rows of `exposure` move between schools of a stratum, so a school's programmes
    stay together, while outcome, covariates and weight stay with the school. The statistic is the HC2 t of
    the covariate-adjusted coefficient.

    Under the sharp null that no programme changed any school's outcome, with memberships exchangeable within
    strata, the p-value is exact for any distribution of outcomes (Rosenbaum 2002, Statistical Science 17:
    286), provided `covariates` and `weights` do not depend on memberships (as in a model of
    `SchoolPanel.without_programmes()`). Permuting residuals instead (Freedman and Lane 1983, Journal of
    Business & Economic Statistics 1: 292) would be exact under no null. If another programme has an effect,
    or effects vary over schools, the test keeps its level in large samples because the statistic is
    studentised (Zhao and Ding 2021, Journal of Econometrics 225: 278; DiCiccio and Romano 2017, Journal of
    the American Statistical Association 112: 1211). The interval inverts the test over constant shifts.

    Raises ValueError if the coefficient or its standard error cannot be estimated.
    """
    permutations = permutations_within(strata, draws, seed)
    return permutation_statistics(
        outcome, exposure, covariates, weights, programme=programme, permutations=permutations
    ).inference()


def permutations_within(strata: NDArray[np.int64], draws: int, seed: int) -> IntArray:
    """Rows of school positions (draws, S), each a random permutation within `strata` (S,)."""
    rng = np.random.default_rng(seed)
    _, code = np.unique(strata, return_inverse=True)
    shuffled = np.argsort(rng.random((draws, len(strata))) + code, axis=1)
    # Assign each stratum's positions, in order, to its shuffled positions.
    permutations = np.empty_like(shuffled)
    permutations[:, np.argsort(code, kind="stable")] = shuffled
    return permutations


def permutation_statistics(
    outcome: FloatArray,
    exposure: FloatArray,
    covariates: FloatArray,
    weights: FloatArray,
    *,
    programme: int,
    permutations: IntArray,
) -> DrawnStatistics:
    """Statistics of given permutations (D, S): school s gets the exposures of permutations[d, s].

    Arguments as in `randomisation_inference`. By the Frisch–Waugh–Lovell theorem the intercept and
    covariates, which are the same in every draw, are projected out once; only exposures are orthogonalised in
    each draw. Raises ValueError as `randomisation_inference` does.
    """
    root = np.sqrt(weights / weights.mean())
    fixed = orthonormal_basis(np.column_stack([np.ones(len(outcome)), covariates]) * root[:, None])

    def without_fixed(values: FloatArray) -> FloatArray:
        return values - (values @ fixed) @ fixed.T

    leverage = (fixed**2).sum(axis=1)
    response = without_fixed(outcome * root)
    # The tested programme comes last: its column is orthogonalised to the other programmes.
    last = [*(j for j in range(exposure.shape[1]) if j != programme), programme]
    columns = exposure.T[last]
    shifted = without_fixed(columns[-1] * root)

    def statistics(permutations: IntArray) -> FloatArray:
        moved = columns[:, permutations] * root
        size = (moved**2).sum(axis=2)
        return _statistics(without_fixed(moved), size, response, shifted, leverage)

    level, _, v0, _, _ = statistics(np.arange(len(outcome))[None, :])[:, 0]
    if not np.isfinite(level) or is_rounding_noise(v0, outcome * root):
        raise ValueError("the programme's coefficient or its standard error cannot be estimated")
    blocks = [
        statistics(permutations[start : start + _BLOCK])
        for start in range(0, len(permutations), _BLOCK)
    ]
    drawn = np.concatenate(blocks, axis=1) if blocks else np.empty((5, 0))
    return DrawnStatistics(float(level), float(np.sqrt(v0)), *drawn)


def _statistics(
    moved: FloatArray,
    size: FloatArray,
    response: FloatArray,
    shifted: FloatArray,
    leverage: FloatArray,
) -> FloatArray:
    """Level, slope, v0, v1, v2 (5, D) of `moved` (P, D, S), with the tested programme last.

    `size` (P, D) is each column's sum of squares before projecting out the covariates.
    """
    residual_y = np.broadcast_to(response, moved.shape[1:]).copy()
    residual_x = np.broadcast_to(shifted, moved.shape[1:]).copy()
    leverages = np.broadcast_to(leverage, moved.shape[1:]).copy()
    basis: list[FloatArray] = []
    for j, column in enumerate(moved):
        left = column
        for other in basis:
            left = left - (left * other).sum(axis=1, keepdims=True) * other
        left_size = (left**2).sum(axis=1)
        # A column in the span of the others adds nothing; if it is the tested one, there is no coefficient.
        adds = left_size > _LEFT_OVER * size[j]
        left_size = np.where(adds, left_size, np.nan)
        unit = np.nan_to_num(left / np.sqrt(left_size)[:, None])
        on_y, on_x = (unit * residual_y).sum(axis=1), (unit * residual_x).sum(axis=1)
        residual_y -= on_y[:, None] * unit
        residual_x -= on_x[:, None] * unit
        leverages += unit**2
        basis.append(unit)
    length = np.sqrt(left_size)
    fits_itself = leverages > 1 - _LEVERAGE_ONE
    slack = np.where(fits_itself, 1.0, 1 - leverages)
    b = np.where(fits_itself, 0.0, unit**2 / slack) / left_size[:, None]
    leans = (np.where(fits_itself, unit, 0.0) ** 2).sum(axis=1) > _LEVERAGE_ONE
    level = np.where(leans, np.nan, on_y / length)
    by = b * residual_y
    return np.stack(
        [
            level,
            on_x / length,
            (by * residual_y).sum(axis=1),
            (by * residual_x).sum(axis=1),
            (b * residual_x**2).sum(axis=1),
        ]
    )
