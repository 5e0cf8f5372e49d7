"""Measure one process: its seconds, those of all its processors, and its peak memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Measured:
    """One process or part of one. On Windows, which reports neither, processor seconds are seconds, MB 0."""

    seconds: float
    processor_seconds: float
    peak_mb: float = 0


def measure(command: Sequence[str], folder: Path = PROJECT) -> Measured:
    """Run a command in a folder to its end. Raises CalledProcessError, with what it printed, if it fails.

    It is started by a small process, because Linux counts the memory of the one that starts it as its own.
    """
    with tempfile.TemporaryDirectory() as name:
        report = Path(name) / "measured.json"
        launching = (sys.executable, __file__, str(report), *command)
        subprocess.run(launching, cwd=folder, check=True, capture_output=True)
        return Measured(**json.loads(report.read_text(encoding="utf-8")))


def own_peak_mb() -> float:
    """Peak memory of this process in MB; 0 on Windows."""
    status = Path("/proc/self/status")
    if status.is_file():
        (peak,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status.read_text(), flags=re.MULTILINE)
        return float(peak) / 2**10
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ModuleNotFoundError:
        return 0
    return _in_mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def say(text: str) -> None:
    """Show progress, apart from the table."""
    print(text, file=sys.stderr, flush=True)


def _in_mb(max_rss: int) -> float:
    """Linux counts in KiB, macOS in bytes."""
    return max_rss / (2**20 if sys.platform == "darwin" else 2**10)


def _run(command: Sequence[str]) -> tuple[int, Measured]:
    begun = time.perf_counter()
    process = subprocess.Popen(command)
    if not hasattr(os, "wait4"):
        status = process.wait()
        seconds = time.perf_counter() - begun
        return status, Measured(seconds, seconds)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begun
    processor_seconds = usage.ru_utime + usage.ru_stime
    return process.returncode, Measured(seconds, processor_seconds, _in_mb(usage.ru_maxrss))


if __name__ == "__main__":
    # The small process of `measure`.
    returned, measured = _run(sys.argv[2:])
    Path(sys.argv[1]).write_text(json.dumps(asdict(measured)), encoding="utf-8")
    sys.exit(returned)
