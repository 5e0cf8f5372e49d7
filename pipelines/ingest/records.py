"""Reads files with one record a row (pupils, registers, forms) into the catalogue's typed tables.

Columns are matched by heading, never by position. A cell that does not fit its type becomes NULL and its
place is recorded, so that `validation` can report it. A key replaces the pupil's number; names and dates of
birth are never read.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipelines.catalogue import Column, Table
from pipelines.ingest import numbers
from pipelines.ingest.headings import Place, Wanted, locate, looked_for
from pipelines.ingest.registration import (
    BLANK_ROW,
    ReadResult,
    RegisteredFile,
    record,
    record_set_aside_values,
    record_unread_columns,
)
from pipelines.ingest.tabular import TabularFile, create_from_scan, open_source
from pipelines.store.store import sql_text
from pipelines.study.measures_in_use import is_column_in_use
from pipelines.study.settings import Source, Study

# Columns filled from the registration, not from a cell.
_FROM_REGISTRATION = ("source_id", "row_number", "academic_year", "release_status")

# Columns for which a study may assume one value for every row: the entry, and when it is valid.
_ASSUMED = {
    "inclusion": ('"PINCL_FLAG" = "201"', "every pupil counts in the measures"),
    "programme": ('"programme" = "…"', "every row is of one programme, with its id"),
}

# Holds the pupil's number while a file is read; never stored.
_PUPIL = "pupil_key"
_TRUE = ("1", "Y", "YES", "TRUE", "T")
_FALSE = ("0", "N", "NO", "FALSE", "F")
# Two-digit years come first, or %Y would read 18 as the year 18. Excel shows and saves months by name. The
# last forms are dates that programs export with the time midnight.
_DATE_FORMS = (
    *("%d/%m/%y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d", "%Y%m%d"),
    *("%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y"),
    *("%d/%m/%Y 00:00", "%d/%m/%Y 00:00:00"),
    *("%Y-%m-%d 00:00:00", "%Y-%m-%dT00:00:00", "%Y-%m-%d 00:00:00.000", "%Y-%m-%dT00:00:00.000"),
)
_EARLIEST_YEAR = 1000
# Texts that mean "no date".
NO_DATE = ("N/A", "#N/A", "NA", "-", "NOT APPLICABLE", "NONE")


def wanted_columns(table: Table, study: Study) -> tuple[Wanted, ...]:
    """The columns of a table with their headings; those the study does not use are optional."""
    return tuple(
        Wanted(
            column.name,
            (*column.headers, column.name),
            is_required=column.is_required and is_column_in_use(study, column.used_for),
            can_be_without=column.is_nullable,
            assumed=_ASSUMED.get(column.name, (None, ""))[0],
            assumed_if=_ASSUMED.get(column.name, (None, ""))[1],
        )
        for column in read_columns(table)
    )


def match_headers(
    table: Table, file: TabularFile, study: Study, source: Source
) -> dict[str, Place]:
    """Where each column is in the file.

    Raises StudyError naming every required heading that is missing, and every entry of the study that does
    not fit.
    """
    # If the heading row is missing, the message would list the first pupil's values.
    is_open = table.sensitivity != "pupil"
    return locate(file, wanted_columns(table, study), study, source, shows_headings=is_open)


def read_columns(table: Table) -> tuple[Column, ...]:
    """The columns that are read from the file's cells."""
    return tuple(column for column in table.columns if column.name not in _FROM_REGISTRATION)


def read_records(
    con: duckdb.DuckDBPyConnection, study: Study, table: Table, registered: RegisteredFile
) -> None:
    """Add a file's records to a raw table. Raises StudyError with all its faults."""
    headings = looked_for(registered.source, wanted_columns(table, study))
    file = open_source(registered.source, registered.path, headings)
    matched = match_headers(table, file, study, registered.source)
    columns = read_columns(table)
    # Trim each text once: DuckDB would evaluate a repeated expression each time.
    texts = ", ".join(
        f"{matched[column.name].text() if column.name in matched else 'NULL::VARCHAR'} AS {_text(column)}"
        for column in columns
    )
    parsed = ", ".join(f"{_parse(column, _text(column))} AS {column.name}" for column in columns)
    spare = [column for column in columns if not is_column_in_use(study, column.used_for)]
    unreadable = _names(
        (column.name, f"{column.name} IS NULL AND {_has_text(column)}")
        for column in columns
        if column.kind not in {"text", "code"} and column.sensitivity != "identifying"
        if column not in spare
    )
    # For columns the study does not use, keep only valid values.
    kept = ", ".join(
        f"CASE WHEN {_fits(column)} THEN {column.name} END AS {column.name}" for column in spare
    )
    set_aside = _names(
        (column.name, f"{column.name} IS NULL AND {_has_text(column)}") for column in spare
    )
    blank, *others = (
        f"{Place(heading, index).text()} IS NULL" for index, heading in enumerate(file.headers)
    )
    # CASE reads the other cells only of rows whose first is blank.
    is_blank = (
        f"CASE WHEN {blank} THEN {' AND '.join(others) or 'true'} ELSE false END"
        if file.may_have_blank_rows
        else "false"
    )
    asides = " ".join(
        f"WHEN {condition} THEN {sql_text(reason)}"
        for condition, reason in (("is_blank_row", BLANK_ROW), *table.set_asides)
    )
    not_records = create_from_scan(
        con,
        file,
        f"""
        CREATE OR REPLACE TEMP TABLE incoming AS
        WITH trimmed AS (SELECT row_number, {is_blank} AS is_blank_row, {texts} FROM {{scan}}),
        parsed AS (SELECT *, {parsed} FROM trimmed),
        fitting AS (SELECT *{f" REPLACE ({kept})" if kept else ""} FROM parsed),
        judged AS (SELECT *, {unreadable} AS unreadable, {set_aside} AS set_aside FROM fitting)
        SELECT row_number, {", ".join(column.name for column in columns)}, unreadable, set_aside,
            CASE {asides} END AS aside
        FROM judged
        """,
    )
    try:
        _store(con, table, registered, columns, ReadResult(file.reading, not_records))
        headings_of = " ".join(
            f"WHEN '{c.name}' THEN {sql_text(matched[c.name].heading)}"
            for c in spare
            if c.name in matched
        )
        if headings_of:
            record_set_aside_values(
                con,
                table,
                registered,
                f"SELECT row_number, CASE name {headings_of} END FROM ("
                "SELECT row_number, unnest(set_aside) AS name FROM incoming WHERE aside IS NULL)",
            )
    finally:
        con.execute("DROP TABLE incoming")
    used = {place.index for place in matched.values()}
    unread = [h for nth, h in enumerate(file.headers) if h and nth not in used]
    record_unread_columns(con, registered, unread)


def _store(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    registered: RegisteredFile,
    columns: tuple[Column, ...],
    read_result: ReadResult,
) -> None:
    source = registered.source
    names = {column.name for column in table.columns}
    given = {
        "source_id": registered.source_id,
        "academic_year": source.academic_year,
        "release_status": source.status,
    }
    constants = {name: value for name, value in given.items() if name in names}
    targets = [*constants, "row_number", *(column.name for column in columns)]
    selected = [
        *(f"${name}" for name in constants),
        "row_number",
        *(_stored(column) for column in columns),
    ]
    con.execute(
        f"INSERT INTO {table.full_name} ({', '.join(targets)}) SELECT {', '.join(selected)} "
        f"FROM incoming{_first_rows(columns)} WHERE aside IS NULL ORDER BY row_number",
        constants,
    )
    con.execute(
        "INSERT INTO raw.unreadable SELECT $table_name, $source_id, row_number, unnest(unreadable) "
        "FROM incoming WHERE aside IS NULL",
        {"table_name": table.name, "source_id": registered.source_id},
    )
    reasons = con.execute("SELECT aside, count(*) FROM incoming GROUP BY aside").fetchall()
    n_rows = {reason: int(count) for reason, count in reasons}
    n_rows_kept = n_rows.pop(None, 0)
    record(
        con,
        registered,
        n_rows_in=n_rows_kept + sum(n_rows.values()),
        n_rows_kept=n_rows_kept,
        set_asides={reason: count for reason, count in n_rows.items() if reason is not None},
        read_result=read_result,
    )


def _names(conditions: Iterable[tuple[str, str]]) -> str:
    """SQL for the list of names whose condition a row meets."""
    each = ", ".join(f"CASE WHEN {condition} THEN '{name}' END" for name, condition in conditions)
    return f"list_filter([{each or 'NULL'}], lambda name: name IS NOT NULL)"


def _fits(column: Column) -> str:
    """SQL: whether a value is an allowed code or within bounds."""
    if column.allowed:
        return f"{column.name} IN ({', '.join(sql_text(code) for code in column.allowed)})"
    bounds = [
        *([f"{column.name} >= {column.low}"] if column.low is not None else []),
        *([f"{column.name} <= {column.high}"] if column.high is not None else []),
    ]
    return " AND ".join(bounds) or "true"


def _text(column: Column) -> str:
    return f"text_of_{column.name}"


def _stored(column: Column) -> str:
    """SQL for the stored value: instead of a pupil's number, the first row in which it occurs.

    That distinguishes pupils and reveals nothing about them.
    """
    if column.name != _PUPIL:
        return column.name
    return "'row ' || coalesce(first_row, row_number)"


def _first_rows(columns: Iterable[Column]) -> str:
    """SQL that joins the first row of each pupil who occurs in several rows."""
    if all(column.name != _PUPIL for column in columns):
        return ""
    return (
        f" LEFT JOIN (SELECT {_PUPIL}, min(row_number) AS first_row FROM incoming "
        f"GROUP BY {_PUPIL} HAVING count(*) > 1) AS repeated USING ({_PUPIL})"
    )


def _has_text(column: Column) -> str:
    text = _text(column)
    blanks = _blanks(column)
    return f"{text} IS NOT NULL" + (f" AND upper({text}) NOT IN ({blanks})" if blanks else "")


def _blanks(column: Column) -> str:
    """SQL list of a column's codes for "no value"."""
    codes = (*column.blanks, *(NO_DATE if column.kind == "date" else ()))
    return ", ".join(sql_text(code) for code in codes)


def _unless_blank(column: Column, text: str, value: str) -> str:
    """SQL for a number, or NULL if it is a code for "no value", which may be a number itself."""
    blanks = _blanks(column)
    return f"CASE WHEN upper({text}) NOT IN ({blanks}) THEN {value} END" if blanks else value


def _parse(column: Column, text: str) -> str:
    """SQL that reads a text as the column's kind, or NULL."""
    if column.name == _PUPIL:
        return f"upper({text})"
    if column.kind == "text":
        return text
    if column.kind == "code":
        older = " ".join(f"WHEN '{code}' THEN '{now}'" for code, now in column.synonyms)
        code = numbers.code(text)
        return f"CASE {code} {older} ELSE {code} END" if older else code
    if column.kind == "integer":
        words = " ".join(f"WHEN '{word}' THEN {number}" for word, number in column.synonyms)
        whole = _unless_blank(column, text, numbers.whole(text))
        return f"CASE upper({text}) {words} ELSE {whole} END" if words else whole
    if column.kind == "number":
        return numbers.whole_or_half(text) if column.counts_halves else numbers.number(text)
    if column.kind == "flag":
        true = ", ".join(f"'{word}'" for word in _TRUE)
        false = ", ".join(f"'{word}'" for word in _FALSE)
        code = numbers.code(text)
        return f"CASE WHEN {code} IN ({true}) THEN true WHEN {code} IN ({false}) THEN false END"
    forms = ", ".join(f"'{form}'" for form in _DATE_FORMS)
    date = f"try_strptime({text}, [{forms}])::DATE"
    return f"CASE WHEN year({date}) >= {_EARLIEST_YEAR} THEN {date} END"
