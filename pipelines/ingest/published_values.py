"""What stands in a cell of published statistics: a number, a code with a known meaning, or neither.

The codes are those the Department and the authority interactive tool print in place of a number. A code is
kept as a status beside its text and is never a number, so nothing hidden becomes 0.
"""

from __future__ import annotations

from pipelines.ingest.records import plain_number

STATUS_OF_CODE = {
    "SUPP": "suppressed",
    "+": "suppressed",
    "C": "suppressed",
    "LOWCOV": "low_coverage",
    "NE": "no_entries",
    "NP": "not_published",
    "NEW": "not_applicable",
    "Z": "not_applicable",
    "NA": "unavailable",
    "X": "unavailable",
    ":": "unavailable",
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
    """SQL: whether a text is a number, with or without a percent sign; an exponent counts."""
    return (
        f"regexp_full_match({text}, '[+−-]?(([0-9]+|[0-9]{{1,3}}(,[0-9]{{3}})+)(\\.[0-9]*)?|\\.[0-9]+)"
        "([eE][+-]?[0-9]+)?%?')"
    )


def number(text: str) -> str:
    """SQL for the number a text says; the percent sign is dropped and divides nothing."""
    return "TRY_CAST(" + plain_number(f"replace({text}, '%', '')") + " AS DOUBLE)"


def status(text: str, unknown: str) -> str:
    """SQL for what a text is; `unknown` is SQL for what to call a text that is neither number nor code."""
    codes = " ".join(f"WHEN '{code}' THEN '{name}'" for code, name in STATUS_OF_CODE.items())
    return (
        f"CASE WHEN {text} IS NULL THEN 'unavailable' WHEN {is_number(text)} THEN 'value' "
        f"ELSE CASE upper({text}) {codes} ELSE {unknown} END END"
    )


def is_neither(text: str) -> str:
    """SQL: whether a text is no number and no known code."""
    codes = ", ".join(f"'{code}'" for code in STATUS_OF_CODE)
    return f"({text} IS NOT NULL AND NOT {is_number(text)} AND upper({text}) NOT IN ({codes}))"


def is_column_of_shares(text: str) -> str:
    """SQL over the numbers of one column of percentages: whether they are shares from 0 to 1 instead."""
    percent = number(text)
    return (
        f"max({percent}) BETWEEN 0.01 AND 1 AND count(*) > 1 AND NOT bool_or(contains({text}, '%')) "
        f"AND bool_or({percent} NOT IN (0, 1))"
    )
