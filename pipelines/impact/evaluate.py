"""Estimates one measure and pupil group: every programme by every method.

Rows are not yet safe to publish; `pipelines/disclosure` suppresses small numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipelines.catalogue.vocabulary import Role
from pipelines.impact.estimators import (
    Answers,
    ancova,
    change_from_baseline_mean,
    change_leaving_selection_years_out,
    change_since_last_year,
)
from pipelines.impact.headline import bracket, extrapolation_reason, verdict
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.power import planned_degrees_of_freedom
from pipelines.impact.results import Bracket, Estimate, ImpactRow, NotComputable
from pipelines.impact.rows import empty_row, method_row, row_without_numbers
from pipelines.impact.sensitivity import breakdown


@dataclass(frozen=True)
class ProgrammeQuestion:
    """The protocol's settings for one programme and the panel's measure.

    `smallest_effect` is in the measure's unit, or None. The headline gets a verdict if `is_primary` is set
    and the panel's group is the `target_group`.
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
    as_published: SchoolPanel | None = None,
    change_panel: SchoolPanel | None = None,
    last_year: str | None = None,
) -> list[ImpactRow]:
    """Estimate every programme of the panel by every method: five rows each, headline first.

    `as_published`: results before adjustment for prior attainment, if the panel is adjusted. The naive change
    uses them, because readers see them.
    `change_panel`: schools whose changes are compared, if these differ from those of the panel, on whose
    earlier results methods condition (see `comparison_pool`).
    `last_year`: the year before the outcome; if the panel lacks it, the naive change is not computable.

    Without a headline (for example, too few schools) no other row has an estimate. Whether schools are too
    few is decided by what is known before the outcome's results, as `power` decides it, so that it does not
    depend on how these turn out. If a single method fails, its row gives the reason. Raises ValueError unless
    `questions` holds each of the panel's programmes once.
    """
    if sorted(q.programme for q in questions) != sorted(panel.programmes):
        raise ValueError("the questions must name each of the panel's programmes once")
    selection_years = {q.programme: q.selection_years for q in questions}
    changes = panel if change_panel is None else change_panel
    planned = planned_degrees_of_freedom(panel)
    planned_of_changes = planned if changes is panel else planned_degrees_of_freedom(changes)
    conditioned = _as_planned(ancova(panel), planned, end=0)
    differenced = _as_planned(change_from_baseline_mean(changes), planned_of_changes, end=1)
    leaving_out = change_leaving_selection_years_out(changes, selection_years)
    naive = _naive(as_published or changes, last_year)
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
        refusal = headline.reason if isinstance(headline, NotComputable) else None
        rows += [
            method_row(panel, answer, role, release_status, refusal=refusal)
            for role, answer in others
        ]
    return rows


def _as_planned(
    answers: Answers, planned: Mapping[str, tuple[float, float]], *, end: int
) -> Answers:
    """An end's estimates with the degrees of freedom expected of it before the outcome's results."""
    return {
        programme: replace(answer, planned_df=planned[programme][end])
        if isinstance(answer, Estimate) and programme in planned
        else answer
        for programme, answer in answers.items()
    }


def _naive(panel: SchoolPanel, last_year: str | None) -> Answers:
    if last_year is None or last_year == panel.baseline_years[-1]:
        return change_since_last_year(panel)
    reason = "last year has no results from before the programme on both sides"
    nobody = np.zeros(panel.n_schools, dtype=np.bool_)
    return {
        programme: NotComputable(
            programme, "change_since_last_year", reason, panel.sample_size(programme, nobody)
        )
        for programme in panel.programmes
    }


def _headline_row(
    panel: SchoolPanel,
    question: ProgrammeQuestion,
    headline: Bracket | NotComputable,
    release_status: str | None,
    higher_is_better: bool,
) -> ImpactRow:
    has_verdict = question.is_primary and question.target_group == panel.pupil_group
    if isinstance(headline, NotComputable):
        row = row_without_numbers(panel, headline, headline.reason, "headline", release_status)
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
    # An end that extrapolates forbids any verdict, however the trends differ.
    may_change = has_verdict and headline.extrapolation_reason is None
    return replace(
        empty_row(
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
        breakdown=breakdown(headline.ci_low, headline.ci_high, question.smallest_effect)
        if may_change
        else None,
        verdict=judged,
        verdict_reason=reason,
    )
