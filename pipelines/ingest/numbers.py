"""The one rule for a number in a cell, as SQL over its text: every reader of files uses it.

Digits stand plain or in groups of three parted by commas, a decimal point is a point, a minus may be the
typographic one. Any other comma is a decimal comma or a slip, and the cell is no number. Nothing is rounded:
a whole number has no part (`120000.0` is one, `179.5` is none) and no more digits than a float keeps.
"""

from __future__ import annotations

# A group of three never follows a lone 0: `0,092` is a decimal comma.
_DIGITS = "([0-9]{1,15}|[1-9][0-9]{0,2}(,[0-9]{3}){1,4})"
_NUMBER = rf"[+-]?({_DIGITS}(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{{1,2}})?"
_WHOLE = rf"[+-]?{_DIGITS}(\.0*)?"
_WHOLE_OR_HALF = rf"[+-]?({_DIGITS}(\.(50*|0*))?|\.50*)"


def is_number(text: str) -> str:
    """SQL: whether a text is a number; an exponent counts."""
    return f"regexp_full_match({_ascii(text)}, '{_NUMBER}')"


def number(text: str) -> str:
    """SQL for the number a text says as a DOUBLE, NULL if it is none."""
    return f"CASE WHEN {is_number(text)} THEN {_cast(text, 'DOUBLE')} END"


def whole(text: str) -> str:
    """SQL for the whole number a text says as a BIGINT, NULL if it is none; never a rounded one."""
    return (
        f"CASE WHEN regexp_full_match({_ascii(text)}, '{_WHOLE}') "
        f"THEN {_cast(f'split_part({text}, chr(46), 1)', 'BIGINT')} END"
    )


def whole_or_half(text: str) -> str:
    """SQL for a whole number or one and a half as a DOUBLE, NULL if it is neither: a pupil at two schools."""
    return (
        f"CASE WHEN regexp_full_match({_ascii(text)}, '{_WHOLE_OR_HALF}') "
        f"THEN {_cast(text, 'DOUBLE')} END"
    )


def code(text: str) -> str:
    """SQL for a code in capitals, without the `.0` of a number that a program wrote with decimals."""
    return f"regexp_replace(upper({text}), '^([0-9]+)[.]0+$', '\\1')"


def _ascii(text: str) -> str:
    return f"replace({text}, '−', '-')"


def _cast(text: str, sql_type: str) -> str:
    return f"TRY_CAST(replace({_ascii(text)}, ',', '') AS {sql_type})"
