"""Raw assets: the protocol, and one typed table per kind of source, each with a blocking check."""

from collections.abc import Mapping

import dagster as dg

from assets.checks import check_values, values_spec
from assets.described import (
    STUDIES,
    columns_of,
    definition_metadata,
    description_of,
    key_of,
    row_count,
)
from assets.resources import PROTOCOL_PART, Studies
from pipelines.catalogue import PROTOCOL_TABLES, RAW_TABLES, Table
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import sources_sha256
from pipelines.protocol.tables import write_protocol

PROTOCOL_KEY = dg.AssetKey(["protocol"])


@dg.asset(
    key=PROTOCOL_KEY,
    partitions_def=STUDIES,
    group_name="raw",
    description="study.toml, checked and written as small tables; every registered file found and "
    "fingerprinted. A row is a programme.",
    metadata={
        # Schemas of all protocol tables; the asset's own schema is that of `programme`.
        **{table.full_name: columns_of(table) for table in PROTOCOL_TABLES},
        **next(definition_metadata(t) for t in PROTOCOL_TABLES if t.name == "programme"),
    },
)
def protocol(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
    """Start a run: read the protocol and hash the sources."""
    with studies.step(context.partition_key, PROTOCOL_PART) as work:
        # An earlier run's request to keep pupil rows does not apply to this one.
        work.paths.pupils_kept.unlink(missing_ok=True)
        sources = sources_sha256(work.study)
        n_programmes = write_protocol(work.con, work.study, sources)
        about: Mapping[str, str] = {
            "protocol_sha256": work.study.protocol_sha256,
            "sources_sha256": sources,
            "study": work.study.study.title,
        }
    return dg.MaterializeResult(metadata={**row_count(n_programmes), **about})


def _raw_asset(table: Table) -> dg.AssetsDefinition:
    @dg.asset(
        key=key_of(table),
        partitions_def=STUDIES,
        group_name="raw",
        deps=[PROTOCOL_KEY],
        description=description_of(table),
        metadata=definition_metadata(table),
        check_specs=[values_spec(table)],
    )
    def raw(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
        with studies.step(context.partition_key, f"{table.schema}.{table.name}") as work:
            n_rows = ingest_table(work.con, work.study, table)
            checked = check_values(work, table)
        return dg.MaterializeResult(metadata=row_count(n_rows), check_results=[checked])

    return raw


raw_assets = [protocol, *(_raw_asset(table) for table in RAW_TABLES)]
