"""Builds one row of `impact.estimate` from one method's result. The columns are in `results.ImpactRow`."""

from __future__ import annotations

from dataclasses import replace

from pipelines.catalogue.vocabulary import Estimator, Role
from pipelines.impact.headline import too_few_schools
from pipelines.impact.inference import minimum_detectable_effect
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import Estimate, ImpactRow, NotComputable, SampleSize


def method_row(
    panel: SchoolPanel,
    answer: Estimate | NotComputable,
    role: Role,
    release_status: str | None,
    *,
    refusal: str | None = None,
) -> ImpactRow:
    """One method's row; without numbers if it has no estimate, too few schools, or a refusal.

    `refusal` says why there is no headline; then no other method may show a number.
    """
    if isinstance(answer, NotComputable):
        return row_without_numbers(panel, answer, answer.reason, role, release_status)
    reason = refusal or too_few_schools(answer.sample, answer.judged_df)
    if reason:
        return row_without_numbers(panel, answer, reason, role, release_status)
    # A detectable effect would make the naive change look more credible than it is.
    mde = (
        None
        if role == "naive"
        else minimum_detectable_effect(answer.standard_error, answer.degrees_of_freedom)
    )
    return replace(
        empty_row(
            panel,
            answer.programme,
            answer.estimator,
            sample=answer.sample,
            role=role,
            release_status=release_status,
        ),
        estimate_low=answer.estimate,
        estimate_high=answer.estimate,
        ci_low=answer.ci_low,
        ci_high=answer.ci_high,
        p_value=answer.p_value,
        effective_df=answer.degrees_of_freedom,
        mde=mde,
    )


def row_without_numbers(
    panel: SchoolPanel,
    answer: Estimate | NotComputable,
    reason: str,
    role: Role,
    release_status: str | None,
) -> ImpactRow:
    """A method's row with the reason why it has no numbers."""
    row = empty_row(
        panel,
        answer.programme,
        answer.estimator,
        sample=answer.sample,
        role=role,
        release_status=release_status,
    )
    return replace(row, effective_df=answer.degrees_of_freedom, verdict_reason=reason)


def empty_row(
    panel: SchoolPanel,
    programme: str,
    estimator: Estimator,
    *,
    sample: SampleSize,
    role: Role,
    release_status: str | None,
) -> ImpactRow:
    """A row that identifies the comparison, without results."""
    return ImpactRow(
        programme=programme,
        pupil_group=panel.pupil_group,
        measure=panel.measure,
        academic_year=panel.outcome_year,
        release_status=release_status,
        estimator=estimator,
        role=role,
        n_programme_schools=sample.n_programme_schools,
        n_comparison_schools=sample.n_comparison_schools,
        n_programme_pupils=sample.n_programme_pupils,
        n_comparison_pupils=sample.n_comparison_pupils,
        unit=panel.unit,
    )
