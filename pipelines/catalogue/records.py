"""What a study's store records of its files and parts: rows kept and set aside, checks, what is sound.

`ingest`, `validation` and `freshness` add to them as a run goes on; they are created if absent.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.catalogue.columns import ROW_NUMBER, SOURCE_ID, STATUS, YEAR, text
from pipelines.catalogue.table import Column, Table

_HEADING = text("heading", "Its heading")
_N_CELLS = Column("n_cells", "integer", "Cells with it", low=1, is_nullable=False, unit="cells")
_TABLE_NAME = text("table_name", "The raw table it was read for")


def _rows(name: str, about: str) -> Column:
    return Column(name, "integer", about, low=0, is_nullable=False, unit="rows")


FILE_TABLES: tuple[Table, ...] = (
    Table(
        "raw",
        "source",
        grain="a file that was read: rows in = rows kept + rows set aside",
        key=("source_id",),
        columns=(
            SOURCE_ID,
            text("kind", "Kind of source"),
            replace(YEAR, is_nullable=True),
            replace(STATUS, is_nullable=True),
            Column("publisher", "text", "Who published it"),
            Column("published", "date", "When"),
            Column("licence", "text", "Under which licence"),
            text("sha256", "Checksum"),
            text("file_format", "How it was read"),
            Column("encoding", "text", "Encoding of a text file"),
            Column("delimiter", "text", "Delimiter of a text file"),
            Column("sheet", "text", "Sheet of a workbook"),
            _rows("n_rows_in", "Rows in the file"),
            _rows("n_rows_kept", "Rows kept"),
            _rows("n_rows_set_aside", "Rows set aside"),
        ),
    ),
    Table(
        "raw",
        "set_aside",
        grain="a reason why rows of a file are set aside",
        key=("source_id", "reason"),
        columns=(SOURCE_ID, text("reason", "Why"), _rows("n_rows", "Rows")),
    ),
    Table(
        "raw",
        "unreadable",
        grain="a cell that could not be read",
        key=(),
        columns=(_TABLE_NAME, SOURCE_ID, ROW_NUMBER, text("column_name", "Its column")),
    ),
    Table(
        "raw",
        "check_result",
        grain="a check that was made",
        key=("check_name",),
        columns=(
            text("check_name", "The table or relation"),
            text("judged", "files, relations or tables"),
            Column("n_rules", "integer", "Rules checked", low=0, is_nullable=False, unit="rules"),
            Column("n_broken", "integer", "Rules, or places, broken", low=0, is_nullable=False),
            Column("problem", "text", "For a warning: what a person should check"),
        ),
    ),
    Table(
        "raw",
        "unknown_code",
        grain="an unknown code in a column that the study does not use",
        key=(),
        columns=(SOURCE_ID, text("column_name", "Its column"), text("raw_text", "It"), _N_CELLS),
    ),
    Table(
        "raw",
        "unread_column",
        grain="a column of a file that was not read",
        key=(),
        columns=(SOURCE_ID, _HEADING),
    ),
    Table(
        "raw",
        "value_set_aside",
        grain="a value set aside in a column that the study does not use",
        key=(),
        columns=(_TABLE_NAME, SOURCE_ID, ROW_NUMBER, _HEADING),
    ),
)

MADE = Table(
    "protocol",
    "made",
    grain="a sound part of the study, or a passed check, and what it was made from",
    key=("part",),
    columns=(
        text("part", "The part"),
        text("inputs_sha256", "Hash of all it was made from: protocol, files, tables, code"),
        text("outputs_sha256", "Hash of what was made"),
    ),
)
