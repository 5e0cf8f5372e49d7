"""Waits until files have reached the disk, so that a power cut cannot leave a published run with empty files.

A rename is soon on the disk; what the renamed files hold may not be for half a minute.
"""

from __future__ import annotations

import os
from pathlib import Path


def sync_tree(folder: Path) -> None:
    """Wait for every file below a folder, then for the folders that name them."""
    folders = [folder]
    for path in folder.rglob("*"):
        if path.is_dir():
            folders.append(path)
        else:
            _sync(path)
    for each in reversed(folders):
        sync_names(each)


def sync_names(folder: Path) -> None:
    """Wait for the names in a folder: what was made, renamed or deleted there."""
    if os.name != "nt":  # Windows cannot open a folder, and writes names in order by itself.
        _sync(folder)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
