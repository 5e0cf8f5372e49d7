"""Impact tables: estimated effects, and results of both sides."""

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
    code,
    count,
    flag,
    result,
    text,
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
        replace(STATUS, about="Release status; blank if nothing is out yet", is_nullable=True),
        code("estimator", "The method", get_args(Estimator)),
        code("role", "What the estimate is used for", get_args(Role)),
        result("estimate_low", "Effect; for a bracket, its smaller end"),
        result("estimate_high", "Effect; for a bracket, its larger end"),
        result("ci_low", "Lower end of the 95% interval; for a bracket, of the union"),
        result("ci_high", "Upper end of the 95% interval; for a bracket, of the union"),
        Column("p_value", "number", "For a bracket, the larger p-value", low=0, high=1, decimals=2),
        *SAMPLE,
        Column("effective_df", "number", "Bell-McCaffrey degrees of freedom", low=0, decimals=0),
        result(
            "mde",
            "Minimum detectable effect (80% power, 5% level), given the bracket's width",
            low=0,
        ),
        result(
            "breakdown",
            "Smallest difference between both sides' own trends that would change the verdict; blank if none "
            "would",
            low=0,
        ),
        result(
            "expected_anyway",
            "Part of the naive change expected by regression to the mean; blank unless it is known on which "
            "years' results schools were chosen",
        ),
        Column(
            "p_value_holm",
            "number",
            "p-value with Holm's correction over a programme's measures",
            low=0,
            high=1,
            decimals=2,
        ),
        Column(
            "hedges_g",
            "number",
            "Effect in pupil standard deviations; for a bracket, its midpoint",
            decimals=2,
        ),
        Column("hedges_g_low", "number", "Lower end of its 95% interval", decimals=2),
        Column("hedges_g_high", "number", "Upper end of its 95% interval", decimals=2),
        Column(
            "verdict",
            "code",
            "Given for primary headlines only",
            allowed=get_args(Verdict),
        ),
        Column("verdict_reason", "text", "Why there is no verdict or no estimate"),
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
        flag("is_used", "The release the study uses"),
        Column("n_programme_pupils", "integer", "Pupils on the programme's side", low=0),
        Column("n_comparison_pupils", "integer", "Pupils on the comparison side", low=0),
        Column("verdict", "code", "The verdict", allowed=get_args(Verdict)),
        Column("reason", "text", "Why there is none"),
    ),
)

ANSWER_BY_YEAR = Table(
    "impact",
    "answer_by_year",
    grain="a headline, and one of several outcome years",
    key=("programme", "measure", "academic_year"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        GROUP,
        YEAR,
        UNIT,
        count("n_programme_schools", "Programme schools with a result of the year", "schools"),
        count("n_comparison_schools", "Comparison schools with a result of the year", "schools"),
        count("n_programme_pupils", "Pupils of the year on the programme's side", "pupils"),
        count("n_comparison_pupils", "Pupils of the year on the other side", "pupils"),
        result("estimate_low", "Effect in the year alone, the bracket's smaller end"),
        result("estimate_high", "Effect in the year alone, the bracket's larger end"),
        result("ci_low", "Lower end of its 95% interval"),
        result("ci_high", "Upper end of its 95% interval"),
        Column(
            "verdict_so_far",
            "code",
            "The verdict on the outcome years up to this one, by today's rules and releases",
            allowed=get_args(Verdict),
        ),
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
        text("arm", "programme or rest; an arm where programme is 'all'"),
        GROUP,
        MEASURE,
        YEAR,
        STATUS,
        count("n_schools", "Schools with a result", "schools", low=1),
        count("n_pupils", "Pupils with a result", "pupils", low=1),
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
    grain="a headline, and error rates in simulated schools like its own, by selection and effect",
    key=("programme", "measure", "selection", "effect_sd"),
    columns=(
        PROGRAMME,
        MEASURE,
        GROUP,
        code(
            "selection", "How the simulated programme's schools were selected", get_args(Selection)
        ),
        Column(
            "effect_sd",
            "number",
            "The simulated effect, in SDs of target pupils",
            low=0,
            is_nullable=False,
        ),
        count(
            "n_simulated_programme_schools",
            "Simulated programme schools: the simulated size nearest to the headline's",
            "schools",
            low=1,
            is_nullable=False,
        ),
        count(
            "n_simulated_schools",
            "Simulated schools on both sides",
            "schools",
            low=1,
            is_nullable=False,
        ),
        Column(
            "n_simulated_pupils_a_school",
            "number",
            "Target pupils per simulated school and year, on average",
            low=1,
            is_nullable=False,
        ),
        flag("is_prior_adjusted", "Simulated with results adjusted for prior attainment"),
        flag("is_progress", "Simulated with results that vary between years as progress does"),
        Column(
            "n_simulated_outcome_years",
            "integer",
            "Outcome years simulated, at most three",
            low=1,
            is_nullable=False,
        ),
        Column("n_draws", "integer", "Number of simulations", low=1, is_nullable=False),
        _rate("false_verdict_share", "Verdicts that are wrong given the simulated effect"),
        _rate("better_share", "Verdicts of better: power, if the simulated effect is not zero"),
        _rate("bracket_covers_share", "Headline intervals that contain the simulated effect"),
        _rate("ancova_rejects_share", "Intervals of ANCOVA alone that exclude zero"),
        _rate("naive_rejects_share", "Intervals of the change since last year that exclude zero"),
    ),
)

CASE_STUDY_RESULT = Table(
    "impact",
    "case_study_result",
    grain="a compared school's own result of one year, for a school with a case study",
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
        count("n_pupils", "Pupils", "pupils", low=1, is_nullable=False),
        count("n_meeting", "For a share: pupils who met the standard", "pupils"),
        replace(result("mean", "Mean over pupils", low=-100, high=200), is_nullable=False),
        result("ci_low", "Lower end of its 95% interval, treating pupils as a sample"),
        result("ci_high", "Upper end of its 95% interval, treating pupils as a sample"),
    ),
)

# In dependency order: each table after those it reads.
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
    ANSWER_BY_YEAR,
    CALIBRATION,
    COMPARISON,
    CASE_STUDY_RESULT,
)
