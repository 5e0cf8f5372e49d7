"""Turns broken rules into faults that an analyst can correct: every place, what it holds, what is
expected."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb

from pipelines.catalogue import LA_CONTEXT, SQL_TYPES, Column, Table
from pipelines.errors.fault import FAULTS_SHOWN, Fault
from pipelines.ingest.heading_row import Headings
from pipelines.ingest.headings import ASSUMED, headings_in, looked_for
from pipelines.ingest.la_context import key_heading as context_key_heading
from pipelines.ingest.la_context import meaning_of_heading as context_meaning
from pipelines.ingest.performance_tables import (
    codes_of_record_types,
    key_heading,
    meaning_of_heading,
)
from pipelines.ingest.published_values import STATUS_OF_CODE
from pipelines.ingest.records import match_headers, wanted_columns
from pipelines.ingest.registration import BLANK_ROW
from pipelines.ingest.tabular import TabularFile, open_source
from pipelines.store.store import row_count
from pipelines.study.settings import Source, Study
from pipelines.validation.rules import Rule, unaccounted_files

# Values of a pupil file that may be shown: short codes and short figures. Longer text may be a name, a pupil
# number or a date of birth in the wrong column.
_PUPIL_CODE_OR_FIGURE = re.compile(r".{1,4}|[+−-]?\d{1,4}\.\d{1,3}")
_SCHOOL_NUMBER = re.compile(r"\d{1,7}")
# Statuses assigned here, which are not codes of any file.
_NEVER_IN_A_FILE = ("unknown_elsewhere",)
# Further rows with the same fault that are listed in its message.
ROWS_NAMED = 8

_WHEN_ALL_IS_ASIDE = {
    LA_CONTEXT.name: "fetch the data set with all pupils, or a group that the README lists; where all its "
    "rows are of one such group, say so in its [[source]]: "
    'assume = { "pupil_group" = "sen_support" }',
}

_READABLE = {
    "integer": "a whole number",
    "number": "a number with a decimal point",
    "flag": "1 or 0 (or yes, no)",
    "date": "a date as 2018-09-04 or 04/09/2018",
}


def faults_of(con: duckdb.DuckDBPyConnection, study: Study, rule: Rule) -> Iterator[Fault]:
    """The faults for one broken rule, in file order."""
    table = rule.table
    if rule.kind == "has_rows":
        yield from _no_rows(con, study, table)
    elif rule.kind == "accounted_for":
        yield from _lost_rows(con, table)
    elif rule.kind == "readable":
        yield from _unreadable(con, study, table)
    elif rule.kind == "unique":
        yield from _duplicates(con, study, table)
    elif table.schema != "raw":
        yield _mart_fault(con, rule)
    else:
        yield from _misfits(con, study, rule)


def _no_rows(con: duckdb.DuckDBPyConnection, study: Study, table: Table) -> Iterator[Fault]:
    with_rows = con.execute("SELECT source_id FROM raw.source WHERE n_rows_kept > 0").fetchall()
    files = [source.file for source in study.source if source.kind in table.source_kinds]
    for file in [f for f in files if (f,) not in with_rows] if files else [table.full_name]:
        asides = con.execute(
            "SELECT n_rows, reason FROM raw.set_aside WHERE source_id = ? AND reason <> ? "
            "ORDER BY n_rows DESC, reason",
            [file, BLANK_ROW],
        ).fetchall()
        if asides:
            yield Fault(
                file=file,
                problem="every row was set aside, so there is none that can be used",
                found="; ".join(
                    f"{n_rows:,} row{'s' * (n_rows > 1)}: {reason}" for n_rows, reason in asides
                ),
                expected=f"at least one row that is {table.grain}",
                remedy=_WHEN_ALL_IS_ASIDE.get(table.name, "fetch the file that holds such rows"),
            )
        else:
            yield Fault(
                file=file,
                problem="there is no row that can be used",
                expected="at least one row",
                remedy="check that the export holds records, not only headings",
            )


def _lost_rows(con: duckdb.DuckDBPyConnection, table: Table) -> Iterator[Fault]:
    for source_id, n_in, n_stored, n_aside in con.execute(
        f"{unaccounted_files(table)} ORDER BY source_id"
    ).fetchall():
        yield Fault(
            file=source_id,
            problem="the rows of the file do not add up: some were lost, or counted twice",
            found=f"{n_in} rows in, {n_stored or 0} kept, {n_aside or 0} set aside with a reason",
            expected="rows in = rows kept + rows set aside",
            remedy="this is a fault of the pipeline: please report it with the command you ran",
        )


def _unreadable(con: duckdb.DuckDBPyConnection, study: Study, table: Table) -> Iterator[Fault]:
    """Cells of the wrong kind. Their text is read from the file again, for the analyst's terminal only."""
    source_of = {source.file: source for source in study.source}
    places = con.execute(
        "SELECT source_id, row_number, column_name FROM raw.unreadable WHERE table_name = ? "
        "ORDER BY source_id, row_number, column_name",
        [table.name],
    ).fetchall()
    by_file: dict[str, list[tuple[int, str]]] = {}
    for source_id, row, name in places:
        by_file.setdefault(source_id, []).append((row, name))
    for source_id, cells in by_file.items():
        source = source_of[source_id]
        file = _opened_again(con, study, source, table, {name for _, name in cells})
        if table.is_wide:
            # A figure's place is a heading of the file, not a column of the table.
            heading = {name: name for _, name in cells}
            index = {header: nth for nth, header in enumerate(file.headers)}
        else:
            matched = match_headers(table, file, study, source)
            heading = {name: place.heading for name, place in matched.items()}
            index = {n: place.index for n, place in matched.items() if place.index is not None}
        shown = [(row, index[name]) for row, name in cells[:FAULTS_SHOWN] if name in index]
        text = file.cells(shown)
        for row, name in cells:
            column = None if table.is_wide else table.column(name)
            if column is not None:
                expected = _readable(column)
            elif table is LA_CONTEXT:
                expected = context_meaning(source, heading[name])
            else:
                expected = meaning_of_heading(study, source, heading[name])
            yield Fault(
                file=source_id,
                row=row,
                column=heading[name],
                problem=f"the cell cannot be read as {expected.split(' (')[0]}",
                found=_found(table, column, text.get((row, index.get(name, -1)))),
                expected=expected,
                remedy="mend the cell, or ask whoever sent the file",
            )


def _readable(column: Column) -> str:
    if column.counts_halves:
        return "a whole number, or one and a half"
    if column.kind != "integer" or not column.synonyms:
        return _READABLE[column.kind]
    words = ", ".join(word.lower() for word, _ in column.synonyms)
    return f"a whole number ({_plain(column.low)} to {_plain(column.high)}, or in words: {words})"


def _opened_again(
    con: duckdb.DuckDBPyConnection, study: Study, source: Source, table: Table, names: set[str]
) -> TabularFile:
    """A source's file, with the same heading row as when it was read."""
    if not table.is_wide:
        return open_source(
            source, study.path(source), looked_for(source, wanted_columns(table, study))
        )
    found = con.execute("SELECT sheet FROM raw.source WHERE source_id = ?", [source.file])
    for (sheet,) in found.fetchall():
        source = source.model_copy(update={"sheet": sheet})
    headings = Headings.of(([name] for name in sorted(names - {ASSUMED})), [])
    return open_source(source, study.path(source), headings)


def _duplicates(con: duckdb.DuckDBPyConnection, study: Study, table: Table) -> Iterator[Fault]:
    key = ", ".join(table.key)
    own_key = ", ".join(name for name in table.key if name != "source_id")
    if table.schema != "raw":
        yield Fault(
            file=table.full_name,
            problem=f"more than one row for one {key}",
            expected=table.grain,
            remedy="this is a fault of the pipeline: please report it with the command you ran",
        )
        return
    found = con.execute(
        f"""
        SELECT min(source_id), min(row_number), list(row_number ORDER BY source_id, row_number)
        FROM {table.full_name} GROUP BY {key} HAVING count(*) > 1 ORDER BY 1, 2
        """
    ).fetchall()
    is_pupil = any(table.column(name).sensitivity == "identifying" for name in table.key)
    for source_id, row, rows in found:
        yield Fault(
            file=source_id,
            row=row,
            column=_heading(study, source_id, table, table.key[-1]) if is_pupil else own_key,
            problem=(
                f"{'the same pupil number' if is_pupil else 'the same ' + own_key} appears in rows "
                + ", ".join(str(number) for number in rows)
            ),
            found="(a pupil's number is never shown)" if is_pupil else None,
            expected=f"one row for {table.grain}",
            remedy="keep the row that is right and delete the others",
        )


def _misfits(con: duckdb.DuckDBPyConnection, study: Study, rule: Rule) -> Iterator[Fault]:
    column = rule.column
    if column is None:
        return
    table = rule.table
    heading = "column_name" if table.is_wide else "NULL::VARCHAR"
    violation = rule.violation
    if rule.kind == "not_null":
        # Cells that could not be read are stored as NULL but reported as unreadable.
        violation = (
            f"{violation} AND (source_id, row_number, '{column.name}') NOT IN "
            "(SELECT (source_id, row_number, column_name) FROM raw.unreadable "
            f"WHERE table_name = '{table.name}')"
        )
    shown = "raw_text" if table.is_wide and column.name == "value_status" else column.name
    rows = con.execute(
        f"SELECT DISTINCT source_id, row_number, {heading}, CAST({shown} AS {SQL_TYPES['text']}) "
        f"FROM {table.full_name} WHERE {violation} ORDER BY 1, 2, 3, 4"
    ).fetchall()
    rows_of: dict[tuple[str, str | None, str | None], list[int]] = {}
    for source_id, row, name, value in rows:
        own = _heading(study, source_id, table, column.name, figure=name) or name
        rows_of.setdefault((source_id, own, value), []).append(row)
    for (source_id, name, value), places in rows_of.items():
        yield Fault(
            file=source_id,
            row=places[0],
            column=name,
            problem=_problem(rule) + _also(places),
            found=_found(table, column, value),
            expected=_of_figure(study, source_id, rule) or _expected(rule, column),
            remedy="mend the cell, or ask whoever sent the file what it means",
        )


def _mart_fault(con: duckdb.DuckDBPyConnection, rule: Rule) -> Fault:
    n_rows = row_count(con, f"{rule.table.full_name} WHERE {rule.violation}")
    column = rule.column
    return Fault(
        file=rule.table.full_name,
        column=column.name if column else None,
        problem=f"{n_rows} rows break the rule {rule.name}",
        expected=_expected(rule, column) if column else None,
        remedy="this is a fault of the pipeline or of a source it trusted: please report it",
    )


def _heading(
    study: Study, source_id: str, table: Table, column_name: str, *, figure: str | None = None
) -> str | None:
    """The file's heading for a column; None for a figure of a wide table, whose row stores its heading."""
    source = next((source for source in study.source if source.file == source_id), None)
    if source is None:
        return column_name
    if table is LA_CONTEXT:
        return context_key_heading(source, column_name, figure or "")
    if table.is_wide:
        return key_heading(study, source, column_name, figure or "")
    return headings_in(source, wanted_columns(table, study)).get(column_name, column_name)


def _also(rows: list[int]) -> str:
    """List the other rows with the same value, so that one cause gives one message."""
    others = rows[1:]
    if not others:
        return ""
    shown = ", ".join(str(row) for row in others[:ROWS_NAMED])
    return f" (also in row{'s' if len(others) > 1 else ''} {shown}" + (
        f" and {len(others) - ROWS_NAMED} more)" if len(others) > ROWS_NAMED else ")"
    )


def _problem(rule: Rule) -> str:
    if rule.kind == "not_null":
        return "the cell is blank"
    if rule.kind == "in_codes":
        return "the code is not known"
    return "the value is out of range"


def _expected(rule: Rule, column: Column) -> str:
    if rule.kind == "in_codes":
        older = [code for code, _ in column.synonyms]
        known = [code for code in column.allowed if code not in _NEVER_IN_A_FILE]
        return "one of " + ", ".join((*known, *older))
    if rule.kind == "in_range":
        return f"{_plain(column.low)} to {_plain(column.high)}"
    return f"a value: {column.about.lower()}"


def _of_figure(study: Study, source_id: str, rule: Rule) -> str | None:
    """The codes expected in a wide table's file, where they replace a figure or name a kind of row."""
    column = rule.column.name if rule.column else ""
    if rule.kind != "in_codes" or not rule.table.is_wide:
        return None
    if column == "value_status":
        return "a number with a decimal point, or a code for none: " + ", ".join(STATUS_OF_CODE)
    source = next((source for source in study.source if source.file == source_id), None)
    if column == "level" and source is not None:
        return codes_of_record_types(source)
    return None


def _plain(bound: float | None) -> str:
    return "no limit" if bound is None else f"{bound:g}"


def _found(table: Table, column: Column | None, value: str | None) -> str:
    """A cell's value; from pupil files only if it cannot identify a pupil."""
    if value is None:
        return "(blank)"
    if column is None:
        return repr(value)
    if column.sensitivity == "identifying":
        return "(a pupil's number is never shown)"
    if column.kind == "number":
        value = value.removesuffix(".0")
    harmless = _PUPIL_CODE_OR_FIGURE if column.sensitivity == "pupil" else _SCHOOL_NUMBER
    if table.sensitivity == "pupil" and not harmless.fullmatch(value):
        return f"(text of {len(value)} characters, not shown: it may name a pupil)"
    return repr(value)
