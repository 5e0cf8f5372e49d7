"""After a power cut at any moment a whole run is shown: the old one or the new one.

The cut is imagined from what the operating system was asked: content that nobody waited for is lost, and
names may be on the disk earlier than content, as on common file systems.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pipelines.publishing import durable, identity, runs
from pipelines.publishing.identity import is_whole
from pipelines.publishing.runs import fall_back
from pipelines.study.paths import StudyPaths
from tests.unit.publishing.test_runs import finished, publish, ready  # noqa: F401 - fixtures


@dataclass
class Disk:
    """Files that were waited for, by inode, with the size they then had; and folders whose names were."""

    waited_for: dict[int, int] = field(default_factory=dict)

    def sync(self, opened: int) -> None:
        stat = os.fstat(opened)
        self.waited_for[stat.st_ino] = stat.st_size

    def cut_power(self, home: Path) -> None:
        """Empty every file that was written since it was last waited for."""
        for file in home.rglob("*"):
            if file.is_file() and not file.is_symlink():
                stat = file.stat()
                if self.waited_for.get(stat.st_ino) != stat.st_size:
                    empty(file)


def empty(file: Path) -> None:
    """Empty a file, against its permissions."""
    file.chmod(0o600)
    os.truncate(file, 0)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    watched = Disk()
    monkeypatch.setattr(durable.os, "fsync", watched.sync)
    yield watched


def test_a_published_run_outlives_a_power_cut(ready, disk: Disk) -> None:  # noqa: F811
    tiny, con, study = ready
    run = publish(tiny, con, study)
    disk.cut_power(tiny.paths.home)
    assert is_whole(tiny.paths.current, tiny.paths.restricted_current)
    assert tiny.paths.current.resolve() == run.resolve()


def test_without_waiting_it_would_not(ready, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """The plant: what made `current` point to a run of empty files."""
    tiny, con, study = ready
    monkeypatch.setattr(runs, "sync_tree", lambda _folder: None)
    publish(tiny, con, study)
    disk.cut_power(tiny.paths.home)
    assert not is_whole(tiny.paths.current, tiny.paths.restricted_current)


def test_folders_are_waited_for_after_the_names_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner, outer = tmp_path / "run" / "board", tmp_path / "run"
    inner.mkdir(parents=True)
    (inner / "index.html").write_text("page")
    order: list[int] = []
    monkeypatch.setattr(durable.os, "fsync", lambda opened: order.append(os.fstat(opened).st_ino))
    durable.sync_tree(outer)
    assert order == [path.stat().st_ino for path in (inner / "index.html", inner, outer)]


# ---------------------------------------------------------------------- a damaged run, when it is found


def damaged(paths: StudyPaths) -> None:
    for file in (paths.current / "board").iterdir():
        empty(file)


def test_the_last_whole_run_is_shown_in_place_of_a_damaged_one(ready, monkeypatch) -> None:  # noqa: F811
    tiny, con, study = ready
    first = publish(tiny, con, study)
    monkeypatch.setattr(identity, "code_sha256", lambda: "other code")
    second = publish(tiny, con, study)
    assert fall_back(tiny.paths) is None
    damaged(tiny.paths)
    assert fall_back(tiny.paths) == first.name
    assert tiny.paths.current.resolve() == first.resolve()
    assert is_whole(tiny.paths.current, tiny.paths.restricted_current)
    assert second.is_dir(), "the next run builds it again"
    assert publish(tiny, con, study) == second
    assert is_whole(tiny.paths.current, tiny.paths.restricted_current)


def test_if_no_run_is_whole_nothing_is_switched(ready) -> None:  # noqa: F811
    tiny, con, study = ready
    run = publish(tiny, con, study)
    damaged(tiny.paths)
    assert fall_back(tiny.paths) is None
    assert tiny.paths.current.resolve() == run.resolve()


def test_without_runs_there_is_nothing_to_fall_back_to(tmp_path: Path) -> None:
    assert fall_back(StudyPaths(tmp_path, "none")) is None
