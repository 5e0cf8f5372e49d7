"""Time of the board's pack for the example: from released tables to every chart, the page and the PDF.

`python -m tests.bench_pack` evaluates the example once, builds its pack in separate processes and prints a
table; imports are counted separately. Given a `released.duckdb`, it builds one pack.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pipelines.study.paths import EXAMPLE, PROJECT
from tests.bench import spread
from tests.evaluated import evaluate

N_TURNS = 7
AIM_SECONDS = 3
IMPORTS, TABLES = "Imports", "Reading the released tables"
CHARTS, PAGE, PDF = "Charts, as SVG, PNG, data and words", "The page", "The PDF"
PACK = "Charts, page and PDF"
MODULES = ("pipelines.released", "pipelines.charts.gallery", "pipelines.board.page", "pandas")
DRAWING = ("pipelines.charts.style", "pipelines.board.pdf", "typst")


Timing = tuple[float, float]  # seconds by the clock, and of a processor


def build(released: Path, folder: Path) -> dict[str, Timing]:
    """Timings of each part of a pack built into a folder."""
    begun = time.perf_counter(), time.process_time()
    parts: dict[str, Timing] = {}

    def took(part: str) -> None:
        nonlocal begun
        now = time.perf_counter(), time.process_time()
        parts[part], begun = (now[0] - begun[0], now[1] - begun[1]), now

    read, gallery, page, _ = map(importlib.import_module, MODULES)
    _, pdf, _ = map(importlib.import_module, DRAWING)
    for family in gallery.FAMILIES:
        importlib.import_module(f"pipelines.charts.{family}")
    took(IMPORTS)
    tables = read.read_published(released)
    took(TABLES)
    charts = gallery.draw_all(tables)
    for chart in charts:
        gallery.write(chart, folder)
    took(CHARTS)
    (folder / "index.html").write_text(page.render(tables, charts), encoding="utf-8")
    took(PAGE)
    (folder / "board.pdf").write_bytes(pdf.render(tables, charts))
    took(PDF)
    clock, processor = zip(*(parts[part] for part in (CHARTS, PAGE, PDF)), strict=True)
    return parts | {PACK: (sum(clock), sum(processor))}


def take_turns(released: Path) -> dict[str, list[Timing]]:
    """Timings of every part, one process per turn; the first, which warms the system's cache, is dropped."""
    taken: dict[str, list[Timing]] = {}
    for turn in range(N_TURNS + 1):
        command = (sys.executable, "-m", "tests.bench_pack", str(released))
        done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
        parts: dict[str, Timing] = json.loads(done.stdout)
        if turn:
            for part, took in parts.items():
                taken.setdefault(part, []).append(took)
            print(f"pack {turn} of {N_TURNS}: {parts[PACK][0]:.1f} s", file=sys.stderr, flush=True)
    return taken


def as_table(taken: dict[str, list[Timing]]) -> str:
    """A Markdown table: median and range of each part."""
    lines = [
        "| The board's pack | Seconds: median (range) | Processor seconds |",
        "|---|---|---|",
    ]
    for part, turns in taken.items():
        clock, processor = zip(*turns, strict=True)
        lines.append(f"| {part} | {spread(clock, '.2f')} | {spread(processor, '.2f')} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print the table and whether the target is met; given released tables, time one pack."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments:
            print(json.dumps(build(Path(arguments[0]), folder)))
            return
        run = evaluate(EXAMPLE, folder)
        if run.status:
            raise ValueError(run.stderr)
        taken = take_turns(run.current / "released.duckdb")
    print(as_table(taken))
    n_met = sum(clock < AIM_SECONDS for clock, _ in taken[PACK])
    print(f"\nUnder {AIM_SECONDS} s in {n_met} of {N_TURNS} processes.")


if __name__ == "__main__":
    main(sys.argv[1:])
