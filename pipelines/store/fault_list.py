"""The faults of the last run, kept beside the working store for the analyst's own terminal.

Logs and the Dagster page get only the shareable text. Text that quotes a file stays here, readable by its
owner alone, until the next run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection
from pathlib import Path

from pipelines.errors.fault import Fault, StudyError
from pipelines.study.paths import StudyPaths


def clear(paths: StudyPaths, part: str | None = None) -> None:
    """Delete the faults and warnings of one part of the run, or the faults of all parts.

    A warning is kept until its part is rebuilt, because runs of other parts publish it too.
    """
    for file in paths.faults.glob("*" if part is None else f"{part}.*"):
        file.unlink()
    if part is not None:
        (paths.warnings / f"{part}.json").unlink(missing_ok=True)


def keep(paths: StudyPaths, part: str, error: StudyError) -> None:
    """Store the faults that stopped a part of the run."""
    _write(paths.faults, part, error)


def keep_warnings(paths: StudyPaths, part: str, error: StudyError) -> None:
    """Store warnings, which did not stop the run."""
    _write(paths.warnings, part, error)


def forget_other_warnings(paths: StudyPaths, parts: Collection[str]) -> None:
    """Delete the warnings of other parts, which an older version of the code had: none makes them now."""
    for file in paths.warnings.glob("*.json"):
        if file.name.removesuffix(".json") not in parts:
            file.unlink()


def _write(folder: Path, part: str, error: StudyError) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{part}.json"
    file.touch(mode=0o600)
    file.write_text(
        json.dumps([dataclasses.asdict(fault) for fault in error.faults], ensure_ascii=False),
        encoding="utf-8",
    )


def has_any(paths: StudyPaths, part: str) -> bool:
    """Whether a part of the run has stored faults."""
    return any(paths.faults.glob(f"{part}.*"))


def keep_traceback(paths: StudyPaths, part: str, text: str) -> Path:
    """Store an unexpected error, which may quote a file; returns the path."""
    paths.faults.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = paths.faults / f"{part}.traceback.txt"
    file.touch(mode=0o600)
    file.write_text(text, encoding="utf-8")
    return file


def tracebacks(paths: StudyPaths) -> tuple[Path, ...]:
    """Paths of the last run's unexpected errors."""
    return tuple(sorted(paths.faults.glob("*.traceback.txt")))


def read(paths: StudyPaths) -> tuple[Fault, ...]:
    """Every stored fault once, ordered by file name."""
    return tuple(dict.fromkeys(fault for part in _parts(paths.faults).values() for fault in part))


def read_warnings(paths: StudyPaths) -> dict[str, tuple[Fault, ...]]:
    """The last run's warnings, by part."""
    return _parts(paths.warnings)


def _parts(folder: Path) -> dict[str, tuple[Fault, ...]]:
    return {
        file.name.removesuffix(".json"): tuple(
            Fault(**entry) for entry in json.loads(file.read_text(encoding="utf-8"))
        )
        for file in sorted(folder.glob("*.json"))
    }
