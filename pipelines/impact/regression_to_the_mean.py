"""The part of the naive change that regression to the mean explains.

Reliability is estimated from the panel's baseline years. Nothing here corrects an effect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.impact.arrays import FloatArray
from pipelines.impact.inference import between_school_variance, inverse_variance_weights
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import NotComputable

# Fewer schools give no useful estimate of a covariance between two years.
MIN_SCHOOLS_FOR_RELIABILITY = 10


@dataclass(frozen=True)
class RegressionToTheMean:
    """The part of one programme's naive change that selection on results explains by itself.

    `expected_change` and `naive_change` (programme minus comparison, averages over pupils) are in the
    measure's unit. `reliability` (0 to 1) is that of a programme school's mean in the last year, averaged
    over schools. `share_of_naive` is the first over the second: above 1 if schools improved less than
    expected by chance, None if the naive change is zero.
    """

    programme: str
    expected_change: float
    naive_change: float
    reliability: float
    share_of_naive: float | None


@dataclass(frozen=True)
class Reliability:
    """Variance components of school means in baseline years, in squared pupil SDs.

    `lasting` is the between-school variance that persists between years, `passing` the part that does not;
    `sampling` (S, T) is due to the pupils in a year.
    """

    lasting: float
    passing: float
    sampling: FloatArray

    @property
    def of_means(self) -> FloatArray:
        """Reliability (S, T) of each school's mean: lasting / (lasting + passing + sampling)."""
        total = self.lasting + self.passing + self.sampling
        return np.divide(self.lasting, total, out=np.zeros_like(total), where=total > 0)


def regression_to_the_mean(
    panel: SchoolPanel, programme: str, selection_years: Sequence[str] | None = None
) -> RegressionToTheMean | NotComputable:
    """Expected naive change of a programme whose schools were selected on results of `selection_years`.

    A school whose standardised mean deviated by d from all schools' in the last year is expected at
    reliability x d in the next (Kelley 1927; Davis 1976, American Journal of Epidemiology 104: 493; Barnett
    et al. 2005, International Journal of Epidemiology 34: 215), so it moves by -(1 - reliability) d. The
    expected naive change is the average of this over the pupils of the programme's schools minus that over
    the others'; with equal reliabilities this is (1 - reliability) (comparison mean - programme mean). With
    several selection years, the best linear prediction from all of them replaces reliability x d; the last
    year is predicted too if it is not one of them, and no change is then expected. None means the last year.

    The result assumes that schools were selected on results; schools selected on lasting quality would not be
    expected to rise as much. It uses schools with results in both years. Returns NotComputable without two
    baseline years shared by MIN_SCHOOLS_FOR_RELIABILITY schools. Raises ValueError for a selection year that
    is not a baseline year of the panel.
    """
    panel = panel.last_outcome_year()
    chosen_on = list(panel.baseline_years[-1:] if selection_years is None else selection_years)
    unknown = [year for year in chosen_on if year not in panel.baseline_years]
    if unknown:
        raise ValueError(f"not among the panel's baseline years: {', '.join(unknown)}")
    columns = [panel.baseline_years.index(year) for year in chosen_on]
    has_both = np.isfinite(panel.mean[:, -1]) & np.isfinite(panel.mean[:, -2])
    is_programme = panel.exposure[:, panel.programmes.index(programme)] > 0
    inside, outside = has_both & is_programme, has_both & ~is_programme
    sample = panel.sample_size(programme, has_both)
    if not (inside.any() and outside.any()):
        reason = "no school on one of the two sides has results both this year and last"
        return NotComputable(programme, "change_since_last_year", reason, sample)
    measured = measured_reliability(panel)
    if measured is None:
        reason = "too few earlier years to measure how far one year's results show again in another"
        return NotComputable(programme, "change_since_last_year", reason, sample)

    predicted, last = _predicted(panel, measured, columns)
    latest_scale = panel.scale[-2]

    def change(now: FloatArray, before: FloatArray) -> float:
        """Programme minus comparison, with each year averaged over its own pupils."""
        return sum(
            sign
            * float(
                np.average(now[side], weights=panel.n_pupils[side, -1])
                - np.average(before[side], weights=panel.n_pupils[side, -2])
            )
            for sign, side in ((1, inside), (-1, outside))
        )

    expected_change = change(panel.outcome_scale * predicted, latest_scale * last)
    naive_change = change(panel.mean[:, -1], panel.mean[:, -2])
    is_nil = abs(naive_change) <= np.finfo(float).eps * float(np.abs(panel.mean[has_both]).max())
    return RegressionToTheMean(
        programme=programme,
        expected_change=expected_change,
        naive_change=naive_change,
        reliability=float(measured.of_means[inside, -1].mean()),
        share_of_naive=None if is_nil else expected_change / naive_change,
    )


def measured_reliability(panel: SchoolPanel) -> Reliability | None:
    """Estimate reliability over all schools of a panel; None without two usable baseline years.

    Lasting variance is the covariance of school means between baseline years, pooled over pairs of years,
    which sampling of different pupils does not affect. Total between-school variance is Paule and Mandel's
    (`inference.between_school_variance`), averaged over years. Passing variance is the difference. All
    schools count, because the programme's were selected from them; outcomes are not used, so effects do not
    matter.
    """
    z, sampling = panel.standardised()[:, :-1], panel.sampling_variance()[:, :-1]
    has_value = np.isfinite(z)
    products, degrees = 0.0, 0
    for first in range(z.shape[1]):
        for second in range(first):
            both = has_value[:, first] & has_value[:, second]
            if both.sum() >= MIN_SCHOOLS_FOR_RELIABILITY:
                covariance = np.cov(z[both, first], z[both, second])[0, 1]
                products += float(covariance) * int(both.sum() - 1)
                degrees += int(both.sum() - 1)
    if not degrees:
        return None
    between = float(np.mean([_centre(z[:, t], sampling[:, t])[1] for t in range(z.shape[1])]))
    lasting = min(max(products / degrees, 0.0), between)
    return Reliability(lasting, between - lasting, sampling)


def _predicted(
    panel: SchoolPanel, measured: Reliability, columns: list[int]
) -> tuple[FloatArray, FloatArray]:
    """Predicted deviation (S,) from all schools in the next year and in the last, given the selection years.

    The prediction is sum_t c_t d_t with c_t = (1 / v_t) / (1 / lasting + sum_t 1 / v_t) and v_t = passing +
    sampling, as in `estimators.predict_missing_baselines`; with one year c is the reliability.
    """
    z = panel.standardised()[:, :-1]
    centre = np.array([_centre(z[:, t], measured.sampling[:, t])[0] for t in range(z.shape[1])])
    deviation = (z - centre)[:, columns]
    has_value = np.isfinite(deviation)
    variance = measured.passing + np.where(has_value, measured.sampling[:, columns], 0.0)
    precision = np.where(has_value, 1 / np.maximum(variance, np.finfo(float).eps), 0.0)
    weighted = (precision * np.where(has_value, deviation, 0.0)).sum(axis=1)
    predicted = measured.lasting * weighted / (1 + measured.lasting * precision.sum(axis=1))
    is_last_chosen_on = z.shape[1] - 1 in columns
    return predicted, z[:, -1] - centre[-1] if is_last_chosen_on else predicted


def _centre(z: FloatArray, sampling: FloatArray) -> tuple[float, float]:
    """Precision-weighted mean of schools in one year and the residual between-school variance."""
    rows = np.isfinite(z)
    if rows.sum() < 2:
        return (float(z[rows].mean()) if rows.any() else 0.0), 0.0
    between = between_school_variance(np.ones((int(rows.sum()), 1)), z[rows], sampling[rows])
    weights = inverse_variance_weights(sampling[rows], between)
    return float(np.average(z[rows], weights=weights)), between
