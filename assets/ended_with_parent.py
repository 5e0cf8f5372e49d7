"""Ends a part of `ssif serve` once the process that started it is gone, however that ended."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time

_ENDING_SECONDS = 5.0


def end_with_parent() -> None:
    """Watch standard input, which the system closes when the parent dies."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    # Not by sys.stdin's buffer, whose lock would hold up the end of this process.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_ENDING_SECONDS)
    if os.name == "posix":
        # With all that this process has started.
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)
