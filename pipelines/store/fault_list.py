"""The faults of the last run, kept beside the working store for the analyst's own terminal.

A log and the Dagster page get the shareable text only; what stands in a file stays here, readable by its
owner, until the next run.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from pipelines.errors.fault import Fault, StudyError
from pipelines.study.paths import StudyPaths


def clear(paths: StudyPaths, part: str | None = None) -> None:
    """Forget the faults of one part of the run and what it warned of, or the faults of all.

    A warning stands until its part is made again: a run that makes other parts publishes it too.
    """
    for file in paths.faults.glob("*" if part is None else f"{part}.*"):
        file.unlink()
    if part is not None:
        (paths.warnings / f"{part}.json").unlink(missing_ok=True)


def keep(paths: StudyPaths, part: str, error: StudyError) -> None:
    """Write down the faults a part of the run stopped at."""
    _write(paths.faults, part, error)


def keep_warnings(paths: StudyPaths, part: str, error: StudyError) -> None:
    """Write down what a part of the run was told to look at, which stopped nothing."""
    _write(paths.warnings, part, error)


def _write(folder: Path, part: str, error: StudyError) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{part}.json"
    file.touch(mode=0o600)
    file.write_text(
        json.dumps([dataclasses.asdict(fault) for fault in error.faults], ensure_ascii=False),
        encoding="utf-8",
    )


def has_any(paths: StudyPaths, part: str) -> bool:
    """Whether faults of a part of the run are kept."""
    return any(paths.faults.glob(f"{part}.*"))


def keep_traceback(paths: StudyPaths, part: str, text: str) -> Path:
    """Write down an unforeseen error, which may quote what stands in a file; returns where."""
    paths.faults.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = paths.faults / f"{part}.traceback.txt"
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    return file


def tracebacks(paths: StudyPaths) -> tuple[Path, ...]:
    """Where the unforeseen errors of the last run are kept."""
    return tuple(sorted(paths.faults.glob("*.traceback.txt")))


def read(paths: StudyPaths) -> tuple[Fault, ...]:
    """Every fault kept, files in order of name, each once."""
    return tuple(dict.fromkeys(fault for part in _parts(paths.faults).values() for fault in part))


def read_warnings(paths: StudyPaths) -> dict[str, tuple[Fault, ...]]:
    """What the last run warned of, by the part that did."""
    return _parts(paths.warnings)


def _parts(folder: Path) -> dict[str, tuple[Fault, ...]]:
    return {
        file.name.removesuffix(".json"): tuple(
            Fault(**entry) for entry in json.loads(file.read_text(encoding="utf-8"))
        )
        for file in sorted(folder.glob("*.json"))
    }
