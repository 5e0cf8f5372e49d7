"""`study.toml` as frozen settings, with every fault of the file found at once.

The protocol of one evaluation lives here; reading the sources it names is `pipelines.ingest`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
)

from pipelines.errors import Fault, StudyError
from pipelines.measures import MeasureName
from pipelines.programme_contradictions import measure_contradictions, pool_contradictions
from pipelines.release_in_use import release_contradictions
from pipelines.series import series_contradictions
from pipelines.toml_lines import blanks, dotted, line_of

PROTOCOL = "study.toml"


def _of_two_years(year: str) -> str:
    if (int(year[2:4]) + 1) % 100 != int(year[5:7]):
        raise ValueError("an academic year ends in the year after it begins, as 2017-18")
    return year


AcademicYear = Annotated[str, Field(pattern=r"^20\d\d-\d\d$"), AfterValidator(_of_two_years)]


def _one_or_more(names: object) -> object:
    return (
        (names,) if isinstance(names, str) else tuple(names) if isinstance(names, list) else names
    )


# One heading may hold two things: the pupils of a measure, and those of another.
Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
ReleaseStatus = Literal["school_return", "provisional", "revised", "final"]
PupilGroup = Literal[
    "all",
    "sen_support",
    "ehc_plan",
    "no_sen",
    "disadvantaged",
    "not_disadvantaged",
    "high_prior",
]
Encoding = Literal["utf-8", "cp1252", "utf-16"]
# Whom a programme's schools are compared with: the authority's others, or the nearest outside it.
ComparisonPool = Literal["local", "matched"]
SourceKind = Literal[
    "ks2_pupils",
    "ks4_pupils",
    "ks2_schools",
    "ks4_schools",
    "school_register",
    "school_links",
    "school_corrections",
    "school_census",
    "la_context",
    "inspections",
    "enrolments",
    "eligibility",
    "reviews",
    "evaluations",
    "evaluation_questions",
    "statements",
    "case_studies",
]
OUTCOME_KINDS: tuple[SourceKind, ...] = ("ks2_pupils", "ks4_pupils", "ks2_schools", "ks4_schools")
# What such a file cannot be used without.
DATED_BY: dict[SourceKind, tuple[str, ...]] = {
    **dict.fromkeys(OUTCOME_KINDS, ("academic_year", "status")),
    "school_census": ("academic_year",),
    "la_context": ("status",),
}
# Several files of these may stand side by side: each says itself of which years and pupils it is.
_MANY_FILES: tuple[SourceKind, ...] = ("la_context",)
PUPIL_GROUPS: tuple[PupilGroup, ...] = get_args(PupilGroup)


class _Settings(BaseModel):
    # A setting's own docstring is what `ssif new` says of it.
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )


class ProgrammeMeasure(_Settings):
    """An outcome a programme is judged on. One primary a key stage gets a verdict.

    Adjusted for prior attainment, a school's result is what it would be if every school's pupils had
    started from the same: narrower ranges, and no harm where schools were chosen knowing the cohort.
    """

    name: MeasureName
    """Which outcome."""
    primary: bool = False
    """Whether its headline gets a verdict."""
    adjust_for_prior_attainment: bool = False
    """Whether results are compared among pupils who started from the same."""
    smallest_effect: Annotated[float, Field(gt=0, strict=False)] | None = None
    """The smallest effect that would matter: points, or 0.05 for 5 percentage points. Decide it first."""


class Placebo(_Settings):
    """A programme that never was: the schools with the lowest figure of one year, to see what methods say.

    Schools are mainstream and have a figure for the target group in every year of the study; ties go to
    the lower LAESTAB.
    """

    measure: MeasureName
    academic_year: AcademicYear
    n_schools: Annotated[int, Field(ge=1)]


class Programme(_Settings):
    """An intervention and its schools. Evaluated if it has measures, else only counted for coverage.

    The comparison pool is each programme's own: one for disadvantaged pupils can be matched while one for
    pupils on SEN support, of whom nothing is published by school, cannot. Beyond five matches a school
    there is little left to gain (a difference's variance goes with 1 + 1/k), and matches get worse.
    """

    id: Slug
    """A short name, as the enrolments write it."""
    title: str
    """Its name in full, as the board reads it."""
    fund: str
    """Who paid, as SSIF."""
    priority: str | None = None
    """Which of the authority's priorities it serves."""
    funding_gbp: Annotated[int, Field(ge=0)] | None = None
    """What was paid, in pounds."""
    target_group: PupilGroup | None = None
    """Whose results it was to change."""
    starts: dt.date | None = None
    """Its first day."""
    selection_years: tuple[AcademicYear, ...] = Field(default=(), strict=False)
    """Years whose results its schools were chosen on, if known."""
    expected_schools: Annotated[int, Field(ge=1)] | None = None
    """How many schools it was paid for."""
    eligible_share: Annotated[float, Field(gt=0, le=1)] | None = None
    """The share of its schools that had to be eligible, as 0.7."""
    comparison_pool: ComparisonPool = "local"
    """Compared with the authority's other schools (local) or the most alike elsewhere (matched)."""
    matches_per_school: Annotated[int, Field(ge=1)] = 5
    """If matched, how many schools for each of its own."""
    placebo: Placebo | None = None
    measure: tuple[ProgrammeMeasure, ...] = Field(default=(), strict=False)

    @property
    def is_evaluated(self) -> bool:
        """Whether the study estimates this programme's effect."""
        return bool(self.measure)


class Source(_Settings):
    """One registered raw file, and what it calls things if not by their usual headings.

    `columns`: a heading of the file, and what it is; `assume`: what every row has that the file has no
    column for; `without`: what the file does not hold. Which names there are is `ingest.headings`'.

    Of a year's results in several releases the one marked `used` is what estimates rest on, else the latest.
    """

    kind: SourceKind
    """What a row of it is."""
    file: str
    """Its name below data_root."""
    sheet: str | None = None
    """Which sheet of a workbook, where the headings do not tell."""
    encoding: Encoding | None = None
    """Which encoding text without a mark is in, where its bytes do not tell."""
    columns: dict[str, Names] = Field(default_factory=dict)
    """A heading of the file = what it is: an official heading, or a measure of this project."""
    assume: dict[str, str] = Field(default_factory=dict)
    """What every row has that the file has no column for."""
    without: tuple[str, ...] = Field(default=(), strict=False)
    """Official headings whose column the file does not have."""
    academic_year: AcademicYear | None = None
    """The year of the results."""
    status: ReleaseStatus | None = None
    """How final the results are."""
    used: bool = False
    """Of several releases of a year, the one that estimates rest on; else the latest."""
    publisher: str | None = None
    """Who published it."""
    published: dt.date | None = None
    """On what day."""
    licence: str | None = None
    """Under which licence."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """If given, the file has to be that very one."""


class NotYetPublished(_Settings):
    """A measure that does not exist yet for a year, with the reason the page prints in its place."""

    measure: MeasureName
    """Which outcome."""
    academic_year: AcademicYear
    """Of which year."""
    reason: str
    """Why, in words for the page."""


class StatedTotal(_Settings):
    """What somebody said a fund brings in all, to be held against the funding stated of its programmes."""

    fund: str
    said: str
    gbp: Annotated[int, Field(gt=0)]


class StudySection(_Settings):
    """Whose results, of which years, and on how few pupils a figure may rest."""

    name: Slug
    """The study's name, which is its folder's."""
    title: str
    """The question, as the head of the page."""
    local_authority: Annotated[int, Field(ge=200, le=999)]
    """The authority's three-digit number."""
    local_authority_name: str
    """The authority's name."""
    reference_date: dt.date
    """The day on which a school counts as open and as maintained."""
    as_at: dt.date | None = None
    """The day the figures are from."""
    outcome_year: AcademicYear
    """The year whose results are judged."""
    baseline_years: tuple[AcademicYear, ...] = Field(min_length=1, strict=False)
    """Earlier years to compare with, the more the better."""
    minimum_cell: Annotated[int, Field(ge=2)] = 6
    """The fewest pupils a published figure may rest on."""
    draws: Annotated[int, Field(ge=99)] = 9999
    """How many draws the tests of chance take."""
    seed: int = 0
    """Makes the draws the same each time."""
    data_root: str = "."
    """The folder of the files, from the study's own."""
    is_fictional: bool = False
    """Whether the page has to say that all is invented."""


class Study(_Settings):
    """One evaluation: its protocol, where its files are, and the hash that every output carries."""

    study: StudySection
    programme: tuple[Programme, ...] = Field(min_length=1, strict=False)
    source: tuple[Source, ...] = Field(min_length=1, strict=False)
    not_yet_published: tuple[NotYetPublished, ...] = Field(default=(), strict=False)
    stated_total: tuple[StatedTotal, ...] = Field(default=(), strict=False)
    folder: Path
    protocol_sha256: str

    @property
    def name(self) -> str:
        """The study's name, which is also its folder's."""
        return self.study.name

    @property
    def data_root(self) -> Path:
        """The folder no source may lie outside of."""
        return (self.folder / self.study.data_root).resolve()

    @property
    def years(self) -> tuple[AcademicYear, ...]:
        """Baseline years and the outcome year, oldest first."""
        return tuple(sorted({*self.study.baseline_years, self.study.outcome_year}))

    @property
    def evaluated_programmes(self) -> tuple[Programme, ...]:
        """Programmes whose effect is estimated, in the protocol's order."""
        return tuple(programme for programme in self.programme if programme.is_evaluated)

    @property
    def protocol_path(self) -> Path:
        """The study's own file."""
        return self.folder / PROTOCOL

    def path(self, source: Source) -> Path:
        """Where a source's file lies."""
        return self.data_root / source.file


def load_study(folder: Path) -> Study:
    """Read and check a study folder's protocol.

    Raises StudyError with every fault of `study.toml` at once; the files it names are not opened here.
    """
    path = folder / PROTOCOL
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise StudyError([_no_protocol(folder)]) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise StudyError(
            [_protocol_fault("is not UTF-8 text", "save the file as UTF-8", line)]
        ) from None
    if unfilled := list(_unfilled(text)):
        # What else is wrong follows from these, or can wait for them.
        raise StudyError(unfilled)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise StudyError(
            [
                _protocol_fault(
                    f"is not valid TOML: {error}",
                    "mend that line; `data_raw/example/study.toml` shows the form",
                    int(found.group(1)) if found else None,
                )
            ]
        ) from None

    reserved = {"folder", "protocol_sha256"} & values.keys()
    protocol_sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    settings = {key: value for key, value in values.items() if key not in reserved}
    try:
        study = Study.model_validate(
            {**settings, "folder": folder.resolve(), "protocol_sha256": protocol_sha256}
        )
    except ValidationError as error:
        raise StudyError(
            [_fault_of(dict(problem), text) for problem in error.errors()]
            + [_unknown_key(text, (key,)) for key in sorted(reserved)]
        ) from None
    faults = [_unknown_key(text, (key,)) for key in sorted(reserved)] + _contradictions(study, text)
    if faults:
        raise StudyError(faults)
    return study


def _no_protocol(folder: Path) -> Fault:
    return Fault(
        file=f"{folder}/{PROTOCOL}",
        problem="there is no such file, so this is not a study folder",
        expected="a folder that holds a study.toml",
        remedy="check the folder's name; `data_raw/example/` shows what a study folder looks like",
    )


def _protocol_fault(problem: str, remedy: str, row: int | None) -> Fault:
    return Fault(file=PROTOCOL, problem=problem, remedy=remedy, row=row)


def _unfilled(text: str) -> Iterator[Fault]:
    for row, key, about in blanks(text):
        yield Fault(
            file=PROTOCOL,
            row=row,
            column=key,
            problem="the place is not filled in yet",
            found=f"‹{about}›",
            expected="a value like the one between the marks",
            remedy="write it in place of the marks and what stands between them",
        )


def _unknown_key(text: str, location: tuple[str | int, ...]) -> Fault:
    return Fault(
        file=PROTOCOL,
        row=line_of(text, location),
        column=dotted(location),
        problem=f"the key {location[-1]!r} is not known here",
        expected=_known_keys(location),
        remedy="mend the spelling, or take the line out",
    )


def _fault_of(problem: dict[str, object], text: str) -> Fault:
    """Turn one of pydantic's complaints into a fault with its line."""
    location = tuple(part for part in problem["loc"] if isinstance(part, str | int))  # type: ignore[attr-defined]
    if problem["type"] == "extra_forbidden":
        return _unknown_key(text, location)
    missing = problem["type"] == "missing"
    return Fault(
        file=PROTOCOL,
        row=line_of(text, location[:-1] if missing else location),
        column=dotted(location),
        problem=f"the key {location[-1]!r} is missing" if missing else "the value is not usable",
        found=None if missing else repr(problem["input"]),
        expected=str(problem["msg"]),
        remedy="add it" if missing else "mend the value",
    )


def _known_keys(location: Sequence[str | int]) -> str:
    model: type[BaseModel] = Study
    for part in location[:-1]:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        annotation = model.model_fields[part].annotation
        for candidate in [annotation, *get_args(annotation)]:
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    known = [key for key in model.model_fields if key not in {"folder", "protocol_sha256"}]
    return "one of " + ", ".join(known)


def _contradictions(study: Study, text: str) -> list[Fault]:
    """What the schema cannot say: entries that do not fit each other."""
    faults: list[Fault] = []

    def fault(location: tuple[str | int, ...], problem: str, expected: str, remedy: str) -> None:
        faults.append(
            Fault(
                file=PROTOCOL,
                row=line_of(text, location),
                column=dotted(location),
                problem=problem,
                expected=expected,
                remedy=remedy,
            )
        )

    section = study.study
    if section.name != study.folder.name:
        fault(
            ("study", "name"),
            f"the study is called {section.name!r} but its folder is {study.folder.name!r}",
            "one name: outputs are written under it",
            "rename one of the two",
        )
    for index, year in enumerate(section.baseline_years):
        if year >= section.outcome_year:
            fault(
                ("study", "baseline_years", index),
                f"baseline year {year} does not come before the outcome year {section.outcome_year}",
                "baseline years before the outcome year",
                "mend one of the two",
            )
        if year in section.baseline_years[:index]:
            fault(
                ("study", "baseline_years", index),
                f"baseline year {year} is listed twice",
                "each baseline year once",
                "take one of the two out",
            )
    if not study.evaluated_programmes:
        fault(
            ("programme",),
            "no programme has a measure, so there is nothing to evaluate",
            "at least one [[programme.measure]]",
            "add the measures the programme is to be judged on",
        )
    seen_ids: set[str] = set()
    for index, programme in enumerate(study.programme):
        here = ("programme", index)
        if programme.id in seen_ids:
            fault(
                (*here, "id"),
                f"two programmes are called {programme.id!r}",
                "one id each",
                "rename one",
            )
        seen_ids.add(programme.id)
        if programme.is_evaluated and programme.target_group is None:
            fault(
                here,
                f"programme {programme.id!r} is evaluated but names no target_group",
                "one of " + ", ".join(PUPIL_GROUPS),
                "add target_group",
            )
        for location, *words in measure_contradictions(study, programme):
            fault((*here, *location), *words)
        for key, *words in pool_contradictions(programme):
            fault((*here, key), *words)
        if programme.placebo and programme.placebo.academic_year not in section.baseline_years:
            fault(
                (*here, "placebo", "academic_year"),
                "the placebo picks its schools on a year that is not a baseline year",
                "one of " + ", ".join(section.baseline_years),
                "choose a baseline year",
            )
    funds = dict.fromkeys(programme.fund for programme in study.programme)
    for index, total in enumerate(study.stated_total):
        if total.fund not in funds:
            problem, known = f"no programme is paid by {total.fund!r}", "one of " + ", ".join(funds)
            fault(("stated_total", index, "fund"), problem, known, "mend the name, or take it out")
    slots: dict[tuple[str, str | None, str | None], int] = {}
    for index, source in enumerate(study.source):
        here = ("source", index)
        if source.kind in DATED_BY:
            for key in DATED_BY[source.kind]:
                if getattr(source, key) is None:
                    fault(
                        here,
                        f"{source.file} is {source.kind} data but has no {key}",
                        f"a {key}",
                        f"add {key}",
                    )
            if source.academic_year is not None and source.academic_year not in study.years:
                fault(
                    (*here, "academic_year"),
                    f"{source.file} is of {source.academic_year}, a year the study does not use",
                    "one of " + ", ".join(study.years),
                    "mend the year, or add it to baseline_years",
                )
        slot = (source.kind, source.academic_year, source.status)
        if slot in slots and source.kind not in _MANY_FILES:
            fault(
                here,
                f"{source.file} and {study.source[slots[slot]].file} are both the study's {source.kind}"
                + (f" of {source.academic_year}, {source.status}" if source.academic_year else ""),
                "one file for each kind, year and status",
                "take one of the two out",
            )
        slots.setdefault(slot, index)
        if source.file in (other.file for other in study.source[:index]):
            fault(
                (*here, "file"),
                f"{source.file} is registered twice",
                "one entry for each file",
                "take one of the two out, or mend its name",
            )
        # Unlike Path.resolve, this leaves a link that leads to itself for the search to miss.
        if not Path(os.path.realpath(study.path(source))).is_relative_to(study.data_root):
            fault(
                (*here, "file"),
                f"{source.file} lies outside data_root",
                "a file inside the folder that data_root names",
                "move the file, or change data_root",
            )
    for location, *words in (*series_contradictions(study), *release_contradictions(study)):
        fault(location, *words)
    for stage in ("ks2", "ks4"):
        if {f"{stage}_pupils", f"{stage}_schools"} <= {source.kind for source in study.source}:
            fault(
                ("source",),
                f"the study has both pupil files and school tables for {stage}",
                "one of the two kinds for a key stage",
                "take one of them out",
            )
    if not any(s.kind == "enrolments" for s in study.source) and any(
        programme.placebo is None for programme in study.evaluated_programmes
    ):
        fault(
            ("source",),
            "no source says which schools are enrolled",
            'a source of kind = "enrolments"',
            "add it",
        )
    return faults
