"""The robustness row of programmes whose schools started in different outcome years (`group_time`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import pandas as pd

from pipelines.impact.group_time import group_time_effect
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import ImpactRow
from pipelines.impact.rows import empty_row


@dataclass(frozen=True)
class Starts:
    """When each programme was under way in each school, and results of the years in which it was not yet.

    `under_way` has (programme, school_id, first_year, last_year) over the outcome years; `not_counted` the
    columns of `mart.outcome`, for outcome years that the headline does not count.
    """

    under_way: pd.DataFrame
    not_counted: pd.DataFrame

    def differ(self, programme: str) -> bool:
        """Whether a programme's schools have more than one first year."""
        own = self.under_way["programme"] == programme
        return bool(self.under_way.loc[own, "first_year"].nunique() > 1)


def read_starts(con: duckdb.DuckDBPyConnection) -> Starts:
    """Read `Starts` from the marts."""
    return Starts(
        under_way=con.execute(
            "SELECT programme, school_id, min(academic_year) AS first_year, "
            "max(academic_year) AS last_year FROM mart.exposure AS exposure "
            "JOIN protocol.study_year AS study_year USING (academic_year) "
            "WHERE study_year.is_outcome AND standing = 'under_way' GROUP BY ALL ORDER BY ALL"
        ).df(),
        not_counted=con.execute(
            "SELECT outcome.* FROM mart.outcome AS outcome "
            "JOIN protocol.study_year AS study_year USING (academic_year) "
            "WHERE study_year.is_outcome AND NOT outcome.is_outcome AND is_compared_kind AND is_local"
        ).df(),
    )


def staggered_rows(
    panel: SchoolPanel, every_year: SchoolPanel, starts: Starts, headlines: Sequence[ImpactRow]
) -> list[ImpactRow]:
    """A row for each headline whose programme started in different years, in the measure's unit.

    `every_year` is the panel with the years that `panel` does not count. Schools in other programmes only are
    on neither side.
    """
    return [
        _row(panel, every_year, starts, headline)
        for headline in headlines
        if starts.differ(headline.programme)
    ]


def _row(
    panel: SchoolPanel, every_year: SchoolPanel, starts: Starts, headline: ImpactRow
) -> ImpactRow:
    own = starts.under_way[starts.under_way["programme"] == headline.programme]
    dates = own.set_index("school_id").reindex(every_year.school_ids)
    years = np.array(every_year.years)
    first = np.array([_column(year, every_year) for year in dates["first_year"]])
    is_compared = (first >= 0) | every_year.is_untreated
    has_left = years[None, :] > dates["last_year"].fillna("9999").to_numpy(dtype=str)[:, None]
    outcome = every_year.standardised_by_year * every_year.outcome_scale
    compared = np.isin(panel.school_ids, every_year.school_ids[is_compared])
    row = empty_row(
        panel,
        headline.programme,
        "callaway_santanna",
        sample=panel.sample_size(headline.programme, compared),
        role="robustness",
        release_status=headline.release_status,
    )
    if headline.estimate_low is None:
        return replace(row, verdict_reason=headline.verdict_reason)
    try:
        found = group_time_effect(np.where(has_left, np.nan, outcome), first, is_compared)
    except ValueError as why_none:
        return replace(row, verdict_reason=str(why_none))
    return replace(
        row,
        estimate_low=found.estimate,
        estimate_high=found.estimate,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        p_value=found.p_value,
    )


def _column(year: object, panel: SchoolPanel) -> int:
    return panel.years.index(year) if isinstance(year, str) else -1
