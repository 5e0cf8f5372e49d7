"""Whole runs of the example: nothing made before, nothing changed, and one thing changed.

They run in a copy of the project, which may be changed, beside the imports that no run can do without.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from pipelines.study.paths import EXAMPLE, PROJECT
from pipelines.study.settings import PROTOCOL
from tests.bench.figures import Figure, figures_of
from tests.bench.processes import Measured, measure, say

GROUP = "Runs of the example"
N_TURNS = 3
LIBRARIES = ("dagster", "great_expectations", "pandas", "duckdb", "matplotlib.pyplot")
IMPORTING = "the imports"
ENGINE = "importing the engine (`pipelines.impact.study_effects`)"
COLD = "`ssif evaluate`, nothing made before"
AGAIN = "the same again, nothing changed"
WORDING = "a wording changed (`pipelines/board/limits.py`)"
ANSWER = "one answer of `evaluations.csv` changed"
IMPORT_COMMAND = (sys.executable, "-c", f"import {', '.join(LIBRARIES)}")
ENGINE_COMMAND = (sys.executable, "-c", "import pipelines.impact.study_effects")
COPIED = ("pipelines", "assets", "data_raw/example", "dagster.yaml", "pyproject.toml")


def take_figures() -> list[Figure]:
    """Every process once a turn, with a new folder of outputs each turn. `the imports`: `LIBRARIES`."""
    processes = (IMPORTING, ENGINE, COLD, AGAIN, WORDING, ANSWER)
    taken: dict[str, list[Measured]] = {process: [] for process in processes}
    measure(IMPORT_COMMAND)  # brings the libraries' files into memory; not counted
    measure(ENGINE_COMMAND)
    for turn in range(1, N_TURNS + 1):
        with tempfile.TemporaryDirectory() as name:
            copy, data_marts = Path(name) / "project", Path(name) / "data_marts"
            copy_project(copy)
            command = ("-m", "assets.cli", "evaluate", "--data-marts", str(data_marts))
            evaluating = (sys.executable, *command)
            taken[IMPORTING].append(measure(IMPORT_COMMAND))
            taken[ENGINE].append(measure(ENGINE_COMMAND))
            taken[COLD].append(measure(evaluating, copy))
            assert (data_marts / "example" / "current" / "released.duckdb").is_file()
            taken[AGAIN].append(measure(evaluating, copy))
            change_wording(copy)
            taken[WORDING].append(measure(evaluating, copy))
            change_answer(copy)
            taken[ANSWER].append(measure(evaluating, copy))
        say(
            f"runs, turn {turn}: " + ", ".join(f"{one[-1].seconds:.1f} s" for one in taken.values())
        )
    return figures_of(GROUP, taken, dict.fromkeys(processes[1:], IMPORTING))


def copy_project(folder: Path) -> None:
    """Copy what a run reads, with what Python has compiled."""
    for name in COPIED:
        source, target = PROJECT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy2)(source, target)


def change_wording(folder: Path) -> None:
    """Change one module of the board's documents, by a comment."""
    with (folder / "pipelines" / "board" / "limits.py").open("a", encoding="utf-8") as module:
        module.write("\n# A changed wording.\n")


def change_answer(folder: Path) -> None:
    """Change a school's answer, and the file's hash in study.toml. Raises ValueError if there is none."""
    study = folder / EXAMPLE.relative_to(PROJECT)
    file, protocol = study / "evaluations.csv", study / PROTOCOL
    before = file.read_bytes()
    after = before.replace(b",Agree,", b",Disagree,", 1)
    text = protocol.read_text(encoding="utf-8")
    changed = text.replace(hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest())
    if before == after or text == changed:
        raise ValueError(f"{file} has no answer to change, or study.toml no hash of it")
    file.write_bytes(after)
    protocol.write_text(changed, encoding="utf-8")
