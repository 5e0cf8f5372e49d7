"""`python -m notebooks` gives the analyst a copy of their own, and never writes over it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from notebooks import __main__ as launcher
from pipelines.errors.fault import StudyError
from pipelines.study.paths import PROJECT
from tests.evaluated import Evaluated


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own"


@pytest.mark.parametrize("notebook", launcher.names())
def test_a_copy_is_the_notebook_with_the_study_that_was_asked_for(
    example: Evaluated, own, notebook
):
    study = PROJECT / "data_raw" / "example"
    copy = launcher.own_copy(notebook, study, folder=own, data_marts=example.paths.marts)
    assert copy == own / f"{notebook}_example.py"
    assert (copy.stat().st_mode & 0o777, own.stat().st_mode & 0o777) == (0o600, 0o700)
    committed = (PROJECT / "notebooks" / f"{notebook}.py").read_text(encoding="utf-8")
    assert copy.read_text(encoding="utf-8").replace("'", '"') == committed.replace("'", '"')


def test_another_study_is_named_in_its_copy(tmp_path, own):
    copy = launcher.own_copy("planner", tmp_path / "surrey", folder=own)
    assert copy.name == "planner_surrey.py"
    assert f"    STUDY = {(tmp_path / 'surrey').as_posix()!r}\n" in copy.read_text(encoding="utf-8")


def test_a_copy_is_never_written_over(example: Evaluated, own):
    study = PROJECT / "data_raw" / "example"
    copy = launcher.own_copy("explore", study, folder=own, data_marts=example.paths.marts)
    copy.write_text("an analyst's work", encoding="utf-8")
    again = launcher.own_copy("explore", study, folder=own, data_marts=example.paths.marts)
    assert again == copy
    assert copy.read_text(encoding="utf-8") == "an analyst's work"


def test_what_cannot_be_opened_is_told_and_nothing_is_written(tmp_path, own):
    with pytest.raises(StudyError) as raised:
        launcher.own_copy("explores", tmp_path / "x", folder=own)
    assert "one of explore, method, one_school, planner, revisions" in raised.value.for_analyst()
    with pytest.raises(StudyError) as raised:
        launcher.own_copy("explore", PROJECT / "data_raw/example", folder=own, data_marts=tmp_path)
    assert "`make evaluate STUDY=data_raw/example`" in raised.value.for_analyst()
    assert not own.exists()


def test_results_that_the_editor_keeps_are_deleted(own):
    kept = own / "__marimo__" / "session"
    kept.mkdir(parents=True)
    for name in ("one_school_example.py.json", "explore_example.py.json"):
        (kept / name).write_text("{}", encoding="utf-8")
    launcher.forget_results(own / "one_school_example.py")
    assert [file.name for file in kept.iterdir()] == ["explore_example.py.json"]


def test_the_command_says_in_words_what_is_wrong():
    done = subprocess.run(
        [sys.executable, "-m", "notebooks", "explore", "data_raw/no_such_study"],
        cwd=PROJECT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 1
    assert "study 'data_raw/no_such_study': there is no such study." in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_make_opens_the_notebook_and_study_asked_for():
    asked = ["make", "--dry-run", "notebook", "NOTEBOOK=method", "STUDY=data_raw/surrey"]
    done = subprocess.run(asked, cwd=PROJECT, capture_output=True, check=True, text=True)
    assert '-m notebooks method "data_raw/surrey"' in done.stdout
