"""Wild cluster bootstrap with the null imposed; each school is its own cluster.

Draws signs for residuals and computes all statistics at once; `inversion` turns them into p-values and
intervals.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from pipelines.impact.arrays import FloatArray
from pipelines.impact.inference import orthonormal_basis
from pipelines.impact.inversion import DrawnInference, DrawnStatistics, is_rounding_noise

BootstrapWeights = Literal["webb", "rademacher"]

_VALUES: dict[BootstrapWeights, FloatArray] = {
    "webb": np.sqrt([0.5, 1.0, 1.5]) * np.array([[-1.0], [1.0]]),
    "rademacher": np.array([-1.0, 1.0]),
}
_BLOCK = 256
_LEFT_OVER = 1e-10
_LEVERAGE_ONE = 1e-8


def wild_bootstrap(
    outcome: FloatArray,
    design: FloatArray,
    weights: FloatArray,
    *,
    coefficient: int,
    draws: int,
    seed: int,
    bootstrap_weights: BootstrapWeights = "webb",
) -> DrawnInference:
    """Test and bound one coefficient of a weighted regression by the restricted wild bootstrap.

    `outcome` and `weights` (inverse variances) are (S,), `design` (S, p), one row per school. For each tested
    effect the model is fitted under it, every school's residual is multiplied by a draw of
    `bootstrap_weights`, and the HC2 t of the result is compared with the observed one (Cameron, Gelbach and
    Miller 2008, Review of Economics and Statistics 90: 414). Webb's six points (2023, Canadian Journal of
    Economics 56: 839) are used because with few schools Rademacher's two give too few distinct draws. The
    interval inverts the test. It is meant for many schools; with a handful in the programme it hardly ever
    rejects (MacKinnon and Webb 2018, Econometrics Journal 21: 114).

    Raises ValueError if the coefficient or its standard error cannot be estimated.
    """
    return bootstrap_statistics(
        outcome,
        design,
        weights,
        coefficient=coefficient,
        multipliers=multipliers_drawn(draws, len(outcome), seed, bootstrap_weights),
    ).inference()


def multipliers_drawn(
    draws: int, n_schools: int, seed: int, bootstrap_weights: BootstrapWeights = "webb"
) -> FloatArray:
    """Multipliers of residuals (draws, S), each drawn from the values of `bootstrap_weights`."""
    values = _VALUES[bootstrap_weights].ravel()
    return np.random.default_rng(seed).choice(values, size=(draws, n_schools))


def bootstrap_statistics(
    outcome: FloatArray,
    design: FloatArray,
    weights: FloatArray,
    *,
    coefficient: int,
    multipliers: FloatArray,
) -> DrawnStatistics:
    """Statistics of given multipliers (D, S) of the restricted residuals.

    Other arguments as in `wild_bootstrap`. Under effect tau0 the restricted residual is e_y - tau0 e_x, the
    residuals of outcome and exposure on the other columns. So coefficients and residuals are linear in tau0
    and nothing is refitted. Raises ValueError as `wild_bootstrap` does.
    """
    root = np.sqrt(weights / weights.mean())
    rows = design * root[:, None]
    others = orthonormal_basis(np.delete(rows, coefficient, axis=1))
    tested = rows[:, coefficient]
    e_x, e_y = (v - others @ (others.T @ v) for v in (tested, outcome * root))
    left = float((e_x**2).sum())
    if left <= _LEFT_OVER * float((tested**2).sum()):
        raise ValueError("the coefficient cannot be told apart from the others")
    unit = e_x / np.sqrt(left)
    basis = np.column_stack([others, unit])
    leverage = (basis**2).sum(axis=1)
    fits_itself = leverage > 1 - _LEVERAGE_ONE
    b = np.where(fits_itself, 0.0, unit**2 / np.where(fits_itself, 1.0, 1 - leverage)) / left
    estimate = float(unit @ e_y / np.sqrt(left))
    variance = float(b @ (e_y - unit * (unit @ e_y)) ** 2)
    if (unit[fits_itself] ** 2).sum() > _LEVERAGE_ONE or is_rounding_noise(
        variance, outcome * root
    ):
        raise ValueError("the coefficient's standard error cannot be estimated")

    def statistics(multipliers: FloatArray) -> FloatArray:
        drawn_y, drawn_x = multipliers * e_y, multipliers * e_x
        left_y, left_x = (v - (v @ basis) @ basis.T for v in (drawn_y, drawn_x))
        return np.stack(
            [
                drawn_y @ unit / np.sqrt(left),
                drawn_x @ unit / np.sqrt(left),
                left_y**2 @ b,
                (left_y * left_x) @ b,
                left_x**2 @ b,
            ]
        )

    starts = range(0, len(multipliers), _BLOCK)
    blocks = [statistics(multipliers[start : start + _BLOCK]) for start in starts]
    drawn = np.concatenate(blocks, axis=1) if blocks else np.empty((5, 0))
    return DrawnStatistics(estimate, float(np.sqrt(variance)), *drawn)
