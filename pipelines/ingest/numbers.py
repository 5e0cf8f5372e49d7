"""The rules for numbers in cells, as SQL over their text, shared by every reader.

Digits may be grouped in threes with commas, the decimal mark is a point, and the minus may be typographic.
Any other comma is ambiguous, so the cell is not a number. Nothing is rounded: a whole number has no fraction
(`120000.0` is one, `179.5` is not) and at most 15 digits, which a float keeps exactly.
"""

from __future__ import annotations

# A lone 0 never precedes a group of three: `0,092` has a decimal comma.
_DIGITS = "([0-9]{1,15}|[1-9][0-9]{0,2}(,[0-9]{3}){1,4})"
_NUMBER = rf"[+-]?({_DIGITS}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{{1,2}})?"
# How nearly every cell is written; the longer rules are tried on the others.
_PLAIN_NUMBER = "[+-]?[0-9]{1,15}([.][0-9]*)?"
_PLAIN_WHOLE = "[+-]?[0-9]{1,15}"
_WHOLE = rf"[+-]?{_DIGITS}(\.0*)?"
_WHOLE_OR_HALF = rf"[+-]?({_DIGITS}(\.(50*|0*))?|\.50*)"


def is_number(text: str) -> str:
    """SQL: whether a text is a number, possibly with an exponent."""
    return f"regexp_full_match({_ascii(text)}, '{_NUMBER}')"


def number(text: str) -> str:
    """SQL for a text's number as a DOUBLE, or NULL."""
    return (
        f"CASE WHEN regexp_full_match({text}, '{_PLAIN_NUMBER}') THEN TRY_CAST({text} AS DOUBLE) "
        f"WHEN {is_number(text)} THEN {_cast(text, 'DOUBLE')} END"
    )


def whole(text: str) -> str:
    """SQL for a text's whole number as a BIGINT, or NULL; never rounded."""
    return (
        f"CASE WHEN regexp_full_match({text}, '{_PLAIN_WHOLE}') THEN TRY_CAST({text} AS BIGINT) "
        f"WHEN regexp_full_match({_ascii(text)}, '{_WHOLE}') "
        f"THEN {_cast(f'split_part({text}, chr(46), 1)', 'BIGINT')} END"
    )


def whole_or_half(text: str) -> str:
    """SQL for a whole number, or one and a half, as a DOUBLE, or NULL. A pupil at two schools counts half."""
    return (
        f"CASE WHEN regexp_full_match({_ascii(text)}, '{_WHOLE_OR_HALF}') "
        f"THEN {_cast(text, 'DOUBLE')} END"
    )


def code(text: str) -> str:
    """SQL for a code in capitals, without the `.0` that some programs add to numbers."""
    return (
        f"CASE WHEN contains({text}, '.') THEN regexp_replace(upper({text}), '^([0-9]+)[.]0+$', '\\1') "
        f"ELSE upper({text}) END"
    )


def _ascii(text: str) -> str:
    return f"replace({text}, '−', '-')"


def _cast(text: str, sql_type: str) -> str:
    return f"TRY_CAST(replace({_ascii(text)}, ',', '') AS {sql_type})"
