"""A Parquet file is read as the CSV of the same table would be, whatever the types of its columns."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.catalogue import KS2_PUPILS
from pipelines.errors.fault import StudyError
from pipelines.ingest import parquet
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.tabular import open_tabular
from pipelines.protocol.study_file import load_study
from pipelines.store import store
from pipelines.validation.faults import faults_of
from pipelines.validation.rules import Rule
from tests.tiny_study import TinyStudy
from tests.unit.ingest.reading import A_AND_B, read
from tests.unit.ingest.reading import faults_of as faults_of_file

SEEN = {
    "text": (pa.array([" x\n "]), " x\n "),
    "a non-breaking space": (pa.array(["a\u00a0b"]), "a b"),
    "an empty text": (pa.array([""]), None),
    "digits as text": (pa.array(["007"]), "007"),
    "a code": (pa.array(["NA"]).dictionary_encode(), "NA"),
    "a whole number": (pa.array([851], pa.int16()), "851"),
    "a large number": (pa.array([9_007_199_254_740_993]), "9007199254740993"),
    "a number": (pa.array([-2.25]), "-2.25"),
    "a number with noise": (pa.array([36.799999999999997]), "36.8"),
    "a number of half the size": (pa.array([36.8], pa.float32()), "36.8"),
    "no number": (pa.array([float("nan")]), None),
    "a decimal number": (pa.array([Decimal("1.50")]), "1.50"),
    "yes": (pa.array([True]), "true"),
    "a day": (pa.array([dt.date(2018, 9, 4)]), "2018-09-04"),
    "midnight": (pa.array([dt.datetime(2018, 9, 4)]), "2018-09-04 00:00:00"),
    "nothing": (pa.array([None], pa.string()), None),
    "a column of nothing": (pa.nulls(1), None),
}


def written(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


@pytest.mark.parametrize("case", SEEN)
def test_a_cell_is_the_text_of_a_csv(tmp_path, case):
    values, text = SEEN[case]
    got = read(written(tmp_path / "t.parquet", a=pa.array(["1"]), b=values))
    assert got.rows == [(2, "1", text)]
    assert got.file.reading.file_format == "parquet"
    at = (2, 1)
    assert got.file.cells([at]) == ({at: text} if text else {at: ""})


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1, 2]]),
        pa.array([{"x": 1}]),
        pa.array([b"bytes"]),
        pa.array([dt.datetime(2018, 9, 4, tzinfo=dt.UTC)]),
        pa.array([dt.time(9)]),
    ],
    ids=["list", "record", "bytes", "time of a zone", "time of day"],
)
def test_columns_that_are_no_cells_are_refused_by_name(tmp_path, values):
    path = written(tmp_path / "t.parquet", a=pa.array(["1"]), b=values)
    (fault,) = faults_of_file(path)
    assert (fault.row, fault.column) == (1, "b")
    assert fault.found == str(pq.read_schema(path).field("b").type)


def test_a_heading_that_occurs_twice_is_refused(tmp_path):
    pq.write_table(pa.table([pa.array(["1"])] * 2, names=["a", "A"]), tmp_path / "t.parquet")
    (fault,) = faults_of_file(tmp_path / "t.parquet", A_AND_B)
    assert "appears 2 times" in fault.problem


@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_file_that_is_cut_short_is_refused(tmp_path, keep):
    path = written(tmp_path / "t.parquet", a=pa.array(map(str, range(5000))))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    (fault,) = faults_of_file(path)
    assert "broken" in fault.problem


def test_a_file_with_damaged_cells_is_refused(tmp_path):
    path = written(tmp_path / "t.parquet", a=pa.array([f"{n * 7919}" for n in range(5000)]))
    content = bytearray(path.read_bytes())
    content[100 : len(content) // 2] = bytes(len(content) // 2 - 100)
    path.write_bytes(content)
    with pytest.raises(StudyError) as raised:
        read(path)
    assert [fault.problem for fault in raised.value.faults] == [parquet.broken("t.parquet").problem]


def test_a_file_that_claims_too_many_rows_is_refused(tmp_path):
    path = written(tmp_path / "t.parquet", a=pa.array(["1", "2", "3"]))
    with mock.patch.object(parquet, "MOST_ROWS", 2):
        (fault,) = faults_of_file(path)
    assert "claims to have 3 rows" in fault.problem


@pytest.mark.parametrize("setting", [{"sheet": "One"}, {"encoding": "cp1252"}])
def test_settings_of_other_files_are_refused(tmp_path, setting):
    path = written(tmp_path / "t.parquet", a=pa.array(["1"]))
    with pytest.raises(StudyError, match=f"gives its {next(iter(setting))}"):
        open_tabular("t.parquet", path, **setting)


def test_pupils_of_a_parquet_file_are_those_of_the_csv_file(tmp_path):
    """Columns of numbers and of text alike; a cell that does not fit is told with its row."""
    tables = {}
    for form in ("csv", "parquet"):
        (tmp_path / form).mkdir()
        tiny = TinyStudy(tmp_path / form)
        rows = tiny.tables["ks2_2018.csv"]
        rows[1]["READPROGSCORE_EM_ADJUSTED"] = "1.5x"
        study = tiny.write()
        if form == "parquet":
            names = list(rows[0])
            columns = {name: pa.array([str(row[name]) for row in rows]) for name in names}
            columns["LAESTAB"] = pa.array([int(row["LAESTAB"]) for row in rows])
            columns["KS1AVERAGEPS"] = pa.array([float(row["KS1AVERAGEPS"]) for row in rows])
            written(study.folder / "ks2_2018.parquet", **columns)
            (study.folder / "ks2_2018.csv").unlink()
            protocol = study.folder / "study.toml"
            text = protocol.read_text(encoding="utf-8")
            protocol.write_text(text.replace("ks2_2018.csv", "ks2_2018.parquet"), encoding="utf-8")
            study = load_study(study.folder)
        with store.connect(tiny.paths) as con:
            ingest_table(con, study, KS2_PUPILS)
            (fault,) = faults_of(con, study, Rule("readable", KS2_PUPILS))
            assert (fault.row, fault.column, fault.found) == (
                3,
                "READPROGSCORE_EM_ADJUSTED",
                "'1.5x'",
            )
            tables[form] = con.execute(
                "SELECT * EXCLUDE (source_id) FROM pupils.ks2_pupils ORDER BY ALL"
            ).fetchall()
    assert tables["csv"] == tables["parquet"]
    assert tables["csv"]
