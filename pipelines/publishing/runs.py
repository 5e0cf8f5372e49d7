"""Builds a finished run beside the others, checks that it is complete, and makes it `current` in one step.

Outputs are made elsewhere; here they are collected, named by a hash of their inputs, and published.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.catalogue import (
    IMPACT_TABLES,
    MART_TABLES,
    RELEASED_TABLES,
    Table,
)
from pipelines.disclosure.gate import count_withheld
from pipelines.document import html
from pipelines.errors.fault import Fault, StudyError
from pipelines.freshness.made import MadeParts, files_written
from pipelines.freshness.parts import Part
from pipelines.ingest.registration import sources_sha256
from pipelines.publishing import retention
from pipelines.publishing.dictionary import write_dictionary
from pipelines.publishing.durable import sync_names, sync_tree
from pipelines.publishing.identity import checksums, is_whole, run_identity
from pipelines.store import fault_list
from pipelines.store.private import (
    delete_finished,
    make_closed,
    open_to_readers,
    private_files,
    usual_files,
)
from pipelines.store.store import row_count, sql_text
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import PROTOCOL, Study

# For officers only: tables before disclosure control, and their version of the page.
RESTRICTED = "restricted.duckdb"
OFFICERS = "officers"


@dataclass(frozen=True)
class Published:
    """The folder of the run that is now `current`, and how many older runs had withdrawn texts."""

    folder: Path
    n_withdrawn: int


def refuse_mixture(
    con: duckdb.DuckDBPyConnection, study: Study, paths: StudyPaths, parts: Iterable[Part]
) -> None:
    """Stop if a part is missing, or was made from another protocol or from files that have changed.

    Raises StudyError naming the parts to rebuild.
    """
    protocol = con.execute("SELECT protocol_sha256, sources_sha256 FROM protocol.study").fetchone()
    faults: list[Fault] = []
    if protocol is None or protocol[0] != study.protocol_sha256:
        faults.append(_stale(PROTOCOL, "study.toml has changed since this run began"))
    elif protocol[1] != sources_sha256(study):
        faults.append(_stale("data_root", "a source file has changed since this run began"))
    if faults:
        raise StudyError(faults)
    not_sound = "it is not sound: not made, not passed, or of an older study.toml or older files"
    faults += [_stale(part, not_sound) for part in MadeParts(con, paths).not_current(study, parts)]
    if faults:
        raise StudyError(faults)


def _stale(part: str, problem: str) -> Fault:
    return Fault(
        file=part,
        problem=problem,
        expected="every part made from the same study.toml and the same files",
        remedy="make the whole study again (`make evaluate`)",
    )


def publish(
    con: duckdb.DuckDBPyConnection,
    study: Study,
    paths: StudyPaths,
    *,
    parts: Collection[Part],
    n_checks: int,
    has_officers_page: bool = False,
) -> Published:
    """Build the run's folder, make it `current`, and delete older runs according to `retention`.

    A run's name is a hash of its protocol, sources, earlier releases, code and libraries, and of whether it
    has the officers' version. An identical run has the same folder, which is only checked and published
    again. `parts` lists every required part. Raises StudyError, and publishes nothing, if they do not belong
    together.
    """
    refuse_mixture(con, study, paths, parts)
    identity = run_identity(study, sources_sha256(study), has_officers_page=has_officers_page)
    run = paths.runs / str(identity["run"])
    officers = paths.restricted / run.name
    texts = retention.publishable_texts(con)
    make_closed(paths.restricted, is_finished=True)
    if not is_whole(run, officers):
        with usual_files():
            paths.runs.mkdir(parents=True, exist_ok=True)
        with _building(run) as public, private_files(), _building(officers) as restricted:
            _build(con, paths, public, parts)
            _build_restricted(con, restricted, has_officers_page=has_officers_page)
            _write_run_json(
                con,
                public,
                {**identity, "restricted_sha256": dict(checksums(restricted))},
                texts=texts,
                n_checks=n_checks,
                warnings=fault_list.read_warnings(paths),
            )
            open_to_readers(public)
            make_closed(restricted, is_finished=True)
    _switch(paths.restricted_current, officers)
    _switch(paths.current, run)
    n_withdrawn = retention.forget_runs(paths.runs, run, texts)
    retention.forget_restricted(paths)
    return Published(run, n_withdrawn)


@contextmanager
def _building(finished: Path) -> Iterator[Path]:
    """A temporary folder that replaces the finished one once it is built, and is deleted on failure."""
    building = finished.with_name(f".{finished.name}.building")
    _delete_if_there(building)
    building.mkdir()
    try:
        yield building
        sync_tree(building)
        _delete_if_there(finished)
        building.rename(finished)
        sync_names(finished.parent)
    finally:
        _delete_if_there(building)


def _delete_if_there(folder: Path) -> None:
    with suppress(OSError):
        delete_finished(folder)


def _build(
    con: duckdb.DuckDBPyConnection, paths: StudyPaths, run: Path, parts: Iterable[Part]
) -> None:
    _copy_tables(con, run / "released.duckdb", RELEASED_TABLES, has_schemas=False)
    folder = run / "released"
    folder.mkdir()
    for table in RELEASED_TABLES:
        target = folder / table.name
        con.execute(f"COPY ({_for_spreadsheets(table)}) TO {sql_text(f'{target}.csv')} (HEADER)")
        con.execute(f"COPY {table.full_name} TO {sql_text(f'{target}.parquet')} (FORMAT parquet)")
    write_dictionary(RELEASED_TABLES, folder)
    for file in (file for part in parts for file in files_written(paths, part)):
        copied = run / file.relative_to(paths.work)
        copied.parent.mkdir(exist_ok=True)
        shutil.copy2(file, copied)


def _build_restricted(
    con: duckdb.DuckDBPyConnection, folder: Path, *, has_officers_page: bool
) -> None:
    """Write the officers' files; the umask keeps them private at every moment."""
    _copy_tables(con, folder / RESTRICTED, RESTRICTED_TABLES, has_schemas=True)
    write_dictionary(RESTRICTED_TABLES, folder)
    if has_officers_page:
        from pipelines.officers.version import officers_version  # noqa: PLC0415 - imports Matplotlib

        (folder / OFFICERS).mkdir()
        page = folder / OFFICERS / "index.html"
        page.write_text(html.render(officers_version(con)), encoding="utf-8")


def _for_spreadsheets(table: Table) -> str:
    """SELECT of a table with texts made safe for spreadsheets."""
    columns = ", ".join(
        f"inert_in_spreadsheet({column.name}) AS {column.name}"
        if column.sql_type == "VARCHAR"
        else column.name
        for column in table.columns
    )
    return f"SELECT {columns} FROM {table.full_name}"


# For officers: cells of few pupils, and estimates before disclosure control.
RESTRICTED_TABLES = (*MART_TABLES, *IMPACT_TABLES)


def _copy_tables(
    con: duckdb.DuckDBPyConnection, file: Path, tables: Sequence[Table], *, has_schemas: bool
) -> None:
    """Copy tables, with their keys and comments, to a separate DuckDB file.

    `released.duckdb` has no schemas: readers write `released.impact`, with the file's name first, and a
    schema `released` would make that ambiguous.
    """
    # Small blocks: a key takes at least one, and with DuckDB's 256 kB the example's file is 20 MB, not 8.
    con.execute(f"ATTACH {sql_text(file)} AS target (BLOCK_SIZE 16384)")
    try:
        # One transaction, because each writes the file's log to the disk.
        con.execute("BEGIN")
        for name in sorted({table.schema for table in tables}) if has_schemas else ():
            con.execute(f"CREATE SCHEMA target.{name}")
        for table in tables:
            copy = f"target.{table.schema if has_schemas else 'main'}.{table.name}"
            con.execute("; ".join(table.ddl_described(copy)))
            con.execute(f"INSERT INTO {copy} BY NAME FROM store.{table.full_name}")
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    finally:
        con.execute("DETACH target")


def _write_run_json(
    con: duckdb.DuckDBPyConnection,
    run: Path,
    identity: dict[str, object],
    *,
    texts: list[str],
    n_checks: int,
    warnings: Mapping[str, Sequence[Fault]],
) -> None:
    sources = con.execute(
        "SELECT source_id, kind, academic_year, release_status, n_rows_in, n_rows_kept, n_rows_set_aside, "
        "file_format, encoding, delimiter, sheet, sha256 FROM raw.source "
        "ORDER BY kind, academic_year, source_id"
    ).df()
    set_aside = con.execute("SELECT source_id, reason, n_rows FROM raw.set_aside ORDER BY ALL").df()
    unknown_codes = con.execute("SELECT * FROM raw.unknown_code ORDER BY ALL").df()
    tables = {
        table.full_name: row_count(con, table.full_name)
        for table in (*MART_TABLES, *IMPACT_TABLES, *RELEASED_TABLES)
    }
    content: dict[str, Any] = {
        **identity,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "checks_passed": n_checks - len(warnings),
        "warnings": {part: len(faults) for part, faults in warnings.items()},
        "rows_in": json.loads(sources.to_json(orient="records")),
        "rows_set_aside": json.loads(set_aside.to_json(orient="records")),
        "unknown_codes_in_unused_columns": json.loads(unknown_codes.to_json(orient="records")),
        "rows_out": tables,
        "rows_withheld": count_withheld(con),
        retention.TEXTS: texts,
        "files_sha256": dict(checksums(run)),
    }
    (run / "run.json").write_text(
        json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def fall_back(paths: StudyPaths) -> str | None:
    """Show the newest whole run if the current one is damaged, as by a power cut; returns its name.

    Call it with the study's lock held. None if the current run is whole, or if no run is.
    """
    if not paths.runs.is_dir() or is_whole(paths.current, paths.restricted_current):
        return None
    runs = [run for run in paths.runs.iterdir() if run.is_dir() and not run.name.startswith(".")]
    for run in sorted(runs, key=lambda each: each.stat().st_mtime, reverse=True):
        officers = paths.restricted / run.name
        if is_whole(run, officers):
            _switch(paths.restricted_current, officers)
            _switch(paths.current, run)
            return run.name
    return None


def _switch(current: Path, run: Path) -> None:
    """Point `current` at the run in one atomic step."""
    target = os.path.relpath(run, current.parent)
    incoming = current.with_name(f".{current.name}.incoming")
    incoming.unlink(missing_ok=True)
    try:
        incoming.symlink_to(target, target_is_directory=True)
    except OSError:  # pragma: no cover - Windows without the right to make links
        _switch_by_copy(current, run)
        return
    if current.is_dir() and not current.is_symlink():
        delete_finished(current)  # a copy left by a machine without links
    incoming.replace(current)
    sync_names(current.parent)


def _switch_by_copy(current: Path, run: Path) -> None:  # pragma: no cover - see above
    """Without links two renames are needed: `current` is never half-written, but briefly missing."""
    incoming, outgoing = (
        current.with_name(".current.incoming"),
        current.with_name(".current.outgoing"),
    )
    _delete_if_there(incoming)
    shutil.copytree(run, incoming)
    _delete_if_there(outgoing)
    if current.exists():
        current.rename(outgoing)
    incoming.rename(current)
    _delete_if_there(outgoing)
