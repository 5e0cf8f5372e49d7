"""Mart tables of the schools in each programme, their dates, and their support before the tests."""

from __future__ import annotations

from pipelines.catalogue.columns import (
    PROGRAMME,
    SCHOOL_ID,
    YEAR,
    code,
    flag,
    text,
)
from pipelines.catalogue.table import Column, Table

PROGRAMME_SCHOOL = Table(
    "mart",
    "programme_school",
    grain="a school in a programme, whatever its URN was when it joined",
    key=("programme", "school_id"),
    columns=(
        PROGRAMME,
        SCHOOL_ID,
        Column("start_date", "date", "First day"),
        Column("left_on", "date", "The day it left"),
        flag("has_left", "It left, dated or not"),
        flag("is_placebo", "Chosen by rule for a programme that never existed"),
    ),
)

EXPOSURE = Table(
    "mart",
    "exposure",
    grain="a school in a programme, and one year's tests",
    key=("programme", "school_id", "academic_year"),
    columns=(
        PROGRAMME,
        SCHOOL_ID,
        YEAR,
        flag(
            "is_outcome",
            "Judges the school: the last outcome year with the programme under way, else the last",
        ),
        Column("start_date", "date", "First day"),
        Column("left_on", "date", "The day it left"),
        code(
            "standing", "Position on the test date (15 May)", ("not_started", "under_way", "left")
        ),
        flag("is_touched", "The programme was active in the school that year before the tests"),
        Column(
            "n_terms",
            "integer",
            "Terms of support before the tests, including those of joining and leaving",
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
        text(
            "arm",
            "neither, one programme only, or both; not_under_way if none it joined was active",
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
    grain="whether a school was eligible for a programme, on all its criteria",
    key=("programme", "school_id"),
    columns=(
        PROGRAMME,
        SCHOOL_ID,
        code(
            "eligible",
            "YES if any criterion is met, NO if none is, or UNKNOWN",
            ("YES", "NO", "UNKNOWN"),
        ),
    ),
)
