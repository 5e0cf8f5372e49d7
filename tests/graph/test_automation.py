"""What the sensor asks for is decided from the state of files and outputs, look by look."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import pytest

from assets import automation
from assets.automation import JOB, RETRY_SECONDS, study_folders
from assets.resources import PARTITION_TAG, Studies
from pipelines.errors.fault import Fault, StudyError
from pipelines.store import fault_list
from pipelines.study.paths import EXAMPLE

PART = "raw.reviews"
ROW = Fault(file="reviews.csv", row=3, problem="the date is none", remedy="mend it")
FULL = Fault(file="data_marts", problem="the disk is full", remedy="free space", may_pass=True)


@dataclass
class Watched:
    """A folder of studies, its outputs, and what the sensor remembers."""

    raw: Path
    studies: Studies
    instance: dg.DagsterInstance
    cursor: str | None = None

    def look(self) -> list[str | None]:
        """One look of the sensor: the studies that it asks runs for."""
        return [request.partition_key for request in self.result().run_requests or []]

    def result(self) -> dg.SensorResult:
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"studies": self.studies}
        ) as context:
            result = study_folders(context)
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        for request in result.dynamic_partitions_requests or []:
            if isinstance(request, dg.AddDynamicPartitionsRequest):
                self.instance.add_dynamic_partitions("study", list(request.partition_keys))
            else:
                for key in request.partition_keys:
                    self.instance.delete_dynamic_partition("study", key)
        return result

    def study(self, name: str = "example") -> Path:
        """A copy of the example under another name."""
        folder = shutil.copytree(EXAMPLE, self.raw / name)
        protocol = folder / "study.toml"
        text = protocol.read_text(encoding="utf-8")
        protocol.write_text(text.replace('name = "example"', f'name = "{name}"'), encoding="utf-8")
        return folder

    def fail(self, fault: Fault, seconds_ago: float = 0) -> None:
        """Leave what a failed run leaves."""
        paths = self.studies.paths("example")
        fault_list.keep(paths, PART, StudyError([fault]))
        (file,) = paths.faults.glob("*.json")
        then = file.stat().st_mtime - seconds_ago
        os.utime(file, (then, then))


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    (tmp_path / "raw").mkdir()
    studies = Studies(data_raw=str(tmp_path / "raw"), data_marts=str(tmp_path / "marts"))
    with dg.DagsterInstance.ephemeral() as instance:
        yield Watched(tmp_path / "raw", studies, instance)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Fingerprints of files whose run is published; a test adds to them."""
    made: set[str] = set()
    monkeypatch.setattr(
        automation,
        "needs_a_run",
        lambda studies, name: automation.fingerprint(studies.folder(name)) not in made,
    )
    return made


def test_a_study_is_asked_for_once_two_looks_find_it_the_same(watched: Watched) -> None:
    folder = watched.study()
    assert watched.look() == []
    with (folder / "reviews.csv").open("a", encoding="utf-8") as lines:
        lines.write("\n")  # still being copied
    assert watched.look() == []
    assert watched.look() == ["example"]
    assert [watched.look(), watched.look()] == [[], []]


def test_each_change_is_asked_for_under_a_key_of_its_own(watched: Watched) -> None:
    folder = watched.study()
    keys = []
    for _ in range(3):
        watched.look()
        (request,) = watched.result().run_requests or []
        keys.append(request.run_key)
        with (folder / "reviews.csv").open("a", encoding="utf-8") as lines:
            lines.write("\n")
    assert len(set(keys)) == 3


def test_a_file_that_is_put_back_with_its_old_date_is_evaluated_again(
    watched: Watched, published: set[str]
) -> None:
    folder = watched.study()
    file = folder / "reviews.csv"
    published.add(automation.fingerprint(folder))
    assert [watched.look(), watched.look()] == [[], []]
    kept = shutil.copy2(file, watched.raw / "kept.csv")
    file.write_bytes(file.read_bytes()[:-20])
    published.clear()
    assert [watched.look(), watched.look()] == [[], ["example"]]
    published.add(automation.fingerprint(folder))
    assert watched.look() == []
    shutil.copy2(kept, file)
    assert [watched.look(), watched.look()] == [[], ["example"]]


def test_an_edit_of_the_same_size_and_date_is_seen(watched: Watched, published: set[str]) -> None:
    folder = watched.study()
    file = folder / "reviews.csv"
    published.add(automation.fingerprint(folder))
    assert [watched.look(), watched.look()] == [[], []]
    before = file.stat()
    content = file.read_bytes()
    file.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    assert [watched.look(), watched.look()] == [[], ["example"]]


def test_a_date_counts_where_a_file_s_entry_has_no_time_of_its_last_change(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows, where the time in its place is that of the file's making."""
    folder = watched.study()
    file = folder / "reviews.csv"
    made = {path: path.stat().st_ctime_ns for path in folder.iterdir()}
    stat = Path.stat

    def of_windows(path: Path, **how: bool) -> SimpleNamespace:
        found = stat(path, **how)
        names = ("st_mode", "st_ino", "st_size", "st_mtime_ns")
        said = {name: getattr(found, name) for name in names}
        return SimpleNamespace(**said, st_ctime_ns=made.get(path, 0))

    monkeypatch.setattr(Path, "stat", of_windows)
    before = automation.fingerprint(folder)
    assert automation.fingerprint(folder) == before
    os.utime(file, ns=(0, stat(file).st_mtime_ns + 1))
    assert automation.fingerprint(folder) != before


def test_what_is_already_published_is_not_asked_for_at_the_first_start(
    watched: Watched, published: set[str]
) -> None:
    published.add(automation.fingerprint(watched.study()))
    assert [watched.look(), watched.look(), watched.look()] == [[], [], []]


def test_a_bad_row_is_not_asked_for_again_until_a_file_changes(watched: Watched) -> None:
    folder = watched.study()
    assert [watched.look(), watched.look()] == [[], ["example"]]
    watched.fail(ROW, seconds_ago=10 * RETRY_SECONDS)
    assert [watched.look(), watched.look()] == [[], []]
    (folder / "reviews.csv").touch()
    assert [watched.look(), watched.look()] == [[], ["example"]]


def test_a_run_that_stopped_at_a_full_disk_is_asked_for_again_after_a_while(
    watched: Watched,
) -> None:
    watched.study()
    assert [watched.look(), watched.look()] == [[], ["example"]]
    watched.fail(FULL)
    assert watched.look() == []
    watched.fail(FULL, seconds_ago=2 * RETRY_SECONDS)
    assert watched.look() == ["example"]


def test_a_study_whose_run_waits_is_not_asked_for_again(watched: Watched) -> None:
    """Its fault is still that of the run before, whose disk was full."""
    watched.study()
    assert [watched.look(), watched.look()] == [[], ["example"]]
    watched.fail(FULL, seconds_ago=2 * RETRY_SECONDS)
    run = dg.DagsterRun(
        job_name=JOB, status=dg.DagsterRunStatus.NOT_STARTED, tags={PARTITION_TAG: "example"}
    )
    watched.instance.add_run(run)
    assert [watched.look(), watched.look()] == [[], []]
    watched.instance.report_run_failed(run, "It could not begin.")
    assert watched.look() == ["example"]


def test_a_run_that_died_is_asked_for_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.study()
    assert [watched.look(), watched.look()] == [[], ["example"]]
    monkeypatch.setattr(automation, "fail_left_runs", lambda *_: ["example"])
    assert watched.look() == ["example"]


@pytest.mark.parametrize("spoilt", ["a folder", "not TOML", "not UTF-8", "unreadable"])
def test_one_bad_folder_stops_no_other_study(
    watched: Watched, spoilt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.study()
    protocol = watched.raw / "bad" / "study.toml"
    protocol.parent.mkdir()
    if spoilt == "a folder":
        protocol.mkdir()
    elif spoilt == "unreadable":
        protocol.write_text("[study]\n", encoding="utf-8")
        real = Path.read_bytes

        def refuse(path: Path) -> bytes:
            if path == protocol:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path)

        monkeypatch.setattr(Path, "read_bytes", refuse)
    else:
        protocol.write_bytes({"not TOML": b"= =", "not UTF-8": b"name = '\xff'"}[spoilt])
    watched.look()
    assert watched.look() == ["bad", "example"]
    assert watched.look() == []


def test_a_study_that_is_gone_leaves_the_page(watched: Watched) -> None:
    watched.study()
    other = watched.study("spring")
    watched.look()
    assert set(watched.instance.get_dynamic_partitions("study")) == {"example", "spring"}
    shutil.rmtree(other)
    watched.look()
    assert watched.instance.get_dynamic_partitions("study") == ["example"]


def test_a_cursor_of_an_older_version_is_forgotten(watched: Watched) -> None:
    watched.study()
    watched.cursor = '{"example": "0123456789abcdef"}'
    assert [watched.look(), watched.look()] == [[], ["example"]]


def test_a_study_that_has_moved_is_found_where_studies_are(watched: Watched) -> None:
    folder = watched.study()
    paths = watched.studies.paths("example")
    paths.work.mkdir(parents=True)
    paths.folder_note.write_text("/nowhere/example\n", encoding="utf-8")
    assert watched.studies.folder("example") == folder
