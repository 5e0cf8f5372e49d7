"""Registered files exist and are the right ones, and their row counts add up."""

from __future__ import annotations

import hashlib
import os
import time

import pytest

from pipelines.catalogue import ENROLMENTS, KS2_PUPILS
from pipelines.errors.fault import StudyError
from pipelines.ingest import registration
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import DDL, ReadResult, record, registered_files, sources_sha256
from pipelines.ingest.tabular import Reading
from pipelines.store import store
from tests.tiny_study import TinyStudy


def test_a_missing_file_is_named_with_where_it_should_be(tmp_path):
    study = TinyStudy(tmp_path).write()
    (tmp_path / "tiny" / "enrolments.csv").unlink()
    with pytest.raises(StudyError) as raised:
        registered_files(study, ["enrolments"])
    (fault,) = raised.value.faults
    assert (fault.file, fault.problem) == ("enrolments.csv", "the file is not there")
    assert str(tmp_path / "tiny" / "enrolments.csv") in (fault.expected or "")
    assert "study.toml" in fault.remedy


def test_a_folder_is_no_file(tmp_path):
    study = TinyStudy(tmp_path).write()
    (tmp_path / "tiny" / "enrolments.csv").unlink()
    (tmp_path / "tiny" / "enrolments.csv").mkdir()
    with pytest.raises(StudyError, match=r"enrolments\.csv: this is a folder"):
        registered_files(study, ["enrolments"])


def test_a_wrong_checksum_shows_both(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.sources["enrolments.csv"] += f'\nsha256 = "{"0" * 64}"'
    study = tiny.write()
    actual = hashlib.sha256((tiny.folder / "enrolments.csv").read_bytes()).hexdigest()
    with pytest.raises(StudyError) as raised:
        registered_files(study, ["enrolments"])
    (fault,) = raised.value.faults
    assert "checksum differs" in fault.problem
    assert (fault.found, fault.expected) == (f"sha256 {actual}", f"sha256 {'0' * 64}")


def test_a_right_checksum_is_kept(tmp_path):
    tiny = TinyStudy(tmp_path)
    tiny.write()
    actual = hashlib.sha256((tiny.folder / "enrolments.csv").read_bytes()).hexdigest()
    tiny.sources["enrolments.csv"] += f'\nsha256 = "{actual}"'
    (file,) = registered_files(tiny.write(), ["enrolments"])
    assert file.sha256 == actual


def test_all_missing_files_are_named_at_once_and_other_kinds_are_not_looked_at(tmp_path):
    study = TinyStudy(tmp_path).write()
    for name in ("ks2_2017.csv", "ks2_2018.csv", "links.csv"):
        (tmp_path / "tiny" / name).unlink()
    with pytest.raises(StudyError) as raised:
        registered_files(study, ["ks2_pupils"])
    assert [fault.file for fault in raised.value.faults] == ["ks2_2017.csv", "ks2_2018.csv"]


def test_the_fingerprint_of_the_sources_changes_with_any_byte(tmp_path):
    tiny = TinyStudy(tmp_path)
    study = tiny.write()
    before = sources_sha256(study)
    assert sources_sha256(study) == before
    with (tiny.folder / "links.csv").open("a") as file:
        file.write("\n")
    assert sources_sha256(study) != before


def test_rows_that_do_not_add_up_stop_the_run(tmp_path):
    tiny = TinyStudy(tmp_path)
    study = tiny.write()
    (file,) = registered_files(study, ["enrolments"])
    with store.connect(tiny.paths) as con:
        con.execute(DDL)
        with pytest.raises(RuntimeError, match="5 rows in, 3 kept, 1 set aside"):
            record(
                con,
                file,
                n_rows_in=5,
                n_rows_kept=3,
                set_asides={"blank row": 1},
                read_result=ReadResult(Reading("csv"), {}),
            )


def test_a_source_that_is_no_longer_registered_is_dropped(tmp_path):
    tiny = TinyStudy(tmp_path)
    study = tiny.write()
    with store.connect(tiny.paths) as con:
        ingest_table(con, study, KS2_PUPILS)
        ingest_table(con, study, ENROLMENTS)
        tiny.drop("ks2_2018.csv")  # the only file of the study with rows set aside
        ingest_table(con, tiny.write(), KS2_PUPILS)
        assert con.execute("SELECT source_id FROM raw.source ORDER BY 1").fetchall() == [
            ("enrolments.csv",),
            ("ks2_2017.csv",),
        ]
        assert con.execute("SELECT count(*) FROM raw.set_aside").fetchone() == (0,)


def test_a_file_is_read_for_its_checksum_once(tmp_path, monkeypatch):
    file = tmp_path / "pupils.csv"
    file.write_text("a\n", encoding="utf-8")
    read = []
    monkeypatch.setattr(registration, "_SETTLED_NS", 0)
    whole = hashlib.file_digest

    def counting(stream, algorithm):
        read.append(stream.name)
        return whole(stream, algorithm)

    monkeypatch.setattr(hashlib, "file_digest", counting)
    first = registration.file_sha256(file)
    assert registration.file_sha256(file) == first
    assert len(read) == 1


def test_a_write_that_leaves_size_and_time_is_seen(tmp_path, monkeypatch):
    file = tmp_path / "pupils.csv"
    file.write_text("a\n", encoding="utf-8")
    monkeypatch.setattr(registration, "_SETTLED_NS", 0)
    registration.file_sha256(file)
    before = file.stat()
    time.sleep(0.05)  # longer than the file system's clock takes for a tick
    file.write_text("b\n", encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_mtime_ns == before.st_mtime_ns
    assert registration.file_sha256(file) == hashlib.sha256(b"b\n").hexdigest()


def test_a_checksum_of_a_file_just_written_is_not_kept(tmp_path):
    file = tmp_path / "pupils.csv"
    for content in (b"a\n", b"b\n", b"c\n"):
        file.write_bytes(content)
        assert registration.file_sha256(file) == hashlib.sha256(content).hexdigest()
