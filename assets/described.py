"""What the Dagster page shows of a table: description, columns and row count, from the catalogue."""

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
    """Grain, key and who may see it, in a line each."""
    who = {
        "public": "May be shown to anyone once released.",
        "restricted": "For officers only.",
        "pupil": "Pupil rows: kept in a file of their own, deleted when the run has succeeded.",
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
    """Metadata known before a table is made."""
    return {"dagster/column_schema": columns_of(table)}


def row_count(n_rows: int) -> Mapping[str, Any]:
    """Metadata of a table that has been made: counts, never a row."""
    return {"dagster/row_count": n_rows}
