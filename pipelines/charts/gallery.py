"""All charts of a study: drawn, written to a folder, read back. One figure family is one module.

Importing this module is light; the drawing library is imported when charts are drawn.
"""

from __future__ import annotations

import importlib
import io
import json
from pathlib import Path

import pandas as pd

from pipelines.charts.chart import Chart, Tables

# In the order a reader meets them.
FAMILIES = (
    "headline_effects",
    "naive_headline",
    "outcome_by_year",
    "gap_by_year",
    "baseline_outcome",
    "programme_overlap",
)


def draw_all(tables: Tables) -> list[Chart]:
    """Every chart the released tables allow; a family with nothing to show yields none."""
    drawn = []
    for family in FAMILIES:
        drawn.extend(importlib.import_module(f"pipelines.charts.{family}").charts(tables))
    return drawn


def write(chart: Chart, folder: Path) -> list[Path]:
    """Write `<name>.svg`, `.png`, `.csv` (the data) and `.json` (the words); the paths written."""
    words = {"title": chart.title, "alt_text": chart.alt_text, "caption": chart.caption}
    contents = {
        "svg": chart.svg,
        "png": chart.png,
        "csv": chart.data.to_csv(index=False, lineterminator="\n").encode(),
        "json": (json.dumps(words, ensure_ascii=False, indent=2) + "\n").encode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for suffix, content in contents.items():
        path = folder / f"{chart.name}.{suffix}"
        path.write_bytes(content)
        paths.append(path)
    return paths


def read(folder: Path) -> list[Chart]:
    """The charts written to a folder, families in reading order, then by name.

    Raises FileNotFoundError if a chart's words are there but its picture or data is not.
    """
    charts = []
    for words_path in sorted(folder.glob("*.json")):
        words = json.loads(words_path.read_text(encoding="utf-8"))
        data = words_path.with_suffix(".csv").read_text(encoding="utf-8")
        charts.append(
            Chart(
                name=words_path.stem,
                title=words["title"],
                alt_text=words["alt_text"],
                caption=words["caption"],
                data=pd.read_csv(io.StringIO(data), dtype=str, keep_default_na=False),
                svg=words_path.with_suffix(".svg").read_bytes(),
                png=words_path.with_suffix(".png").read_bytes(),
            )
        )
    return sorted(charts, key=_reading_order)


def _reading_order(chart: Chart) -> tuple[int, str]:
    return FAMILIES.index(chart.name.partition("-")[0]), chart.name
