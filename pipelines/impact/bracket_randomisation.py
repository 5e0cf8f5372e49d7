"""Randomisation test of the bracket itself: both ends at once, under the same reshuffled memberships.

`randomisation` computes each end's statistics and tests one end alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.impact.arrays import FloatArray
from pipelines.impact.estimators import ExposureModel
from pipelines.impact.inversion import DrawnStatistics
from pipelines.impact.randomisation import permutation_statistics, permutations_within

# Draws that repeat the observed assignment tie with it, up to rounding.
_TIE = 1e-9


def bracket_randomisation(
    ends: tuple[ExposureModel, ExposureModel],
    exposure: FloatArray,
    *,
    programme: int,
    strata: NDArray[np.int64],
    draws: int,
    seed: int,
) -> tuple[tuple[float, float], float]:
    """Both ends' estimates, in pupil SDs, and the p-value of no effect on the bracket as a whole.

    `ends` are the models of ANCOVA and of the change from the baseline mean on the same S schools, without
    memberships (`SchoolPanel.without_programmes`), so that covariates and weights do not depend on them;
    `exposure` (S, P) and `strata` (S,) as in `randomisation.randomisation_inference`.

    The statistic is the smaller of both ends' studentised estimates where they have the same sign, else 0: a
    claim needs both ends (an intersection-union test, Berger 1982, Technometrics 24: 295). Its distribution
    comes from reshuffling memberships in both models alike, which keeps how the ends depend on each other.
    Under the sharp null and memberships exchangeable within strata the p-value is exact (Rosenbaum 2002,
    Statistical Science 17: 286). A draw without a statistic counts as at least as extreme.

    Raises ValueError if an end's coefficient or its standard error cannot be estimated, or if the ends are of
    different schools.
    """
    first, second = ends
    if len(first.outcome) != len(second.outcome):
        raise ValueError("the two comparisons are of different schools")
    permutations = permutations_within(strata, draws, seed)
    of_ends = [
        permutation_statistics(
            end.outcome,
            exposure,
            end.covariates,
            end.weights,
            programme=programme,
            permutations=permutations,
        )
        for end in ends
    ]
    observed = _both([np.array([each.estimate / each.standard_error]) for each in of_ends])[0]
    drawn = _both([_studentised(each) for each in of_ends])
    # "Not below" rather than "at least", so that a draw without a statistic counts.
    n_extreme = int((~(drawn < observed * (1 - _TIE))).sum())
    estimates = (of_ends[0].estimate, of_ends[1].estimate)
    return estimates, (1 + n_extreme) / (1 + draws) if observed > 0 else 1.0


def _studentised(drawn: DrawnStatistics) -> FloatArray:
    """Student's t (D,) of each draw; NaN without one."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(drawn.v0 > 0, drawn.level / np.sqrt(drawn.v0), np.nan))


def _both(t: list[FloatArray]) -> FloatArray:
    """The smaller of two statistics' sizes where they have the same sign, else 0; NaN if either is."""
    size = np.minimum(np.abs(t[0]), np.abs(t[1]))
    is_missing = np.isnan(t[0]) | np.isnan(t[1])
    return np.where(is_missing, np.nan, np.where(t[0] * t[1] > 0, size, 0.0))
