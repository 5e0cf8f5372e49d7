"""Impact assets: compared schools, comparison quality, effects, and results of both sides."""

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
from pipelines.catalogue import IMPACT_TABLES, Table
from pipelines.freshness.parts import name_of


def _impact_asset(table: Table) -> dg.AssetsDefinition:
    @dg.asset(
        key=key_of(table),
        partitions_def=STUDIES,
        group_name="impact",
        deps=deps_of(name_of(table)),
        **shown_of(table),
        check_specs=[values_spec(table)],
    )
    def impact(
        context: dg.AssetExecutionContext, studies: Studies
    ) -> Iterator[dg.MaterializeResult]:
        yield from make_and_check(studies, context.partition_key, table)

    return impact


impact_assets = [_impact_asset(table) for table in IMPACT_TABLES]
