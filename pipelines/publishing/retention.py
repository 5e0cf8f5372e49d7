"""What stays on disk: the newest few runs, none with words that were taken back, and no pupil for long.

A run notes a fingerprint of every school's own words that it may show (`texts_sha256` in its run.json).
It stays only while all of them may still be published; a run that does not say is not kept.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from pipelines.disclosure.gate import FOLDER
from pipelines.store.store import SCRATCH, delete_left_behind, delete_pupils
from pipelines.study.paths import StudyPaths

RUNS_KEPT = 5
# Long enough to mend what stopped a run; the files they were read from are the person's own.
PUPIL_DAYS = 7
TEXTS = "texts_sha256"


def publishable_texts(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Fingerprints of the words that may be published today, in order."""
    select = (FOLDER / "publishable_text.sql").read_text(encoding="utf-8")
    return [text for (text,) in con.execute(select).fetchall()]


def forget_runs(runs: Path, newest: Path, may_be_published: Collection[str]) -> int:
    """Delete what need not or may not stay below `runs`; returns how many runs went for their words.

    `newest` stays. Whatever a run that was cut off left half-built goes too.
    """
    newest.touch()
    for unfinished in runs.glob(".*"):
        shutil.rmtree(unfinished)
    older = sorted(
        (run for run in runs.iterdir() if run.is_dir() and run.name != newest.name),
        key=lambda run: run.stat().st_mtime,
        reverse=True,
    )
    taken_back = [run for run in older if not _texts_of(run) <= set(may_be_published)]
    for run in {*older[RUNS_KEPT - 1 :], *taken_back}:
        shutil.rmtree(run)
    return len(taken_back)


def forget_restricted(paths: StudyPaths) -> None:
    """Delete what officers may open of runs that are gone, and what a run that was cut off left."""
    for folder in paths.restricted.iterdir():
        if folder.is_dir() and not folder.is_symlink() and not (paths.runs / folder.name).is_dir():
            shutil.rmtree(folder)


def forget_old_pupils(marts: Path, now: float) -> list[str]:
    """Delete the pupil rows of runs that did not succeed, some days after the last of them.

    `now` is in seconds since 1970. Not those that somebody asked to keep, nor of a run under way. Returns
    the studies whose rows went.
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
            # A run is under way, or the folder is another person's: they will see to it.
            continue
    return gone


def _is_old(paths: StudyPaths, now: float) -> bool:
    """Whether nothing was written to the pupil rows, or left by a killed process, for some days."""
    last = max((file.stat().st_mtime for file in _with_pupils(paths)), default=now)
    return now - last > PUPIL_DAYS * 24 * 3600


def _with_pupils(paths: StudyPaths) -> Iterator[Path]:
    for pattern in (f"{paths.pupils.name}*", f"{paths.store.name}.tmp", f"{SCRATCH}*"):
        yield from paths.work.glob(pattern)


def in_words(n_taken_back: int) -> str:
    """What to tell whoever made the run, in a sentence."""
    runs, they = ("run", "it") if n_taken_back == 1 else ("runs", "they")
    return (
        f"{n_taken_back} older {runs} deleted: {they} held words of schools that may no longer be "
        f"published, or did not say which words {they} held."
    )


def _texts_of(run: Path) -> set[str]:
    try:
        return set(json.loads((run / "run.json").read_text(encoding="utf-8"))[TEXTS])
    except (OSError, ValueError, KeyError, TypeError):
        return {"not said"}
