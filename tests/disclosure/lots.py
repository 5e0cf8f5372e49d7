"""Where the ends of intervals lie, and on which side of a draw, for methods that draw lots.

Near a world every end is where one single draw is as extreme as what was observed, and a p-value says
between which two draws the observed one stands. These draws are found once; in other worlds nearby only they
are drawn again, so that ends and p-values have slopes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from pipelines.catalogue.impact import ESTIMATE
from pipelines.impact.estimators import ExposureModel, ancova_model
from pipelines.impact.inversion import DrawnStatistics
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.randomisation import permutation_statistics, permutations_within
from pipelines.impact.robustness import Draws
from pipelines.impact.wild_bootstrap import bootstrap_statistics, multipliers_drawn

P_DECIMALS = int(str(ESTIMATE.column("p_value").decimals))
Made = Callable[[NDArray[np.intp] | slice], DrawnStatistics]


@dataclass(frozen=True)
class _Critical:
    """Draws that matter, by what they make, and the ends of the interval where they were found."""

    draws: dict[str, int]
    ends: dict[str, float]


@dataclass
class Lots:
    """Lots of one measure; the first panel asked about is the world that all others are near."""

    draws: Draws
    _critical: dict[tuple[str, str], _Critical] = field(default_factory=dict)
    _permuted: NDArray[np.intp] | None = None
    _multiplied: NDArray[np.float64] | None = None

    def figures(self, panel: SchoolPanel) -> dict[tuple[str, str, str, str], float]:
        """Estimates and ends in the measure's unit; of p-values how much more extreme two draws are."""
        found: dict[tuple[str, str, str, str], float] = {}
        null, model = ancova_model(panel.without_programmes()), ancova_model(panel)
        for programme in panel.programmes:
            for method, made in self._methods(panel, programme, null, model).items():
                if (programme, method) not in self._critical:
                    self._critical[programme, method] = _critical_of(made(slice(None)))
                critical = self._critical[programme, method]
                name, scale = (panel.measure, programme, method), panel.outcome_scale
                statistics = made(np.array([*critical.draws.values()] or [0]))
                for column in ("estimate_low", "estimate_high"):
                    found[*name, column] = statistics.estimate * scale
                for at, what in enumerate(critical.draws):
                    found[*name, what] = (
                        _end_near(statistics, at, critical.ends[what]) * scale
                        if what in critical.ends
                        else float(_excess(statistics, 0.0)[at])
                    )
        return found

    def _methods(
        self, panel: SchoolPanel, programme: str, null: ExposureModel, model: ExposureModel
    ) -> dict[str, Made]:
        at = panel.programmes.index(programme)

        def permuted(which: NDArray[np.intp] | slice) -> DrawnStatistics:
            return permutation_statistics(
                null.outcome,
                panel.exposure[null.is_in_model],
                null.covariates,
                null.weights,
                programme=at,
                permutations=self._permutations(null.is_in_model)[which],
            )

        def resampled(which: NDArray[np.intp] | slice) -> DrawnStatistics:
            return bootstrap_statistics(
                model.outcome,
                model.design,
                model.weights,
                coefficient=at + 1,
                multipliers=self._multipliers(len(model.outcome))[which],
            )

        return {"randomisation_inference": permuted, "wild_cluster_bootstrap": resampled}

    def _permutations(self, is_in_model: NDArray[np.bool_]) -> NDArray[np.intp]:
        if self._permuted is None:
            strata = self.draws.strata[is_in_model]
            self._permuted = permutations_within(strata, self.draws.n_draws, self.draws.seed)
        return self._permuted

    def _multipliers(self, n_schools: int) -> NDArray[np.float64]:
        if self._multiplied is None:
            self._multiplied = multipliers_drawn(self.draws.n_draws, n_schools, self.draws.seed)
        return self._multiplied


def _critical_of(drawn: DrawnStatistics) -> _Critical:
    inference = drawn.inference()
    ends = {
        what: end
        for what, end in (("ci_low", inference.ci_low), ("ci_high", inference.ci_high))
        if np.isfinite(end)
    }
    draws = {what: int(np.abs(_excess(drawn, end)).argmin()) for what, end in ends.items()}
    # As many draws as the p-value says, give or take its last decimal, are at least as extreme.
    excess, size = _excess(drawn, 0.0), drawn.n_draws + 1
    order = np.argsort(-excess, kind="stable")
    published, half = round(inference.p_value, P_DECIMALS), 0.5 * 10.0**-P_DECIMALS
    fewest = int(np.ceil((published - half) * size - 1e-6)) - 1
    most = int(np.floor((published + half) * size + 1e-6)) - 1
    if fewest > 0 and np.isfinite(excess[order[fewest - 1]]):
        draws["p_above"] = int(order[fewest - 1])
    if most < drawn.n_draws and np.isfinite(excess[order[most]]):
        draws["p_below"] = int(order[most])
    return _Critical(draws, ends)


def _excess(drawn: DrawnStatistics, shift: float) -> NDArray[np.float64]:
    """Log of each draw's squared t over the observed one's, when `shift` is tested; inf without a t."""
    squared = (drawn.level - drawn.slope * shift) ** 2
    variance = drawn.v0 - 2 * drawn.v1 * shift + drawn.v2 * shift**2
    observed = (drawn.estimate - shift) ** 2 / drawn.standard_error**2
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = np.log(squared / variance / observed)
    return np.where(np.isnan(drawn.level), np.inf, excess)


def _end_near(drawn: DrawnStatistics, at: int, end: float) -> float:
    """The effect nearest to `end` at which one draw is as extreme as what was observed."""
    level, slope = drawn.level[at], drawn.slope[at]
    of_draw = Polynomial([level, -slope]) ** 2 * drawn.standard_error**2
    variance = Polynomial([drawn.v0[at], -2 * drawn.v1[at], drawn.v2[at]])
    roots = (of_draw - Polynomial([drawn.estimate, -1.0]) ** 2 * variance).roots()
    return float(roots[np.abs(roots - end).argmin()].real)
