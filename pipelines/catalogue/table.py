"""What a declared table and column are. The tables themselves are in the modules beside this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pipelines.study.settings import SourceKind

Schema = Literal["raw", "mart", "impact", "released"]
Kind = Literal["text", "code", "integer", "number", "flag", "date"]
Sensitivity = Literal["public", "restricted", "pupil", "identifying"]
# As many as results of the row's measure are read to.
Decimals = int | Literal["measure"]

SQL_TYPES: dict[Kind, str] = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "flag": "BOOLEAN",
    "date": "DATE",
}


@dataclass(frozen=True)
class Column:
    """One column of one table.

    `headers` are the headings it is found under in files (any case, any order); the column's own name
    always counts as one. `allowed` is the full list of codes, `synonyms` are older codes, or words for a
    number, and what they are read as, `low` and `high` bound a number, both ends included. `blanks` are codes
    that mean "no value". `counts_halves`: the number is a count in which halves occur, as of pupils at two
    schools; any other part is refused. An `identifying` column is read to tell pupils apart and is never
    stored: the table keeps a key without meaning in its place. `decimals` are those a number is released
    with, of a share as it is stored (2 are whole percentages): extra decimals only help to work small figures
    back. `used_for`: the measures and groups of pupils it tells, of a column that a study may do without; a
    fault in it stops only a study that asks about one of them. None: every study rests on it.
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


@dataclass(frozen=True)
class PupilCount:
    """A released column that counts pupils: rounded, unless others publish it school by school."""

    column: str
    is_published: bool = False


@dataclass(frozen=True)
class Table:
    """One table: what a row is, what makes it unique, its columns in order."""

    schema: Schema
    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    sensitivity: Sensitivity = "public"
    source_kinds: tuple[SourceKind, ...] = ()
    may_be_empty: bool = True
    # Released tables: counts of pupils, and the figures of a row that are blank where it is suppressed.
    pupil_counts: tuple[PupilCount, ...] = ()
    withheld: tuple[str, ...] = ()
    is_about_single_schools: bool = False
    # A row is one figure of a file that holds many in a row; its `column_name` is the figure's heading.
    is_wide: bool = False
    # Rows of a file that are not kept: SQL condition, and the reason it gives; the first that holds counts.
    # It reads this table's columns, their texts (`text_of_urn`), and `unreadable`: the columns that are not.
    set_asides: tuple[tuple[str, str], ...] = ()

    @property
    def full_name(self) -> str:
        """Schema and name, as SQL writes it. Pupil rows live in a file of their own, called `pupils`."""
        return f"{'pupils' if self.sensitivity == 'pupil' else self.schema}.{self.name}"

    def column(self, name: str) -> Column:
        """The column of that name. Raises KeyError for a name that is not one of its columns."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.full_name} has no column {name}")

    def ddl(self) -> str:
        """`CREATE TABLE` for an empty table of this shape."""
        columns = ", ".join(f"{column.name} {column.sql_type}" for column in self.columns)
        return f"CREATE OR REPLACE TABLE {self.full_name} ({columns})"
