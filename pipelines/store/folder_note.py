"""Records which folder a study is made from: outputs are filed under the study's name alone."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors.fault import Fault, StudyError
from pipelines.store.private import make_work
from pipelines.study.paths import StudyPaths


def remember(paths: StudyPaths, folder: Path) -> None:
    """Record where a study is, so that the Dagster page finds it. Raises like `refuse_a_second`."""
    refuse_a_second(paths, folder)
    make_work(paths)
    paths.folder_note.write_text(f"{folder}\n", encoding="utf-8")


def refuse_a_second(paths: StudyPaths, folder: Path) -> None:
    """Raises StudyError if these outputs belong to another folder that still exists."""
    if not paths.folder_note.is_file():
        return
    other = Path(paths.folder_note.read_text(encoding="utf-8").strip())
    if other != folder and other.is_dir():
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
