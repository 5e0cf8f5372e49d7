"""What the DfE publishes by school, of which pupils, and under which heading: `published_columns.csv`.

Reading the tables themselves is `performance_tables`'.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class PublishedColumn:
    """Where one measure of one pupil group stands in a performance table."""

    key_stage: str
    measure: str
    pupil_group: str
    value: str
    n_pupils: str
    ci_low: str
    ci_high: str


@cache
def published_columns() -> tuple[PublishedColumn, ...]:
    """The reviewed table of headings."""
    with (Path(__file__).parent / "published_columns.csv").open(
        encoding="utf-8", newline=""
    ) as lines:
        return tuple(PublishedColumn(**row) for row in csv.DictReader(lines))


def is_published_by_school(measure: str, pupil_group: str) -> bool:
    """Whether the performance tables hold the measure for these pupils of each school."""
    return (measure, pupil_group) in {(c.measure, c.pupil_group) for c in published_columns()}
