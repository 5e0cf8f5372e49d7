"""The subject of a chart, read from the released tables: programme, measure, years, estimates.

Reads frames and returns small frozen dataclasses and sentences. `style` does the drawing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipelines.charts.chart import Frames
from pipelines.released.wording import (
    STATUS_ORDER,
    format_count,
    format_group,
    format_pools,
    format_status,
    format_value,
    is_missing,
    is_shown,
    is_suppressed,
    join_words,
)
from pipelines.study.key_stages import KEY_STAGE_PUPILS

WITHHELD_TEXT = "withheld [c]"
NOT_YET = "not yet published"
POPULATION = "state-funded mainstream schools"


@dataclass(frozen=True)
class Subject:
    """One evaluated programme and one of its measures."""

    programme: str
    title: str
    is_placebo: bool
    pupil_group: str
    starts: pd.Timestamp | None
    tests: tuple[pd.Timestamp, pd.Timestamp] | None  # first and last day of their months
    measure: str
    label: str
    key_stage: str
    unit: str
    decimals: int
    smallest_effect: float | None
    higher_is_better: bool
    comparison_pool: str

    @property
    def others(self) -> str:
        """Words for the comparison schools."""
        return format_pools([self.comparison_pool])

    @property
    def compared_with(self) -> str:
        """A note on an effect whose comparison schools are outside the place that the caption names."""
        return "" if self.comparison_pool == "local" else f"Compared with {self.others}."

    @property
    def not_compared(self) -> str:
        """A note on averages by year, if the effect is not estimated from the other schools shown."""
        if self.comparison_pool == "local":
            return ""
        return f"The effect is estimated from {self.others}, not from the other schools shown here."

    @property
    def schools(self) -> str:
        """Words for its schools; a placebo's were in no programme."""
        return "schools picked by a rule" if self.is_placebo else "programme schools"

    @property
    def pupils_year(self) -> str:
        """The year group of the results."""
        return KEY_STAGE_PUPILS[self.key_stage]

    @property
    def slug(self) -> str:
        """The part of a chart's name that identifies the subject."""
        return f"{self.programme}-{self.measure}"

    def value(self, value: float | None) -> str:
        """A level of this measure as text."""
        return format_value(value, self.unit, self.decimals)

    def axis(self, value: float) -> float:
        """A value in the axis's unit: percentages for shares, points unchanged."""
        return value * 100 if self.unit == "share" else value

    def measured(self, pupil_group: str | None = None) -> str:
        """The measure and pupils: "Reading progress, average points, pupils on SEN …"."""
        group = format_group(pupil_group or self.pupil_group)
        return f"{self.label}, {'%' if self.unit == 'share' else 'average points'}, {group}"


@dataclass(frozen=True)
class Effect:
    """One row of released.impact; the numbers are all None where there is no estimate."""

    low: float | None
    high: float | None
    ci_low: float | None
    ci_high: float | None
    verdict: str | None
    reason: str
    status: str | None
    n_programme_schools: float | None
    n_comparison_schools: float | None
    mde: float | None = None  # the smallest effect likely to be detected
    is_withheld: bool = False

    @property
    def is_estimated(self) -> bool:
        """Whether there is an interval to draw."""
        return None not in (self.low, self.high, self.ci_low, self.ci_high)


@dataclass(frozen=True)
class Reading:
    """One mean with its interval in one year, or the reason that it is missing.

    A mean without an interval has NaN ends.
    """

    academic_year: str
    status: str | None
    mean: float
    ci_low: float
    ci_high: float
    n_schools: float | None
    n_pupils: float | None
    missing_reason: str  # "" where there is a mean
    # Whether the interval is cut below and above, where a share would pass 0 or 1.
    is_cut: tuple[bool, bool] = (False, False)

    @property
    def is_missing(self) -> bool:
        """Whether the mean is missing."""
        return bool(self.missing_reason)

    @property
    def how_final(self) -> str:
        """The release status, or why the figure is missing if it has none."""
        return self.missing_reason if self.status is None else format_status(self.status)

    @property
    def has_interval(self) -> bool:
        """Whether there is an interval to draw."""
        return not (math.isnan(self.ci_low) or math.isnan(self.ci_high))


def titles(tables: Frames) -> dict[str, str]:
    """Programme titles by id; equal titles have their ids added."""
    programme = tables["programme"]
    counts = programme["title"].value_counts()
    return {
        name: title if counts[title] == 1 else f"{title} ({name})"
        for name, title in zip(programme["programme"], programme["title"], strict=True)
    }


def primary_subjects(tables: Frames) -> Iterator[Subject]:
    """Every evaluated programme with each of its primary measures, in the study's order."""
    measures = tables["measure"]
    for row in rows(tables["programme"]):
        if not row["is_evaluated"]:
            continue
        mine = measures[
            (measures["programme"] == row["programme"]) & measures["is_primary"].astype(bool)
        ]
        for measure in rows(mine):
            yield Subject(
                programme=row["programme"],
                title=row["title"],
                is_placebo=bool(row["is_placebo"]),
                pupil_group=row["target_group"],
                starts=None if is_missing(row["starts"]) else pd.Timestamp(row["starts"]),
                tests=None
                if is_missing(measure["tests_from"])
                else (pd.Timestamp(measure["tests_from"]), pd.Timestamp(measure["tests_until"])),
                measure=measure["measure"],
                label=measure["label"],
                key_stage=measure["key_stage"],
                unit=measure["unit"],
                decimals=int(measure["decimals"]),
                smallest_effect=_number(measure["smallest_effect"]),
                higher_is_better=bool(measure["higher_is_better"]),
                comparison_pool=row["comparison_pool"],
            )


def headline(tables: Frames, subject: Subject) -> Effect | None:
    """The headline row of a subject; None if there is none."""
    found = effects(tables, subject)
    return next((row for (_, role), row in found.items() if role == "headline"), None)


def effects(tables: Frames, subject: Subject) -> dict[tuple[str, str], Effect]:
    """A subject's estimates over the study's outcome years, by estimator and role.

    Of several released statuses, the latest counts.
    """
    impact = tables["impact"]
    mine = impact[
        (impact["programme"] == subject.programme)
        & (impact["measure"] == subject.measure)
        & (impact["pupil_group"] == subject.pupil_group)
        & impact["academic_year"].isin(outcome_years(tables))
    ]
    return {
        (row["estimator"], row["role"]): Effect(
            low=_number(row["estimate_low"]),
            high=_number(row["estimate_high"]),
            ci_low=_number(row["ci_low"]),
            ci_high=_number(row["ci_high"]),
            verdict=_text(row["verdict"]),
            reason=_text(row["verdict_reason"]) or "",
            status=_text(row["release_status"]),
            n_programme_schools=_number(row["n_programme_schools"]),
            n_comparison_schools=_number(row["n_comparison_schools"]),
            mde=_number(row["mde"]),
            is_withheld=is_suppressed(row),
        )
        for row in sorted(rows(mine), key=_finality)  # a later status replaces an earlier one
    }


def series(tables: Frames, subject: Subject, arm: str, pupil_group: str) -> list[Reading]:
    """One reading for every year of the study, with the reason where a year has no mean."""
    comparison = tables["comparison"]
    mine = comparison[
        (comparison["programme"] == subject.programme)
        & (comparison["arm"] == arm)
        & (comparison["pupil_group"] == pupil_group)
        & (comparison["measure"] == subject.measure)
    ]
    readings = []
    of_any_year = rows(mine)
    for year in study_years(tables):
        of_year = (row for row in of_any_year if row["academic_year"] == year)
        row = max(of_year, key=_finality, default=None)  # rows without a status come first
        mean = _number(row["mean"]) if row is not None and is_shown(row) else None
        if row is None or mean is None:
            withheld = row is not None and is_suppressed(row)
            reason = WITHHELD_TEXT if withheld else why_absent(tables, subject, year)
            status = None if row is None else _text(row["release_status"])
            nothing = float("nan")
            readings.append(Reading(year, status, nothing, nothing, nothing, None, None, reason))
            continue
        low, high = _number(row["ci_low"]), _number(row["ci_high"])
        is_cut = False, False
        if subject.unit == "share":  # with few schools an interval can pass 0 or 1
            is_cut = low is not None and low < 0, high is not None and high > 1
            low, high = (None if end is None else min(max(end, 0.0), 1.0) for end in (low, high))
        readings.append(
            Reading(
                academic_year=year,
                status=_text(row["release_status"]),
                mean=mean,
                ci_low=float("nan") if low is None else low,
                ci_high=float("nan") if high is None else high,
                n_schools=_number(row["n_schools"]),
                n_pupils=_number(row["n_pupils"]),
                missing_reason="",
                is_cut=is_cut,
            )
        )
    return readings


def study_years(tables: Frames) -> list[str]:
    """Academic years of the study, oldest first: the baseline years and the outcome years."""
    return sorted({*_baseline_years(tables), *outcome_years(tables)})


def last_year_before(tables: Frames) -> str:
    """The last baseline year; "" for a study without one."""
    first = outcome_years(tables)[0]
    return max((year for year in _baseline_years(tables) if year < first), default="")


def last_two_years(tables: Frames) -> list[str]:
    """The two years between which the change since last year is measured."""
    return [year for year in (last_year_before(tables), outcome_year(tables)) if year]


def _baseline_years(tables: Frames) -> list[str]:
    row = tables["study"].iloc[0]
    return [year for year in str(row["baseline_years"]).split(", ") if year]


def outcome_years(tables: Frames) -> list[str]:
    """The academic years that are evaluated together, oldest first."""
    return str(tables["study"].iloc[0]["outcome_years"]).split(", ")


def year_before(tables: Frames) -> str:
    """The year of the change "since last year"; its name where it precedes several outcome years."""
    return "last year" if len(outcome_years(tables)) == 1 else last_year_before(tables)


def judged(tables: Frames) -> str:
    """The outcome years in words: "2017-18 and 2018-19"."""
    return join_words(outcome_years(tables))


def outcome_year(tables: Frames) -> str:
    """The last academic year that is evaluated."""
    return str(tables["study"].iloc[0]["outcome_year"])


def caption(tables: Frames, subject: Subject, statuses: str, *notes: str) -> str:
    """Measure and pupils; place, years and status; source; and further notes."""
    parts = (
        f"{subject.measured()} in {POPULATION}.",
        f"{place(tables)}, {statuses}.",
        source(tables, (subject.key_stage,)),
        *notes,
    )
    return " ".join(part for part in parts if part)


def year_status(tables: Frames, status: str | None) -> str:
    """The outcome years with the status of the last one's results: "2017-18 provisional"."""
    last = ", the last " if len(outcome_years(tables)) > 1 else " "
    return f"{judged(tables)}{last}{format_status(status)}"


def footer(tables: Frames, statuses: str, key_stages: Sequence[str], *notes: str) -> str:
    """The short line inside the picture: place, source, status and notes."""
    parts = (
        *notes,
        f"{place(tables)}.",
        f"{statuses[:1].upper()}{statuses[1:]}." if statuses else "",
        source(tables, key_stages),
    )
    return " ".join(part for part in parts if part)


def counted(n: int, noun: str) -> str:
    """A count with its noun: "1 school", "18 schools"."""
    return f"{format_count(n)} {noun}{'' if n == 1 else 's'}"


def place(tables: Frames) -> str:
    """The authority's name, marked if it is fictitious."""
    row = tables["study"].iloc[0]
    fictional = " (fictional)" if bool(row["is_fictional"]) else ""
    return f"{row['local_authority_name']}{fictional}"


def source(tables: Frames, key_stages: Sequence[str] = ()) -> str:
    """Who published the figures of these key stages (of all sources if none is given)."""
    files = tables["source"]
    if key_stages:
        files = files[files["kind"].str.startswith(tuple(key_stages))]
    publishers = [name for name in dict.fromkeys(files["publisher"]) if _text(name)]
    return f"Source: {join_words(publishers) or 'files of the study'}."


def status_words(readings: Sequence[Reading]) -> str:
    """Release status by year in words: "final 2015-16 and 2016-17; provisional 2017-18"."""
    years_by_status: dict[str, list[str]] = {}
    for reading in sorted(readings, key=lambda reading: reading.academic_year):
        years = years_by_status.setdefault(reading.how_final, [])
        if reading.academic_year not in years:
            years.append(reading.academic_year)
    return "; ".join(f"{join_words(years)} {words}" for words, years in years_by_status.items())


def why_absent(tables: Frames, subject: Subject, year: str) -> str:
    """Why a year has no figure, according to the study's protocol."""
    pending = tables["not_yet_published"]
    mine = pending[(pending["measure"] == subject.measure) & (pending["academic_year"] == year)]
    return NOT_YET if len(mine) else "no figure"


def _finality(row: Mapping[str, Any]) -> int:
    status = row["release_status"]
    return -1 if is_missing(status) else STATUS_ORDER.index(str(status))


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a released table as dictionaries by column name."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _number(value: object) -> float | None:
    return None if is_missing(value) else float(value)  # type: ignore[arg-type]


def _text(value: object) -> str | None:
    return None if is_missing(value) else str(value)
