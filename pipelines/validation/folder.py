"""Checks a study's folder without evaluating it: protocol, files, tables, relations, schools.

It runs the same checks as the graph. A fault in one file does not hide those of another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines import marts
from pipelines.catalogue import RAW_TABLES, SCHOOL_IDENTITY, Table
from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import DDL
from pipelines.protocol.study_file import load_study
from pipelines.protocol.tables import write_protocol
from pipelines.store import store
from pipelines.study.settings import Study
from pipelines.validation.checks import check_relation, check_table
from pipelines.validation.relations import RELATIONS, Relation


@dataclass(frozen=True)
class FileRows:
    """The fate of one file's rows; `set_aside` gives reasons with row counts."""

    file: str
    kind: str
    n_rows_in: int
    n_rows_kept: int
    set_aside: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Findings:
    """Findings of a folder check: `faults` stop an evaluation, `warnings` do not."""

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()
    files: tuple[FileRows, ...] = ()
    n_rules: int = 0
    # Files whose cells may be shown on the analyst's own terminal only.
    pupil_files: tuple[str, ...] = ()


def check_folder(folder: Path) -> Findings:
    """Every fault of a study folder's protocol and files."""
    try:
        study = load_study(folder)
    except StudyError as error:
        return Findings(error.faults)
    with store.connect_in_memory() as con:
        return check_sources(con, study)


def check_sources(
    con: duckdb.DuckDBPyConnection, study: Study, tables: Collection[Table] = RAW_TABLES
) -> Findings:
    """Every fault in the files of some tables; other tables are used as stored."""
    con.execute(DDL)
    # The checksum of the sources is needed only for publishing.
    write_protocol(con, study, sources_sha256="")
    faults: list[Fault] = []
    warnings: list[Fault] = []
    faulty: set[str] = set()
    n_rules = 0
    for table in tables:
        try:
            ingest_table(con, study, table)
        except StudyError as error:
            faults.extend(error.faults)
            faulty.add(table.name)
            continue
        checked = check_table(con, study, table)
        n_rules += len(checked.held) + len(checked.broken)
        if checked.broken:
            faults.extend(checked.faults)
            faulty.add(table.name)
    for relation in _relations_of({table.name for table in tables}, faulty):
        found = check_relation(con, relation).faults
        n_rules += 1
        (warnings if relation.is_warning else faults).extend(found)
    if not faults:
        # School identity needs sound tables.
        n_rules += 1
        try:
            marts.build(con, SCHOOL_IDENTITY)
        except StudyError as error:
            faults.extend(error.faults)
    pupil_kinds = {kind for t in RAW_TABLES if t.sensitivity == "pupil" for kind in t.source_kinds}
    return Findings(
        tuple(dict.fromkeys(faults)),
        tuple(dict.fromkeys(warnings)),
        tuple(_files(con)),
        n_rules,
        tuple(source.file for source in study.source if source.kind in pupil_kinds),
    )


def _relations_of(tables: set[str], faulty: set[str]) -> Iterator[Relation]:
    """The relations that involve these tables, except those that involve a faulty table.

    A faulty table would make correct rows of another look wrong. The graph waits in the same way.
    """
    for relation in RELATIONS:
        reads = {relation.table.name, *relation.rule.needs}
        if reads & tables and not reads & faulty:
            yield relation


def _files(con: duckdb.DuckDBPyConnection) -> Iterator[FileRows]:
    reasons: dict[str, list[tuple[str, int]]] = {}
    for source_id, reason, n_rows in con.execute(
        "SELECT source_id, reason, n_rows FROM raw.set_aside ORDER BY ALL"
    ).fetchall():
        reasons.setdefault(source_id, []).append((reason, n_rows))
    for source_id, kind, n_in, n_kept in con.execute(
        "SELECT source_id, kind, n_rows_in, n_rows_kept FROM raw.source "
        "ORDER BY kind, academic_year, source_id"
    ).fetchall():
        yield FileRows(source_id, kind, n_in, n_kept, tuple(reasons.get(source_id, ())))
