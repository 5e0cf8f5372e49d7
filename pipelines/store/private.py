"""Restricts files that may hold pupils, small figures or named schools to their owner.

The umask is set before a file is made, so that it is never readable by others, even if the run is killed. On
Windows, which ignores these modes, files inherit the permissions of their folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.study.paths import StudyPaths

_PRIVATE_MASK = 0o077
# The user's own umask; it can only be read by setting another.
USUAL_MASK = os.umask(_PRIVATE_MASK)
os.umask(USUAL_MASK)


@contextmanager
def private_files() -> Iterator[None]:
    """Files made within, by any thread or library, are readable by their owner alone."""
    with _mask(_PRIVATE_MASK):
        yield


@contextmanager
def usual_files() -> Iterator[None]:
    """Within `private_files`: files get the user's normal permissions."""
    with _mask(USUAL_MASK):
        yield


def make_work(paths: StudyPaths) -> None:
    """Make the working store's folder private, and its parents with normal permissions."""
    with usual_files():
        paths.home.mkdir(parents=True, exist_ok=True)
    make_closed(paths.work)


def make_closed(folder: Path, *, is_finished: bool = False) -> None:
    """Make a folder that only its owner can enter, and restrict everything already in it.

    `is_finished`: its files can be read, not written. Folders stay writable, so that they can be deleted.
    """
    with private_files():
        folder.mkdir(parents=True, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o400 if is_finished else 0o600)


def open_to_readers(folder: Path) -> None:
    """Give a finished folder the user's normal permissions, and let nobody write to its files."""
    for path in (folder, *folder.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o444) & ~USUAL_MASK)


def delete_finished(folder: Path) -> None:
    """Delete a folder whose files cannot be written; Windows refuses that until they can.

    Raises OSError if something in it cannot be deleted.
    """
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            # Where the file is another user's, the folder decides.
            with suppress(OSError):
                path.chmod(0o600)
    shutil.rmtree(folder)


@contextmanager
def _mask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
