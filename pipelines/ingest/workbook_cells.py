"""What a worksheet's XML shows beyond cell values: merges, errors, percentages, size.

The XML is streamed directly, because the library that reads values returns errors and uncalculated formulas
as blanks. `workbook` decides what to do about them.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

# NumberedRow and column, both from 1.
Place = tuple[int, int]
# First and last row, first and last column of merged cells, inclusive.
Merge = tuple[int, int, int, int]

# The library that reads values stores every cell of a sheet: at 30 bytes each this is a gigabyte.
MOST_CELLS = 30_000_000
# It also copies a shared text into each cell that uses it.
MOST_CHARACTERS = 2**30
# ODS writes repeated rows once with a count. More than this is not plausible in a real file.
MOST_REPEATS = 10_000
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_PERCENT_FORMATS = {"9", "10"}
_CHUNK_BYTES = 1 << 18
_SHARED_TEXTS = "xl/sharedStrings.xml"
_ODS_CELLS = {"table-cell", "covered-table-cell"}


class TooLargeError(Exception):
    """A sheet would not fit in memory."""


@dataclass
class SheetMarks:
    """What the XML says about one sheet."""

    n_rows: int = 0
    n_columns: int = 0
    merges: list[Merge] = field(default_factory=list)
    errors: dict[Place, str] = field(default_factory=dict)
    uncalculated: set[Place] = field(default_factory=set)
    percentages: set[Place] = field(default_factory=set)

    n_characters: int = 0

    def reach(self, row: int, column: int, n_characters: int) -> None:
        """Count cells up to a place. Raises TooLargeError if there are too many to read."""
        self.n_characters += n_characters
        self.n_rows = max(self.n_rows, row)
        self.n_columns = max(self.n_columns, column)
        if self.n_rows * self.n_columns > MOST_CELLS or self.n_characters > MOST_CHARACTERS:
            raise TooLargeError


def xlsx_marks(archive: zipfile.ZipFile) -> dict[str, SheetMarks]:
    """The marks of every worksheet, by name.

    Raises TooLargeError, KeyError for a missing part, ExpatError for broken XML.
    """
    percent_styles = _percent_styles(archive)
    shared = _SharedTexts()
    if _SHARED_TEXTS in archive.namelist():
        with archive.open(_SHARED_TEXTS) as stream:
            _parse(stream, shared.start, text=shared.text)
    marks: dict[str, SheetMarks] = {}
    for name, part in _xlsx_sheets(archive):
        reader = _XlsxSheet(percent_styles, shared.lengths)
        with archive.open(part) as stream:
            _parse(stream, reader.start, reader.end, reader.text)
        marks[name] = reader.marks
    return marks


def ods_marks(archive: zipfile.ZipFile) -> dict[str, SheetMarks]:
    """The marks of every sheet, by name. Raises as `xlsx_marks` does."""
    reader = _OdsContent()
    with archive.open("content.xml") as stream:
        _parse(stream, reader.start, reader.end, reader.text)
    return reader.sheets


def _parse(
    stream: IO[bytes],
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    while chunk := stream.read(_CHUNK_BYTES):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _elements(archive: zipfile.ZipFile, part: str) -> list[tuple[str, dict[str, str]]]:
    """Every element of a small part, in document order."""
    found: list[tuple[str, dict[str, str]]] = []
    with archive.open(part) as stream:
        _parse(
            stream,
            lambda name, attributes: found.append((_local(name), attributes)),
        )
    return found


def _xlsx_sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and part of each worksheet."""
    target_of = {
        attributes.get("Id"): attributes.get("Target", "")
        for name, attributes in _elements(archive, "xl/_rels/workbook.xml.rels")
        if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet")
    }
    for name, attributes in _elements(archive, "xl/workbook.xml"):
        id_ = next((value for key, value in attributes.items() if key.endswith(":id")), None)
        if name == "sheet" and id_ in target_of:
            yield (
                attributes.get("name", ""),
                posixpath.normpath(posixpath.join("/xl", target_of[id_]))[1:],
            )


def _percent_styles(archive: zipfile.ZipFile) -> set[str]:
    """The style numbers that display a number as a percentage."""
    if "xl/styles.xml" not in archive.namelist():
        return set()
    formats = set(_PERCENT_FORMATS)
    cell_formats: list[str] | None = None
    for name, attributes in _elements(archive, "xl/styles.xml"):
        if name == "numFmt" and "%" in attributes.get("formatCode", ""):
            formats.add(attributes.get("numFmtId", ""))
        elif name == "cellXfs":
            cell_formats = []
        elif name == "xf" and cell_formats is not None:
            cell_formats.append(attributes.get("numFmtId", ""))
    return {str(index) for index, id_ in enumerate(cell_formats or ()) if id_ in formats}


def _place(reference: str) -> Place | None:
    found = _REFERENCE.fullmatch(reference.upper())
    if not found:
        return None
    column = 0
    for letter in found.group(1):
        column = column * 26 + ord(letter) - 64
    return int(found.group(2)), column


class _SharedTexts:
    """The length of each text that cells refer to by number."""

    def __init__(self) -> None:
        self.lengths: list[int] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        del attributes
        if _local(name) == "si":
            self.lengths.append(0)

    def text(self, text: str) -> None:
        if self.lengths:
            self.lengths[-1] += len(text)


class _XlsxSheet:
    """Collects the marks of one worksheet."""

    def __init__(self, percent_styles: set[str], shared_lengths: list[int]) -> None:
        self.marks = SheetMarks()
        self._percent_styles = percent_styles
        self._shared_lengths = shared_lengths
        self._row = self._column = 0
        self._kind = self._style = self._value = ""
        self._has_formula = self._is_in_value = self._has_content = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = _local(name)
        if name == "c":
            place = _place(attributes.get("r", ""))
            self._row, self._column = place or (self._row, self._column + 1)
            self._kind = attributes.get("t", "n")
            self._style = attributes.get("s", "")
            self._value = ""
            self._has_formula = self._has_content = False
        elif name in {"v", "t"}:
            self._is_in_value = self._has_content = True
        elif name == "f":
            self._has_formula = self._has_content = True
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if number.isdecimal() else self._row + 1
            self._column = 0
        elif name == "mergeCell":
            first, _, last = attributes.get("ref", "").partition(":")
            ends = _place(first), _place(last or first)
            if ends[0] and ends[1]:
                self.marks.merges.append((ends[0][0], ends[1][0], ends[0][1], ends[1][1]))

    def text(self, text: str) -> None:
        if self._is_in_value:
            self._value += text

    def end(self, name: str) -> None:
        name = _local(name)
        if name in {"v", "t"}:
            self._is_in_value = False
        elif name == "c":
            place = (self._row, self._column)
            if self._kind == "e":
                self.marks.errors[place] = self._value
            elif self._has_formula and not self._value and self._kind != "str":
                self.marks.uncalculated.add(place)
            elif self._kind == "n" and self._style in self._percent_styles and self._value:
                self.marks.percentages.add(place)
            # The library stores empty texts as cells, but not cells that only have a format.
            if self._has_content:
                self.marks.reach(*place, self._n_characters())

    def _n_characters(self) -> int:
        if self._kind != "s":
            return len(self._value)
        number = self._value.strip()
        if not number.isdecimal() or len(number) >= 10 or int(number) >= len(self._shared_lengths):
            return 0
        return self._shared_lengths[int(number)]


class _OdsContent:
    """Collects the marks of `content.xml`, in which repeated rows and cells are written once with a count."""

    def __init__(self) -> None:
        self.sheets: dict[str, SheetMarks] = {}
        self._marks = SheetMarks()
        self._row = self._column = 0
        self._n_rows = self._n_equal = 1
        # For the current row: filled cells (first column, count, kind), and texts of errors.
        self._cells: list[tuple[int, int, str]] = []
        self._n_characters = 0
        self._errors: dict[int, str] = {}
        self._error_column: int | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        name = _local(name)
        if name == "table":
            self._marks = SheetMarks()
            self.sheets[attributes.get("table:name", "")] = self._marks
            self._row = 0
        elif name == "table-row":
            self._n_rows = _count(attributes, "table:number-rows-repeated")
            self._column = 0
            self._cells, self._errors = [], {}
            self._n_characters = 0
        elif name == "s":
            # A run of spaces, written as a count.
            self._n_characters += self._n_equal * _count(attributes, "text:c")
        elif name in _ODS_CELLS:
            n_cells = self._n_equal = _count(attributes, "table:number-columns-repeated")
            kind = _ods_kind(attributes)
            if kind:
                self._cells.append((self._column + 1, n_cells, kind))
            if kind == "error":
                self._error_column = self._column + 1
                self._errors[self._error_column] = ""
            self._merged(attributes)
            self._column += n_cells

    def text(self, text: str) -> None:
        self._n_characters += self._n_equal * len(text)
        if self._error_column is not None:
            self._errors[self._error_column] += text

    def end(self, name: str) -> None:
        name = _local(name)
        if name in _ODS_CELLS:
            self._error_column = None
        elif name == "table-row":
            if self._cells:
                self._close_row()
            self._row += self._n_rows

    def _close_row(self) -> None:
        if self._n_rows > MOST_REPEATS:
            raise TooLargeError
        marks = self._marks
        n_characters = self._n_rows * self._n_characters
        for first, n_cells, kind in self._cells:
            marks.reach(self._row + self._n_rows, first + n_cells - 1, n_characters)
            n_characters = 0
            if kind not in {"error", "percentage", "uncalculated"}:
                continue
            for row in range(self._row + 1, self._row + self._n_rows + 1):
                places = {(row, column) for column in range(first, first + n_cells)}
                if kind == "percentage":
                    marks.percentages |= places
                elif kind == "error":
                    marks.errors.update(dict.fromkeys(places, self._errors[first].strip()))
                else:
                    marks.uncalculated |= places

    def _merged(self, attributes: dict[str, str]) -> None:
        n_columns = _count(attributes, "table:number-columns-spanned")
        n_rows = _count(attributes, "table:number-rows-spanned")
        if n_columns > 1 or n_rows > 1:
            row, column = self._row + 1, self._column + 1
            self._marks.merges.append((row, row + n_rows - 1, column, column + n_columns - 1))


def _count(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "1")
    return max(int(text), 1) if text.isdecimal() and len(text) < 10 else 1


def _ods_kind(attributes: dict[str, str]) -> str:
    """The kind of a cell, or "" if it has no content."""
    kind = attributes.get("office:value-type", "")
    if attributes.get("calcext:value-type") == "error":
        return "error"
    if not kind and "table:formula" in attributes:
        return "uncalculated"
    return kind
