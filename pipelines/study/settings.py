"""One evaluation's protocol as frozen settings, as `study.toml` writes them; `study_file` reads that.

What does not fit together is `contradictions`'; reading the sources it names is `pipelines.ingest`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
)

from pipelines.study.key_stages import KeyStage
from pipelines.study.measures import MEASURES, Measure, Unit

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
# No fund of any authority comes near it: a sum beyond is a slip.
MOST_GBP = 1_000_000_000
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
# What was said of all schools and can be counted; the others are tied to what a programme says.
ClaimKind = Literal["every_school_takes_part", "all_maintained_schools_reviewed"]
# Whom a programme's schools are compared with: the authority's others, or the nearest outside it.
ComparisonPool = Literal["local", "matched"]
SourceKind = Literal[
    "ks2_pupils",
    "ks4_pupils",
    "ks2_schools",
    "ks4_schools",
    "phonics_schools",
    "ks1_schools",
    "attendance_schools",
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
    "case_study_support",
]
PUPIL_KINDS: tuple[SourceKind, ...] = ("ks2_pupils", "ks4_pupils")
# The Department's performance tables: published by school, with small figures already withheld.
PUBLISHED_KINDS: tuple[SourceKind, ...] = ("ks2_schools", "ks4_schools")
SCHOOL_KINDS: tuple[SourceKind, ...] = (
    *PUBLISHED_KINDS,
    *("phonics_schools", "ks1_schools", "attendance_schools"),
)
OUTCOME_KINDS: tuple[SourceKind, ...] = (*PUPIL_KINDS, *SCHOOL_KINDS)
# What such a file cannot be used without.
DATED_BY: dict[SourceKind, tuple[str, ...]] = {
    **dict.fromkeys(OUTCOME_KINDS, ("academic_year", "status")),
    "school_census": ("academic_year",),
    "la_context": ("status",),
}
# Several files of these may stand side by side: each says itself of which years and pupils it is.
MANY_FILES: tuple[SourceKind, ...] = ("la_context",)
PUPIL_GROUPS: tuple[PupilGroup, ...] = get_args(PupilGroup)
# A measure's name as study.toml and the files write it; `Study.measures` has those there are.
A_MEASURE = "a measure's name"
MeasureName = Annotated[str, A_MEASURE]


def key_stage_of(kind: str) -> str:
    """The key stage of a kind of results, as ks2 of ks2_pupils."""
    return kind.removesuffix("_pupils").removesuffix("_schools")


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
    smallest_effect: Annotated[float, Field(gt=0, lt=1000, strict=False)] | None = None
    """The smallest effect that would matter, decided first: of a percentage as a share, 0.05 for 5 percentage
    points; of any other measure in its points."""


class Placebo(_Settings):
    """A programme that never was: the schools with the weakest figure of one year, to see what methods say.

    Schools are mainstream and have a figure for the target group in every year of the study; ties go to
    the lower LAESTAB.
    """

    measure: MeasureName
    academic_year: AcademicYear
    n_schools: Annotated[int, Field(ge=1, le=30_000)]


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
    funding_gbp: Annotated[int, Field(ge=0, le=MOST_GBP)] | None = None
    """What was paid, in whole pounds."""
    target_group: PupilGroup | None = None
    """Whose results it was to change."""
    starts: dt.date | None = None
    """Its first day."""
    selection_years: tuple[AcademicYear, ...] = Field(default=(), strict=False)
    """Years whose results its schools were chosen on, if known."""
    expected_schools: Annotated[int, Field(ge=1, le=30_000)] | None = None
    """How many schools it was paid for."""
    eligible_share: Annotated[float, Field(gt=0, le=1)] | None = None
    """The share of its schools that had to be eligible, 0 to 1: 0.7 for 70%."""
    comparison_pool: ComparisonPool = "local"
    """Compared with the authority's other schools (local) or the most alike elsewhere (matched)."""
    matches_per_school: Annotated[int, Field(ge=1, le=100)] = 5
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
    column for; `without`: what the file does not hold. A name that is none is refused, with those near it.

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


class OwnMeasure(_Settings):
    """An outcome of this study's own, which its tables of schools hold under a heading of theirs.

    A source of the key stage's schools names the column: columns = { "their heading" = "my_measure" }; of a
    group of pupils "my_measure/disadvantaged", and of how many pupils "my_measure/n_pupils".
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    """A short name, as programmes and columns write it."""
    label: Annotated[str, Field(min_length=1, max_length=90)]
    """Its name in full, as the board reads it."""
    unit: Unit
    """Counted as a share of pupils (percentages in the file), or in points."""
    key_stage: KeyStage
    """Whose results it is read from."""
    higher_is_better: bool = True
    """Whether more is better; of absence or exclusions it is not."""
    decimals: Annotated[int, Field(ge=0, le=3)] = 0
    """Decimals it is read to."""
    low: Annotated[float, Field(ge=-1000, le=1000, strict=False)] | None = None
    """The lowest a school can have; of a share 0."""
    high: Annotated[float, Field(ge=-1000, le=1000, strict=False)] | None = None
    """The highest a school can have; of a share 1."""
    is_rate: bool = False
    """Whether a share is not of pupils, but of sessions, say."""

    def as_measure(self) -> Measure:
        """The same as any other measure."""
        low, high = (0.0, 1.0) if self.unit == "share" else (-1000.0, 1000.0)
        return Measure(
            name=self.name,
            label=self.label,
            unit=self.unit,
            decimals=self.decimals,
            key_stage=self.key_stage,
            low=low if self.low is None else self.low,
            high=high if self.high is None else self.high,
            higher_is_better=self.higher_is_better,
            is_rate=self.is_rate,
        )


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
    """Which fund, as its programmes write it."""
    said: str
    """What was said, word for word."""
    gbp: Annotated[int, Field(gt=0, le=MOST_GBP)]
    """What that comes to, in pounds."""
    said_by: str | None = None
    """Who said it, and when."""


class Claim(_Settings):
    """What somebody said of all the authority's schools, to be counted again. None said, none checked.

    `every_school_takes_part`: in one or more of the programmes above, as the enrolments list them.
    `all_maintained_schools_reviewed`: inspected or reviewed in the outcome year, all `but` so many.
    What a programme says of itself (`expected_schools`, `eligible_share`) is checked without a claim.
    """

    kind: ClaimKind
    """What is counted."""
    said: str
    """What was said, word for word."""
    said_by: str
    """Who said it, and when."""
    but: Annotated[int, Field(ge=0, le=1000)] = 0
    """How many schools the claim leaves out, as 1 for all but one."""


class AuthorityContext(_Settings):
    """Published results of the authority beside its statistical neighbours and England: la_context files."""

    statistical_neighbours: tuple[Annotated[int, Field(ge=200, le=999)], ...] = Field(
        min_length=1, strict=False
    )
    """The three-digit numbers of the authorities most like it."""
    model: str
    """Which list of neighbours this is, by its date."""
    years: tuple[AcademicYear, ...] = Field(default=(), strict=False)
    """Which years are shown; else those of the study."""


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
    minimum_cell: Annotated[int, Field(ge=5, le=100)] = 6
    """The fewest pupils a published figure may rest on; the Department publishes none of fewer than 6."""
    draws: Annotated[int, Field(ge=99, le=100_000)] = 9999
    """How many draws the tests of chance take."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Makes the draws the same each time."""
    data_root: str = "."
    """The folder of the files, from the study's own."""
    is_fictional: bool = False
    """Whether the page has to say that all is invented."""
    school_types: dict[str, str] = Field(default_factory=dict)
    """A type of school as a file spells it, where no other file does = the type it is."""


class Study(_Settings):
    """One evaluation: its protocol, where its files are, and the hash that every output carries."""

    study: StudySection
    programme: tuple[Programme, ...] = Field(min_length=1, strict=False)
    source: tuple[Source, ...] = Field(min_length=1, strict=False)
    measure: tuple[OwnMeasure, ...] = Field(default=(), strict=False)
    not_yet_published: tuple[NotYetPublished, ...] = Field(default=(), strict=False)
    stated_total: tuple[StatedTotal, ...] = Field(default=(), strict=False)
    claim: tuple[Claim, ...] = Field(default=(), strict=False)
    authority_context: AuthorityContext | None = None
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

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """Every outcome the study can ask about, by name: the usual ones and its own."""
        return MEASURES | {own.name: own.as_measure() for own in self.measure}

    @property
    def years(self) -> tuple[AcademicYear, ...]:
        """Baseline years and the outcome year, oldest first."""
        return tuple(sorted({*self.study.baseline_years, self.study.outcome_year}))

    @property
    def context_years(self) -> tuple[AcademicYear, ...]:
        """Years of which published results of the authority are shown, oldest first."""
        context = self.authority_context
        return tuple(sorted(context.years)) if context and context.years else self.years

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
