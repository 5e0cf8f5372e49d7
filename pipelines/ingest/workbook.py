"""Workbooks (XLSX, ODS): selects the sheet, and gives its rows as the text an analyst sees.

`workbook_cells` reads what cell values do not show. No cell is interpreted here.
"""

from __future__ import annotations

import datetime as dt
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Literal
from xml.parsers.expat import ExpatError

import python_calamine

from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.heading_row import ROWS_SEARCHED, Headings, NumberedRow, heading_row
from pipelines.ingest.workbook_cells import (
    Place,
    SheetMarks,
    TooLargeError,
    ods_marks,
    xlsx_marks,
)

# Workbooks of a national table unpack to 150 MB; XML of numbers compresses 5 to 20 times.
MOST_BYTES = 2**30
MOST_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 32 * 2**20
# Lists encrypted parts in ODS.
_MANIFEST = "META-INF/manifest.xml"
_MAIN_PART = {"xlsx": "xl/workbook.xml", "ods": "content.xml"}


@dataclass(frozen=True)
class SheetGrid:
    """A sheet as rows of cells, numbered as in the spreadsheet."""

    sheet_name: str
    sheet: python_calamine.CalamineSheet
    marks: SheetMarks

    def rows(self, *, is_strict: bool = False) -> Iterator[NumberedRow]:
        """Every row up to the last with content; a row without characters is empty."""
        del is_strict  # a workbook has no quotes to be strict about
        first_column = self.sheet.start[1] if self.sheet.start else 0
        left = [""] * first_column
        for row, values in enumerate(self.sheet.iter_rows(), start=1):
            cells = left + [
                self._text(value, (row, column))
                for column, value in enumerate(values, start=first_column + 1)
            ]
            yield row, cells if any(cells) else []

    def first_rows(self) -> list[NumberedRow]:
        """The rows in which to look for headings; vertically merged headings are repeated in each row."""
        rows = {row: list(cells) for row, cells in islice(self.rows(), ROWS_SEARCHED)}
        for top, bottom, left, _ in self.marks.merges:
            text = rows[top][left - 1] if top in rows and left <= len(rows[top]) else ""
            for row in range(top + 1, min(bottom, ROWS_SEARCHED) + 1 if text else top):
                if row in rows:
                    rows[row] += [""] * (left - len(rows[row]))
                    rows[row][left - 1] = text
        return list(rows.items())

    def _text(self, value: object, place: Place) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "TRUE" if value else "FALSE"
        if isinstance(value, int | float):
            number = float(value)
            if place in self.marks.percentages and math.isfinite(number):
                return f"{(Decimal(repr(number)) * 100).normalize():f}%"
            return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(value)
        if isinstance(value, dt.datetime):
            is_day = value.time() == dt.time()
            return value.date().isoformat() if is_day else value.isoformat(sep=" ")
        if isinstance(value, dt.date | dt.time):
            return value.isoformat()
        return str(value)


def open_sheet(
    source_id: str,
    path: Path,
    file_format: Literal["xlsx", "ods"],
    headings: Headings,
    sheet_name: str | None,
) -> SheetGrid:
    """Find the sheet: the one named, the only one, or the only one with the headings.

    Raises StudyError if the workbook is broken, protected or too large, or the sheet is ambiguous.
    """
    try:
        marks = _marks(source_id, path, file_format)
        workbook = python_calamine.CalamineWorkbook.from_path(str(path))
        grids = [
            SheetGrid(name, workbook.get_sheet_by_name(name), marks[name])
            for name in workbook.sheet_names
            if name in marks and (sheet_name is None or _is_same(name, sheet_name))
        ]
    except python_calamine.PasswordError:
        raise StudyError([_protected(source_id)]) from None
    except TooLargeError:
        raise StudyError([_bomb(source_id)]) from None
    except (
        *(zipfile.BadZipFile, python_calamine.CalamineError, ExpatError),
        *(OSError, KeyError, EOFError, ValueError, NotImplementedError, RuntimeError),
    ):
        raise StudyError([_broken(source_id, file_format)]) from None
    if sheet_name is None and len(grids) > 1:
        grids = [
            grid
            for grid in grids
            if headings.required
            and headings.n_found(heading_row(grid.first_rows(), headings)[1])
            == len(headings.required)
        ]
    if len(grids) != 1:
        raise StudyError([_no_one_sheet(source_id, list(marks), sheet_name, len(grids))])
    return grids[0]


def cell_faults(
    source_id: str, grid: SheetGrid, heading: int, headers: tuple[str, ...], headings: Headings
) -> list[Fault]:
    """Faults of error cells, uncalculated formulas, and headings merged over several columns."""
    faults: list[Fault] = []
    for row, column in sorted({*grid.marks.errors, *grid.marks.uncalculated}):
        header = headers[column - 1] if column <= len(headers) else ""
        if row < heading or (row > heading and not headings.is_meant(header)):
            continue
        is_error = (row, column) in grid.marks.errors
        faults.append(
            Fault(
                file=source_id,
                row=row,
                column=header or _letters(column),
                problem="the cell shows an error, not a value"
                if is_error
                else "the cell holds a formula that was never worked out",
                found=grid.marks.errors.get((row, column)) or None,
                expected="a value",
                remedy="mend the formula, or put the value in its place, and save the workbook"
                if is_error
                else "open the workbook in a spreadsheet program and save it again",
            )
        )
    for top, bottom, left, right in grid.marks.merges:
        header = headers[left - 1] if left <= len(headers) else ""
        if not top <= heading <= bottom or right == left or not headings.is_meant(header):
            continue
        faults.append(
            Fault(
                file=source_id,
                row=heading,
                column=header,
                problem=f"the heading {header!r} is merged over {right - left + 1} columns, "
                "so which of them is meant cannot be told",
                expected="one heading over each column",
                remedy="take the merge out and give each column its own heading",
            )
        )
    return faults


def _marks(
    source_id: str, path: Path, file_format: Literal["xlsx", "ods"]
) -> dict[str, SheetMarks]:
    """Check a workbook's archive and its size before unpacking, then read its marks."""
    with zipfile.ZipFile(path) as archive:
        n_bytes = sum(part.file_size for part in archive.infolist())
        most = max(RATIO_COUNTS_FROM_BYTES, path.stat().st_size * MOST_RATIO)
        if n_bytes > min(most, MOST_BYTES):
            raise TooLargeError
        # Detects false sizes: no part is read beyond its stated size, so its checksum would not match.
        if archive.testzip() is not None:
            raise zipfile.BadZipFile
        names = archive.namelist()
        if len(set(names)) != len(names):
            raise zipfile.BadZipFile
        if _MAIN_PART[file_format] not in names:
            other = next((kind for kind, part in _MAIN_PART.items() if part in names), None)
            raise StudyError([_not_named_so(source_id, file_format, other)])
        manifest = archive.read(_MANIFEST) if _MANIFEST in names else b""
        if b"encryption-data" in manifest:
            raise StudyError([_protected(source_id)])
        return xlsx_marks(archive) if file_format == "xlsx" else ods_marks(archive)


def _is_same(name: str, wanted: str) -> bool:
    return name.strip().casefold() == wanted.strip().casefold()


def _letters(column: int) -> str:
    """A column's letters, as in a spreadsheet."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _no_one_sheet(source_id: str, names: list[str], wanted: str | None, n_fitting: int) -> Fault:
    if wanted is not None:
        problem = f"the workbook has no sheet called {wanted!r}"
    elif not n_fitting:
        problem = "no sheet of the workbook has the headings that are looked for" if names else (
            "the workbook has no sheet"
        )  # fmt: skip
    else:
        problem = f"{n_fitting} sheets of the workbook have the headings that are looked for"
    return Fault(
        file=source_id,
        problem=problem,
        found="sheets " + ", ".join(names) if names else None,
        expected="one sheet with a heading row, then one row a record",
        remedy='name the sheet under its [[source]] in study.toml: sheet = "…"',
    )


def _protected(source_id: str) -> Fault:
    return Fault(
        file=source_id,
        problem="the workbook is protected by a password",
        expected="a workbook that opens without one",
        remedy="open it, take the password off, and save it again",
    )


def _bomb(source_id: str) -> Fault:
    return Fault(
        file=source_id,
        problem="the workbook unpacks to far more than a table would: it may be made to do harm",
        expected=f"at most {MOST_BYTES // 2**20:,} MiB unpacked, and {MOST_RATIO} times its packed size",
        remedy="delete what stands far below or beside the table, or save the sheet as CSV",
    )


def _broken(source_id: str, file_format: str) -> Fault:
    return Fault(
        file=source_id,
        problem="the workbook is broken or cut short",
        expected=f"a whole .{file_format} workbook",
        remedy="fetch the file again; or open it in a spreadsheet program and save it anew",
    )


def _not_named_so(source_id: str, file_format: str, other: str | None) -> Fault:
    found = f"an {other.upper()} workbook" if other else "a zip archive without a workbook in it"
    return Fault(
        file=source_id,
        problem=f"the file is not what its name says: it is {found}",
        expected=f"an {file_format.upper()} workbook",
        remedy=f"name it .{other}" if other else "take the file out of the archive",
    )
