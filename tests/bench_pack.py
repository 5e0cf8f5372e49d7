"""How long the documents take: from released tables to every chart, both pages and both PDFs, on the example.

`python -m tests.bench_pack` evaluates the example once, then builds its documents in processes of their own
and prints a table. What a process imports is counted apart. Given a `released.duckdb`, it builds those once.
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
from tests.evaluated import PAGES, PAPERS, evaluate

N_TURNS = 7
AIM_SECONDS = 3
IMPORTS, TABLES = "Imports", "Reading the released tables"
CHARTS = "Charts, as SVG, PNG, data and words"
PAGE, PDF = "The board pack as a page", "The board pack as a PDF"
REPORT_PAGE, REPORT_PDF = "The technical report as a page", "The technical report as a PDF"
PACK = "Charts, pages and PDFs"
MODULES = (
    "pipelines.released.reading",
    "pipelines.charts.gallery",
    "pipelines.board.board_pack",
    "pipelines.board.technical_report",
    "pandas",
)
DRAWING = ("pipelines.document.html", "pipelines.document.pdf", "pipelines.charts.style", "typst")


Took = tuple[float, float]  # seconds by the clock, and of a processor


def build(released: Path, folder: Path) -> dict[str, Took]:
    """What each part of building a pack into a folder took."""
    begun = time.perf_counter(), time.process_time()
    parts: dict[str, Took] = {}

    def took(part: str) -> None:
        nonlocal begun
        now = time.perf_counter(), time.process_time()
        parts[part], begun = (now[0] - begun[0], now[1] - begun[1]), now

    read, gallery, board, technical, _ = map(importlib.import_module, MODULES)
    html, pdf, *_ = map(importlib.import_module, DRAWING)
    for family in gallery.FAMILIES:
        importlib.import_module(f"pipelines.charts.{family}")
    took(IMPORTS)
    tables = read.read_published(released)
    took(TABLES)
    charts = gallery.draw_all(tables)
    for chart in charts:
        gallery.write(chart, folder)
    took(CHARTS)
    for document, maker, page, paper in (
        ("pack", board.board_pack, PAGE, PDF),
        ("report", technical.technical_report, REPORT_PAGE, REPORT_PDF),
    ):
        made = maker(tables, charts)
        (folder / PAGES[document]).write_text(html.render(made), encoding="utf-8")
        took(page)
        (folder / PAPERS[document]).write_bytes(pdf.render(made, board.dated(tables)))
        took(paper)
    made_of = (CHARTS, PAGE, PDF, REPORT_PAGE, REPORT_PDF)
    clock, processor = zip(*(parts[part] for part in made_of), strict=True)
    return parts | {PACK: (sum(clock), sum(processor))}


def take_turns(released: Path) -> dict[str, list[Took]]:
    """What every part took, a process a turn; the first, which fills the system's memory, not counted."""
    taken: dict[str, list[Took]] = {}
    for turn in range(N_TURNS + 1):
        command = (sys.executable, "-m", "tests.bench_pack", str(released))
        done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
        parts: dict[str, Took] = json.loads(done.stdout)
        if turn:
            for part, took in parts.items():
                taken.setdefault(part, []).append(took)
            print(f"pack {turn} of {N_TURNS}: {parts[PACK][0]:.1f} s", file=sys.stderr, flush=True)
    return taken


def as_table(taken: dict[str, list[Took]]) -> str:
    """Markdown: the median and range of each part."""
    lines = [
        "| Board pack and technical report | Seconds: median (range) | Processor seconds |",
        "|---|---|---|",
    ]
    for part, turns in taken.items():
        clock, processor = zip(*turns, strict=True)
        lines.append(f"| {part} | {spread(clock, '.2f')} | {spread(processor, '.2f')} |")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print the table and whether the aim is met; given released tables, what one pack took."""
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
