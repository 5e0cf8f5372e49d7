"""What stands in a cell of published statistics: a number, a code with a known meaning, or neither.

The codes are those the Department and the authority interactive tool print in place of a number. A code is
kept as a status beside its text and is never a number, so nothing hidden becomes 0.
"""

from __future__ import annotations

from pipelines.ingest import numbers

STATUS_OF_CODE = {
    "SUPP": "suppressed",
    "+": "suppressed",
    "C": "suppressed",
    "*": "suppressed",
    "LOWCOV": "low_coverage",
    "NE": "no_entries",
    "NP": "not_published",
    "NEW": "not_applicable",
    "Z": "not_applicable",
    ".": "not_applicable",
    "NA": "unavailable",
    "X": "unavailable",
    ":": "unavailable",
    "..": "unavailable",
    "-": "unavailable",
    # More than nothing and less than what is printed: SP is above 0 and under 0.5%.
    "SP": "rounds_to_zero",
    "LOW": "rounds_to_zero",
    "K": "rounds_to_zero",
    "~": "rounds_to_zero",
    "U": "low_reliability",
}
# A text that is neither, in a column the study uses (the check on the table refuses it) and in any other.
UNKNOWN_CODE = "unknown_code"
UNKNOWN_ELSEWHERE = "unknown_elsewhere"


def is_number(text: str) -> str:
    """SQL: whether a text is a figure: a number, with or without a percent sign."""
    return numbers.is_number(_without_percent(text))


def number(text: str) -> str:
    """SQL for the number a figure says; the percent sign is dropped and divides nothing."""
    return numbers.number(_without_percent(text))


def _without_percent(text: str) -> str:
    return f"regexp_replace({text}, ' ?%$', '')"


def _code(text: str) -> str:
    """SQL for a text as a code: the government's standard symbols stand in brackets, [c], in workbooks."""
    return f"regexp_replace(upper({text}), '^\\[(.+)\\]$', '\\1')"


def status(text: str, unknown: str) -> str:
    """SQL for what a text is; `unknown` is SQL for what to call a text that is neither number nor code."""
    codes = " ".join(f"WHEN '{code}' THEN '{name}'" for code, name in STATUS_OF_CODE.items())
    return (
        f"CASE WHEN {text} IS NULL THEN 'unavailable' WHEN {is_number(text)} THEN 'value' "
        f"ELSE CASE {_code(text)} {codes} ELSE {unknown} END END"
    )


def is_neither(text: str) -> str:
    """SQL: whether a text is no number and no known code."""
    return f"({text} IS NOT NULL AND NOT {is_number(text)} AND {_is_no_code(text)})"


def is_no_count(text: str) -> str:
    """SQL: whether a text is no whole number and no known code."""
    return f"({text} IS NOT NULL AND {numbers.whole(text)} IS NULL AND {_is_no_code(text)})"


def _is_no_code(text: str) -> str:
    codes = ", ".join(f"'{code}'" for code in STATUS_OF_CODE)
    return f"{_code(text)} NOT IN ({codes})"


def meaning_of_figure(*, is_share: bool) -> str:
    """What a figure has to be, in words for a message."""
    if is_share:
        return "a percentage from 0% to 100% (and not a share from 0 to 1)"
    return "a number of points (with a decimal point, and no percent sign)"


def is_column_of_shares(text: str) -> str:
    """SQL over the numbers of one column of percentages: whether they are shares from 0 to 1 instead."""
    percent = number(text)
    return (
        f"max({percent}) BETWEEN 0.01 AND 1 AND count(*) > 1 AND NOT bool_or(contains({text}, '%')) "
        f"AND bool_or({percent} NOT IN (0, 1))"
    )
