"""Parquet files: headings from the schema, and cells as the text that a CSV of the same table would hold.

A Parquet file has types of its own. They are not trusted: every cell becomes text and is read by the rules
for all files.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.heading_row import NumberedRow
from pipelines.store.store import one_file

# More than all pupils of England in a hundred years; a file of a few bytes can claim any number.
MOST_ROWS = 10**8
_ROWS_A_BATCH = 10_000


@dataclass(frozen=True)
class ParquetGrid:
    """A Parquet file as rows of cells: its headings are row 1, as if it had been opened in a spreadsheet."""

    path: Path
    headings: tuple[str, ...]
    # For each column, whether it holds floating-point numbers.
    are_floats: tuple[bool, ...]

    def rows(self, *, is_strict: bool = False) -> Iterator[NumberedRow]:
        """The headings, then every record."""
        del is_strict  # a Parquet file has no quotes to be strict about
        yield 1, self.headings
        with closing(duckdb.connect()) as con:
            found = con.execute(f"FROM {self.scan()} ORDER BY row_number")
            while records := found.fetchmany(_ROWS_A_BATCH):
                for row, *cells in records:
                    yield row, ["" if cell is None else cell for cell in cells]

    def first_rows(self) -> list[NumberedRow]:
        """The row in which to look for headings: there is one."""
        return [(1, self.headings)]

    def scan(self) -> str:
        """SQL with which DuckDB reads the records: all cells as text, c0, c1 …

        Cells without text are NULL, non-breaking spaces are spaces.
        """
        places = range(len(self.headings))
        cells = ", ".join(f"{self._text(nth)} AS c{nth}" for nth in places)
        names = ", ".join([*(f"p{nth}" for nth in places), "place"])
        return (
            f"(SELECT place + 2 AS row_number, {cells} FROM read_parquet({one_file(self.path)}, "
            # Otherwise a folder named a=b would add a column.
            f"file_row_number = true, hive_partitioning = false) AS records ({names}))"
        )

    def _text(self, nth: int) -> str:
        # Programs that have no missing numbers write them as "not a number".
        value = f"nullif(p{nth}, 'nan'::DOUBLE)" if self.are_floats[nth] else f"p{nth}"
        return f"nullif(replace({value}::VARCHAR, chr(160), ' '), '')"


def open_parquet(source_id: str, path: Path) -> ParquetGrid:
    """Read a Parquet file's schema.

    Raises StudyError if the file is broken or encrypted, claims more rows than any table has, or has columns
    whose cells are no single text, number or date.
    """
    # Takes a tenth of a second, and most studies have no such file.
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with pq.ParquetFile(path) as file:
            schema, n_rows = file.schema_arrow, file.metadata.num_rows
    except (pa.ArrowException, OSError, ValueError):
        raise StudyError([broken(source_id)]) from None
    if n_rows > MOST_ROWS:
        raise StudyError([_too_long(source_id, n_rows)])
    if faults := [_no_cell(source_id, field) for field in schema if not _is_cell(field.type)]:
        raise StudyError(faults)
    are_floats = tuple(pa.types.is_floating(field.type) for field in schema)
    return ParquetGrid(path, tuple(schema.names), are_floats)


def _is_cell(kind: pa.DataType) -> bool:
    """Whether a column's values are single texts, numbers, truth values or dates."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_date(kind)
        or (pa.types.is_timestamp(kind) and kind.tz is None)
        or pa.types.is_null(kind)
    )


def _no_cell(source_id: str, field: pa.Field) -> Fault:
    return Fault(
        file=source_id,
        row=1,
        column=field.name,
        problem="the column's values are no single text, number or date",
        found=str(field.type),
        expected="texts, numbers, truth values, dates, or times without a time zone",
        remedy="write the column as text, or leave it out",
    )


def _too_long(source_id: str, n_rows: int) -> Fault:
    return Fault(
        file=source_id,
        problem=f"the file claims to have {n_rows:,} rows, more than any table would: "
        "it may be made to do harm",
        expected=f"at most {MOST_ROWS:,} rows",
        remedy="fetch the file again from its publisher",
    )


def broken(source_id: str) -> Fault:
    """The fault for a file that is not whole, or is encrypted."""
    return Fault(
        file=source_id,
        problem="the Parquet file is broken, cut short or encrypted",
        expected="a whole Parquet file, without a password",
        remedy="fetch or write the file again",
    )
