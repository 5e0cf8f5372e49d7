"""Impact tables: effects, both sides' own results."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pipelines.catalogue.columns import (
    GROUP,
    MEASURE,
    PROGRAMME,
    SCHOOL_ID,
    STATUS,
    UNIT,
    YEAR,
    result,
)
from pipelines.catalogue.comparison_design import (
    ATTRITION,
    BALANCE,
    BASELINE_YEAR,
    COMPARED_SCHOOL,
    MATCHED_SCHOOL,
    OVERLAP,
    SAMPLE,
    SCHOOL_BEFORE,
)
from pipelines.catalogue.table import Column, Table
from pipelines.catalogue.vocabulary import Estimator, Role, Selection, Verdict

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
        result("estimate_low", "Effect; the smaller end of a bracket"),
        result("estimate_high", "Effect; the larger end of a bracket"),
        result("ci_low", "Lower end of the 95% interval; of a bracket, of the union"),
        result("ci_high", "Upper end of the 95% interval; of a bracket, of the union"),
        Column(
            "p_value", "number", "Of a bracket, the larger of its ends'", low=0, high=1, decimals=2
        ),
        *SAMPLE,
        Column("effective_df", "number", "Bell-McCaffrey degrees of freedom", low=0, decimals=0),
        result(
            "mde",
            "Effect seen 8 times in 10 (5% level) with both ends as far apart as they are",
            low=0,
        ),
        result("expected_anyway", "Of the naive change, what chance alone would bring"),
        Column(
            "p_value_holm",
            "number",
            "Holm's p-value over a programme's measures",
            low=0,
            high=1,
            decimals=2,
        ),
        Column(
            "hedges_g",
            "number",
            "Effect in pupil standard deviations; of a bracket, its middle",
            decimals=2,
        ),
        Column("hedges_g_low", "number", "Lower end of its 95% interval", decimals=2),
        Column("hedges_g_high", "number", "Upper end of its 95% interval", decimals=2),
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

VERDICT_BY_RELEASE = Table(
    "impact",
    "verdict_by_release",
    grain="a primary headline's verdict on one release of the outcome year",
    key=("programme", "measure", "release_status"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        GROUP,
        YEAR,
        STATUS,
        Column("is_used", "flag", "The release the study uses", is_nullable=False),
        Column("n_programme_pupils", "integer", "Pupils on the programme's side", low=0),
        Column("n_comparison_pupils", "integer", "Pupils on the other side", low=0),
        Column("verdict", "code", "The verdict", allowed=get_args(Verdict)),
        Column("reason", "text", "Why there is none"),
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
        result("mean", "Mean over pupils", low=-100, high=200),
        result("ci_low", "Lower end of its 95% interval"),
        result("ci_high", "Upper end of its 95% interval"),
    ),
)


def _rate(name: str, about: str) -> Column:
    return Column(name, "number", about, low=0, high=1)


CALIBRATION = Table(
    "impact",
    "calibration",
    grain="a headline, and what was said of simulated schools like its own, by choice and effect",
    key=("programme", "measure", "selection", "effect_sd"),
    columns=(
        PROGRAMME,
        MEASURE,
        GROUP,
        Column(
            "selection",
            "code",
            "On what the simulated programme's schools were chosen",
            allowed=get_args(Selection),
            is_nullable=False,
        ),
        Column(
            "effect_sd",
            "number",
            "The effect they were given, in SDs of target pupils",
            low=0,
            is_nullable=False,
        ),
        Column(
            "n_simulated_programme_schools",
            "integer",
            "Simulated schools in the programme: the size nearest to the headline's",
            low=1,
            is_nullable=False,
            unit="schools",
        ),
        Column(
            "n_simulated_schools",
            "integer",
            "Simulated schools on both sides",
            low=1,
            is_nullable=False,
            unit="schools",
        ),
        Column(
            "n_simulated_pupils_a_school",
            "number",
            "Their target pupils a school and year, on average",
            low=1,
            is_nullable=False,
        ),
        Column("n_draws", "integer", "Times it was simulated", low=1, is_nullable=False),
        _rate("false_verdict_share", "Verdicts that the effect given does not bear out"),
        _rate("better_share", "Verdicts of better: power, where an effect was given"),
        _rate("bracket_covers_share", "Headline intervals that hold the effect given"),
        _rate("ancova_rejects_share", "Intervals of ANCOVA alone without zero"),
        _rate("naive_rejects_share", "Intervals of the change since last year without zero"),
    ),
)

CASE_STUDY_RESULT = Table(
    "impact",
    "case_study_result",
    grain="a year's own result of a compared school whose case study is told",
    key=("programme", "school_id", "measure", "academic_year"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        SCHOOL_ID,
        MEASURE,
        GROUP,
        YEAR,
        STATUS,
        UNIT,
        Column("n_pupils", "integer", "Pupils", low=1, is_nullable=False, unit="pupils"),
        Column(
            "n_meeting", "integer", "Of a share: those who met the standard", low=0, unit="pupils"
        ),
        replace(result("mean", "Mean over pupils", low=-100, high=200), is_nullable=False),
        result("ci_low", "Lower end of its 95% interval, of pupils as a sample"),
        result("ci_high", "Upper end of it"),
    ),
)

# Each after the tables it reads.

IMPACT_TABLES: tuple[Table, ...] = (
    SCHOOL_BEFORE,
    MATCHED_SCHOOL,
    BASELINE_YEAR,
    COMPARED_SCHOOL,
    ATTRITION,
    BALANCE,
    OVERLAP,
    ESTIMATE,
    VERDICT_BY_RELEASE,
    CALIBRATION,
    COMPARISON,
    CASE_STUDY_RESULT,
)
