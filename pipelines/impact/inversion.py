"""p-values and intervals by test inversion, from resampled studentised statistics.

Used by `randomisation` and `wild_bootstrap`, whose statistics depend on the tested effect in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.impact.arrays import FloatArray
from pipelines.impact.score_interval import CONFIDENCE

# Draws that repeat the observed assignment tie with it, up to rounding.
_TIE = 1e-9
_NOTHING = 1e-20
_NOISE = 1e-28
_ALPHA = 1 - CONFIDENCE
_FIRST_REACH = 8.0  # standard errors to either side
_N_GRID = 64
_N_BISECTIONS = 40


@dataclass(frozen=True)
class DrawnInference:
    """One coefficient, in the outcome's unit, with p-value and 95% interval from the same draws.

    `standard_error` is HC2, as in the headline. The interval is infinite if there are too few schools, or
    assignments, for any effect to be rejected.
    """

    estimate: float
    standard_error: float
    p_value: float
    ci_low: float
    ci_high: float
    n_draws: int


@dataclass(frozen=True)
class DrawnStatistics:
    """Squared t of D draws as a function of the tested effect tau0, and the observed statistic.

    Subtracting tau0 times the exposure from the outcome changes coefficients and residuals of each draw
    linearly. So without refitting

        t_d^2(tau0) = (level_d - slope_d tau0)^2 / (v0_d - 2 v1_d tau0 + v2_d tau0^2)

    is compared with (estimate - tau0)^2 / standard_error^2. `level`, `slope`, `v0`, `v1`, `v2` are (D,); a
    draw without a statistic is NaN in `level` and counts as at least as extreme.
    """

    estimate: float
    standard_error: float
    level: FloatArray
    slope: FloatArray
    v0: FloatArray
    v1: FloatArray
    v2: FloatArray

    @property
    def n_draws(self) -> int:
        """Number of draws D, without the observed assignment."""
        return len(self.level)

    def inference(self) -> DrawnInference:
        """Estimate, p-value of no effect, and interval."""
        ci_low, ci_high = self.interval()
        return DrawnInference(
            self.estimate, self.standard_error, self.p_value(), ci_low, ci_high, self.n_draws
        )

    def p_value(self, shift: float = 0.0) -> float:
        """Two-sided p of the effect `shift`: (1 + draws at least as extreme) / (1 + D).

        The observed assignment counts as one of the draws (Phipson and Smyth 2010, Statistical
        Applications in Genetics and Molecular Biology 9: 39), so p is never 0.
        """
        squared = (self.estimate - shift) ** 2 / self.standard_error**2
        numerator = (self.level - self.slope * shift) ** 2
        variance = self.v0 - 2 * self.v1 * shift + self.v2 * shift**2
        # "Not below" rather than "at least", so that a draw without a statistic counts.
        is_below = numerator < squared * np.maximum(variance, 0.0) * (1 - _TIE)
        return float(1 + (~is_below).sum()) / (1 + self.n_draws)

    def interval(self) -> tuple[float, float]:
        """95% interval: the smallest that contains every effect with p above 5%.

        It is searched outwards from the estimate (where p is 1) on a grid in standard errors, then by
        bisection at the outermost crossing. Infinite if there are too few distinct assignments to reject any
        effect.
        """
        never_rejects = ~np.isfinite(self.level) | (self.v2 <= _NOTHING * self.slope**2)
        if (1 + never_rejects.sum()) / (1 + self.n_draws) > _ALPHA:
            return -np.inf, np.inf
        return self._end(-1), self._end(1)

    def _end(self, side: int) -> float:
        """The outermost effect on one side of the estimate that is not rejected."""

        def is_kept(n_errors: float) -> bool:
            return self.p_value(self.estimate + side * n_errors * self.standard_error) > _ALPHA

        reach = _FIRST_REACH
        while True:
            grid = np.linspace(0, reach, _N_GRID + 1)
            last = max(i for i, n_errors in enumerate(grid) if is_kept(n_errors))
            if last <= _N_GRID // 2:
                break
            reach *= 2
        inside, outside = float(grid[last]), float(grid[last + 1])
        for _ in range(_N_BISECTIONS):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if is_kept(middle) else (inside, middle)
        return float(self.estimate + side * outside * self.standard_error)


def is_rounding_noise(variance: float, outcome: FloatArray) -> bool:
    """Whether a coefficient's variance is only the rounding error of a perfect fit of `outcome`."""
    return not variance > _NOISE * float((outcome**2).max(initial=0.0))
