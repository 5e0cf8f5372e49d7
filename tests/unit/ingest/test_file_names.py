"""Special characters in file or folder names never match other files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.ingest.reading import ods, read, text_cell, write, xlsx

PROJECT = Path(__file__).resolve().parents[3]
# Each with a neighbour that it would also match as a pattern.
NAMES = [
    ("ks2_201[678].csv", "ks2_2016.csv"),
    ("ks2_201[!6].csv", "ks2_2017.csv"),
    ("*.csv", "ks2_2017.csv"),
    ("**.csv", "ks2_2017.csv"),
    ("ks2_201?.csv", "ks2_2017.csv"),
    ("[*].csv", "*.csv"),
    ("ks2_{2016,2017}.csv", "ks2_2016.csv"),
    ("ks2_201[678].csv.gz", "ks2_2017.csv.gz"),
    ("it's.csv", "its.csv"),
    ("a\\[1].csv", "a[1].csv"),
    ("~.csv", "b.csv"),
    ("%41.csv", "A.csv"),
    ("http:x.csv", "x.csv"),
]


@pytest.mark.parametrize(("name", "neighbour"), NAMES)
def test_a_file_is_read_alone(tmp_path, name, neighbour):
    write(tmp_path, "a,b\nother,1\n", neighbour)
    got = read(write(tmp_path, "a,b\nmine,2\n", name))
    assert got.file.direct_scan is not None
    assert got.rows == [(2, "mine", "2")]


@pytest.mark.parametrize(("name", "neighbour"), NAMES)
def test_a_folder_is_read_alone(tmp_path, name, neighbour):
    for folder, content in ((neighbour, "a,b\nother,1\n"), (name, "a,b\nmine,2\n")):
        (tmp_path / folder).mkdir()
        path = write(tmp_path / folder, content)
    assert read(path).rows == [(2, "mine", "2")]


def test_a_folder_named_like_a_hive_partition_adds_no_column(tmp_path):
    (tmp_path / "year=2018").mkdir()
    got = read(write(tmp_path / "year=2018", "a,b\nmine,2\n"))
    assert got.file.direct_scan is not None
    assert got.rows == [(2, "mine", "2")]


def test_a_workbook_is_read_alone(tmp_path):
    rows = [["a", "b"], ["other", "1"]]
    xlsx(tmp_path, {"One": rows}, "x1.xlsx")
    path = xlsx(tmp_path, {"One": [["a", "b"], ["mine", "2"]]}, "x[12].xlsx")
    assert read(path).rows == [(2, "mine", "2")]
    lines = ("".join(map(text_cell, cells)) for cells in (["a", "b"], ["mine", "2"]))
    path = ods(
        tmp_path, "".join(f"<table:table-row>{line}</table:table-row>" for line in lines), "x*.ods"
    )
    assert read(path).rows == [(2, "mine", "2")]


def test_no_reader_of_files_is_given_a_bare_path():
    """Any new file reader in SQL must name its file with `store.one_file`."""
    reader = re.compile(r"\b(?:read_\w+|parquet_\w+|sniff_csv|glob)\((?!\{one_file\()[\$'{]")
    found = [
        f"{file.relative_to(PROJECT)}: {line.strip()}"
        for folder in ("assets", "pipelines")
        for file in sorted((PROJECT / folder).rglob("*"))
        if file.suffix in {".py", ".sql"}
        for line in file.read_text(encoding="utf-8").splitlines()
        if reader.search(line)
    ]
    assert found == []
