"""Sensitivity to single schools: the range of estimates when each is left out in turn.

Only the range is returned, never the schools behind its ends.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.impact.arrays import FloatArray

_LEVERAGE_ONE = 1e-8
_LEFT_OVER = 1e-10


@dataclass(frozen=True)
class LeaveOneOut:
    """Lowest and highest estimate over `n_left_out` schools left out one at a time, in the outcome's unit.

    For `n_not_computable` further schools there is no estimate without them.
    """

    low: float
    high: float
    n_left_out: int
    n_not_computable: int


def leave_one_school_out(
    outcome: FloatArray, design: FloatArray, weights: FloatArray, *, coefficient: int
) -> LeaveOneOut:
    """Range of one coefficient of a weighted regression, with each row (school) left out in turn.

    `outcome` and `weights` are (S,), `design` (S, p) has full rank. With weights fixed, leaving out row s
    moves coefficient j by exactly -q_sj e_s / (1 - h_s), with q = X (X'X)^-1, e the residual and h the
    leverage, all for rows multiplied by the root of their weight (Belsley, Kuh and Welsch 1980, Regression
    Diagnostics, eq. 2.1). Raises ValueError if the design lacks full rank, or if no school can be left out.
    """
    root = np.sqrt(weights / weights.mean())
    length = np.sqrt(((design * root[:, None]) ** 2).sum(axis=0))
    rows = design * root[:, None] / np.where(length > 0, length, 1.0)
    u, singular, vt = np.linalg.svd(rows, full_matrices=False)
    if len(u) < design.shape[1] or singular.min() <= _LEFT_OVER * singular.max():
        raise ValueError("the columns of the design are not independent")
    projected = u.T @ (outcome * root)
    residual = outcome * root - u @ projected
    influence = u @ (vt[:, coefficient] / singular) / length[coefficient]
    estimate = float(vt[:, coefficient] / singular @ projected) / length[coefficient]
    slack = 1 - (u**2).sum(axis=1)
    can_leave = slack > _LEVERAGE_ONE
    if not can_leave.any():
        raise ValueError("there is no estimate without any one of the schools")
    without = estimate - influence[can_leave] * residual[can_leave] / slack[can_leave]
    return LeaveOneOut(
        low=float(without.min()),
        high=float(without.max()),
        n_left_out=int(can_leave.sum()),
        n_not_computable=int((~can_leave).sum()),
    )
