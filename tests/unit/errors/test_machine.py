"""A fault of the machine is one sentence with what to do; any other error is none."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.errors.machine import machine_fault

PLACE = "data_marts/autumn"


@pytest.mark.parametrize(
    ("error", "problem", "may_pass"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/srv/a"), "the disk is full", True),
        (
            OSError(errno.EROFS, "Read-only file system", "/srv/a"),
            "it can only be read here",
            False,
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/srv/a"),
            "this user may not open",
            False,
        ),
        (
            OSError(errno.EBUSY, "Device or resource busy", "/srv/a"),
            "another program has it open",
            True,
        ),
    ],
)
def test_the_operating_system(error: OSError, problem: str, may_pass: bool) -> None:
    fault = machine_fault(error, PLACE)
    assert fault
    assert fault.file == "/srv/a"
    assert fault.problem.startswith(problem)
    assert fault.may_pass is may_pass
    assert fault.remedy


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (
            duckdb.IOException('IO Error: Could not set lock on file "a": Conflicting lock'),
            "another program",
        ),
        (duckdb.IOException("IO Error: No space left on device"), "the disk is full"),
        (sqlite3.OperationalError("database is locked"), "another program has it open"),
        (
            sqlite3.OperationalError("attempt to write a readonly database"),
            "it can only be read here",
        ),
    ],
)
def test_a_database(error: Exception, problem: str) -> None:
    fault = machine_fault(error, PLACE)
    assert fault
    assert fault.file == PLACE
    assert fault.problem.startswith(problem)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("No space left on device"),
        FileNotFoundError(2, "x"),
        duckdb.BinderException("no column"),
    ],
)
def test_any_other_error(error: Exception) -> None:
    assert machine_fault(error, PLACE) is None


def test_a_real_lock_of_another_program(tmp_path: Path) -> None:
    """DuckDB's own words, from a process that holds the file."""

    file = tmp_path / "store.duckdb"
    held = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; con = duckdb.connect({str(file)!r}); "
         "print('open', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert held.stdout
    assert held.stdout.readline() == b"open\n"
    with pytest.raises(duckdb.IOException) as raised:
        duckdb.connect(str(file))
    held.communicate(b"\n")
    fault = machine_fault(raised.value, PLACE)
    assert fault
    assert fault.problem == "another program has it open"
