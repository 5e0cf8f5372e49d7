"""Columns and codes shared by several tables, and shorthands for the usual kinds of column."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from pipelines.catalogue.table import Column
from pipelines.catalogue.vocabulary import FigureStatus
from pipelines.study.key_stages import KeyStage
from pipelines.study.measures import MEASURES
from pipelines.study.settings import PUPIL_GROUPS, ReleaseStatus

RELEASE_STATUSES: tuple[str, ...] = get_args(ReleaseStatus)
KEY_STAGES: tuple[str, ...] = get_args(KeyStage)
VALUE_STATUSES = (
    "value",
    "suppressed",
    "low_coverage",
    "no_entries",
    "not_published",
    "not_applicable",
    "unavailable",
    "rounds_to_zero",
    "low_reliability",
    "unknown_elsewhere",
)


def text(name: str, about: str) -> Column:
    """A non-null text column."""
    return Column(name, "text", about, is_nullable=False)


def flag(name: str, about: str) -> Column:
    """A non-null yes/no column."""
    return Column(name, "flag", about, is_nullable=False)


def code(name: str, about: str, allowed: tuple[str, ...]) -> Column:
    """A non-null column of codes."""
    return Column(name, "code", about, allowed=allowed, is_nullable=False)


def count(
    name: str,
    about: str,
    unit: Literal["schools", "pupils"],
    *,
    low: int = 0,
    is_nullable: bool = True,
) -> Column:
    """A number of schools or pupils, at least `low`."""
    return Column(name, "integer", about, low=low, is_nullable=is_nullable, unit=unit)


def share(name: str, about: str, *, decimals: int | None = None) -> Column:
    """A share, 0 to 1."""
    return Column(name, "number", about, low=0, high=1, decimals=decimals)


def result(name: str, about: str, *, low: float | None = None, high: float | None = None) -> Column:
    """A number in the unit of its row's measure, released with that measure's decimals."""
    return Column(name, "number", about, low=low, high=high, decimals="measure")


YEAR = text("academic_year", "Academic year of the results, as 2017-18")
STATUS = code("release_status", "How final the figures are", RELEASE_STATUSES)

URN = Column(
    "urn",
    "integer",
    "Unique reference number of the school",
    headers=("URN",),
    low=100000,
    high=999999,
)

KNOWN_URN = replace(URN, is_nullable=False)

LAESTAB = Column(
    "laestab",
    "integer",
    "Authority number x 10000 + establishment number",
    headers=("LAESTAB",),
    low=2000000,
    high=9999999,
)

PROGRAMME = Column(
    "programme",
    "text",
    "The programme's id in study.toml",
    headers=("programme",),
    is_nullable=False,
)

SCHOOL_ID = Column(
    "school_id",
    "integer",
    "One school over time: its LAESTAB on the reference date, or its URN if another school has that LAESTAB",
    low=100000,
    high=9999999,
    is_nullable=False,
)

KEY_STAGE = code("key_stage", "Key stage", KEY_STAGES)
GROUP = code("pupil_group", "Which pupils", PUPIL_GROUPS)
MEASURE = code("measure", "Which outcome", tuple(MEASURES))
UNIT = code("unit", "share (0 to 1) or points", ("share", "points"))
FIGURE_STATUS = code(
    "figure_status",
    "Whether the row's figures are shown, suppressed (too few pupils or schools), or not available",
    get_args(FigureStatus),
)
VALUE_STATUS = code("value_status", "Whether the cell has a value, or why not", VALUE_STATUSES)

SEN_CODES = ("N", "K", "E")
# Codes before 2014-15, which some files still use: School Action, School Action Plus, statement.
OLDER_SEN_CODES = (("A", "K"), ("P", "K"), ("S", "E"))

# Accepted spellings of yes and no.
YES_AND_NO = (
    ("Y", "YES"),
    ("N", "NO"),
    ("TRUE", "YES"),
    ("FALSE", "NO"),
    ("1", "YES"),
    ("0", "NO"),
)

SOURCE_ID = text("source_id", "The file the row came from, as registered in study.toml")
ROW_NUMBER = Column(
    "row_number",
    "integer",
    "Row in that file, counted as in a spreadsheet (header = 1)",
    low=2,
    is_nullable=False,
)
PLACE = (SOURCE_ID, ROW_NUMBER)
