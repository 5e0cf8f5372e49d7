"""Nearest-neighbour matching of schools on their characteristics before the programme.

`comparison_pool` chooses the candidates and characteristics.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.impact.arrays import FloatArray

# Rounding error must not decide between two schools with equal characteristics.
_DECIMALS = 9


@dataclass(frozen=True)
class Matches:
    """The k nearest of N candidates for each of P schools, nearest first.

    `candidate` (P, k) holds candidate indices, `distance` (P, k) their distances.
    """

    candidate: NDArray[np.int64]
    distance: FloatArray


def mahalanobis_distance(schools: FloatArray, candidates: FloatArray) -> FloatArray:
    """Distance (P, N) of `schools` (P, C) from `candidates` (N, C) over C characteristics.

    sqrt((x_i - x_j)' V^-1 (x_i - x_j)) with V the covariance of the candidates, as for an effect on the
    treated (Stuart 2010, Statistical Science 25: 1, section 2.2). It standardises each characteristic and
    counts shared variation once. A characteristic that a school lacks (NaN) is ignored for that school; one
    that is constant among candidates is ignored for all. Raises ValueError if a candidate lacks one.
    """
    if not np.isfinite(candidates).all():
        raise ValueError("a candidate lacks a characteristic")
    spread = candidates.std(axis=0)
    varies = spread > 0
    scale = np.where(varies, spread, 1.0)
    centred = (candidates - candidates.mean(axis=0)) / scale
    covariance = np.cov(centred, rowvar=False, bias=True).reshape(len(scale), len(scale))
    difference = (schools[:, None, :] - candidates[None, :, :]) / scale
    distance = np.empty(difference.shape[:2])
    for row, is_used in enumerate(np.isfinite(schools) & varies):
        inverse = np.linalg.pinv(covariance[np.ix_(is_used, is_used)], hermitian=True)
        x = difference[row][:, is_used]
        distance[row] = np.sqrt(np.maximum(np.einsum("nc,cd,nd->n", x, inverse, x), 0.0))
    return distance


def nearest(
    schools: FloatArray,
    candidates: FloatArray,
    candidate_ids: NDArray[np.int64],
    *,
    n_matches: int,
) -> Matches:
    """The `n_matches` nearest candidates of each school, with replacement; all if there are fewer.

    Shapes as in `mahalanobis_distance`, `candidate_ids` (N,). Each school is matched separately, so order
    does not matter; ties go to the lower id.
    """
    distance = mahalanobis_distance(schools, candidates).round(_DECIMALS)
    order = np.array([np.lexsort((candidate_ids, row)) for row in distance], dtype=np.int64)
    chosen = order.reshape(distance.shape)[:, :n_matches]
    return Matches(chosen, np.take_along_axis(distance, chosen, axis=1))
