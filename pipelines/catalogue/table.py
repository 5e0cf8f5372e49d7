"""The classes `Table` and `Column`. The tables themselves are in the other modules of this room."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipelines.study.settings import SourceKind

Schema = Literal["protocol", "raw", "mart", "impact", "released"]
Kind = Literal["text", "texts", "code", "integer", "number", "flag", "date"]
Sensitivity = Literal["public", "restricted", "pupil", "identifying"]
# A fixed number, or the decimals of the row's measure.
Decimals = int | Literal["measure"]

SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "texts": "VARCHAR[]",
    "code": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "date": "DATE",
}


@dataclass(frozen=True)
class Column:
    """One column of one table.

    `headers`: headings in source files (any case, any order); the column's own name also counts.
    `allowed`: every valid code. `synonyms`: older codes or words, and the value each stands for.
    `low`, `high`: inclusive bounds of a number. `blanks`: codes that mean "no value".
    `counts_halves`: a count that may contain halves (a pupil at two schools); other fractions are refused.
    `sensitivity`: an `identifying` column is never stored; the table holds a meaningless key instead.
    `decimals`: decimals when released, of a share as stored (2 gives whole percentages). Extra decimals only
    help reverse-engineering.
    `used_for`: measures and pupil groups that need the column. A fault in it stops only studies that use one
    of them; None means every study needs it.
    """

    name: str
    kind: Kind
    about: str
    headers: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()
    synonyms: tuple[tuple[str, str], ...] = ()
    low: float | None = None
    high: float | None = None
    blanks: tuple[str, ...] = ()
    counts_halves: bool = False
    is_required: bool = True
    is_nullable: bool = True
    unit: str | None = None
    decimals: Decimals | None = None
    sensitivity: Sensitivity = "public"
    used_for: tuple[str, ...] | None = None

    @property
    def sql_type(self) -> str:
        """The DuckDB type it is stored as."""
        return SQL_TYPES[self.kind]

    @property
    def in_words(self) -> str:
        """Meaning, unit and allowed codes in one sentence each."""
        unit = f" Unit: {self.unit}." if self.unit else ""
        codes = f" One of: {', '.join(self.allowed)}." if self.allowed else ""
        return f"{self.about.rstrip('.')}.{unit}{codes}"


@dataclass(frozen=True)
class PupilCount:
    """A released count of pupils. It is rounded unless it is already public school by school."""

    column: str
    is_published: bool = False


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its key, and its columns in order."""

    schema: Schema
    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sensitivity: Sensitivity = "public"
    source_kinds: tuple[SourceKind, ...] = ()
    may_be_empty: bool = True
    # For released tables: counts of pupils, figures that are blank in suppressed rows, and the figure whose
    # presence `figure_status` reports.
    pupil_counts: tuple[PupilCount, ...] = ()
    withheld: tuple[str, ...] = ()
    headline: str | None = None
    is_about_single_schools: bool = False
    # For files with many figures in a row: the table has one row per figure, with its heading in
    # `column_name`.
    is_wide: bool = False
    # Rows to drop, as (SQL condition, reason); the first match counts. A condition may use the table's
    # columns, their raw text (`text_of_urn`), and `unreadable`, the list of columns that could not be read.
    set_asides: tuple[tuple[str, str], ...] = ()

    @property
    def full_name(self) -> str:
        """Schema and name, as used in SQL. Pupil rows are in a separate database, `pupils`."""
        return f"{'pupils' if self.sensitivity == 'pupil' else self.schema}.{self.name}"

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError if there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.full_name} has no column {name}")

    def ddl(self) -> str:
        """`CREATE TABLE` for an empty table of this shape, in place of any before it."""
        return f"CREATE OR REPLACE TABLE {self.full_name} ({self._typed_columns()})"

    def ddl_if_absent(self) -> str:
        """`CREATE TABLE` for a table that is added to: one that is there is kept, and refuses a second row
        of a key."""
        return f"CREATE TABLE IF NOT EXISTS {self.full_name} ({self._typed_columns()}{self._key()})"

    def ddl_described(self, name: str) -> Iterator[str]:
        """Statements that create an empty table called `name` with its key and, as comments, what its rows
        and columns are: for files that people open."""
        yield f"CREATE TABLE {name} ({self._typed_columns()}{self._key()})"
        yield f"COMMENT ON TABLE {name} IS {_sql_text(f'A row is {self.grain}.')}"
        for column in self.columns:
            yield f"COMMENT ON COLUMN {name}.{column.name} IS {_sql_text(column.in_words)}"

    def _key(self) -> str:
        """The key as a constraint: unique only if it may hold a blank, which a primary key refuses."""
        if not self.key:
            return ""
        may_be_blank = any(self.column(name).is_nullable for name in self.key)
        return f", {'UNIQUE' if may_be_blank else 'PRIMARY KEY'} ({', '.join(self.key)})"

    def _typed_columns(self) -> str:
        return ", ".join(f"{column.name} {column.sql_type}" for column in self.columns)


def _sql_text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
