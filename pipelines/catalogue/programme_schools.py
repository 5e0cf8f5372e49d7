"""Mart tables of which schools are in a programme, since when, and where each stood at the tests."""

from __future__ import annotations

from pipelines.catalogue.columns import PROGRAMME, SCHOOL_ID, YEAR
from pipelines.catalogue.table import Column, Table

PROGRAMME_SCHOOL = Table(
    "mart",
    "programme_school",
    grain="a school in a programme, whatever its URN was when it joined",
    key=("programme", "school_id"),
    columns=(
        PROGRAMME,
        SCHOOL_ID,
        Column("start_date", "date", "From when"),
        Column("left_on", "date", "The day it left"),
        Column("has_left", "flag", "It left, on whatever day", is_nullable=False),
        Column(
            "is_placebo", "flag", "Chosen by rule for a programme that never was", is_nullable=False
        ),
    ),
)

EXPOSURE = Table(
    "mart",
    "exposure",
    grain="a school in a programme, and a year's tests",
    key=("programme", "school_id", "academic_year"),
    columns=(
        PROGRAMME,
        SCHOOL_ID,
        YEAR,
        Column("is_outcome", "flag", "The outcome year", is_nullable=False),
        Column("start_date", "date", "From when"),
        Column("left_on", "date", "The day it left"),
        Column(
            "standing",
            "code",
            "Where the school stood when pupils were tested (15 May)",
            allowed=("not_started", "under_way", "left"),
            is_nullable=False,
        ),
        Column(
            "is_touched",
            "flag",
            "The programme was at work in it that school year before the tests",
            is_nullable=False,
        ),
        Column(
            "n_terms",
            "integer",
            "School terms of support before the tests, those of start and leaving included",
            low=0,
            unit="terms",
        ),
    ),
)

ARM = Table(
    "mart",
    "arm",
    grain="a school of the authority, with the evaluated programmes it is in",
    key=("school_id",),
    may_be_empty=False,
    columns=(
        SCHOOL_ID,
        Column(
            "arm",
            "text",
            "neither, one programme only, or both; not_under_way where all it joined was not",
            is_nullable=False,
        ),
        Column(
            "n_evaluated_programmes",
            "integer",
            "Evaluated programmes it is in",
            low=0,
            is_nullable=False,
        ),
        Column(
            "n_programmes", "integer", "Programmes of any kind it is in", low=0, is_nullable=False
        ),
    ),
)

SCHOOL_ELIGIBILITY = Table(
    "mart",
    "school_eligibility",
    grain="whether a school was eligible for a programme, by all evidence on its criteria",
    key=("programme", "school_id"),
    columns=(
        PROGRAMME,
        SCHOOL_ID,
        Column(
            "eligible",
            "code",
            "Eligible by one criterion, by none, or not known",
            allowed=("YES", "NO", "UNKNOWN"),
            is_nullable=False,
        ),
    ),
)
