"""Figures of time and memory: what got slower is flagged, and CONTRIBUTING.md shows what is recorded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.protocol.study_file import load_study
from pipelines.study.paths import EXAMPLE, PROJECT, StudyPaths
from tests.bench import figures, randomisation, validation
from tests.bench.figures import Figure, figures_of
from tests.bench.processes import Measured, measure
from tests.bench.runs import COPIED, change_answer, change_wording, copy_project
from tests.evaluated import Evaluated


def measured(group: str, **processor_seconds: float) -> list[Figure]:
    """One turn a process."""
    taken = {name: [Measured(seconds, seconds, 100)] for name, seconds in processor_seconds.items()}
    return figures_of(group, taken)


LAST = [*measured("runs", cold=10.0, again=2.0), *measured("cells", cells=0.4)]


@pytest.mark.parametrize(
    ("cold", "is_flagged"),
    [(9.0, False), (10.0, False), (11.0, False), (11.01, True), (20.0, True)],
)
def test_what_takes_over_a_tenth_more_processor_time_is_flagged(cold: float, is_flagged: bool):
    now = measured("runs", cold=cold, again=1.0)
    found = figures.slower(now, LAST)
    assert found == ({("runs", "cold"): pytest.approx(cold / 10)} if is_flagged else {})
    assert ("**slower**" in figures.as_table(now, LAST)) == is_flagged


def test_a_new_figure_and_one_of_another_group_are_not_compared():
    now = [*measured("runs", fresh=99.0), *measured("pack", cold=99.0)]
    assert figures.slower(now, LAST) == {}
    assert figures.as_table(now, LAST).count("not measured") == 2


def test_medians_ranges_and_ratios_are_of_turns():
    taken = {
        "imports": [Measured(1, 2, 10), Measured(2, 1, 30), Measured(9, 4, 20)],
        "cold": [Measured(3, 8, 50), Measured(4, 3, 40), Measured(5, 8, 60)],
    }
    _, cold = figures_of("runs", taken, {"cold": "imports"})
    assert cold.seconds == figures.Spread(4, 3, 5)
    assert cold.processor == figures.Spread(8, 3, 8)
    assert cold.peak_mb == 50
    assert cold.times == figures.Spread(3, 2, 4)  # not 8 / 2, the ratio of the medians
    row = figures.as_table([cold]).splitlines()[-1]
    assert row == "| cold | 4.00 (3.00–5.00) | 8.00 (3.00–8.00) | 50 MB | 3.0 (2.0–4.0), imports |"


def test_recording_replaces_the_measured_groups_and_keeps_the_others(tmp_path: Path):
    file = tmp_path / "figures.csv"
    assert figures.record(LAST, ["runs", "cells"], file) == figures.read(file) == LAST
    now = measured("runs", cold=12.25, again=2.5)
    assert figures.record(now, ["cells", "runs"], file) == [LAST[2], *now]
    text = f"# Speed\n\n{figures.as_table(LAST)}\n\nAfter.\n"
    assert figures.paper_with(text, now) == f"# Speed\n\n{figures.as_table(now)}\n\nAfter.\n"


def test_contributing_shows_the_figures_that_are_recorded():
    paper = figures.PAPER.read_text(encoding="utf-8")
    assert f"\n{figures.as_table(figures.read())}\n" in paper, (
        "figures.csv or the table was changed by hand; `make bench RECORD=1` writes both"
    )


def test_what_a_measured_change_changes_is_there(tmp_path: Path):
    copy_project(tmp_path)
    change_wording(tmp_path)
    change_answer(tmp_path)
    files = [file for name in COPIED for file in _files(PROJECT / name)]
    changed = [
        file.name
        for file in files
        if file.read_bytes() != (tmp_path / file.relative_to(PROJECT)).read_bytes()
    ]
    assert sorted(changed) == ["evaluations.csv", "limits.py", "study.toml"]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and file.suffix != ".pyc"]


@pytest.mark.skipif(not hasattr(os, "wait4"), reason="the system reports no peak memory")
def test_peak_memory_is_that_of_the_process_and_not_of_the_one_that_starts_it():
    held = bytearray(300_000_000)
    small = measure((sys.executable, "-S", "-c", "pass"))
    large = measure((sys.executable, "-S", "-c", "held = bytearray(200_000_000)"))
    assert len(held) > 0
    assert small.peak_mb < 100
    assert 190 < large.peak_mb < 280
    with pytest.raises(subprocess.CalledProcessError):
        measure((sys.executable, "-c", "raise SystemExit(3)"))


def test_what_is_measured_inside_a_run_still_runs(example: Evaluated, tmp_path: Path):
    """Whole runs and other packages are not tried here: they take minutes."""
    assert [one.times.median > 0 for one in validation.take_figures(200)] == [True] * 3
    # In a copy: it opens the store for writing, and no test may change the example's outputs.
    copied = StudyPaths(tmp_path, example.paths.study)
    shutil.copytree(example.paths.work, copied.work)
    calls = randomisation.calls_of(load_study(EXAMPLE), copied)
    assert calls
    assert {call.options["draws"] for call in calls} == {9_999}
