"""Text with any encoding, delimiter and line end is read correctly or refused at its row."""

from __future__ import annotations

import pytest

from tests.unit.ingest.reading import faults_of, read, write

ACCENTS = [(2, "Zoë", "£1"), (3, "café’s", "–")]


@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz"])
@pytest.mark.parametrize(
    ("codec", "taken_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("cp1252", "cp1252"),
        ("utf-16", "utf-16"),
    ],
)
def test_an_encoding_is_detected_and_recorded(tmp_path, codec, taken_as, name):
    path = write(tmp_path, "a,b\nZoë,£1\ncafé’s,–\n".encode(codec), name)
    got = read(path)
    assert got.rows == ACCENTS
    assert got.file.headers == ("a", "b")
    assert got.file.reading.encoding == taken_as
    assert got.file.cells([(3, 0)]) == {(3, 0): "café’s"}


def test_utf16_of_the_other_byte_order_is_read(tmp_path):
    path = write(tmp_path, b"\xfe\xff" + "a,b\nZoë,1\n".encode("utf-16-be"))
    assert read(path).rows == [(2, "Zoë", "1")]


def test_a_stated_encoding_is_used(tmp_path):
    # Both encodings are possible here, so the study must state which.
    path = write(tmp_path, "a,b\nCAFÉ”,é\n".encode("cp1252"))
    assert "UTF-8" in faults_of(path)[0].problem
    assert read(path, encoding="cp1252").rows == [(2, "CAFÉ”", "é")]


def test_a_letter_cut_in_two_is_never_taken_for_windows_text(tmp_path):
    broken = "a,b\nZoë,1\nline\nbreak,2\ncafé,3\n".encode().replace("é".encode(), b"\xc3")
    (fault,) = faults_of(write(tmp_path, broken.replace(b"line\nbreak", b'"line\nbreak"')))
    assert (fault.row, fault.problem) == (4, "the file is not UTF-8 text")
    assert 'encoding = "cp1252"' in fault.remedy


def test_a_file_that_ends_within_a_letter_is_refused(tmp_path):
    (fault,) = faults_of(write(tmp_path, "a,b\n1,é".encode()[:-1]))
    assert (fault.row, fault.problem) == (2, "the file is not UTF-8 text")


@pytest.mark.parametrize("byte", [0x81, 0x8D, 0x8F, 0x90, 0x9D])
def test_a_byte_that_windows_text_does_not_have_is_named(tmp_path, byte):
    (fault,) = faults_of(write(tmp_path, b"a,b\n1,2\n\xe9," + bytes([byte]) + b"\n"))
    assert fault.row == 3
    assert fault.problem == "the file is neither UTF-8 nor cp1252 (Windows) text"


def test_a_stated_encoding_that_does_not_fit_is_named(tmp_path):
    (fault,) = faults_of(write(tmp_path, "a,b\n1,é\n".encode("cp1252")), encoding="utf-8")
    assert (fault.row, fault.problem) == (2, "the file is not UTF-8 text")
    (fault,) = faults_of(write(tmp_path, "a,b\n1,2\n".encode("utf-8-sig")), encoding="cp1252")
    assert fault.problem == "the file is marked as utf-8 and study.toml says cp1252"


def test_utf16_that_breaks_off_is_named(tmp_path):
    (fault,) = faults_of(write(tmp_path, "a,b\n1,2\n".encode("utf-16")[:-1]))
    assert fault.problem == "the file begins as UTF-16 text and does not go on as such"


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_a_nul_is_named_at_its_row(tmp_path, codec):
    (fault,) = faults_of(write(tmp_path, 'a,b\n"1\n1",2\n\0,4\n'.encode(codec)))
    assert fault.row == 3
    assert "NUL" in fault.problem


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("codec", ["utf-8", "cp1252"])
def test_the_delimiter_is_the_one_that_gives_the_headings(tmp_path, delimiter, codec):
    lines = [["a", "b", "c"], ['"x,;\ty"', "é", "1"], ["3", "", ""]]
    text = "\n".join(delimiter.join(line) for line in lines)
    got = read(write(tmp_path, text.encode(codec)))
    assert got.rows == [(2, "x,;\ty", "é", "1"), (3, "3", None, None)]
    assert got.file.reading.delimiter == delimiter


def test_commas_in_the_data_do_not_make_the_delimiter(tmp_path):
    got = read(write(tmp_path, "a;b\n1,5,5,5;2\n,,,,;,,,\n"))
    assert got.rows == [(2, "1,5,5,5", "2"), (3, ",,,,", ",,,")]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "utf-16"])
def test_every_line_end_is_read(tmp_path, end, codec):
    text = end.join(["a,b", "é,2", "", '"x', 'y",4', "5", ""])
    assert read(write(tmp_path, text.encode(codec))).rows == [
        (2, "é", "2"),
        (4, f"x{end}y", "4"),
        (5, "5", None),
    ]


@pytest.mark.parametrize("ends", [("\r\n", "\n"), ("\n", "\r"), ("\r", "\n"), ("\n", "\r\n")])
def test_mixed_line_ends_are_named_at_the_first_that_differs(tmp_path, ends):
    first, second = ends
    (fault,) = faults_of(write(tmp_path, f"a,b{first}1,2{first}3,4{second}5,6{first}"))
    assert fault.row == 3
    assert "do not all end in the same way" in fault.problem


def test_a_letter_across_two_parts_of_a_long_file_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.ingest.content._CHUNK_BYTES", 7)
    rows = "".join(f"é{number},€\r\n" for number in range(50))
    got = read(write(tmp_path, f"a,b\r\n{rows}"))
    assert got.file.reading.encoding == "utf-8"
    assert got.file.direct_scan is not None
    assert [cell for _, cell, _ in got.rows] == [f"é{number}" for number in range(50)]


@pytest.mark.parametrize(
    ("text", "is_direct"),
    [
        ("a,b\n1,2\n", True),
        ("a;b\n1;2\n", True),
        ("\ufeffa,b\r\n1,é\r\n", True),
        ("a,b\r1,2\r", False),
        ("title\na,b\n1,2\n", False),
        ("a,b\n1,2\nTotal,\n", False),
    ],
)
def test_only_a_plain_file_is_left_to_the_parallel_reader(tmp_path, text, is_direct):
    got = read(write(tmp_path, text))
    assert (got.file.direct_scan is not None) == is_direct
    assert [row[1] for row in got.rows] == ["1"]
