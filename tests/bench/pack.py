"""How long the documents take: from released tables to every chart, both pages and both PDFs, on the example.

The example is evaluated once, then its documents are built in a process of their own each turn. What a
process imports is counted apart.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from pipelines.study.paths import EXAMPLE, PROJECT
from tests.bench.figures import Figure, figures_of
from tests.bench.processes import Measured, say
from tests.evaluated import PAGES, PAPERS, evaluate

GROUP = "Documents of the example"
N_TURNS = 5
IMPORTS, TABLES = "Imports of the documents", "Reading the released tables"
CHARTS = "Charts, as SVG, PNG, data and words"
PAGE, PDF = "The board pack as a page", "The board pack as a PDF"
REPORT_PAGE, REPORT_PDF = "The technical report as a page", "The technical report as a PDF"
PACK = "Charts, pages and PDFs together"
MODULES = (
    "pipelines.released.reading",
    "pipelines.charts.gallery",
    "pipelines.board.board_pack",
    "pipelines.board.technical_report",
    "pandas",
)
DRAWING = ("pipelines.document.html", "pipelines.document.pdf", "pipelines.charts.style", "typst")


def build(released: Path, folder: Path) -> dict[str, Measured]:
    """What each part of building a pack into a folder took."""
    begun = time.perf_counter(), time.process_time()
    parts: dict[str, Measured] = {}

    def took(part: str) -> None:
        nonlocal begun
        now = time.perf_counter(), time.process_time()
        parts[part], begun = Measured(now[0] - begun[0], now[1] - begun[1]), now

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
    made_of = [parts[part] for part in (CHARTS, PAGE, PDF, REPORT_PAGE, REPORT_PDF)]
    seconds, processor = (
        sum(one.seconds for one in made_of),
        sum(one.processor_seconds for one in made_of),
    )
    return parts | {PACK: Measured(seconds, processor)}


def take_figures() -> list[Figure]:
    """A process a turn; the first, which fills the system's memory, is not counted."""
    taken: dict[str, list[Measured]] = {}
    with tempfile.TemporaryDirectory() as name:
        run = evaluate(EXAMPLE, Path(name))
        if run.status:
            raise ValueError(run.stderr)
        released = run.current / "released.duckdb"
        for turn in range(N_TURNS + 1):
            command = (sys.executable, "-m", "tests.bench.pack", str(released), name)
            done = subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True)
            if turn:
                for part, took in json.loads(done.stdout).items():
                    taken.setdefault(part, []).append(Measured(**took))
                say(f"pack, turn {turn} of {N_TURNS}")
    return figures_of(GROUP, taken)


if __name__ == "__main__":
    # One process of `take_figures`.
    built = build(Path(sys.argv[1]), Path(sys.argv[2]))
    print(json.dumps({part: asdict(took) for part, took in built.items()}))
