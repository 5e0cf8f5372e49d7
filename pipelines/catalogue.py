"""Every raw and mart table, declared once: grain, key, columns, units, codes, sensitivity.

Ingest, Great Expectations suites, the schemas on the Dagster page and the tests are derived from here.
How a table is filled is in `ingest` (raw) and `marts` (mart); released ones leave through `disclosure`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args

from pipelines.measures import MEASURES, KeyStage
from pipelines.study import PUPIL_GROUPS, ReleaseStatus, SourceKind

Schema = Literal["raw", "mart", "impact", "released"]
Kind = Literal["text", "code", "integer", "number", "flag", "date"]
Sensitivity = Literal["public", "restricted", "pupil", "identifying"]

SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "date": "DATE",
}


@dataclass(frozen=True)
class Column:
    """One column of one table.

    `headers` are the headings it is found under in files (any case, any order); the column's own name
    always counts as one. `allowed` is the full list of codes, `low` and `high` bound a number, both ends
    included. `blanks` are codes that mean "no value" in a number. An `identifying` column is read to tell
    pupils apart and is never stored: the table keeps a key without meaning in its place.
    """

    name: str
    kind: Kind
    about: str
    headers: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    blanks: tuple[str, ...] = ()
    is_required: bool = True
    is_nullable: bool = True
    unit: str | None = None
    sensitivity: Sensitivity = "public"

    @property
    def sql_type(self) -> str:
        """The DuckDB type it is stored as."""
        return SQL_TYPES[self.kind]


@dataclass(frozen=True)
class Table:
    """One table: what a row is, what makes it unique, its columns in order."""

    schema: Schema
    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sensitivity: Sensitivity = "public"
    source_kinds: tuple[SourceKind, ...] = ()
    may_be_empty: bool = True
    # Released tables: figures that are withheld together where one of the counts is small.
    small_counts: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    is_about_single_schools: bool = False
    # Rows of a file that are not kept: SQL condition on this table's columns, and the reason it gives.
    set_asides: tuple[tuple[str, str], ...] = ()

    @property
    def full_name(self) -> str:
        """Schema and name, as SQL writes it. Pupil rows live in a file of their own, called `pupils`."""
        return f"{'pupils' if self.sensitivity == 'pupil' else self.schema}.{self.name}"

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError for a name that is not one of its columns."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.full_name} has no column {name}")

    def ddl(self) -> str:
        """`CREATE TABLE` for an empty table of this shape."""
        columns = ", ".join(f"{column.name} {column.sql_type}" for column in self.columns)
        return f"CREATE OR REPLACE TABLE {self.full_name} ({columns})"


RELEASE_STATUSES: tuple[str, ...] = get_args(ReleaseStatus)
KEY_STAGES: tuple[str, ...] = get_args(KeyStage)
VALUE_STATUSES = (
    "value",
    "suppressed",
    "low_coverage",
    "no_entries",
    "not_published",
    "not_applicable",
    "unavailable",
)

# ----------------------------------------------------------------------------------------------- raw

_SOURCE_ID = Column(
    "source_id",
    "text",
    "The file the row came from, as registered in study.toml",
    is_nullable=False,
)
_ROW = Column(
    "row_number",
    "integer",
    "Row in that file as a spreadsheet counts it (header = 1)",
    low=2,
    is_nullable=False,
)
_PLACE = (_SOURCE_ID, _ROW)
_YEAR = Column(
    "academic_year", "text", "Academic year of the results, as 2017-18", is_nullable=False
)
_STATUS = Column(
    "release_status",
    "code",
    "How final the figures are",
    allowed=RELEASE_STATUSES,
    is_nullable=False,
)
_PUPIL_KEY = Column(
    "pupil_key",
    "text",
    "Tells two rows of one pupil in one file; made with a secret that is thrown away with the run",
    headers=("UPN",),
    is_nullable=False,
    sensitivity="identifying",
)
_URN = Column(
    "urn",
    "integer",
    "Unique reference number of the school",
    headers=("URN",),
    low=100000,
    high=999999,
)
_LAESTAB = Column(
    "laestab",
    "integer",
    "Authority number x 10000 + establishment number",
    headers=("LAESTAB",),
    low=2000000,
    high=9999999,
)


def _pupil_code(
    name: str, about: str, header: str, allowed: tuple[str, ...], **more: object
) -> Column:
    return Column(
        name,
        "code",
        about,
        headers=(header,),
        allowed=allowed,
        sensitivity="pupil",
        **more,  # type: ignore[arg-type]
    )


def _pupil_number(
    name: str, about: str, header: str, low: float, high: float, *, blanks: tuple[str, ...] = ()
) -> Column:
    return Column(
        name,
        "number",
        about,
        headers=(header,),
        low=low,
        high=high,
        blanks=blanks,
        unit="points",
        sensitivity="pupil",
    )


def _pupil_flag(name: str, about: str, *headers: str) -> Column:
    return Column(name, "flag", about, headers=headers, sensitivity="pupil")


_TEST_OUTCOMES = ("A", "B", "L", "M", "F", "P", "H", "Q", "S", "X", "Z", "AS", "NS", "J", "U")
_WRITING_OUTCOMES = (
    *("GDS", "EXS", "WTS", "EM", "PK1", "PK2", "PK3", "PK4", "PK5", "PK6"),
    *("A", "D", "Q", "L", "M", "F", "P", "Z"),
)
_SEN_CODES = ("N", "K", "E")
_INCLUSION_CODES = ("201", "202", "203")
_KS4_COUNTED = ("401", "403", "414", "421", "431")
_KS4_NOT_COUNTED = ("402", "404", "407", "408", "410", "413", "422", "430")

KS2_PUPILS = Table(
    "raw",
    "ks2_pupils",
    grain="a pupil at the end of key stage 2 in one file",
    key=("source_id", "pupil_key"),
    sensitivity="pupil",
    source_kinds=("ks2_pupils",),
    set_asides=(
        ("inclusion = '202'", "not at the end of the key stage"),
        ("inclusion = '203'", "removed from measures at the school's request"),
    ),
    columns=(
        *_PLACE,
        _YEAR,
        _STATUS,
        _PUPIL_KEY,
        replace(_LAESTAB, is_nullable=False),
        replace(_URN, is_nullable=False),
        _pupil_code(
            "inclusion",
            "201 in measures, 202 not at the end of key stage 2, 203 removed at the school's request",
            "PINCL_FLAG",
            _INCLUSION_CODES,
            is_nullable=False,
        ),
        _pupil_code("sen", "SEN: N none, K SEN support, E plan", "SEN", _SEN_CODES),
        _pupil_flag("is_fsm6", "Free school meals in the last six years", "FSM6_P", "FSM6"),
        _pupil_code(
            "prior_band",
            "Key stage 1 band: 1 low, 2 middle, 3 high, 4 none",
            "KS1GROUP",
            ("1", "2", "3", "4"),
        ),
        _pupil_number("prior_points", "Key stage 1 average points", "KS1AVERAGEPS", 0, 30),
        _pupil_code("reading_outcome", "Reading test outcome", "READOUTCOME", _TEST_OUTCOMES),
        _pupil_code("maths_outcome", "Maths test outcome", "MATOUTCOME", _TEST_OUTCOMES),
        _pupil_code(
            "writing_outcome", "Writing teacher assessment", "WRITTAOUTCOME", _WRITING_OUTCOMES
        ),
        _pupil_number(
            "reading_score_points", "Reading scaled score", "READSCORE", 80, 120, blanks=("N",)
        ),
        _pupil_number(
            "maths_score_points", "Maths scaled score", "MATSCORE", 80, 120, blanks=("N",)
        ),
        _pupil_flag("is_in_rwm", "Counts in reading, writing and maths combined", "ELIGRWM"),
        _pupil_flag(
            "met_rwm_expected", "Expected standard in reading, writing and maths", "RWMEXP"
        ),
        _pupil_number(
            "reading_progress_points", "Reading progress", "READPROGSCORE_EM_ADJUSTED", -60, 60
        ),
        _pupil_number(
            "writing_progress_points", "Writing progress", "WRITPROGSCORE_EM_ADJUSTED", -60, 60
        ),
        _pupil_number(
            "maths_progress_points", "Maths progress", "MATPROGSCORE_EM_ADJUSTED", -60, 60
        ),
    ),
)

KS4_PUPILS = Table(
    "raw",
    "ks4_pupils",
    grain="a pupil at the end of key stage 4 in one file",
    key=("source_id", "pupil_key"),
    sensitivity="pupil",
    source_kinds=("ks4_pupils",),
    set_asides=(
        ("inclusion = '202'", "not at the end of the key stage"),
        ("inclusion = '203'", "removed from measures at the school's request"),
        (
            "inclusion IN (" + ", ".join(f"'{code}'" for code in _KS4_NOT_COUNTED) + ")",
            "not counted in key stage 4 measures",
        ),
    ),
    columns=(
        *_PLACE,
        _YEAR,
        _STATUS,
        _PUPIL_KEY,
        replace(_LAESTAB, is_nullable=False),
        replace(_URN, is_nullable=False),
        _pupil_code(
            "inclusion",
            "Whether the pupil counts; the tables-checking service numbers key stage 4 from 401 today",
            "P_INCL",
            (*_INCLUSION_CODES, *_KS4_COUNTED, *_KS4_NOT_COUNTED),
            is_nullable=False,
        ),
        _pupil_code("sen", "SEN: N none, K SEN support, E plan", "SENF", _SEN_CODES),
        _pupil_flag("is_fsm6", "Free school meals in the last six years", "FSM6"),
        _pupil_number("prior_points", "Key stage 2 average points", "KS2APS", 0, 130),
        _pupil_number("attainment8_points", "Attainment 8", "ATT8SCR", 0, 100),
        _pupil_number("progress8_points", "Progress 8, in grades", "P8SCORE", -8, 8),
        _pupil_flag("met_basics_94", "Grade 4 or above in English and maths", "L2BASICS_94"),
        _pupil_flag("met_basics_95", "Grade 5 or above in English and maths", "L2BASICS_95"),
    ),
)

PUBLISHED_OUTCOME = Table(
    "raw",
    "published_outcome",
    grain="a figure of a school, authority or nation in a published performance table",
    key=("source_id", "row_number", "pupil_group", "measure"),
    source_kinds=("ks2_schools", "ks4_schools"),
    columns=(
        *_PLACE,
        Column("column_name", "text", "The heading of the figure in the file", is_nullable=False),
        _YEAR,
        _STATUS,
        Column(
            "level",
            "code",
            "Whose figure it is",
            allowed=("mainstream_school", "special_school", "authority", "nation"),
            is_nullable=False,
        ),
        _LAESTAB,
        _URN,
        Column("school_name", "text", "Name of the school or authority in the file"),
        Column("school_type", "text", "The tables' own type code (NFTYPE)"),
        Column("pupil_group", "code", "Which pupils", allowed=PUPIL_GROUPS, is_nullable=False),
        Column("measure", "code", "Which outcome", allowed=tuple(MEASURES), is_nullable=False),
        Column("raw_text", "text", "The cell as it stands in the file"),
        Column(
            "value_status", "code", "What the cell is", allowed=VALUE_STATUSES, is_nullable=False
        ),
        Column(
            "value", "number", "The figure: shares 0 to 1, points as published", low=-100, high=200
        ),
        Column(
            "half_width",
            "number",
            "Half the step it was rounded to",
            low=0,
            high=1,
            is_nullable=False,
        ),
        Column("n_pupils", "integer", "Pupils of the group in the cohort", low=0),
        Column("ci_low", "number", "Lower end of the published interval", low=-200, high=200),
        Column("ci_high", "number", "Upper end of the published interval", low=-200, high=200),
    ),
)

SCHOOL_REGISTER = Table(
    "raw",
    "school_register",
    grain="a school as registered (one URN), open or closed",
    key=("urn",),
    source_kinds=("school_register",),
    columns=(
        *_PLACE,
        replace(_URN, is_nullable=False),
        Column(
            "la_code",
            "integer",
            "Authority",
            headers=("LA (code)",),
            low=200,
            high=999,
            is_nullable=False,
        ),
        Column(
            "establishment_number",
            "integer",
            "Number within the authority",
            headers=("EstablishmentNumber",),
            low=1000,
            high=9999,
        ),
        Column("school_name", "text", "Name", headers=("EstablishmentName",), is_nullable=False),
        Column(
            "school_type", "text", "Type of establishment", headers=("TypeOfEstablishment (name)",)
        ),
        Column(
            "type_group",
            "text",
            "Academy, maintained, special …",
            headers=("EstablishmentTypeGroup (name)",),
            is_nullable=False,
        ),
        Column("phase", "text", "Phase of education", headers=("PhaseOfEducation (name)",)),
        Column("low_age", "integer", "Youngest age", headers=("StatutoryLowAge",), low=0, high=19),
        Column("high_age", "integer", "Oldest age", headers=("StatutoryHighAge",), low=3, high=25),
        Column("open_date", "date", "Opened", headers=("OpenDate",)),
        Column("close_date", "date", "Closed", headers=("CloseDate",)),
    ),
)

SCHOOL_LINKS = Table(
    "raw",
    "school_links",
    grain="a predecessor or successor of a school, as one of the two records it",
    key=("urn", "link_urn", "link_type"),
    source_kinds=("school_links",),
    columns=(
        *_PLACE,
        replace(_URN, is_nullable=False),
        Column(
            "link_urn",
            "integer",
            "The other school",
            headers=("LinkURN",),
            low=100000,
            high=999999,
            is_nullable=False,
        ),
        Column(
            "link_type",
            "text",
            "Predecessor, Successor - merged …",
            headers=("LinkType",),
            is_nullable=False,
        ),
        Column("link_date", "date", "Since when; often blank", headers=("LinkEstablishedDate",)),
    ),
)

_PROGRAMME = Column(
    "programme",
    "text",
    "The programme's id in study.toml",
    headers=("programme",),
    is_nullable=False,
)

ENROLMENTS = Table(
    "raw",
    "enrolments",
    grain="a school in a programme",
    key=("programme", "urn"),
    source_kinds=("enrolments",),
    columns=(
        *_PLACE,
        _PROGRAMME,
        replace(_URN, is_nullable=False),
        Column("start_date", "date", "From when", headers=("start_date",)),
    ),
)

ELIGIBILITY = Table(
    "raw",
    "eligibility",
    grain="a criterion judged for a school at the time of the bid",
    key=("programme", "urn", "criterion"),
    source_kinds=("eligibility",),
    columns=(
        *_PLACE,
        _PROGRAMME,
        replace(_URN, is_nullable=False),
        Column("criterion", "text", "What was judged", is_nullable=False),
        Column("met", "code", "Was it met", allowed=("YES", "NO", "UNKNOWN"), is_nullable=False),
        Column("evidence", "text", "What it was judged on"),
        Column("judged_on", "date", "When"),
    ),
)

INSPECTIONS = Table(
    "raw",
    "inspections",
    grain="an inspection of a school",
    key=("urn", "inspection_date"),
    source_kinds=("inspections",),
    columns=(
        *_PLACE,
        replace(_URN, is_nullable=False),
        Column("inspection_date", "date", "When", is_nullable=False),
        Column("overall_effectiveness", "integer", "1 outstanding to 4 inadequate", low=1, high=4),
    ),
)

REVIEWS = Table(
    "raw",
    "reviews",
    grain="an external review of a school",
    key=("urn", "review_date", "review_type"),
    source_kinds=("reviews",),
    columns=(
        *_PLACE,
        replace(_URN, is_nullable=False),
        Column("review_date", "date", "When", is_nullable=False),
        Column("review_type", "text", "Peer review, verification …", is_nullable=False),
        Column("reviewer", "text", "Who reviewed"),
    ),
)

_AGREEMENT = (
    "STRONGLY AGREE",
    "AGREE",
    "NEITHER AGREE NOR DISAGREE",
    "DISAGREE",
    "STRONGLY DISAGREE",
)

EVALUATIONS = Table(
    "raw",
    "evaluations",
    grain="an evaluation form returned by a school for a programme",
    key=("programme", "urn", "submitted_on", "respondent_role"),
    source_kinds=("evaluations",),
    sensitivity="restricted",
    columns=(
        *_PLACE,
        _PROGRAMME,
        replace(_URN, is_nullable=False),
        Column("submitted_on", "date", "When it was returned", is_nullable=False),
        Column("respondent_role", "text", "Who answered"),
        *(
            Column(f"q{n}", "code", f"Answer to question {n}", allowed=_AGREEMENT)
            for n in (1, 2, 3, 4)
        ),
        Column("free_text", "text", "In their own words", sensitivity="restricted"),
    ),
)

EVALUATION_QUESTIONS = Table(
    "raw",
    "evaluation_questions",
    grain="a question of the evaluation form",
    key=("question",),
    source_kinds=("evaluation_questions",),
    columns=(
        *_PLACE,
        Column("question", "code", "q1 to q4", allowed=("Q1", "Q2", "Q3", "Q4"), is_nullable=False),
        Column("wording", "text", "As it was asked", is_nullable=False),
    ),
)

STATEMENTS = Table(
    "raw",
    "statements",
    grain="a statement given by a school",
    key=("source_id", "row_number"),
    source_kinds=("statements",),
    sensitivity="restricted",
    columns=(
        *_PLACE,
        _PROGRAMME,
        replace(_URN, is_nullable=False),
        Column("given_on", "date", "When"),
        Column("role", "text", "Who gave it"),
        Column(
            "consent",
            "code",
            "May it be published",
            allowed=("YES", "NO", "WITHDRAWN"),
            is_nullable=False,
        ),
        Column(
            "attribution",
            "code",
            "How it may be attributed",
            allowed=("NAME", "ROLE", "ANONYMOUS"),
            is_nullable=False,
        ),
        Column("theme", "text", "What it is about"),
        Column("tone", "code", "Its tone", allowed=("POSITIVE", "MIXED", "NEGATIVE")),
        Column("quote", "text", "The statement", is_nullable=False, sensitivity="restricted"),
    ),
)

CASE_STUDIES = Table(
    "raw",
    "case_studies",
    grain="a case study of a school",
    key=("programme", "urn"),
    source_kinds=("case_studies",),
    sensitivity="restricted",
    columns=(
        *_PLACE,
        _PROGRAMME,
        replace(_URN, is_nullable=False),
        Column(
            "consent",
            "code",
            "May it be published",
            allowed=("YES", "NO", "WITHDRAWN"),
            is_nullable=False,
        ),
        Column("context", "text", "The school"),
        Column("support_received", "text", "What it received"),
        Column("statement", "text", "In its own words"),
    ),
)

RAW_TABLES: tuple[Table, ...] = (
    KS2_PUPILS,
    KS4_PUPILS,
    PUBLISHED_OUTCOME,
    SCHOOL_REGISTER,
    SCHOOL_LINKS,
    ENROLMENTS,
    ELIGIBILITY,
    INSPECTIONS,
    REVIEWS,
    EVALUATIONS,
    EVALUATION_QUESTIONS,
    STATEMENTS,
    CASE_STUDIES,
)

# ---------------------------------------------------------------------------------------------- mart

_SCHOOL_ID = Column(
    "school_id",
    "integer",
    "One school over time: the LAESTAB of the school it is today",
    low=2000000,
    high=9999999,
    is_nullable=False,
)
_KEY_STAGE = Column("key_stage", "code", "Key stage", allowed=KEY_STAGES, is_nullable=False)
_GROUP = Column("pupil_group", "code", "Which pupils", allowed=PUPIL_GROUPS, is_nullable=False)
_MEASURE = Column("measure", "code", "Which outcome", allowed=tuple(MEASURES), is_nullable=False)

SCHOOL_URN = Table(
    "mart",
    "school_urn",
    grain="a URN, with the school it belongs to over time",
    key=("urn",),
    may_be_empty=False,
    columns=(
        replace(_URN, is_nullable=False),
        _SCHOOL_ID,
        Column("laestab", "integer", "LAESTAB of this URN", is_nullable=False),
        Column(
            "evidence",
            "code",
            "Why it is that school",
            allowed=("own_laestab", "same_laestab", "successor_link"),
            is_nullable=False,
        ),
    ),
)

SCHOOL = Table(
    "mart",
    "school",
    grain="a school, one over conversion and merger",
    key=("school_id",),
    may_be_empty=False,
    columns=(
        _SCHOOL_ID,
        replace(_URN, is_nullable=False),
        Column("school_name", "text", "Name today", is_nullable=False),
        Column("phase", "text", "Phase of education"),
        Column("is_special", "flag", "A special school", is_nullable=False),
        Column(
            "is_maintained",
            "flag",
            "Maintained by the authority on the reference date",
            is_nullable=False,
        ),
        Column("is_open", "flag", "Open on the reference date", is_nullable=False),
        Column("is_local", "flag", "In the study's authority", is_nullable=False),
        Column("has_ks2", "flag", "Has key stage 2 results in the outcome year", is_nullable=False),
        Column("has_ks4", "flag", "Has key stage 4 results in the outcome year", is_nullable=False),
    ),
)


def _stratum(key_stage: str, measures: tuple[str, ...]) -> Table:
    return Table(
        "mart",
        f"{key_stage}_stratum",
        grain="pupils of a school and year who share SEN status, disadvantage and prior band",
        key=("school_id", "academic_year", "release_status", "sen", "is_fsm6", "prior_band"),
        sensitivity="restricted",
        columns=(
            _SCHOOL_ID,
            _YEAR,
            _STATUS,
            Column(
                "sen",
                "code",
                "SEN status; U not known",
                allowed=(*_SEN_CODES, "U"),
                is_nullable=False,
            ),
            Column(
                "is_fsm6",
                "text",
                "true, false or unknown",
                allowed=("true", "false", "unknown"),
                is_nullable=False,
            ),
            Column(
                "prior_band",
                "code",
                "Prior band; 0 not known",
                allowed=("0", "1", "2", "3", "4"),
                is_nullable=False,
            ),
            Column("n_cohort", "integer", "Pupils", low=1, is_nullable=False, unit="pupils"),
            *(
                column
                for measure in measures
                for column in (
                    Column(
                        f"n__{measure}",
                        "integer",
                        f"Pupils with {measure}",
                        low=0,
                        is_nullable=False,
                    ),
                    Column(f"sum__{measure}", "number", f"Sum of {measure}"),
                    Column(f"sumsq__{measure}", "number", f"Sum of squares of {measure}", low=0),
                )
            ),
        ),
    )


KS2_STRATUM = _stratum("ks2", tuple(m for m in MEASURES if m.startswith("ks2")))
KS4_STRATUM = _stratum("ks4", tuple(m for m in MEASURES if m.startswith("ks4")))

CELL = Table(
    "mart",
    "cell",
    grain="a school, year, release status, pupil group and measure",
    key=("school_id", "academic_year", "release_status", "pupil_group", "measure"),
    sensitivity="restricted",
    may_be_empty=False,
    columns=(
        _SCHOOL_ID,
        _KEY_STAGE,
        _YEAR,
        _STATUS,
        _GROUP,
        _MEASURE,
        Column("n_pupils", "integer", "Pupils with a value", low=0, unit="pupils"),
        Column("mean", "number", "Mean; a share is 0 to 1", low=-100, high=200),
        Column("variance", "number", "Variance over pupils within the school", low=0),
        Column(
            "rounding_half_width",
            "number",
            "Half the step it was rounded to",
            low=0,
            high=1,
            is_nullable=False,
        ),
        Column(
            "value_status", "code", "What the cell is", allowed=VALUE_STATUSES, is_nullable=False
        ),
    ),
)

PROGRAMME_SCHOOL = Table(
    "mart",
    "programme_school",
    grain="a school in a programme, whatever its URN was when it joined",
    key=("programme", "school_id"),
    may_be_empty=False,
    columns=(
        _PROGRAMME,
        _SCHOOL_ID,
        Column("start_date", "date", "From when"),
        Column(
            "is_placebo", "flag", "Chosen by rule for a programme that never was", is_nullable=False
        ),
    ),
)

ARM = Table(
    "mart",
    "arm",
    grain="a school of the authority, with the evaluated programmes it is in",
    key=("school_id",),
    may_be_empty=False,
    columns=(
        _SCHOOL_ID,
        Column("arm", "text", "neither, one programme only, or both", is_nullable=False),
        Column(
            "n_evaluated_programmes",
            "integer",
            "Evaluated programmes it is in",
            low=0,
            is_nullable=False,
        ),
        Column(
            "n_programmes", "integer", "Programmes of any kind it is in", low=0, is_nullable=False
        ),
    ),
)

OUTCOME = Table(
    "mart",
    "outcome",
    grain="a cell the comparison uses: local schools, the study's years, one release a year",
    key=("school_id", "academic_year", "pupil_group", "measure"),
    sensitivity="restricted",
    may_be_empty=False,
    columns=(
        *CELL.columns,
        Column("is_special", "flag", "Of a special school", is_nullable=False),
        Column("arm", "text", "The school's place in the study", is_nullable=False),
        Column("is_outcome", "flag", "Of the outcome year", is_nullable=False),
    ),
)

# Each after the marts it reads.
MART_TABLES: tuple[Table, ...] = (
    SCHOOL_URN,
    KS2_STRATUM,
    KS4_STRATUM,
    CELL,
    SCHOOL,
    PROGRAMME_SCHOOL,
    ARM,
    OUTCOME,
)

# -------------------------------------------------------------------------------------------- impact

COMPARED_SCHOOL = Table(
    "impact",
    "compared_school",
    grain="a school that a programme's comparison on a measure uses or leaves out",
    key=("programme", "measure", "school_id"),
    sensitivity="restricted",
    columns=(
        _PROGRAMME,
        _MEASURE,
        _KEY_STAGE,
        _GROUP,
        _SCHOOL_ID,
        Column("is_programme", "flag", "Enrolled in the programme", is_nullable=False),
        Column("reason", "text", "'compared', or why it is left out", is_nullable=False),
    ),
)

_SAMPLE = (
    Column(
        "n_programme_schools", "integer", "Programme schools in the model", low=0, unit="schools"
    ),
    Column("n_comparison_schools", "integer", "Other schools in the model", low=0, unit="schools"),
    Column(
        "n_programme_pupils",
        "integer",
        "Their target pupils in the outcome year",
        low=0,
        unit="pupils",
    ),
    Column("n_comparison_pupils", "integer", "The others' target pupils", low=0, unit="pupils"),
)
_UNIT = Column(
    "unit", "code", "share (0 to 1) or points", allowed=("share", "points"), is_nullable=False
)

ESTIMATE = Table(
    "impact",
    "estimate",
    grain="a programme's effect on a measure by one method",
    key=("programme", "pupil_group", "measure", "estimator"),
    sensitivity="restricted",
    columns=(
        _PROGRAMME,
        _GROUP,
        _MEASURE,
        _YEAR,
        replace(_STATUS, about="How final; blank where nothing is out yet", is_nullable=True),
        Column(
            "estimator",
            "code",
            "The method",
            allowed=(
                "bracket",
                "ancova",
                "change_from_baseline_mean",
                "change_leaving_selection_years_out",
                "change_since_last_year",
            ),
            is_nullable=False,
        ),
        Column(
            "role",
            "code",
            "What it is for",
            allowed=("headline", "robustness", "naive"),
            is_nullable=False,
        ),
        Column("estimate_low", "number", "Effect; the smaller end of a bracket"),
        Column("estimate_high", "number", "Effect; the larger end of a bracket"),
        Column("ci_low", "number", "Lower end of the 95% interval; of a bracket, of the union"),
        Column("ci_high", "number", "Upper end of the 95% interval; of a bracket, of the union"),
        Column("p_value", "number", "Of a bracket, the larger of its ends'", low=0, high=1),
        *_SAMPLE,
        Column("effective_df", "number", "Bell-McCaffrey degrees of freedom", low=0),
        Column("mde", "number", "Effect seen 8 times in 10 if it were there (5% level)", low=0),
        Column(
            "verdict",
            "code",
            "Of a primary headline only",
            allowed=("better", "worse", "no_meaningful_difference", "cannot_tell"),
        ),
        Column("verdict_reason", "text", "Why it cannot be told, or could not be computed"),
        _UNIT,
    ),
)

COMPARISON = Table(
    "impact",
    "comparison",
    grain="pupils of one side or arm, in one year, on one measure",
    key=("programme", "arm", "pupil_group", "measure", "academic_year", "release_status"),
    sensitivity="restricted",
    columns=(
        _PROGRAMME,
        Column(
            "arm", "text", "programme, rest; or an arm where programme is 'all'", is_nullable=False
        ),
        _GROUP,
        _MEASURE,
        _YEAR,
        _STATUS,
        Column("n_schools", "integer", "Schools with a result", low=1, unit="schools"),
        Column("n_pupils", "integer", "Pupils with a result", low=1, unit="pupils"),
        Column("mean", "number", "Mean over pupils", low=-100, high=200),
        Column("ci_low", "number", "Lower end of its 95% interval"),
        Column("ci_high", "number", "Upper end of its 95% interval"),
    ),
)

IMPACT_TABLES: tuple[Table, ...] = (COMPARED_SCHOOL, ESTIMATE, COMPARISON)


# ------------------------------------------------------------------------------------------ released

_ESTIMATE_FIGURES = ("estimate_low", "estimate_high", "ci_low", "ci_high", "p_value", "mde")

RELEASED_TABLES: tuple[Table, ...] = (
    Table(
        "released",
        "study",
        grain="the study",
        key=("study",),
        may_be_empty=False,
        columns=(
            Column("study", "text", "Name", is_nullable=False),
            Column("title", "text", "Title", is_nullable=False),
            Column("local_authority_name", "text", "Authority", is_nullable=False),
            Column("is_fictional", "flag", "Made up, to show how it works", is_nullable=False),
            Column("reference_date", "date", "Who counts as open and maintained"),
            Column("as_at", "date", "The day the sources are as of"),
            Column("outcome_year", "text", "Year of the outcomes", is_nullable=False),
            Column("baseline_years", "text", "Years before"),
            Column("minimum_cell", "integer", "Figures of fewer pupils are withheld"),
            Column("study_hash", "text", "Fingerprint of the protocol"),
            Column("source_hash", "text", "Fingerprint of the sources"),
            Column("period", "text", "First to last year of results"),
        ),
    ),
    Table(
        "released",
        "programme",
        grain="a programme of the protocol",
        key=("programme",),
        may_be_empty=False,
        columns=(
            _PROGRAMME,
            Column("title", "text", "Title", is_nullable=False),
            Column("fund", "text", "Who pays", is_nullable=False),
            Column("priority", "text", "The priority it serves"),
            Column("is_evaluated", "flag", "Its effect is estimated", is_nullable=False),
            Column("is_placebo", "flag", "No such programme existed", is_nullable=False),
            Column("funding_gbp", "integer", "Funding stated", unit="pounds"),
            Column("target_group", "text", "Whose outcomes it is meant to change"),
            Column("starts", "date", "First day"),
            Column("n_expected_schools", "integer", "Schools the bid names", unit="schools"),
            Column("n_schools", "integer", "Schools enrolled", low=0, unit="schools"),
            Column("n_ks2_schools", "integer", "With key stage 2 results", low=0, unit="schools"),
            Column("n_ks4_schools", "integer", "With key stage 4 results", low=0, unit="schools"),
        ),
    ),
    Table(
        "released",
        "measure",
        grain="a measure a programme is judged on",
        key=("programme", "measure"),
        columns=(
            _PROGRAMME,
            _MEASURE,
            _KEY_STAGE,
            Column("label", "text", "Name for readers", is_nullable=False),
            _UNIT,
            Column("is_primary", "flag", "Its headline gets a verdict", is_nullable=False),
            Column("smallest_effect", "number", "Smallest effect that would matter"),
            Column("higher_is_better", "flag", "Whether more is better", is_nullable=False),
        ),
    ),
    replace(
        ESTIMATE,
        schema="released",
        name="impact",
        sensitivity="public",
        small_counts=("n_programme_pupils", "n_comparison_pupils"),
        withheld=_ESTIMATE_FIGURES,
    ),
    replace(
        COMPARISON,
        schema="released",
        sensitivity="public",
        columns=(
            *COMPARISON.columns,
            Column("suppressed", "flag", "Withheld: too few pupils", is_nullable=False),
            _UNIT,
        ),
        small_counts=("n_pupils",),
        withheld=("mean", "ci_low", "ci_high"),
    ),
    Table(
        "released",
        "school_point",
        grain="a school, not named, with its results before and after",
        key=(),
        is_about_single_schools=True,
        columns=(
            _PROGRAMME,
            _MEASURE,
            _GROUP,
            Column("is_programme", "flag", "Enrolled in the programme", is_nullable=False),
            Column("baseline_mean", "number", "Mean of the baseline years, rounded"),
            Column("outcome_mean", "number", "Outcome year, rounded"),
        ),
    ),
    Table(
        "released",
        "school_point_withheld",
        grain="how many schools' points are shown and withheld",
        key=("programme", "measure", "pupil_group"),
        columns=(
            _PROGRAMME,
            _MEASURE,
            _GROUP,
            Column("n_schools_shown", "integer", "Schools shown", low=0, unit="schools"),
            Column("n_schools_withheld", "integer", "Schools withheld", low=0, unit="schools"),
            Column("reason", "text", "Why"),
        ),
    ),
    Table(
        "released",
        "school_count",
        grain="a reason why schools of a programme are compared or left out",
        key=("programme", "key_stage", "reason"),
        columns=(
            _PROGRAMME,
            _KEY_STAGE,
            Column("reason", "text", "compared, or why not", is_nullable=False),
            Column("n_schools", "integer", "Schools", low=1, unit="schools"),
        ),
    ),
    Table(
        "released",
        "programme_overlap",
        grain="two programmes, and the schools in both",
        key=("programme_a", "programme_b"),
        columns=(
            Column("programme_a", "text", "A programme", is_nullable=False),
            Column("programme_b", "text", "The same or another", is_nullable=False),
            Column("n_schools", "integer", "Schools in both", low=0, unit="schools"),
        ),
    ),
    Table(
        "released",
        "not_yet_published",
        grain="a measure that does not exist yet",
        key=("measure", "academic_year"),
        columns=(
            _MEASURE,
            _KEY_STAGE,
            _YEAR,
            Column("reason", "text", "Why, and when it will", is_nullable=False),
        ),
    ),
    Table(
        "released",
        "claims",
        grain="a claim made to the board",
        key=("claim",),
        columns=(
            Column("claim", "text", "The claim", is_nullable=False),
            Column("numerator", "integer", "Schools of which it holds", low=0, unit="schools"),
            Column("denominator", "integer", "Schools it is about", low=0, unit="schools"),
            Column(
                "result",
                "code",
                "Holds it",
                allowed=("holds", "fails", "cannot_tell"),
                is_nullable=False,
            ),
            Column("exceptions", "text", "The schools of which it does not hold"),
        ),
    ),
    Table(
        "released",
        "evaluation_summary",
        grain="an answer to a question of a programme's evaluation form",
        key=("programme", "question", "answer"),
        columns=(
            _PROGRAMME,
            Column("question", "text", "The question, or 'response rate'", is_nullable=False),
            Column("answer", "text", "The answer", is_nullable=False),
            Column("n_schools", "integer", "Schools that gave it", low=0, unit="schools"),
            Column("n_expected", "integer", "Schools asked", low=0, unit="schools"),
        ),
    ),
    Table(
        "released",
        "statements",
        grain="a statement a school agreed to have published",
        key=(),
        columns=(
            _PROGRAMME,
            Column("attribution", "text", "As agreed", is_nullable=False),
            Column("theme", "text", "What it is about"),
            Column("tone", "text", "positive, mixed or negative"),
            Column("quote", "text", "The statement", is_nullable=False),
        ),
    ),
    Table(
        "released",
        "case_studies",
        grain="a case study a school agreed to have published",
        key=("programme", "school_name"),
        columns=(
            Column("school_name", "text", "The school", is_nullable=False),
            _PROGRAMME,
            Column("context", "text", "The school"),
            Column("support", "text", "What it received"),
            Column("statement", "text", "In its own words"),
        ),
    ),
    Table(
        "released",
        "revisions",
        grain="a programme's result in two releases of one year",
        key=("programme", "pupil_group", "measure", "academic_year", "from_status", "to_status"),
        small_counts=("n_pupils_before", "n_pupils_after"),
        withheld=("before", "after"),
        columns=(
            _PROGRAMME,
            _GROUP,
            _MEASURE,
            _YEAR,
            Column(
                "from_status",
                "code",
                "Earlier release",
                allowed=RELEASE_STATUSES,
                is_nullable=False,
            ),
            Column(
                "to_status", "code", "Later release", allowed=RELEASE_STATUSES, is_nullable=False
            ),
            Column("n_pupils_before", "integer", "Pupils in the earlier", low=0, unit="pupils"),
            Column("n_pupils_after", "integer", "Pupils in the later", low=0, unit="pupils"),
            Column("before", "number", "Mean in the earlier release"),
            Column("after", "number", "Mean in the later release"),
        ),
    ),
    Table(
        "released",
        "source",
        grain="a file the study was made from",
        key=("file",),
        may_be_empty=False,
        columns=(
            Column("file", "text", "File name", is_nullable=False),
            Column("kind", "text", "What it is", is_nullable=False),
            Column("academic_year", "text", "Year of its results"),
            Column("release_status", "text", "How final it is"),
            Column("publisher", "text", "Who published it"),
            Column("n_rows_in", "integer", "Rows in the file", low=0, unit="rows"),
            Column("n_rows_kept", "integer", "Rows used", low=0, unit="rows"),
            Column(
                "n_rows_set_aside", "integer", "Rows set aside, with a reason", low=0, unit="rows"
            ),
            Column("sha256", "text", "Checksum", is_nullable=False),
        ),
    ),
)


def checked_tables() -> Iterator[Table]:
    """Every table that one blocking check stands behind."""
    yield from RAW_TABLES
    yield from MART_TABLES
    yield from IMPACT_TABLES


def raw_table(kind: SourceKind) -> Table:
    """The raw table a kind of source ends in."""
    return next(table for table in RAW_TABLES if kind in table.source_kinds)
