"""Released tables: what leaves through `pipelines.disclosure`, and what is withheld together."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pipelines.catalogue.columns import (
    GROUP,
    KEY_STAGE,
    MEASURE,
    PROGRAMME,
    RELEASE_STATUSES,
    SCHOOL_ID,
    STATUS,
    UNIT,
    YEAR,
)
from pipelines.catalogue.comparison_design import ATTRITION, BALANCE, OVERLAP
from pipelines.catalogue.impact import CALIBRATION, COMPARISON, ESTIMATE
from pipelines.catalogue.released_voices import RELEASED_VOICES
from pipelines.catalogue.table import Column, PupilCount, Table
from pipelines.study import ComparisonPool

# Degrees of freedom say how much is known, not what.
_ESTIMATE_FIGURES = tuple(
    column.name
    for column in ESTIMATE.columns
    if column.kind == "number" and column.name != "effective_df"
)
_SUPPRESSED = Column("suppressed", "flag", "Withheld: too few pupils", is_nullable=False)

# A school counts only if it has a pupil: schools bound the pupils from below, so they go together.
_RESULT_FIGURES = ("n_schools", "n_meeting", "mean", "ci_low", "ci_high")

_SAME_QUESTION = (
    "counted.programme = shown.programme AND counted.measure = shown.measure "
    "AND counted.pupil_group = shown.pupil_group"
)
_SAME_PUPILS = f"{_SAME_QUESTION} AND counted.academic_year = shown.academic_year"
# Counts are kept rather than lost in this order: a programme's outcome year, its other years, its arms.
_LOSS_OF_RESULT = (
    "CASE WHEN shown.programme = 'all' THEN 1 "
    "WHEN shown.academic_year = (SELECT outcome_year FROM protocol.study) THEN 100 ELSE 10 END"
)


def _compared(side: str, loss: str) -> PupilCount:
    """The outcome year's pupils of the schools that an estimate compares, on one side."""
    return PupilCount(
        f"n_{side}_pupils",
        adds_up=f"{_SAME_QUESTION} AND counted.is_outcome AND counted.is_compared "
        f"AND counted.side = '{'programme' if side == 'programme' else 'rest'}'",
        loss=loss,
    )


def _released_status(when: str, status: str) -> PupilCount:
    """A programme's pupils in one of two releases."""
    return PupilCount(
        f"n_pupils_{when}",
        adds_up=f"{_SAME_PUPILS} AND counted.release_status = shown.{status} "
        "AND counted.side = 'programme' AND NOT counted.is_special",
        goes_with=(when,),
        mean=when,
        loss="20",
    )


RELEASED_TABLES: tuple[Table, ...] = (
    Table(
        "released",
        "study",
        grain="the study",
        key=("study",),
        may_be_empty=False,
        columns=(
            Column("study", "text", "Name", is_nullable=False),
            Column("title", "text", "Title", is_nullable=False),
            Column("local_authority_name", "text", "Authority", is_nullable=False),
            Column("is_fictional", "flag", "Made up, to show how it works", is_nullable=False),
            Column("reference_date", "date", "Who counts as open and maintained"),
            Column("as_at", "date", "The day the sources are as of"),
            Column("outcome_year", "text", "Year of the outcomes", is_nullable=False),
            Column("baseline_years", "text", "Years before"),
            Column("minimum_cell", "integer", "Figures of fewer pupils are withheld"),
            Column(
                "confidence_share",
                "number",
                "Confidence of every interval",
                low=0,
                high=1,
                is_nullable=False,
            ),
            Column("study_hash", "text", "Fingerprint of the protocol"),
            Column("source_hash", "text", "Fingerprint of the sources"),
            Column("period", "text", "First to last year of results"),
        ),
    ),
    Table(
        "released",
        "programme",
        grain="a programme of the protocol",
        key=("programme",),
        may_be_empty=False,
        columns=(
            PROGRAMME,
            Column("title", "text", "Title", is_nullable=False),
            Column("fund", "text", "Who pays", is_nullable=False),
            Column("priority", "text", "The priority it serves"),
            Column("is_evaluated", "flag", "Its effect is estimated", is_nullable=False),
            Column("is_placebo", "flag", "No such programme existed", is_nullable=False),
            Column("funding_gbp", "integer", "Funding stated", unit="pounds"),
            Column("target_group", "text", "Whose outcomes it is meant to change"),
            Column(
                "comparison_pool",
                "code",
                "Compared with local schools, or with matched ones outside the authority",
                allowed=get_args(ComparisonPool),
                is_nullable=False,
            ),
            Column("starts", "date", "First day"),
            Column("n_expected_schools", "integer", "Schools the bid names", unit="schools"),
            Column("n_schools", "integer", "Schools enrolled", low=0, unit="schools"),
            Column("n_ks2_schools", "integer", "With key stage 2 results", low=0, unit="schools"),
            Column("n_ks4_schools", "integer", "With key stage 4 results", low=0, unit="schools"),
            Column("census_academic_year", "text", "Year of the January census on file"),
            Column(
                "n_schools_with_census",
                "integer",
                "Of which that census counts the target pupils",
                low=0,
                unit="schools",
            ),
            Column(
                "n_target_pupils_on_roll",
                "integer",
                "Target pupils on roll in the whole schools (disadvantaged: free school meals in the "
                "last six years); blank unless every school is counted",
                low=0,
                unit="pupils",
            ),
            Column(
                "funding_gbp_per_target_pupil", "number", "Funding for each of them", unit="pounds"
            ),
        ),
        pupil_counts=(PupilCount("n_target_pupils_on_roll", adds_up=None),),
        withheld=("funding_gbp_per_target_pupil",),
    ),
    Table(
        "released",
        "measure",
        grain="a measure a programme is judged on",
        key=("programme", "measure"),
        columns=(
            PROGRAMME,
            MEASURE,
            KEY_STAGE,
            Column("label", "text", "Name for readers", is_nullable=False),
            UNIT,
            Column("is_primary", "flag", "Its headline gets a verdict", is_nullable=False),
            Column("smallest_effect", "number", "Smallest effect that would matter"),
            Column(
                "is_prior_adjusted",
                "flag",
                "Its effect is estimated with pupils' own prior attainment held constant",
                is_nullable=False,
            ),
            Column("higher_is_better", "flag", "Whether more is better", is_nullable=False),
        ),
    ),
    replace(
        ESTIMATE,
        schema="released",
        name="impact",
        sensitivity="public",
        pupil_counts=tuple(
            _compared(side, loss="CASE shown.role WHEN 'headline' THEN 100 ELSE 20 END")
            for side in ("programme", "comparison")
        ),
        withheld=(*_ESTIMATE_FIGURES, "n_programme_schools", "n_comparison_schools"),
    ),
    replace(
        COMPARISON,
        schema="released",
        sensitivity="public",
        columns=(
            *COMPARISON.columns,
            Column(
                "n_meeting",
                "integer",
                "Of a share: pupils who met the standard; with the pupils, the mean",
                low=0,
                unit="pupils",
            ),
            _SUPPRESSED,
            UNIT,
        ),
        pupil_counts=(
            PupilCount(
                "n_pupils",
                adds_up=f"{_SAME_PUPILS} AND counted.release_status = shown.release_status "
                "AND counted.is_in_use AND NOT counted.is_special "
                "AND CASE shown.programme WHEN 'all' THEN counted.arm ELSE counted.side END = shown.arm",
                goes_with=_RESULT_FIGURES,
                mean="mean",
                loss=_LOSS_OF_RESULT,
            ),
        ),
        withheld=_RESULT_FIGURES,
    ),
    Table(
        "released",
        "attrition",
        grain="schools of one side that could be compared, and are kept or lost",
        key=("programme", "measure", "side", "is_kept"),
        columns=(
            *(ATTRITION.column(name) for name in ("programme", "measure", "key_stage")),
            *(ATTRITION.column(name) for name in ("pupil_group", "side", "is_kept", "n_schools")),
            ATTRITION.column("n_schools_with_result"),
            Column("reasons", "text", "Why schools are lost, with their number"),
            replace(
                ATTRITION.column("n_pupils"),
                about="All their pupils with a result in the outcome year, to the nearest ten",
                is_nullable=True,
            ),
            ATTRITION.column("mean"),
            _SUPPRESSED,
        ),
        # To the nearest ten, and a side's two rows stand or fall together (`attrition.sql`).
        pupil_counts=(PupilCount("n_pupils", adds_up=None, goes_with=("mean",), rounded_to=10),),
        withheld=("mean",),
    ),
    replace(
        BALANCE,
        schema="released",
        sensitivity="public",
        columns=(*BALANCE.columns, _SUPPRESSED),
        # Pupils of several years together, to the nearest ten (`balance.sql`).
        pupil_counts=tuple(
            PupilCount(f"n_{side}_pupils", adds_up=None, goes_with=(f"{side}_mean",), rounded_to=10)
            for side in ("programme", "comparison")
        ),
        withheld=("programme_mean", "comparison_mean", "standardised_difference", "rating"),
    ),
    replace(
        OVERLAP,
        schema="released",
        sensitivity="public",
        # Pupils of the same schools stand in `impact`.
        columns=tuple(c for c in OVERLAP.columns if not c.name.endswith("_pupils")),
    ),
    replace(CALIBRATION, schema="released"),
    Table(
        "released",
        "school_point",
        grain="a school, not named, with its results before and after",
        key=(),
        is_about_single_schools=True,
        columns=(
            PROGRAMME,
            MEASURE,
            GROUP,
            Column("is_programme", "flag", "Enrolled in the programme", is_nullable=False),
            Column("baseline_mean", "number", "Mean of the baseline years, rounded"),
            Column("outcome_mean", "number", "Outcome year, rounded"),
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
            Column("n_schools_shown", "integer", "Schools shown", low=0, unit="schools"),
            Column("n_schools_withheld", "integer", "Schools withheld", low=0, unit="schools"),
            Column("reason", "text", "Why"),
        ),
    ),
    Table(
        "released",
        "school_count",
        grain="a reason why schools of a programme are compared or left out",
        key=("programme", "key_stage", "reason"),
        columns=(
            PROGRAMME,
            KEY_STAGE,
            Column("reason", "text", "compared, or why not", is_nullable=False),
            Column("n_schools", "integer", "Schools", low=1, unit="schools"),
        ),
    ),
    Table(
        "released",
        "programme_overlap",
        grain="two programmes, and the schools in both",
        key=("programme_a", "programme_b"),
        columns=(
            Column("programme_a", "text", "A programme", is_nullable=False),
            Column("programme_b", "text", "The same or another", is_nullable=False),
            Column("n_schools", "integer", "Schools in both", low=0, unit="schools"),
        ),
    ),
    Table(
        "released",
        "enrolment",
        grain="a named school's place in a programme, and nothing about its results",
        key=("programme", "school_name"),
        columns=(
            Column("school_name", "text", "The school", is_nullable=False),
            PROGRAMME,
            Column("start_date", "date", "When it joined"),
        ),
    ),
    Table(
        "released",
        "priority",
        grain="a priority, and what its programmes reached",
        key=("priority",),
        columns=(
            Column("priority", "text", "The priority", is_nullable=False),
            Column("n_programmes", "integer", "Programmes that serve it", low=1, unit="programmes"),
            Column("n_schools", "integer", "Local schools in them", low=0, unit="schools"),
            Column("n_schools_of_all", "integer", "Local schools", low=0, unit="schools"),
            Column("target_group", "text", "Whose outcomes are evaluated; none if of no one group"),
            Column(
                "n_target_pupils",
                "integer",
                "Of them with results in the outcome year, to the nearest ten",
                low=0,
                unit="pupils",
            ),
            Column(
                "target_pupil_share",
                "number",
                "They among all local pupils of the group with results",
                low=0,
                high=1,
            ),
            Column("suppressed", "flag", "Withheld: too few pupils", is_nullable=False),
        ),
        # To the nearest ten (`priority.sql`).
        pupil_counts=(
            PupilCount(
                "n_target_pupils", adds_up=None, goes_with=("target_pupil_share",), rounded_to=10
            ),
        ),
        withheld=("target_pupil_share",),
    ),
    Table(
        "released",
        "not_yet_published",
        grain="a measure that does not exist yet",
        key=("measure", "academic_year"),
        columns=(
            MEASURE,
            KEY_STAGE,
            YEAR,
            Column("reason", "text", "Why, and when it will", is_nullable=False),
        ),
    ),
    Table(
        "released",
        "claims",
        grain="a claim made to the board",
        key=("claim",),
        columns=(
            Column("claim", "text", "The claim", is_nullable=False),
            Column("numerator", "integer", "Schools of which it holds", low=0, unit="schools"),
            Column("denominator", "integer", "Schools it is about", low=0, unit="schools"),
            Column(
                "result",
                "code",
                "Holds it",
                allowed=("holds", "fails", "cannot_tell"),
                is_nullable=False,
            ),
            Column("exceptions", "text", "The schools of which it does not hold"),
        ),
    ),
    *RELEASED_VOICES,
    Table(
        "released",
        "revisions",
        grain="a programme's result in two releases of one year",
        key=("programme", "pupil_group", "measure", "academic_year", "from_status", "to_status"),
        pupil_counts=(
            _released_status("before", "from_status"),
            _released_status("after", "to_status"),
        ),
        withheld=("before", "after"),
        columns=(
            PROGRAMME,
            GROUP,
            MEASURE,
            YEAR,
            Column(
                "from_status",
                "code",
                "Earlier release",
                allowed=RELEASE_STATUSES,
                is_nullable=False,
            ),
            Column(
                "to_status", "code", "Later release", allowed=RELEASE_STATUSES, is_nullable=False
            ),
            Column("n_pupils_before", "integer", "Pupils in the earlier", low=0, unit="pupils"),
            Column("n_pupils_after", "integer", "Pupils in the later", low=0, unit="pupils"),
            Column("before", "number", "Mean in the earlier release"),
            Column("after", "number", "Mean in the later release"),
        ),
    ),
    Table(
        "released",
        "source",
        grain="a file the study was made from",
        key=("file",),
        may_be_empty=False,
        columns=(
            Column("file", "text", "File name", is_nullable=False),
            Column("kind", "text", "What it is", is_nullable=False),
            Column("academic_year", "text", "Year of its results"),
            Column("release_status", "text", "How final it is"),
            Column("publisher", "text", "Who published it"),
            Column("n_rows_in", "integer", "Rows in the file", low=0, unit="rows"),
            Column("n_rows_kept", "integer", "Rows used", low=0, unit="rows"),
            Column(
                "n_rows_set_aside", "integer", "Rows set aside, with a reason", low=0, unit="rows"
            ),
            Column("sha256", "text", "Checksum", is_nullable=False),
        ),
    ),
    Table(
        "released",
        "withheld",
        grain="a table of which figures are withheld",
        key=("released_table",),
        may_be_empty=False,
        columns=(
            Column("released_table", "text", "Its name", is_nullable=False),
            Column("n_shown", "integer", "Rows, or schools, shown", low=0),
            Column("n_withheld", "integer", "Rows, or schools, withheld at least in part", low=0),
        ),
    ),
)

# Kept with the restricted tables, so that a later release can be held against this one.
RELEASED_COUNT = Table(
    "impact",
    "released_count",
    grain="a released count of pupils, and a school's pupils that it adds up",
    key=(),
    sensitivity="restricted",
    columns=(
        Column("released_table", "text", "The table", is_nullable=False),
        Column("count_column", "text", "The column", is_nullable=False),
        Column("row_number", "integer", "The row", is_nullable=False),
        Column("is_shown", "flag", "Not withheld", is_nullable=False),
        Column("has_meeting", "flag", "With it, those who met the standard", is_nullable=False),
        SCHOOL_ID,
        KEY_STAGE,
        YEAR,
        STATUS,
        MEASURE,
        GROUP,
    ),
)
