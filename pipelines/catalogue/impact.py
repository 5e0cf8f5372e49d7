"""Impact tables: who is compared, effects, and both sides' own results."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pipelines.catalogue.columns import (
    GROUP,
    KEY_STAGE,
    MEASURE,
    PROGRAMME,
    SCHOOL_ID,
    STATUS,
    UNIT,
    YEAR,
)
from pipelines.catalogue.table import Column, Table
from pipelines.impact.results import Estimator, Role, Verdict

COMPARED_SCHOOL = Table(
    "impact",
    "compared_school",
    grain="a school that a programme's comparison on a measure uses or leaves out",
    key=("programme", "measure", "school_id"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        KEY_STAGE,
        GROUP,
        SCHOOL_ID,
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

ESTIMATE = Table(
    "impact",
    "estimate",
    grain="a programme's effect on a measure by one method",
    key=("programme", "pupil_group", "measure", "estimator"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        GROUP,
        MEASURE,
        YEAR,
        replace(STATUS, about="How final; blank where nothing is out yet", is_nullable=True),
        Column(
            "estimator",
            "code",
            "The method",
            allowed=get_args(Estimator),
            is_nullable=False,
        ),
        Column(
            "role",
            "code",
            "What it is for",
            allowed=get_args(Role),
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
            allowed=get_args(Verdict),
        ),
        Column("verdict_reason", "text", "Why it cannot be told, or could not be computed"),
        UNIT,
    ),
)

COMPARISON = Table(
    "impact",
    "comparison",
    grain="pupils of one side or arm, in one year, on one measure",
    key=("programme", "arm", "pupil_group", "measure", "academic_year", "release_status"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        Column(
            "arm", "text", "programme, rest; or an arm where programme is 'all'", is_nullable=False
        ),
        GROUP,
        MEASURE,
        YEAR,
        STATUS,
        Column("n_schools", "integer", "Schools with a result", low=1, unit="schools"),
        Column("n_pupils", "integer", "Pupils with a result", low=1, unit="pupils"),
        Column("mean", "number", "Mean over pupils", low=-100, high=200),
        Column("ci_low", "number", "Lower end of its 95% interval"),
        Column("ci_high", "number", "Upper end of its 95% interval"),
    ),
)

IMPACT_TABLES: tuple[Table, ...] = (COMPARED_SCHOOL, ESTIMATE, COMPARISON)
