"""The group-time estimate for programmes whose schools started in different years, by the package diff-diff.

`pooled_years` makes the headline's outcome; here schools that start together are compared year by year.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.impact.arrays import BoolArray, FloatArray

ONE_START = "all its schools started in the same year"
NO_PAIR = (
    "no schools that started together have results both before and after, with others to compare"
)


@dataclass(frozen=True)
class GroupTime:
    """An effect averaged over groups and years, in the unit of `outcome`, with its 95% interval."""

    estimate: float
    ci_low: float
    ci_high: float
    p_value: float


def group_time_effect(
    outcome: FloatArray, first_year: NDArray[np.int64], is_compared: BoolArray
) -> GroupTime:
    """Average effect on schools already under way (Callaway and Sant'Anna 2021, J. Econometrics 225: 200).

    `outcome` (S, Y) has a column a year, oldest first, NaN if missing; `first_year` (S,) is the column of a
    school's first year under way, or -1 for a school never in the programme; `is_compared` (S,) leaves out
    schools that cannot be on either side. For each group of schools that started together and each year
    since, their change from the year before their start is compared with that of schools not yet started.
    Schools count alike; groups and years are averaged by numbers of schools. Errors are clustered by school.

    It rests on the one year before the start, so it is misled like the naive change where schools were chosen
    on that year's results. Raises ValueError with the reason where nothing can be compared.
    """
    school, year = np.nonzero(np.isfinite(outcome) & is_compared[:, None])
    starts = np.unique(first_year[is_compared & (first_year >= 0)])
    if len(starts) < 2:
        raise ValueError(ONE_START)
    rows = pd.DataFrame(
        {
            "school": school,
            "year": year + 1,
            "start": first_year[school] + 1,
            "outcome": outcome[school, year],
        }
    )
    # It takes a second to import, and is needed where starts differ only.
    from diff_diff import CallawaySantAnna  # noqa: PLC0415

    estimator = CallawaySantAnna(control_group="not_yet_treated", estimation_method="reg")
    with warnings.catch_warnings():
        # It says that a pair of years uses the schools with results in both, as documented above.
        warnings.simplefilter("ignore")
        try:
            found = estimator.fit(
                rows, outcome="outcome", unit="school", time="year", first_treat="start"
            )
        except (ValueError, KeyError, ZeroDivisionError):
            raise ValueError(NO_PAIR) from None
    low, high = found.overall_conf_int
    numbers = (found.overall_att, low, high, found.overall_p_value)
    if not np.isfinite(numbers).all():
        raise ValueError(NO_PAIR)
    return GroupTime(*map(float, numbers))
