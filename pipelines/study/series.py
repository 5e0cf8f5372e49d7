"""Years in which a measure's series begins, breaks or has no results, from the reviewed `series.csv`.

Schools remain comparable within one year; raw values of different years may not be.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast, get_args

from pipelines.study.measures import MEASURES
from pipelines.study.settings import Study

SeriesKind = Literal["break", "no_results", "first_year"]
_EVERY = "*"  # every measure of the key stage
# Counts of pupils exist whether or not there were tests.
_OF_RESULTS = {name: measure for name, measure in MEASURES.items() if measure.is_judged}


@dataclass(frozen=True)
class SeriesNote:
    """One measure in one year: a break with the years before, no results, or its first year."""

    measure: str
    kind: SeriesKind
    academic_year: str
    what: str
    source: str


@cache
def series_notes() -> tuple[SeriesNote, ...]:
    """The reviewed table, one note per measure. Raises ValueError for a row that is not understood."""
    with Path(__file__).with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
        return tuple(note for row in csv.DictReader(lines) for note in _notes(row))


def _notes(row: dict[str, str]) -> Iterator[SeriesNote]:
    of_stage = [name for name, m in _OF_RESULTS.items() if m.key_stage == row["key_stage"]]
    measures = of_stage if row["measures"] == _EVERY else row["measures"].split()
    unknown = set(measures) - set(of_stage)
    if row["kind"] not in get_args(SeriesKind) or unknown or not of_stage:
        raise ValueError(f"pipelines/study/series.csv: this row is not understood: {row}")
    for measure in measures:
        yield SeriesNote(
            measure,
            cast("SeriesKind", row["kind"]),
            row["academic_year"],
            row["what"],
            row["source"],
        )


def breaks_within(measure: str, years: Iterable[str]) -> tuple[SeriesNote, ...]:
    """Breaks that fall between these years, oldest first."""
    known = sorted(years)
    return tuple(
        sorted(
            (
                note
                for note in series_notes()
                if note.kind == "break"
                and note.measure == measure
                and known
                and known[0] < note.academic_year <= known[-1]
            ),
            key=lambda note: note.academic_year,
        )
    )


def comparable_years(measure: str, years: Iterable[str]) -> tuple[str, ...]:
    """The latest years after the last break: only these raw values can be averaged."""
    known = sorted(years)
    since = max((note.academic_year for note in breaks_within(measure, known)), default="")
    return tuple(year for year in known if year >= since)


def why_no_results(measure: str, academic_year: str) -> str | None:
    """Why a year has no results of a measure; None if it has results as far as is known."""
    for note in series_notes():
        if note.measure == measure and (
            (note.kind == "no_results" and note.academic_year == academic_year)
            or (note.kind == "first_year" and academic_year < note.academic_year)
        ):
            return note.what
    return None


def series_contradictions(
    study: Study,
) -> Iterator[tuple[tuple[str | int, ...], str, str, str]]:
    """Years and measures of a protocol without results: location, problem, expectation, remedy.

    A year without results for any measure is reported once, as a fault of the year.
    """
    named = dict.fromkeys(m.name for p in study.programme for m in p.measure)
    empty_years = {
        year
        for year in study.years
        if named and all(why_no_results(measure, year) for measure in named)
    }
    section = study.study
    for year in sorted(empty_years):
        judged = section.outcome_years
        at: tuple[str | int, ...] = ("study", "outcome_year")
        if year not in judged:
            at = ("study", "baseline_years", section.baseline_years.index(year))
        elif len(judged) > 1:
            at = ("study", "outcome_years", judged.index(year))
        whys = dict.fromkeys(why_no_results(measure, year) or "" for measure in named)
        yield (
            at,
            f"{year} has no results of what the study asks: {'; '.join(whys)}",
            "years with results",
            "name another year",
        )
    for nth_programme, programme in enumerate(study.programme):
        for nth, measure in enumerate(programme.measure):
            for year in study.years:
                why = why_no_results(measure.name, year)
                if why and year not in empty_years:
                    yield (
                        ("programme", nth_programme, "measure", nth, "name"),
                        f"{measure.name!r} has no results in {year}: {why}",
                        "a measure with results in every year of the study",
                        f"name another measure, or take {year} out",
                    )
