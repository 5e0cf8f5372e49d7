"""Finds the row of a file that holds its headings, given the headings a caller expects."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.errors.fault import Fault

# A row number as in a spreadsheet, and the row's cells.
NumberedRow = tuple[int, Sequence[str]]
# Titles, dates and legends may come first; no file seen has its headings below row 10.
ROWS_SEARCHED = 30


@dataclass(frozen=True)
class Headings:
    """The headings a caller expects: the possible names of each required column, and every known name.

    If `known` is None, every heading is known.
    """

    required: tuple[frozenset[str], ...] = ()
    known: frozenset[str] | None = None

    @classmethod
    def of(cls, required: Iterable[Iterable[str]], others: Iterable[str] | None = None) -> Headings:
        """Build from required columns, each with its names, and the names of optional ones; case is
        ignored."""
        folded = tuple(frozenset(name.casefold() for name in names) for names in required)
        if others is None:
            return cls(folded)
        return cls(folded, frozenset().union(*folded, (name.casefold() for name in others)))

    def n_found(self, cells: Iterable[str]) -> int:
        """How many required columns a row names."""
        texts = {heading_text(cell).casefold() for cell in cells}
        return sum(not texts.isdisjoint(names) for names in self.required)

    def is_meant(self, header: str) -> bool:
        """Whether the caller may read a column of this heading."""
        return bool(header) and (self.known is None or header.casefold() in self.known)


# For callers without expectations: row 1, each heading once.
ANY_HEADINGS = Headings()


def heading_text(cell: str) -> str:
    """A heading without surrounding white space."""
    return cell.strip()


def heading_row(rows: Sequence[NumberedRow], headings: Headings) -> NumberedRow:
    """The first row that names every required column, else the row that names most of them, else row 1.

    A row with half of them or fewer counts only if it has more filled cells than row 1, which is then a
    title. Missing columns are then reported for the row that a reader would take for the headings.
    """
    first: NumberedRow = rows[0] if rows and rows[0][0] == 1 else (1, [])
    best, most = first, 0
    for row in rows:
        n_found = headings.n_found(row[1])
        is_meant = n_found > len(headings.required) / 2 or _n_filled(row) > _n_filled(first)
        if n_found > most and is_meant:
            best, most = row, n_found
    return best


def _n_filled(row: NumberedRow) -> int:
    return sum(bool(heading_text(cell)) for cell in row[1])


def repeated(source_id: str, row: int, headers: Sequence[str], headings: Headings) -> list[Fault]:
    """A fault for each known heading that occurs more than once."""
    folded = [header.casefold() for header in headers]
    return [
        Fault(
            file=source_id,
            row=row,
            column=header,
            problem=f"the heading {header!r} appears {folded.count(header.casefold())} times",
            expected="each heading once",
            remedy="rename or remove the extra column",
        )
        for index, header in enumerate(headers)
        if headings.is_meant(header)
        and header.casefold() not in folded[:index]
        and folded.count(header.casefold()) > 1
    ]
