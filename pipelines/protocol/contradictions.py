"""Finds settings of a study that contradict each other, beyond what the schema can check.

`programme_contradictions` and `measure_contradictions` check single programmes and measures; releases and
series breaks are checked in `study.release_in_use` and `study.series`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pipelines.protocol.measure_contradictions import own_measure_contradictions
from pipelines.protocol.outcome_year_contradictions import outcome_year_contradictions
from pipelines.protocol.programme_contradictions import measure_contradictions, pool_contradictions
from pipelines.study.key_stages import KEY_STAGES
from pipelines.study.paths import PROJECT
from pipelines.study.release_in_use import release_contradictions
from pipelines.study.school_types import school_types, spelling_key
from pipelines.study.series import series_contradictions
from pipelines.study.settings import (
    DATED_BY,
    MANY_FILES,
    OUTCOME_KINDS,
    PUPIL_GROUPS,
    ClaimKind,
    SourceKind,
    Study,
)

Location = tuple[str | int, ...]
# Location in study.toml, problem, expectation, remedy.
Contradiction = tuple[Location, str, str, str]


def contradictions(study: Study) -> Iterator[Contradiction]:
    """Every contradiction, in the order of the file."""
    yield from _of_the_study(study)
    yield from own_measure_contradictions(study)
    yield from _of_programmes(study)
    yield from _of_claims(study)
    yield from _of_sources(study)
    yield from series_contradictions(study)
    yield from release_contradictions(study)
    yield from _of_kinds(study)
    yield from _of_context(study)


def _of_the_study(study: Study) -> Iterator[Contradiction]:
    section = study.study
    if section.name != study.folder.name:
        yield (
            ("study", "name"),
            f"the study is called {section.name!r} but its folder is {study.folder.name!r}",
            "one name: outputs are written under it",
            "rename one of the two",
        )
    if _holds_more_than_a_study(study.data_root):
        yield (
            ("study", "data_root"),
            f"data_root is {study.data_root}, under which far more lies than a study's files",
            "the folder of the study's files, below your own folder",
            "name the folder that the files lie in",
        )
    yield from outcome_year_contradictions(study)
    first_outcome = min(section.outcome_years)
    for index, year in enumerate(section.baseline_years):
        if year >= first_outcome:
            yield (
                ("study", "baseline_years", index),
                f"baseline year {year} does not come before the outcome year {first_outcome}",
                "baseline years before the outcome year",
                "mend one of the two",
            )
        if year in section.baseline_years[:index]:
            yield (
                ("study", "baseline_years", index),
                f"baseline year {year} is listed twice",
                "each baseline year once",
                "take one of the two out",
            )
    for spelling, meant in section.school_types.items():
        if spelling_key(meant) not in school_types():
            yield (
                ("study", "school_types", spelling),
                f"{meant!r} is no type of school that this project knows",
                "a type as the school register spells it, such as Community school or Academy converter",
                "mend the type",
            )
    if not study.evaluated_programmes:
        yield (
            ("programme",),
            "no programme has a measure, so there is nothing to evaluate",
            "at least one [[programme.measure]]",
            "add the measures the programme is to be judged on",
        )


def _holds_more_than_a_study(folder: Path) -> bool:
    """Whether a folder is, or contains, a whole disk, a home folder or this project."""
    above_home = Path.home().is_relative_to(folder) or PROJECT.is_relative_to(folder)
    return folder == Path(folder.anchor) or above_home


def _of_programmes(study: Study) -> Iterator[Contradiction]:
    seen_ids: set[str] = set()
    for index, programme in enumerate(study.programme):
        here = ("programme", index)
        if programme.id in seen_ids:
            yield (
                (*here, "id"),
                f"two programmes are called {programme.id!r}",
                "one id each",
                "rename one",
            )
        seen_ids.add(programme.id)
        if programme.is_evaluated and programme.target_group is None:
            yield (
                here,
                f"programme {programme.id!r} is evaluated but names no target_group",
                "one of " + ", ".join(PUPIL_GROUPS),
                "add target_group",
            )
        for location, problem, expected, remedy in measure_contradictions(study, programme):
            yield (*here, *location), problem, expected, remedy
        for key, problem, expected, remedy in pool_contradictions(study, programme):
            yield (*here, key), problem, expected, remedy
        if programme.placebo and programme.placebo.academic_year not in study.study.baseline_years:
            yield (
                (*here, "placebo", "academic_year"),
                "the placebo picks its schools on a year that is not a baseline year",
                "one of " + ", ".join(study.study.baseline_years),
                "choose a baseline year",
            )
    funds = dict.fromkeys(programme.fund for programme in study.programme)
    for index, total in enumerate(study.stated_total):
        if total.fund not in funds:
            problem, known = f"no programme is paid by {total.fund!r}", "one of " + ", ".join(funds)
            yield (("stated_total", index, "fund"), problem, known, "mend the name, or take it out")


# Sources from which a claim is checked: at least one is needed.
_COUNTED_FROM: dict[ClaimKind, tuple[SourceKind, ...]] = {
    "every_school_takes_part": ("enrolments",),
    "all_maintained_schools_reviewed": ("inspections", "reviews"),
}


def _of_claims(study: Study) -> Iterator[Contradiction]:
    kinds = {source.kind for source in study.source}
    for index, claim in enumerate(study.claim):
        here = ("claim", index)
        if claim.kind in (other.kind for other in study.claim[:index]):
            yield (
                (*here, "kind"),
                f"the claim {claim.kind} appears twice",
                "each claim once",
                "take one of the two out",
            )
        needed = _COUNTED_FROM[claim.kind]
        if kinds.isdisjoint(needed):
            yield (
                (*here, "kind"),
                f"nothing says whether {claim.kind} is true",
                "a source of kind " + " or ".join(needed),
                "add the file to the sources, or take the claim out",
            )
        if claim.but and claim.kind == "every_school_takes_part":
            yield (
                (*here, "but"),
                "every school leaves none out",
                "but for all_maintained_schools_reviewed alone",
                "take but out",
            )


def _of_sources(study: Study) -> Iterator[Contradiction]:
    slots: dict[tuple[str, str | None, str | None], int] = {}
    for index, source in enumerate(study.source):
        here = ("source", index)
        if source.kind in DATED_BY:
            for key in DATED_BY[source.kind]:
                if getattr(source, key) is None:
                    yield (
                        here,
                        f"{source.file} is {source.kind} data but has no {key}",
                        f"a {key}",
                        f"add {key}",
                    )
            if source.academic_year is not None and source.academic_year not in study.years:
                yield (
                    (*here, "academic_year"),
                    f"{source.file} is of {source.academic_year}, a year the study does not use",
                    "one of " + ", ".join(study.years),
                    "take the file out; or if the year is wrong, mend it"
                    + (
                        ", or add it to baseline_years"
                        if source.academic_year < min(study.study.outcome_years)
                        else ", or add it to outcome_years" * (source.kind in OUTCOME_KINDS)
                    ),
                )
        slot = (source.kind, source.academic_year, source.status)
        if slot in slots and source.kind not in MANY_FILES:
            yield (
                here,
                f"{source.file} and {study.source[slots[slot]].file} are both the study's {source.kind}"
                + (f" of {source.academic_year}, {source.status}" if source.academic_year else ""),
                "one file for each kind, year and status",
                "take one of the two out",
            )
        slots.setdefault(slot, index)
        if source.file in (other.file for other in study.source[:index]):
            yield (
                (*here, "file"),
                f"{source.file} is registered twice",
                "one entry for each file",
                "take one of the two out, or mend its name",
            )
        # Unlike Path.resolve, realpath does not raise for a link to itself; the file is then reported
        # missing.
        if not Path(os.path.realpath(study.path(source))).is_relative_to(study.data_root):
            yield (
                (*here, "file"),
                f"{source.file} lies outside data_root",
                "a file inside the folder that data_root names",
                "move the file, or change data_root",
            )


def _of_kinds(study: Study) -> Iterator[Contradiction]:
    for stage in KEY_STAGES:
        if {f"{stage}_pupils", f"{stage}_schools"} <= {source.kind for source in study.source}:
            yield (
                ("source",),
                f"the study has both pupil files and school tables for {stage}",
                "one of the two kinds for a key stage",
                "take one of them out",
            )
    if not any(s.kind == "enrolments" for s in study.source) and any(
        programme.placebo is None for programme in study.evaluated_programmes
    ):
        yield (
            ("source",),
            "no source says which schools are enrolled",
            'a source of kind = "enrolments"',
            "add it",
        )


def _of_context(study: Study) -> Iterator[Contradiction]:
    context = study.authority_context
    if context is None:
        return
    here = ("authority_context", "statistical_neighbours")
    if not any(source.kind == "la_context" for source in study.source):
        yield (
            ("authority_context",),
            "the study names statistical neighbours and has no file with their results",
            'a source of kind = "la_context"',
            "add the file, or take [authority_context] out",
        )
    for index, code in enumerate(context.statistical_neighbours):
        if code == study.study.local_authority:
            yield (
                (*here, index),
                f"{code} is the study's own authority",
                "other authorities",
                "take it out",
            )
        if code in context.statistical_neighbours[:index]:
            yield (here, f"{code} is listed twice", "each authority once", "take one out")
