"""What the Dagster page shows about a table, from the catalogue: description, columns and row count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from pipelines.catalogue import Table

STUDIES = dg.DynamicPartitionsDefinition(name="study")


def key_of(table: Table) -> dg.AssetKey:
    """`raw/ks2_pupils`, `mart/cell` …"""
    return dg.AssetKey([table.schema, table.name])


def description_of(table: Table) -> str:
    """Grain, key and access, in one sentence each."""
    who = {
        "public": "Public once released.",
        "restricted": "For officers only.",
        "pupil": "Pupil rows: kept in a separate file, deleted when the run has succeeded.",
        "identifying": "",
    }[table.sensitivity]
    key = f" One row for each {', '.join(table.key)}." if table.key else ""
    return f"A row is {table.grain}.{key} {who}"


def columns_of(table: Table) -> dg.TableSchema:
    """The table's columns with types, units and meaning."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.sql_type.lower(),
                description=column.about + (f" ({column.unit})" if column.unit else ""),
                constraints=dg.TableColumnConstraints(nullable=column.is_nullable),
            )
            for column in table.columns
        ]
    )


def definition_metadata(table: Table) -> Mapping[str, Any]:
    """Metadata known before a table is built."""
    return {"dagster/column_schema": columns_of(table)}


def row_count(n_rows: int) -> Mapping[str, Any]:
    """Metadata of a built table: counts, never rows."""
    return {"dagster/row_count": n_rows}
