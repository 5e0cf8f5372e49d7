"""Writes one table in every file format: several kinds of text, workbooks, and Parquet."""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.unit.ingest.reading import ods, text_cell, xlsx

Grid = list[list[str]]


def text(grid: Grid, *, delimiter: str = ",", line_end: str = "\n") -> str:
    """Delimited text."""
    lines = io.StringIO()
    csv.writer(lines, delimiter=delimiter, lineterminator=line_end).writerows(grid)
    return lines.getvalue()


def _csv(grid: Grid) -> bytes:
    return text(grid).encode()


def _written(write: Callable[[Path], Path]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return write(Path(folder)).read_bytes()


def _xlsx(grid: Grid) -> bytes:
    return _written(lambda folder: xlsx(folder, {"Sheet1": _typed(grid)}))


def _typed(grid: Grid) -> list[list[object]]:
    return [[cell or None for cell in row] for row in grid]


# Titles that exports put above a table.
TITLE: Grid = [["Exported from the authority's system"], []]
NOTE: Grid = [[], ["Total"], ["Source: school returns"]]


def _titled(grid: Grid) -> Grid:
    return [*TITLE, *grid, *NOTE]


def _ods(grid: Grid) -> bytes:
    rows = "".join(
        "<table:table-row>" + "".join(text_cell(cell) for cell in row) + "</table:table-row>"
        for row in grid
    )
    return _written(lambda folder: ods(folder, rows))


def _parquet(grid: Grid) -> bytes:
    heading, *rows = grid
    columns = [pa.array(cells, pa.string()) for cells in zip(*_typed(rows), strict=True)]
    table = pa.Table.from_arrays(
        columns or [pa.array([], pa.string())] * len(heading), names=heading
    )

    def write(folder: Path) -> Path:
        pq.write_table(table, folder / "table.parquet")
        return folder / "table.parquet"

    return _written(write)


# By file extension.
WRITERS: dict[str, Callable[[Grid], bytes]] = {
    "csv": _csv,
    "csv.gz": lambda grid: gzip.compress(_csv(grid), mtime=0),
    "bom.csv": lambda grid: "\ufeff".encode() + _csv(grid),
    "cp1252.csv": lambda grid: text(grid).encode("cp1252"),
    "utf16.csv": lambda grid: text(grid).encode("utf-16"),
    "semicolon.csv": lambda grid: text(grid, delimiter=";").encode(),
    "tab.csv": lambda grid: text(grid, delimiter="\t").encode(),
    "crlf.csv": lambda grid: text(grid, line_end="\r\n").encode(),
    "cr.csv": lambda grid: text(grid, line_end="\r").encode(),
    "titled.csv": lambda grid: _csv(_titled(grid)),
    "xlsx": _xlsx,
    "ods": _ods,
    "parquet": _parquet,
    "titled.xlsx": lambda grid: _xlsx(_titled(grid)),
}
FORMATS: Sequence[str] = tuple(WRITERS)
WORKBOOKS = ("xlsx", "ods")


def rows_above(file_format: str) -> int:
    """Number of rows above the heading."""
    return len(TITLE) if file_format.startswith("titled") else 0
