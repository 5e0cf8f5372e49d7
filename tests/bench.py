"""Time of a run compared with importing its libraries. `make bench` prints a table for CONTRIBUTING.md.

Commands alternate as whole processes, so that a busy machine affects all alike. Not collected by pytest,
because a machine's speed is not a promise.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.study.paths import PROJECT

N_TURNS = 5
LIBRARIES = ("dagster", "great_expectations", "pandas", "duckdb", "matplotlib.pyplot")
NOTHING = "Python, nothing imported"
ENGINE = "Importing the engine (`pipelines.impact.study_effects`)"
IMPORTING = f"Importing {', '.join(LIBRARIES[:-1])} and {LIBRARIES[-1]}"
COLD = "`ssif evaluate` on the example, nothing made before"
AGAIN = "The same again, nothing changed"
NOTHING_COMMAND = (sys.executable, "-c", "pass")
ENGINE_COMMAND = (sys.executable, "-c", "import pipelines.impact.study_effects")
IMPORT_COMMAND = (sys.executable, "-c", f"import {', '.join(LIBRARIES)}")


@dataclass(frozen=True)
class Measured:
    """One process: wall-clock seconds, and CPU seconds and peak memory if the system reports them."""

    seconds: float
    processor_seconds: float | None = None
    peak_mb: float | None = None


def measure(command: tuple[str, ...]) -> Measured:
    """Run a command to its end. Raises CalledProcessError if it fails."""
    with tempfile.TemporaryFile() as printed:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=PROJECT, stdout=printed, stderr=subprocess.STDOUT)
        processor_seconds, peak_mb = None, None
        if hasattr(os, "wait4"):
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            processor_seconds = usage.ru_utime + usage.ru_stime
            # Linux counts in KiB, macOS in bytes.
            peak_mb = usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        else:
            process.wait()
        seconds = time.perf_counter() - begun
        if process.returncode:
            printed.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, printed.read())
    return Measured(seconds, processor_seconds, peak_mb)


def take_turns(n_turns: int) -> dict[str, list[Measured]]:
    """Run every command once per turn, with a new output folder each turn."""
    processes = (NOTHING, ENGINE, IMPORTING, COLD, AGAIN)
    taken: dict[str, list[Measured]] = {process: [] for process in processes}
    measure(IMPORT_COMMAND)  # brings the libraries' files into memory; not counted
    measure(ENGINE_COMMAND)
    for turn in range(1, n_turns + 1):
        with tempfile.TemporaryDirectory() as data_marts:
            evaluating = (
                sys.executable,
                "-m",
                "assets.cli",
                "evaluate",
                "--data-marts",
                data_marts,
            )
            taken[NOTHING].append(measure(NOTHING_COMMAND))
            taken[ENGINE].append(measure(ENGINE_COMMAND))
            taken[IMPORTING].append(measure(IMPORT_COMMAND))
            taken[COLD].append(measure(evaluating))
            assert (Path(data_marts) / "example" / "current" / "released.duckdb").is_file()
            taken[AGAIN].append(measure(evaluating))
        shown = ", ".join(f"{measured[-1].seconds:.1f} s" for measured in taken.values())
        print(f"turn {turn} of {n_turns}: {shown}", file=sys.stderr, flush=True)
    return taken


def as_table(taken: dict[str, list[Measured]]) -> str:
    """A Markdown table. Ratios are within one turn; the table shows their median and range.

    They are of processor seconds where the system reports them: seconds alone flatter what uses both cores.
    """
    lines = [
        "| Process | Seconds: median (range) | Times the imports | Processor seconds | Peak memory |",
        "|---|---|---|---|---|",
    ]
    imports = [cost(measured) for measured in taken[IMPORTING]]
    for name, turns in taken.items():
        seconds = [measured.seconds for measured in turns]
        ratios = [cost(one) / other for one, other in zip(turns, imports, strict=True)]
        ratio = "1" if name == IMPORTING else spread(ratios)
        processor = middle([measured.processor_seconds for measured in turns], ".1f")
        peak = middle([measured.peak_mb for measured in turns], ".0f", " MB")
        lines.append(f"| {name} | {spread(seconds)} | {ratio} | {processor} | {peak} |")
    return "\n".join(lines)


def cost(measured: Measured) -> float:
    """Processor seconds, or seconds where the system does not report them."""
    return measured.processor_seconds or measured.seconds


def middle(values: list[float | None], form: str, unit: str = "") -> str:
    """Median as text; empty if the system does not report it."""
    known = [value for value in values if value is not None]
    return f"{statistics.median(known):{form}}{unit}" if known else ""


def spread(values: Sequence[float], form: str = ".1f") -> str:
    """Median and range, as text."""
    return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def main() -> None:
    """Print the table and the machine it was measured on."""
    table = as_table(take_turns(N_TURNS))
    print(table)
    print(
        f"\n{N_TURNS} turns on {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}."
    )


if __name__ == "__main__":
    main()
