"""Robustness rows: the other methods' results beside each headline, in the measure's unit.

Each method has its own module. Without a headline no robustness row has numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipelines.catalogue.vocabulary import Estimator
from pipelines.impact.bracket_randomisation import bracket_randomisation
from pipelines.impact.clustered import PupilSums
from pipelines.impact.effect_size import hedges_g, intraclass_correlation
from pipelines.impact.estimators import ExposureModel, ancova_model, change_model
from pipelines.impact.influence import leave_one_school_out
from pipelines.impact.inversion import DrawnInference
from pipelines.impact.multiplicity import holm_adjusted
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.pupil_adjusted import pupil_adjusted
from pipelines.impact.randomisation import randomisation_inference
from pipelines.impact.regression_to_the_mean import RegressionToTheMean, regression_to_the_mean
from pipelines.impact.results import Estimate, ImpactRow, NotComputable, SampleSize
from pipelines.impact.rows import empty_row, method_row
from pipelines.impact.sensitivity import EarlierChanges, earlier_changes
from pipelines.impact.triple_difference import triple_difference
from pipelines.impact.wild_bootstrap import wild_bootstrap

NO_COMPLEMENT = "results of the schools' other pupils are not there"
DIFFERENT_SCHOOLS = (
    "the two comparisons are with different schools, which cannot be reshuffled alike"
)
NO_PUPIL_FILES = "there are no pupil files, only published results of schools"


@dataclass(frozen=True)
class Draws:
    """Settings of the resampling methods: number of draws, seed, and the schools' strata (S,)."""

    n_draws: int
    seed: int
    strata: NDArray[np.int64]


def robustness_rows(
    panel: SchoolPanel,
    headlines: Sequence[ImpactRow],
    draws: Draws,
    *,
    change_panel: SchoolPanel | None = None,
    complement: SchoolPanel | None = None,
    pupil_sums: PupilSums | None = None,
) -> list[ImpactRow]:
    """Seven rows for each headline (bracket) row of the panel, in the measure's unit.

    `change_panel` is as in `evaluate.evaluate_measure`, `complement` the panel of the same schools' other
    pupils, `pupil_sums` the sums of outcome-year pupils with prior attainment, one per school of the panel;
    None if the study has none.
    """
    changes = panel if change_panel is None else change_panel
    triple = triple_difference(changes, complement) if complement is not None else None
    adjusted = pupil_adjusted(panel, pupil_sums) if pupil_sums is not None else None
    before = earlier_changes(changes)
    rows: list[ImpactRow] = []
    for headline in headlines:
        if headline.estimate_low is None:
            rows += [
                _empty(headline, panel, method, headline.verdict_reason) for method in _METHODS
            ]
            continue
        programme = panel.programmes.index(headline.programme)
        rows += [
            _bracket_permuted(headline, panel, changes, programme, draws),
            _drawn(headline, "randomisation_inference", panel, _permuted(panel, programme, draws)),
            _drawn(headline, "wild_cluster_bootstrap", panel, _resampled(panel, programme, draws)),
            _left_out(headline, panel, changes, programme),
            _answered(headline, panel, "triple_difference", triple, NO_COMPLEMENT),
            _answered(headline, panel, "pupil_adjusted", adjusted, NO_PUPIL_FILES),
            _before(headline, panel, before[headline.programme]),
        ]
    return rows


_METHODS: tuple[Estimator, ...] = (
    "bracket_randomisation",
    "randomisation_inference",
    "wild_cluster_bootstrap",
    "leave_one_school_out",
    "triple_difference",
    "pupil_adjusted",
    "earlier_changes",
)


def with_effect_size(row: ImpactRow, panel: SchoolPanel) -> ImpactRow:
    """A headline row with Hedges' g of its midpoint, and its whole range as interval."""
    has_range = row.estimate_low is not None and row.estimate_high is not None
    if (
        not has_range
        or row.ci_low is None
        or row.ci_high is None
        or panel.is_scale_from_school_means
    ):
        return row
    panel = panel.last_outcome_year()
    n_pupils = panel.n_pupils[:, -1]
    g = hedges_g(
        ((row.estimate_low or 0.0) + (row.estimate_high or 0.0)) / 2,
        row.ci_low,
        row.ci_high,
        pupil_sd=panel.outcome_scale,
        n_pupils=int(n_pupils.sum()),
        intraclass_correlation=intraclass_correlation(
            panel.mean[:, -1], n_pupils, float(panel.within_variance[-1])
        ),
        pupils_per_school=float(n_pupils.mean()),
    )
    return replace(row, hedges_g=g.g, hedges_g_low=g.ci_low, hedges_g_high=g.ci_high)


def with_expected_anyway(
    row: ImpactRow, panel: SchoolPanel, selection_years: Sequence[str]
) -> ImpactRow:
    """A naive row with the part of its change that regression to the mean explains.

    Only where the years on whose results schools were selected are known: what was to be expected depends on
    them, and schools selected on anything else would not have recovered as much.
    """
    years = [year for year in selection_years if year in panel.baseline_years]
    if row.estimate_low is None or not years:
        return row
    expected = regression_to_the_mean(panel, row.programme, years)
    if not isinstance(expected, RegressionToTheMean):
        return row
    return replace(row, expected_anyway=expected.expected_change)


def with_holm(rows: Sequence[ImpactRow]) -> list[ImpactRow]:
    """All rows of a study, with Holm's p-value over their programme's measures for headlines."""
    adjusted: dict[int, float | None] = {}
    for programme in dict.fromkeys(row.programme for row in rows):
        family = [
            index
            for index, row in enumerate(rows)
            if row.programme == programme and row.role == "headline"
        ]
        holm = holm_adjusted([rows[index].p_value for index in family])
        adjusted |= dict(zip(family, holm, strict=True))
    return [
        replace(row, p_value_holm=adjusted[index]) if index in adjusted else row
        for index, row in enumerate(rows)
    ]


def _bracket_permuted(
    headline: ImpactRow, panel: SchoolPanel, changes: SchoolPanel, programme: int, draws: Draws
) -> ImpactRow:
    """Both ends at once, tested by reshuffling; an interval would need the whole test for each effect."""
    null, null_changes = panel.without_programmes(), changes.without_programmes()
    ends = (ancova_model(null), change_model(null_changes, null_changes.baseline_years))
    method: Estimator = "bracket_randomisation"
    if not np.array_equal(panel.school_ids, changes.school_ids):
        return _empty(headline, panel, method, DIFFERENT_SCHOOLS)
    try:
        estimates, p_value = bracket_randomisation(
            ends,
            panel.exposure,
            programme=programme,
            strata=draws.strata,
            draws=draws.n_draws,
            seed=draws.seed,
        )
    except ValueError as error:
        return _empty(headline, panel, method, str(error))
    return replace(
        _empty(headline, panel, method, None),
        estimate_low=min(estimates) * panel.outcome_scale,
        estimate_high=max(estimates) * panel.outcome_scale,
        p_value=p_value,
    )


def _permuted(panel: SchoolPanel, programme: int, draws: Draws) -> Callable[[], DrawnInference]:
    # Covariates and weights must not depend on memberships for the test to be exact.
    null = ancova_model(panel.without_programmes())
    return lambda: randomisation_inference(
        null.outcome,
        panel.exposure[null.is_in_model],
        null.covariates,
        null.weights,
        programme=programme,
        strata=draws.strata[null.is_in_model],
        draws=draws.n_draws,
        seed=draws.seed,
    )


def _resampled(panel: SchoolPanel, programme: int, draws: Draws) -> Callable[[], DrawnInference]:
    model = ancova_model(panel)
    return lambda: wild_bootstrap(
        model.outcome,
        model.design,
        model.weights,
        coefficient=programme + 1,
        draws=draws.n_draws,
        seed=draws.seed,
    )


def _drawn(
    headline: ImpactRow,
    method: Estimator,
    panel: SchoolPanel,
    infer: Callable[[], DrawnInference],
) -> ImpactRow:
    try:
        drawn = infer()
    except ValueError as error:
        return _empty(headline, panel, method, str(error))
    scale = panel.outcome_scale
    return replace(
        _empty(headline, panel, method, None),
        estimate_low=drawn.estimate * scale,
        estimate_high=drawn.estimate * scale,
        ci_low=_finite(drawn.ci_low * scale),
        ci_high=_finite(drawn.ci_high * scale),
        p_value=drawn.p_value,
    )


def _left_out(
    headline: ImpactRow, panel: SchoolPanel, change_panel: SchoolPanel, programme: int
) -> ImpactRow:
    """The range of both ends when single schools are left out; it names no school and tests nothing."""
    models: tuple[tuple[ExposureModel, float], ...] = (
        (ancova_model(panel), panel.outcome_scale),
        (change_model(change_panel, change_panel.baseline_years), change_panel.outcome_scale),
    )
    try:
        ranges = [
            (leave_one_school_out(m.outcome, m.design, m.weights, coefficient=programme + 1), scale)
            for m, scale in models
        ]
    except ValueError as error:
        return _empty(headline, panel, "leave_one_school_out", str(error))
    return replace(
        _empty(headline, panel, "leave_one_school_out", None),
        estimate_low=min(each.low * scale for each, scale in ranges),
        estimate_high=max(each.high * scale for each, scale in ranges),
    )


def _before(
    headline: ImpactRow, panel: SchoolPanel, found: EarlierChanges | NotComputable
) -> ImpactRow:
    """How far both sides' changes differed in earlier years; it estimates no effect."""
    if isinstance(found, NotComputable):
        return _empty(headline, panel, "earlier_changes", found.reason)
    return replace(
        empty_row(
            panel,
            headline.programme,
            "earlier_changes",
            sample=found.sample,
            role="robustness",
            release_status=headline.release_status,
        ),
        estimate_low=found.low,
        estimate_high=found.high,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
    )


def _answered(
    headline: ImpactRow,
    panel: SchoolPanel,
    method: Estimator,
    answers: dict[str, Estimate | NotComputable] | None,
    reason_for_none: str,
) -> ImpactRow:
    if answers is None:
        return _empty(headline, panel, method, reason_for_none)
    answer = answers[headline.programme]
    return method_row(panel, answer, "robustness", headline.release_status)


def _empty(
    headline: ImpactRow, panel: SchoolPanel, method: Estimator, reason: str | None
) -> ImpactRow:
    """A row for the headline's schools, without numbers."""
    sample = SampleSize(
        n_programme_schools=headline.n_programme_schools,
        n_comparison_schools=headline.n_comparison_schools,
        n_programme_pupils=headline.n_programme_pupils,
        n_comparison_pupils=headline.n_comparison_pupils,
    )
    row = empty_row(
        panel,
        headline.programme,
        method,
        sample=sample,
        role="robustness",
        release_status=headline.release_status,
    )
    return replace(row, verdict_reason=reason)


def _finite(value: float) -> float | None:
    """None for an interval that is unbounded on that side."""
    return value if math.isfinite(value) else None
