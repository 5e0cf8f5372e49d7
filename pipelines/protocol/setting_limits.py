"""Limits on study.toml that no real study reaches, against malicious or mistaken input.

They are checked before the settings are read: a number of 5,000 digits cannot even be printed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from pipelines.errors.unseen import spelled_out, unseen_in

MOST_BYTES = 1_000_000
MOST_DEPTH = 8
MOST_ENTRIES = 2_000
LONGEST_TEXT = 5_000
_LARGEST_WHOLE = 2**63 - 1

# Location, problem, expectation, remedy.
Limit = tuple[tuple[str | int, ...], str, str, str]
# For files that tomllib cannot read: problem, expectation, remedy.
TOO_LONG = (
    "the file is longer than any study's",
    f"at most {MOST_BYTES:,} bytes",
    "take out what is no setting of the study",
)
TOO_DEEP = (
    "brackets stand within brackets, too deep for any setting",
    f"at most {MOST_DEPTH} levels",
    "take out the value that begins with many brackets",
)
TOO_MANY_DIGITS = (
    "the number has more digits than any setting",
    f"a whole number up to {_LARGEST_WHOLE:,}",
    "mend the number",
)


def beyond_limits(values: dict[str, Any]) -> Iterator[Limit]:
    """Every value beyond the limits, with its location. Not recursive, so deep nesting cannot exhaust the
    stack."""
    waiting: list[tuple[tuple[str | int, ...], Any]] = [((), values)]
    while waiting:
        location, value = waiting.pop()
        if len(location) > MOST_DEPTH:
            yield (location[:MOST_DEPTH], *TOO_DEEP)
        elif isinstance(value, dict | list):
            if len(value) > MOST_ENTRIES:
                yield (
                    location,
                    f"it has {len(value):,} entries",
                    f"at most {MOST_ENTRIES:,}",
                    "take out what is not of this study",
                )
                continue
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            waiting += [((*location, key), each) for key, each in reversed(list(pairs))]
        elif limit := _limit_of(value):
            yield (location, *limit)


def _limit_of(value: object) -> tuple[str, str, str] | None:
    """Problem, expectation and remedy for a value beyond the limits."""
    if isinstance(value, float) and not math.isfinite(value):
        return (
            "the value is no number",
            "a number that can be written in digits",
            "write the number",
        )
    if isinstance(value, int) and abs(value) > _LARGEST_WHOLE:
        return TOO_MANY_DIGITS
    if not isinstance(value, str):
        return None
    if len(value) > LONGEST_TEXT:
        return (
            f"the text has {len(value):,} characters",
            f"at most {LONGEST_TEXT:,}",
            "shorten it: what is longer belongs in a file of its own",
        )
    if unseen := unseen_in(value):
        return (
            f"the text holds characters that are not seen: {spelled_out(''.join(unseen[:5]))}",
            "letters, digits, marks and spaces",
            "write the text anew: it was copied with them from elsewhere",
        )
    return None
