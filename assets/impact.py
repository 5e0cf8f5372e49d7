"""Impact assets: compared schools, comparison quality, effects, and results of both sides."""

from collections.abc import Callable

import dagster as dg

from assets.checks import check_values, values_spec
from assets.described import STUDIES, definition_metadata, description_of, key_of, row_count
from assets.marts import tables_read_by
from assets.resources import Studies, Work
from pipelines.catalogue import (
    COMPARED_SCHOOL,
    COMPARISON,
    ESTIMATE,
    EXPOSURE,
    OUTCOME,
    PROGRAMME_SCHOOL,
    Table,
)
from pipelines.catalogue.comparison_design import (
    ATTRITION,
    BALANCE,
    BASELINE_YEAR,
    MATCHED_SCHOOL,
    OVERLAP,
    SCHOOL_BEFORE,
)
from pipelines.catalogue.impact import CALIBRATION, CASE_STUDY_RESULT, VERDICT_BY_RELEASE
from pipelines.impact import (
    calibration,
    case_study_results,
    comparison,
    comparison_pool,
    design,
    other_releases,
    study_effects,
)


def _impact_asset(
    table: Table, deps: list[dg.AssetKey], build: Callable[[Work], int]
) -> dg.AssetsDefinition:
    @dg.asset(
        key=key_of(table),
        partitions_def=STUDIES,
        group_name="impact",
        deps=deps,
        description=description_of(table),
        metadata=definition_metadata(table),
        check_specs=[values_spec(table)],
    )
    def impact(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
        with studies.step(context.partition_key, f"{table.schema}.{table.name}") as work:
            n_rows = build(work)
            checked = check_values(work, table)
        return dg.MaterializeResult(metadata=row_count(n_rows), check_results=[checked])

    return impact


def _design_asset(table: Table) -> dg.AssetsDefinition:
    return _impact_asset(
        table,
        tables_read_by(design.select_of(table)),
        lambda work: design.build(work.con, table),
    )


_CELLS_AND_SCHOOLS = [key_of(OUTCOME), key_of(EXPOSURE)]
_CELLS_AND_POOLS = [
    *_CELLS_AND_SCHOOLS,
    *map(key_of, (SCHOOL_BEFORE, MATCHED_SCHOOL, BASELINE_YEAR, COMPARED_SCHOOL)),
]

impact_assets = [
    _design_asset(SCHOOL_BEFORE),
    _impact_asset(
        MATCHED_SCHOOL,
        [key_of(SCHOOL_BEFORE), key_of(PROGRAMME_SCHOOL), key_of(EXPOSURE)],
        lambda work: comparison_pool.build_matched_school(work.con, work.study),
    ),
    _design_asset(BASELINE_YEAR),
    _impact_asset(
        COMPARED_SCHOOL,
        tables_read_by(study_effects.compared_school_select()),
        lambda work: study_effects.build_compared_school(work.con),
    ),
    *map(_design_asset, (ATTRITION, BALANCE)),
    _impact_asset(
        OVERLAP,
        _CELLS_AND_POOLS,
        lambda work: design.build_overlap(work.con, work.study),
    ),
    _impact_asset(
        ESTIMATE,
        _CELLS_AND_POOLS,
        lambda work: study_effects.build_estimate(work.con, work.study),
    ),
    _impact_asset(
        VERDICT_BY_RELEASE,
        [*_CELLS_AND_POOLS, key_of(ESTIMATE)],
        lambda work: other_releases.build_verdict_by_release(work.con, work.study),
    ),
    _impact_asset(
        CALIBRATION,
        [key_of(ESTIMATE)],
        lambda work: calibration.build_calibration(work.con),
    ),
    _impact_asset(
        COMPARISON,
        _CELLS_AND_SCHOOLS,
        lambda work: comparison.build_comparison(work.con, work.study),
    ),
    _impact_asset(
        CASE_STUDY_RESULT,
        tables_read_by(case_study_results.select()),
        lambda work: case_study_results.build(work.con),
    ),
]
