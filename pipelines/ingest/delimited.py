"""Delimited text files: heading, shape and the SQL that reads them. No cell's meaning is known here."""

from __future__ import annotations

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

import duckdb

from pipelines.errors import Fault, StudyError

# A cell can hold a long statement; the csv module's own limit is lower.
csv.field_size_limit(10_000_000)
_BLANK_LINE = re.compile(r"\n[\r\n]|\r\r")


@dataclass(frozen=True)
class DelimitedFile:
    """A comma-separated file with one heading row, plain or gzipped, in UTF-8 with or without a mark."""

    source_id: str
    path: Path
    headers: tuple[str, ...]
    # Rows without a single character, as a spreadsheet counts them. DuckDB passes over them.
    blank_rows: tuple[int, ...] = ()

    def scan(self, *, is_parallel: bool = True) -> str:
        """A subquery with every row as text, cells named c0, c1 …; short rows end in NULLs.

        Its `row_number` is the row a spreadsheet shows (the heading is row 1).
        """
        columns = {f"c{index}": "VARCHAR" for index in range(len(self.headers))}
        path = str(self.path).replace("'", "''")
        reader = (
            f"read_csv('{path}', columns = {columns}, header = true, auto_detect = false, "
            f"delim = ',', quote = '\"', escape = '\"', null_padding = true, "
            f"parallel = {str(is_parallel).lower()})"
        )
        row = "row_number() OVER () + 1"
        if self.blank_rows:
            # How many rows that were read stand above each blank one.
            above = [blank - 2 - nth for nth, blank in enumerate(self.blank_rows)]
            row = f"{row} + len(list_filter({above}, lambda n: n < row_number() OVER ()))"
        return f"(SELECT {row} AS row_number, * FROM {reader})"

    def cells(self, places: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """The text at (row, index of column) places: for the analyst's own terminal."""
        wanted = set(places)
        last = max((row for row, _ in wanted), default=0)
        found: dict[tuple[int, int], str] = {}
        with _open_text(self.path) as lines:
            for row, cells in enumerate(csv.reader(lines), start=1):
                if row > last:
                    break
                for place in [place for place in wanted if place[0] == row]:
                    if place[1] < len(cells):
                        found[place] = cells[place[1]]
        return found


def open_delimited(source_id: str, path: Path) -> DelimitedFile:
    """Read the heading of a file.

    Raises StudyError if the file is empty, is not UTF-8, or names a heading twice.
    """
    try:
        with _open_text(path) as lines:
            headers = tuple(header.strip() for header in next(csv.reader(lines), []))
            # Reading the rest finds a broken encoding before anything is stored.
            has_blank_line = _has_blank_line(lines)
    except UnicodeDecodeError:
        raise StudyError([_encoding_fault(source_id, path)]) from None
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise StudyError(
            [
                Fault(
                    file=source_id,
                    problem="the gzip file is broken or cut short",
                    expected="a whole .csv.gz file",
                    remedy="fetch the file again",
                )
            ]
        ) from None
    if not any(headers):
        raise StudyError(
            [
                Fault(
                    file=source_id,
                    row=1,
                    problem="the file is empty or its first row holds no headings",
                    expected="a heading row, then one row a record",
                    remedy="export the file again",
                )
            ]
        )
    folded = [header.casefold() for header in headers]
    twice = [
        Fault(
            file=source_id,
            row=1,
            column=header,
            problem=f"the heading {header!r} stands {folded.count(header.casefold())} times",
            expected="each heading once",
            remedy="rename or remove the extra column",
        )
        for index, header in enumerate(headers)
        if header
        and header.casefold() not in folded[:index]
        and folded.count(header.casefold()) > 1
    ]
    if twice:
        raise StudyError(twice)
    # A file of one column has no blank lines: they are its blank cells.
    blank_rows = _blank_rows(path) if has_blank_line and len(headers) > 1 else ()
    return DelimitedFile(source_id, path, headers, blank_rows)


def create_from_scan(con: duckdb.DuckDBPyConnection, file: DelimitedFile, statement: str) -> None:
    """Run a statement with `{scan}` in it over the file.

    Raises StudyError naming every row whose shape is broken: DuckDB's own message would quote the row.
    """
    try:
        con.execute(statement.replace("{scan}", file.scan()))
    except duckdb.Error:
        faults = list(_shape_faults(file))
        if faults:
            raise StudyError(faults) from None
        # Short rows together with quoted line breaks are beyond the parallel reader.
        try:
            con.execute(statement.replace("{scan}", file.scan(is_parallel=False)))
        except duckdb.InvalidInputException:
            raise StudyError(
                [
                    Fault(
                        file=file.source_id,
                        row=_first_other_line_end(file.path),
                        problem="the file cannot be read as comma-separated text: its rows do not all "
                        "end in the same way",
                        expected="one kind of line end throughout",
                        remedy="export the file again as CSV (UTF-8)",
                    )
                ]
            ) from None


def _shape_faults(file: DelimitedFile) -> Iterator[Fault]:
    """Rows with more cells than headings, and quotes that are never closed."""
    with _open_text(file.path) as lines:
        reader = csv.reader(lines, strict=True)
        row = 0
        while True:
            row += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield Fault(
                    file=file.source_id,
                    row=row,
                    problem="a quotation mark in this row is not closed, or stands inside a cell",
                    expected='cells with a comma or a quote in double quotes, inner quotes doubled ("")',
                    remedy="mend the row, or export the file again",
                )
                return
            if len(cells) > len(file.headers):
                yield Fault(
                    file=file.source_id,
                    row=row,
                    problem=f"the row has {len(cells)} cells, the heading has {len(file.headers)}",
                    expected="no more cells than headings",
                    remedy="quote the cell that holds a comma, or export the file again",
                )


def _has_blank_line(lines: IO[str]) -> bool:
    last, found = "", False
    for chunk in iter(lambda: lines.read(1 << 20), ""):
        found = found or _BLANK_LINE.search(last + chunk) is not None
        last = chunk[-1]
    return found


def _blank_rows(path: Path) -> tuple[int, ...]:
    """Rows without a character, but for those after the last record, which shift nothing."""
    blank: list[int] = []
    last_record = 1
    with _open_text(path) as lines:
        for row, cells in enumerate(csv.reader(lines), start=1):
            if cells:
                last_record = row
            else:
                blank.append(row)
    return tuple(row for row in blank if row < last_record)


def _first_other_line_end(path: Path) -> int | None:
    """The first row that ends otherwise than the heading: line breaks within quotes do not count."""
    ends: list[str] = []

    def noted(lines: IO[str]) -> Iterator[str]:
        for line in lines:
            ends[:] = [line[len(line.rstrip("\r\n")) :]]
            yield line

    with _open_text(path) as lines:
        first = ""
        for row, _ in enumerate(csv.reader(noted(lines)), start=1):
            first = first or ends[0]
            if ends[0] not in {first, ""}:
                return row
    return None


def _open_text(path: Path) -> IO[str]:
    return io.TextIOWrapper(_open_binary(path), encoding="utf-8-sig", newline="")


def _open_binary(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _encoding_fault(source_id: str, path: Path) -> Fault:
    row = None
    with _open_binary(path) as binary:
        for number, line in enumerate(binary, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                row = number
                break
    return Fault(
        file=source_id,
        row=row,
        problem="the file is not UTF-8 text",
        expected="UTF-8, with or without a byte-order mark",
        remedy="save the file as “CSV UTF-8”",
    )
