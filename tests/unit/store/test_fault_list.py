"""Faults are stored for the analyst's terminal, readable by their owner, until the part is rebuilt."""

from __future__ import annotations

import pytest

from pipelines.errors.fault import Fault, StudyError
from pipelines.store import fault_list
from pipelines.study.paths import StudyPaths

ONE = Fault(file="a.csv", row=2, column="x", problem="p", found="café", expected="e", remedy="r")
TWO = Fault(file="b.csv", problem="q", remedy="r")


@pytest.fixture
def paths(tmp_path):
    return StudyPaths(tmp_path, "tiny")


def test_faults_come_back_as_they_were(paths):
    fault_list.keep(paths, "raw.ks2_pupils", StudyError([ONE, TWO]))
    assert fault_list.read(paths) == (ONE, TWO)


def test_a_fault_found_by_two_parts_is_reported_once(paths):
    fault_list.keep(paths, "raw.a", StudyError([ONE]))
    fault_list.keep(paths, "raw.b", StudyError([TWO, ONE]))
    assert fault_list.read(paths) == (ONE, TWO)


def test_without_stored_faults_nothing_is_reported(paths):
    assert fault_list.read(paths) == ()
    assert fault_list.tracebacks(paths) == ()
    fault_list.clear(paths)


def test_deleting_one_part_s_faults_keeps_the_others(paths):
    fault_list.keep(paths, "raw.ks2", StudyError([ONE]))
    fault_list.keep(paths, "raw.ks2.check", StudyError([TWO]))
    fault_list.keep(paths, "raw.ks4", StudyError([TWO]))
    fault_list.keep_traceback(paths, "raw.ks2", "Traceback …")
    assert fault_list.has_any(paths, "raw.ks2")
    fault_list.clear(paths, "raw.ks2")
    # Faults of a part's check belong to the part.
    assert not fault_list.has_any(paths, "raw.ks2")
    assert [file.name for file in paths.faults.iterdir()] == ["raw.ks4.json"]
    fault_list.clear(paths)
    assert list(paths.faults.iterdir()) == []


def test_a_part_whose_name_is_a_prefix_of_another_keeps_its_faults(paths):
    fault_list.keep(paths, "raw.ks2_pupils", StudyError([ONE]))
    fault_list.clear(paths, "raw.ks2")
    assert fault_list.read(paths) == (ONE,)


def test_an_unforeseen_error_is_kept_and_found(paths):
    kept = fault_list.keep_traceback(paths, "mart.cell", "Traceback …")
    assert fault_list.tracebacks(paths) == (kept,)
    assert kept.read_text(encoding="utf-8") == "Traceback …"
    assert fault_list.read(paths) == ()


def test_only_the_owner_may_read_them(paths):
    fault_list.keep(paths, "a", StudyError([ONE]))
    kept = fault_list.keep_traceback(paths, "a", "Traceback …")
    assert paths.faults.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in (kept, paths.faults / "a.json")} == {0o600}


def test_a_warning_is_kept_until_its_part_is_rebuilt(paths):
    """Runs of other parts publish it too, without counting it as their fault."""
    fault_list.keep_warnings(paths, "dates", StudyError([ONE]))
    fault_list.clear(paths)
    assert fault_list.read_warnings(paths) == {"dates": (ONE,)}
    assert fault_list.read(paths) == ()
    assert not fault_list.has_any(paths, "dates")
    fault_list.clear(paths, "dates")
    assert fault_list.read_warnings(paths) == {}


def test_a_warning_of_a_part_that_there_is_no_more_is_forgotten(paths):
    """After an update no part would ever make or clear it, and every run would publish it."""
    for part in ("dates", "a_rule_of_last_year"):
        fault_list.keep_warnings(paths, part, StudyError([ONE]))
    fault_list.forget_other_warnings(paths, {"dates", "raw.enrolments"})
    assert fault_list.read_warnings(paths) == {"dates": (ONE,)}
