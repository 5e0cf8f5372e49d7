"""Which release of each year's results a study uses: the latest it has, or the one its protocol marks.

Every release is kept as cells. The table `protocol.result_release` holds the same facts for SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

from pipelines.study.settings import (
    OUTCOME_KINDS,
    PUBLISHED_KINDS,
    ReleaseStatus,
    Source,
    Study,
    key_stage_of,
)


@dataclass(frozen=True)
class ResultRelease:
    """One release of a key stage's results for one year. Exactly one release a year is used.

    `is_published` is true if performance tables alone hold the results: they are public by school.
    """

    key_stage: str
    academic_year: str
    release_status: str
    finality: int
    is_used: bool
    is_marked: bool
    is_published: bool


def result_releases(study: Study) -> tuple[ResultRelease, ...]:
    """Every release among a study's sources, by key stage, year and finality."""
    order = get_args(ReleaseStatus)
    marked: dict[tuple[str, str, int], bool] = {}
    published: dict[tuple[str, str, int], bool] = {}
    # A column that only this study defines may not be public.
    own_stages = {measure.key_stage for measure in study.measure}
    for source in study.source:
        if source.kind in OUTCOME_KINDS and source.academic_year and source.status:
            key = (key_stage_of(source.kind), source.academic_year, order.index(source.status))
            marked[key] = marked.get(key, False) or source.used
            is_published = (
                source.kind in PUBLISHED_KINDS
                and source.status != "school_return"
                and key_stage_of(source.kind) not in own_stages
            )
            published[key] = published.get(key, True) and is_published
    used = {}
    for stage, year, finality in sorted(marked, key=lambda key: (marked[key], key[2])):
        used[stage, year] = finality
    return tuple(
        ResultRelease(
            key_stage=stage,
            academic_year=year,
            release_status=order[finality],
            finality=finality,
            is_used=used[stage, year] == finality,
            is_marked=marked[stage, year, finality],
            is_published=published[stage, year, finality],
        )
        for stage, year, finality in sorted(marked)
    )


def release_contradictions(
    study: Study,
) -> Iterator[tuple[tuple[str | int, ...], str, str, str]]:
    """Releases marked inconsistently: location, problem, expectation and remedy."""
    seen: dict[tuple[str, str | None], Source] = {}
    for index, source in enumerate(study.source):
        if not source.used:
            continue
        here = ("source", index, "used")
        if source.kind not in OUTCOME_KINDS:
            yield (
                here,
                f"{source.file} is {source.kind} data, of which there is one release",
                "used = true on results",
                "take the line out",
            )
            continue
        other = seen.setdefault((key_stage_of(source.kind), source.academic_year), source)
        if other.status != source.status:
            yield (
                here,
                f"{source.file} and {other.file} are two releases of {source.academic_year}, and both are "
                "marked as the one to use",
                "one release a key stage and year",
                "take used = true out of one of the two",
            )
