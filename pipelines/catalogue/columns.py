"""Columns and codes shared by several tables."""

from __future__ import annotations

from typing import get_args

from pipelines.catalogue.table import Column
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

YEAR = Column(
    "academic_year", "text", "Academic year of the results, as 2017-18", is_nullable=False
)

STATUS = Column(
    "release_status",
    "code",
    "How final the figures are",
    allowed=RELEASE_STATUSES,
    is_nullable=False,
)

URN = Column(
    "urn",
    "integer",
    "Unique reference number of the school",
    headers=("URN",),
    low=100000,
    high=999999,
)

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

KEY_STAGE = Column("key_stage", "code", "Key stage", allowed=KEY_STAGES, is_nullable=False)

GROUP = Column("pupil_group", "code", "Which pupils", allowed=PUPIL_GROUPS, is_nullable=False)

MEASURE = Column("measure", "code", "Which outcome", allowed=tuple(MEASURES), is_nullable=False)

UNIT = Column(
    "unit", "code", "share (0 to 1) or points", allowed=("share", "points"), is_nullable=False
)

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

SOURCE_ID = Column(
    "source_id",
    "text",
    "The file the row came from, as registered in study.toml",
    is_nullable=False,
)
ROW_NUMBER = Column(
    "row_number",
    "integer",
    "Row in that file, counted as in a spreadsheet (header = 1)",
    low=2,
    is_nullable=False,
)
PLACE = (SOURCE_ID, ROW_NUMBER)


def result(name: str, about: str, *, low: float | None = None, high: float | None = None) -> Column:
    """A number in the unit of its row's measure, released with that measure's decimals."""
    return Column(name, "number", about, low=low, high=high, decimals="measure")
