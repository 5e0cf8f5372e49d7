"""Academic years as they are written in `study.toml`, and the outcome years as one setting or several."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field

_PATTERN = r"^20\d\d-\d\d$"
# Stands in for an outcome year that cannot be read, so that it is not reported twice.
_ANY_YEAR = "2000-01"


def _is_of_two_years(year: str) -> bool:
    return (int(year[2:4]) + 1) % 100 == int(year[5:7])


def _of_two_years(year: str) -> str:
    if not _is_of_two_years(year):
        raise ValueError("an academic year ends in the year after it begins, as 2017-18")
    return year


AcademicYear = Annotated[str, Field(pattern=_PATTERN), AfterValidator(_of_two_years)]


def with_both_outcome_years(values: object) -> object:
    """The settings of a study with `outcome_year` and `outcome_years`, of which one is enough.

    One year is a list of one; of several the last is the outcome year. Values that cannot be read stay as
    they are, and are then refused as such.
    """
    if not isinstance(values, dict):
        return values
    year, years = values.get("outcome_year"), values.get("outcome_years")
    if years is None:
        return values | {"outcome_years": [_readable(year)]}
    if year is None:
        last = years[-1] if isinstance(years, list) and years else None
        return values | {"outcome_year": _readable(last)}
    return values


def _readable(year: object) -> str:
    is_year = isinstance(year, str) and re.match(_PATTERN, year) and _is_of_two_years(year)
    return str(year) if is_year else _ANY_YEAR
