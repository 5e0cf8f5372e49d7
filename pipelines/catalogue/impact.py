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
from pipelines.impact.matching import MatchedOn
from pipelines.impact.results import Estimator, Role, Selection, Verdict

_SCHOOL_CHARACTERISTICS = (
    Column(
        "cohort_pupils", "number", "Pupils a year who count in the measure", low=0, unit="pupils"
    ),
    Column("disadvantaged_share", "number", "Share of them disadvantaged", low=0, high=1),
    Column(
        "result_before",
        "number",
        "Its target pupils' mean result above that of schools in the same year",
        low=-200,
        high=200,
    ),
)

SCHOOL_BEFORE = Table(
    "impact",
    "school_before",
    grain="a mainstream school over the baseline years, as a measure of some pupils sees it",
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
            "Pupils of all these years",
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
        Column("has_outcome", "flag", "They have a result in the outcome year", is_nullable=False),
    ),
)

MATCHED_SCHOOL = Table(
    "impact",
    "matched_school",
    grain="one of the schools outside the authority that are most like a programme's school",
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
            "Alike in what: with earlier results for methods that hold these constant, without them "
            "for changes",
            allowed=get_args(MatchedOn),
            is_nullable=False,
        ),
        SCHOOL_ID,
        replace(SCHOOL_ID, name="matched_school_id", about="The school outside"),
        Column("place", "integer", "1 is the most similar", low=1, is_nullable=False),
        Column("distance", "number", "Mahalanobis distance", low=0, is_nullable=False),
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
        Column("expected_anyway", "number", "Of the naive change, what chance alone would bring"),
        Column(
            "p_value_holm", "number", "Holm's p-value over a programme's measures", low=0, high=1
        ),
        Column(
            "hedges_g", "number", "Effect in pupil standard deviations; of a bracket, its middle"
        ),
        Column("hedges_g_low", "number", "Lower end of its 95% interval"),
        Column("hedges_g_high", "number", "Upper end of its 95% interval"),
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

_SCHOOLS_AND_PUPILS_BEFORE = (
    Column("n_programme_schools", "integer", "Programme schools", low=1, unit="schools"),
    Column("n_comparison_schools", "integer", "Other schools", low=1, unit="schools"),
    Column(
        "n_programme_pupils",
        "integer",
        "Pupils behind the programme's figure, over baseline years",
        low=1,
        unit="pupils",
    ),
    Column(
        "n_comparison_pupils", "integer", "Pupils behind the others' figure", low=1, unit="pupils"
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
            "Results of the target pupils or of all, cohort, disadvantaged share; baseline years",
            allowed=(
                "target_pupils_before",
                "all_pupils_before",
                "cohort_pupils",
                "disadvantaged_share",
            ),
            is_nullable=False,
        ),
        *_SCHOOLS_AND_PUPILS_BEFORE,
        Column("programme_mean", "number", "Of programme schools; a share is 0 to 1"),
        Column("comparison_mean", "number", "Of the others"),
        Column(
            "standardised_difference",
            "number",
            "Hedges' g: results in pupil SDs, cohort and disadvantaged share in school SDs",
        ),
        Column(
            "rating",
            "code",
            "By 0.05 and 0.25 SD (What Works Clearinghouse); blank where the SD is not known",
            allowed=("satisfies", "needs_adjustment", "not_satisfied"),
        ),
    ),
)

ATTRITION = Table(
    "impact",
    "attrition",
    grain="schools of one side that a comparison keeps, or leaves out for one reason",
    key=("programme", "measure", "side", "reason"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        KEY_STAGE,
        GROUP,
        Column("side", "code", "Which", allowed=("programme", "comparison"), is_nullable=False),
        Column("is_kept", "flag", "Compared", is_nullable=False),
        Column(
            "is_in_scope",
            "flag",
            "Local mainstream schools with results at this key stage: only these can be lost",
            is_nullable=False,
        ),
        Column("reason", "text", "'compared', or why they are left out", is_nullable=False),
        Column("n_schools", "integer", "Schools", low=1, is_nullable=False, unit="schools"),
        Column(
            "n_schools_with_result",
            "integer",
            "Of these, with a result of all pupils in the outcome year",
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
        Column("mean", "number", "Mean of the measure over these pupils", low=-100, high=200),
    ),
)

OVERLAP = Table(
    "impact",
    "overlap",
    grain="a programme and measure: do both sides meet before, and what do the others get",
    key=("programme", "measure"),
    sensitivity="restricted",
    columns=(
        PROGRAMME,
        MEASURE,
        KEY_STAGE,
        GROUP,
        *_SAMPLE,
        Column(
            "n_comparison_schools_in_range",
            "integer",
            "Others within the range of the programme's schools, on the score where fewest are",
            low=0,
            unit="schools",
        ),
        Column(
            "programme_in_range_share",
            "number",
            "Share of the programme's schools within the others' range, on the worst score",
            low=0,
            high=1,
        ),
        Column(
            "is_extrapolation",
            "flag",
            "The ANCOVA end extrapolates; blank where too few schools can be judged",
        ),
        Column(
            "n_comparison_schools_in_evaluated",
            "integer",
            "Others that are in another evaluated programme; not known of schools outside",
            low=0,
            unit="schools",
        ),
        Column(
            "n_comparison_schools_in_others",
            "integer",
            "Others that are in a programme that is not evaluated; not known of schools outside",
            low=0,
            unit="schools",
        ),
        Column("comparison_in_evaluated_share", "number", "As a share", low=0, high=1),
        Column("comparison_in_others_share", "number", "As a share", low=0, high=1),
    ),
)

EXPOSURE = Table(
    "impact",
    "exposure",
    grain="a school in a programme, and a year's tests",
    key=("programme", "school_id", "academic_year"),
    columns=(
        PROGRAMME,
        SCHOOL_ID,
        YEAR,
        Column("is_outcome", "flag", "The outcome year", is_nullable=False),
        Column("start_date", "date", "From when"),
        Column(
            "n_terms",
            "integer",
            "School terms of support before the tests, that of the start included",
            low=0,
            unit="terms",
        ),
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

# Each after the tables it reads.
IMPACT_TABLES: tuple[Table, ...] = (
    SCHOOL_BEFORE,
    MATCHED_SCHOOL,
    COMPARED_SCHOOL,
    EXPOSURE,
    ATTRITION,
    BALANCE,
    OVERLAP,
    ESTIMATE,
    CALIBRATION,
    COMPARISON,
)
