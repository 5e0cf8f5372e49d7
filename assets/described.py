"""What the Dagster page shows about a table, from the catalogue: description, columns and row count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypedDict

import dagster as dg

from assets.resources import Work
from pipelines.catalogue import RAW_TABLES, Table
from pipelines.freshness.parts import PARTS, name_of
from pipelines.study.paths import PROJECT

KEPT = "kept_unchanged"
PROTOCOL_KEY = dg.AssetKey(["protocol"])
_MADE_SCHEMAS = {"mart", "impact", "released"}
# Whoever evaluates answers for every asset; of one study, whom its `study.toml` names.
OWNERS = ["team:analysts"]
SENSITIVITY_TAG = "ssif/sensitivity"
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


class Shown(TypedDict):
    """What the page shows of an asset before it is made: arguments of an asset or of its spec."""

    description: str
    metadata: Mapping[str, Any]
    code_version: str
    owners: list[str]
    kinds: set[str]
    tags: dict[str, str]


def shown_of(table: Table, part: str | None = None) -> Shown:
    """What is shown of a table's asset, which is made by a part of the run: by default, its own."""
    return Shown(
        description=description_of(table),
        metadata=definition_metadata(table),
        code_version=code_version_of(part or name_of(table)),
        owners=OWNERS,
        kinds={"duckdb", _made_by(table)},
        tags={SENSITIVITY_TAG: table.sensitivity},
    )


def _made_by(table: Table) -> str:
    """Whether a table is read from a file, or made by one SELECT or by Python."""
    if table in RAW_TABLES:
        return "file"
    room = "marts" if table.schema == "mart" else table.schema
    return "sql" if (PROJECT / "pipelines" / room / f"{table.name}.sql").is_file() else "python"


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


def kept(work: Work) -> Mapping[str, Any]:
    """Metadata of a part that was current and was not made again."""
    return {KEPT: True} if work.is_current else {}


def keys_of(tables: Iterable[Table]) -> list[dg.AssetKey]:
    """The assets of some tables: all tables of the protocol are one, which counts if nothing else is read."""
    assets = [table for table in tables if table in RAW_TABLES or table.schema in _MADE_SCHEMAS]
    return [key_of(table) for table in assets] or [PROTOCOL_KEY]


def deps_of(part: str) -> list[dg.AssetKey]:
    """The assets that a part reads."""
    return keys_of(PARTS[part].reads)


def code_version_of(part: str) -> str:
    """Dagster's code version of a part: short enough to be shown."""
    return PARTS[part].code_version[:12]
