"""Reads years, with any release status, as files about authorities write them.

The authority interactive tool has 65 spellings: `2017` (summer of the results), `2016-17`, `2016/17`,
`2018 (Rev)`, `2025 (prov)`, spans such as `2014-16`, and `0`. Explore education statistics writes `201718`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.study.settings import ReleaseStatus

_STATUS_OF_WORD: dict[str, ReleaseStatus] = {
    "prov": "provisional",
    "provisional": "provisional",
    "rev": "revised",
    "revised": "revised",
    "final": "final",
}
_SUMMER = re.compile(r"(20\d\d)")
_TWO_YEARS = re.compile(r"(20\d\d)[-/](\d\d)")
_SIX_DIGITS = re.compile(r"(20\d\d)(\d\d)")
_SPAN = re.compile(r"20\d\d[-/]\d\d(-20\d\d[-/]\d\d|-\d\d[-/]\d\d)?|20\d\d-20\d\d|0")
_BRACKETED = re.compile(r"(.*\S)\s*\((\w+)\)")


@dataclass(frozen=True)
class SpelledYear:
    """An academic year with any release status; empty but known for a span of years."""

    academic_year: str | None = None
    release_status: ReleaseStatus | None = None
    is_known: bool = True


def status_of(word: str) -> ReleaseStatus | None:
    """The release status that a word means, or None."""
    return _STATUS_OF_WORD.get(word.strip().casefold())


def spelled_year(text: str) -> SpelledYear:
    """Read a year. A span of years is known but is not an academic year."""
    text = text.strip()
    release_status = None
    if bracketed := _BRACKETED.fullmatch(text):
        text = bracketed.group(1)
        release_status = status_of(bracketed.group(2))
        if release_status is None and bracketed.group(2) != "OT":
            return SpelledYear(is_known=False)
    if summer := _SUMMER.fullmatch(text):
        ends = int(summer.group(1))
        return SpelledYear(f"{ends - 1}-{ends % 100:02}", release_status)
    two = _TWO_YEARS.fullmatch(text) or _SIX_DIGITS.fullmatch(text)
    if two and (int(two.group(1)) + 1) % 100 == int(two.group(2)):
        return SpelledYear(f"{two.group(1)}-{two.group(2)}", release_status)
    return SpelledYear(is_known=_SPAN.fullmatch(text) is not None)
