"""Withdrawn texts are in no finished run once the next run has succeeded."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from filelock import FileLock

from pipelines.publishing import retention
from pipelines.study.paths import StudyPaths
from tests.tiny_study import TinyStudy
from tests.unit.disclosure.test_released_tables import CASE, FORM, STATEMENT, SUPPORT

OPEN_FORM = FORM | {"consent": "yes", "free_text": "More time would help.", "theme": "Time"}
NAMED = "Zofka Wren did well, A799200117001."


def texts(folder: Path, **changes: list[dict[str, object]]) -> set[str]:
    """Hashes of the texts that may be published if the files have these rows."""
    given = {
        "statements": [STATEMENT],
        "case_studies": [CASE],
        "case_study_support": [SUPPORT],
        "evaluations": [OPEN_FORM],
    }
    tiny = TinyStudy(folder)
    for kind, rows in (given | changes).items():
        tiny.add(f"{kind}.csv", f'kind = "{kind}"', rows)
    with tiny.marts() as con:
        found = retention.publishable_texts(con)
    assert found == sorted(set(found))
    return set(found)


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    found = texts(tmp_path_factory.mktemp("before"))
    assert len(found) == 4
    return found


@pytest.mark.parametrize(
    "changes",
    [
        {"statements": [STATEMENT | {"consent": "withdrawn"}]},
        {"statements": [STATEMENT | {"attribution": "anonymous"}]},
        {"statements": [STATEMENT | {"quote": "It hardly helped."}]},
        {"statements": [STATEMENT | {"urn": 900002}]},
        {"case_studies": [CASE | {"consent": "no"}]},
        {"case_studies": [CASE | {"statement": NAMED}]},
        {"case_study_support": [SUPPORT | {"support": "Five visits"}]},
        {"case_study_support": [SUPPORT | {"until": ""}]},
        {"evaluations": [OPEN_FORM | {"consent": "withdrawn"}]},
    ],
    ids=[
        "withdrawn",
        "attributed otherwise",
        "other words",
        "another's",
        "refused",
        "held",
        "other support",
        "other days",
        "form",
    ],
)
def test_withdrawn_changed_or_held_texts_are_no_longer_publishable(tmp_path, before, changes):
    after = texts(tmp_path, **changes)
    assert not before <= after
    # Support is withdrawn with its case study.
    assert len(before - after) == (2 if "case_studies" in changes else 1)


def test_an_added_text_removes_none(tmp_path, before):
    added = STATEMENT | {"urn": 900002, "quote": "We are glad of it."}
    assert before < texts(tmp_path, statements=[STATEMENT, added])


def a_run(runs: Path, name: str, age: int, said: object) -> Path:
    run = runs / name
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps(said) if said is not None else "{", encoding="utf-8")
    os.utime(run, (1_000_000 - age, 1_000_000 - age))
    return run


def test_a_run_is_deleted_if_one_of_its_texts_may_no_longer_be_published(tmp_path):
    newest = a_run(tmp_path, "newest", 0, {retention.TEXTS: ["a", "b"]})
    a_run(tmp_path, "same", 1, {retention.TEXTS: ["a", "b"]})
    a_run(tmp_path, "fewer", 2, {retention.TEXTS: ["a"]})
    a_run(tmp_path, "none", 3, {retention.TEXTS: []})
    a_run(tmp_path, "taken back", 4, {retention.TEXTS: ["a", "c"]})
    assert retention.forget_runs(tmp_path, newest, ["a", "b"]) == 1
    assert {run.name for run in tmp_path.iterdir()} == {"newest", "same", "fewer", "none"}


@pytest.mark.parametrize("said", [None, {}, {retention.TEXTS: None}, []])
def test_a_run_without_a_record_of_its_texts_is_deleted(tmp_path, said):
    newest = a_run(tmp_path, "newest", 0, {retention.TEXTS: []})
    a_run(tmp_path, "older", 1, said)
    assert retention.forget_runs(tmp_path, newest, []) == 1
    assert [run.name for run in tmp_path.iterdir()] == ["newest"]


def test_remains_of_an_interrupted_run_are_deleted(tmp_path):
    newest = a_run(tmp_path, "newest", 0, {retention.TEXTS: []})
    a_run(tmp_path, ".abc.building", 1, {retention.TEXTS: []})
    assert retention.forget_runs(tmp_path, newest, []) == 0
    assert [run.name for run in tmp_path.iterdir()] == ["newest"]


def test_the_deletion_is_reported_in_a_sentence():
    assert retention.in_words(1).startswith("1 older run deleted: it held words of schools")
    assert retention.in_words(2).startswith("2 older runs deleted: they held words of schools")


def work_of(marts: Path, name: str, folder: Path | None) -> StudyPaths:
    """A study's working store and a finished run, both written long ago."""
    paths = StudyPaths(marts, name)
    paths.faults.mkdir(parents=True)
    (paths.faults / "raw.json").write_text("[]", encoding="utf-8")
    paths.store.touch()
    paths.lock.touch()
    paths.current.mkdir()
    if folder is not None:
        paths.folder_note.write_text(str(folder), encoding="utf-8")
    for path in (paths.work, *paths.work.rglob("*")):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return paths


LONG_AGO = 1_538_000_000
LATER = LONG_AGO + retention.GONE_DAYS * 24 * 3600 + 60


def test_working_stores_of_studies_that_are_gone_go_after_some_days(tmp_path):
    marts, raw = tmp_path / "marts", tmp_path / "raw"
    for folder in (raw / "here", tmp_path / "elsewhere"):
        folder.mkdir(parents=True)
        (folder / "study.toml").touch()
    there = [work_of(marts, "here", None), work_of(marts, "moved", tmp_path / "elsewhere")]
    there.append(work_of(marts, "kept", None))
    there[-1].pupils_kept.touch()
    os.utime(there[-1].pupils_kept, (LONG_AGO, LONG_AGO))
    gone = [work_of(marts, "gone", None), work_of(marts, "gone-too", tmp_path / "deleted")]
    assert retention.forget_gone_work(marts, raw, LATER - 120) == []
    with FileLock(gone[0].lock):
        os.utime(gone[0].lock, (LONG_AGO, LONG_AGO))
        assert retention.forget_gone_work(marts, raw, LATER) == ["gone-too"]
    os.utime(gone[0].work, (LONG_AGO, LONG_AGO))
    assert retention.forget_gone_work(marts, raw, LATER) == ["gone"]
    assert all(paths.store.exists() for paths in there)
    assert not any(paths.work.exists() for paths in gone)
    assert all(paths.current.exists() for paths in gone)
