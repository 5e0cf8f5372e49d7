"""A release is recorded once, completely, and only if it was made from the current study."""

from __future__ import annotations

import json
import shutil
from datetime import date

import pytest

from pipelines.catalogue.released_voices import RELEASED_VOICES
from pipelines.disclosure import releases
from pipelines.errors.fault import StudyError
from pipelines.freshness.made import MadeParts
from pipelines.freshness.parts import PARTS
from pipelines.protocol.study_file import load_study
from pipelines.publishing import runs as publishing
from pipelines.publishing.identity import run_identity
from pipelines.store import store
from tests.needed_tables import make_all
from tests.tiny_study import TinyStudy

DAY = date(2018, 10, 2)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a tiny study with a finished run."""
    tiny = TinyStudy(tmp_path_factory.mktemp("finished"))
    with store.connect(tiny.paths) as con:
        study = tiny.write()
        make_all(con, study)
        parts = [PARTS["protocol"], PARTS["released"]]
        for part in parts:
            MadeParts(con, tiny.paths).note(study, part)
        publishing.publish(con, study, tiny.paths, parts=parts, n_checks=1)
    return tiny.parent


@pytest.fixture
def published(finished, tmp_path):
    """A tiny study with a finished run, which a test may change."""
    tiny = TinyStudy(tmp_path / "copied")
    shutil.copytree(finished, tiny.parent, symlinks=True)
    return tiny, load_study(tiny.folder)


def test_a_release_is_recorded_with_its_tables_and_no_figure_by_school(published):
    tiny, study = published
    recorded = releases.record(study, tiny.paths, DAY)
    assert recorded.folder == tiny.folder / "releases" / "2018-10-02"
    assert {file.name for file in recorded.folder.iterdir()} == {
        "released",
        "run.json",
    }
    current = tiny.paths.current
    assert (recorded.folder / "run.json").read_bytes() == (current / "run.json").read_bytes()
    words = {f"{table.name}.{form}" for table in RELEASED_VOICES for form in ("csv", "parquet")}
    of_run = {file.name for file in (current / "released").iterdir()}
    assert words < of_run
    assert {file.name for file in (recorded.folder / "released").iterdir()} == of_run - words
    for file in (recorded.folder / "released").iterdir():
        assert (current / "released" / file.name).read_bytes() == file.read_bytes()
    assert recorded.run == json.loads((current / "run.json").read_text())["run"]
    assert recorded.n_tables == len(list((recorded.folder / "released").glob("*.parquet"))) > 0
    # With twenty pupils nearly everything is suppressed.
    manifest = json.loads((current / "run.json").read_text())
    assert recorded.n_withheld == sum(manifest["rows_withheld"].values()) > 0


def test_a_recorded_release_makes_another_run(published):
    tiny, study = published
    before = run_identity(study, "x", has_officers_page=False)
    releases.record(study, tiny.paths, DAY)
    assert run_identity(study, "x", has_officers_page=False)["run"] != before["run"]


def refusal(study, paths) -> StudyError:
    before = sorted(study.folder.rglob("*"))
    with pytest.raises(StudyError) as raised:
        releases.record(study, paths, DAY)
    assert sorted(study.folder.rglob("*")) == before
    return raised.value


def test_a_day_is_recorded_once(published):
    tiny, study = published
    releases.record(study, tiny.paths, DAY)
    (fault,) = refusal(study, tiny.paths).faults
    assert fault.file == "releases/2018-10-02"
    assert "recorded already" in fault.problem


def test_a_study_without_a_run_has_nothing_to_record(tmp_path):
    tiny = TinyStudy(tmp_path)
    (fault,) = refusal(tiny.write(), tiny.paths).faults
    assert "no finished run" in fault.problem


@pytest.mark.parametrize("changed", ["study.toml", "register.csv"])
def test_a_run_of_another_study_toml_or_other_files_is_not_recorded(published, changed):
    tiny, _ = published
    with (tiny.folder / changed).open("a", encoding="utf-8") as file:
        file.write("\n")
    (fault,) = refusal(load_study(tiny.folder), tiny.paths).faults
    assert fault.file == ("study.toml" if changed == "study.toml" else "data_root")
    assert "evaluate the study again" in fault.remedy


def test_the_day_of_a_record_is_in_its_fingerprint(published):
    """The page names the day, so the same tables published on another day need a rebuild."""
    tiny, study = published
    recorded = releases.record(study, tiny.paths, DAY)
    before = releases.releases_sha256(study.folder)
    recorded.folder.rename(recorded.folder.with_name("2018-10-09"))
    assert releases.releases_sha256(study.folder) != before
