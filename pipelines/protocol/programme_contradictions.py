"""Finds settings of one `[[programme]]` that contradict each other, beyond what the schema can check."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.ingest.published_columns import is_held_by_school
from pipelines.study.measures import Measure
from pipelines.study.settings import Programme, ProgrammeMeasure, Study


def measure_contradictions(
    study: Study, programme: Programme
) -> Iterator[tuple[tuple[str | int, ...], str, str, str]]:
    """Errors in a programme's measures: location in the programme, problem, expectation, remedy."""
    measures = study.measures
    primaries = [measures[m.name].key_stage for m in programme.measure if m.primary]
    for key_stage in sorted({stage for stage in primaries if primaries.count(stage) > 1}):
        yield (
            ("measure",),
            f"programme {programme.id!r} has more than one primary measure in {key_stage}",
            "one primary measure a key stage",
            "keep primary = true on one of them",
        )
    names = [measure.name for measure in programme.measure]
    for nth, measure in enumerate(programme.measure):
        if measure.primary and not measures[measure.name].is_judged:
            yield (
                ("measure", nth, "primary"),
                f"{measure.name!r} says who the pupils are, and is neither better nor worse",
                "a primary measure of what pupils achieved",
                "take primary = true out, or name another measure",
            )
        if measure.adjust_for_prior_attainment and (why := _why_not_adjusted(study, measure.name)):
            yield (
                ("measure", nth, "adjust_for_prior_attainment"),
                f"{measure.name!r} cannot be adjusted for prior attainment: {why}",
                "a result, not progress, that comes from pupil files",
                "take adjust_for_prior_attainment out",
            )
        if too_large := _effect_beyond_the_scale(measure, measures[measure.name]):
            yield (("measure", nth, "smallest_effect"), *too_large)
        if measure.name in names[:nth]:
            yield (
                ("measure", nth, "name"),
                f"programme {programme.id!r} has the measure {measure.name!r} twice",
                "each measure once",
                "take one of the two out",
            )


def _effect_beyond_the_scale(
    setting: ProgrammeMeasure, measure: Measure
) -> tuple[str, str, str] | None:
    """Problem, expectation and remedy for a smallest effect larger than half the measure's scale."""
    size = setting.smallest_effect
    most = (measure.high - measure.low) / 2
    if size is None or size < most:
        return None
    if measure.unit == "share":
        return (
            f"smallest_effect = {size:g} of {setting.name} is {100 * size:g} percentage points",
            f"a share under {most:g}: 0.05 is 5 percentage points",
            f"write {size / 100:g} if {size:g} percentage points are meant"
            if 1 <= size < 100 * most
            else "write the percentage points divided by 100",
        )
    return (
        f"smallest_effect = {size:g} is beyond the scale of {setting.name}, "
        f"{measure.low:g} to {measure.high:g}",
        f"points of the measure, under {most:g}",
        "write it in points, as the measure is published",
    )


def _why_not_adjusted(study: Study, measure: str) -> str | None:
    if study.measures[measure].is_prior_adjusted:
        return "progress is counted from prior attainment already"
    if not study.measures[measure].is_judged:
        return "it says who the pupils are, not what they achieved"
    stage = study.measures[measure].key_stage
    if not any(source.kind == f"{stage}_pupils" for source in study.source):
        return "published tables of schools do not hold it pupil by pupil"
    return None


def pool_contradictions(study: Study, programme: Programme) -> Iterator[tuple[str, str, str, str]]:
    """Errors in the comparison pool: key, problem, expectation, remedy. Tables may still be unpublished."""
    group = programme.target_group
    if programme.comparison_pool == "local":
        if "matches_per_school" in programme.model_fields_set:
            yield (
                "matches_per_school",
                f"programme {programme.id!r} is compared with local schools, which are not matched",
                'comparison_pool = "matched" beside it',
                "take matches_per_school out, or add comparison_pool",
            )
        return
    for measure in programme.measure:
        if group is not None and not is_held_by_school(study, measure.name, group):
            yield (
                "comparison_pool",
                f"no table publishes {measure.name} of the group {group} by school, so programme "
                f"{programme.id!r} cannot be compared with schools outside the authority",
                "measures and a target_group that the performance tables hold of every school",
                "take comparison_pool out, so that local schools are compared, or take that measure out",
            )
