"""A file with the wrong format for its name, or a malicious one, is refused with an explanation."""

from __future__ import annotations

import gzip

import pytest

from pipelines.ingest import content
from tests.unit.ingest.reading import faults_of, ods, read, write, xlsx

OTHER_THINGS = {
    "a workbook": (b"PK\x03\x04\x14\0", "a workbook or another zip archive", ".xlsx"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old .xls workbook", "save it as"),
    "gzip": (gzip.compress(b"a,b\n1,2\n", mtime=0), "compressed with gzip", ".csv.gz"),
    "a web page": (b"\xef\xbb\xbf \r\n<!DOCTYPE html>\n<html>", "a web page", "fetch"),
    "an old web page": (b"<HTML><body>", "a web page", "fetch"),
    "Parquet": (b"PAR1\x15\x04", "a Parquet file", "name it .parquet"),
    "a PDF": (b"%PDF-1.7\n", "a PDF document", "CSV"),
}


@pytest.mark.parametrize("thing", OTHER_THINGS)
def test_files_wrongly_named_csv_are_identified(tmp_path, thing):
    data, found, remedy = OTHER_THINGS[thing]
    (fault,) = faults_of(write(tmp_path, data))
    assert fault.problem.startswith(f"the file is not what its name says: it is {found}")
    assert fault.expected == "comma-separated text"
    assert remedy in fault.remedy


@pytest.mark.parametrize("name", ["file.xlsx", "file.ods"])
@pytest.mark.parametrize(
    "data",
    [b"a,b\n1,2\n", b"<html>", gzip.compress(b"a", mtime=0)],
    ids=["text", "a web page", "gzip"],
)
def test_files_wrongly_named_as_workbooks_are_identified(tmp_path, name, data):
    (fault,) = faults_of(write(tmp_path, data, name))
    assert fault.problem == "the file is not what its name says: it is no workbook"


def test_text_named_as_parquet_is_identified(tmp_path):
    (fault,) = faults_of(write(tmp_path, b"a,b\n1,2\n", "file.parquet"))
    assert fault.problem == "the file is not what its name says: it is no Parquet file"
    assert fault.expected == "a Parquet file"


def test_a_workbook_of_the_other_kind_is_named(tmp_path):
    (fault,) = faults_of(ods(tmp_path, "", name="file.xlsx"))
    assert fault.problem == "the file is not what its name says: it is an ODS workbook"
    (fault,) = faults_of(xlsx(tmp_path, {"One": [["a", "b"]]}, name="file.ods"))
    assert fault.problem == "the file is not what its name says: it is an XLSX workbook"


@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz", "file.xlsx", "file.ods"])
def test_an_empty_file_is_named(tmp_path, name):
    (fault,) = faults_of(write(tmp_path, b"", name))
    assert "the file is empty" in fault.problem


@pytest.mark.parametrize("name", ["file.csv", "file.xlsx"])
def test_a_file_without_read_permission_is_named(tmp_path, name, monkeypatch):
    path = write(tmp_path, "a,b\n1,2\n", name)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "open", refuse)
    (fault,) = faults_of(path)
    assert fault.problem == "the file cannot be opened: you may not read it"


def test_a_gzip_bomb_is_refused_while_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "RATIO_COUNTS_FROM_BYTES", 1 << 21)
    (fault,) = faults_of(write(tmp_path, b"a,b\n" + b"0,0\n" * (1 << 21), "file.csv.gz"))
    assert "unpacks to far more than a table would" in fault.problem


def test_a_gzip_file_beyond_what_any_table_holds_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(content, "GZIP_MOST_BYTES", 10)
    (fault,) = faults_of(write(tmp_path, "a,b\n1,2\n3,4\n", "file.csv.gz"))
    assert "unpacks to far more than a table would" in fault.problem


def test_a_small_highly_compressed_file_is_read(tmp_path):
    got = read(write(tmp_path, b"a,b\n" + b"0,0\n" * 100_000, "file.csv.gz"))
    assert len(got.rows) == 100_000


def test_file_names_in_capitals_are_read(tmp_path):
    path = tmp_path / "FILE.CSV.GZ"
    path.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert read(path).rows == [(2, "1", "2")]
