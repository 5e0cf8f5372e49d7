"""Raw assets: the protocol, and one typed table per kind of source, each with a blocking check."""

from collections.abc import Iterator, Mapping

import dagster as dg

from assets.checks import make_and_check, values_spec
from assets.described import (
    OWNERS,
    PROTOCOL_KEY,
    STUDIES,
    code_version_of,
    columns_of,
    definition_metadata,
    kept,
    key_of,
    row_count,
    shown_of,
)
from assets.resources import Studies
from pipelines.catalogue import PROTOCOL_TABLES, RAW_TABLES, Table
from pipelines.freshness.parts import PROTOCOL_PART
from pipelines.ingest.registration import sources_sha256


@dg.asset(
    key=PROTOCOL_KEY,
    code_version=code_version_of(PROTOCOL_PART),
    partitions_def=STUDIES,
    group_name="raw",
    owners=OWNERS,
    kinds={"duckdb", "toml"},
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
        work.make()
        about: Mapping[str, str] = {
            "protocol_sha256": work.study.protocol_sha256,
            "sources_sha256": sources,
            "study": work.study.study.title,
        }
    return dg.MaterializeResult(
        metadata={**row_count(len(work.study.programme)), **about, **kept(work)},
        data_version=dg.DataVersion(sources + work.study.protocol_sha256),
    )


def _raw_asset(table: Table) -> dg.AssetsDefinition:
    @dg.asset(
        key=key_of(table),
        partitions_def=STUDIES,
        group_name="raw",
        deps=[PROTOCOL_KEY],
        **shown_of(table),
        check_specs=[values_spec(table)],
    )
    def raw(context: dg.AssetExecutionContext, studies: Studies) -> Iterator[dg.MaterializeResult]:
        yield from make_and_check(studies, context.partition_key, table)

    return raw


raw_assets = [protocol, *(_raw_asset(table) for table in RAW_TABLES)]
