"""A study's folder checked in one go, without evaluating: protocol, files, tables, relations, schools.

Nothing here judges: what is right is said by `study`, `ingest` and the checks the graph itself runs. A
fault in one file never hides those of another.
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
    """What became of the rows of one file; `set_aside` is the rows by reason."""

    file: str
    kind: str
    n_rows_in: int
    n_rows_kept: int
    set_aside: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Findings:
    """What a look at a study found. `faults` stop an evaluation; `warnings` do not."""

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()
    files: tuple[FileRows, ...] = ()
    n_rules: int = 0
    # Whose cells are nobody's business but the analyst's own terminal's.
    pupil_files: tuple[str, ...] = ()


def check_folder(folder: Path) -> Findings:
    """Everything that is wrong with a study folder's protocol and files."""
    try:
        study = load_study(folder)
    except StudyError as error:
        return Findings(error.faults)
    with store.connect_in_memory() as con:
        return check_sources(con, study)


def check_sources(
    con: duckdb.DuckDBPyConnection, study: Study, tables: Collection[Table] = RAW_TABLES
) -> Findings:
    """Everything that is wrong with the files of some tables; the others stand as the store has them."""
    con.execute(DDL)
    # The files' fingerprints tell runs apart; nothing is published here.
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
        # Which school a URN is can be told from sound tables only.
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
    """The relations that have a table among these.

    One against a table that is itself at fault would blame rows that may be right: it waits until that
    table is mended, as it does in the graph.
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
