"""How each table of schema `impact` is filled, and from which tables.

The assets and runs without Dagster both build `IMPACT_TABLES` with `build`, in that order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import duckdb

from pipelines.catalogue import (
    COMPARED_SCHOOL,
    COMPARISON,
    ESTIMATE,
    EXPOSURE,
    OUTCOME,
    PROGRAMME_SCHOOL,
    PUPIL_MOMENT,
    SCHOOL,
    Table,
)
from pipelines.catalogue.comparison_design import (
    BASELINE_YEAR,
    MATCHED_SCHOOL,
    OVERLAP,
    SCHOOL_BEFORE,
)
from pipelines.catalogue.impact import (
    ANSWER_BY_YEAR,
    CALIBRATION,
    CASE_STUDY_RESULT,
    VERDICT_BY_RELEASE,
)
from pipelines.impact import (
    by_year,
    calibration,
    case_study_results,
    comparison,
    comparison_pool,
    design,
    other_releases,
    study_effects,
)
from pipelines.study.settings import Study

_CELLS = (OUTCOME, EXPOSURE)
_CELLS_AND_POOLS = (*_CELLS, SCHOOL_BEFORE, MATCHED_SCHOOL, BASELINE_YEAR, COMPARED_SCHOOL)
_PANELS = (*_CELLS_AND_POOLS, SCHOOL, PUPIL_MOMENT)
# What Python reads to fill the tables that are not one SELECT.
READ_BY_PYTHON: Mapping[str, tuple[Table, ...]] = {
    MATCHED_SCHOOL.name: (SCHOOL_BEFORE, PROGRAMME_SCHOOL, EXPOSURE),
    OVERLAP.name: _CELLS_AND_POOLS,
    ESTIMATE.name: _PANELS,
    VERDICT_BY_RELEASE.name: (*_PANELS, ESTIMATE),
    ANSWER_BY_YEAR.name: _PANELS,
    CALIBRATION.name: (ESTIMATE, OUTCOME),
    COMPARISON.name: _CELLS,
}
_BUILDERS: Mapping[str, Callable[[duckdb.DuckDBPyConnection, Study], int]] = {
    MATCHED_SCHOOL.name: comparison_pool.build_matched_school,
    COMPARED_SCHOOL.name: lambda con, _: study_effects.build_compared_school(con),
    OVERLAP.name: design.build_overlap,
    ESTIMATE.name: study_effects.build_estimate,
    VERDICT_BY_RELEASE.name: other_releases.build_verdict_by_release,
    ANSWER_BY_YEAR.name: by_year.build_answer_by_year,
    CALIBRATION.name: lambda con, _: calibration.build_calibration(con),
    COMPARISON.name: comparison.build_comparison,
    CASE_STUDY_RESULT.name: lambda con, _: case_study_results.build(con),
}


def build(con: duckdb.DuckDBPyConnection, study: Study, table: Table) -> int:
    """Fill one table of schema `impact`; returns its number of rows."""
    if table.name in _BUILDERS:
        return _BUILDERS[table.name](con, study)
    return design.build(con, table)


def select_of(table: Table) -> str:
    """The SELECT that fills a table which is not in `READ_BY_PYTHON`."""
    if table == COMPARED_SCHOOL:
        return study_effects.compared_school_select()
    if table == CASE_STUDY_RESULT:
        return case_study_results.select()
    return design.select_of(table)
