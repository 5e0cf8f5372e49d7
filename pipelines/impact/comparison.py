"""Fills `impact.comparison`: pupil-pooled means of the programme schools and the rest, by year."""

from __future__ import annotations

import duckdb
import numpy as np
import pandas as pd

from pipelines.catalogue import COMPARISON
from pipelines.impact.group_mean import pooled_group_mean
from pipelines.store.store import insert_frame
from pipelines.study.settings import Programme, Study


def build_comparison(con: duckdb.DuckDBPyConnection, study: Study) -> int:
    """Fill `impact.comparison`: pupil-pooled means of programme schools, the rest and each arm, by year."""
    outcome = con.execute(
        "SELECT * FROM mart.outcome "
        "WHERE is_local AND is_compared_kind AND value_status = 'value' AND n_pupils > 0"
    ).df()
    standing = con.execute(
        "SELECT programme, school_id, standing = 'under_way' AS is_under_way FROM mart.exposure "
        "WHERE is_outcome"
    ).df()
    rows: list[dict[str, object]] = []
    for programme in study.evaluated_programmes:
        joined = standing[standing["programme"] == programme.id]
        members = joined.loc[joined["is_under_way"], "school_id"]
        on_no_side = joined.loc[~joined["is_under_way"], "school_id"]
        for measure in programme.measure:
            for group in _shown_groups(programme):
                cells = outcome[
                    (outcome["measure"] == measure.name)
                    & (outcome["pupil_group"] == group)
                    & ~outcome["school_id"].isin(on_no_side)
                ]
                side = np.where(cells["school_id"].isin(members), "programme", "rest")
                rows += _means(cells.assign(arm=side), programme.id)
    questions = dict.fromkeys(
        (measure.name, str(programme.target_group))
        for programme in study.evaluated_programmes
        for measure in programme.measure
    )
    for measure_name, group in questions:
        cells = outcome[(outcome["measure"] == measure_name) & (outcome["pupil_group"] == group)]
        rows += _means(cells, "all")
    con.execute(COMPARISON.ddl())
    insert_frame(con, COMPARISON.full_name, pd.DataFrame(rows))
    return len(rows)


def _shown_groups(programme: Programme) -> tuple[str, ...]:
    """The target pupils, and the other side of the gap if they are disadvantaged."""
    target = str(programme.target_group)
    return (target, "not_disadvantaged") if target == "disadvantaged" else (target,)


def _means(cells: pd.DataFrame, programme: str) -> list[dict[str, object]]:
    key = ["arm", "pupil_group", "measure", "academic_year", "release_status"]
    rows: list[dict[str, object]] = []
    for values, group in cells.groupby(key, sort=True):
        pooled = pooled_group_mean(
            group["mean"].to_numpy(dtype=np.float64), group["n_pupils"].to_numpy(dtype=np.float64)
        )
        rows.append(
            {
                "programme": programme,
                **dict(zip(key, values, strict=True)),
                "n_schools": pooled.n_schools,
                "n_pupils": pooled.n_pupils,
                "mean": pooled.mean,
                "ci_low": pooled.ci_low,
                "ci_high": pooled.ci_high,
            }
        )
    return rows
