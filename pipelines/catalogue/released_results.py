"""Released tables of results: effects, averages of both sides, comparison quality, and revisions."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pipelines.catalogue.columns import (
    FIGURE_STATUS,
    GROUP,
    MEASURE,
    PROGRAMME,
    RELEASE_STATUSES,
    SCHOOL_ID,
    UNIT,
    YEAR,
    code,
    count,
    flag,
    result,
)
from pipelines.catalogue.comparison_design import ATTRITION, BALANCE, OVERLAP
from pipelines.catalogue.impact import (
    ANSWER_BY_YEAR,
    CALIBRATION,
    CASE_STUDY_RESULT,
    COMPARISON,
    ESTIMATE,
)
from pipelines.catalogue.table import Column, PupilCount, Table
from pipelines.catalogue.vocabulary import Verdict, WithheldReason

_ESTIMATE_FIGURES = tuple(c.name for c in ESTIMATE.columns if c.kind == "number")
FROM_STATUS = code("from_status", "Earlier release", RELEASE_STATUSES)
TO_STATUS = replace(FROM_STATUS, name="to_status", about="Later release")

_RESULT_FIGURES = ("n_schools", "n_pupils", "n_meeting", "mean", "ci_low", "ci_high")
_OWN_FIGURES = ("n_pupils", "n_meeting", "mean", "ci_low", "ci_high")


def _verdict(name: str, about: str) -> Column:
    return Column(name, "code", about, allowed=get_args(Verdict))


RELEASED_RESULTS: tuple[Table, ...] = (
    replace(
        ESTIMATE,
        schema="released",
        name="impact",
        sensitivity="public",
        columns=(
            *ESTIMATE.columns,
            FIGURE_STATUS,
            Column(
                "withheld_reason",
                "code",
                "Why it is withheld",
                allowed=get_args(WithheldReason),
            ),
        ),
        pupil_counts=(PupilCount("n_programme_pupils"), PupilCount("n_comparison_pupils")),
        withheld=_ESTIMATE_FIGURES,
        headline="estimate_low",
    ),
    replace(
        ANSWER_BY_YEAR,
        schema="released",
        sensitivity="public",
        columns=(*ANSWER_BY_YEAR.columns, FIGURE_STATUS),
        pupil_counts=(PupilCount("n_programme_pupils"), PupilCount("n_comparison_pupils")),
        withheld=("estimate_low", "estimate_high", "ci_low", "ci_high"),
        headline="estimate_low",
    ),
    replace(
        COMPARISON,
        schema="released",
        sensitivity="public",
        columns=(
            *COMPARISON.columns,
            Column(
                "n_schools_left_out",
                "integer",
                "Schools not counted: a few with so few pupils that published tables omit them",
                low=0,
                high=4,
                unit="schools",
            ),
            count(
                "n_meeting",
                "For a share: pupils who met the standard; the mean divides it by pupils",
                "pupils",
            ),
            FIGURE_STATUS,
            UNIT,
        ),
        pupil_counts=(PupilCount("n_pupils"),),
        withheld=_RESULT_FIGURES,
        headline="mean",
    ),
    Table(
        "released",
        "attrition",
        grain="schools of one side that could be compared, kept or lost",
        key=("programme", "measure", "side", "is_kept"),
        columns=(
            *(ATTRITION.column(name) for name in ("programme", "measure", "key_stage")),
            *(ATTRITION.column(name) for name in ("pupil_group", "side", "is_kept", "n_schools")),
            ATTRITION.column("n_schools_with_result"),
            Column("reasons", "text", "Why schools are lost, with counts"),
            replace(
                ATTRITION.column("n_pupils"),
                about="All their pupils with a result in the outcome year, rounded",
                is_nullable=True,
            ),
            ATTRITION.column("mean"),
            FIGURE_STATUS,
        ),
        # A side's two rows are suppressed together (`attrition.sql`).
        pupil_counts=(PupilCount("n_pupils"),),
        withheld=("n_pupils", "mean"),
        headline="mean",
    ),
    replace(
        BALANCE,
        schema="released",
        sensitivity="public",
        columns=(*BALANCE.columns, FIGURE_STATUS),
        # Pupils of all baseline years.
        pupil_counts=(PupilCount("n_programme_pupils"), PupilCount("n_comparison_pupils")),
        withheld=("programme_mean", "comparison_mean", "standardised_difference", "rating"),
        headline="programme_mean",
    ),
    replace(
        OVERLAP,
        schema="released",
        sensitivity="public",
        # Pupil counts of the same schools are already in `impact`.
        columns=tuple(c for c in OVERLAP.columns if not c.name.endswith("_pupils")),
    ),
    replace(CALIBRATION, schema="released"),
    Table(
        "released",
        "school_point",
        grain="an unnamed school, with its results before and after",
        key=(),
        is_about_single_schools=True,
        columns=(
            PROGRAMME,
            MEASURE,
            GROUP,
            flag("is_programme", "Enrolled in the programme"),
            result("baseline_mean", "Mean of the baseline years, rounded"),
            result("outcome_mean", "Result in the outcome year, rounded"),
        ),
    ),
    Table(
        "released",
        "school_point_withheld",
        grain="how many schools' points are shown and withheld",
        key=("programme", "measure", "pupil_group"),
        columns=(
            PROGRAMME,
            MEASURE,
            GROUP,
            count("n_schools_shown", "Schools shown", "schools"),
            count("n_schools_withheld", "Schools withheld", "schools"),
            Column("reason", "text", "Why"),
        ),
    ),
    Table(
        "released",
        "case_study_result",
        grain="a named school's own result in a year, for a school with a case study",
        key=("programme", "school_id", "measure", "academic_year"),
        is_about_single_schools=True,
        columns=(
            SCHOOL_ID,
            *(
                replace(
                    column,
                    # Years without a figure, or with a withheld one, still have a row.
                    is_nullable=column.is_nullable
                    or column.name in ("n_pupils", "mean", "release_status"),
                )
                for column in CASE_STUDY_RESULT.columns
                if column.name != "school_id"
            ),
            FIGURE_STATUS,
        ),
        # Shown only where it is public, and then as published.
        pupil_counts=(PupilCount("n_pupils", is_published=True),),
        withheld=_OWN_FIGURES,
        headline="mean",
    ),
    Table(
        "released",
        "revisions",
        grain="a side's result in two releases of one year",
        key=(
            "programme",
            "level",
            "pupil_group",
            "measure",
            "academic_year",
            "from_status",
            "to_status",
        ),
        pupil_counts=(PupilCount("n_pupils_before"), PupilCount("n_pupils_after")),
        withheld=(
            "n_pupils_before",
            "n_pupils_after",
            "n_pupils_difference",
            "before",
            "after",
            "difference",
            "is_rounding",
        ),
        headline="difference",
        columns=(
            PROGRAMME,
            code(
                "level",
                "Programme schools, other local schools, or all local schools (programme 'all')",
                ("programme", "rest", "authority"),
            ),
            GROUP,
            MEASURE,
            UNIT,
            YEAR,
            FROM_STATUS,
            TO_STATUS,
            *(
                count(f"n_pupils_{when}", f"Pupils in the {which} release, rounded", "pupils")
                for when, which in (("before", "earlier"), ("after", "later"))
            ),
            Column("n_pupils_difference", "integer", "Difference of those two counts"),
            result("before", "Mean in the earlier release, rounded"),
            result("after", "Mean in the later release, rounded"),
            result("difference", "Difference of those two means"),
            Column(
                "is_rounding",
                "flag",
                "Same pupils, and rounding alone could explain each school's change",
            ),
            _verdict("verdict_before", "Verdict on the earlier release, if any"),
            _verdict("verdict_after", "Verdict on the later release, if any"),
            FIGURE_STATUS,
        ),
    ),
    Table(
        "released",
        "verdict_change",
        grain="a verdict on the results used, beside another release's or the last published one",
        key=("programme", "measure", "compared_with", "from_status", "to_status"),
        columns=(
            PROGRAMME,
            MEASURE,
            GROUP,
            YEAR,
            code(
                "compared_with",
                "Another release of the year's results, or this study's last publication",
                ("another_release", "last_publication"),
            ),
            Column("published_on", "date", "Date of the last publication"),
            replace(YEAR, name="from_year", about="The last outcome year of the earlier results"),
            replace(FROM_STATUS, is_nullable=True),
            replace(TO_STATUS, is_nullable=True),
            _verdict("verdict_before", "Verdict on the earlier results"),
            _verdict("verdict_after", "Verdict on the later results"),
            Column("is_changed", "flag", "Whether they differ; blank if one is missing"),
            Column("reason", "text", "Why one is missing"),
        ),
    ),
)
