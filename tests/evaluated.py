"""Evaluating a study as a person does, through the command line, and reading back what it wrote."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pipelines.study.paths import PROJECT, StudyPaths

LONGEST_RUN_SECONDS = 300


@dataclass(frozen=True)
class Evaluated:
    """One finished `ssif evaluate`: what it said and where it wrote."""

    folder: Path
    paths: StudyPaths
    status: int
    stdout: str
    stderr: str

    @property
    def current(self) -> Path:
        """The outputs that readers see."""
        return self.paths.current


def command_of(folder: Path, marts: Path, *options: str) -> list[str]:
    """The command line that evaluates a study."""
    command = [sys.executable, "-m", "assets.cli", "evaluate", str(folder)]
    return [*command, "--data-marts", str(marts), *options]


def environment() -> dict[str, str]:
    """This process's environment without what would change Dagster's or Python's behaviour."""
    ours = ("DAGSTER_", "PYTHONWARNINGS", "SSIF_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def evaluate(folder: Path, marts: Path, *options: str) -> Evaluated:
    """Evaluate a study in a process of its own."""
    done = subprocess.run(
        command_of(folder, marts, *options),
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=LONGEST_RUN_SECONDS,
        check=False,
    )
    paths = StudyPaths(marts, folder.name)
    return Evaluated(folder, paths, done.returncode, done.stdout, done.stderr)


def bytes_of(folder: Path) -> dict[str, bytes | str]:
    """Every file below a folder with its bytes, and where a link (the folder's own too) points."""
    found: dict[str, bytes | str] = {}
    if folder.is_symlink():
        found["."] = str(folder.readlink())
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_file():
            found[name] = path.read_bytes()
    return found
