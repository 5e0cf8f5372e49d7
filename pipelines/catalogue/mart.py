"""Mart tables: schools, programmes and cells. Their SQL is in `pipelines.marts`."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pipelines.catalogue.columns import (
    GROUP,
    KEY_STAGE,
    KNOWN_URN,
    LAESTAB,
    MEASURE,
    PLACE,
    PROGRAMME,
    ROW_NUMBER,
    SCHOOL_ID,
    SEN_CODES,
    SOURCE_ID,
    STATUS,
    URN,
    VALUE_STATUS,
    YEAR,
    code,
    count,
    flag,
    text,
)
from pipelines.catalogue.programme_schools import (
    ARM,
    EXPOSURE,
    PROGRAMME_SCHOOL,
    SCHOOL_ELIGIBILITY,
)
from pipelines.catalogue.table import Column, Table
from pipelines.identity.decision import DecisionKind
from pipelines.study.key_stages import KeyStage
from pipelines.study.measures import MEASURES
from pipelines.study.school_types import SCHOOL_KINDS

_STANDING_URN = replace(
    URN, name="standing_urn", about="URN the school has on the reference date", headers=()
)
_LAESTAB = replace(LAESTAB, about="LAESTAB of this URN")

SCHOOL_IDENTITY = Table(
    "mart",
    "school_identity",
    grain="a URN named in a file or linked to one, and the school it belongs to",
    key=("urn",),
    may_be_empty=False,
    columns=(
        KNOWN_URN,
        replace(SCHOOL_ID, is_nullable=True),
        _STANDING_URN,
        Column("school_name", "text", "Name under this URN"),
        _LAESTAB,
        code(
            "decision",
            "How it was resolved; unresolved is a school of its own, unknown is no school",
            get_args(DecisionKind),
        ),
        text("evidence", "Basis of the decision"),
        Column("evidence_date", "date", "When that took effect, or was decided"),
        Column("candidates", "text", "URNs of the schools it could be, separated by commas"),
        flag("is_needed", "Enrolled, or in the authority with results in the study's years"),
        replace(SOURCE_ID, is_nullable=True),
        replace(ROW_NUMBER, is_nullable=True),
    ),
)

SCHOOL_URN = Table(
    "mart",
    "school_urn",
    grain="a URN, with the school it belongs to over time",
    key=("urn",),
    may_be_empty=False,
    columns=(
        KNOWN_URN,
        SCHOOL_ID,
        replace(_STANDING_URN, is_nullable=False),
        _LAESTAB,
    ),
)

SCHOOL = Table(
    "mart",
    "school",
    grain="a school, treated as one through conversion and merger",
    key=("school_id",),
    may_be_empty=False,
    columns=(
        SCHOOL_ID,
        KNOWN_URN,
        text("school_name", "Name today"),
        Column("phase", "text", "Phase of education"),
        Column("low_age", "integer", "Youngest age taught", low=0),
        Column("high_age", "integer", "Oldest age taught", low=0),
        code(
            "school_kind",
            "Kind of school by its type; mainstream if no file gives its type",
            SCHOOL_KINDS,
        ),
        flag(
            "is_state_funded",
            "Mainstream, special or alternative: included where all schools are counted",
        ),
        flag("is_compared_kind", "State-funded mainstream: only these schools are compared"),
        flag("is_maintained", "Maintained by the authority on the reference date"),
        flag("is_open", "Open on the reference date"),
        flag("is_local", "In the study's authority"),
    ),
)

SCHOOL_KEY_STAGE = Table(
    "mart",
    "school_key_stage",
    grain="a school, and a key stage with results in the outcome year",
    key=("school_id", "key_stage"),
    columns=(SCHOOL_ID, KEY_STAGE),
)


def _stratum(key_stage: KeyStage) -> Table:
    return Table(
        "mart",
        f"{key_stage}_stratum",
        grain="a measure, and pupils of one school and year with the same SEN, FSM6 and prior band",
        key=(
            *("school_id", "academic_year", "release_status", "measure"),
            *("sen", "is_fsm6", "prior_band", "has_prior_points"),
        ),
        sensitivity="restricted",
        columns=(
            SCHOOL_ID,
            YEAR,
            STATUS,
            replace(
                MEASURE,
                allowed=tuple(m.name for m in MEASURES.values() if m.key_stage == key_stage),
            ),
            code("sen", "SEN status; U unknown", (*SEN_CODES, "U")),
            Column(
                "is_fsm6",
                "text",
                "true, false or unknown",
                allowed=("true", "false", "unknown"),
                is_nullable=False,
            ),
            code("prior_band", "Prior band; 0 unknown", ("0", "1", "2", "3", "4")),
            flag("has_prior_points", "Prior attainment is known"),
            count("n", "Pupils with the measure", "pupils", low=1, is_nullable=False),
            Column("sum_y", "number", "Sum of the measure", is_nullable=False),
            Column("sum_yy", "number", "Sum of its squares", low=0, is_nullable=False),
            Column("sum_x", "number", "Sum of prior attainment", low=0),
            Column("sum_xx", "number", "Sum of its squares", low=0),
            Column("sum_xy", "number", "Sum of products of measure and prior attainment"),
        ),
    )


KS2_STRATUM = _stratum("ks2")
KS4_STRATUM = _stratum("ks4")

PUPIL_MOMENT = Table(
    "mart",
    "pupil_moment",
    grain="a school, year, release status, pupil group and measure, from pupil files",
    key=("school_id", "academic_year", "release_status", "pupil_group", "measure"),
    sensitivity="restricted",
    columns=(
        SCHOOL_ID,
        KEY_STAGE,
        YEAR,
        STATUS,
        GROUP,
        MEASURE,
        count(
            "n_pupils",
            "Pupils with both the measure (y) and prior attainment (x); the sums cover them",
            "pupils",
            is_nullable=False,
        ),
        Column("sum_y", "number", "Sum of y", is_nullable=False),
        Column("sum_yy", "number", "Sum of y squared", low=0, is_nullable=False),
        Column(
            "sum_x",
            "number",
            "Sum of x: average points at key stage 1 (KS2) or 2 (KS4)",
            low=0,
            is_nullable=False,
        ),
        Column("sum_xx", "number", "Sum of x squared", low=0, is_nullable=False),
        Column("sum_xy", "number", "Sum of x times y", is_nullable=False),
        count("n_without_prior", "Pupils with y but no x", "pupils", is_nullable=False),
        Column("sum_y_without_prior", "number", "Sum of their y", is_nullable=False),
        Column(
            "sum_yy_without_prior", "number", "Sum of their y squared", low=0, is_nullable=False
        ),
    ),
)

CELL = Table(
    "mart",
    "cell",
    grain="a school, year, release status, pupil group and measure",
    key=("school_id", "academic_year", "release_status", "pupil_group", "measure"),
    sensitivity="restricted",
    may_be_empty=False,
    columns=(
        SCHOOL_ID,
        KEY_STAGE,
        YEAR,
        STATUS,
        GROUP,
        MEASURE,
        count("n_pupils", "Pupils with a value", "pupils"),
        Column("mean", "number", "Mean; a share is 0 to 1", low=-1000, high=1000),
        Column("variance", "number", "Variance over pupils within the school", low=0),
        Column(
            "rounding_half_width",
            "number",
            "Half the rounding step",
            low=0,
            high=1,
            is_nullable=False,
        ),
        VALUE_STATUS,
    ),
)

OUTCOME = Table(
    "mart",
    "outcome",
    grain="a cell that a comparison may use: the study's years, one release a year",
    key=("school_id", "academic_year", "pupil_group", "measure"),
    sensitivity="restricted",
    may_be_empty=False,
    columns=(
        *CELL.columns,
        flag("is_compared_kind", "Of a state-funded mainstream school"),
        flag("is_local", "Of a school in the study's authority"),
        text("arm", "The school's arm; 'outside' if it is outside the authority"),
        flag("is_outcome", "Of an outcome year that counts for the school"),
        flag("is_last", "Of the last outcome year"),
        flag(
            "is_baseline",
            "An earlier year in which no evaluated programme was active in the school",
        ),
    ),
)

# In dependency order: each table after those it reads.
TEXT_REVIEW = Table(
    "mart",
    "text_review",
    grain="a school's text with consent to publish, without the text itself",
    key=("source_id", "row_number"),
    sensitivity="restricted",
    columns=(
        code(
            "kind",
            "Kind of source",
            ("statements", "case_studies", "case_study_support", "evaluations"),
        ),
        *PLACE,
        PROGRAMME,
        text("text_fingerprint", "Hash of the text"),
        Column("reasons", "text", "Why a person must read it first, separated by commas"),
        code(
            "decision",
            "held, or changed since its review: not published",
            ("passes", "reviewed", "held", "changed"),
        ),
        Column("reviewed_by", "text", "Who approved it"),
        Column("reviewed_on", "date", "When"),
    ),
)

CASE_STUDY = Table(
    "mart",
    "case_study",
    grain="a school whose case study may be published, and the row with its text",
    key=("programme", "school_id"),
    sensitivity="restricted",
    columns=(PROGRAMME, SCHOOL_ID, *PLACE),
)

MART_TABLES: tuple[Table, ...] = (
    SCHOOL_IDENTITY,
    SCHOOL_URN,
    KS2_STRATUM,
    KS4_STRATUM,
    PUPIL_MOMENT,
    CELL,
    SCHOOL,
    SCHOOL_KEY_STAGE,
    PROGRAMME_SCHOOL,
    EXPOSURE,
    SCHOOL_ELIGIBILITY,
    ARM,
    OUTCOME,
    TEXT_REVIEW,
    CASE_STUDY,
)
