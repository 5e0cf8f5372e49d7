"""Any table of any text, in any format, is read back; any bytes end as a table or a fault."""

from __future__ import annotations

import csv
import gzip
import io
import string
import tempfile
import zipfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import duckdb
import openpyxl
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from pipelines.errors.fault import StudyError
from pipelines.ingest.heading_row import Headings
from pipelines.ingest.tabular import create_from_scan, open_tabular

CALM = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
HEADINGS = Headings.of([["head0"], ["head1"], ["head2"]], [])
WIDTH = 4

# NUL is refused; lone surrogates are not text.
ANY = st.characters(blacklist_categories=["Cs"], blacklist_characters="\0")
AWKWARD = st.sampled_from([*",;\t\"\n\r '=+#é€\xa0\u2028\x85", "\r\n", '""', "Total", "\n\n"])
CELL = st.lists(st.one_of(AWKWARD, ANY), max_size=6).map("".join)
WINDOWS_CELL = CELL.map(lambda text: text.encode("cp1252", "ignore").decode("cp1252"))


def tables(cell: st.SearchStrategy[str]) -> st.SearchStrategy[list[list[str]]]:
    """Rows of one to four cells; an empty list is a line without characters."""
    filled = st.lists(cell, min_size=1, max_size=WIDTH).filter(any)
    return st.lists(st.one_of(filled, st.just([])), max_size=8)


def written(rows: list[list[str]], delimiter: str, quoting: int, end: str) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=end)
    for row in rows:
        if row:
            # The writer does not quote other kinds of line break, so always quote such cells.
            is_odd = any("\r" in cell or "\n" in cell for cell in row)
            csv.writer(
                stream, delimiter=delimiter, quoting=csv.QUOTE_ALL if is_odd else quoting,
                lineterminator=end,
            ).writerow(row) if is_odd else writer.writerow(row)  # fmt: skip
        else:
            stream.write(end)
    return stream.getvalue()


def _plain_spaces(text: str) -> str:
    return text.replace("\xa0", " ")


def expected(rows: list[list[str]], first: int) -> list[tuple[object, ...]]:
    """Rows as a scan gives them: blank cells missing, non-breaking spaces as spaces."""
    return [
        (number, *(_plain_spaces(cell) or None for cell in row), *[None] * (WIDTH - len(row)))
        for number, row in enumerate(rows, start=first)
        if row
    ]


def read_back(data: bytes, name: str) -> tuple[list[tuple[object, ...]], int]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        file = open_tabular(name, path, HEADINGS)
        with closing(duckdb.connect()) as con:
            aside = create_from_scan(con, file, "CREATE TABLE made AS SELECT * FROM {scan}")
            rows = con.execute("SELECT * FROM made ORDER BY row_number").fetchall()
        for row in rows[-1:]:
            at = {(row[0], index): cell for index, cell in enumerate(row[1:]) if cell}
            found = file.cells(list(at))
            assert {place: _plain_spaces(text) for place, text in found.items()} == at
        return rows, sum(aside.values())


def require_same(
    got: list[tuple[object, ...]], n_aside: int, wanted: list[tuple[object, ...]]
) -> None:
    """The same cells with the same row numbers, except trailing rows that are set aside and counted."""
    assert got == [row for row in wanted if row in got]
    missing = [row for row in wanted if row not in got]
    assert len(missing) == n_aside
    # The only texts tried that begin a total or a note.
    assert all("otal" in str(row) or "©" in str(row) for row in missing)


@CALM
@given(
    rows=tables(CELL),
    how=st.tuples(
        st.sampled_from([",", ";", "\t"]),
        st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
        st.sampled_from(["\n", "\r\n", "\r"]),
    ),
    codec=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    is_titled=st.booleans(),
    is_gzipped=st.booleans(),
)
def test_any_text_reads_back(rows, how, codec, is_titled, is_gzipped):
    above = [["A title"], []] if is_titled else []
    heading = [f"head{index}" for index in range(WIDTH)]
    data = written([*above, heading, *rows], *how).encode(codec)
    name = "t.csv.gz" if is_gzipped else "t.csv"
    got, n_aside = read_back(gzip.compress(data) if is_gzipped else data, name)
    require_same(got, n_aside - is_titled, expected(rows, len(above) + 2))


@CALM
@given(rows=tables(WINDOWS_CELL), delimiter=st.sampled_from([",", ";"]))
def test_any_windows_text_reads_back_or_is_refused_as_doubtful(rows, delimiter):
    rows = [*rows, ["é", "", "x", ""]]
    heading = [f"head{index}" for index in range(WIDTH)]
    data = written([heading, *rows], delimiter, csv.QUOTE_MINIMAL, "\r\n").encode("cp1252")
    try:
        got, n_aside = read_back(data, "t.csv")
    except StudyError as error:
        assert [fault.problem for fault in error.faults] == ["the file is not UTF-8 text"]
        return
    require_same(got, n_aside, expected(rows, 2))


@CALM
@given(rows=tables(CELL.map(lambda text: ILLEGAL_CHARACTERS_RE.sub("", text).replace("\r", "\n"))))
def test_any_text_in_a_workbook_reads_back(rows):
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for number, row in enumerate([["head0", "head1", "head2", "head3"], *rows], start=1):
        for column, text in enumerate(row, start=1):
            if text:
                cell = sheet.cell(number, column, text)
                cell.data_type = "s"  # text, even if it begins like a formula or an error
    stream = io.BytesIO()
    book.save(stream)
    got, n_aside = read_back(stream.getvalue(), "t.xlsx")
    require_same(got, n_aside, expected(rows, 2))


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=12),
        st.sampled_from(
            [b"head0,head1,head2\n", b'"', b",", b"\r", b"\n", b"\r\n", b";", b"\xff\xfe"]
        ),
    ),
    max_size=12,
).map(b"".join)


@CALM
@given(data=PIECES, name=st.sampled_from(["t.csv", "t.csv.gz", "t.xlsx", "t.ods", "t.txt"]))
def test_any_bytes_end_as_a_table_or_a_fault(data, name):
    try:
        read_back(data, name)
    except StudyError as error:
        assert all(fault.remedy for fault in error.faults)


LINES = st.lists(
    st.one_of(
        st.text(" x'.é", max_size=3).map(str.encode),
        st.sampled_from([b'"', b'""', b",", b"\n", b"\n\n", b'"x"', b'"\n"', b",,,,", b"Total"]),
    ),
    max_size=16,
).map(b"".join)


@CALM
@example(lines=b' ""', end=b"\n")
@example(lines=b'"" ', end=b"\n")
@example(lines=b'x, "y"', end=b"\r\n")
@given(lines=LINES, end=st.sampled_from([b"\n", b"\r\n"]))
def test_the_parallel_reader_reads_as_the_row_by_row_reader_does(lines, end):
    data = (b"head0,head1,head2\n" + lines + b"\n").replace(b"\n", end)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(data)
        file = open_tabular("t.csv", path, HEADINGS)
        if file.direct_scan is None:
            return
        with closing(duckdb.connect()) as con:
            try:
                create_from_scan(con, file, "CREATE TABLE made AS FROM {scan}")
            except StudyError:
                return
            slow = replace(file, direct_scan=None)
            create_from_scan(con, slow, "CREATE TABLE again AS FROM {scan}")
            made = con.execute("FROM made ORDER BY ALL").fetchall()
            assert made == con.execute("FROM again ORDER BY ALL").fetchall()


@CALM
@given(data=PIECES)
def test_any_bytes_within_gzip_end_as_a_table_or_a_fault(data):
    try:
        read_back(gzip.compress(data), "t.csv.gz")
    except StudyError as error:
        assert all(fault.remedy for fault in error.faults)


def workbook_parts() -> dict[str, bytes]:
    book = openpyxl.Workbook()
    book.worksheets[0].append(["head0", "head1", "head2"])
    book.worksheets[0].append([1, 0.5, "x"])
    stream = io.BytesIO()
    book.save(stream)
    with zipfile.ZipFile(stream) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


PARTS = workbook_parts()


@CALM
@given(
    part=st.sampled_from(sorted(PARTS)),
    at=st.integers(0, 2000),
    instead=st.one_of(st.binary(max_size=3), st.text(string.printable, max_size=3).map(str.encode)),
)
def test_a_workbook_with_anything_written_over_it_ends_as_a_table_or_a_fault(part, at, instead):
    data = PARTS[part]
    at = at % (len(data) + 1)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PARTS.items():
            changed = data[:at] + instead + data[at + len(instead) :]
            archive.writestr(name, changed if name == part else content)
    try:
        read_back(stream.getvalue(), "t.xlsx")
    except StudyError as error:
        assert all(fault.remedy for fault in error.faults)
