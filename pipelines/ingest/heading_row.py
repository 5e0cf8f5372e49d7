"""Which row of a file holds its headings, by the headings a caller looks for. No file is read here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.errors.fault import Fault

# A row as a spreadsheet counts them, and its cells.
Row = tuple[int, Sequence[str]]
# Titles, dates and legends stand above a heading; it has never been seen below row 10.
ROWS_SEARCHED = 30


@dataclass(frozen=True)
class Headings:
    """What a caller looks for: each required column by the names it may have, and every name it knows.

    Without `known`, any heading may be meant.
    """

    required: tuple[frozenset[str], ...] = ()
    known: frozenset[str] | None = None

    @classmethod
    def of(cls, required: Iterable[Iterable[str]], others: Iterable[str] | None = None) -> Headings:
        """Names in any case: required columns each by their names, and the names of optional ones."""
        folded = tuple(frozenset(name.casefold() for name in names) for names in required)
        if others is None:
            return cls(folded)
        return cls(folded, frozenset().union(*folded, (name.casefold() for name in others)))

    def n_found(self, cells: Iterable[str]) -> int:
        """How many of the required columns a row names."""
        texts = {heading_text(cell).casefold() for cell in cells}
        return sum(not texts.isdisjoint(names) for names in self.required)

    def is_meant(self, header: str) -> bool:
        """Whether a heading may be one the caller reads."""
        return bool(header) and (self.known is None or header.casefold() in self.known)


# For a caller who takes a file as it comes: the first row, each heading once.
ANY_HEADINGS = Headings()


def heading_text(cell: str) -> str:
    """A heading without space around it."""
    return cell.strip()


def heading_row(rows: Sequence[Row], headings: Headings) -> Row:
    """The first row that names every required column, else the one that names most of them, else row 1.

    A row that names half of them or fewer is taken only where row 1 is a title: it has fewer cells filled.
    Then what is missing is missing from the row a reader takes for the heading.
    """
    first: Row = rows[0] if rows and rows[0][0] == 1 else (1, [])
    best, most = first, 0
    for row in rows:
        n_found = headings.n_found(row[1])
        is_meant = n_found > len(headings.required) / 2 or _n_filled(row) > _n_filled(first)
        if n_found > most and is_meant:
            best, most = row, n_found
    return best


def _n_filled(row: Row) -> int:
    return sum(bool(heading_text(cell)) for cell in row[1])


def repeated(source_id: str, row: int, headers: Sequence[str], headings: Headings) -> list[Fault]:
    """A fault for each heading that may be meant and stands more than once."""
    folded = [header.casefold() for header in headers]
    return [
        Fault(
            file=source_id,
            row=row,
            column=header,
            problem=f"the heading {header!r} stands {folded.count(header.casefold())} times",
            expected="each heading once",
            remedy="rename or remove the extra column",
        )
        for index, header in enumerate(headers)
        if headings.is_meant(header)
        and header.casefold() not in folded[:index]
        and folded.count(header.casefold()) > 1
    ]
