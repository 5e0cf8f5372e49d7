"""Raw tables: what is read from files, with the headings and codes it is found under.

What publishers say of schools is in `schools`; forms, statements and case studies are in `voices`.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.catalogue.columns import (
    LAESTAB,
    OLDER_SEN_CODES,
    PLACE,
    PROGRAMME,
    SEN_CODES,
    STATUS,
    URN,
    VALUE_STATUSES,
    YEAR,
    YES_AND_NO,
)
from pipelines.catalogue.schools import (
    INSPECTIONS,
    SCHOOL_CENSUS,
    SCHOOL_CORRECTIONS,
    SCHOOL_LINKS,
    SCHOOL_REGISTER,
)
from pipelines.catalogue.table import Column, Table
from pipelines.catalogue.voices import (
    CASE_STUDIES,
    CASE_STUDY_SUPPORT,
    EVALUATION_QUESTIONS,
    EVALUATIONS,
    STATEMENTS,
)
from pipelines.measures import MEASURES
from pipelines.study import PUPIL_GROUPS, SCHOOL_KINDS

_PUPIL_KEY = Column(
    "pupil_key",
    "text",
    "Tells two rows of one pupil in one file: the row where the pupil's number first stands",
    headers=("UPN",),
    is_nullable=False,
    sensitivity="identifying",
)


def _pupil_code(
    name: str, about: str, headers: str | tuple[str, ...], allowed: tuple[str, ...], **more: object
) -> Column:
    return Column(
        name,
        "code",
        about,
        headers=(headers,) if isinstance(headers, str) else headers,
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
    # The interim pre-key-stage standards of 2016 to 2018: foundations, growing and early development, below.
    *("PKF", "PKG", "PKE", "BLW"),
    *("A", "D", "Q", "L", "M", "F", "P", "Z"),
)
_SEN = "SEN: N none, K SEN support (once A, P), E plan (once S, a statement)"
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
        *PLACE,
        YEAR,
        STATUS,
        _PUPIL_KEY,
        replace(LAESTAB, is_nullable=False),
        replace(URN, is_nullable=False),
        _pupil_code(
            "inclusion",
            "201 in measures, 202 not at the end of key stage 2, 203 removed at the school's request",
            ("PINCL_FLAG", "P_INCL"),
            _INCLUSION_CODES,
            is_nullable=False,
        ),
        _pupil_code("sen", _SEN, ("SEN", "SENF"), SEN_CODES, synonyms=OLDER_SEN_CODES),
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
        *PLACE,
        YEAR,
        STATUS,
        _PUPIL_KEY,
        replace(LAESTAB, is_nullable=False),
        replace(URN, is_nullable=False),
        _pupil_code(
            "inclusion",
            "Whether the pupil counts; the tables-checking service numbers key stage 4 from 401 today",
            ("P_INCL", "PINCL_FLAG"),
            (*_INCLUSION_CODES, *_KS4_COUNTED, *_KS4_NOT_COUNTED),
            is_nullable=False,
        ),
        _pupil_code("sen", _SEN, ("SENF", "SEN"), SEN_CODES, synonyms=OLDER_SEN_CODES),
        _pupil_flag("is_fsm6", "Free school meals in the last six years", "FSM6", "FSM6_P"),
        _pupil_number("prior_points", "Key stage 2 average points", "KS2APS", 0, 130),
        _pupil_number("attainment8_points", "Attainment 8", "ATT8SCR", 0, 100),
        _pupil_number("progress8_points", "Progress 8, in grades", "P8SCORE", -8, 8),
        _pupil_flag("met_basics_94", "Grade 4 or above in English and maths", "L2BASICS_94"),
        _pupil_flag("met_basics_95", "Grade 5 or above in English and maths", "L2BASICS_95"),
    ),
)

# A year of all England has some 700,000; a school's is bounded by the relation `cohort_is_of_a_school`.
_MOST_PUPILS_OF_A_YEAR = 2_000_000

PUBLISHED_OUTCOME = Table(
    "raw",
    "published_outcome",
    grain="a figure of a school, authority or nation in a published performance table",
    key=("source_id", "row_number", "pupil_group", "measure"),
    source_kinds=SCHOOL_KINDS,
    is_wide=True,
    columns=(
        *PLACE,
        Column("column_name", "text", "The heading of the figure in the file", is_nullable=False),
        YEAR,
        STATUS,
        Column(
            "level",
            "code",
            "Whose figure it is",
            allowed=("mainstream_school", "special_school", "authority", "nation"),
            is_nullable=False,
        ),
        Column("la_code", "integer", "Authority of the school or of the row", low=200, high=999),
        LAESTAB,
        URN,
        Column("school_name", "text", "Name of the school or authority in the file"),
        Column("school_type", "text", "Type of school: the tables' own code (NFTYPE), or in words"),
        Column("pupil_group", "code", "Which pupils", allowed=PUPIL_GROUPS, is_nullable=False),
        Column("measure", "code", "Which outcome", allowed=tuple(MEASURES), is_nullable=False),
        Column("raw_text", "text", "The cell as it stands in the file"),
        Column(
            "value_status", "code", "What the cell is", allowed=VALUE_STATUSES, is_nullable=False
        ),
        Column(
            "value",
            "number",
            "The figure: shares 0 to 1, points as published",
            low=-1000,
            high=1000,
        ),
        Column(
            "half_width",
            "number",
            "Half the step it was rounded to",
            low=0,
            high=1,
            is_nullable=False,
        ),
        Column(
            "n_pupils",
            "integer",
            "Pupils of the group in the cohort",
            low=0,
            high=_MOST_PUPILS_OF_A_YEAR,
        ),
        Column("ci_low", "number", "Lower end of the published interval", low=-1000, high=1000),
        Column("ci_high", "number", "Upper end of the published interval", low=-1000, high=1000),
    ),
)

# As a GIAS extract has it, or as the performance tables' own register (`england_spine`), which has no phase.
LA_CONTEXT = Table(
    "raw",
    "la_context",
    grain="a figure of an authority, a region or the nation, in a file that says how pupils elsewhere did",
    key=(
        "source_id",
        "area_level",
        "area_name",
        "academic_year",
        "release_status",
        "pupil_group",
        "measure",
    ),
    source_kinds=("la_context",),
    is_wide=True,
    columns=(
        *PLACE,
        Column("column_name", "text", "The heading of the figure in the file", is_nullable=False),
        Column(
            "area_level",
            "code",
            "Whose figure it is",
            allowed=("authority", "region", "nation"),
            is_nullable=False,
        ),
        Column("area_name", "text", "Name of the authority, region or nation", is_nullable=False),
        Column("la_code", "integer", "Number of an authority", low=200, high=999),
        YEAR,
        STATUS,
        Column("pupil_group", "code", "Which pupils", allowed=PUPIL_GROUPS, is_nullable=False),
        Column("measure", "code", "Which outcome", allowed=tuple(MEASURES), is_nullable=False),
        Column("raw_text", "text", "The cell as it stands in the file"),
        Column(
            "value_status", "code", "What the cell is", allowed=VALUE_STATUSES, is_nullable=False
        ),
        Column(
            "value",
            "number",
            "The figure: shares 0 to 1, points as published",
            low=-1000,
            high=1000,
        ),
    ),
)

ENROLMENTS = Table(
    "raw",
    "enrolments",
    grain="a school in a programme",
    key=("programme", "urn"),
    source_kinds=("enrolments",),
    columns=(
        *PLACE,
        PROGRAMME,
        replace(URN, is_nullable=False),
        Column("start_date", "date", "From when", headers=("start_date",)),
        Column("end_date", "date", "Until when", is_required=False),
        Column(
            "enrolment_status",
            "code",
            "withdrawn: it left; completed: it did not",
            headers=("status",),
            allowed=("ACTIVE", "COMPLETED", "WITHDRAWN"),
            synonyms=(
                *(("CURRENT", "ACTIVE"), ("ENROLLED", "ACTIVE"), ("ONGOING", "ACTIVE")),
                *(("COMPLETE", "COMPLETED"), ("FINISHED", "COMPLETED")),
                *(("WITHDREW", "WITHDRAWN"), ("LEFT", "WITHDRAWN"), ("DROPPED OUT", "WITHDRAWN")),
            ),
            is_required=False,
        ),
    ),
)

ELIGIBILITY = Table(
    "raw",
    "eligibility",
    grain="a criterion judged for a school at the time of the bid",
    key=("programme", "urn", "criterion"),
    source_kinds=("eligibility",),
    columns=(
        *PLACE,
        PROGRAMME,
        replace(URN, is_nullable=False),
        Column("criterion", "text", "What was judged", is_nullable=False),
        Column(
            "met",
            "code",
            "Was it met",
            allowed=("YES", "NO", "UNKNOWN"),
            synonyms=(*YES_AND_NO, ("NOT KNOWN", "UNKNOWN"), ("N/K", "UNKNOWN")),
            is_nullable=False,
        ),
        Column("evidence", "text", "What it was judged on"),
        Column("judged_on", "date", "When"),
    ),
)

REVIEWS = Table(
    "raw",
    "reviews",
    grain="an external review of a school",
    key=("urn", "review_date", "review_type"),
    source_kinds=("reviews",),
    columns=(
        *PLACE,
        replace(URN, is_nullable=False),
        Column("review_date", "date", "When", is_nullable=False),
        Column("review_type", "text", "Peer review, verification …", is_nullable=False),
        Column("reviewer", "text", "Who reviewed"),
    ),
)

RAW_TABLES: tuple[Table, ...] = (
    KS2_PUPILS,
    KS4_PUPILS,
    PUBLISHED_OUTCOME,
    SCHOOL_REGISTER,
    SCHOOL_LINKS,
    SCHOOL_CORRECTIONS,
    SCHOOL_CENSUS,
    LA_CONTEXT,
    ENROLMENTS,
    ELIGIBILITY,
    INSPECTIONS,
    REVIEWS,
    EVALUATIONS,
    EVALUATION_QUESTIONS,
    STATEMENTS,
    CASE_STUDIES,
    CASE_STUDY_SUPPORT,
)
