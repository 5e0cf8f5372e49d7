"""The log of `ssif serve`: what Dagster's page and daemon say, in one file that rotates."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import IO

from pipelines.store.private import private_files

LOG = "serve.log"
LOG_BYTES = 5_000_000
LOGS_KEPT = 3
# What the page shows of each step; and the end of the code process that the daemon renews each minute.
_NOT_LOGGED = re.compile(r" - DEBUG - |No heartbeat received in \d+ seconds, shutting down")
_COLOURS = re.compile(r"\x1b\[[\d;]*m")


class _PrivateLog(RotatingFileHandler):
    """A log that only its owner may read: a library's warning might quote a row."""

    def _open(self) -> TextIOWrapper:
        with private_files():
            return super()._open()


@contextmanager
def log_of(home: Path) -> Iterator[logging.Logger]:
    """The log in Dagster's storage, open; the newest LOG_BYTES and LOGS_KEPT files of that size are kept."""
    handler = _PrivateLog(
        home / LOG, maxBytes=LOG_BYTES, backupCount=LOGS_KEPT, encoding="utf-8", errors="replace"
    )
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.Logger("ssif serve")
    log.addHandler(handler)
    try:
        yield log
    finally:
        handler.close()


def write_to(log: logging.Logger, output: IO[bytes]) -> None:
    """Log each line of a process's output until it ends, without colours and debug lines."""
    with output:
        for line in output:
            text = _COLOURS.sub("", line.decode("utf-8", "replace").rstrip())
            if text and not _NOT_LOGGED.search(text):
                log.info("%s", text)
