"""Every table, declared once: grain, key, columns, units, codes, sensitivity.

Ingest, Great Expectations suites, the schemas on the Dagster page and tests are derived from these
declarations. Tables are filled in `protocol` (protocol), `ingest` (raw), `marts` (mart), `impact` (impact)
and `released` (released).
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.catalogue.comparison_design import COMPARED_SCHOOL
from pipelines.catalogue.impact import COMPARISON, ESTIMATE, IMPACT_TABLES
from pipelines.catalogue.mart import (
    CELL,
    KS2_STRATUM,
    KS4_STRATUM,
    MART_TABLES,
    OUTCOME,
    PUPIL_MOMENT,
    SCHOOL,
    SCHOOL_IDENTITY,
    SCHOOL_KEY_STAGE,
    SCHOOL_URN,
)
from pipelines.catalogue.programme_schools import ARM, EXPOSURE, PROGRAMME_SCHOOL
from pipelines.catalogue.protocol import PROTOCOL_TABLES
from pipelines.catalogue.pupils import KS2_PUPILS, KS4_PUPILS
from pipelines.catalogue.raw import (
    ELIGIBILITY,
    ENROLMENTS,
    LA_CONTEXT,
    PUBLISHED_OUTCOME,
    RAW_TABLES,
    REVIEWS,
)
from pipelines.catalogue.records import FILE_TABLES, MADE
from pipelines.catalogue.released import RELEASED_TABLES
from pipelines.catalogue.schools import (
    INSPECTIONS,
    SCHOOL_CENSUS,
    SCHOOL_CORRECTIONS,
    SCHOOL_LINKS,
    SCHOOL_REGISTER,
)
from pipelines.catalogue.table import SQL_TYPES, Column, PupilCount, Table
from pipelines.catalogue.voices import (
    CASE_STUDIES,
    CASE_STUDY_SUPPORT,
    EVALUATION_QUESTIONS,
    EVALUATIONS,
    STATEMENTS,
)

__all__ = [
    "ARM",
    "CASE_STUDIES",
    "CASE_STUDY_SUPPORT",
    "CELL",
    "COMPARED_SCHOOL",
    "COMPARISON",
    "ELIGIBILITY",
    "ENROLMENTS",
    "ESTIMATE",
    "EVALUATIONS",
    "EVALUATION_QUESTIONS",
    "EXPOSURE",
    "FILE_TABLES",
    "IMPACT_TABLES",
    "INSPECTIONS",
    "KS2_PUPILS",
    "KS2_STRATUM",
    "KS4_PUPILS",
    "KS4_STRATUM",
    "LA_CONTEXT",
    "MADE",
    "MART_TABLES",
    "OUTCOME",
    "PROGRAMME_SCHOOL",
    "PROTOCOL_TABLES",
    "PUBLISHED_OUTCOME",
    "PUPIL_MOMENT",
    "RAW_TABLES",
    "RELEASED_TABLES",
    "REVIEWS",
    "SCHOOL",
    "SCHOOL_CENSUS",
    "SCHOOL_CORRECTIONS",
    "SCHOOL_IDENTITY",
    "SCHOOL_KEY_STAGE",
    "SCHOOL_LINKS",
    "SCHOOL_REGISTER",
    "SCHOOL_URN",
    "SQL_TYPES",
    "STATEMENTS",
    "Column",
    "PupilCount",
    "Table",
    "checked_tables",
    "stored_tables",
]


def checked_tables() -> Iterator[Table]:
    """Every table that has a blocking check of its own."""
    yield from RAW_TABLES
    yield from MART_TABLES
    yield from IMPACT_TABLES


def stored_tables() -> Iterator[Table]:
    """Every table of a study's store: there is no other."""
    yield from PROTOCOL_TABLES
    yield from FILE_TABLES
    yield MADE
    yield from checked_tables()
    yield from RELEASED_TABLES
