"""Which files only their owner may read: all that may hold a pupil, a small figure or a named school.

The mask is set before a file is made, so that it is closed at every moment, also if the run is killed. On
Windows, which has no such modes, folders have the rights of the folder they are made in.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipelines.study.paths import StudyPaths

_PRIVATE_MASK = 0o077
# What the person's own mask was when the process began; it can only be read by setting another.
_USUAL_MASK = os.umask(_PRIVATE_MASK)
os.umask(_USUAL_MASK)


@contextmanager
def private_files() -> Iterator[None]:
    """Whatever is made within, by any thread or library, is its owner's alone."""
    with _mask(_PRIVATE_MASK):
        yield


@contextmanager
def usual_files() -> Iterator[None]:
    """Within `private_files`: what is made is as open as the person's other files."""
    with _mask(_USUAL_MASK):
        yield


def make_work(paths: StudyPaths) -> None:
    """Make the working store's folder, closed to others with all it holds, and what it lies in as usual."""
    with usual_files():
        paths.home.mkdir(parents=True, exist_ok=True)
    make_closed(paths.work)


def make_closed(folder: Path) -> None:
    """Make a folder that only its owner may enter, and close all that is in it already."""
    with private_files():
        folder.mkdir(parents=True, exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)


def open_to_readers(folder: Path) -> None:
    """Give a folder and all that is in it the modes of the person's other files."""
    for path in (folder, *folder.rglob("*")):
        path.chmod((0o777 if path.is_dir() else 0o666) & ~_USUAL_MASK)


@contextmanager
def _mask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)
