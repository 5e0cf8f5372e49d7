"""Delimited text: detects encoding, delimiter and line ends, and reads rows or builds the SQL to read them.

It does not interpret cells or choose the heading row.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Literal

from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.content import chunks, empty, is_gzipped, open_binary
from pipelines.ingest.heading_row import ROWS_SEARCHED, Headings, NumberedRow, heading_row
from pipelines.store.store import one_file
from pipelines.study.settings import Encoding

# Cells may hold long statements, beyond the csv module's default limit.
csv.field_size_limit(10_000_000)

DELIMITERS = (",", ";", "\t")
_CODECS: dict[Encoding, str] = {"utf-8": "utf-8-sig", "cp1252": "cp1252", "utf-16": "utf-16"}
_MARKS: tuple[tuple[bytes, Encoding], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF8_LETTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_NOT_IN_CP1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
_BLANK_LINE = re.compile(rb"\n[\r\n]")
# How a row of blank cells begins: with a delimiter, a space, a quote or the text NULL.
_BLANK_START = re.compile(rb'\n[,;\t "\xc2N]')
# Enough for the last line of any table; longer lines are read row by row.
_TAIL_BYTES = 1 << 16


@dataclass(frozen=True)
class Survey:
    """Result of one pass over all bytes: encoding, line ends, and the last bytes as text."""

    encoding: Encoding
    line_end: Literal["\n", "\r\n", "\r", "mixed"]
    has_blank_line: bool
    # Whether a row may consist of blank cells; most files have no row that begins so.
    may_have_blank_rows: bool
    # A quote after or before a space, which DuckDB reads as the start or the end of a quoted cell.
    has_spaced_quote: bool
    is_ascii: bool
    tail: str


@dataclass(frozen=True)
class TextGrid:
    """A text file as rows of cells, numbered as in a spreadsheet."""

    path: Path
    encoding: Encoding
    delimiter: str

    def rows(self, *, is_strict: bool = False) -> Iterator[NumberedRow]:
        """Every row; a line without characters is an empty row. If strict, a stray quote is a csv.Error."""
        with open_text(self.path, self.encoding) as lines:
            reader = csv.reader(lines, delimiter=self.delimiter, strict=is_strict)
            yield from enumerate(reader, start=1)

    def first_rows(self) -> list[NumberedRow]:
        """The rows in which to look for headings."""
        rows: list[NumberedRow] = []
        # With a wrong delimiter, quotes may not parse.
        with suppress(csv.Error):
            rows.extend(islice(self.rows(), ROWS_SEARCHED))
        return rows

    def scan(self, n_columns: int, blank_rows: tuple[int, ...], *, is_ascii: bool) -> str:
        """SQL with which DuckDB reads a UTF-8 file with headings in row 1: all cells as text, c0, c1 …

        Non-breaking spaces become spaces; a file that `is_ascii` has none to look for.
        """
        columns = {f"c{index}": "VARCHAR" for index in range(n_columns)}
        cells = (
            "*" if is_ascii else ", ".join(f"{plain_spaces(name)} AS {name}" for name in columns)
        )
        reader = (
            f"read_csv({one_file(self.path)}, columns = {columns}, header = true, auto_detect = false, "
            f"compression = '{'gzip' if is_gzipped(self.path) else 'none'}', "
            f"delim = '{self.delimiter}', quote = '\"', escape = '\"', null_padding = true, "
            # Otherwise a folder named a=b would add a column.
            "hive_partitioning = false)"
        )
        row = "row_number() OVER () + 1"
        if blank_rows:
            # Number of non-blank rows above each blank row.
            above = [blank - 2 - nth for nth, blank in enumerate(blank_rows)]
            row = f"{row} + len(list_filter({above}, lambda n: n < row_number() OVER ()))"
        return f"(SELECT {row} AS row_number, {cells} FROM {reader})"

    def blank_rows(self) -> tuple[int, ...]:
        """Empty rows before the last record, which DuckDB skips."""
        blank: list[int] = []
        last_record = 1
        for row, cells in self.rows():
            if cells:
                last_record = row
            else:
                blank.append(row)
        return tuple(row for row in blank if row < last_record)


def plain_spaces(text: str) -> str:
    """SQL for a text with spaces in place of non-breaking ones."""
    return f"replace({text}, chr(160), ' ')"


def open_grid(
    source_id: str, path: Path, headings: Headings, stated: Encoding | None
) -> tuple[TextGrid, Survey]:
    """Detect how a text file is written.

    The delimiter is the one that yields a row with the most required headings. Raises StudyError if the file
    is not text, its encoding is unknown, or its line ends differ.
    """
    survey = _survey(source_id, path, stated)
    grids = [TextGrid(path, survey.encoding, delimiter) for delimiter in DELIMITERS]
    grid = max(
        grids, key=lambda grid: headings.n_found(heading_row(grid.first_rows(), headings)[1])
    )
    if survey.line_end == "mixed":
        row = _first_other_line_end(grid)
        if row is not None:
            raise StudyError(
                [
                    Fault(
                        file=source_id,
                        row=row,
                        problem="the file cannot be read as comma-separated text: its rows do not all "
                        "end in the same way",
                        expected="one kind of line end throughout",
                        remedy="export the file again as CSV (UTF-8)",
                    )
                ]
            )
    return grid, survey


def open_text(path: Path, encoding: Encoding) -> IO[str]:
    """A file's characters, with line ends unchanged."""
    return io.TextIOWrapper(open_binary(path), encoding=_CODECS[encoding], newline="")


def _survey(source_id: str, path: Path, stated: Encoding | None) -> Survey:
    """Read all bytes once, so that damage is found before anything is stored."""
    parts = chunks(source_id, path)
    first = next(parts, b"")
    if not first:
        raise StudyError([empty(source_id)])
    marked = next((encoding for mark, encoding in _MARKS if first.startswith(mark)), None)
    if marked and stated and marked != stated:
        raise StudyError([_other_encoding(source_id, marked, stated)])
    encoding: Encoding = marked or stated or "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)()
    is_decoded = True
    has_nul = has_blank_line = has_blank_start = has_spaced_quote = has_lone_lf = False
    is_ascii = True
    n_cr = n_lf = n_crlf = 0
    last, tail = b"", b""
    for chunk in chain((first,), parts, (b"",)):
        plain = chunk
        is_chunk_ascii = chunk.isascii()
        is_ascii = is_ascii and is_chunk_ascii
        if is_decoded and (encoding == "utf-16" or not is_chunk_ascii or decoder.getstate()[0]):
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                if encoding != "utf-8" or stated or error.reason == "unexpected end of data":
                    raise StudyError([_undecodable(source_id, path, encoding)]) from None
                is_decoded = False
            if encoding == "utf-16":
                plain = text.encode()
        joined = last + plain
        has_nul = has_nul or b"\0" in plain
        has_cr = b"\r" in joined
        has_blank_line = has_blank_line or _BLANK_LINE.search(joined) is not None
        has_blank_line = has_blank_line or (has_cr and b"\r\r" in joined)
        has_blank_start = has_blank_start or _BLANK_START.search(joined) is not None
        if b'"' in joined:
            has_spaced_quote = has_spaced_quote or b' "' in joined or b'" ' in joined
        # Most files have no carriage return: then no line ends need be counted.
        if has_cr:
            n_cr += plain.count(b"\r")
            n_lf += plain.count(b"\n")
            n_crlf += joined.count(b"\r\n")
        else:
            has_lone_lf = has_lone_lf or b"\n" in plain
        last = plain[-1:] or last
        tail = (tail + plain)[-_TAIL_BYTES:]
    if not is_decoded:
        encoding = _older_encoding(source_id, path)
    if has_nul:
        raise StudyError([_nul(source_id, path, encoding)])
    codec = "utf-8" if encoding == "utf-16" else encoding
    return Survey(
        encoding,
        _line_end(n_cr, n_lf + has_lone_lf, n_crlf),
        has_blank_line,
        has_blank_line or has_blank_start,
        has_spaced_quote,
        is_ascii,
        tail.decode(codec, "replace"),
    )


def _line_end(n_cr: int, n_lf: int, n_crlf: int) -> Literal["\n", "\r\n", "\r", "mixed"]:
    if not n_cr:
        return "\n"
    if n_cr == n_lf == n_crlf:
        return "\r\n"
    return "mixed" if n_lf else "\r"


def _first_other_line_end(grid: TextGrid) -> int | None:
    """The first row with a different line end from row 1; line breaks within quotes do not count."""
    ends: list[str] = []

    def noted(lines: IO[str]) -> Iterator[str]:
        for line in lines:
            ends[:] = [line[len(line.rstrip("\r\n")) :]]
            yield line

    with open_text(grid.path, grid.encoding) as lines:
        first = ""
        reader = csv.reader(noted(lines), delimiter=grid.delimiter)
        try:
            for row, _ in enumerate(reader, start=1):
                first = first or ends[0]
                if ends[0] not in {first, ""}:
                    return row
        except csv.Error:
            # An unclosed quote is reported when the rows are read.
            return None
    return None


def _older_encoding(source_id: str, path: Path) -> Encoding:
    """The encoding of text that is not UTF-8: cp1252, if that is possible.

    Raises StudyError if some letters are UTF-8, because the file is then damaged, or if it has a byte that
    cp1252 lacks.
    """
    with open_binary(path) as lines:
        is_partly_utf8 = any(_UTF8_LETTER.search(line) for line in lines)
    if is_partly_utf8:
        raise StudyError([_undecodable(source_id, path, "utf-8")])
    with open_binary(path) as lines:
        is_other = any(_NOT_IN_CP1252.search(line) for line in lines)
    if is_other:
        raise StudyError([_undecodable(source_id, path, "cp1252")])
    return "cp1252"


def _first_undecodable_row(path: Path, encoding: Encoding) -> int | None:
    if encoding == "utf-16":
        return None
    # Every byte is valid latin-1, so rows can be separated whatever the encoding.
    with io.TextIOWrapper(open_binary(path), encoding="latin-1", newline="") as lines:
        try:
            for row, cells in enumerate(csv.reader(lines), start=1):
                try:
                    "\n".join(cells).encode("latin-1").decode(encoding)
                except UnicodeDecodeError:
                    return row
        except csv.Error:
            return None
    return None


def _undecodable(source_id: str, path: Path, encoding: Encoding) -> Fault:
    row = _first_undecodable_row(path, encoding)
    if encoding == "cp1252":
        problem = "the file is neither UTF-8 nor cp1252 (Windows) text"
    elif encoding == "utf-16":
        problem = "the file begins as UTF-16 text and does not go on as such"
    else:
        problem = "the file is not UTF-8 text"
    return Fault(
        file=source_id,
        row=row,
        problem=problem,
        expected="one encoding throughout: UTF-8, cp1252 (Windows), or UTF-16 with a mark",
        remedy="save the file as “CSV UTF-8”; or if all of it is Windows text, write "
        'encoding = "cp1252" under its [[source]]',
    )


def _other_encoding(source_id: str, marked: Encoding, stated: Encoding) -> Fault:
    return Fault(
        file=source_id,
        problem=f"the file is marked as {marked} and study.toml says {stated}",
        expected="one of the two",
        remedy="take encoding out of its [[source]]",
    )


def _nul(source_id: str, path: Path, encoding: Encoding) -> Fault:
    row = None
    try:
        for number, cells in TextGrid(path, encoding, ",").rows():
            if any("\0" in cell for cell in cells):
                row = number
                break
    except csv.Error:
        pass
    return Fault(
        file=source_id,
        row=row,
        problem="the file holds a NUL character, which no text has: it is damaged, or no text",
        expected="text",
        remedy="fetch or export the file again",
    )
