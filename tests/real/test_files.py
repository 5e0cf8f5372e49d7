"""The Department's files are read as published: workbooks, Windows text, gzip."""

from __future__ import annotations

import gzip
import io
from contextlib import closing
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pytest

from pipelines.ingest.heading_row import ANY_HEADINGS, Headings
from pipelines.ingest.tabular import (
    ABOVE_THE_HEADING,
    TabularFile,
    create_from_scan,
    open_tabular,
)

TABLES = (
    "converted/201819_LA_characteristics_data_including_sen_description.csv.gz",
    "datajamne/england_ofsted-schools.xlsx",
    "hampshire/2016-2017_850_ks4final.csv",
    "hampshire/2018-850-ks2.csv",
    "hampshire/2021-gias.csv",
    "hampshire/2021_giaslinks.csv.gz",
    "hampshire/ref/2017-2018/ks2_meta.csv",
    "ksp/OFSTED Ratings.csv",
    "ksp/england_census.csv.gz",
    "ksp/england_ks4-pupdest.csv.gz",
    "ksp/england_ks4provisional.csv",
    "lait/la_code_list.xlsx",
    "lait/lait_data_dictionary.csv",
    "lait/sn_april_2021.xlsx",
    "send-ap-dashboard/201819_LA_characteristics_data_including_sen_description.xlsx",
    "waiky8-eng-schools/england_ks2final.csv.gz",
    "waiky8-schools-data/2017-2018_england_spine.xlsx",
    "waiky8-schools-data/ks2_perf_2016.csv.gz",
    "waiky8-schools-data/ks4_perf_2018.csv",
    "waiky8-schools-data/school_details_2018.csv.gz",
)
# The other library is slow.
N_COMPARED = 3000
WINDOWS_TEXT = ("hampshire/2021_giaslinks.csv.gz", "waiky8-schools-data/school_details_2018.csv.gz")
SPINE = "waiky8-schools-data/2017-2018_england_spine.xlsx"


Rows = list[tuple[object, ...]]
# No expected headings, so repeated ones do not matter.
NOTHING = Headings.of([], [])


def opened(path: Path, headings: Headings) -> tuple[TabularFile, Rows, dict[str, int]]:
    file = open_tabular(path.name, path, headings)
    with closing(duckdb.connect()) as con:
        aside = create_from_scan(con, file, "CREATE TABLE made AS SELECT * FROM {scan}")
        return file, con.execute("FROM made ORDER BY row_number").fetchall(), aside


@pytest.mark.parametrize("name", TABLES)
def test_a_published_file_opens_as_a_table(name: str, real_data: Path) -> None:
    file, rows, aside = opened(real_data / name, NOTHING)
    assert len(file.headers) > 1
    numbers = [row[0] for row in rows]
    assert numbers == sorted(set(numbers))
    assert len(rows) > 5
    assert aside == {}
    assert (file.reading.encoding == "cp1252") == (name in WINDOWS_TEXT)
    last = rows[-1]
    wanted = {(last[0], index): cell for index, cell in enumerate(last[1:]) if cell is not None}
    found = file.cells([(last[0], index) for index in range(len(file.headers))])
    assert {place: cell for place, cell in found.items() if cell} == wanted


@pytest.mark.parametrize("name", ["lait/sn_april_2021.xlsx", "lait/sn_may_2025.xlsx"])
def test_rows_above_the_heading_are_set_aside(name: str, real_data: Path) -> None:
    file, rows, aside = opened(
        real_data / name, Headings.of([["LA num"], ["LA Name"], ["SN1"]], [])
    )
    assert file.heading_row == 3
    assert aside == {ABOVE_THE_HEADING: 2}
    assert rows[0][0] == 4
    assert len(rows) >= 150


def test_a_workbook_says_what_another_reader_finds_in_it(real_data: Path) -> None:
    path = real_data / SPINE
    _, rows, _ = opened(path, Headings.of([["URN"], ["LAESTAB"]]))
    book = openpyxl.load_workbook(path, read_only=True)
    sheet = book.worksheets[0].iter_rows(min_row=2, max_row=N_COMPARED + 1, values_only=True)
    n_compared = 0
    for row, values in zip(rows[:N_COMPARED], sheet, strict=True):
        for cell, value in zip(row[1:], values, strict=True):
            if isinstance(value, int | str) or value is None:
                assert cell == (None if value in {None, ""} else str(value))
                n_compared += 1
    assert n_compared > 25 * N_COMPARED


@pytest.mark.parametrize("name", WINDOWS_TEXT)
def test_windows_text_is_read_as_another_reader_reads_it(name: str, real_data: Path) -> None:
    _, rows, _ = opened(real_data / name, ANY_HEADINGS)
    data = gzip.decompress((real_data / name).read_bytes())
    frame = pd.read_csv(io.BytesIO(data), encoding="cp1252", dtype=str, keep_default_na=False)
    assert [list(row[1:]) for row in rows] == [
        [cell or None for cell in values] for values in frame.to_numpy().tolist()
    ]
    assert any(not str(cell).isascii() for row in rows for cell in row)
