"""Outputs of another version of the code are deleted before a run, whatever their names."""

from __future__ import annotations

from pathlib import Path

from pipelines.store.store import forget_other_code
from pipelines.study.paths import StudyPaths


def made_by(code: str, parent: Path) -> StudyPaths:
    paths = StudyPaths(parent, "example")
    for folder in (paths.charts, paths.board):
        folder.mkdir(parents=True, exist_ok=True)
    forget_other_code(paths, code)
    for file in (paths.store, paths.pupils, paths.charts / "a.svg", paths.board / "index.html"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("made")
    return paths


def test_outputs_of_other_code_are_deleted(tmp_path: Path) -> None:
    paths = made_by("one", tmp_path)
    forget_other_code(paths, "two")
    assert not [f for f in (paths.store, paths.pupils, paths.charts, paths.board) if f.exists()]


def test_outputs_of_the_same_code_stay(tmp_path: Path) -> None:
    paths = made_by("one", tmp_path)
    forget_other_code(paths, "one")
    assert (paths.charts / "a.svg").is_file()
    assert paths.store.is_file()
