"""Mart assets: one SELECT each, with dependencies read from the SQL, and a blocking check."""

import re

import dagster as dg

from assets.checks import check_values, values_spec
from assets.described import STUDIES, definition_metadata, description_of, key_of, row_count
from assets.raw import PROTOCOL_KEY
from assets.resources import Studies
from pipelines import marts
from pipelines.catalogue import MART_TABLES, RAW_TABLES, Table

_TABLE_IN_SQL = re.compile(r"\b(raw|pupils|mart|impact|protocol)\.([a-z_0-9]+)\b")


def tables_read_by(select: str) -> list[dg.AssetKey]:
    """The assets that a SELECT reads; the protocol only if it reads nothing else."""
    raw_names = {table.name for table in RAW_TABLES}
    keys: list[dg.AssetKey] = []
    for schema, name in _TABLE_IN_SQL.findall(select):
        if schema in {"raw", "pupils"}:
            if name in raw_names:
                keys.append(dg.AssetKey(["raw", name]))
        elif schema != "protocol":
            keys.append(dg.AssetKey([schema, name]))
    return list(dict.fromkeys(keys)) or [PROTOCOL_KEY]


def _mart_asset(table: Table) -> dg.AssetsDefinition:
    @dg.asset(
        key=key_of(table),
        partitions_def=STUDIES,
        group_name="mart",
        deps=tables_read_by(marts.select_of(table)),
        description=description_of(table),
        metadata=definition_metadata(table),
        check_specs=[values_spec(table)],
    )
    def mart(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
        with studies.step(context.partition_key, f"{table.schema}.{table.name}") as work:
            n_rows = marts.build(work.con, table)
            checked = check_values(work, table)
        return dg.MaterializeResult(metadata=row_count(n_rows), check_results=[checked])

    return mart


mart_assets = [_mart_asset(table) for table in MART_TABLES]
