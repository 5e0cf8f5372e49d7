"""Builds the tables about a comparison's quality: baseline years, attrition, balance and overlap.

All but overlap are one SELECT in a file named after the table.
"""

from __future__ import annotations

from pathlib import Path

import duckdb
import pandas as pd

from pipelines.catalogue.comparison_design import BASELINE_YEAR, OVERLAP
from pipelines.catalogue.table import Table
from pipelines.impact.cells import panel_from_cells
from pipelines.impact.comparison_pool import read_schools
from pipelines.impact.headline import MIN_SCHOOLS_PER_SIDE, extrapolation_reason, overlaps
from pipelines.impact.panel import SchoolPanel
from pipelines.store.store import insert_frame, row_count
from pipelines.study.settings import Programme, Study

_SELECT = Path(__file__).parent


def select_of(table: Table) -> str:
    """The SELECT that fills a design table."""
    return (_SELECT / f"{table.name}.sql").read_text(encoding="utf-8")


def build(con: duckdb.DuckDBPyConnection, table: Table) -> int:
    """Rebuild one design table from its SELECT; returns its number of rows."""
    con.execute(table.ddl())
    parameters = {"fewest_schools": MIN_SCHOOLS_PER_SIDE} if table is BASELINE_YEAR else {}
    con.execute(f"INSERT INTO {table.full_name} BY NAME\n{select_of(table)}", parameters)
    return row_count(con, table.full_name)


def build_overlap(con: duckdb.DuckDBPyConnection, study: Study) -> int:
    """Fill `impact.overlap`: common support of both sides, and other programmes in comparison schools.

    Counts are of the schools in the models. Of the scores (each baseline year, and their mean) the one with
    the least overlap is stored, as in the headline.
    """
    schools = read_schools(con)
    evaluated = [programme.id for programme in study.evaluated_programmes]
    rows: list[dict[str, object]] = []
    for programme in study.evaluated_programmes:
        for measure in programme.measure:
            panel = panel_from_cells(
                schools.cells(programme, measure.name, "results_and_make_up"),
                schools.membership,
                programmes=evaluated,
                measure=study.measures[measure.name],
                pupil_group=str(programme.target_group),
                baseline_years=schools.baseline_years(programme, measure.name),
                outcome_years=study.study.outcome_years,
            )
            row = _overlap_row(panel, programme, schools.membership, evaluated)
            rows.append(row | {"key_stage": study.measures[measure.name].key_stage})
    con.execute(OVERLAP.ddl())
    insert_frame(con, OVERLAP.full_name, pd.DataFrame(rows))
    return len(rows)


def _overlap_row(
    panel: SchoolPanel, programme: Programme, membership: pd.DataFrame, evaluated: list[str]
) -> dict[str, object]:
    is_inside = panel.exposure[:, panel.programmes.index(programme.id)] > 0
    sample = panel.sample_size(programme.id, is_inside | ~is_inside)
    judged = overlaps(panel, programme.id)
    worst_range = min((o.n_comparison_in_range for o in judged), default=None)
    worst_share = min((o.programme_share_in_range for o in judged), default=None)
    row = {
        "programme": programme.id,
        "measure": panel.measure,
        "pupil_group": panel.pupil_group,
        "n_programme_schools": sample.n_programme_schools,
        "n_comparison_schools": sample.n_comparison_schools,
        "n_programme_pupils": sample.n_programme_pupils,
        "n_comparison_pupils": sample.n_comparison_pupils,
        "n_comparison_schools_in_range": worst_range,
        "programme_in_range_share": worst_share,
        "is_extrapolation": extrapolation_reason(panel, programme.id) is not None
        if judged
        else None,
    }
    # Programmes of schools outside the authority are unknown, which is not the same as none.
    if programme.comparison_pool == "matched":
        return row
    comparison = set(panel.school_ids[~is_inside].tolist())
    others = membership[
        membership["school_id"].isin(comparison) & (membership["programme"] != programme.id)
    ]
    is_evaluated = others["programme"].isin(evaluated)
    return row | {
        "n_comparison_schools_in_evaluated": others.loc[is_evaluated, "school_id"].nunique(),
        "n_comparison_schools_in_others": others.loc[~is_evaluated, "school_id"].nunique(),
        "comparison_in_evaluated_share": _share(others.loc[is_evaluated], comparison),
        "comparison_in_others_share": _share(others.loc[~is_evaluated], comparison),
    }


def _share(members: pd.DataFrame, of: set[int]) -> float | None:
    return members["school_id"].nunique() / len(of) if of else None
