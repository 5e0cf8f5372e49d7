"""Retention on disk: keeps the newest few runs, none with withdrawn texts, and pupil rows only briefly.

A run lists hashes of the schools' texts it may show (`texts_sha256` in its run.json). It is kept only while
all of them may be published; a run without the list is deleted.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from pipelines.disclosure.gate import FOLDER
from pipelines.store import folder_note
from pipelines.store.private import delete_finished
from pipelines.store.store import SCRATCH, delete_left_behind, delete_pupils
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import PROTOCOL

RUNS_KEPT = 5
# Enough time to correct what stopped a run; the source files stay with the user.
PUPIL_DAYS = 7
# A folder may be away for a while: on a drive that is not connected, or renamed.
GONE_DAYS = 30
TEXTS = "texts_sha256"


def publishable_texts(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Hashes of the texts that may currently be published, sorted."""
    select = (FOLDER / "publishable_text.sql").read_text(encoding="utf-8")
    return [text for (text,) in con.execute(select).fetchall()]


def forget_runs(runs: Path, newest: Path, may_be_published: Collection[str]) -> int:
    """Delete surplus runs, runs with withdrawn texts and unfinished runs; returns how many had withdrawn
    texts.

    `newest` is always kept.
    """
    newest.touch()
    for unfinished in runs.glob(".*"):
        delete_finished(unfinished)
    older = sorted(
        (run for run in runs.iterdir() if run.is_dir() and run.name != newest.name),
        key=lambda run: run.stat().st_mtime,
        reverse=True,
    )
    withdrawn = [run for run in older if not _texts_of(run) <= set(may_be_published)]
    for run in withdrawn:
        delete_finished(run)
    for run in older[RUNS_KEPT - 1 :]:
        # Windows deletes no file that somebody reads; the next run tries again.
        with suppress(OSError):
            delete_finished(run)
    return len(withdrawn)


def forget_restricted(paths: StudyPaths) -> None:
    """Delete officers' files of deleted runs, and unfinished ones."""
    for folder in paths.restricted.iterdir():
        if folder.is_dir() and not folder.is_symlink() and not (paths.runs / folder.name).is_dir():
            delete_finished(folder)


def forget_old_pupils(marts: Path, now: float) -> list[str]:
    """Delete the pupil rows of failed runs after some days; returns the studies concerned.

    `now` is in seconds since 1970. Rows that a user asked to keep, and those of a current run, stay.
    """
    gone: list[str] = []
    for work in sorted(marts.glob("*/.work")):
        paths = StudyPaths(marts, work.parent.name)
        if not _is_old(paths, now):
            continue
        try:
            with FileLock(paths.lock, timeout=0):
                delete_left_behind(paths)
                if paths.pupils.exists() and not paths.pupils_kept.exists():
                    delete_pupils(paths)
                    gone.append(paths.study)
        except (Timeout, OSError):
            # A run is active, or the folder belongs to another user.
            continue
    return gone


def forget_gone_work(marts: Path, raw: Path, now: float) -> list[str]:
    """Delete the working stores of studies whose folder is gone, some days after they were last written.

    `raw` is the folder of studies; `now` is in seconds since 1970. Returns the studies. Finished runs stay.
    """
    gone: list[str] = []
    for work in sorted(marts.glob("*/.work")):
        paths = StudyPaths(marts, work.parent.name)
        places = (folder_note.noted(paths), raw / paths.study)
        if any(place and (place / PROTOCOL).is_file() for place in places):
            continue
        try:
            last = max(path.stat().st_mtime for path in (work, *work.rglob("*")))
            if now - last <= GONE_DAYS * 24 * 3600 or paths.pupils_kept.exists():
                continue
            with FileLock(paths.lock, timeout=0):
                for path in work.iterdir():
                    if path.is_dir():
                        shutil.rmtree(path)
                    elif path != paths.lock:
                        path.unlink()
            paths.lock.unlink(missing_ok=True)
            work.rmdir()
            gone.append(paths.study)
        except (Timeout, OSError):
            # A run is active, or the folder belongs to another user.
            continue
    return gone


def _is_old(paths: StudyPaths, now: float) -> bool:
    """Whether pupil rows and leftovers of killed processes were last written some days ago."""
    last = max((file.stat().st_mtime for file in _with_pupils(paths)), default=now)
    return now - last > PUPIL_DAYS * 24 * 3600


def _with_pupils(paths: StudyPaths) -> Iterator[Path]:
    for pattern in (f"{paths.pupils.name}*", f"{paths.store.name}.tmp", f"{SCRATCH}*"):
        yield from paths.work.glob(pattern)


def in_words(n_withdrawn: int) -> str:
    """A sentence for the user who made the run."""
    runs, they = ("run", "it") if n_withdrawn == 1 else ("runs", "they")
    return (
        f"{n_withdrawn} older {runs} deleted: {they} held words of schools that may no longer be "
        f"published, or did not say which words {they} held."
    )


def _texts_of(run: Path) -> set[str]:
    try:
        return set(json.loads((run / "run.json").read_text(encoding="utf-8"))[TEXTS])
    except (OSError, ValueError, KeyError, TypeError):
        return {"not listed"}
