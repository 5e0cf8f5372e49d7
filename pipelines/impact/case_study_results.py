"""A case-study school's own results, with intervals for sampling of pupils. They estimate no effect.

`pipelines.disclosure` decides whether they may be published.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
from scipy.special import stdtrit

from pipelines.catalogue.impact import CASE_STUDY_RESULT
from pipelines.impact.arrays import FloatArray
from pipelines.impact.score_interval import CONFIDENCE, score_interval
from pipelines.store.store import insert_frame

_UPPER = (1 + CONFIDENCE) / 2


@dataclass(frozen=True)
class OwnResult:
    """A school's mean in the measure's unit; `n_meeting` for shares only; no interval if none is known."""

    mean: float
    ci_low: float | None
    ci_high: float | None
    n_meeting: int | None = None


def share_result(n_meeting: int, n_pupils: int) -> OwnResult:
    """A share of pupils with its score interval. Raises ValueError without a pupil."""
    share = n_meeting / max(n_pupils, 1)
    return OwnResult(share, *score_interval(share, n_pupils), n_meeting)


def points_result(
    mean: float, n_pupils: int, variance: FloatArray, n_by_school: FloatArray
) -> OwnResult:
    """A mean with its 95% interval, from within-school variances and pupil counts of all schools (S,).

    A few pupils say little about their variance, so it is pooled: sum (n - 1) s² / sum (n - 1), with t on
    those degrees of freedom.
    """
    is_known = np.isfinite(variance) & (n_by_school > 1)
    degrees = float((n_by_school[is_known] - 1).sum())
    if degrees < 1:
        return OwnResult(mean, None, None)
    pooled = float(((n_by_school[is_known] - 1) * variance[is_known]).sum()) / degrees
    margin = float(stdtrit(degrees, _UPPER)) * float(np.sqrt(pooled / n_pupils))
    return OwnResult(mean, mean - margin, mean + margin)


def build(con: duckdb.DuckDBPyConnection) -> int:
    """Fill `impact.case_study_result`; returns its rows."""
    results = con.execute(select()).df()
    rows: list[dict[str, object]] = []
    for _, year in results.groupby(["programme", "measure", "academic_year"], sort=False):
        variance = year["variance"].to_numpy(dtype=np.float64, na_value=np.nan)
        n_by_school = year["n_pupils"].to_numpy(dtype=np.float64)
        for row in year[year["has_case_study"]].to_dict("records"):
            n_pupils, mean = int(row["n_pupils"]), float(row["mean"])
            own = (
                share_result(round(mean * n_pupils), n_pupils)
                if row["counts_pupils"]
                else points_result(mean, n_pupils, variance, n_by_school)
            )
            rows.append({**{str(name): value for name, value in row.items()}, **asdict(own)})
    con.execute(CASE_STUDY_RESULT.ddl())
    names = [column.name for column in CASE_STUDY_RESULT.columns]
    insert_frame(con, CASE_STUDY_RESULT.full_name, pd.DataFrame(rows).reindex(columns=names))
    return len(rows)


def select() -> str:
    """The SELECT of the results."""
    return Path(__file__).with_name("case_study_result.sql").read_text(encoding="utf-8")
