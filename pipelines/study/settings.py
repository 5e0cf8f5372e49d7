"""The settings of `study.toml` as frozen classes.

`protocol.study_file` reads the file and `protocol.contradictions` checks that the settings agree.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)

from pipelines.study.academic_years import AcademicYear, with_both_outcome_years
from pipelines.study.key_stages import KeyStage
from pipelines.study.measures import MEASURES, Measure, Unit

PROTOCOL = "study.toml"


def _one_or_more(names: object) -> object:
    return (
        (names,) if isinstance(names, str) else tuple(names) if isinstance(names, list) else names
    )


# One heading may hold two things, such as the number of pupils of two measures.
Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(min_length=1)]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)]
ReleaseStatus = Literal["school_return", "provisional", "revised", "final"]
# No fund of any authority is that large, so a larger sum is a typing error.
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
# Claims about all schools; claims about one programme are settings of the programme.
ClaimKind = Literal["every_school_takes_part", "all_maintained_schools_reviewed"]
# Compare with the authority's other schools, or with the most similar schools elsewhere.
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
# Keys that such a source must have.
DATED_BY: dict[SourceKind, tuple[str, ...]] = {
    **dict.fromkeys(OUTCOME_KINDS, ("academic_year", "status")),
    "school_census": ("academic_year",),
    "la_context": ("status",),
}
# Kinds that may have several files: each row names its year and pupils.
MANY_FILES: tuple[SourceKind, ...] = ("la_context",)
PUPIL_GROUPS: tuple[PupilGroup, ...] = get_args(PupilGroup)
# Marks a measure's name in study.toml; `Study.measures` lists the valid ones.
A_MEASURE = "a measure's name"
MeasureName = Annotated[str, A_MEASURE]


def key_stage_of(kind: str) -> str:
    """The key stage of a kind of results: ks2 for ks2_pupils."""
    return kind.removesuffix("_pupils").removesuffix("_schools")


class _Settings(BaseModel):
    # `ssif new` prints a setting's docstring above it.
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True
    )


class ProgrammeMeasure(_Settings):
    """An outcome that a programme is judged on. The primary one of each key stage gets a verdict.

    Adjusting for prior attainment estimates what each school's result would be if all pupils had started from
    the same point. It narrows the intervals and corrects for schools chosen with their cohort in mind.
    """

    name: MeasureName
    """Which outcome. For a small group of pupils `ks2_progress_index`, progress in reading, writing and
    maths together, shows smaller effects than one subject does."""
    primary: bool = False
    """Whether its headline estimate gets a verdict."""
    adjust_for_prior_attainment: bool = False
    """Whether to compare pupils with the same prior attainment, which makes the range about a quarter
    narrower. It needs pupil files with prior attainment, and a measure that is not of progress."""
    smallest_effect: Annotated[float, Field(gt=0, lt=1000, strict=False)] | None = None
    """The smallest effect that would matter, decided before results are seen: as a share for percentages
    (0.05 for 5 percentage points), in points for other measures."""


class Placebo(_Settings):
    """A programme that never existed: the schools with the weakest result in one year, to test the methods.

    It takes mainstream schools with a result for the target group in every year of the study. The lower
    LAESTAB breaks ties.
    """

    measure: MeasureName
    academic_year: AcademicYear
    n_schools: Annotated[int, Field(ge=1, le=30_000)]


class Programme(_Settings):
    """An intervention and its schools. Without measures it is not evaluated and only counts in coverage.

    Each programme chooses its own comparison pool. Matching needs results published by school, which exist
    for disadvantaged pupils but not for pupils on SEN support. More than five matches per school gain little
    (the variance of a difference falls with 1 + 1/k) and are less similar.
    """

    id: Slug
    """A short name, as used in the enrolments file."""
    title: str
    """The full name, as printed on the board's page."""
    fund: str
    """Who pays for it, spelled out as printed: Strategic School Improvement Fund (SSIF)."""
    priority: str | None = None
    """The authority's priority that it serves."""
    funding_gbp: Annotated[int, Field(ge=0, le=MOST_GBP)] | None = None
    """Funding in whole pounds."""
    target_group: PupilGroup | None = None
    """The pupils whose results it was meant to change."""
    starts: dt.date | None = None
    """Its first day."""
    selection_years: tuple[AcademicYear, ...] = Field(default=(), strict=False)
    """Years whose results were used to choose its schools, if known."""
    expected_schools: Annotated[int, Field(ge=1, le=30_000)] | None = None
    """How many schools it was funded for."""
    eligible_share: Annotated[float, Field(gt=0, le=1)] | None = None
    """The share of its schools that had to be eligible, 0 to 1: 0.7 for 70%."""
    comparison_pool: ComparisonPool = "local"
    """Compare with other local schools (local), or with similar ones elsewhere (matched: no verdict)."""
    matches_per_school: Annotated[int, Field(ge=1, le=100)] = 5
    """If matched: how many comparison schools to choose for each programme school."""
    placebo: Placebo | None = None
    measure: tuple[ProgrammeMeasure, ...] = Field(default=(), strict=False)

    @property
    def is_evaluated(self) -> bool:
        """Whether the study estimates this programme's effect."""
        return bool(self.measure)


class Source(_Settings):
    """One registered raw file, and how to read it where its headings are not the usual ones.

    `columns` maps a heading of the file to what it holds; `assume` gives a value to every row for a column
    that the file lacks; `without` lists headings that the file lacks. Unknown names are refused, with
    suggestions.

    If a year's results come in several releases, the one marked `used` feeds the estimates, else the latest.
    """

    kind: SourceKind
    """What each row describes."""
    file: str
    """The file's name, relative to data_root."""
    sheet: str | None = None
    """The sheet of a workbook, needed if the headings do not identify it."""
    encoding: Encoding | None = None
    """The text encoding, needed if the file's bytes do not identify it."""
    columns: dict[str, Names] = Field(default_factory=dict)
    """Heading of the file = what it holds: an official heading, or a measure of this project."""
    assume: dict[str, str] = Field(default_factory=dict)
    """Official heading = the value of every row, for a column that the file lacks."""
    without: tuple[str, ...] = Field(default=(), strict=False)
    """Official headings that the file lacks."""
    academic_year: AcademicYear | None = None
    """The year of the results."""
    status: ReleaseStatus | None = None
    """The release status of the results."""
    used: bool = False
    """Use this release of the year's results for the estimates; by default the latest is used."""
    publisher: str | None = None
    """Who published it."""
    published: dt.date | None = None
    """The date of publication."""
    licence: str | None = None
    """The licence of the data."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    """The file's checksum: if given, any other file is refused."""


class OwnMeasure(_Settings):
    """An outcome defined by this study, read from its own tables of schools.

    A source of the key stage's schools names the column: columns = { "their heading" = "my_measure" }. Use
    "my_measure/disadvantaged" for a pupil group and "my_measure/n_pupils" for the number of pupils.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    """A short name, as used by programmes and columns."""
    label: Annotated[str, Field(min_length=1, max_length=90)]
    """The full name, as printed on the board's page."""
    unit: Unit
    """A share of pupils (percentages in the file), or points."""
    key_stage: KeyStage
    """The key stage whose files hold it."""
    higher_is_better: bool = True
    """Whether a higher value is better; false for absence or exclusions."""
    decimals: Annotated[int, Field(ge=0, le=3)] = 0
    """Decimals to print."""
    low: Annotated[float, Field(ge=-1000, le=1000, strict=False)] | None = None
    """The lowest possible value for a school; 0 for a share."""
    high: Annotated[float, Field(ge=-1000, le=1000, strict=False)] | None = None
    """The highest possible value for a school; 1 for a share."""
    is_rate: bool = False
    """Whether a share is a rate of something other than pupils, such as sessions."""

    def as_measure(self) -> Measure:
        """This outcome in the form of the built-in measures."""
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
    """A measure without results yet for a year, and the reason that the page prints instead."""

    measure: MeasureName
    """The outcome."""
    academic_year: AcademicYear
    """The year."""
    reason: str
    """The reason, as printed on the page."""


class StatedTotal(_Settings):
    """The total that somebody stated for a fund, to compare with the sum of its programmes' funding."""

    fund: str
    """The fund, spelled as in its programmes."""
    said: str
    """The exact words of the statement."""
    gbp: Annotated[int, Field(gt=0, le=MOST_GBP)]
    """The stated total in pounds."""
    said_by: str | None = None
    """Who said it, and when."""


class Claim(_Settings):
    """A statement about all the authority's schools, to be checked against the data.

    `every_school_takes_part`: each is in one or more of the programmes above, as the enrolments list them.
    `all_maintained_schools_reviewed`: all `but` so many were inspected or reviewed in the outcome year.
    A programme's own statements (`expected_schools`, `eligible_share`) are checked without a claim.
    """

    kind: ClaimKind
    """Which statement to check."""
    said: str
    """The exact words of the statement."""
    said_by: str
    """Who said it, and when."""
    but: Annotated[int, Field(ge=0, le=1000)] = 0
    """How many exceptions the statement allows: 1 for "all but one"."""


class AuthorityContext(_Settings):
    """Published results of the authority, its statistical neighbours and England, from la_context files."""

    statistical_neighbours: tuple[Annotated[int, Field(ge=200, le=999)], ...] = Field(
        min_length=1, strict=False
    )
    """The three-digit numbers of the authority's statistical neighbours."""
    model: str
    """The date or version of the list of neighbours."""
    years: tuple[AcademicYear, ...] = Field(default=(), strict=False)
    """The years to show; by default those of the study."""


class StudySection(_Settings):
    """The authority, the years, and the rules for publishing figures."""

    name: Slug
    """The study's name, the same as its folder's."""
    title: str
    """The question, printed at the head of the page."""
    local_authority: Annotated[int, Field(ge=200, le=999)]
    """The authority's three-digit number."""
    local_authority_name: str
    """The authority's name."""
    reference_date: dt.date
    """The day on which schools are counted as open and as maintained."""
    as_at: dt.date | None = None
    """The date of the figures."""
    prepared_for: str = ""
    """The readers of the pack, named in its first line."""
    contact: str = ""
    """The contact for questions about the pack: a name, a team, an address."""
    outcome_year: AcademicYear
    """The year whose results are judged; the last of them if there are several."""
    outcome_years: tuple[AcademicYear, ...] = Field(default=(), min_length=1, strict=False)
    """In place of outcome_year: every year since the programme began whose results are judged together."""
    baseline_years: tuple[AcademicYear, ...] = Field(min_length=1, strict=False)
    """Earlier years to compare with; more years give better estimates."""
    minimum_cell: Annotated[int, Field(ge=5, le=100)] = 6
    """The fewest pupils behind any published figure; the Department publishes none for fewer than 6."""
    draws: Annotated[int, Field(ge=99, le=100_000)] = 9999
    """Number of random draws in randomisation tests and bootstraps."""
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of the random draws, so that they are the same in every run."""
    data_root: str = "."
    """The folder of the files, relative to the study's folder."""
    is_fictional: bool = False
    """Whether the page must say that the data are invented."""
    school_types: dict[str, str] = Field(default_factory=dict)
    """School types that no reviewed list knows: spelling in the file = the type it means."""

    @model_validator(mode="before")
    @classmethod
    def _with_both_outcome_years(cls, values: object) -> object:
        return with_both_outcome_years(values)


class Study(_Settings):
    """One evaluation: its protocol, its folder, and the protocol's hash, which every output carries."""

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
        """The folder that must contain every source."""
        return (self.folder / self.study.data_root).resolve()

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """Every outcome available to the study, by name: the built-in ones and its own."""
        return MEASURES | {own.name: own.as_measure() for own in self.measure}

    @property
    def years(self) -> tuple[AcademicYear, ...]:
        """Baseline years and outcome years, oldest first."""
        return tuple(sorted({*self.study.baseline_years, *self.study.outcome_years}))

    @property
    def context_years(self) -> tuple[AcademicYear, ...]:
        """Years of the authority's published results to show, oldest first."""
        context = self.authority_context
        return tuple(sorted(context.years)) if context and context.years else self.years

    @property
    def evaluated_programmes(self) -> tuple[Programme, ...]:
        """Programmes whose effects are estimated, in the protocol's order."""
        return tuple(programme for programme in self.programme if programme.is_evaluated)

    @property
    def protocol_path(self) -> Path:
        """Path of study.toml."""
        return self.folder / PROTOCOL

    def path(self, source: Source) -> Path:
        """Path of a source's file."""
        return self.data_root / source.file
