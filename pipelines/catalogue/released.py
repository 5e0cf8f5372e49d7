"""Released tables: what leaves through `pipelines.disclosure`, and what is withheld together."""

from __future__ import annotations

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
from pipelines.catalogue.released_results import RELEASED_RESULTS
from pipelines.catalogue.released_voices import RELEASED_VOICES
from pipelines.catalogue.table import Column, PupilCount, Table
from pipelines.study import ComparisonPool

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
                "public_key_stages",
                "text",
                "Key stages of published tables alone: only what single schools got is withheld",
            ),
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
            Column("chosen_on", "text", "The years on whose results its schools were chosen"),
            Column("starts", "date", "First day"),
            Column("n_expected_schools", "integer", "Schools the bid names", unit="schools"),
            Column("n_schools", "integer", "Schools enrolled", low=0, unit="schools"),
            Column("n_ks2_schools", "integer", "With key stage 2 results", low=0, unit="schools"),
            Column("n_ks4_schools", "integer", "With key stage 4 results", low=0, unit="schools"),
            Column("census_academic_year", "text", "Year of the January census on file"),
            Column(
                "n_pupils_on_roll",
                "integer",
                "All pupils on roll in its schools; blank unless every school is counted",
                low=0,
                unit="pupils",
            ),
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
                "funding_gbp_per_target_pupil",
                "number",
                "Funding for each of them",
                unit="pounds",
                decimals=0,
            ),
        ),
        pupil_counts=(
            PupilCount("n_pupils_on_roll", adds_up=None),
            PupilCount("n_target_pupils_on_roll", adds_up=None),
        ),
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
    *RELEASED_RESULTS,
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
                decimals=2,
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
        "series_break",
        grain="a measure asked for, and a year from which it is not comparable with years before",
        key=("measure", "academic_year", "what"),
        columns=(
            MEASURE,
            KEY_STAGE,
            YEAR,
            Column("what", "text", "What changed", is_nullable=False),
            Column("source", "text", "Who says so", is_nullable=False),
        ),
    ),
    Table(
        "released",
        "claims",
        grain="a claim made to the board",
        key=("claim",),
        columns=(
            Column("claim", "text", "The claim, as it is counted", is_nullable=False),
            Column("said", "text", "What was said, word for word, where study.toml quotes it"),
            Column("said_by", "text", "Who said it, and when"),
            Column(
                "unit",
                "code",
                "What is counted: schools, or pounds",
                allowed=("schools", "gbp"),
                is_nullable=False,
            ),
            Column("numerator", "integer", "Schools of which it holds; pounds stated", low=0),
            Column("denominator", "integer", "Schools it is about; pounds said in all", low=0),
            Column(
                "result",
                "code",
                "Holds it",
                allowed=("holds", "fails", "cannot_tell"),
                is_nullable=False,
            ),
            Column(
                "exceptions", "text", "Schools of which it does not hold; sums that do not add up"
            ),
        ),
    ),
    *RELEASED_VOICES,
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
            Column("is_used", "flag", "Of results: the release that is used; else blank"),
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
        "data_check",
        grain="what was checked of the data: all rules of a kind, or a rule that warned",
        key=("judged", "problem"),
        columns=(
            Column(
                "judged",
                "code",
                "Values of the files, rules between them, or values of the tables made of them",
                allowed=("files", "relations", "tables"),
                is_nullable=False,
            ),
            Column("n_rules", "integer", "Rules judged", low=1, unit="rules", is_nullable=False),
            Column("problem", "text", "Of a rule that warned: what a person should look at"),
            Column("n_places", "integer", "Of a rule that warned: in how many places", low=1),
        ),
    ),
    Table(
        "released",
        "withheld",
        grain="a table of which figures are withheld",
        key=("released_table",),
        may_be_empty=False,
        columns=(
            Column(
                "released_table", "text", "Its name, or that of a part of it", is_nullable=False
            ),
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
