"""The data dictionary beside a run's tables: what a row and a column of each is, from the catalogue.

As HTML for people and as CSV for programs. The DuckDB files carry the same words as comments.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from pipelines.catalogue import Column, Table
from pipelines.document import html
from pipelines.document.blocks import Block, Document, Link, Links, Paragraph, Section
from pipelines.document.blocks import Table as Grid

NAMES = ("dictionary.html", "dictionary.csv")
# Decimals that come with the row's measure are told in words.
_DECIMALS_OF_MEASURE = "those of the row’s measure"


@dataclass(frozen=True)
class Entry:
    """One column of one table, every value as text: a line of `dictionary.csv`.

    `schema`: blank in `released.duckdb`, which has none. `may_be_withheld`: blank in a row whose
    figures are withheld. `is_rounded`: a count of pupils, rounded to the middle of its class.
    """

    schema: str
    table: str
    column: str
    type: str
    unit: str
    meaning: str
    allowed_values: str
    lowest: str
    highest: str
    decimals: str
    is_key: str
    may_be_blank: str
    may_be_withheld: str
    is_rounded: str


def entries(tables: Sequence[Table]) -> list[Entry]:
    """Every column of the tables, in their order."""
    return [_entry(table, column) for table in tables for column in table.columns]


def write_dictionary(tables: Sequence[Table], folder: Path) -> None:
    """Write `dictionary.html` and `dictionary.csv`: the same bytes for the same catalogue."""
    page, lines = (folder / name for name in NAMES)
    page.write_text(html.render(_document(tables), has_typeface=False), encoding="utf-8")
    with lines.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(Entry))
        writer.writerows(astuple(entry) for entry in entries(tables))


def _entry(table: Table, column: Column) -> Entry:
    rounded = {count.column for count in table.pupil_counts if not count.is_published}
    return Entry(
        schema="" if table.schema == "released" else table.schema,
        table=table.name,
        column=column.name,
        type=column.sql_type.lower(),
        unit=column.unit or "",
        meaning=column.about,
        allowed_values=", ".join(column.allowed),
        lowest=_number(column.low),
        highest=_number(column.high),
        decimals=_DECIMALS_OF_MEASURE if column.decimals == "measure" else _number(column.decimals),
        is_key=_yes(column.name in table.key),
        may_be_blank=_yes(column.is_nullable),
        may_be_withheld=_yes(column.name in table.withheld),
        is_rounded=_yes(column.name in rounded),
    )


def _document(tables: Sequence[Table]) -> Document:
    return Document(
        title="What the tables hold",
        description="Every table of this run: what a row is, and each column’s meaning, unit and values.",
        opening=(
            Paragraph(
                "A share runs from 0 to 1. Codes are written as they stand in the tables. A figure that "
                "may be withheld is blank where too few pupils or schools stand behind it, and the row’s "
                "figure_status says so. The same words are comments in the DuckDB file.",
                look="lead",
            ),
            Links((Link("The same as CSV", NAMES[1], NAMES[1]),)),
        ),
        sections=tuple(_section(table) for table in tables),
        closing=(),
    )


def _section(table: Table) -> Section:
    schema = "" if table.schema == "released" else f"{table.schema}."
    key = f" One row for each {', '.join(table.key)}." if table.key else ""
    blocks: tuple[Block, ...] = (
        Paragraph(f"A row is {table.grain}.{key}"),
        Grid(
            caption=f"Columns of {schema}{table.name}",
            columns=("Column", "Type", "Meaning", "Unit", "Values", "Notes"),
            rows=tuple(
                (
                    entry.column,
                    entry.type,
                    entry.meaning,
                    entry.unit,
                    entry.allowed_values or _bounds(entry),
                    _notes(entry),
                )
                for entry in entries((table,))
            ),
        ),
    )
    return Section(f"{table.schema}-{table.name}", f"{schema}{table.name}", blocks)


def _bounds(entry: Entry) -> str:
    if entry.lowest and entry.highest:
        return f"{entry.lowest} to {entry.highest}"
    return f"at least {entry.lowest}" if entry.lowest else ""


def _notes(entry: Entry) -> str:
    notes = {
        "part of the key": entry.is_key,
        "may be blank": entry.may_be_blank,
        "may be withheld": entry.may_be_withheld,
        "rounded": entry.is_rounded,
    }
    return ", ".join(note for note, is_so in notes.items() if is_so == "yes")


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "no"


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:g}" if number < 1e6 else f"{number:.0f}"
