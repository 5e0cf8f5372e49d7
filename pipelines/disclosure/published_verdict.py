"""The verdicts of the latest release that a person recorded as published.

Releases are recorded in `releases`.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import duckdb

from pipelines.disclosure.releases import recorded_impact
from pipelines.errors.fault import Fault, StudyError
from pipelines.store.store import one_file

# Whether a row was withheld, newest form first: a record keeps the columns of its day.
_WITHHELD_SIGNS = {"figure_status": "figure_status = 'suppressed'", "suppressed": "suppressed"}
# Before both, a verdict was withheld together with the counts.
_OLDEST_SIGN = "n_programme_pupils IS NULL OR n_comparison_pupils IS NULL"


class PublishedVerdict(NamedTuple):
    """A headline's verdict as it was published."""

    published_on: dt.date
    programme: str
    measure: str
    pupil_group: str
    academic_year: str
    release_status: str | None
    verdict: str


def last_published_verdicts(study_folder: Path) -> tuple[PublishedVerdict, ...]:
    """The verdicts of the latest recorded release; empty if there is none.

    Suppressed figures have no verdict. Raises StudyError if the record cannot be read.
    """
    files = list(recorded_impact(study_folder))
    if not files:
        return ()
    file = files[-1]
    try:
        published_on = dt.date.fromisoformat(file.parents[1].name)
        with duckdb.connect() as con:
            impact = f"read_parquet({one_file(file)}, hive_partitioning = false)"
            names = {name for name, *_ in con.execute(f"DESCRIBE FROM {impact}").fetchall()}
            signs = (sign for column, sign in _WITHHELD_SIGNS.items() if column in names)
            is_withheld = next(signs, _OLDEST_SIGN)
            rows = con.execute(
                "SELECT programme, measure, pupil_group, academic_year, release_status, verdict "
                f"FROM {impact} WHERE role = 'headline' AND verdict IS NOT NULL AND NOT ({is_withheld}) "
                "ORDER BY ALL"
            ).fetchall()
    except (duckdb.Error, OSError, ValueError):
        raise StudyError(
            [
                Fault(
                    file=file.relative_to(study_folder).as_posix(),
                    problem="this record of a release is missing or cannot be read",
                    expected="the folder as `ssif release` wrote it",
                    remedy="bring the folder back from a copy; if nothing was published that day, delete it",
                )
            ]
        ) from None
    return tuple(PublishedVerdict(published_on, *row) for row in rows)
