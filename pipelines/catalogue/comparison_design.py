"""Tables of the comparison's design: candidate schools, compared schools, and balance of the two sides."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pipelines.catalogue.columns import (
    GROUP,
    KEY_STAGE,
    MEASURE,
    PROGRAMME,
    SCHOOL_ID,
    YEAR,
    code,
    count,
    flag,
    result,
    share,
)
from pipelines.catalogue.comparison_reason import ComparisonReason
from pipelines.catalogue.table import Column, Table
from pipelines.catalogue.vocabulary import MatchedOn

_SCHOOL_CHARACTERISTICS = (
    Column(
        "cohort_pupils", "number", "Pupils a year who count in the measure", low=0, unit="pupils"
    ),
    share("disadvantaged_share", "Share of them disadvantaged"),
    Column(
        "result_before",
        "number",
        "Its target pupils' mean result minus the mean of all schools in the same year",
        low=-200,
        high=200,
    ),
)

SCHOOL_BEFORE = Table(
    "impact",
    "school_before",
    grain="a mainstream school over the baseline years, for a measure and pupil group",
    key=("measure", "pupil_group", "school_id"),
    sensitivity="restricted",
    columns=(
        MEASURE,
        KEY_STAGE,
        GROUP,
        SCHOOL_ID,
        flag("is_local", "In the study's authority"),
        count("n_pupils", "Pupils in all baseline years", "pupils", low=1, is_nullable=False),
        *_SCHOOL_CHARACTERISTICS,
        Column(
            "n_baseline_years",
            "integer",
            "Baseline years with a result of the target pupils",
            low=0,
            is_nullable=False,
        ),
        flag("has_outcome", "Has a result in the outcome year"),
    ),
)

MATCHED_SCHOOL = Table(
    "impact",
    "matched_school",
    grain="a school outside the authority that is among the most similar to a programme's school",
    key=("programme", "measure", "matched_on", "school_id", "place"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        KEY_STAGE,
        GROUP,
        code(
            "matched_on",
            "Matching variables: earlier results and make-up, or make-up alone for methods that compare "
            "changes",
            get_args(MatchedOn),
        ),
        SCHOOL_ID,
        replace(SCHOOL_ID, name="matched_school_id", about="The school outside the authority"),
        Column("place", "integer", "Rank; 1 is the most similar", low=1, is_nullable=False),
        Column("distance", "number", "Mahalanobis distance", low=0, is_nullable=False),
    ),
)

BASELINE_YEAR = Table(
    "impact",
    "baseline_year",
    grain="an earlier year, and whether a programme's comparison on a measure uses it",
    key=("programme", "measure", "academic_year"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        KEY_STAGE,
        GROUP,
        YEAR,
        count(
            "n_programme_schools",
            "Programme schools with a result of that year that predates the programme",
            "schools",
            is_nullable=False,
        ),
        count(
            "n_comparison_schools",
            "Comparison schools with such a result",
            "schools",
            is_nullable=False,
        ),
        flag("is_used", "Both sides have enough such schools"),
    ),
)

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
        flag("is_programme", "Enrolled in the programme"),
        flag("is_in_scope", "Local, mainstream, and teaches the key stage: it could be compared"),
        code("reason", "compared, or why it is left out", get_args(ComparisonReason)),
    ),
)

SAMPLE = (
    count("n_programme_schools", "Programme schools in the model", "schools"),
    count("n_comparison_schools", "Comparison schools in the model", "schools"),
    count(
        "n_programme_pupils", "Target pupils of the programme schools in the outcome year", "pupils"
    ),
    count("n_comparison_pupils", "Target pupils of the comparison schools", "pupils"),
)

_SCHOOLS_AND_PUPILS_BEFORE = (
    count("n_programme_schools", "Programme schools", "schools", low=1),
    count("n_comparison_schools", "Comparison schools", "schools", low=1),
    count(
        "n_programme_pupils",
        "Pupils behind the programme side's figure, over the baseline years",
        "pupils",
        low=1,
    ),
    count("n_comparison_pupils", "Pupils behind the comparison side's figure", "pupils", low=1),
)

BALANCE = Table(
    "impact",
    "balance",
    grain="a characteristic of schools before the programme, on both sides of a comparison",
    key=("programme", "measure", "characteristic"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        KEY_STAGE,
        GROUP,
        code(
            "characteristic",
            "Baseline results of target or all pupils, cohort size, or disadvantaged share",
            (
                "target_pupils_before",
                "all_pupils_before",
                "cohort_pupils",
                "disadvantaged_share",
            ),
        ),
        *_SCHOOLS_AND_PUPILS_BEFORE,
        # `disclosure/balance.sql` rounds further, to the decimals of each measure.
        Column("programme_mean", "number", "Programme schools; a share is 0 to 1", decimals=5),
        Column("comparison_mean", "number", "Comparison schools", decimals=5),
        Column(
            "standardised_difference",
            "number",
            "Hedges' g: results in pupil SDs, cohort and disadvantaged share in school SDs",
            decimals=2,
        ),
        Column(
            "rating",
            "code",
            "Thresholds 0.05 and 0.25 SD (What Works Clearinghouse); blank if the SD is unknown",
            allowed=("satisfies", "needs_adjustment", "not_satisfied"),
        ),
    ),
)

ATTRITION = Table(
    "impact",
    "attrition",
    grain="schools of one side, in scope or not, that a comparison keeps, or drops for one reason",
    key=("programme", "measure", "side", "reason", "is_in_scope"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        KEY_STAGE,
        GROUP,
        code("side", "Which side", ("programme", "comparison")),
        flag("is_kept", "Compared"),
        flag(
            "is_in_scope",
            "Local mainstream schools with results at this key stage: only these count as lost",
        ),
        code("reason", "compared, or why they are dropped", get_args(ComparisonReason)),
        count("n_schools", "Schools", "schools", low=1, is_nullable=False),
        count(
            "n_schools_with_result",
            "Those with a result of all pupils in the outcome year",
            "schools",
            is_nullable=False,
        ),
        count(
            "n_pupils",
            "All their pupils with a result in the outcome year",
            "pupils",
            is_nullable=False,
        ),
        result("mean", "Mean of the measure over these pupils", low=-100, high=200),
    ),
)

OVERLAP = Table(
    "impact",
    "overlap",
    grain="a programme and measure: common support, and other programmes in comparison schools",
    key=("programme", "measure"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        KEY_STAGE,
        GROUP,
        *SAMPLE,
        count(
            "n_comparison_schools_in_range",
            "Comparison schools within the programme schools' range, on the score with fewest",
            "schools",
        ),
        share(
            "programme_in_range_share",
            "Share of programme schools within the comparison schools' range, on the worst score",
            decimals=2,
        ),
        Column(
            "is_extrapolation",
            "flag",
            "The ANCOVA end extrapolates; blank if there are too few schools to judge",
        ),
        count(
            "n_comparison_schools_in_evaluated",
            "Comparison schools in another evaluated programme; unknown outside the authority",
            "schools",
        ),
        count(
            "n_comparison_schools_in_others",
            "Comparison schools in a programme without evaluation; unknown outside the authority",
            "schools",
        ),
        share("comparison_in_evaluated_share", "As a share", decimals=2),
        share("comparison_in_others_share", "As a share", decimals=2),
    ),
)
