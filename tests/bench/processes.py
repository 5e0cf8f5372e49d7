"""Measure one process: its seconds, those of all its processors, and its peak memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.study.paths import PROJECT


@dataclass(frozen=True)
class Measured:
    """One process or part of one. On Windows, which reports neither, processor seconds are seconds, MB 0."""

    seconds: float
    processor_seconds: float
    peak_mb: float = 0


def measure(command: Sequence[str], folder: Path = PROJECT) -> Measured:
    """Run a command in a folder to its end. Raises CalledProcessError, with what it printed, if it fails."""
    with tempfile.TemporaryFile() as printed:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=printed, stderr=subprocess.STDOUT)
        processor_seconds, peak_mb = None, 0.0
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            processor_seconds = usage.ru_utime + usage.ru_stime
            peak_mb = in_mb(usage.ru_maxrss)
        else:
            process.wait()
        seconds = time.perf_counter() - begun
        if process.returncode:
            printed.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, printed.read())
    return Measured(seconds, seconds if processor_seconds is None else processor_seconds, peak_mb)


def in_mb(max_rss: int) -> float:
    """Peak memory in MB: Linux counts in KiB, macOS in bytes."""
    return max_rss / (2**20 if sys.platform == "darwin" else 2**10)


def say(text: str) -> None:
    """Show progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)
