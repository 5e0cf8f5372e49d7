"""Tables of schema `protocol`: the settings of `study.toml` and what follows from them, for SQL to join.

`pipelines.protocol.tables` writes them. What happened to files and parts is in `records`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

from pipelines.catalogue.columns import (
    GROUP,
    KEY_STAGE,
    MEASURE,
    PROGRAMME,
    STATUS,
    UNIT,
    YEAR,
    code,
    count,
    flag,
    share,
    text,
)
from pipelines.catalogue.comparison_reason import ComparisonReason
from pipelines.catalogue.table import Column, Table
from pipelines.study.school_types import SCHOOL_KINDS
from pipelines.study.settings import ClaimKind, ComparisonPool


def _position(about: str) -> Column:
    return Column("protocol_order", "integer", about, low=0, is_nullable=False)


def _la_code(name: str, about: str) -> Column:
    return Column(name, "integer", about, low=200, high=999, is_nullable=False)


def _decimals(name: str, about: str) -> Column:
    return Column(name, "integer", about, low=0, high=5, is_nullable=False)


PROTOCOL_TABLES: tuple[Table, ...] = (
    Table(
        "protocol",
        "study",
        grain="the study",
        key=("study",),
        may_be_empty=False,
        columns=(
            text("study", "Name"),
            text("title", "The question"),
            _la_code("local_authority", "Number of the authority"),
            text("local_authority_name", "Name of the authority"),
            flag("is_fictional", "The data are invented"),
            Column(
                "reference_date", "date", "Day on which schools count as open", is_nullable=False
            ),
            Column("as_at", "date", "Date of the sources"),
            Column("prepared_for", "text", "Whom the pack is for"),
            Column("contact", "text", "Whom to ask about it"),
            text("outcome_year", "The last year whose results are judged"),
            count("minimum_cell", "Fewest pupils of a figure", "pupils", low=5, is_nullable=False),
            Column("seed", "integer", "Seed of random draws", low=0, is_nullable=False),
            text("protocol_sha256", "Hash of study.toml"),
            text("sources_sha256", "Hash of all sources; empty if only files are checked"),
        ),
    ),
    Table(
        "protocol",
        "study_year",
        grain="a year that is judged or compared with",
        key=("academic_year",),
        may_be_empty=False,
        columns=(
            YEAR,
            flag("is_outcome", "An outcome year: its results are judged"),
            flag("is_last", "The last outcome year"),
        ),
    ),
    Table(
        "protocol",
        "programme",
        grain="a programme of study.toml",
        key=("programme",),
        may_be_empty=False,
        columns=(
            PROGRAMME,
            _position("Its place in study.toml, from 0"),
            text("title", "Title"),
            text("fund", "Who pays for it"),
            Column("priority", "text", "The priority it serves"),
            Column("funding_gbp", "integer", "Funding", low=0, unit="pounds"),
            replace(GROUP, name="target_group", about="Pupils it is meant for", is_nullable=True),
            Column("starts", "date", "First day"),
            count("expected_schools", "Schools named in the bid", "schools", low=1),
            share("eligible_share", "Share of its schools that had to be eligible"),
            flag("is_evaluated", "Its effect is estimated"),
            flag("is_placebo", "No such programme existed"),
            replace(MEASURE, name="placebo_measure", about="Placebo: chosen on", is_nullable=True),
            replace(YEAR, name="placebo_academic_year", about="Placebo: of year", is_nullable=True),
            count("placebo_n_schools", "Placebo: schools to choose", "schools", low=1),
            code("comparison_pool", "Where its comparison schools are", get_args(ComparisonPool)),
            Column("matches_per_school", "integer", "If matched", low=1, is_nullable=False),
            Column("selection_years", "texts", "Years whose results chose its schools, sorted"),
        ),
    ),
    Table(
        "protocol",
        "measure",
        grain="an outcome that the study knows: built in, or its own",
        key=("measure",),
        may_be_empty=False,
        columns=(
            MEASURE,
            KEY_STAGE,
            UNIT,
            _decimals("decimals", "Decimals to print, of a share as a percentage"),
            _decimals("stored_decimals", "Decimals as stored: two more for a share"),
            Column("low", "number", "Lowest possible value", is_nullable=False),
            Column("high", "number", "Highest possible value", is_nullable=False),
            flag("higher_is_better", "Whether more is better"),
            flag("counts_pupils", "A share of pupils"),
            flag("is_in_use", "The study asks for it"),
        ),
    ),
    Table(
        "protocol",
        "programme_measure",
        grain="a measure that a programme is judged on",
        key=("programme", "measure"),
        columns=(
            PROGRAMME,
            _position("The measure's place under its programme, from 0"),
            MEASURE,
            KEY_STAGE,
            text("label", "Name for readers"),
            UNIT,
            _decimals("decimals", "Decimals as stored"),
            flag("is_primary", "Its headline gets a verdict"),
            Column("smallest_effect", "number", "Smallest effect that would matter", low=0),
            flag("is_prior_adjusted", "Pupils of the same prior attainment are compared"),
        ),
    ),
    Table(
        "protocol",
        "key_stage_tests",
        grain="a key stage with tests, in the first outcome year",
        key=("key_stage",),
        columns=(
            KEY_STAGE,
            text("label", "What the tests are called"),
            Column("tests_from", "date", "First day of their months", is_nullable=False),
            Column("tests_until", "date", "Last day of them", is_nullable=False),
        ),
    ),
    Table(
        "protocol",
        "not_yet_published",
        grain="a measure without results for a year",
        key=("measure", "academic_year"),
        columns=(MEASURE, KEY_STAGE, YEAR, text("reason", "Why, and when it is due")),
    ),
    Table(
        "protocol",
        "stated_total",
        grain="a total that somebody stated for a fund",
        key=("protocol_order",),
        columns=(
            _position("Its place in study.toml, from 0"),
            text("fund", "The fund"),
            text("said", "The exact words"),
            Column("said_by", "text", "Who said it, and when"),
            Column("gbp", "integer", "The total", low=1, unit="pounds", is_nullable=False),
        ),
    ),
    Table(
        "protocol",
        "statistical_neighbour",
        grain="a statistical neighbour of the authority",
        key=("la_code",),
        columns=(
            _la_code("la_code", "Number of the neighbour"),
            text("model", "Which list of them"),
        ),
    ),
    Table(
        "protocol",
        "listed_authority",
        grain="an authority whose published results are shown",
        key=("la_code", "setting"),
        columns=(
            _la_code("la_code", "Number of the authority"),
            text("setting", "The setting that names it"),
            Column("file_row", "integer", "The setting's line in study.toml", low=1),
        ),
    ),
    Table(
        "protocol",
        "context_year",
        grain="a year of the authority's published results",
        key=("academic_year",),
        columns=(YEAR,),
    ),
    Table(
        "protocol",
        "claim",
        grain="a statement about all schools, to be counted again",
        key=("kind", "said"),
        columns=(
            code("kind", "Which statement", get_args(ClaimKind)),
            text("said", "The exact words"),
            text("said_by", "Who said it, and when"),
            count("but", "Exceptions it allows", "schools", is_nullable=False),
        ),
    ),
    Table(
        "protocol",
        "result_release",
        grain="a release of a key stage's results of one year",
        key=("key_stage", "academic_year", "release_status"),
        columns=(
            KEY_STAGE,
            YEAR,
            STATUS,
            Column("finality", "integer", "The later, the higher", low=0, is_nullable=False),
            flag("is_used", "Estimates use it: one release a year"),
            flag("is_marked", "study.toml says so"),
            flag("is_published", "Performance tables alone hold it: public by school"),
        ),
    ),
    Table(
        "protocol",
        "series_break",
        grain="a measure in use, and a year not comparable with earlier years",
        key=("measure", "academic_year", "what"),
        columns=(
            MEASURE,
            KEY_STAGE,
            YEAR,
            text("what", "What changed"),
            text("source", "Who says so"),
        ),
    ),
    Table(
        "protocol",
        "comparable_baseline",
        grain="a baseline year whose raw values can be averaged with the others",
        key=("measure", "academic_year"),
        columns=(MEASURE, YEAR),
    ),
    Table(
        "protocol",
        "school_type",
        grain="a spelling of a type of school",
        key=("spelling_key",),
        may_be_empty=False,
        columns=(
            text(
                "spelling_key", "The spelling in lower case, without punctuation and leading zeros"
            ),
            code("school_kind", "The kind it is", SCHOOL_KINDS),
            Column(
                "is_maintained", "flag", "Maintained by an authority; blank if it may be or not"
            ),
        ),
    ),
    Table(
        "protocol",
        "comparison_reason",
        grain="a reason why a school is compared or left out",
        key=("reason",),
        may_be_empty=False,
        columns=(
            code("reason", "Its code", get_args(ComparisonReason)),
            text("words", "As printed on the page"),
        ),
    ),
)
