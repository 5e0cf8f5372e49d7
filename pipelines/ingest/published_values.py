"""Reads a cell of published statistics: a number, a known code, or an unknown text.

The codes are those that the Department and the authority interactive tool print instead of a number. They are
kept as a status, so a suppressed figure never becomes 0.
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
    # Above zero but rounds to zero: SP is below 0.5%.
    "SP": "rounds_to_zero",
    "LOW": "rounds_to_zero",
    "K": "rounds_to_zero",
    "~": "rounds_to_zero",
    "U": "low_reliability",
}
# Status of an unknown text: in a column in use (refused by the table's check), and in any other.
UNKNOWN_CODE = "unknown_code"
UNKNOWN_ELSEWHERE = "unknown_elsewhere"


def is_number(text: str) -> str:
    """SQL: whether a text is a number, with or without a percent sign."""
    return numbers.is_number(_without_percent(text))


def number(text: str) -> str:
    """SQL for a figure's number; a percent sign is dropped without dividing."""
    return numbers.number(_without_percent(text))


def _without_percent(text: str) -> str:
    return f"regexp_replace({text}, ' ?%$', '')"


def _code(text: str) -> str:
    """SQL for a text as a code; in workbooks the government's symbols have brackets: [c]."""
    return f"regexp_replace(upper({text}), '^\\[(.+)\\]$', '\\1')"


def status(text: str, unknown: str) -> str:
    """SQL for a text's status; `unknown` is SQL for the status of an unknown text."""
    codes = " ".join(f"WHEN '{code}' THEN '{name}'" for code, name in STATUS_OF_CODE.items())
    return (
        f"CASE WHEN {text} IS NULL THEN 'unavailable' WHEN {is_number(text)} THEN 'value' "
        f"ELSE CASE {_code(text)} {codes} ELSE {unknown} END END"
    )


def is_neither(text: str) -> str:
    """SQL: whether a text is neither a number nor a known code."""
    return f"({text} IS NOT NULL AND NOT {is_number(text)} AND {_is_no_code(text)})"


def is_no_count(text: str) -> str:
    """SQL: whether a text is neither a whole number nor a known code."""
    return f"({text} IS NOT NULL AND {numbers.whole(text)} IS NULL AND {_is_no_code(text)})"


def _is_no_code(text: str) -> str:
    codes = ", ".join(f"'{code}'" for code in STATUS_OF_CODE)
    return f"{_code(text)} NOT IN ({codes})"


def meaning_of_figure(*, is_share: bool) -> str:
    """The form a figure must have, in words for a message."""
    if is_share:
        return "a percentage from 0% to 100% (and not a share from 0 to 1)"
    return "a number of points (with a decimal point, and no percent sign)"


def is_column_of_shares(text: str) -> str:
    """SQL aggregate: whether a column of percentages in fact holds shares from 0 to 1."""
    percent = number(text)
    return (
        f"max({percent}) BETWEEN 0.01 AND 1 AND count(*) > 1 AND NOT bool_or(contains({text}, '%')) "
        f"AND bool_or({percent} NOT IN (0, 1))"
    )
