"""How far both sides' own trends would have to differ for a verdict to change, and how far they once did.

`headline` makes the verdict, `estimators` the comparison of changes that is repeated here on earlier years.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.impact.arrays import BoolArray
from pipelines.impact.estimators import change_model, effects
from pipelines.impact.headline import too_few_schools
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import Estimate, NotComputable, SampleSize

NO_EARLIER_CHANGE = (
    "no earlier year has results of enough schools on both sides that also have a year before it"
)


@dataclass(frozen=True)
class EarlierChanges:
    """How far both sides' changes differed in the baseline years, in points of the outcome year.

    Each baseline year but the first is compared with the mean of those before it. `low` and `high` are the
    smallest and largest of these differences, `ci_low` and `ci_high` the outermost ends of their 95%
    intervals. `sample` has the schools that are in all of them.
    """

    low: float
    high: float
    ci_low: float
    ci_high: float
    sample: SampleSize


def breakdown(ci_low: float, ci_high: float, smallest_effect: float | None) -> float:
    """The smallest difference between both sides' own trends at which the verdict is another one (>= 0).

    If the programme's schools would have moved by d more than the others without the programme, both ends and
    their interval move by -d: [ci_low - d, ci_high - d]. With s the `smallest_effect` (or None), the verdict
    of `headline.verdict` changes where d passes `ci_low` or `ci_high` (zero enters or leaves the interval),
    and between these where d passes ci_high - s or ci_low + s, if the interval is shorter than 2 s (it enters
    or leaves ± s). The nearest of these to zero is the breakdown point (Manski and Pepper 2018, Review of
    Economics and Statistics 100: 232; Rambachan and Roth 2023, Review of Economic Studies 90: 2555). It
    includes chance as far as the interval does.
    """
    points = [ci_low, ci_high]
    if smallest_effect is not None and ci_high - ci_low < 2 * smallest_effect:
        inner = (ci_high - smallest_effect, ci_low + smallest_effect)
        points += [point for point in inner if ci_low < point < ci_high]
    return min(abs(point) for point in points)


def earlier_changes(panel: SchoolPanel) -> dict[str, EarlierChanges | NotComputable]:
    """What the comparison of changes would have shown in earlier years, before any programme's results.

    The change end of the bracket (`estimators.change_from_baseline_mean`), with a baseline year as outcome
    and the years before it as baseline. A difference includes chance, and regression to the mean if schools
    were selected on the year. Years with too few schools for an estimate are left out.
    """
    found: dict[str, list[Estimate]] = {programme: [] for programme in panel.programmes}
    shared = np.ones(panel.n_schools, dtype=np.bool_)
    for place in range(1, len(panel.baseline_years)):
        z = panel.mean[:, : place + 1]
        enters = np.isfinite(z[:, -1]) & np.isfinite(z[:, :-1]).any(axis=1)
        if not enters.any() or not panel.scale[place] > 0:
            continue
        earlier = _as_of(panel, place, enters)
        model = change_model(earlier, earlier.baseline_years)
        answers = effects(earlier, "earlier_changes", model)
        estimated = [
            answer
            for answer in answers.values()
            if isinstance(answer, Estimate)
            and not too_few_schools(answer.sample, answer.degrees_of_freedom)
        ]
        for answer in estimated:
            found[answer.programme].append(answer)
        if estimated:
            shared &= enters
    to_unit = panel.outcome_scale
    return {
        programme: EarlierChanges(
            low=min(each.estimate for each in changes) * to_unit,
            high=max(each.estimate for each in changes) * to_unit,
            ci_low=min(each.ci_low for each in changes) * to_unit,
            ci_high=max(each.ci_high for each in changes) * to_unit,
            sample=panel.sample_size(programme, shared),
        )
        if changes
        else NotComputable(
            programme, "earlier_changes", NO_EARLIER_CHANGE, panel.sample_size(programme, shared)
        )
        for programme, changes in found.items()
    }


def _as_of(panel: SchoolPanel, place: int, enters: BoolArray) -> SchoolPanel:
    """The panel as if its baseline year at `place` were the outcome, in pupil SDs of each year."""
    years, columns = panel.baseline_years, slice(0, place + 1)
    scale = np.where(panel.scale[columns] > 0, panel.scale[columns], 1.0)
    return replace(
        panel,
        baseline_years=years[:place],
        outcome_years=(years[place],),
        school_ids=panel.school_ids[enters],
        exposure=panel.exposure[enters],
        mean=((panel.mean[:, columns] - panel.centre[columns]) / scale)[enters],
        n_pupils=panel.n_pupils[enters, columns],
        within_variance=panel.within_variance[columns] / scale**2,
        rounding_half_width=panel.rounding_half_width[columns] / scale,
        centre=np.zeros(place + 1),
        scale=np.ones(place + 1),
    )
