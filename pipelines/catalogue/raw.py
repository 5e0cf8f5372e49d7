"""Raw tables: what is read from files, with the headings and codes to recognise.

Pupils are in `pupils`, published facts about schools in `schools`, and forms, statements and case studies in
`voices`.
"""

from __future__ import annotations

from pipelines.catalogue.columns import (
    GROUP,
    KNOWN_URN,
    LAESTAB,
    MEASURE,
    PLACE,
    PROGRAMME,
    STATUS,
    URN,
    VALUE_STATUS,
    YEAR,
    YES_AND_NO,
    code,
    text,
)
from pipelines.catalogue.pupils import KS2_PUPILS, KS4_PUPILS
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
from pipelines.study.settings import SCHOOL_KINDS

# All England has some 700,000 a year. The relation `cohort_is_plausible` sets the limit for one school.
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
        text("column_name", "The heading of the figure in the file"),
        YEAR,
        STATUS,
        code(
            "level",
            "Whose figure it is",
            ("mainstream_school", "special_school", "authority", "nation"),
        ),
        Column("la_code", "integer", "Authority of the school or of the row", low=200, high=999),
        LAESTAB,
        URN,
        Column("school_name", "text", "Name of the school or authority in the file"),
        Column("school_type", "text", "Type of school: NFTYPE code, or in words"),
        GROUP,
        MEASURE,
        Column("raw_text", "text", "The cell's text in the file"),
        VALUE_STATUS,
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
            "Half the rounding step",
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

LA_CONTEXT = Table(
    "raw",
    "la_context",
    grain="a figure of an authority, a region or the nation, for comparison with the authority",
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
        text("column_name", "The heading of the figure in the file"),
        code("area_level", "Whose figure it is", ("authority", "region", "nation")),
        text("area_name", "Name of the authority, region or nation"),
        Column("la_code", "integer", "Number of an authority", low=200, high=999),
        YEAR,
        STATUS,
        GROUP,
        MEASURE,
        Column("raw_text", "text", "The cell's text in the file"),
        VALUE_STATUS,
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
        KNOWN_URN,
        Column("start_date", "date", "First day", headers=("start_date",)),
        Column("end_date", "date", "Last day", is_required=False),
        Column(
            "enrolment_status",
            "code",
            "withdrawn: it left early; completed: it stayed to the end",
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
        KNOWN_URN,
        text("criterion", "What was judged"),
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
        KNOWN_URN,
        Column("review_date", "date", "When", is_nullable=False),
        text("review_type", "Peer review, verification …"),
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
