"""Impact assets: compared schools, comparison quality, effects, and results of both sides."""

import dagster as dg

from assets.checks import check_values, values_spec
from assets.described import STUDIES, definition_metadata, description_of, key_of, row_count
from assets.marts import tables_read_by
from assets.resources import Studies
from pipelines.catalogue import IMPACT_TABLES, Table
from pipelines.impact import building


def _reads(table: Table) -> list[dg.AssetKey]:
    if table.name in building.READ_BY_PYTHON:
        return [key_of(read) for read in building.READ_BY_PYTHON[table.name]]
    return tables_read_by(building.select_of(table))


def _impact_asset(table: Table) -> dg.AssetsDefinition:
    @dg.asset(
        key=key_of(table),
        partitions_def=STUDIES,
        group_name="impact",
        deps=_reads(table),
        description=description_of(table),
        metadata=definition_metadata(table),
        check_specs=[values_spec(table)],
    )
    def impact(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
        with studies.step(context.partition_key, f"{table.schema}.{table.name}") as work:
            n_rows = building.build(work.con, work.study, table)
            checked = check_values(work, table)
        return dg.MaterializeResult(metadata=row_count(n_rows), check_results=[checked])

    return impact


impact_assets = [_impact_asset(table) for table in IMPACT_TABLES]
