"""Which module fills which raw table: most by `records`, those with another form of file by their own."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from pipelines.catalogue import LA_CONTEXT, PUBLISHED_OUTCOME, Table
from pipelines.ingest.la_context import ingest_la_context
from pipelines.ingest.performance_tables import ingest_performance_tables
from pipelines.ingest.records import ingest_records
from pipelines.study import Study

_READERS: dict[str, Callable[[duckdb.DuckDBPyConnection, Study], int]] = {
    LA_CONTEXT.name: ingest_la_context,
    PUBLISHED_OUTCOME.name: ingest_performance_tables,
}


def ingest_table(con: duckdb.DuckDBPyConnection, study: Study, table: Table) -> int:
    """Fill one raw table from every source of its kinds; returns the rows kept.

    Raises StudyError with the faults of all its files.
    """
    reader = _READERS.get(table.name)
    return reader(con, study) if reader else ingest_records(con, study, table)
