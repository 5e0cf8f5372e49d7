"""A full disk, a file in use or a folder without rights is told in a sentence, wherever a run meets it."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

import assets.cli
from assets import dagster_home
from assets.dagster_home import LEAST_FREE_BYTES
from pipelines import marts
from pipelines.store import fault_list, store
from pipelines.study.paths import EXAMPLE, StudyPaths

MOST_LINES = 6


def _raiser(error: Exception) -> Callable[..., object]:
    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


def _evaluate(tmp_path: Path) -> int:
    return assets.cli.main(["evaluate", str(EXAMPLE), "--data-marts", str(tmp_path / "marts")])


def _is_told_in_a_sentence(said: str, problem: str) -> None:
    assert problem in said
    assert "to do:" in said
    assert "Traceback" not in said
    assert "Nothing was published." in said
    assert len([line for line in said.splitlines() if line]) <= MOST_LINES


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (duckdb.IOException("IO Error: No space left on device"), "the disk is full"),
        (duckdb.IOException("IO Error: Could not set lock on file"), "another program has it open"),
        (PermissionError(errno.EACCES, "Permission denied", "store"), "this user may not open"),
    ],
)
def test_the_store_cannot_be_opened(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    problem: str,
) -> None:
    monkeypatch.setattr(store, "connect", _raiser(error))
    assert _evaluate(tmp_path) == 1
    _is_told_in_a_sentence(capsys.readouterr().err, problem)


def test_the_disk_fills_up_during_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even the fault can be stored then: it comes by way of Dagster."""
    full = OSError(errno.ENOSPC, "No space left on device", "store.duckdb")
    monkeypatch.setattr(marts, "build", _raiser(full))
    monkeypatch.setattr(fault_list, "keep", _raiser(full))
    assert _evaluate(tmp_path) == 1
    said = capsys.readouterr().err
    assert "Stopped: store.duckdb: the disk is full." in said
    assert "Traceback" not in said
    assert len([line for line in said.splitlines() if line]) <= MOST_LINES


def test_hardly_any_room_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run would end without a word, of a signal."""
    usage = SimpleNamespace(free=LEAST_FREE_BYTES - 1)
    monkeypatch.setattr(dagster_home.shutil, "disk_usage", lambda _: usage)
    for command in ("evaluate", "serve"):
        arguments = [command, *([str(EXAMPLE)] if command == "evaluate" else [])]
        assert assets.cli.main([*arguments, "--data-marts", str(tmp_path / "marts")]) == 1
        said = capsys.readouterr().err
        assert f"{tmp_path / 'marts'}: the disk is full." in said
        assert "Traceback" not in said
        assert len([line for line in said.splitlines() if line]) <= MOST_LINES


def test_the_outputs_may_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "marts"))
    monkeypatch.setattr(Path, "mkdir", _raiser(refused))
    assert _evaluate(tmp_path) == 1
    said = capsys.readouterr().err
    assert "marts: this user may not open or write it" in said
    assert "Traceback" not in said


def test_a_run_of_another_time_goes_on_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stopped a run may pass: the fault says so to the sensor."""
    shutil.copytree(EXAMPLE, tmp_path / "raw" / "example")
    with monkeypatch.context() as patch:
        patch.setattr(marts, "build", _raiser(OSError(errno.ENOSPC, "No space left", "store")))
        assert _evaluate(tmp_path) == 1
    faults = fault_list.read(StudyPaths(tmp_path / "marts", "example"))
    assert faults
    assert all(fault.may_pass for fault in faults)
