"""The headings under which the DfE publishes each measure and pupil group, by year.

The reviewed table is `published_columns.csv`; `from_year` and `until_year` are inclusive academic years,
blank for 2015-16 and for today. Headings must match in full, so an earlier year's column (`PTRWM_EXP_17`) is
never taken for the current one. Measures that the Department does not publish by school, and a study's own,
are read from columns that the study maps. `performance_tables` reads the files.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.ingest.headings import Wanted
from pipelines.study.measures import MEASURES
from pipelines.study.settings import PUPIL_GROUPS, PUPIL_KINDS, key_stage_of

if TYPE_CHECKING:
    from pipelines.study.settings import Source, Study


@dataclass(frozen=True)
class PublishedColumn:
    """The columns of one measure and pupil group in the performance tables of some years."""

    key_stage: str
    measure: str
    pupil_group: str
    value: str
    n_pupils: str
    ci_low: str
    ci_high: str
    from_year: str
    until_year: str

    @property
    def name(self) -> str:
        """Its name in study.toml: the measure, and the pupil group unless that is all."""
        return self.measure if self.pupil_group == "all" else f"{self.measure}/{self.pupil_group}"

    @property
    def years(self) -> str:
        """The years of publication, in words."""
        if self.until_year:
            return f"published from {self.from_year or '2015-16'} to {self.until_year}"
        return f"published since {self.from_year or '2015-16'}"

    def is_of(self, key_stage: str, academic_year: str) -> bool:
        """Whether the tables of that key stage and year include it."""
        return (
            self.key_stage == key_stage
            and self.from_year <= academic_year
            and (not self.until_year or academic_year <= self.until_year)
        )


@cache
def published_columns() -> tuple[PublishedColumn, ...]:
    """The reviewed table of headings."""
    with (Path(__file__).parent / "published_columns.csv").open(
        encoding="utf-8", newline=""
    ) as lines:
        return tuple(PublishedColumn(**row) for row in csv.DictReader(lines))


def is_held_by_school(study: Study, measure: str, pupil_group: str) -> bool:
    """Whether tables of any year can give this measure of these pupils by school."""
    published = {(c.measure, c.pupil_group) for c in published_columns()}
    return (measure, pupil_group) in published or measure in _mapped(study)


def columns_of(study: Study, source: Source) -> tuple[PublishedColumn, ...]:
    """A file's columns: those published for its key stage and year, and those the study maps."""
    key_stage, year = key_stage_of(source.kind), source.academic_year or ""
    of_stage = [c for c in published_columns() if c.key_stage == key_stage]
    counts = {c.pupil_group: c.n_pupils for c in reversed(of_stage)}
    mapped = {name.casefold() for names in source.columns.values() for name in names}
    mapped |= {name.casefold() for name in (*source.assume, *source.without)}
    own = []
    for measure in _mapped(study):
        if study.measures[measure].key_stage != key_stage:
            continue
        for group in PUPIL_GROUPS:
            ending = "" if group == "all" else f"/{group}"
            name = f"{measure}{ending}"
            # Use the group's count unless the study names one for this figure.
            n_pupils = f"{name}/n_pupils"
            if n_pupils.casefold() not in mapped:
                n_pupils = counts.get(group, f"n_pupils{ending}")
            own.append(PublishedColumn(key_stage, measure, group, name, n_pupils, "", "", "", ""))
    return (*(c for c in of_stage if c.is_of(key_stage, year)), *own)


def _mapped(study: Study) -> list[str]:
    """Measures without a published heading, which the study must map."""
    published = {column.measure for column in published_columns()}
    stages = {key_stage_of(kind) for kind in PUPIL_KINDS}
    return [
        measure.name
        for measure in study.measures.values()
        if measure.name not in published
        # At the pupil key stages, built-in measures come from pupil files.
        and (measure.name not in MEASURES or measure.key_stage not in stages)
    ]


def wanted_figures(columns: Iterable[PublishedColumn], needed: set[str]) -> tuple[Wanted, ...]:
    """The headings of some columns with their possible names; those in `needed` are required.

    A figure is named by measure and group (`ks2_rwm_expected/disadvantaged`), its pupils by
    `n_pupils/disadvantaged`, or by the figure's name and `/n_pupils` if it has its own count.
    """
    names: dict[str, list[str]] = {}
    columns = tuple(columns)
    counts_of_group: dict[str, str] = {}
    for column in columns:
        group = "" if column.pupil_group == "all" else f"/{column.pupil_group}"
        names.setdefault(column.value, []).append(column.name)
        counts = names.setdefault(column.n_pupils, [])
        if counts_of_group.setdefault(group, column.n_pupils) == column.n_pupils:
            counts.append(f"n_pupils{group}")
        else:
            counts.append(f"{column.name}/n_pupils")
        for end, heading in (("ci_low", column.ci_low), ("ci_high", column.ci_high)):
            if heading:
                names.setdefault(heading, []).append(f"{column.name}/{end}")
    return tuple(
        Wanted(
            heading,
            tuple(dict.fromkeys((heading, *others))),
            is_required=heading in needed,
            can_be_without=heading not in {c.value for c in columns if c.value in needed},
        )
        for heading, others in names.items()
    )
