"""Numbers in sentences with their origin: released table, rows, columns and format.

`cite` puts a number between marks, which are characters of Unicode's private use area that are
removed from any input text. A renderer turns marks into markup (`parts`), plain text drops them
(`plain`), and a test recomputes each number from the released tables (`words_of`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

import pandas as pd

from pipelines.catalogue import RELEASED_TABLES
from pipelines.released import wording
from pipelines.released.wording import NUMBER
from pipelines.study.measures import MEASURES, Measure

_OPEN, _SAYS, _CLOSE = "\ue000", "\ue001", "\ue002"
_MARKS = str.maketrans("", "", _OPEN + _SAYS + _CLOSE)
_CITED = re.compile(f"{_OPEN}([^{_SAYS}]*){_SAYS}([^{_CLOSE}]*){_CLOSE}")
# Chart headings are free text, and may contain a reference's separators.
_ESCAPED = str.maketrans({"%": "%25", "|": "%7C", ",": "%2C"})
_FIRST = re.compile(f"^({_OPEN}[^{_SAYS}]*{_SAYS})?(.)")
_KEY_OF = {table.name: table.key for table in RELEASED_TABLES}
_ACADEMIC_YEAR = re.compile(r"20\d\d-\d\d")


class Row(dict[str, Any]):
    """A row of a released table, with the table's name and the row's reference in it.

    `about` is the measure of its figures, or None.
    """

    def __init__(
        self, table: str, key: str, values: Mapping[str, Any], about: Measure | None = None
    ) -> None:
        super().__init__(values)
        self.table = table
        self.key = key
        self.about = about

    @property
    def measure(self) -> Measure:
        """The measure of its figures. Raises ValueError if it has none."""
        if self.about is None:
            raise ValueError(f"released.{self.table}: {self.key} is of no measure")
        return self.about


Tables = Mapping[str, Sequence[Row]]


@dataclass(frozen=True)
class Reference:
    """The origin of a number: `rows` of a released table, their `columns`, and its text `format`."""

    table: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    format: str

    def __str__(self) -> str:
        columns = (column.translate(_ESCAPED) for column in self.columns)
        return "|".join((self.table, ";".join(self.rows), ",".join(columns), self.format))

    @classmethod
    def read(cls, text: str) -> Reference:
        """Parse the reference in a mark."""
        table, rows, columns, words = text.split("|")
        names = tuple(unquote(column) for column in columns.split(",") if column)
        return cls(table, tuple(rows.split(";")), names, words)


def released_rows(frames: Mapping[str, pd.DataFrame]) -> Tables:
    """Released tables by name, as rows that can be cited; NULL as in pandas."""
    measures = released_measures(frames.get("measure"))
    return {name: _rows(name, frame, measures) for name, frame in frames.items()}


def released_measures(asked: pd.DataFrame | None) -> Mapping[str, Measure]:
    """Measures by name: the catalogue's, and the study's own from `released.measure`."""
    if asked is None:
        return MEASURES
    return MEASURES | {
        row["measure"]: Measure(
            name=row["measure"],
            label=row["label"],
            unit=row["unit"],
            decimals=int(row["decimals"]),
            key_stage=row["key_stage"],
            higher_is_better=bool(row["higher_is_better"]),
        )
        for row in asked.to_dict("records")
    }


def where(rows: Sequence[Row], **values: object) -> list[Row]:
    """The rows whose columns have these values, in order."""
    return [row for row in rows if all(row[name] == value for name, value in values.items())]


def cite(of: Row | Sequence[Row], words: str, *columns: str) -> str:
    """A number as text (`words`: a key of `FORMATS`), marked with its origin; several rows are summed."""
    rows = [of] if isinstance(of, Row) else list(of)
    if not rows:
        raise ValueError("a number needs a row to come from")
    reference = Reference(rows[0].table, tuple(row.key for row in rows), columns, words)
    return _mark(reference, words_of(words, rows, columns))


@dataclass(frozen=True)
class Quote:
    """A number in a chart's words, with its place in the chart's data.

    It is in the cell of its one row, or, if `is_count`, is the number of rows.
    """

    number: str
    rows: tuple[int, ...]
    column: str
    is_count: bool = False

    def is_in(self, data: pd.DataFrame) -> bool:
        """Whether the data contain the number."""
        if self.column not in data.columns or not set(self.rows) <= set(range(len(data))):
            return False
        if self.is_count:
            return self.number == str(len(set(self.rows)))
        (row,) = self.rows
        return self.number in NUMBER.findall(str(data[self.column].iloc[row]))


Cell = tuple[str, str, str]  # row, column and text of a value in a chart's CSV


def chart_cells(data: pd.DataFrame) -> list[list[Cell]]:
    """The cells of a chart's data, a list for each row; rows are numbered from 0."""
    return [
        [(str(row), str(column), str(value)) for column, value in values.items()]
        for row, values in enumerate(data.to_dict("records"))
    ]


def cite_quotes(
    text: str, name: str, quotes: Iterable[Quote], cited_already: Mapping[str, str] | None = None
) -> str:
    """A chart's text with each number marked with its place in the chart's data.

    `cited_already` are numbers outside the chart's data, such as its confidence level. Any other
    number is taken to be part of a name.
    """
    waiting = list(quotes)

    def marked(found: re.Match[str]) -> str:
        number = found.group()
        if waiting and number == waiting[0].number:
            quote = waiting.pop(0)
            how = "rows" if quote.is_count else "part"
            rows = tuple(map(str, quote.rows))
            return _mark(Reference(f"charts/{name}.csv", rows, (quote.column,), how), number)
        return (cited_already or {}).get(number, number)

    return NUMBER.sub(marked, text)


def cite_figure(cell: Cell, name: str, cited_already: Mapping[str, str] | None = None) -> str:
    """A cell of a chart's data, each number in it marked with that cell."""
    row, column, text = cell

    def marked(found: re.Match[str]) -> str:
        number = found.group()
        if _ACADEMIC_YEAR.fullmatch(number):
            return number
        if cited_already and number in cited_already:
            return cited_already[number]
        return _mark(Reference(f"charts/{name}.csv", (row,), (column,), "part"), number)

    return NUMBER.sub(marked, text)


def _mark(reference: Reference, words: str) -> str:
    return f"{_OPEN}{reference}{_SAYS}{words}{_CLOSE}"


def parts(text: str) -> Iterator[tuple[str, str | None]]:
    """The text in pieces, each with its reference or None."""
    start = 0
    for found in _CITED.finditer(text):
        if found.start() > start:
            yield text[start : found.start()], None
        yield found.group(2), found.group(1)
        start = found.end()
    if start < len(text):
        yield text[start:], None


def capitalised(text: str) -> str:
    """The text with a capital first letter, also after a mark."""
    return _FIRST.sub(lambda found: (found.group(1) or "") + found.group(2).upper(), text, count=1)


def sentence(text: str) -> str:
    """The text with a capital first letter and a full stop."""
    said = capitalised(text.strip())
    return said + ("." if said and not plain(said).endswith((".", "?", "!")) else "")


def plain(text: str) -> str:
    """The text without marks."""
    return _CITED.sub(r"\2", text)


def words_of(words: str, rows: Sequence[Row], columns: Sequence[str]) -> str:
    """A number formatted as `cite` does, from its rows and columns."""
    return FORMATS[words](rows, *columns)


def _rows(name: str, frame: pd.DataFrame, measures: Mapping[str, Measure]) -> list[Row]:
    key = [column for column in _KEY_OF.get(name, ()) if column in frame.columns]
    rows = []
    for position, values in enumerate(frame.to_dict("records")):
        known = {
            str(column): value.translate(_MARKS) if isinstance(value, str) else value
            for column, value in values.items()
        }
        called = "/".join(_clean(known[column]) for column in key) if key else str(position)
        rows.append(Row(name, called, known, measures.get(str(known.get("measure")))))
    return rows


def _clean(value: object) -> str:
    return re.sub(r"[|;/]", " ", str(value))


def _measured(words: Callable[..., str]) -> Callable[..., str]:
    def formatted(rows: Sequence[Row], *columns: str) -> str:
        (row,) = rows
        measure = row.measure
        return words(*(row[column] for column in columns), measure.unit, measure.decimals)

    return formatted


def _single(words: Callable[..., str]) -> Callable[..., str]:
    def formatted(rows: Sequence[Row], *columns: str) -> str:
        (row,) = rows
        return words(*(row[column] for column in columns))

    return formatted


def _summed(rows: Sequence[Row], column: str) -> str:
    if any(wording.is_missing(row[column]) for row in rows):
        return wording.WITHHELD
    return wording.format_count(sum(row[column] for row in rows))


def _any_in_100(rows: Sequence[Row], column: str) -> str:
    """How often at least one of several happens, each with its row's frequency, if they are independent.

    1 - product of (1 - frequency): for two-sided tests of correlated normal estimates, at most this (Šidák
    1967, Journal of the American Statistical Association 62: 626).
    """
    return wording.format_in_100(1 - math.prod(1 - float(row[column]) for row in rows))


FORMATS: Mapping[str, Callable[..., str]] = {
    "value": _measured(wording.format_value),
    "signed": _measured(wording.format_signed),
    "effect": _measured(wording.format_effect),
    "size": _measured(wording.format_size),
    "bare": _measured(
        lambda value, unit, decimals: wording.format_size(value, unit, decimals).partition(" ")[0]
    ),
    "range": _measured(wording.format_range),
    "interval": _measured(wording.format_interval),
    "distance": _measured(
        lambda low, high, unit, decimals: wording.format_size(high - low, unit, decimals)
    ),
    "count": _summed,
    "rows": lambda rows: wording.format_count(len(rows)),
    "gbp": _single(wording.format_gbp),
    "date": _single(wording.format_date),
    "days": _single(wording.format_days),
    "month": _single(wording.format_months),
    "months": _single(wording.format_months),
    "percent": _single(lambda share: wording.format_value(share, "share")),
    "hundredths": _single(wording.format_p_value),
    "difference": _single(lambda whole, part: wording.format_count(whole - part)),
    "sd": _single(wording.format_sd),
    "sd_size": _single(lambda sd: wording.NOT_AVAILABLE if wording.is_missing(sd) else f"{sd:.2f}"),
    "in_sd": _single(
        lambda sd: (
            wording.NOT_AVAILABLE if wording.is_missing(sd) else f"{wording.format_sd(sd)} SD"
        )
    ),
    "balance": _single(lambda rating: wording.BALANCE_LABELS[rating]),
    "in_100": _single(wording.format_in_100),
    "any_in_100": _any_in_100,
    "census": _single(wording.format_census),
    "as_short": _single(lambda number: f"{number:g}"),
    "text": _single(wording.typographic),
    "as_it_is": _single(str),
    "hash": _single(lambda digest: str(digest)[:12]),
}
