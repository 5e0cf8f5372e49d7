"""Outputs know the folder they are made from, also after the whole project was moved or copied."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipelines.errors.fault import StudyError
from pipelines.store import folder_note
from pipelines.study.paths import StudyPaths


def study_in(parent: Path) -> Path:
    folder = parent / "autumn"
    folder.mkdir(parents=True)
    (folder / "study.toml").touch()
    return folder


def test_a_copied_project_reads_its_own_files(tmp_path: Path) -> None:
    folder = study_in(tmp_path / "project" / "data_raw")
    folder_note.remember(StudyPaths(tmp_path / "project" / "data_marts", "autumn"), folder)
    copied = shutil.copytree(tmp_path / "project", tmp_path / "copied")
    paths = StudyPaths(copied / "data_marts", "autumn")
    assert folder_note.noted(paths) == copied / "data_raw" / "autumn"


def test_a_study_outside_the_project_is_found_from_a_copy_too(tmp_path: Path) -> None:
    folder = study_in(tmp_path / "elsewhere")
    folder_note.remember(StudyPaths(tmp_path / "project" / "data_marts", "autumn"), folder)
    copied = shutil.copytree(tmp_path / "project", tmp_path / "copied")
    assert folder_note.noted(StudyPaths(copied / "data_marts", "autumn")) == folder


def test_a_second_study_of_the_name_is_refused_while_the_first_is_there(tmp_path: Path) -> None:
    paths = StudyPaths(tmp_path / "marts", "autumn")
    first, second = study_in(tmp_path / "one"), study_in(tmp_path / "two")
    folder_note.remember(paths, first)
    with pytest.raises(StudyError, match="another study is called 'autumn'"):
        folder_note.remember(paths, second)
    shutil.rmtree(first)
    folder_note.remember(paths, second)
    assert folder_note.noted(paths) == second


def test_without_a_record_there_is_no_folder(tmp_path: Path) -> None:
    assert folder_note.noted(StudyPaths(tmp_path, "autumn")) is None
