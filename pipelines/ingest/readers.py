"""Reads files into raw tables, with `records` or with the module for their format."""

from __future__ import annotations

from collections.abc import Callable

import duckdb

from pipelines.catalogue import LA_CONTEXT, PUBLISHED_OUTCOME, Table
from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.la_context import read_context
from pipelines.ingest.performance_tables import read_performance_table
from pipelines.ingest.records import read_records
from pipelines.ingest.registration import DDL, RegisteredFile, forget, registered_files
from pipelines.store.store import row_count
from pipelines.study.settings import Study

_READERS: dict[str, Callable[[duckdb.DuckDBPyConnection, Study, RegisteredFile], None]] = {
    LA_CONTEXT.name: read_context,
    PUBLISHED_OUTCOME.name: read_performance_table,
}


def ingest_table(con: duckdb.DuckDBPyConnection, study: Study, table: Table) -> int:
    """Refill a raw table from every source of its kinds; returns the number of rows kept.

    Raises StudyError with the faults of all its files: missing, wrong checksum, encoding, headings, shape.
    """
    con.execute(DDL)
    con.execute(table.ddl())
    con.execute("DELETE FROM raw.unreadable WHERE table_name = ?", [table.name])
    files = registered_files(study, table.source_kinds)
    forget(con, table.source_kinds, files)
    faults: list[Fault] = []
    for file in files:
        try:
            if own := _READERS.get(table.name):
                own(con, study, file)
            else:
                read_records(con, study, table, file)
        except StudyError as error:
            faults.extend(error.faults)
    if faults:
        con.execute(table.ddl())
        raise StudyError(faults)
    return row_count(con, table.full_name)
