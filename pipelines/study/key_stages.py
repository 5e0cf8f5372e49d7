"""The key stages whose results can be evaluated, and their labels. The outcomes are in `measures`."""

from __future__ import annotations

import calendar
import datetime as dt
from typing import Literal, get_args

# In the order pupils reach them; attendance covers the whole school and year.
KeyStage = Literal["phonics", "ks1", "ks2", "ks4", "attendance"]
KEY_STAGES: tuple[KeyStage, ...] = get_args(KeyStage)

KEY_STAGE_LABELS = {
    "phonics": "Phonics screening check (Year 1)",
    "ks1": "Key Stage 1 (Year 2)",
    "ks2": "Key Stage 2 (Year 6)",
    "ks4": "Key Stage 4 (Year 11)",
    "attendance": "Attendance (whole school)",
}
# Used before "results" and "schools".
KEY_STAGE_PUPILS = {
    "phonics": "Year 1",
    "ks1": "Year 2",
    "ks2": "Year 6",
    "ks4": "Year 11",
    "attendance": "Attendance",
}
# Used inside a sentence.
KEY_STAGE_RESULTS = {
    "phonics": "phonics results",
    "ks1": "Key Stage 1 results",
    "ks2": "Key Stage 2 results",
    "ks4": "Key Stage 4 results",
    "attendance": "attendance figures",
}
AT_KEY_STAGE = {
    "phonics": "in phonics",
    "ks1": "at Key Stage 1",
    "ks2": "at Key Stage 2",
    "ks4": "at Key Stage 4",
    "attendance": "in attendance",
}
# The test of each key stage, with its first and last month; attendance has none.
TESTS: dict[KeyStage, tuple[str, int, int]] = {
    "phonics": ("Phonics screening check", 6, 6),
    "ks1": ("Key Stage 1 tests", 5, 5),
    "ks2": ("Key Stage 2 tests", 5, 5),
    "ks4": ("GCSE examinations", 5, 6),
}


def tests_of(key_stage: KeyStage, academic_year: str) -> tuple[dt.date, dt.date] | None:
    """First and last day of the test months; None if there is no test."""
    if key_stage not in TESTS:
        return None
    _, first, last = TESTS[key_stage]
    year = int(academic_year[:4]) + 1
    return dt.date(year, first, 1), dt.date(year, last, calendar.monthrange(year, last)[1])
