"""Titles above the heading and totals below the records are set aside and counted; records are not."""

from __future__ import annotations

import pytest

from pipelines.ingest.heading_row import ANY_HEADINGS, Headings, heading_row
from pipelines.ingest.tabular import ABOVE_THE_HEADING, BELOW_THE_RECORDS, open_tabular
from tests.unit.ingest.reading import faults_of, ods, read, text_cell, write, xlsx

PUPILS = Headings.of([["urn"], ["upn"], ["sen"], ["score"]], ["fsm"])
HEADING = "URN,UPN,SEN,SCORE,FSM,OTHER"


def as_xlsx(folder, lines):
    return xlsx(folder, {"One": [[c or None for c in line.split(",")] for line in lines]})


def as_ods(folder, lines):
    rows = "".join(
        "<table:table-row>"
        + "".join(text_cell(c) if c else "<table:table-cell/>" for c in line.split(","))
        + "</table:table-row>"
        for line in lines
    )
    return ods(folder, rows)


WRITERS = {
    "csv": lambda folder, lines: write(folder, "\n".join(lines) + "\n"),
    "cp1252": lambda folder, lines: write(folder, ("\n".join(lines) + "\n").encode("cp1252")),
    "gz": lambda folder, lines: write(folder, "\n".join(lines) + "\n", "file.csv.gz"),
    "xlsx": as_xlsx,
    "ods": as_ods,
}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("title", [["Café results"], ["Café", "", "of 2018,provisional"]])
def test_titles_above_the_heading_are_counted_and_rows_keep_their_numbers(tmp_path, kind, title):
    got = read(WRITERS[kind](tmp_path, [*title, HEADING, "1,u1,K,100,0,", "2,u2,N,90,1,x"]), PUPILS)
    assert got.file.heading_row == len(title) + 1
    assert got.file.headers[:4] == ("URN", "UPN", "SEN", "SCORE")
    first = len(title) + 2
    assert [row[:4] for row in got.rows] == [(first, "1", "u1", "K"), (first + 1, "2", "u2", "N")]
    assert got.set_asides == {ABOVE_THE_HEADING: len([line for line in title if line])}
    assert got.file.cells([(first, 1)]) == {(first, 1): "u1"}


BELOW = {
    "a total": (["Total,,,190,,"], 1),
    "a total after a blank line": (["", "Grand total,,,190,1,"], 1),
    "a source": (["Source: the authority's own records,,,,,"], 1),
    "a short note": (["Note"], 1),
    "three": (["TOTAL:,,,190,,", ",,,,,", "Source: DfE", "Produced 4 September"], 3),
}


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("below", BELOW)
def test_totals_and_notes_below_the_records_are_counted(tmp_path, kind, below):
    lines, n_rows = BELOW[below]
    got = read(WRITERS[kind](tmp_path, [HEADING, "1,u1,K,100,0,", *lines]), PUPILS)
    assert [row[:2] for row in got.rows if any(row[1:])] == [(2, "1")]
    assert got.set_asides == {BELOW_THE_RECORDS: n_rows}


@pytest.mark.parametrize(
    "last",
    [
        "1168",  # a record cut short
        "St Mary's School,,,,,",
        "Totally Invented School,,,,,",
        "Total,u9,N,90,,",  # filled as a record is
        ",u9,,,,",
        "  x,,,,,",
    ],
)
@pytest.mark.parametrize("kind", WRITERS)
def test_a_possible_record_stays_a_record(tmp_path, kind, last):
    got = read(WRITERS[kind](tmp_path, [HEADING, "1,u1,K,100,0,", last]), PUPILS)
    assert [row[0] for row in got.rows] == [2, 3]
    assert got.set_asides == {}


@pytest.mark.parametrize("kind", WRITERS)
def test_a_total_among_the_records_is_left_for_the_checks(tmp_path, kind):
    lines = [HEADING, "Total,,,190,,", "", "1,u1,K,100,0,", "Total,,,190,,"]
    got = read(WRITERS[kind](tmp_path, lines), PUPILS)
    assert [row[:2] for row in got.rows] == [(2, "Total"), (4, "1")]
    assert got.set_asides == {BELOW_THE_RECORDS: 1}


def test_a_note_of_two_lines_is_one_row(tmp_path):
    got = read(write(tmp_path, f'{HEADING}\n1,u1,K,1,0,\n"Source: a\nand b",,,,,\n'), PUPILS)
    assert got.set_asides == {BELOW_THE_RECORDS: 1}


@pytest.mark.parametrize("kind", WRITERS)
def test_without_known_headings_row_1_is_the_heading(tmp_path, kind):
    got = read(WRITERS[kind](tmp_path, ["x,y", "1,2", "urn,3"]), PUPILS)
    assert (got.file.headers, got.file.heading_row) == (("x", "y"), 1)


def test_the_row_with_most_headings_is_the_heading_row_and_names_the_missing_one():
    rows = [(1, ["title"]), (2, ["urn", "upn"]), (3, ["urn", "UPN ", "Sen", "x"]), (4, ["1"])]
    assert heading_row(rows, PUPILS)[0] == 3
    assert heading_row([*rows, (5, ["urn", "upn", "sen", "score"])], PUPILS)[0] == 5


def test_a_heading_is_not_looked_for_below_row_30(tmp_path):
    lines = [*["title"] * 30, HEADING, "1,u1,K,1,0,"]
    assert read(write(tmp_path, "\n".join(lines[1:])), PUPILS).file.heading_row == 30
    assert open_tabular("f.csv", write(tmp_path, "\n".join(lines)), PUPILS).heading_row == 1


def test_a_repeated_heading_is_a_fault_only_if_it_is_needed(tmp_path):
    path = write(tmp_path, "title\nURN,UPN,SEN,SCORE,OTHER,other\n1,2,3,4,5,6\n")
    assert read(path, PUPILS).rows == [(3, "1", "2", "3", "4", "5", "6")]
    path = write(tmp_path, "title\nURN,UPN,SEN,SCORE,FSM,fsm\n1,2,3,4,5,6\n")
    (fault,) = faults_of(path, PUPILS)
    assert (fault.row, fault.column) == (2, "FSM")
    assert fault.problem == "the heading 'FSM' appears 2 times"


def test_without_wanted_headings_the_first_row_is_the_heading(tmp_path):
    got = read(write(tmp_path, "title\nURN\n1\n"), ANY_HEADINGS)
    assert got.file.headers == ("title",)
    assert [row for row, _ in got.rows] == [2, 3]
