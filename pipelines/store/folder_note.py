"""Records which folder a study is made from: outputs are filed under the study's name alone.

A folder of the same project is recorded relative to the outputs, so that a project that is moved or copied as
a whole finds its own studies.
"""

from __future__ import annotations

import os
from pathlib import Path

from pipelines.errors.fault import Fault, StudyError
from pipelines.store.private import make_work
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import PROTOCOL


def remember(paths: StudyPaths, folder: Path) -> None:
    """Record where a study is, so that the Dagster page finds it. Raises like `refuse_a_second`."""
    refuse_a_second(paths, folder)
    make_work(paths)
    project = paths.marts.resolve().parent
    is_inside = folder.is_relative_to(project)
    written = os.path.relpath(folder, paths.marts.resolve()) if is_inside else str(folder)
    if noted(paths) != folder:
        paths.folder_note.write_text(f"{written}\n", encoding="utf-8")


def noted(paths: StudyPaths) -> Path | None:
    """The recorded folder, which need not exist any more; None if there is no record."""
    try:
        written = paths.folder_note.read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return Path(os.path.normpath(paths.marts.resolve() / written))


def refuse_a_second(paths: StudyPaths, folder: Path) -> None:
    """Raises StudyError if these outputs belong to another folder that still exists."""
    other = noted(paths)
    if other and other != folder and (other / PROTOCOL).is_file():
        raise StudyError(
            [
                Fault(
                    file=f"{folder}/study.toml",
                    problem=f"another study is called {paths.study!r}: {other}",
                    expected="one study of a name, since outputs are written under it",
                    remedy=f"rename this study and its folder, or delete {paths.home}",
                )
            ]
        )
