"""Mart assets: one SELECT each, with dependencies read from the SQL, and a blocking check."""

from collections.abc import Iterator

import dagster as dg

from assets.checks import make_and_check, values_spec
from assets.described import (
    STUDIES,
    deps_of,
    key_of,
    shown_of,
)
from assets.resources import Studies
from pipelines.catalogue import MART_TABLES, Table
from pipelines.freshness.parts import name_of


def _mart_asset(table: Table) -> dg.AssetsDefinition:
    @dg.asset(
        key=key_of(table),
        partitions_def=STUDIES,
        group_name="mart",
        deps=deps_of(name_of(table)),
        **shown_of(table),
        check_specs=[values_spec(table)],
    )
    def mart(context: dg.AssetExecutionContext, studies: Studies) -> Iterator[dg.MaterializeResult]:
        yield from make_and_check(studies, context.partition_key, table)

    return mart


mart_assets = [_mart_asset(table) for table in MART_TABLES]
