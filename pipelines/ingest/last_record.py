"""Detects a text file that stops in the middle of its last record, for example after an interrupted copy.

A file counts as cut if it has no final line end and its last record is shorter than the heading and than
every other record.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence

from pipelines.errors.fault import Fault
from pipelines.ingest.delimited import Survey, TextGrid


def cut_record(
    source_id: str,
    grid: TextGrid,
    survey: Survey,
    *,
    heading_row: int,
    n_headings: int,
    is_note: Callable[[Sequence[str]], bool],
) -> Fault | None:
    """The fault for a truncated last record, if there is one; `is_note` recognises rows that are no
    records."""
    if survey.tail.endswith(("\n", "\r")) or _is_whole(survey.tail, grid.delimiter, n_headings):
        return None
    last_row, last, shortest = 0, list[str](), n_headings
    try:
        for row, cells in grid.rows(is_strict=True):
            if row <= heading_row or not any(cell.strip() for cell in cells):
                continue
            shortest = min(shortest, len(last) or n_headings)
            last_row, last = row, list(cells)
    except csv.Error:
        # An unclosed quote is reported when the rows are read.
        return None
    if not last or len(last) >= shortest or is_note(last):
        return None
    return Fault(
        file=source_id,
        row=last_row,
        problem=f"the file stops in the middle of this row: it has {len(last)} of {n_headings} cells, "
        "and no line end",
        expected="a last row as long as the others, or a line end after it",
        remedy="fetch or export the file again: rows after this one are missing too; if the row is whole, "
        "put a line end after it",
    )


def _is_whole(tail: str, delimiter: str, n_headings: int) -> bool:
    """Whether the last line alone shows a whole record; False if a cell contains a line break."""
    line = tail.replace("\r", "\n").rpartition("\n")[2]
    is_one_line = line.count('"') % 2 == 0
    return is_one_line and len(next(csv.reader([line], delimiter=delimiter), [])) >= n_headings
