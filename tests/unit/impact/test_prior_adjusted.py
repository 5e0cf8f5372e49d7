"""Adjustment for prior attainment without data; its results are tested in `tests/reference`."""

from __future__ import annotations

import pandas as pd

from pipelines.catalogue import CELL, PUPIL_MOMENT
from pipelines.impact.prior_adjusted import adjust_for_prior_attainment

_TYPES = {"text": "str", "code": "str", "integer": "int64", "number": "float64"}


def test_without_a_school_there_is_nothing_to_adjust() -> None:
    cells, moments = (
        pd.DataFrame({c.name: pd.Series(dtype=_TYPES[c.kind]) for c in table.columns})
        for table in (CELL, PUPIL_MOMENT)
    )
    adjusted, residual = adjust_for_prior_attainment(cells, moments)
    assert adjusted.empty
    assert residual == {}
