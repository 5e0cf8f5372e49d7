"""Registered files: checks that each exists and has the right checksum, and records the fate of its rows."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.catalogue import FILE_TABLES, Table
from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.content import unreadable
from pipelines.ingest.tabular import Reading
from pipelines.study.settings import Source, SourceKind, Study

BLANK_ROW = "blank row"
DDL = "; ".join(table.ddl_if_absent() for table in FILE_TABLES)
# Checksums by path, size and times, except of files that were only just written.
_CHECKSUMS: dict[tuple[Path, int, int, int, int], str] = {}
_SETTLED_NS = 2_000_000_000


@dataclass(frozen=True)
class RegisteredFile:
    """A source whose file exists and has the protocol's checksum, if one is given."""

    source: Source
    path: Path
    sha256: str

    @property
    def source_id(self) -> str:
        """The file's name in messages and tables, as written in `study.toml`."""
        return self.source.file


@dataclass(frozen=True)
class ReadResult:
    """How a file was read, and the number of rows that are no records, by reason: titles, totals, notes."""

    reading: Reading
    not_records: Mapping[str, int]


def registered_files(study: Study, kinds: Iterable[SourceKind]) -> tuple[RegisteredFile, ...]:
    """Find and hash the sources of some kinds.

    Raises StudyError with a fault for every file that is missing, is a folder, or has the wrong checksum.
    """
    faults: list[Fault] = []
    files: list[RegisteredFile] = []
    wanted = set(kinds)
    for source in (source for source in study.source if source.kind in wanted):
        path = study.path(source)
        if path.exists() and not path.is_file():
            faults.append(
                Fault(
                    file=source.file,
                    problem="this is a folder, or something else that is no file",
                    expected=f"a {source.kind} file at {path}",
                    remedy="name the file itself in study.toml",
                )
            )
            continue
        if not path.is_file():
            faults.append(
                Fault(
                    file=source.file,
                    problem="the file is not there",
                    expected=f"a file of kind {source.kind} at {path}",
                    remedy="put the file there, or mend the name in study.toml",
                )
            )
            continue
        try:
            sha256 = file_sha256(path)
        except OSError as error:
            faults.append(unreadable(source.file, error))
            continue
        if source.sha256 is not None and source.sha256 != sha256:
            faults.append(
                Fault(
                    file=source.file,
                    problem="the file is not the one that was registered: its checksum differs",
                    found=f"sha256 {sha256}",
                    expected=f"sha256 {source.sha256}",
                    remedy="fetch the registered file again, or register this one: write its sha256 and "
                    "date in study.toml",
                )
            )
            continue
        same = next((other for other in files if _is_of_another_year(source, sha256, other)), None)
        if same:
            faults.append(
                Fault(
                    file=source.file,
                    problem=f"it is the same file, byte for byte, as {same.source_id}, which is "
                    f"registered as {same.source.academic_year}",
                    expected=f"results of {source.academic_year}",
                    remedy="put the right year's file there, or mend academic_year in study.toml",
                )
            )
        files.append(RegisteredFile(source, path, sha256))
    if faults:
        raise StudyError(faults)
    return tuple(files)


def _is_of_another_year(source: Source, sha256: str, other: RegisteredFile) -> bool:
    """Whether one file is registered for two years; rows of pupils do not show their year."""
    return (
        sha256 == other.sha256
        and source.kind == other.source.kind
        and source.academic_year != other.source.academic_year
    )


def sources_sha256(study: Study) -> str:
    """One hash of all sources. Raises StudyError as `registered_files` does."""
    digest = hashlib.sha256()
    for file in registered_files(study, (source.kind for source in study.source)):
        digest.update(f"{file.source.kind} {file.source_id} {file.sha256}\n".encode())
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Checksum of a file's bytes. A file that has not changed since the last call is not read again."""
    before = path.stat()
    written = max(before.st_mtime_ns, before.st_ctime_ns)
    mark = (path, before.st_ino, before.st_size, before.st_mtime_ns, before.st_ctime_ns)
    if mark not in _CHECKSUMS:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        if time.time_ns() - written < _SETTLED_NS:
            # The clock of a file system is coarse: a second write could leave the same times.
            return sha256
        _CHECKSUMS[mark] = sha256
    return _CHECKSUMS[mark]


def rows_read(con: duckdb.DuckDBPyConnection, table: Table) -> int:
    """Rows that the files of a table had when they were last read, without those set aside."""
    (found,) = con.execute(
        "SELECT coalesce(sum(n_rows_kept), 0) FROM raw.source WHERE list_contains($kinds, kind)",
        {"kinds": list(table.source_kinds)},
    ).fetchall()
    return int(found[0])


def forget(
    con: duckdb.DuckDBPyConnection, kinds: Iterable[SourceKind], files: Iterable[RegisteredFile]
) -> None:
    """Delete the records about sources of some kinds, some of which may no longer be registered.

    And about `files`, whose names may have been those of files of other kinds.
    """
    found = con.execute(
        "SELECT source_id FROM raw.source WHERE list_contains($kinds, kind)", {"kinds": list(kinds)}
    ).fetchall()
    given = {"sources": [*(name for (name,) in found), *(file.source_id for file in files)]}
    for table in ("set_aside", "unknown_code", "unread_column", "value_set_aside", "source"):
        con.execute(f"DELETE FROM raw.{table} WHERE list_contains($sources, source_id)", given)


def record(
    con: duckdb.DuckDBPyConnection,
    file: RegisteredFile,
    *,
    n_rows_in: int,
    n_rows_kept: int,
    set_asides: dict[str, int],
    read_result: ReadResult,
) -> None:
    """Record a file: rows in = rows kept + rows set aside, each with a reason.

    Rows that are no records count on both sides. Raises RuntimeError if the numbers do not add up, because
    then rows were lost.
    """
    reading = read_result.reading
    set_asides = {**read_result.not_records, **set_asides}
    n_rows_in += sum(read_result.not_records.values())
    n_rows_set_aside = sum(set_asides.values())
    if n_rows_in != n_rows_kept + n_rows_set_aside:
        raise RuntimeError(
            f"{file.source_id}: {n_rows_in} rows in, {n_rows_kept} kept, {n_rows_set_aside} set aside"
        )
    source = file.source
    con.execute(
        "INSERT INTO raw.source VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            file.source_id,
            source.kind,
            source.academic_year,
            source.status,
            source.publisher,
            source.published,
            source.licence,
            file.sha256,
            reading.file_format,
            reading.encoding,
            reading.delimiter,
            reading.sheet,
            n_rows_in,
            n_rows_kept,
            n_rows_set_aside,
        ],
    )
    for reason, n_rows in set_asides.items():
        if n_rows:
            con.execute(
                "INSERT INTO raw.set_aside VALUES (?, ?, ?)", [file.source_id, reason, n_rows]
            )


def record_unknown_codes(con: duckdb.DuckDBPyConnection, file: RegisteredFile, select: str) -> None:
    """Record unknown codes in columns that the study does not use: column, text, number of cells."""
    con.execute(
        f"INSERT INTO raw.unknown_code SELECT $source_id, * FROM ({select}) ORDER BY ALL",
        {"source_id": file.source_id},
    )


def record_set_aside_values(
    con: duckdb.DuckDBPyConnection, table: Table, file: RegisteredFile, select: str
) -> None:
    """Record places of values set aside in columns that the study does not use: row, heading."""
    con.execute(
        f"INSERT INTO raw.value_set_aside SELECT $table_name, $source_id, * FROM ({select}) ORDER BY ALL",
        {"table_name": table.full_name, "source_id": file.source_id},
    )


def record_unread_columns(
    con: duckdb.DuckDBPyConnection, file: RegisteredFile, headings: Iterable[str]
) -> None:
    """Record the headings of a file that were not read."""
    for heading in headings:
        con.execute("INSERT INTO raw.unread_column VALUES (?, ?)", [file.source_id, heading])
