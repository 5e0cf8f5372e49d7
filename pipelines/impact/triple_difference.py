"""Within-school triple difference: the target pupils' change minus that of their schoolmates."""

from __future__ import annotations

import numpy as np

from pipelines.impact.arrays import FloatArray
from pipelines.impact.estimators import Answers, effects, exposure_model
from pipelines.impact.panel import SchoolPanel


def triple_difference(target: SchoolPanel, complement: SchoolPanel) -> Answers:
    """Change in the gap between a school's target pupils and its other pupils, regressed on exposures.

    Both panels have one measure and the same programmes and years: `target` for the programme's pupils,
    `complement` for the school's other pupils. Schools in both count, with the years in which both groups
    have a result. The outcome is the gap of the outcome years (`SchoolPanel.pooled`) minus the mean gap of
    the baseline years, each in that year's SD of target pupils; the effect is in the last one's unit. Weights
    are 1 / (sampling variance of both groups' changes + residual between-school variance).

    It removes whatever moved all of a school's pupils alike, such as a new head, a change of intake or luck
    (Gruber 1994, American Economic Review 84: 622; Olden and Møen 2022, Econometrics Journal 25: 531). It
    assumes that without the programme the gap would have changed alike in both sides' schools; that the
    programme did not affect the other pupils (spillovers reduce the estimate); and that schools were not
    selected on the target pupils' own bad luck, which would inflate it like any change from baseline.

    Raises ValueError if the panels differ in measure, programmes, years or a school's exposures.
    """
    names = ("measure", "programmes", "baseline_years", "outcome_years")
    if any(getattr(target, name) != getattr(complement, name) for name in names):
        raise ValueError("the two panels differ in measure, programmes or years")
    _, rows, others = np.intersect1d(target.school_ids, complement.school_ids, return_indices=True)
    if not np.array_equal(target.exposure[rows], complement.exposure[others]):
        raise ValueError("the two panels differ in which schools are in which programme")
    scale = np.where(target.scale > 0, target.scale, 1.0)
    gap = np.full(target.mean.shape, np.nan)
    gap[rows] = (_from_centre(target)[rows] - _from_centre(complement)[others]) / scale
    variance = np.full(target.mean.shape, np.nan)
    variance[rows] = (
        _variance_in_unit(target)[rows] + _variance_in_unit(complement)[others]
    ) / scale**2

    has_gap = np.isfinite(gap)
    n_baselines = len(target.baseline_years)
    n_years = has_gap[:, :n_baselines].sum(axis=1)
    divisor = np.maximum(n_years, 1)
    baseline = np.where(has_gap, gap, 0.0)[:, :n_baselines].sum(axis=1) / divisor
    baseline_variance = np.where(has_gap, variance, 0.0)[:, :n_baselines].sum(axis=1) / divisor**2
    outcome, outcome_variance = target.pooled(gap[:, n_baselines:], variance[:, n_baselines:])
    model = exposure_model(
        target,
        outcome=outcome - baseline,
        sampling_variance=outcome_variance + baseline_variance,
        covariates=np.empty((target.n_schools, 0)),
        is_in_model=np.isfinite(outcome) & (n_years > 0),
    )
    return effects(target, "triple_difference", model)


def _from_centre(panel: SchoolPanel) -> FloatArray:
    """School means (S, Y) minus the year's centre, in the unit, so that gaps compare between years."""
    return panel.mean - panel.centre


def _variance_in_unit(panel: SchoolPanel) -> FloatArray:
    """Sampling and rounding variance (S, Y) of school means, in the squared unit."""
    scale: FloatArray = np.where(panel.scale > 0, panel.scale, 1.0)
    return panel.sampling_variance_by_year * scale**2
