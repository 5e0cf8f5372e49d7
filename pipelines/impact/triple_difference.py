"""Within-school triple difference: the target pupils' change less that of their schoolmates.

A robustness row; the fit, its weights and intervals are `estimators`'.
"""

from __future__ import annotations

import numpy as np

from pipelines.impact.estimators import Answers, effects, exposure_model
from pipelines.impact.panel import FloatArray, SchoolPanel


def triple_difference(target: SchoolPanel, complement: SchoolPanel) -> Answers:
    """Change in the gap between a school's target pupils and its others, on exposures.

    Both panels are of one measure and the same programmes and years, `target` of the programme's
    pupils and `complement` of the school's other pupils; schools in both count, with the years in
    which both groups have a result. The outcome is the gap of the outcome year less the mean gap of
    the baseline years, each year's gap in that year's SD of target pupils; the effect comes back in
    the unit of the outcome year. Weights are 1 / (sampling variance of both groups' changes +
    between-school variance about the regression), the groups being different pupils.

    Takes out whatever moved all of a school's pupils alike: a new head, a change of intake, the
    school's own luck (Gruber 1994, American Economic Review 84: 622; Olden and Møen 2022,
    Econometrics Journal 25: 531). It assumes that without the programme the gap would have changed
    alike in programme and comparison schools; that the programme did nothing for the other pupils
    (what spills over to them is taken off the effect); and that schools were not chosen on the
    target pupils' own bad luck, which it does not take out: a change from baseline, like that one
    end of the headline, it overstates then.

    Raises ValueError if the panels differ in measure, programmes, years or a school's exposures.
    """
    names = ("measure", "programmes", "baseline_years", "outcome_year")
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
    n_years = has_gap[:, :-1].sum(axis=1)
    divisor = np.maximum(n_years, 1)
    baseline = np.where(has_gap, gap, 0.0)[:, :-1].sum(axis=1) / divisor
    baseline_variance = np.where(has_gap, variance, 0.0)[:, :-1].sum(axis=1) / divisor**2
    model = exposure_model(
        target,
        outcome=gap[:, -1] - baseline,
        sampling_variance=variance[:, -1] + baseline_variance,
        covariates=np.empty((target.n_schools, 0)),
        is_in_model=has_gap[:, -1] & (n_years > 0),
    )
    return effects(target, "triple_difference", model)


def _from_centre(panel: SchoolPanel) -> FloatArray:
    """School means (S, Y) less their year's, in the unit: gaps of unlike years then compare."""
    return panel.mean - panel.centre


def _variance_in_unit(panel: SchoolPanel) -> FloatArray:
    """Sampling and rounding variance (S, Y) of school means, in the squared unit."""
    scale: FloatArray = np.where(panel.scale > 0, panel.scale, 1.0)
    return panel.sampling_variance() * scale**2
