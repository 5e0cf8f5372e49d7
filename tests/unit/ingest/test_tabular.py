"""Files of any shape are read correctly or refused with the row number of a spreadsheet."""

from __future__ import annotations

import csv
import gzip
import io
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.tabular import create_from_scan, open_tabular


def read(folder: Path, content: str | bytes, name: str = "file.csv") -> list[tuple[object, ...]]:
    """Row number and cells of every row, as any reader gets them."""
    path = folder / name
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    file = open_tabular(name, path)
    with closing(duckdb.connect()) as con:
        create_from_scan(con, file, "CREATE TABLE made AS SELECT * FROM {scan}")
        return con.execute("SELECT * FROM made ORDER BY row_number").fetchall()


def faults_of(folder: Path, content: str | bytes, name: str = "file.csv") -> tuple[Fault, ...]:
    with pytest.raises(StudyError) as raised:
        read(folder, content, name)
    return raised.value.faults


@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz", "it's [a] file.csv"])
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "marked"])
@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
def test_a_plain_file_is_read(tmp_path, name, mark, end):
    content = mark + end.join(["a,b", "1,2", "3,"]) + end
    assert read(tmp_path, content, name) == [(2, "1", "2"), (3, "3", None)]


def test_headings_lose_outer_spaces_and_the_byte_order_mark(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text("\ufeff a , b\n1,2\n", encoding="utf-8")
    assert open_tabular("file.csv", path).headers == ("a", "b")


def test_short_rows_end_in_nothing(tmp_path):
    assert read(tmp_path, "a,b,c\n1,2\n3\n4,5,6\n") == [
        (2, "1", "2", None),
        (3, "3", None, None),
        (4, "4", "5", "6"),
    ]


def test_empty_cells_beyond_the_heading_are_no_fault(tmp_path):
    assert read(tmp_path, "a,b\n1,2,\n") == [(2, "1", "2")]


def test_headings_alone_are_a_file_without_rows(tmp_path):
    assert read(tmp_path, "a,b\n") == []


# Text between the heading and the row "here", and the row number in a spreadsheet.
ABOVE = {
    "nothing": ("", 2),
    "a blank line": ("\n", 3),
    "three blank lines": ("1,2\n\n\n\n", 6),
    "blank lines apart": ("\n1,2\n\n3,4\n\n", 7),
    "a line break in quotes": ('"x\ny",2\n', 3),
    "a blank line in quotes": ('"x\n\n\ny",2\n', 3),
    "both": ('\n"x\n\ny",2\n\n"z\n",\n', 6),
    "a row of commas": (",\n", 3),
    "a row of spaces": ("   \n", 3),
    "a short row": ("1\n", 3),
    "a short row and a line break in quotes": ('1\n"x\ny",2\n', 4),
    "a blank cell in quotes": ('""\n', 3),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["lf", "crlf"])
@pytest.mark.parametrize("above", ABOVE)
def test_the_row_number_is_the_one_a_spreadsheet_shows(tmp_path, above, end):
    text, shown = ABOVE[above]
    content = f"a,b\n{text}here,1\n\n\n".replace("\n", end)
    assert [row for row, cell, *_ in read(tmp_path, content) if cell == "here"] == [shown]
    path = tmp_path / "file.csv"
    assert open_tabular("file.csv", path).cells([(shown, 0)]) == {(shown, 0): "here"}
    # The csv module returns blank lines as empty rows and so counts like a spreadsheet.
    rows = list(csv.reader(io.StringIO(content, newline="")))
    assert rows[shown - 1] == ["here", "1"]


def test_blank_lines_of_a_one_column_file_are_rows(tmp_path):
    assert read(tmp_path, "a\n1\n\n3\n") == [(2, "1"), (3, None), (4, "3")]


def test_a_fault_of_shape_after_blank_lines_is_at_the_same_row(tmp_path):
    (fault,) = faults_of(tmp_path, "a,b\n\n1,2\n\n3,4,5\n")
    assert fault.row == 5


def test_every_row_that_is_too_long_is_named(tmp_path):
    faults = faults_of(tmp_path, "a,b\n1,2,3\n1,2\n1,2,3,4\n")
    assert [(f.file, f.row) for f in faults] == [("file.csv", 2), ("file.csv", 4)]
    assert faults[1].problem == "the row has 4 cells, the heading has 2"
    assert faults[1].expected == "no more cells than headings"


@pytest.mark.parametrize("row", ['1,"2', '1,"2"3'], ids=["not closed", "text after it"])
def test_a_stray_quote_is_named_without_the_text_beside_it(tmp_path, row):
    (fault,) = faults_of(tmp_path, f"a,b\n1,2\n{row}\nMarigold,4\n")
    assert fault.row == 3
    assert "quotation mark" in fault.problem
    assert "Marigold" not in fault.for_analyst()


def test_line_ends_of_two_kinds_are_named_at_the_first_that_differs(tmp_path):
    (fault,) = faults_of(tmp_path, 'a,b\r\n"x\ny",2\r\n3,4\n5,6\r\n')
    assert fault.row == 3
    assert "do not all end in the same way" in fault.problem
    assert fault.expected == "one kind of line end throughout"


def test_line_breaks_of_another_kind_within_quotes_are_no_fault(tmp_path):
    assert read(tmp_path, 'a,b\r\n"x\ny",2\r\n3,4\r\n') == [(2, "x\ny", "2"), (3, "3", "4")]


@pytest.mark.parametrize("damage", ["cut short", "not gzip", "damaged within"])
def test_a_broken_gzip_file_is_named(tmp_path, damage):
    whole = gzip.compress(b"a,b\n" + b"1,2\n" * 1000)
    broken = {
        "cut short": whole[: len(whole) // 2],
        "not gzip": b"a,b\n1,2\n",
        "damaged within": whole[:20] + bytes(byte ^ 0xFF for byte in whole[20:]),
    }[damage]
    path = tmp_path / "file.csv.gz"
    path.write_bytes(broken)
    with pytest.raises(StudyError) as raised:
        open_tabular("file.csv.gz", path)
    (fault,) = raised.value.faults
    assert fault.problem == "the gzip file is broken or cut short"
    assert fault.remedy == "fetch the file again"


@pytest.mark.parametrize("content", ["", "\ufeff", "\n1,2\n", ",,\n1,2,3\n", "  ,\n"])
def test_a_file_without_headings_is_named(tmp_path, content):
    (fault,) = faults_of(tmp_path, content)
    assert (fault.row, fault.column) == (1, None)
    assert "is empty or its first row holds no headings" in fault.problem


def test_every_repeated_heading_is_named_once(tmp_path):
    faults = faults_of(tmp_path, "a,A,b,,c,B,a,\n1,2,3,4,5,6,7,8\n")
    assert [(f.row, f.column, f.problem) for f in faults] == [
        (1, "a", "the heading 'a' appears 3 times"),
        (1, "b", "the heading 'b' appears 2 times"),
    ]


def test_cells_are_shown_unchanged(tmp_path):
    path = tmp_path / "file.csv"
    path.write_text('a,b\n1," x, y"\n3\n')
    file = open_tabular("file.csv", path)
    assert file.cells([(2, 1), (3, 1), (3, 0), (99, 0)]) == {(2, 1): " x, y", (3, 0): "3"}
    assert file.cells([]) == {}


def test_a_large_file_read_in_parts_keeps_its_row_numbers(tmp_path):
    """The file is longer than one chunk of DuckDB's parallel reader, with blank lines far apart."""
    lines = [f"{number},{'x' * 40}" for number in range(200_000)]
    lines[10] = lines[150_000] = ""
    rows = read(tmp_path, "a,b\n" + "\n".join(lines) + "\n")
    assert len(rows) == 199_998
    assert all(row == int(cell) + 2 for row, cell, _ in rows)  # type: ignore[call-overload]
