"""One evaluation of simulated schools, as in the pipeline, and summaries of many.

Schools come from `schools`; `report` writes tables and pages.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.impact.arrays import FloatArray
from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.headline import extrapolation_reason
from pipelines.impact.results import ImpactRow
from tests.calibration.scenarios import Scenario
from tests.calibration.schools import SD_OF_MEETING, Schools, panel_of

SMALLEST_EFFECT = 0.1
ESTIMATORS = ("bracket", "ancova", "change_from_baseline_mean", "change_since_last_year")
VERDICTS = (None, "cannot_tell", "better", "worse", "no_meaningful_difference")


@dataclass(frozen=True)
class Trial:
    """Results of one evaluation for the first programme; NaN throughout without an estimate.

    `verdict` is an index into `VERDICTS`; `intervals` (4, 4) has a row per estimator of `ESTIMATORS` and
    columns estimate low, estimate high, interval low, interval high, in pupil SDs.
    """

    verdict: int
    has_overlap: bool
    mde: float
    intervals: FloatArray


@dataclass(frozen=True)
class Calibration:
    """A scenario's draws, and shares of them; all but the first share are of draws with an estimate.

    `..._rejects_share` is the share of intervals that exclude zero, whatever the overlap; `_bias` the mean
    estimate minus the effect, `width` that of intervals, both in pupil SDs. NaN if no draw has an estimate.
    """

    n_draws: int
    estimate_share: float
    no_overlap_share: float
    better_share: float
    worse_share: float
    no_meaningful_difference_share: float
    false_verdict_share: float
    bracket_rejects_share: float
    ancova_rejects_share: float
    change_rejects_share: float
    naive_rejects_share: float
    bracket_covers_share: float
    ancova_covers_share: float
    change_covers_share: float
    naive_covers_share: float
    ancova_bias: float
    change_bias: float
    naive_bias: float
    bracket_width: float
    ancova_width: float
    change_width: float
    mde: float


def run_trial(schools: Schools, scenario: Scenario) -> Trial:
    """Evaluate the schools as a study does, with `SMALLEST_EFFECT` in the protocol."""
    panel = panel_of(schools, scenario)
    unit = SD_OF_MEETING if schools.is_share else 1.0
    questions = [
        ProgrammeQuestion(
            programme,
            target_group=panel.pupil_group,
            is_primary=True,
            smallest_effect=SMALLEST_EFFECT * unit,
        )
        for programme in panel.programmes
    ]
    rows = {
        row.estimator: row
        for row in evaluate_measure(panel, questions, release_status=None)
        if row.programme == "first"
    }
    headline = rows["bracket"]
    return Trial(
        verdict=VERDICTS.index(headline.verdict),
        has_overlap=extrapolation_reason(panel, "first") is None,
        mde=np.nan if headline.mde is None else headline.mde / unit,
        intervals=np.array([_numbers(rows[name]) for name in ESTIMATORS]) / unit,
    )


def _numbers(row: ImpactRow) -> list[float]:
    numbers = (row.estimate_low, row.estimate_high, row.ci_low, row.ci_high)
    return [np.nan if number is None else number for number in numbers]


def calibration(trials: list[Trial], effect: float) -> Calibration:
    """Summarise the trials of one scenario."""
    estimated = [trial for trial in trials if np.isfinite(trial.intervals[0]).all()]
    if not estimated:
        nothing = dict.fromkeys(Calibration.__dataclass_fields__, np.nan)
        return Calibration(**nothing | {"n_draws": len(trials), "estimate_share": 0.0})
    intervals = np.array([trial.intervals for trial in estimated])
    low, high = intervals[:, :, 2], intervals[:, :, 3]
    # A draw may lack a method (the naive change needs last year), and then does not count for it.
    has_method = np.isfinite(low)
    counted = has_method.sum(axis=0)
    rejects = ((has_method & ((low > 0) | (high < 0))).sum(axis=0) / counted).tolist()
    covers = ((has_method & (low <= effect) & (effect <= high)).sum(axis=0) / counted).tolist()
    bias = (np.nanmean(intervals[:, :, :2].mean(axis=2), axis=0) - effect).tolist()
    width = np.nanmean(high - low, axis=0).tolist()
    said = [VERDICTS[trial.verdict] for trial in estimated]
    share = {verdict: said.count(verdict) / len(said) for verdict in VERDICTS}
    false = share["worse"]
    false += share["better"] if effect == 0 else 0.0
    false += share["no_meaningful_difference"] if effect > SMALLEST_EFFECT else 0.0
    return Calibration(
        n_draws=len(trials),
        estimate_share=len(estimated) / len(trials),
        no_overlap_share=float(np.mean([not trial.has_overlap for trial in estimated])),
        better_share=share["better"],
        worse_share=share["worse"],
        no_meaningful_difference_share=share["no_meaningful_difference"],
        false_verdict_share=false,
        bracket_rejects_share=rejects[0],
        ancova_rejects_share=rejects[1],
        change_rejects_share=rejects[2],
        naive_rejects_share=rejects[3],
        bracket_covers_share=covers[0],
        ancova_covers_share=covers[1],
        change_covers_share=covers[2],
        naive_covers_share=covers[3],
        ancova_bias=bias[1],
        change_bias=bias[2],
        naive_bias=bias[3],
        bracket_width=width[0],
        ancova_width=width[1],
        change_width=width[2],
        mde=float(np.mean([trial.mde for trial in estimated])),
    )
