"""Opens every source file, whatever its format, as headings and numbered rows of text.

Text files are read by `delimited`, workbooks by `workbook`, Parquet files by `parquet`. `records` and
`performance_tables` interpret the cells.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.content import Format, empty, format_of
from pipelines.ingest.delimited import Survey, TextGrid, open_grid, plain_spaces
from pipelines.ingest.heading_row import ANY_HEADINGS, Headings, heading_row, heading_text, repeated
from pipelines.ingest.last_record import cut_record
from pipelines.ingest.parquet import ParquetGrid, broken, open_parquet
from pipelines.ingest.workbook import SheetGrid, cell_faults, open_sheet
from pipelines.study.settings import Encoding, Source

ABOVE_THE_HEADING = "above the heading"
BELOW_THE_RECORDS = "total or note below the records"
# How a row below the records begins; any other row is checked as a record.
_TOTAL_OR_NOTE = re.compile(
    r"\W*((grand |overall |sub-?)?totals?|sources?|(foot)?notes?|produced|generated|exported|printed|"
    r"end of|crown copyright|contains public sector|©|\(c\) crown)(?!\w)|©",
    re.IGNORECASE,
)
# A last heading whose publisher writes extra cells beyond it, and the form of those cells. The register's
# search download gives each further link of a school (its number, then its type) another cell.
_RAGGED_TAILS = {"linked establishments": re.compile(r"$|.*\b[0-9]{5,7}\b")}
# The widest published table, for Key Stage 4, has some 400.
MOST_COLUMNS = 2_000
_ROWS_A_BATCH = 10_000
_STREAM = "rows_of_file"


@dataclass(frozen=True)
class Reading:
    """How a file was read, for the run's record."""

    file_format: Format
    encoding: Encoding | None = None
    delimiter: str | None = None
    sheet: str | None = None


@dataclass(frozen=True)
class TabularFile:
    """A file with one heading row: text, gzipped text, a worksheet or a Parquet file."""

    source_id: str
    headers: tuple[str, ...]
    heading_row: int
    reading: Reading
    headings: Headings
    grid: TextGrid | SheetGrid | ParquetGrid
    # SQL with which DuckDB reads the file in parallel; None if Python must read it.
    direct_scan: str | None = None
    may_have_blank_rows: bool = True

    def cells(self, places: list[tuple[int, int]]) -> dict[tuple[int, int], str]:
        """The text at (row, column index) places, for the analyst's own terminal."""
        wanted = set(places)
        last = max((row for row, _ in wanted), default=0)
        found: dict[tuple[int, int], str] = {}
        for row, cells in self.grid.rows() if wanted else ():
            if row > last:
                break
            for place in [place for place in wanted if place[0] == row]:
                if place[1] < len(cells):
                    found[place] = cells[place[1]]
        return found


def open_source(source: Source, path: Path, headings: Headings) -> TabularFile:
    """Open a `[[source]]` with its settings. Raises StudyError as `open_tabular` does."""
    return open_tabular(source.file, path, headings, sheet=source.sheet, encoding=source.encoding)


def open_tabular(
    source_id: str,
    path: Path,
    headings: Headings = ANY_HEADINGS,
    *,
    sheet: str | None = None,
    encoding: Encoding | None = None,
) -> TabularFile:
    """Detect a file's format and find its headings.

    Raises StudyError if the file is broken, cut short, in another format than its name says, repeats a
    heading, or leaves open which sheet or column is meant.
    """
    file_format = format_of(source_id, path)
    _refuse_unused_settings(source_id, file_format, sheet, encoding)
    if file_format == "csv":
        text_grid, survey = open_grid(source_id, path, headings, encoding)
        number, cells = heading_row(text_grid.first_rows(), headings)
        headers = _headers(source_id, number, cells, headings)
        reading = Reading("csv", survey.encoding, text_grid.delimiter)
        scan = _direct_scan(text_grid, survey, number, headers)
        file = TabularFile(
            *(source_id, headers, number, reading, headings, text_grid, scan),
            may_have_blank_rows=scan is None or survey.may_have_blank_rows,
        )
        cut = cut_record(
            source_id,
            text_grid,
            survey,
            heading_row=number,
            n_headings=len(headers),
            is_note=partial(_is_total_or_note, file),
        )
        if cut is not None:
            raise StudyError([cut])
        return file
    if file_format == "parquet":
        parquet = open_parquet(source_id, path)
        headers = _headers(source_id, 1, parquet.headings, headings)
        scan = parquet.scan()
        return TabularFile(source_id, headers, 1, Reading("parquet"), headings, parquet, scan)
    sheet_grid = open_sheet(source_id, path, file_format, headings, sheet)
    number, cells = heading_row(sheet_grid.first_rows(), headings)
    headers = _headers(source_id, number, cells, headings)
    if faults := cell_faults(source_id, sheet_grid, number, headers, headings):
        raise StudyError(faults)
    reading = Reading(file_format, sheet=sheet_grid.sheet_name)
    return TabularFile(source_id, headers, number, reading, headings, sheet_grid)


def create_from_scan(
    con: duckdb.DuckDBPyConnection, file: TabularFile, statement: str
) -> dict[str, int]:
    """Run a statement containing `{scan}` over the file's records; returns rows set aside, by reason.

    `{scan}` becomes a subquery with every row as text, in columns c0, c1 …; blank and missing cells are NULL,
    non-breaking spaces are spaces.
    `row_number` is the row as in a spreadsheet. Raises StudyError naming every malformed row, because
    DuckDB's own message would quote it.
    """
    if file.direct_scan is not None:
        try:
            con.execute(statement.replace("{scan}", file.direct_scan))
        except duckdb.Error:
            # Fall back to reading row by row, which finds and reports malformed rows.
            pass
        else:
            return {}
    stream = _Stream(file)
    names = [f"c{index}" for index in range(len(file.headers))]
    schema = pa.schema([("row_number", pa.int64()), *((name, pa.string()) for name in names)])
    cells = ", ".join(f"nullif({plain_spaces(name)}, '') AS {name}" for name in names)
    con.register(_STREAM, pa.RecordBatchReader.from_batches(schema, stream.batches(schema)))
    try:
        con.execute(statement.replace("{scan}", f"(SELECT row_number, {cells} FROM {_STREAM})"))
    except duckdb.Error:
        if not stream.faults:
            raise
        raise StudyError(stream.faults) from None
    finally:
        con.unregister(_STREAM)
    return {reason: n_rows for reason, n_rows in stream.set_asides.items() if n_rows}


class _Stream:
    """The records of a file in order; collects faults and rows set aside."""

    def __init__(self, file: TabularFile) -> None:
        self.file = file
        self.faults: list[Fault] = []
        self.set_asides = {ABOVE_THE_HEADING: 0, BELOW_THE_RECORDS: 0}

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Records as Arrow batches. At the end raises StudyError, which DuckDB wraps, if there are faults."""
        width = len(self.file.headers)
        records = self._records()
        while rows := list(islice(records, _ROWS_A_BATCH)):
            filled = [
                cells if len(cells) == width else [*cells[:width], *[""] * (width - len(cells))]
                for _, cells in rows
            ]
            columns = [[row for row, _ in rows], *zip(*filled, strict=True)]
            arrays = map(pa.array, columns, schema.types)
            yield pa.RecordBatch.from_arrays(list(arrays), schema=schema)
        if self.faults:
            raise StudyError(self.faults)

    def _records(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Rows below the heading, without the totals and notes that follow the last record."""
        held: list[tuple[int, Sequence[str]]] = []
        width = len(self.file.headers)
        for row, cells in self._rows():
            if row < self.file.heading_row:
                self.set_asides[ABOVE_THE_HEADING] += any(cells)
            if row <= self.file.heading_row or not (cells or width == 1):
                continue
            if any(cells[width:]) and not self._is_ragged_tail(cells[width:]):
                self.faults.append(_too_long(self.file, row, cells))
            is_blank = held and not any(cell.strip() for cell in cells)
            if is_blank or _is_total_or_note(self.file, cells):
                held.append((row, cells))
                continue
            yield from held
            held.clear()
            yield row, cells
        for row, cells in held:
            if any(cell.strip() for cell in cells):
                self.set_asides[BELOW_THE_RECORDS] += 1
            else:
                yield row, cells

    def _is_ragged_tail(self, surplus: Sequence[str]) -> bool:
        """Whether cells beyond the last heading are extra cells that its publisher writes."""
        pattern = _RAGGED_TAILS.get(self.file.headers[-1].casefold())
        return pattern is not None and all(pattern.match(cell.strip()) for cell in surplus)

    def _rows(self) -> Iterator[tuple[int, Sequence[str]]]:
        row = 0
        try:
            for row, cells in self.file.grid.rows(is_strict=True):
                yield row, cells
        except csv.Error:
            self.faults.append(
                Fault(
                    file=self.file.source_id,
                    row=row + 1,
                    problem="a quotation mark in this row is not closed, or stands inside a cell",
                    expected='cells with a comma or a quote in double quotes, inner quotes doubled ("")',
                    remedy="mend the row, or export the file again",
                )
            )
        except duckdb.Error:
            # Only a Parquet file is read by DuckDB here.
            self.faults.append(broken(self.file.source_id))


def _too_long(file: TabularFile, row: int, cells: Sequence[str]) -> Fault:
    """The fault for a row longer than the heading; suggests an unquoted comma only if the cells look like
    it."""
    width = len(file.headers)
    remedy = "look at the end of the row: take out what stands beyond the last heading, or give it a heading"
    # A comma within a text is usually followed by a space.
    halves = [nth for nth, cell in enumerate(cells, start=1) if cell[:1] == " " and cell.strip()]
    if isinstance(file.grid, TextGrid) and len(halves) == len(cells) - width:
        remedy = (
            f"cells {halves[0] - 1} and {halves[0]} seem to be one with {file.grid.delimiter!r} in it: "
            "put it in double quotes, or export the file again"
        )
    return Fault(
        file=file.source_id,
        row=row,
        problem=f"the row has {len(cells)} cells, the heading has {width}",
        expected="no more cells than headings",
        remedy=remedy,
    )


def _is_total_or_note(file: TabularFile, cells: Sequence[str]) -> bool:
    """Whether a row is no record: it begins like a total or a note and lacks required cells.

    Half of the other required cells must be blank, or all others if none is required.
    """
    first = next((index for index, cell in enumerate(cells) if cell.strip()), None)
    if first is None or not _TOTAL_OR_NOTE.match(cells[first].strip()):
        return False
    required = [
        index
        for index, header in enumerate(file.headers)
        if index != first
        and (
            not file.headings.required
            or any(header.casefold() in names for names in file.headings.required)
        )
    ]
    n_blank = sum(index >= len(cells) or not cells[index].strip() for index in required)
    most = len(required) / 2 if file.headings.required else len(required)
    return n_blank > 0 and n_blank >= most


def _direct_scan(
    grid: TextGrid, survey: Survey, heading: int, headers: tuple[str, ...]
) -> str | None:
    """SQL for a file that DuckDB can read directly: UTF-8, heading in row 1, nothing below the records."""
    if survey.encoding != "utf-8" or heading != 1 or survey.line_end not in {"\n", "\r\n"}:
        return None
    if survey.has_spaced_quote:
        return None
    nothing = f' "\t\r{grid.delimiter}'
    last_lines = survey.tail.split("\n")
    while last_lines and not last_lines[-1].strip(nothing) and last_lines[-1].count('"') % 2 == 0:
        last_lines.pop()
    last_line = last_lines[-1] if last_lines else ""
    if _TOTAL_OR_NOTE.match(last_line.lstrip(nothing)) or last_line.count('"') % 2:
        return None
    # In a file of one column, blank lines are blank cells.
    blank_rows = grid.blank_rows() if survey.has_blank_line and len(headers) > 1 else ()
    return grid.scan(len(headers), blank_rows, is_ascii=survey.is_ascii)


def _headers(source_id: str, row: int, cells: Sequence[str], headings: Headings) -> tuple[str, ...]:
    if len(cells) > MOST_COLUMNS:
        raise StudyError([_too_wide(source_id, row, len(cells))])
    headers = tuple(heading_text(cell) for cell in cells)
    if not any(headers):
        raise StudyError([empty(source_id)])
    if faults := repeated(source_id, row, headers, headings):
        raise StudyError(faults)
    return headers


def _too_wide(source_id: str, row: int, n_columns: int) -> Fault:
    return Fault(
        file=source_id,
        row=row,
        problem=f"the heading row has {n_columns:,} cells, more than any table of results",
        expected=f"at most {MOST_COLUMNS:,} columns",
        remedy="take out the columns that are not of the table, or export the file again",
    )


def _refuse_unused_settings(
    source_id: str, file_format: Format, sheet: str | None, encoding: Encoding | None
) -> None:
    """Refuse a setting that does not apply to the file's format: it shows a mistake about the file."""
    given = [
        f"{name} = {value!r}"
        for name, value, formats in (
            ("sheet", sheet, ("xlsx", "ods")),
            ("encoding", encoding, ("csv",)),
        )
        if value is not None and file_format not in formats
    ]
    if given:
        name = given[0].split()[0]
        raise StudyError(
            [
                Fault(
                    file=source_id,
                    problem=f"study.toml gives its {name}, which such a file does not have",
                    found=given[0],
                    expected="sheet for a workbook, encoding for text",
                    remedy=f"take {name} out of its [[source]]",
                )
            ]
        )
