"""Makes a study's tables in a store: all of them, or only what some SELECTs read and are made of.

Most tests look at one or two released tables; the others, above all the estimates, take most of the
time. Tables that are not needed stay empty.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import duckdb

from pipelines import marts
from pipelines.catalogue import (
    IMPACT_TABLES,
    MART_TABLES,
    RAW_TABLES,
    RELEASED_TABLES,
    Table,
)
from pipelines.disclosure import gate
from pipelines.impact import building
from pipelines.ingest import registration
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import sources_sha256
from pipelines.protocol.tables import write_protocol
from pipelines.released import making
from pipelines.store import store
from pipelines.study.settings import Study

_READ = re.compile(r"\b(?:raw|pupils|mart|impact|released|temp)\.\w+")
_MACRO = re.compile(r"TEMP MACRO (\w+)\([^)]*\) AS(.*?);", re.DOTALL)
_GATE = ("side_result", "public_total", "school_shown")


@contextmanager
def tiny_store() -> Iterator[duckdb.DuckDBPyConnection]:
    """A store in memory with one thread: small tables gain nothing from a second, or from files.

    Nor from DuckDB's optimizer, which takes a third of the time where a table has ten rows. Studies
    of ordinary size are tested with it: the fleet, the example and the real ones.
    """
    with store.connect_in_memory() as con:
        con.execute("SET threads = 1")
        con.execute("PRAGMA disable_optimizer")
        yield con


def make_all(con: duckdb.DuckDBPyConnection, study: Study) -> None:
    """Every table of a study, from its files to the released tables."""
    ingest(con, study)
    build_marts(con)
    for table in IMPACT_TABLES:
        building.build(con, study, table)
    making.release(con)


def make_needed(con: duckdb.DuckDBPyConnection, study: Study, *selects: str) -> None:
    """The tables that these SELECTs read, made as in `make_all`; the other ones without rows."""
    needed = needed_for(selects)
    write_protocol(con, study, sources_sha256(study))
    con.execute(registration.DDL)
    for table in RAW_TABLES:
        if table.full_name in needed or "raw.source" in needed:
            ingest_table(con, study, table)
        else:
            con.execute(table.ddl())
    for table in (*MART_TABLES, *IMPACT_TABLES):
        if table.full_name not in needed:
            con.execute(table.ddl())
        elif table in MART_TABLES:
            marts.build(con, table)
        else:
            building.build(con, study, table)
    released = [table for table in RELEASED_TABLES if table.full_name in needed]
    if not released:
        return
    gate.create_rules(con)
    making.prepare(con)
    for name in _GATE:
        if f"temp.{name}" in needed:
            con.execute(gate.rule(name))
    for table in released:
        making.make_table(con, table)


def needed_for(selects: Collection[str]) -> set[str]:
    """Every table that SELECTs read, and what those tables are made of."""
    needed: set[str] = set()
    waiting = {name for select in selects for name in _READ.findall(select)}
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting |= set(_READ.findall(_made_by(name))) - needed
    return needed


def ingest(con: duckdb.DuckDBPyConnection, study: Study) -> None:
    """The protocol and every raw table."""
    write_protocol(con, study, sources_sha256(study))
    for table in RAW_TABLES:
        ingest_table(con, study, table)


def build_marts(con: duckdb.DuckDBPyConnection) -> None:
    """Every mart, in the order of the catalogue."""
    for table in MART_TABLES:
        marts.build(con, table)


def _made_by(full_name: str) -> str:
    """The SQL that fills a table, or the names of the tables that Python reads for it."""
    schema, name = full_name.split(".")
    if schema == "mart":
        return marts.select_of(_table(MART_TABLES, name))
    if schema == "impact":
        return _impact_made_by(_table(IMPACT_TABLES, name))
    if schema == "temp" and name in _GATE:
        return _with_public(gate.rule(name))
    return _with_public(making.select_of(name)) if schema == "released" else ""


def _impact_made_by(table: Table) -> str:
    if table.name in building.READ_BY_PYTHON:
        return " ".join(read.full_name for read in building.READ_BY_PYTHON[table.name])
    return building.select_of(table)


def _with_public(select: str) -> str:
    """A SELECT, and what tells which results are public if one of its macros asks that."""
    macros = dict(_MACRO.findall(gate.rule("rules")))
    asking = {"is_public"}
    while more := {
        name for name, body in macros.items() if name not in asking and _calls(body, asking)
    }:
        asking |= more
    return f"{select} {gate.rule('public_key_stage')}" if _calls(select, asking) else select


def _calls(sql: str, macros: Collection[str]) -> bool:
    return any(re.search(rf"\b{name}\(", sql) for name in macros) or "public_key_stage" in sql


def _table(tables: Collection[Table], name: str) -> Table:
    return next(table for table in tables if table.name == name)
