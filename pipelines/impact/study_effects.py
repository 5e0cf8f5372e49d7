"""The tables of schema `impact`, made from marts: who is compared, effects, and both sides' own results.

Formulas are in `estimators` and `headline`; whether a figure may be shown is `disclosure`'s to say.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from pipelines.catalogue import COMPARED_SCHOOL, COMPARISON, ESTIMATE, Table
from pipelines.impact.cells import panel_from_cells
from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.group_mean import pooled_group_mean
from pipelines.store import row_count
from pipelines.study import Programme, Study

_SELECT = Path(__file__).parent


def compared_school_select() -> str:
    """The SELECT that makes `impact.compared_school`."""
    return (_SELECT / "compared_school.sql").read_text(encoding="utf-8")


def build_compared_school(con: duckdb.DuckDBPyConnection) -> int:
    """Fill `impact.compared_school`; returns its rows."""
    con.execute(COMPARED_SCHOOL.ddl())
    con.execute(f"INSERT INTO impact.compared_school BY NAME\n{compared_school_select()}")
    return row_count(con, "impact.compared_school")


def build_estimate(con: duckdb.DuckDBPyConnection, study: Study) -> int:
    """Fill `impact.estimate`: every evaluated programme, its own measures and pupils, every method.

    All evaluated programmes are in each model, so that a school in two of them is not counted twice.
    """
    programmes = study.evaluated_programmes
    outcome = con.execute("SELECT * FROM mart.outcome WHERE NOT is_special").df()
    membership = con.execute("SELECT programme, school_id FROM mart.programme_school").df()
    rows = []
    for measure, pupil_group in _questions(programmes):
        statuses = outcome.loc[
            outcome["is_outcome"] & (outcome["measure"] == measure), "release_status"
        ].unique()
        panel = panel_from_cells(
            outcome,
            membership,
            programmes=[programme.id for programme in programmes],
            measure=measure,
            pupil_group=pupil_group,
            baseline_years=study.study.baseline_years,
            outcome_year=study.study.outcome_year,
        )
        estimated = evaluate_measure(
            panel,
            [_question(programme, measure) for programme in programmes],
            release_status=str(statuses[0]) if len(statuses) else None,
        )
        wanted = {p.id for p in programmes if _asks(p, measure, pupil_group)}
        not_yet = _not_yet_published(study, measure) if not panel.n_schools else None
        rows += [
            dataclasses.asdict(row) | ({"verdict_reason": not_yet} if not_yet else {})
            for row in estimated
            if row.programme in wanted
        ]
    return _fill(con, ESTIMATE, pd.DataFrame(rows))


def build_comparison(con: duckdb.DuckDBPyConnection, study: Study) -> int:
    """Fill `impact.comparison`: pupil-pooled means of programme schools, the rest and each arm, by year."""
    outcome = con.execute(
        "SELECT * FROM mart.outcome WHERE NOT is_special AND value_status = 'value' AND n_pupils > 0"
    ).df()
    membership = con.execute("SELECT programme, school_id FROM mart.programme_school").df()
    rows: list[dict[str, object]] = []
    for programme in study.evaluated_programmes:
        members = membership.loc[membership["programme"] == programme.id, "school_id"]
        for measure in programme.measure:
            for group in _shown_groups(programme):
                cells = outcome[
                    (outcome["measure"] == measure.name) & (outcome["pupil_group"] == group)
                ]
                side = np.where(cells["school_id"].isin(members), "programme", "rest")
                rows += _means(cells.assign(arm=side), programme.id)
    for measure_name, group in _questions(study.evaluated_programmes):
        cells = outcome[(outcome["measure"] == measure_name) & (outcome["pupil_group"] == group)]
        rows += _means(cells, "all")
    return _fill(con, COMPARISON, pd.DataFrame(rows))


def _not_yet_published(study: Study, measure: str) -> str | None:
    """Why there is no result of the outcome year yet, in the protocol's words."""
    return next(
        (
            entry.reason
            for entry in study.not_yet_published
            if entry.measure == measure and entry.academic_year == study.study.outcome_year
        ),
        None,
    )


def _questions(programmes: tuple[Programme, ...]) -> list[tuple[str, str]]:
    """Every measure and target group some programme is judged on, once, in the protocol's order."""
    return list(
        dict.fromkeys(
            (measure.name, str(programme.target_group))
            for programme in programmes
            for measure in programme.measure
        )
    )


def _asks(programme: Programme, measure: str, pupil_group: str) -> bool:
    return programme.target_group == pupil_group and measure in {m.name for m in programme.measure}


def _question(programme: Programme, measure: str) -> ProgrammeQuestion:
    asked = next((m for m in programme.measure if m.name == measure), None)
    return ProgrammeQuestion(
        programme=programme.id,
        target_group=programme.target_group,
        is_primary=asked.primary if asked else False,
        smallest_effect=asked.smallest_effect if asked else None,
        selection_years=programme.selection_years,
    )


def _shown_groups(programme: Programme) -> tuple[str, ...]:
    """The target pupils, and for a gap the other side of it."""
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


def _fill(con: duckdb.DuckDBPyConnection, table: Table, frame: pd.DataFrame) -> int:
    con.execute(table.ddl())
    if len(frame):
        con.register("incoming_frame", frame)
        try:
            con.execute(f"INSERT INTO {table.full_name} BY NAME SELECT * FROM incoming_frame")
        finally:
            con.unregister("incoming_frame")
    return len(frame)
