"""A store that another version of the code laid out is deleted before a run."""

from __future__ import annotations

from pathlib import Path

from pipelines.store.store import forget_other_shapes
from pipelines.study.paths import StudyPaths


def made_by(version: str, parent: Path) -> StudyPaths:
    paths = StudyPaths(parent, "example")
    paths.charts.mkdir(parents=True)
    forget_other_shapes(paths, version)
    for file in (paths.store, paths.pupils, paths.charts / "a.svg"):
        file.write_text("made")
    return paths


def test_a_store_of_another_shape_is_deleted(tmp_path: Path) -> None:
    paths = made_by("one", tmp_path)
    forget_other_shapes(paths, "two")
    assert not paths.store.exists()
    assert not paths.pupils.exists()
    assert (paths.charts / "a.svg").is_file(), "whether a chart is current is known by its part"


def test_a_store_of_the_same_shape_stays(tmp_path: Path) -> None:
    paths = made_by("one", tmp_path)
    forget_other_shapes(paths, "one")
    assert paths.store.is_file()
    assert paths.pupils.is_file()
