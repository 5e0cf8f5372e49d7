"""Files that may hold pupils are always private, even after a kill, and are deleted soon."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

import assets.cli
from pipelines.publishing import retention
from pipelines.store import store
from pipelines.store.private import make_work, private_files, usual_files
from pipelines.study.paths import PROJECT, StudyPaths

DAY = 24 * 3600
# Killed while pupil rows are in the write-ahead log only, as can happen at any moment.
KILLED = """
import os, signal, sys
from pathlib import Path
from pipelines.store import store
from pipelines.study.paths import StudyPaths
os.umask(0o022)
with store.connect(StudyPaths(Path(sys.argv[1]), "s")) as con:
    con.execute("SET checkpoint_threshold = '1GB'")
    con.execute("CREATE TABLE pupils.ks2_pupils AS SELECT 'Quillfeather' AS surname")
    con.execute("CREATE TABLE mart.made AS SELECT 1 AS n")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def modes(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_mode & 0o777
        for path in (folder, *folder.rglob("*"))
    }


@pytest.fixture
def killed(tmp_path: Path) -> StudyPaths:
    """A study with a killed run."""
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=PROJECT, check=False)
    assert ended.returncode == -signal.SIGKILL
    return StudyPaths(tmp_path, "s")


def test_remains_of_a_killed_run_are_private(killed: StudyPaths) -> None:
    left = modes(killed.work)
    assert {"pupils.duckdb.wal", "store.duckdb.wal"} <= set(left)
    assert b"Quillfeather" in (killed.work / "pupils.duckdb.wal").read_bytes()
    assert left.pop(".") == 0o700
    assert set(left.values()) == {0o600}


def test_an_open_working_store_and_its_files_are_private(tmp_path: Path) -> None:
    paths = StudyPaths(tmp_path, "s")
    (paths.work / "faults").mkdir(parents=True)
    (paths.work / "pupils.duckdb.wal").write_bytes(b"Quillfeather")
    (paths.work / "faults" / "a.json").touch()
    for path in (paths.work, *paths.work.rglob("*")):
        path.chmod(0o777)
    make_work(paths)
    assert modes(paths.work) == {
        **{".": 0o700, "faults": 0o700, "faults/a.json": 0o600, "pupils.duckdb.wal": 0o600}
    }


def test_file_mode_masks_nest_and_are_restored(tmp_path: Path) -> None:
    usual = os.umask(0o022)
    os.umask(usual)
    with private_files():
        (tmp_path / "closed").touch()
        with usual_files():
            (tmp_path / "open").touch()
        (tmp_path / "closed again").touch()
    (tmp_path / "open again").touch()
    assert modes(tmp_path) | {".": 0} == {
        **{".": 0, "closed": 0o600, "closed again": 0o600},
        **{"open": 0o666 & ~usual, "open again": 0o666 & ~usual},
    }


# ------------------------------------------------------------------------------------ retention


def with_pupils(marts: Path, name: str = "s", days: float = 8) -> StudyPaths:
    """A study whose last run left pupil rows some days ago."""
    paths = StudyPaths(marts, name)
    with store.connect(paths) as con:
        con.execute("CREATE TABLE pupils.ks2_pupils AS SELECT 'Quillfeather' AS surname")
    then = time.time() - days * DAY
    for path in paths.work.iterdir():
        os.utime(path, (then, then))
    return paths


def test_pupil_rows_of_a_failed_run_go_after_seven_days(tmp_path: Path) -> None:
    old, young = with_pupils(tmp_path, "old"), with_pupils(tmp_path, "young", days=6)
    assert retention.forget_old_pupils(tmp_path, time.time()) == ["old"]
    assert not old.pupils.exists()
    assert old.store.exists()
    assert young.pupils.exists()


def test_write_ahead_and_spilled_rows_go_with_them(killed: StudyPaths) -> None:
    (killed.work / "store.duckdb.tmp").mkdir()
    (killed.work / f"{store.SCRATCH}x" / "s" / ".work").mkdir(parents=True)
    later = time.time() + 8 * DAY
    assert retention.forget_old_pupils(killed.marts, later) == ["s"]
    names = {path.name for path in killed.work.iterdir()}
    assert names <= {"store.duckdb", "store.duckdb.wal", "run.lock"}


def test_rows_kept_by_request_and_those_of_a_current_run_stay(tmp_path: Path) -> None:
    kept, under_way = with_pupils(tmp_path, "kept"), with_pupils(tmp_path, "under-way")
    kept.pupils_kept.touch()
    with FileLock(under_way.lock):
        assert retention.forget_old_pupils(tmp_path, time.time()) == []
    assert kept.pupils.exists()
    assert under_way.pupils.exists()


def test_any_command_deletes_them_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = with_pupils(tmp_path / "marts", "old")
    command = ["validate", str(tmp_path / "none"), "--data-marts", str(tmp_path / "marts")]
    assert assets.cli.main(command) == 1
    assert not paths.pupils.exists()
    assert "Deleted: the pupil rows of the study old," in capsys.readouterr().err
