"""The list of faults: the change to a valid file, the files it applies to, and the expected message.

A fault in a cell is planted in each column that the catalogue says it concerns, so new columns and kinds are
covered automatically. `test_faults` runs the cases.

Undetectable faults are not listed: pupil files and performance tables do not show their year, so results of a
wrong year are found only if study.toml names an unused year or one file is registered for two years.
"""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from itertools import product

from pipelines.catalogue import Column
from pipelines.ingest.records import read_columns
from pipelines.study.measures_in_use import is_column_in_use
from tests.faults.formats import WRITERS, Grid, rows_above, text
from tests.faults.good import (
    CONTEXT,
    INTERACTIVE_TOOL,
    NAMES,
    PUBLISHED,
    PUPILS,
    Name,
    file_of,
    fresh,
    grid_of,
    loaded,
    study_of,
    table_of,
)

KINDS = NAMES
RECORDS = tuple(kind for kind in KINDS if kind not in (*PUBLISHED, *CONTEXT))
# The faults are in row 3 of the file, counted as in a spreadsheet.
ROW = 3
# File formats with different counting of rows and columns.
FORMS_OF_CELLS = tuple(file_format for file_format in WRITERS if file_format != "csv")
UNREADABLE = "cannot be read as"
OUT_OF_RANGE, UNKNOWN, BLANK = "out of range", "the code is not known", "the cell is blank"
MISSING = "the column is missing"
NOBODY_ASKS = "no programme of study.toml asks about the column"
NO_CASE_STUDY = "there is no case study of this school and programme"


@dataclass(frozen=True)
class Expected:
    """An expected message: its place and words in it."""

    row: int | None
    column: str | None
    said: str
    file: str = ""
    is_warning: bool = False


@dataclass(frozen=True)
class Case:
    """One fault in one file. Without `expected` it is harmless, and the table must be unchanged."""

    fault: str
    kind: Name
    file_format: str
    # Created when the case runs; None if the file is missing.
    content: Callable[[], bytes] | None
    expected: tuple[Expected, ...] = ()
    where: str = ""
    # Additional lines for the file's entry in study.toml, and a change to the protocol.
    entry: str = ""
    change: Callable[[str], str] = field(default=lambda protocol: protocol)
    is_symlink: bool = False
    # Whether a warning is also allowed, at other places.
    may_warn: bool = False

    @property
    def id(self) -> str:
        return "-".join(filter(None, (self.fault, self.kind, self.where, self.file_format)))


# ------------------------------------------------------------------------------------------ spoiling


def written(file_format: str, grid: Grid) -> Callable[[], bytes]:
    """A table as a file, written when needed."""
    return lambda: WRITERS[file_format](grid)


def as_it_is(content: bytes) -> Callable[[], bytes]:
    """Existing bytes."""
    return lambda: content


def spoilt(kind: Name, heading: str, value: str, row: int = ROW) -> Grid:
    """A valid file with one cell changed."""
    grid = fresh(kind)
    grid[row - 1][grid[0].index(heading)] = value
    return grid


def _columns(kind: Name) -> Iterator[tuple[str, Column]]:
    """The headings of a record file, each with its column."""
    headings = {heading.casefold(): heading for heading in grid_of(kind)[0]}
    for column in read_columns(table_of(kind)):
        names = [name.casefold() for name in (*column.headers, column.name)]
        found = next((headings[name] for name in names if name in headings), None)
        if found is not None:
            yield found, column


def in_cells(
    fault: str,
    concerns: Callable[[Column], bool],
    value: Callable[[Column], str],
    said: str,
) -> Iterator[Case]:
    """One case per kind, with the fault in every column it concerns; each must be reported.

    The faults alternate between two records, because a record without any school key would count as a total.
    In a column that no programme uses the fault is a warning, in a separate case that needs a sound table.
    """
    for kind, is_in_use in product(RECORDS, (True, False)):
        grid = fresh(kind)
        columns = [
            (heading, column)
            for heading, column in _columns(kind)
            if concerns(column) and _is_in_use(kind, column) == is_in_use
        ]
        rows = [ROW + nth % 2 for nth in range(len(columns))]
        for row, (heading, column) in zip(rows, columns, strict=True):
            grid[row - 1][grid[0].index(heading)] = value(column)
        if columns:
            expected = tuple(
                Expected(row, heading, said)
                if is_in_use
                else Expected(row, heading, NOBODY_ASKS, is_warning=True)
                for row, (heading, _) in zip(rows, columns, strict=True)
            )
            where = "" if is_in_use else "nobody asks"
            yield Case(fault, kind, "csv", written("csv", grid), expected, where)


def in_blank_cells() -> Iterator[Case]:
    """One case for each column that must not be blank; a fully blank record is not a record."""
    for kind in RECORDS:
        for heading, column in _columns(kind):
            if not column.is_nullable and _is_open(column):
                content = written("csv", spoilt(kind, heading, " "))
                yield Case(
                    "blank cell", kind, "csv", content, (Expected(ROW, heading, BLANK),), heading
                )


def in_other_forms(fault: str, value: str, said: str) -> Iterator[Case]:
    """The first typed column of each kind, each in a third of the file formats."""
    for nth, kind in enumerate(RECORDS):
        heading = next((heading for heading, column in _columns(kind) if _is_typed(column)), None)
        for file_format in FORMS_OF_CELLS[nth % 3 :: 3] if heading else ():
            content = written(file_format, spoilt(kind, str(heading), value))
            expected = (Expected(ROW + rows_above(file_format), heading, said),)
            yield Case(fault, kind, file_format, content, expected, str(heading))


def _is_in_use(kind: Name, column: Column) -> bool:
    return is_column_in_use(loaded(study_of(kind)), column.used_for)


def _is_open(column: Column) -> bool:
    return column.sensitivity != "identifying"


def _is_typed(column: Column) -> bool:
    return column.kind in {"integer", "number", "flag", "date"} and _is_open(column)


# ---------------------------------------------------------------------------------- faults in a cell


def cell_faults() -> Iterator[Case]:
    """Invalid values."""
    yield from in_cells("wrong type", _is_typed, lambda _: "see note", UNREADABLE)
    yield from in_cells("formula text", lambda c: c.kind == "date", lambda _: "=1+1", UNREADABLE)
    yield from in_cells("formula as a code", lambda c: bool(c.allowed), lambda _: "=A1", UNKNOWN)
    yield from in_cells(
        "too low", lambda c: c.low is not None, lambda c: f"{(c.low or 0) - 1:.0f}", OUT_OF_RANGE
    )
    yield from in_cells(
        "too high",
        lambda c: c.high is not None,
        lambda c: f"{(c.high or 0) + 1:.0f}",
        OUT_OF_RANGE,
    )
    yield from in_cells("unknown code", lambda c: bool(c.allowed), lambda _: "??", UNKNOWN)
    yield from in_blank_cells()
    yield from in_cells(
        "date order", lambda c: c.kind == "date", lambda _: "12/31/2017", UNREADABLE
    )
    yield from in_cells(
        "no such day", lambda c: c.kind == "date", lambda _: "2017-02-30", UNREADABLE
    )
    yield from in_cells("decimal comma", lambda c: c.kind == "number", lambda _: "15,5", UNREADABLE)
    yield from in_cells(
        "part of a whole", lambda c: c.kind == "integer", lambda _: "12.7", UNREADABLE
    )
    yield from in_other_forms("wrong type", "see note", UNREADABLE)


# ------------------------------------------------------------------------------- faults of a heading


def _required(kind: Name) -> list[str]:
    if kind == INTERACTIVE_TOOL:
        return ["Short Desc", "Years", "LA and Regions", "Values", "LA Number"]
    if kind in CONTEXT:
        return ["time_period", "geographic_level", "country_name"]
    if kind in PUBLISHED:
        values = {
            "ks2_schools": ["PTRWM_EXP_FSM6CLA1A", "TFSM6CLA1A"],
            "ks4_schools": ["PTFSM6CLA1ABASICS_94", "TFSM6CLA1A"],
        }
        return ["RECTYPE", "LEA", "ESTAB", "URN", "SCHNAME", *values[kind]]
    columns = (column for column in _columns(kind) if _is_in_use(kind, column[1]))
    return [heading for heading, column in columns if column.is_required]


def _usual(kind: Name, heading: str) -> str:
    """The heading used in messages about a missing column: the first one of its column."""
    if kind not in RECORDS:
        return heading
    column = next(column for found, column in _columns(kind) if found == heading)
    return column.headers[0] if column.headers else column.name


def without(kind: Name, heading: str) -> Grid:
    grid = fresh(kind)
    index = grid[0].index(heading)
    return [row[:index] + row[index + 1 :] for row in grid]


def renamed(kind: Name, heading: str, name: str) -> Grid:
    grid = fresh(kind)
    grid[0][grid[0].index(heading)] = name
    return grid


def heading_faults() -> Iterator[Case]:
    """Missing, renamed and repeated columns."""
    for kind in KINDS:
        for nth, heading in enumerate(_required(kind)):
            expected = (Expected(1, _usual(kind, heading), MISSING),)
            grid = without(kind, heading)
            if grid[0]:
                # Only the first in workbooks, which are slow to write.
                for file_format in ("csv", *(("xlsx",) if nth == 0 else ())):
                    content = written(file_format, grid)
                    yield Case("missing column", kind, file_format, content, expected, heading)
            if nth < 2:
                content = written("csv", renamed(kind, heading, f"{heading} (old)"))
                yield Case("renamed column", kind, "csv", content, expected, heading)
        heading = _required(kind)[0]
        twice = [[*row, row[grid_of(kind)[0].index(heading)]] for row in fresh(kind)]
        expected = (Expected(1, heading, f"the heading {heading!r} appears 2 times"),)
        for file_format in ("csv", "xlsx"):
            yield Case("heading twice", kind, file_format, written(file_format, twice), expected)


# ------------------------------------------------------------------------------ faults of whole rows

# The key of a record as messages name it; None if no two rows can be equal.
_KEY_COLUMNS: dict[Name, str | None] = {
    "ks2_pupils": "UPN",
    "ks4_pupils": "UPN",
    "ks2_schools": "URN",
    "ks4_schools": "URN",
    "statements": None,
    "case_study_support": None,
}


def row_faults() -> Iterator[Case]:
    """Repeated and missing records, and records of another authority or an unknown school."""
    for kind in KINDS:
        own_key = (name for name in table_of(kind).key if name != "source_id")
        key = _KEY_COLUMNS.get(kind, ", ".join(own_key))
        if key is not None:
            twice = [*fresh(kind)[:-1], list(grid_of(kind)[ROW - 1]), list(grid_of(kind)[-1])]
            row = len(twice) - 1
            said = f"{ROW}, {row}"
            expected = (
                Expected(ROW, key, "more than one row" if kind in PUBLISHED else "in rows"),
            )
            yield Case(
                "duplicate key", kind, "csv", written("csv", twice), expected, said,
                may_warn=kind in PUBLISHED,
            )  # fmt: skip
        for file_format in ("csv", "xlsx"):
            content = written(file_format, fresh(kind)[:1])
            expected = (Expected(None, None, "there is no row that can be used"),)
            yield Case("header only", kind, file_format, content, expected)
    for kind in PUPILS:
        content = written("csv", spoilt(kind, "LAESTAB", "8502002"))
        expected = (Expected(ROW, "LAESTAB", "the school is another authority's"),)
        yield Case("wrong authority", kind, "csv", content, expected)
    for kind in (*PUBLISHED, "school_register"):
        heading = "LEA" if kind in PUBLISHED else "LA (code)"
        grid = fresh(kind)
        for row_of_file in grid[1:]:
            row_of_file[grid[0].index(heading)] = "850"
        expected = (Expected(None, heading, "no school of the study's authority is in the file"),)
        yield Case("wrong authority", kind, "csv", written("csv", grid), expected)
    for kind in (*PUPILS, "enrolments", "eligibility", "evaluations", "statements", "case_studies"):
        heading = "URN" if kind in PUPILS else "urn"
        content = written("csv", spoilt(kind, heading, "999998"))
        expected = (
            Expected(ROW, heading.upper(), "the school is in no register"),
            *_support_without_case_study(kind),
        )
        yield Case("school in no register", kind, "csv", content, expected)
    for kind in ("enrolments", "eligibility", "evaluations", "statements", "case_studies"):
        content = written("csv", spoilt(kind, "programme", "sned"))
        expected = [Expected(ROW, "programme", "study.toml has no programme of that id")]
        expected.extend(_support_without_case_study(kind))
        yield Case("programme not in the protocol", kind, "csv", content, tuple(expected))
    for heading, value in (("urn", "999998"), ("programme", "sned")):
        content = written("csv", spoilt("case_study_support", heading, value))
        expected = (Expected(ROW, "URN", NO_CASE_STUDY),)
        yield Case(
            "school without a case study", "case_study_support", "csv", content, expected, heading
        )
    content = written("csv", spoilt("case_study_support", "until", "2018-02-04"))
    expected = (Expected(ROW, "until", "ends before it begins"),)
    yield Case("end before the beginning", "case_study_support", "csv", content, expected)


def _support_without_case_study(kind: Name) -> tuple[Expected, ...]:
    """Support without a case study, in a separate file."""
    if kind != "case_studies":
        return ()
    return (Expected(ROW, "URN", NO_CASE_STUDY, file="case_study_support.csv"),)


def figure_faults() -> Iterator[Case]:
    """Faults specific to published figures: many figures in a row, and codes instead of numbers."""
    figures = {
        "ks2_schools": "PTRWM_EXP_FSM6CLA1A",
        "ks4_schools": "PTFSM6CLA1ABASICS_94",
        "la_context": "expected_standard_pupil_percent",
        INTERACTIVE_TOOL: "Values",
    }
    for nth_kind, (kind, heading) in enumerate(figures.items()):
        for fault, value, said in (
            ("unknown code", "QQ", UNKNOWN),
            ("formula text", "=SUM(A1)", UNKNOWN),
            ("wrong type", "see note", UNKNOWN),
            ("decimal comma", "60,5%", UNKNOWN),
            ("too low", "-1%", UNREADABLE),
            ("too high", "101%", UNREADABLE),
        ):
            others = FORMS_OF_CELLS[nth_kind % 3 :: 3] if fault == "wrong type" else ()
            for file_format in ("csv", *others):
                content = written(file_format, spoilt(kind, heading, value))
                # Relations are not checked for a faulty table.
                expected = (Expected(ROW + rows_above(file_format), heading, said),)
                yield Case(fault, kind, file_format, content, expected, heading)
        grid = fresh(kind)
        for nth, row in enumerate(grid[1:], start=4):
            row[grid[0].index(heading)] = f"0.{nth}"
        expected = (Expected(2, heading, UNREADABLE),)
        for file_format in ("csv", "semicolon.csv", "xlsx"):
            content = written(file_format, grid)
            yield Case("percentage against share", kind, file_format, content, expected)
    for kind, heading, fault, value, said in _beside_figures():
        content = written("csv", spoilt(kind, heading, value))
        yield Case(fault, kind, "csv", content, (Expected(ROW, heading, said),), heading)


def _beside_figures() -> Iterator[tuple[Name, str, str, str, str]]:
    """Faults in key cells of a row of figures: kind, heading, fault, value, words."""
    for kind in PUBLISHED:
        yield kind, "RECTYPE", "unknown code", "9", UNKNOWN
        yield kind, "RECTYPE", "blank cell", " ", UNKNOWN
        for heading in ("LEA", "ESTAB", "URN", "TFSM6CLA1A"):
            yield kind, heading, "wrong type", "see note", UNREADABLE
        yield kind, "URN", "blank cell", " ", UNREADABLE
        yield kind, "URN", "too low", "99999", OUT_OF_RANGE
        yield kind, "URN", "too high", "1000000", OUT_OF_RANGE
        yield kind, "TFSM6CLA1A", "too low", "-1", OUT_OF_RANGE
    for heading in ("time_period", "version", "old_la_code"):
        yield "la_context", heading, "wrong type", "see note", UNREADABLE
    yield "la_context", "time_period", "blank cell", " ", UNREADABLE
    yield "la_context", "la_name", "blank cell", " ", BLANK
    yield "la_context", "old_la_code", "too low", "199", OUT_OF_RANGE
    yield "la_context", "old_la_code", "too high", "1000", OUT_OF_RANGE
    yield INTERACTIVE_TOOL, "Years", "wrong type", "see note", UNREADABLE
    yield INTERACTIVE_TOOL, "Years", "blank cell", " ", UNREADABLE
    yield INTERACTIVE_TOOL, "LA and Regions", "blank cell", " ", BLANK
    for fault, value in (("wrong type", "see note"), ("too low", "199"), ("blank cell", " ")):
        yield INTERACTIVE_TOOL, "LA Number", fault, value, UNKNOWN


def identity_faults() -> Iterator[Case]:
    """Invalid or outdated corrections of school identity."""
    for fault, value, said in (
        ("wrong type", "see note", "neither a URN nor a school of its own"),
        ("school in no register", "999998", "is in no register and in no results"),
        ("correction of itself", "900102", "cannot count as itself"),
        ("correction without effect", "900002", "so the correction does nothing"),
    ):
        content = written("csv", spoilt("school_corrections", "school_urn", value))
        expected = (Expected(ROW, "school_urn", said),)
        yield Case(fault, "school_corrections", "csv", content, expected, "school_urn")
    content = written("csv", spoilt("school_corrections", "urn", "999998"))
    expected = (Expected(ROW, "urn", "no file of the study names that school"),)
    yield Case("school in no register", "school_corrections", "csv", content, expected, "urn")
    content = written("csv", spoilt("school_corrections", "decided_on", "2016-09-20"))
    expected = (Expected(ROW, "decided_on", "of a later date than the correction"),)
    yield Case("correction out of date", "school_corrections", "csv", content, expected)


# ----------------------------------------------------------------------------- faults of whole files


def byte_faults() -> Iterator[Case]:
    """Damaged, truncated and wrong files."""
    for kind in KINDS:
        good = text(fresh(kind)).encode()
        lines = good.split(b"\n")

        def with_bytes(inserted: bytes, lines: list[bytes] = lines) -> bytes:
            return b"\n".join([*lines[: ROW - 1], inserted + lines[ROW - 1], *lines[ROW:]])

        damaged = {
            "broken encoding": (with_bytes("é".encode() + b"\xff"), ROW, "not UTF-8 text"),
            "NUL byte": (with_bytes(b"\0"), ROW, "NUL character"),
            "unclosed quote": (with_bytes(b'"'), ROW, "quotation mark"),
            "too many cells": (
                b"\n".join([*lines[: ROW - 1], lines[ROW - 1] + b",1,2", *lines[ROW:]]),
                ROW,
                "the heading has",
            ),
            "line ends of two kinds": (
                b"\n".join([*lines[: ROW - 1], lines[ROW - 1] + b"\r", *lines[ROW:]]),
                ROW,
                "do not all end in the same way",
            ),
            # The copy stopped within the last row, without a line end.
            "cut in the last row": (
                b"\n".join([*lines[:-2], b",".join(lines[-2].split(b",")[:1])]),
                len(lines) - 1,
                "the file stops in the middle of this row",
            ),
            "empty file": (b"", 1, "the file is empty"),
        }
        for fault, (content, row, said) in damaged.items():
            expected = (Expected(row, None, said),)
            yield Case(fault, kind, "csv", as_it_is(content), expected)
            if kind in {"ks2_pupils", "ks4_schools", "school_register"}:
                packed = gzip.compress(content, mtime=0)
                yield Case(fault, kind, "csv.gz", as_it_is(packed), expected)
        packed = gzip.compress(good, mtime=0)
        book, sheet = written("xlsx", fresh(kind)), written("ods", fresh(kind))
        wrong: dict[tuple[str, str], tuple[Callable[[], bytes], str]] = {
            ("truncated gzip", "csv.gz"): (
                as_it_is(packed[: len(packed) // 2]),
                "broken or cut short",
            ),
            ("not gzip", "csv.gz"): (as_it_is(good), "broken or cut short"),
            ("gzip by another name", "csv"): (as_it_is(packed), "compressed with gzip"),
            ("web page", "csv"): (as_it_is(b"<!DOCTYPE html><html></html>"), "it is a web page"),
            ("text named workbook", "xlsx"): (as_it_is(good), "it is no workbook"),
            ("workbook named text", "csv"): (book, "it is a workbook"),
            ("truncated workbook", "xlsx"): (lambda book=book: book()[:-900], "broken or cut"),
            ("truncated workbook", "ods"): (lambda sheet=sheet: sheet()[:-300], "broken or cut"),
            ("gzip bomb", "csv.gz"): (
                lambda good=good: gzip.compress(good + b"\n" * 2**22, mtime=0),
                "made to do harm",
            ),
            ("zip bomb", "xlsx"): (lambda book=book: _bomb(book()), "made to do harm"),
            ("zip bomb", "ods"): (lambda sheet=sheet: _bomb(sheet()), "made to do harm"),
        }
        for (fault, file_format), (content, said) in wrong.items():
            yield Case(fault, kind, file_format, content, (Expected(None, None, said),))
        yield Case("missing file", kind, "csv", None, (Expected(None, None, "is not there"),))


@cache
def _filler() -> bytes:
    """An archive that expands from 40 kB to 40 MB."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/picture.bin", bytes(40 * 2**20))
    return packed.getvalue()


def _bomb(workbook: bytes) -> bytes:
    """A workbook with a part that unpacks to more than any table needs."""
    packed = BytesIO(_filler())
    with (
        zipfile.ZipFile(BytesIO(workbook)) as good,
        zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in good.namelist():
            archive.writestr(name, good.read(name))
    return packed.getvalue()


def workbook_faults() -> Iterator[Case]:
    """Faults specific to workbooks."""
    for kind in KINDS:
        if len(grid_of(kind)[0]) < 2:
            continue
        left, right = _required(kind)[:2]
        grid = fresh(kind)
        order = [left, right, *(h for h in grid[0] if h not in {left, right})]
        moved = [[row[grid[0].index(heading)] for heading in order] for row in grid]
        book = written("xlsx", moved)
        merged = _in_sheet(
            book,
            "</sheetData>",
            '</sheetData><mergeCells count="1"><mergeCell ref="A1:B1"/></mergeCells>',
        )
        expected = (Expected(1, left, "is merged over 2 columns"),)
        yield Case("merged cells", kind, "xlsx", merged, expected)
        cell = re.compile(rf'<c r="A{ROW}"[^>]*>.*?</c>')
        for fault, xml, said in (
            ("error in a cell", f'<c r="A{ROW}" t="e"><v>#REF!</v></c>', "shows an error"),
            ("formula text", f'<c r="A{ROW}"><f>1+1</f></c>', "never worked out"),
        ):
            content = _in_sheet(book, cell, xml)
            yield Case(fault, kind, "xlsx", content, (Expected(ROW, left, said),))


def _in_sheet(
    book: Callable[[], bytes], old: str | re.Pattern[str], new: str
) -> Callable[[], bytes]:
    """A workbook with changed sheet XML."""

    def changed() -> bytes:
        with zipfile.ZipFile(BytesIO(book())) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = "xl/worksheets/sheet1.xml"
        sheet = parts[name].decode()
        text = sheet.replace(old, new) if isinstance(old, str) else old.sub(new, sheet)
        assert text != sheet
        parts[name] = text.encode()
        packed = BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        return packed.getvalue()

    return changed


# ------------------------------------------------------------------------- faults of the registration


def registration_faults() -> Iterator[Case]:
    """Files that study.toml does not describe, or describes twice."""
    for kind in KINDS:
        number = study_of(kind).kinds.index(kind) + 1
        good = written("csv", fresh(kind))
        toml, place = "study.toml", f"source[{number}]"

        def outside(protocol: str, kind: Name = kind) -> str:
            return protocol.replace(f'"{file_of(kind, "csv")}"', f'"../{file_of(kind, "csv")}"')

        def second(protocol: str, kind: Name = kind) -> str:
            file = file_of(kind, "csv")
            entry = re.search(rf'\n\[\[source\]\]\nkind = .+\nfile = "{file}"\n(?:.+\n)*', protocol)
            assert entry
            again = entry[0].replace(file, f"second_{file}")
            return protocol.rstrip("\n") + "\n" + again

        n_kinds = len(study_of(kind).kinds)
        yield Case(
            "checksum", kind, "csv", good,
            (Expected(None, None, "its checksum differs"),), entry=f'sha256 = "{"0" * 64}"\n',
        )  # fmt: skip
        yield Case(
            "path outside data_root", kind, "csv", good,
            (Expected(-1, f"{place}.file", "lies outside data_root", file=toml),), change=outside,
        )  # fmt: skip
        yield Case(
            "symlink", kind, "csv", good,
            (Expected(-1, f"{place}.file", "lies outside data_root", file=toml),), is_symlink=True,
        )  # fmt: skip
        yield from mapping_faults(kind, place)
        if kind in CONTEXT:
            # Such files contain their years and pupils, so there may be several.
            continue
        yield Case(
            "two files for one slot", kind, "csv", good,
            (Expected(-1, f"source[{n_kinds + 1}]", "are both the study's", file=toml),),
            change=second,
        )  # fmt: skip
        if kind not in {*PUPILS, *PUBLISHED, "school_census"}:
            continue
        used = re.compile(rf'(kind = "{kind}"\n.+\nacademic_year = )"2017-18"')
        yield Case(
            "wrong year", kind, "csv", good,
            (Expected(-1, f"{place}.academic_year", "a year the study does not use", file=toml),),
            change=lambda protocol, used=used: used.sub(r'\1"2013-14"', protocol),
        )  # fmt: skip

        def both_years(protocol: str, kind: Name = kind) -> str:
            again = second(protocol, kind)
            last = again.rindex("2017-18")
            return again[:last] + "2016-17" + again[last + 7 :]

        yield Case(
            "one file for two years", kind, "csv", good,
            (Expected(None, None, "it is the same file, byte for byte", f"second_{file_of(kind, 'csv')}"),),
            change=both_years,
        )  # fmt: skip


def mapping_faults(kind: Name, place: str) -> Iterator[Case]:
    """Wrong statements of the study about the file's headings."""
    first = _required(kind)[0]
    usual = _usual(kind, first)
    moved = [[*row, "x" if nth else "Other"] for nth, row in enumerate(renamed(kind, first, "Own"))]
    good = [[*row, "x" if nth else "Other"] for nth, row in enumerate(fresh(kind))]
    for fault, grid, entry, key, said in (
        (
            "mapped heading not there", good,
            f'columns = {{ "Nowhere" = "{usual}" }}', "columns.Nowhere", "has no heading 'Nowhere'",
        ),
        (
            "mapped to nothing known", good,
            'columns = { "Other" = "nothing" }', "columns.Other", "'nothing' is nothing that is read",
        ),
        (
            "two columns for one thing", moved,
            f'columns = {{ "Own" = "{usual}", "Other" = "{usual}" }}', "columns.Other", "is given twice",
        ),
        (
            "mapped and there", good,
            f'columns = {{ "Other" = "{usual}" }}', "columns.Other", f"a heading {usual!r}",
        ),
        (
            "assumed and there", good,
            f'assume = {{ "{usual}" = "1" }}', f"assume.{usual}", f"a heading {usual!r}",
        ),
        (
            "assumed nothing known", good,
            'assume = { "nothing" = "1" }', "assume.nothing", "'nothing' is nothing that is read",
        ),
        ("listed as without", good, f'without = ["{usual}"]', "without", f"without {usual}"),
    ):  # fmt: skip
        expected = (Expected(-1, f"{place}.{key}", said, file="study.toml"),)
        yield Case(fault, kind, "csv", written("csv", grid), expected, entry=f"{entry}\n")


# --------------------------------------------------------------------------------- what does no harm


def harmless() -> Iterator[Case]:
    """Harmless changes that must give the same table."""
    for kind in KINDS:
        grid = fresh(kind)
        wider = [[*row, "x" if nth else "Notes"] for nth, row in enumerate(grid)]
        turned = [row[::-1] for row in grid]
        yield Case("extra column", kind, "csv", written("csv", wider))
        yield Case("reordered column", kind, "csv", written("csv", turned))
        lower = [[h.lower() for h in grid[0]], *grid[1:]]
        yield Case("headings in another case", kind, "csv", written("csv", lower))
        for name, space in (("spaces", " "), ("non-breaking spaces", "\u00a0")):
            padded = [[f"{space}{cell}{space * 2}" for cell in row] for row in grid[1:]]
            yield Case(name, kind, "csv", written("csv", [grid[0], *padded]))
        for file_format in WRITERS:
            yield Case("as it is", kind, file_format, written(file_format, grid))
        first = _required(kind)[0]
        mapped = f'columns = {{ "Own" = "{_usual(kind, first)}" }}\n'
        content = written("csv", renamed(kind, first, "Own"))
        yield Case("renamed and mapped", kind, "csv", content, entry=mapped)


def all_cases() -> list[Case]:
    """Every case, grouped by kind, because each leaves its table changed until the next is read."""
    found = [
        *(*cell_faults(), *heading_faults(), *row_faults(), *figure_faults()),
        *(
            *identity_faults(),
            *byte_faults(),
            *workbook_faults(),
            *registration_faults(),
            *harmless(),
        ),
    ]
    named: dict[str, Case] = {}
    for case in found:
        key = case.id
        if key in named:
            raise ValueError(f"two cases are called {key}")
        named[key] = case
    return sorted(named.values(), key=lambda case: KINDS.index(case.kind))
