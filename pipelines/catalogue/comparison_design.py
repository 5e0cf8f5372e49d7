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
    result,
)
from pipelines.catalogue.comparison_reason import ComparisonReason
from pipelines.catalogue.table import Column, Table
from pipelines.catalogue.vocabulary import MatchedOn

_SCHOOL_CHARACTERISTICS = (
    Column(
        "cohort_pupils", "number", "Pupils a year who count in the measure", low=0, unit="pupils"
    ),
    Column("disadvantaged_share", "number", "Share of them disadvantaged", low=0, high=1),
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
        Column("is_local", "flag", "In the study's authority", is_nullable=False),
        Column(
            "n_pupils",
            "integer",
            "Pupils in all baseline years",
            low=1,
            is_nullable=False,
            unit="pupils",
        ),
        *_SCHOOL_CHARACTERISTICS,
        Column(
            "n_baseline_years",
            "integer",
            "Baseline years with a result of the target pupils",
            low=0,
            is_nullable=False,
        ),
        Column("has_outcome", "flag", "Has a result in the outcome year", is_nullable=False),
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
        Column(
            "matched_on",
            "code",
            "Matching variables: earlier results and make-up, or make-up alone for methods that compare "
            "changes",
            allowed=get_args(MatchedOn),
            is_nullable=False,
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
        Column(
            "n_programme_schools",
            "integer",
            "Programme schools with a result of that year that predates the programme",
            low=0,
            is_nullable=False,
            unit="schools",
        ),
        Column(
            "n_comparison_schools",
            "integer",
            "Comparison schools with such a result",
            low=0,
            is_nullable=False,
            unit="schools",
        ),
        Column("is_used", "flag", "Both sides have enough such schools", is_nullable=False),
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
        Column("is_programme", "flag", "Enrolled in the programme", is_nullable=False),
        Column(
            "reason",
            "code",
            "compared, or why it is left out",
            allowed=get_args(ComparisonReason),
            is_nullable=False,
        ),
    ),
)

SAMPLE = (
    Column(
        "n_programme_schools", "integer", "Programme schools in the model", low=0, unit="schools"
    ),
    Column(
        "n_comparison_schools", "integer", "Comparison schools in the model", low=0, unit="schools"
    ),
    Column(
        "n_programme_pupils",
        "integer",
        "Target pupils of the programme schools in the outcome year",
        low=0,
        unit="pupils",
    ),
    Column(
        "n_comparison_pupils",
        "integer",
        "Target pupils of the comparison schools",
        low=0,
        unit="pupils",
    ),
)

_SCHOOLS_AND_PUPILS_BEFORE = (
    Column("n_programme_schools", "integer", "Programme schools", low=1, unit="schools"),
    Column("n_comparison_schools", "integer", "Comparison schools", low=1, unit="schools"),
    Column(
        "n_programme_pupils",
        "integer",
        "Pupils behind the programme side's figure, over the baseline years",
        low=1,
        unit="pupils",
    ),
    Column(
        "n_comparison_pupils",
        "integer",
        "Pupils behind the comparison side's figure",
        low=1,
        unit="pupils",
    ),
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
        Column(
            "characteristic",
            "code",
            "Baseline results of target or all pupils, cohort size, or disadvantaged share",
            allowed=(
                "target_pupils_before",
                "all_pupils_before",
                "cohort_pupils",
                "disadvantaged_share",
            ),
            is_nullable=False,
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
        Column(
            "side", "code", "Which side", allowed=("programme", "comparison"), is_nullable=False
        ),
        Column("is_kept", "flag", "Compared", is_nullable=False),
        Column(
            "is_in_scope",
            "flag",
            "Local mainstream schools with results at this key stage: only these count as lost",
            is_nullable=False,
        ),
        Column(
            "reason",
            "code",
            "compared, or why they are dropped",
            allowed=get_args(ComparisonReason),
            is_nullable=False,
        ),
        Column("n_schools", "integer", "Schools", low=1, is_nullable=False, unit="schools"),
        Column(
            "n_schools_with_result",
            "integer",
            "Those with a result of all pupils in the outcome year",
            low=0,
            is_nullable=False,
            unit="schools",
        ),
        Column(
            "n_pupils",
            "integer",
            "All their pupils with a result in the outcome year",
            low=0,
            is_nullable=False,
            unit="pupils",
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
        Column(
            "n_comparison_schools_in_range",
            "integer",
            "Comparison schools within the programme schools' range, on the score with fewest",
            low=0,
            unit="schools",
        ),
        Column(
            "programme_in_range_share",
            "number",
            "Share of programme schools within the comparison schools' range, on the worst score",
            low=0,
            high=1,
            decimals=2,
        ),
        Column(
            "is_extrapolation",
            "flag",
            "The ANCOVA end extrapolates; blank if there are too few schools to judge",
        ),
        Column(
            "n_comparison_schools_in_evaluated",
            "integer",
            "Comparison schools in another evaluated programme; unknown outside the authority",
            low=0,
            unit="schools",
        ),
        Column(
            "n_comparison_schools_in_others",
            "integer",
            "Comparison schools in a programme without evaluation; unknown outside the authority",
            low=0,
            unit="schools",
        ),
        Column("comparison_in_evaluated_share", "number", "As a share", low=0, high=1, decimals=2),
        Column("comparison_in_others_share", "number", "As a share", low=0, high=1, decimals=2),
    ),
)
