"""Alternative brackets that might be narrower than the headline's, tested but not adopted.

Uses schools and scenarios of the main grid without a second programme or suppression; `intervals` defines the
alternatives.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import chain, product

import numpy as np

from pipelines.impact import estimators
from pipelines.impact.arrays import FloatArray
from pipelines.impact.headline import bracket
from pipelines.impact.imbens_manski import between_ends
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import Bracket, Estimate, NotComputable
from tests.calibration.scenarios import EFFECTS, MEAN_PUPILS, SELECTIONS, SIZES, Scenario
from tests.calibration.schools import Schools, draw_schools, panel_of
from tests.calibration.simulation import one_thread_pool

# Alternatives were tried before schools could be chosen for a decline.
CHOSEN_ON = tuple(selection for selection in SELECTIONS if selection != "true_decline")
PLACE = ("n_members", "n_schools", "mean_pupils", "selection", "effect")

Interval = tuple[float, float]


def intervals(schools: Schools, scenario: Scenario) -> dict[str, Interval] | None:
    """Intervals of the headline and of each alternative, or None without a headline."""
    panel = panel_of(schools, scenario)
    conditioned = estimators.ancova(panel)["first"]
    differenced = estimators.change_from_baseline_mean(panel)["first"]
    headline = bracket(conditioned, differenced)
    if not isinstance(headline, Bracket):
        return None
    lasting = _fit(panel, _lasting_level(panel))
    everyone = _fit(panel, np.hstack([panel.standardised()[:, :-1], _all_pupils(schools, panel)]))
    return {
        "headline": (headline.ci_low, headline.ci_high),
        "union_of_95_intervals": _union(conditioned, differenced),
        "one_baseline_mean": _between(_fit(panel, _baseline_mean(panel)), differenced),
        "all_pupil_baselines": _between(everyone, differenced),
        "prior_attainment_of_pupils": _adjusted(schools, scenario),
        "errors_in_variables_for_change": _between(conditioned, lasting),
        "errors_in_variables_alone": _union(lasting, lasting),
        "equal_weights": _between(
            _fit(panel, panel.standardised()[:, :-1], has_equal_weights=True),
            _equal_weights_change(panel),
        ),
    }


def _adjusted(schools: Schools, scenario: Scenario) -> Interval:
    """The headline's bracket on results minus their prediction from prior attainment."""
    panel = panel_of(schools, replace(scenario, is_prior_adjusted=True))
    return _between(
        estimators.ancova(panel)["first"], estimators.change_from_baseline_mean(panel)["first"]
    )


def _all_pupils(schools: Schools, panel: SchoolPanel) -> FloatArray:
    """Mean over baseline years of all pupils' results, (S, 1); all schools are in the panel."""
    return schools.everyone[:, : len(panel.baseline_years)].mean(axis=1)[:, None]


def _between(first: Estimate | NotComputable, second: Estimate | NotComputable) -> Interval:
    if not isinstance(first, Estimate) or not isinstance(second, Estimate):
        return np.nan, np.nan
    ends = (first, second)
    found = between_ends(
        [end.estimate for end in ends],
        [end.standard_error for end in ends],
        min(end.degrees_of_freedom for end in ends),
    )
    return found.ci_low, found.ci_high


def _union(first: Estimate | NotComputable, second: Estimate | NotComputable) -> Interval:
    ends = [end for end in (first, second) if isinstance(end, Estimate)]
    if len(ends) < 2:
        return np.nan, np.nan
    return min(end.ci_low for end in ends), max(end.ci_high for end in ends)


def _baseline_mean(panel: SchoolPanel) -> FloatArray:
    """Pupil-weighted mean of a school's baseline years, (S, 1): one covariate instead of two."""
    z, n = panel.standardised()[:, :-1], panel.n_pupils[:, :-1]
    return (np.nansum(z * n, axis=1) / n.sum(axis=1))[:, None]


def _lasting_level(panel: SchoolPanel) -> FloatArray:
    """Expected lasting level given all baselines and exposure, (S, 1): regression calibration.

    The reliability is estimated: covariance between years over the variance of a year.
    """
    z, sampling = panel.standardised()[:, :-1], panel.sampling_variance()[:, :-1]
    membership = np.column_stack([np.ones(panel.n_schools), panel.exposure])
    every = np.ones(panel.n_schools, dtype=np.bool_)
    means, between = zip(
        *(
            estimators._exposure_means(membership, z[:, year], sampling[:, year], every)
            for year in range(z.shape[1])
        ),
        strict=True,
    )
    fitted = np.column_stack(means)
    deviation = z - fitted
    lasting = estimators._lasting_variance(deviation, np.isfinite(z), np.array(between))
    passing = max(float(np.mean(between)) - lasting, 0.0)
    precision = 1 / (passing + sampling)
    shrunk = lasting * (precision * deviation).sum(axis=1)
    level = fitted.mean(axis=1) + shrunk / (1 + lasting * precision.sum(axis=1))
    return np.asarray(level[:, None])


def _fit(
    panel: SchoolPanel, covariates: FloatArray, *, has_equal_weights: bool = False
) -> Estimate | NotComputable:
    variance = panel.sampling_variance()[:, -1]
    if has_equal_weights:
        variance = np.zeros_like(variance)
    return _effect(panel, panel.standardised()[:, -1], variance, covariates)


def _equal_weights_change(panel: SchoolPanel) -> Estimate | NotComputable:
    z = panel.standardised()
    no_covariates = np.empty((panel.n_schools, 0))
    change = z[:, -1] - z[:, :-1].mean(axis=1)
    return _effect(panel, change, np.zeros(panel.n_schools), no_covariates)


def _effect(
    panel: SchoolPanel, outcome: FloatArray, sampling_variance: FloatArray, covariates: FloatArray
) -> Estimate | NotComputable:
    model = estimators.exposure_model(
        panel,
        outcome=outcome,
        sampling_variance=sampling_variance,
        covariates=covariates,
        is_in_model=np.ones(panel.n_schools, dtype=np.bool_),
    )
    return estimators.effects(panel, "ancova", model)["first"]


def tried(scenario: Scenario, n_draws: int) -> list[dict[str, object]]:
    """One row per alternative: shares that exclude zero and that cover, mean width in pupil SDs."""
    found = []
    for draw in range(n_draws):
        schools = draw_schools(scenario.n_schools, scenario.mean_pupils, draw)
        answer = intervals(schools, scenario)
        if answer is not None:
            found.append(answer)
    rows: list[dict[str, object]] = []
    for name in found[0]:
        ends = np.array([answer[name] for answer in found])
        low, high = ends[np.isfinite(ends).all(axis=1)].T
        covers = (low <= scenario.effect) & (scenario.effect <= high)
        measured = {
            "alternative": name,
            "answered_share": len(low) / len(found),
            "rejects_share": float(((low > 0) | (high < 0)).mean()),
            "covers_share": float(covers.mean()),
            "width": float((high - low).mean()),
        }
        rows.append({column: getattr(scenario, column) for column in PLACE} | measured)
    return rows


def try_all(n_draws: int, n_processes: int) -> list[dict[str, object]]:
    """The rows of `alternatives.csv`."""
    scenarios = [
        Scenario(*size, mean_pupils, selection, effect)
        for size, mean_pupils, selection, effect in product(
            SIZES, MEAN_PUPILS, CHOSEN_ON, (EFFECTS[0], EFFECTS[-1])
        )
    ]
    with one_thread_pool(n_processes) as pool:
        return list(chain.from_iterable(pool.map(partial(tried, n_draws=n_draws), scenarios)))
