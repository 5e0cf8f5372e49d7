"""Mart tables: schools, programmes and cells. The SELECTs that fill them are in `pipelines.marts`."""

from __future__ import annotations

from dataclasses import replace

from pipelines.catalogue.columns import (
    GROUP,
    KEY_STAGE,
    MEASURE,
    PROGRAMME,
    SCHOOL_ID,
    SEN_CODES,
    STATUS,
    URN,
    VALUE_STATUSES,
    YEAR,
)
from pipelines.catalogue.table import Column, Table
from pipelines.measures import MEASURES

SCHOOL_URN = Table(
    "mart",
    "school_urn",
    grain="a URN, with the school it belongs to over time",
    key=("urn",),
    may_be_empty=False,
    columns=(
        replace(URN, is_nullable=False),
        SCHOOL_ID,
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
        SCHOOL_ID,
        replace(URN, is_nullable=False),
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
            SCHOOL_ID,
            YEAR,
            STATUS,
            Column(
                "sen",
                "code",
                "SEN status; U not known",
                allowed=(*SEN_CODES, "U"),
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
        SCHOOL_ID,
        KEY_STAGE,
        YEAR,
        STATUS,
        GROUP,
        MEASURE,
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
        PROGRAMME,
        SCHOOL_ID,
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
        SCHOOL_ID,
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
