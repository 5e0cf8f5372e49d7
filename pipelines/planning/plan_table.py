"""The plan as two tables of plain rows, which its page cites and which are written beside it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipelines.catalogue.vocabulary import FigureStatus
from pipelines.disclosure.thresholds import WITHHELD_REASONS
from pipelines.planning.plan import MeasurePlan, Size, StagePlan
from pipelines.planning.study_power import OUTCOME_YEARS
from pipelines.released.citations import Row

_SD_DECIMALS = 2
# What makes a row of each table, and its key on the page.
SEEN, NEEDED = "plan", "plan_need"
_KEYS = {
    SEEN: ("programme", "measure", "is_pupil_adjusted", "size", "outcome_years"),
    NEEDED: ("programme", "measure", "is_pupil_adjusted", "is_alike", "outcome_years"),
}


def plan_rows(stages: Sequence[StagePlan]) -> Mapping[str, list[Row]]:
    """The rows of both tables, figures rounded as released ones are, None where withheld or not known.

    `plan`: what a measure sees at a size and number of years; the protocol's primary and the best measure at
    every size, others as planned. `plan_need`: the schools that the smallest effect takes, by years.
    """
    rows: dict[str, list[Row]] = {SEEN: [], NEEDED: []}
    for stage in stages:
        for plan in dict.fromkeys(_of(stage)):
            rows[SEEN] += [_row(SEEN, plan, values) for values in _seen(stage, plan)]
            rows[NEEDED] += [_row(NEEDED, plan, values) for values in _needed(stage, plan)]
    return rows


def write_plan(rows: Mapping[str, Sequence[Row]], files: Mapping[str, Path]) -> None:
    """Write each table as CSV to its file."""
    for name, file in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, _COLUMNS[name], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[name])


def _of(stage: StagePlan) -> Iterator[MeasurePlan]:
    """The measures, the best one in place of its own row: it has a smallest effect to aim at."""
    for plan in stage.measures:
        is_best = stage.best is not None and stage.best.answer == plan.answer
        yield stage.best if is_best and stage.best is not None else plan


def _row(table: str, plan: MeasurePlan, values: dict[str, Any]) -> Row:
    key = "/".join(str(values[name]) for name in _KEYS[table])
    return Row(table, key, values, plan.measure)


def _about(stage: StagePlan, plan: MeasurePlan) -> dict[str, Any]:
    return {
        "programme": stage.programme.id,
        "key_stage": stage.key_stage,
        "pupil_group": plan.found.pupil_group,
        "measure": plan.measure.name,
        "is_pupil_adjusted": plan.answer.is_pupil_adjusted,
        "is_primary": plan.answer.is_primary,
        "is_best": stage.best is not None and stage.best.answer == plan.answer,
        "unit": plan.measure.unit,
        "smallest_effect": _rounded(plan, plan.smallest_effect),
    }


def _seen(stage: StagePlan, plan: MeasurePlan) -> Iterator[dict[str, Any]]:
    status: FigureStatus = (
        "shown" if plan.is_shown else "suppressed" if plan.is_withheld else "not_available"
    )
    reason = WITHHELD_REASONS["few_schools"] if plan.is_withheld else plan.found.reason
    is_whole = plan.is_shown and (plan.answer.is_primary or _about(stage, plan)["is_best"])
    for place, size in enumerate(plan.sizes if is_whole else plan.sizes[:1]):
        for years in OUTCOME_YEARS:
            found = plan.at(size, years) if plan.is_shown else None
            is_planned = place == 0 and years == 1
            yield {
                **_about(stage, plan),
                "size": _name(plan, size),
                "outcome_years": years,
                "n_programme_schools": size.n_programme_schools,
                "n_comparison_schools": size.n_comparison_schools,
                "mde": _rounded(plan, found.mde if found else None),
                "mde_if_ends_agree": _rounded(plan, found.mde_if_ends_agree if found else None),
                "distance": _rounded(plan, found.distance if found else None),
                "mde_sd": _sd(found.mde_sd if found else None),
                "mde_attainment_sd": _sd(
                    plan.answer.mde_attainment_sd if found and is_planned else None
                ),
                "figure_status": status,
                "reason": reason or "",
            }


def _name(plan: MeasurePlan, size: Size) -> str:
    if size.is_half:
        return "half"
    return "planned" if size == plan.sizes[0] else f"{size.n_programme_schools} schools"


def _needed(stage: StagePlan, plan: MeasurePlan) -> Iterator[dict[str, Any]]:
    for need in plan.needs if plan.answer.is_primary or _about(stage, plan)["is_best"] else ():
        for years, size in zip(OUTCOME_YEARS, need.schools, strict=True):
            yield {
                **_about(stage, plan),
                "is_alike": need.is_alike,
                "outcome_years": years,
                "n_programme_schools": size.n_programme_schools if size else None,
                "n_comparison_schools": size.n_comparison_schools if size else None,
                "years_at_planned_size": need.years,
            }


def _rounded(plan: MeasurePlan, value: float | None) -> float | None:
    return None if value is None else round(value, plan.measure.stored_decimals)


def _sd(value: float | None) -> float | None:
    return None if value is None else round(value, _SD_DECIMALS)


_ABOUT = (
    "programme", "key_stage", "pupil_group", "measure", "is_pupil_adjusted", "is_primary", "is_best",
    "unit", "smallest_effect",
)  # fmt: skip
_COLUMNS = {
    SEEN: (
        *_ABOUT, "size", "outcome_years", "n_programme_schools", "n_comparison_schools", "mde",
        "mde_if_ends_agree", "distance", "mde_sd", "mde_attainment_sd", "figure_status", "reason",
    ),
    NEEDED: (
        *_ABOUT, "is_alike", "outcome_years", "n_programme_schools", "n_comparison_schools",
        "years_at_planned_size",
    ),
}  # fmt: skip
