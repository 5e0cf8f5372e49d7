"""Finds outcome years of a study that contradict each other or its programmes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from pipelines.study.settings import Study


def outcome_year_contradictions(
    study: Study,
) -> Iterator[tuple[tuple[str | int, ...], str, str, str]]:
    """Errors in the outcome years: location, problem, expectation, remedy."""
    years = study.study.outcome_years
    if study.study.outcome_year != years[-1]:
        yield (
            ("study", "outcome_year"),
            f"outcome_year is {study.study.outcome_year}, but the last of outcome_years is {years[-1]}",
            "one of the two settings",
            "take outcome_year out: outcome_years lists every year that is judged",
        )
    for index, year in enumerate(years):
        here = ("study", "outcome_years", index)
        if year in years[:index]:
            yield here, f"outcome year {year} is listed twice", "each year once", "take one out"
        elif year < max(years[:index], default=""):
            yield (
                here,
                f"outcome year {year} stands after a later one",
                "the oldest year first",
                "put the years in order",
            )
        if len(years) > 1 and (starts := _why_too_early(study, year)):
            yield (
                here,
                f"no programme had begun when the pupils of {year} were tested: the first starts on {starts}",
                "years since the programme began",
                "take the year out, or add it to baseline_years",
            )


def _why_too_early(study: Study, year: str) -> dt.date | None:
    """The first day of any evaluated programme, if that is after the year's tests in mid-May."""
    starts = [programme.starts for programme in study.evaluated_programmes]
    known = [day for day in starts if day is not None]
    if not known or len(known) < len(starts):
        return None
    first = min(known)
    return first if first > dt.date(int(year[:4]) + 1, 5, 15) else None
