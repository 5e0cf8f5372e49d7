"""Raw tables of pupils, as in tables-checking files: columns, codes, and the measures each column feeds."""

from __future__ import annotations

from dataclasses import replace

from pipelines.catalogue.columns import (
    KNOWN_URN,
    LAESTAB,
    OLDER_SEN_CODES,
    PLACE,
    SEN_CODES,
    STATUS,
    YEAR,
)
from pipelines.catalogue.table import Column, Table

_PUPIL_KEY = Column(
    "pupil_key",
    "text",
    "Identifies a pupil within one file: the first row with the pupil's number",
    headers=("UPN",),
    is_nullable=False,
    sensitivity="identifying",
)


def _pupil_code(
    name: str, about: str, headers: str | tuple[str, ...], allowed: tuple[str, ...], **more: object
) -> Column:
    return Column(
        name,
        "code",
        about,
        headers=(headers,) if isinstance(headers, str) else headers,
        allowed=allowed,
        sensitivity="pupil",
        **more,  # type: ignore[arg-type]
    )


def _pupil_number(
    name: str,
    about: str,
    header: str,
    low: float,
    high: float,
    *,
    blanks: tuple[str, ...] = (),
    used_for: tuple[str, ...] | None = None,
) -> Column:
    return Column(
        name,
        "number",
        about,
        headers=(header,),
        low=low,
        high=high,
        blanks=blanks,
        unit="points",
        sensitivity="pupil",
        used_for=used_for,
    )


def _pupil_flag(
    name: str, about: str, *headers: str, used_for: tuple[str, ...] | None = None
) -> Column:
    return Column(name, "flag", about, headers=headers, sensitivity="pupil", used_for=used_for)


_TEST_OUTCOMES = ("A", "B", "L", "M", "F", "P", "H", "Q", "S", "X", "Z", "AS", "NS", "J", "U")
_WRITING_OUTCOMES = (
    *("GDS", "EXS", "WTS", "EM", "PK1", "PK2", "PK3", "PK4", "PK5", "PK6"),
    # Interim pre-key-stage standards, 2016 to 2018: foundations, growing and early development, below.
    *("PKF", "PKG", "PKE", "BLW"),
    *("A", "D", "Q", "L", "M", "F", "P", "Z"),
)
_SEN = "SEN: N none, K SEN support (formerly A, P), E plan (formerly S, a statement)"
_INCLUSION_CODES = ("201", "202", "203")
_KS4_COUNTED = ("401", "403", "414", "421", "431")
_KS4_NOT_COUNTED = ("402", "404", "407", "408", "410", "413", "422", "430")

KS2_PUPILS = Table(
    "raw",
    "ks2_pupils",
    grain="a pupil at the end of key stage 2 in one file",
    key=("source_id", "pupil_key"),
    sensitivity="pupil",
    source_kinds=("ks2_pupils",),
    set_asides=(
        ("inclusion = '202'", "not at the end of the key stage"),
        ("inclusion = '203'", "removed from measures at the school's request"),
    ),
    columns=(
        *PLACE,
        YEAR,
        STATUS,
        _PUPIL_KEY,
        replace(LAESTAB, is_nullable=False),
        KNOWN_URN,
        _pupil_code(
            "inclusion",
            "201 in measures, 202 not at the end of key stage 2, 203 removed at the school's request",
            ("PINCL_FLAG", "P_INCL"),
            _INCLUSION_CODES,
            is_nullable=False,
        ),
        _pupil_code("sen", _SEN, ("SEN", "SENF"), SEN_CODES, synonyms=OLDER_SEN_CODES),
        _pupil_flag("is_fsm6", "Free school meals in the last six years", "FSM6_P", "FSM6"),
        _pupil_code(
            "prior_band",
            "Key stage 1 band: 1 low, 2 middle, 3 high, 4 none",
            "KS1GROUP",
            ("1", "2", "3", "4"),
            used_for=("high_prior",),
        ),
        _pupil_number("prior_points", "Key stage 1 average points", "KS1AVERAGEPS", 0, 30),
        _pupil_code(
            "reading_outcome",
            "Reading test outcome",
            "READOUTCOME",
            _TEST_OUTCOMES,
            used_for=("ks2_reading_expected",),
        ),
        _pupil_code(
            "maths_outcome",
            "Maths test outcome",
            "MATOUTCOME",
            _TEST_OUTCOMES,
            used_for=("ks2_maths_expected",),
        ),
        _pupil_code(
            "writing_outcome",
            "Writing teacher assessment",
            "WRITTAOUTCOME",
            _WRITING_OUTCOMES,
            used_for=("ks2_writing_expected",),
        ),
        _pupil_number(
            "reading_score_points",
            "Reading scaled score",
            "READSCORE",
            80,
            120,
            blanks=("N",),
            used_for=("ks2_reading_score",),
        ),
        _pupil_number(
            "maths_score_points",
            "Maths scaled score",
            "MATSCORE",
            80,
            120,
            blanks=("N",),
            used_for=("ks2_maths_score",),
        ),
        _pupil_flag(
            "is_in_rwm",
            "Counts in reading, writing and maths combined",
            "ELIGRWM",
            used_for=("ks2_rwm_expected",),
        ),
        _pupil_flag(
            "met_rwm_expected",
            "Expected standard in reading, writing and maths",
            "RWMEXP",
            used_for=("ks2_rwm_expected",),
        ),
        _pupil_number(
            "reading_progress_points",
            "Reading progress",
            "READPROGSCORE_EM_ADJUSTED",
            -60,
            60,
            used_for=("ks2_reading_progress",),
        ),
        _pupil_number(
            "writing_progress_points",
            "Writing progress",
            "WRITPROGSCORE_EM_ADJUSTED",
            -60,
            60,
            used_for=("ks2_writing_progress",),
        ),
        _pupil_number(
            "maths_progress_points",
            "Maths progress",
            "MATPROGSCORE_EM_ADJUSTED",
            -60,
            60,
            used_for=("ks2_maths_progress",),
        ),
    ),
)

KS4_PUPILS = Table(
    "raw",
    "ks4_pupils",
    grain="a pupil at the end of key stage 4 in one file",
    key=("source_id", "pupil_key"),
    sensitivity="pupil",
    source_kinds=("ks4_pupils",),
    set_asides=(
        ("inclusion = '202'", "not at the end of the key stage"),
        ("inclusion = '203'", "removed from measures at the school's request"),
        (
            "inclusion IN (" + ", ".join(f"'{code}'" for code in _KS4_NOT_COUNTED) + ")",
            "not counted in key stage 4 measures",
        ),
    ),
    columns=(
        *PLACE,
        YEAR,
        STATUS,
        _PUPIL_KEY,
        replace(LAESTAB, is_nullable=False),
        KNOWN_URN,
        _pupil_code(
            "inclusion",
            "Whether the pupil counts; tables-checking files number key stage 4 from 401 today",
            ("P_INCL", "PINCL_FLAG"),
            (*_INCLUSION_CODES, *_KS4_COUNTED, *_KS4_NOT_COUNTED),
            is_nullable=False,
        ),
        _pupil_code("sen", _SEN, ("SENF", "SEN"), SEN_CODES, synonyms=OLDER_SEN_CODES),
        _pupil_flag("is_fsm6", "Free school meals in the last six years", "FSM6", "FSM6_P"),
        _pupil_number("prior_points", "Key stage 2 average points", "KS2APS", 0, 130),
        _pupil_number(
            "attainment8_points", "Attainment 8", "ATT8SCR", 0, 100, used_for=("ks4_attainment8",)
        ),
        _pupil_number(
            "progress8_points",
            "Progress 8, in grades",
            "P8SCORE",
            -8,
            8,
            used_for=("ks4_progress8",),
        ),
        _pupil_flag(
            "met_basics_94",
            "Grade 4 or above in English and maths",
            "L2BASICS_94",
            used_for=("ks4_basics_94",),
        ),
        _pupil_flag(
            "met_basics_95",
            "Grade 5 or above in English and maths",
            "L2BASICS_95",
            used_for=("ks4_basics_95",),
        ),
    ),
)
