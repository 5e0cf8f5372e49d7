"""Which finished runs stay on disk: the newest few, and of these none with words that were taken back.

A run notes a fingerprint of every school's own words that it may show (`texts_sha256` in its run.json).
It stays only while all of them may still be published; a run that does not say is not kept.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from pathlib import Path

import duckdb

from pipelines.disclosure.door import FOLDER

RUNS_KEPT = 5
TEXTS = "texts_sha256"


def publishable_texts(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Fingerprints of the words that may be published today, in order."""
    select = (FOLDER / "restricted" / "publishable_text.sql").read_text(encoding="utf-8")
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
