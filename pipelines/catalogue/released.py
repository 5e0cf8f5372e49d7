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
    UNIT,
    YEAR,
)
from pipelines.catalogue.impact import (
    ATTRITION,
    BALANCE,
    CALIBRATION,
    COMPARISON,
    ESTIMATE,
    OVERLAP,
)
from pipelines.catalogue.table import Column, Table
from pipelines.study import ComparisonPool

# Degrees of freedom say how much is known, not what.
_ESTIMATE_FIGURES = tuple(
    column.name
    for column in ESTIMATE.columns
    if column.kind == "number" and column.name != "effective_df"
)
_SUPPRESSED = Column("suppressed", "flag", "Withheld: too few pupils", is_nullable=False)

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
        small_counts=("n_target_pupils_on_roll",),
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
        small_counts=("n_programme_pupils", "n_comparison_pupils"),
        withheld=_ESTIMATE_FIGURES,
    ),
    replace(
        COMPARISON,
        schema="released",
        sensitivity="public",
        columns=(
            *COMPARISON.columns,
            _SUPPRESSED,
            UNIT,
        ),
        small_counts=("n_pupils",),
        withheld=("mean", "ci_low", "ci_high"),
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
        small_counts=("n_pupils",),
        withheld=("mean",),
    ),
    replace(
        BALANCE,
        schema="released",
        sensitivity="public",
        columns=(*BALANCE.columns, _SUPPRESSED),
        small_counts=("n_programme_pupils", "n_comparison_pupils"),
        withheld=("programme_mean", "comparison_mean", "standardised_difference", "rating"),
    ),
    replace(
        OVERLAP,
        schema="released",
        sensitivity="public",
        small_counts=("n_programme_pupils", "n_comparison_pupils"),
        withheld=("n_comparison_schools_in_range", "programme_in_range_share", "is_extrapolation"),
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
    Table(
        "released",
        "evaluation_summary",
        grain="an answer to a question of a programme's evaluation form",
        key=("programme", "question", "answer"),
        columns=(
            PROGRAMME,
            Column("question", "text", "The question, or 'response rate'", is_nullable=False),
            Column("answer", "text", "The answer", is_nullable=False),
            Column("n_schools", "integer", "Schools that gave it", low=0, unit="schools"),
            Column("n_expected", "integer", "Schools asked", low=0, unit="schools"),
            Column("example", "text", "A free answer on the theme, with consent"),
        ),
    ),
    Table(
        "released",
        "text_review",
        grain="a reason for which texts are held until a person has read them",
        key=("kind", "programme", "reason"),
        columns=(
            Column("kind", "text", "Kind of source", is_nullable=False),
            PROGRAMME,
            Column("reason", "text", "What they may hold", is_nullable=False),
            Column("n_texts", "integer", "Texts held", low=1, unit="texts"),
        ),
    ),
    Table(
        "released",
        "statement_rule",
        grain="a tone of a programme's statements, and how those that are shown were chosen",
        key=("programme", "tone"),
        columns=(
            PROGRAMME,
            Column("tone", "text", "positive, mixed, negative or not given", is_nullable=False),
            Column("n_received", "integer", "Statements received", low=0, unit="statements"),
            Column("n_consenting", "integer", "With consent", low=0, unit="statements"),
            Column("n_held", "integer", "Of these held for review", low=0, unit="statements"),
            Column("n_shown", "integer", "Shown", low=0, unit="statements"),
            Column("rule", "text", "Who chose", is_nullable=False),
        ),
    ),
    Table(
        "released",
        "statements",
        grain="a statement a school agreed to have published",
        key=(),
        columns=(
            PROGRAMME,
            Column("attribution", "text", "As agreed", is_nullable=False),
            Column("theme", "text", "What it is about"),
            Column("tone", "text", "positive, mixed, negative or not given"),
            Column("quote", "text", "The statement", is_nullable=False),
        ),
    ),
    Table(
        "released",
        "case_studies",
        grain="a case study a school agreed to have published",
        key=("programme", "school_name"),
        columns=(
            Column("school_name", "text", "The school", is_nullable=False),
            PROGRAMME,
            Column("context", "text", "The school"),
            Column("support", "text", "What it received"),
            Column("statement", "text", "In its own words"),
        ),
    ),
    Table(
        "released",
        "revisions",
        grain="a programme's result in two releases of one year",
        key=("programme", "pupil_group", "measure", "academic_year", "from_status", "to_status"),
        small_counts=("n_pupils_before", "n_pupils_after"),
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
)
