"""`ssif release`: records what was published, and the next run is compared with it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import assets.cli
from pipelines.study.paths import PROJECT
from tests.evaluated import PATIENCE_SECONDS, Evaluated, bytes_of, environment, evaluate_here


@pytest.fixture
def copied(example: Evaluated, tmp_path: Path) -> tuple[Path, Path]:
    """A copy of the finished example's folder and outputs, to modify."""
    folder = shutil.copytree(example.folder, tmp_path / "raw" / "example")
    marts = shutil.copytree(example.paths.marts, tmp_path / "data_marts", symlinks=True)
    (marts / "example" / ".work" / "study_folder.txt").write_text(f"{folder}\n", encoding="utf-8")
    return folder, marts


def release(folder: Path, marts: Path, day: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assets.cli", "release", str(folder), "--date", day]
    return subprocess.run(
        [*command, "--data-marts", str(marts)],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_SECONDS,
        check=False,
    )


def test_a_release_is_recorded_in_plain_words_and_the_next_run_shows_the_same(
    copied: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, marts = copied
    current = marts / "example" / "current"
    run = json.loads((current / "run.json").read_text(encoding="utf-8"))["run"]
    done = release(folder, marts, "2018-10-02")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Recorded as published on 2 October 2018: run {run}." in done.stdout
    assert "rows withheld at least in part" in done.stdout
    record = folder / "releases" / "2018-10-02"
    in_run = bytes_of(current.resolve() / "released")
    recorded = bytes_of(record / "released")
    assert recorded == {name: in_run[name] for name in recorded}
    assert {"impact.csv", "comparison.csv"} < set(recorded)
    # Schools' texts may be withdrawn, so they are not recorded.
    assert not {"statements.csv", "case_studies.csv", "evaluation_summary.csv"} & set(recorded)

    command = ["release", str(folder), "--date", "2018-10-02", "--data-marts", str(marts)]
    assert assets.cli.main(command) == 1
    assert "a release of this day is recorded already" in capsys.readouterr().err

    before = bytes_of(current.resolve() / "released")
    later = evaluate_here(folder, marts)
    assert later.status == 0, later.stderr
    # A different run, because it compares with a release, but with the same figures.
    assert later.current.resolve().name != run
    after = bytes_of(later.current.resolve() / "released")
    # Only the comparison of verdicts with the published ones is new.
    assert {name for name in after if after[name] != before.get(name)} == {
        "verdict_change.csv",
        "verdict_change.parquet",
    }
    assert set(after) == set(before)


def test_an_invalid_day_is_refused(
    copied: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, marts = copied
    with pytest.raises(SystemExit) as ended:
        assets.cli.main(["release", str(folder), "--date", "October", "--data-marts", str(marts)])
    assert ended.value.code == 2
    assert "is not a date, year first, as 2018-10-02" in capsys.readouterr().err
    assert not (folder / "releases").exists()
