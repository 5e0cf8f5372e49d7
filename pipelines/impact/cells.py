"""Turns rows of `mart.cell` and programme membership into a `SchoolPanel`.

The caller chooses the schools and release statuses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipelines.impact.arrays import FloatArray
from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.study.measures import Measure


def panel_from_cells(
    cells: pd.DataFrame,
    exposure: pd.DataFrame,
    *,
    programmes: Sequence[str],
    measure: Measure,
    pupil_group: str,
    baseline_years: Sequence[str],
    outcome_years: Sequence[str],
) -> SchoolPanel:
    """Arrange the cells of one measure and pupil group as schools by years.

    `cells` has the columns of `mart.cell`, for comparable mainstream schools and one release status a year;
    `exposure` has (programme, school_id). A cell counts if its status is `value` and it has a mean and a
    number of pupils. Raises ValueError if a school has two such cells in one year.
    """
    is_wanted = (cells["measure"] == measure.name) & (cells["pupil_group"] == pupil_group)
    is_usable = cells["value_status"].eq("value") & cells["mean"].notna() & (cells["n_pupils"] > 0)
    years = [*sorted(baseline_years), *sorted(outcome_years)]
    used = cells[is_wanted & is_usable.fillna(False) & cells["academic_year"].isin(years)]
    key = ["school_id", "academic_year"]
    if used.duplicated(key).any():
        raise ValueError(
            f"{measure.name}, {pupil_group}: a school has more than one value in one academic year; "
            "hand in one release status a year"
        )
    schools, row = np.unique(used["school_id"].to_numpy(dtype=np.int64), return_inverse=True)
    year = used["academic_year"].map(years.index).to_numpy(dtype=np.intp)

    def wide(column: str) -> FloatArray:
        table = np.full((len(schools), len(years)), np.nan)
        table[row, year] = used[column].to_numpy(dtype=np.float64, na_value=np.nan)
        return table

    membership = np.zeros((len(schools), len(programmes)))
    for column, programme in enumerate(programmes):
        members = exposure.loc[exposure["programme"] == programme, "school_id"]
        membership[:, column] = np.isin(schools, members.to_numpy(dtype=np.int64))
    return school_panel(
        measure=measure.name,
        pupil_group=pupil_group,
        unit=measure.unit,
        counts_pupils=measure.counts_pupils,
        programmes=programmes,
        baseline_years=years[: len(baseline_years)],
        outcome_years=years[len(baseline_years) :],
        school_ids=schools,
        exposure=membership,
        mean=wide("mean"),
        n_pupils=wide("n_pupils"),
        variance=wide("variance"),
        rounding_half_width=wide("rounding_half_width"),
    )
