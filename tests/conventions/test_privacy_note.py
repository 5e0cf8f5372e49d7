"""The privacy note, data_marts/README.md, is true of a run: what is where, for whom, how it is deleted."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from assets.history import HISTORY_RUNS
from pipelines.publishing.retention import GONE_DAYS, PUPIL_DAYS, RUNS_KEPT
from pipelines.study.paths import EXAMPLE, PROJECT, StudyPaths
from tests.evaluated import Evaluated

NOTE = (PROJECT / "data_marts" / "README.md").read_text(encoding="utf-8")


def places() -> dict[str, list[str]]:
    """Each place of the first table: what it holds, who opens it, how long it is kept."""
    table = NOTE.split("\n## What is stored where\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| `")]
    return {cells[0].strip(" `"): [cell.strip() for cell in cells[1:]] for cells in rows}


def in_run(run: Evaluated, place: str) -> Path:
    return run.paths.marts / place.removeprefix("data_marts/").replace("<study>", run.paths.study)


def test_everything_that_a_run_leaves_is_in_the_note(example: Evaluated):
    there = {f"data_marts/<study>/{path.name}" for path in example.paths.home.iterdir()}
    there |= {f"data_marts/{path.name}" for path in example.paths.marts.iterdir()}
    assert there - {"data_marts/example"} <= set(places())
    by_other_commands = (StudyPaths.power, StudyPaths.power_page, StudyPaths.faults_csv)
    for place in by_other_commands:
        name = place.__get__(example.paths).name
        assert f"data_marts/<study>/{name}" in places()


def test_what_the_note_closes_to_others_is_closed(example: Evaluated):
    seen = set()
    for place, (_, opened_by, _) in places().items():
        path = in_run(example, place)
        if place.startswith("data_marts/") and path.exists():
            is_closed = path.stat().st_mode & 0o077 == 0
            assert is_closed == (opened_by == "owner"), place
            seen.add(opened_by)
    assert seen == {"owner", "everyone with the folder"}


def test_how_long_things_are_kept_is_what_the_code_does():
    about = places()
    assert f"else {PUPIL_DAYS} days" in about["data_marts/<study>/.work"][2]
    assert f"or {GONE_DAYS} days if" in about["data_marts/<study>/.work"][2]
    assert about["data_marts/.dagster"][2] == f"the newest {HISTORY_RUNS} runs of a study"
    assert f"the newest {RUNS_KEPT};" in about["data_marts/<study>/runs"][2]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_study_is_gone_once_the_commands_are_given(example: Evaluated, tmp_path: Path):
    shutil.copytree(example.paths.marts, tmp_path / "data_marts", symlinks=True)
    shutil.copytree(EXAMPLE, tmp_path / "data_raw" / "example")
    for copy in ("explore_example.py", "explore_surrey.py"):
        (tmp_path / "notebooks" / "own").mkdir(parents=True, exist_ok=True)
        (tmp_path / "notebooks" / "own" / copy).write_text(copy, encoding="utf-8")
    (tmp_path / "data_marts" / "surrey").mkdir()
    (commands,) = re.findall(r"```console\n(.*?)```", NOTE, flags=re.DOTALL)
    given = commands.replace("<study>", "example")
    subprocess.run(["bash", "-ec", given], cwd=tmp_path, check=True)
    left = [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")]
    assert [name for name in left if "example" in name] == []
    assert "data_marts/surrey" in left
    assert "notebooks/own/explore_surrey.py" in left
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"example" not in path.read_bytes()


def test_each_answer_names_a_file_that_is_there_or_says_whose_it_is():
    table = NOTE.split("\n## What a DPIA asks\n")[1]
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) > 15
    for question, answer, shown_by in rows[1:]:
        files = re.findall(r"`([^`]+)`", shown_by)
        assert files or answer.strip().startswith(("yours", "yes", "whether")), question
        assert all((PROJECT / file).exists() for file in files), question
