"""One measure and pupil group from panel to rows: every programme by every method.

Rows are whole and not yet safe to publish; withholding small numbers is `pipelines/disclosure`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.impact.estimators import (
    ancova,
    change_from_baseline_mean,
    change_leaving_selection_years_out,
    change_since_last_year,
)
from pipelines.impact.headline import bracket, extrapolation_reason, too_few_schools, verdict
from pipelines.impact.inference import minimum_detectable_effect
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import (
    Bracket,
    Estimate,
    Estimator,
    ImpactRow,
    NotComputable,
    Role,
    SampleSize,
)


@dataclass(frozen=True)
class ProgrammeQuestion:
    """What the protocol says of one programme and the panel's measure.

    `smallest_effect` is in the measure's unit, None if the protocol names none. `is_primary` says
    that the measure is primary for the programme: with the panel's group its `target_group`, the
    headline then gets a verdict.
    """

    programme: str
    target_group: str | None
    is_primary: bool = False
    smallest_effect: float | None = None
    selection_years: tuple[str, ...] = ()


def evaluate_measure(
    panel: SchoolPanel,
    questions: Sequence[ProgrammeQuestion],
    *,
    release_status: str | None,
    higher_is_better: bool = True,
) -> list[ImpactRow]:
    """Estimate every programme of the panel by every method: five rows each, headline first.

    Where there is no headline (too few schools, say) no other row has an estimate either; where a
    single method cannot answer, its row has the reason and no numbers. Raises ValueError unless
    `questions` holds each of the panel's programmes once.
    """
    if sorted(q.programme for q in questions) != sorted(panel.programmes):
        raise ValueError("the questions must name each of the panel's programmes once")
    selection_years = {q.programme: q.selection_years for q in questions}
    conditioned, differenced = ancova(panel), change_from_baseline_mean(panel)
    leaving_out = change_leaving_selection_years_out(panel, selection_years)
    naive = change_since_last_year(panel)
    rows: list[ImpactRow] = []
    for question in questions:
        programme = question.programme
        headline = bracket(
            conditioned[programme],
            differenced[programme],
            extrapolation_reason=extrapolation_reason(panel, programme),
        )
        rows.append(_headline_row(panel, question, headline, release_status, higher_is_better))
        others: tuple[tuple[Role, Estimate | NotComputable], ...] = (
            ("robustness", conditioned[programme]),
            ("robustness", differenced[programme]),
            ("robustness", leaving_out[programme]),
            ("naive", naive[programme]),
        )
        rows += [
            _method_row(panel, headline, answer, role, release_status) for role, answer in others
        ]
    return rows


def _headline_row(
    panel: SchoolPanel,
    question: ProgrammeQuestion,
    headline: Bracket | NotComputable,
    release_status: str | None,
    higher_is_better: bool,
) -> ImpactRow:
    has_verdict = question.is_primary and question.target_group == panel.pupil_group
    if isinstance(headline, NotComputable):
        row = _row_without_numbers(panel, headline, headline.reason, "headline", release_status)
        return replace(row, verdict="cannot_tell") if has_verdict else row
    judged, reason = (
        verdict(
            headline,
            smallest_effect=question.smallest_effect,
            higher_is_better=higher_is_better,
        )
        if has_verdict
        else (None, None)
    )
    return replace(
        _empty_row(
            panel,
            headline.programme,
            "bracket",
            sample=headline.sample,
            role="headline",
            release_status=release_status,
        ),
        estimate_low=headline.estimate_low,
        estimate_high=headline.estimate_high,
        ci_low=headline.ci_low,
        ci_high=headline.ci_high,
        p_value=headline.p_value,
        effective_df=headline.effective_df,
        mde=headline.mde,
        verdict=judged,
        verdict_reason=reason,
    )


def _method_row(
    panel: SchoolPanel,
    headline: Bracket | NotComputable,
    answer: Estimate | NotComputable,
    role: Role,
    release_status: str | None,
) -> ImpactRow:
    """One method's row; without numbers where it has no answer or there is no headline."""
    if isinstance(answer, NotComputable):
        return _row_without_numbers(panel, answer, answer.reason, role, release_status)
    reason = (
        headline.reason
        if isinstance(headline, NotComputable)
        else too_few_schools(answer.sample, answer.degrees_of_freedom)
    )
    if reason:
        return _row_without_numbers(panel, answer, reason, role, release_status)
    # What the naive change could have detected would lend it a weight it does not have.
    mde = (
        None
        if role == "naive"
        else minimum_detectable_effect(answer.standard_error, answer.degrees_of_freedom)
    )
    return replace(
        _empty_row(
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


def _row_without_numbers(
    panel: SchoolPanel,
    answer: Estimate | NotComputable,
    reason: str,
    role: Role,
    release_status: str | None,
) -> ImpactRow:
    row = _empty_row(
        panel,
        answer.programme,
        answer.estimator,
        sample=answer.sample,
        role=role,
        release_status=release_status,
    )
    return replace(row, effective_df=answer.degrees_of_freedom, verdict_reason=reason)


def _empty_row(
    panel: SchoolPanel,
    programme: str,
    estimator: Estimator,
    *,
    sample: SampleSize,
    role: Role,
    release_status: str | None,
) -> ImpactRow:
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
