"""All charts of a study: drawn, written to a folder and read back.

Importing this module is fast: the drawing library is imported when charts are drawn.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.charts.chart import Chart, Frames
from pipelines.document.typesetting import drawable, typeset
from pipelines.free_text.review import inert_in_spreadsheet
from pipelines.released.citations import Quote

_PNG_DPI = 192.0
_PAGE = (
    b'#set page(width: auto, height: auto, margin: 0pt, fill: white)\n#image("chart.svg", alt: "")'
)
_SUBJECT = ("study", "programme", "source")
_BY_YEAR = ("comparison", "not_yet_published", "series_break")

# Families in reading order, each with the released tables it reads.
FAMILIES: dict[str, tuple[str, ...]] = {
    "answer": (*_SUBJECT, "measure", "impact", "series_break"),
    "headline_effects": (*_SUBJECT, "measure", "impact", "not_yet_published"),
    "support_timeline": (*_SUBJECT, "measure"),
    "methods": (*_SUBJECT, "measure", "impact"),
    "power_curve": (*_SUBJECT, "measure", "impact"),
    "outcome_by_year": (*_SUBJECT, "measure", "impact", *_BY_YEAR),
    "gap_by_year": (*_SUBJECT, "measure", *_BY_YEAR),
    "baseline_outcome": (
        *_SUBJECT,
        "measure",
        *_BY_YEAR,
        "school_point",
        "school_point_withheld",
    ),
    "authority_context": (*_SUBJECT, "measure", "series_break", "authority_context"),
    "priorities": ("study", "source", "priority"),
    "evaluation_answers": (*_SUBJECT, "evaluation_summary"),
}
# Columns that charts may not show: they change with any file, and every chart would have to be drawn again.
NOT_DRAWN: dict[str, tuple[str, ...]] = {
    "study": ("study_hash", "source_hash"),
    "source": ("sha256", "n_rows_in", "n_rows_kept", "n_rows_set_aside"),
}


def about(family: str) -> str:
    """A family's description: the first line of its module, read without the drawing library."""
    source = (Path(__file__).parent / f"{family}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def draw(family: str, tables: Frames) -> list[Chart]:
    """One family's charts from the tables it reads; [] if there is nothing to show."""
    return _with_pictures(_drawn(family, tables))


def draw_all(tables: Frames) -> list[Chart]:
    """All charts that the released tables allow."""
    return _with_pictures([chart for family in FAMILIES for chart in _drawn(family, tables)])


def write(chart: Chart, folder: Path) -> list[Path]:
    """Write `<name>.svg`, `.png`, `.csv` (the data) and `.json` (the words); return the paths."""
    words = {
        "title": chart.title,
        "alt_text": chart.alt_text,
        "caption": chart.caption,
        "title_from": [dataclasses.asdict(quote) for quote in chart.title_from],
        "caption_from": [dataclasses.asdict(quote) for quote in chart.caption_from],
    }
    contents = {
        "svg": chart.svg,
        "png": chart.png,
        "csv": chart.data.map(inert_in_spreadsheet)
        .to_csv(index=False, lineterminator="\n")
        .encode(),
        "json": (json.dumps(words, ensure_ascii=False, indent=2) + "\n").encode(),
    }
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for suffix, content in contents.items():
        path = folder / f"{chart.name}.{suffix}"
        path.write_bytes(content)
        paths.append(path)
    return paths


def replace(family: str, charts: list[Chart], folder: Path) -> None:
    """Write a family's charts and delete those it wrote before."""
    for old in [*folder.glob(f"{family}.*"), *folder.glob(f"{family}-*")]:
        old.unlink()
    for chart in charts:
        write(chart, folder)


def read(folder: Path, *families: str) -> list[Chart]:
    """The charts in a folder, or those of some families; families in reading order, then by name.

    Raises FileNotFoundError if a chart's words exist but its picture or data does not.
    """
    wanted = families or tuple(FAMILIES)
    charts = [read_one(words) for words in folder.glob("*.json") if family_of(words.stem) in wanted]
    return sorted(charts, key=_reading_order)


def read_one(words_path: Path) -> Chart:
    """The chart of a file of words, `<name>.json`. Raises FileNotFoundError like `read`."""
    words = json.loads(words_path.read_text(encoding="utf-8"))
    data = words_path.with_suffix(".csv").read_text(encoding="utf-8")
    return Chart(
        name=words_path.stem,
        title=words["title"],
        alt_text=words["alt_text"],
        caption=words["caption"],
        data=pd.read_csv(io.StringIO(data), dtype=str, keep_default_na=False),
        svg=words_path.with_suffix(".svg").read_bytes(),
        png=words_path.with_suffix(".png").read_bytes(),
        title_from=_quotes(words["title_from"]),
        caption_from=_quotes(words["caption_from"]),
    )


def _drawn(family: str, tables: Frames) -> list[Chart]:
    """A family's charts, from text that can be drawn, with headings safe in a spreadsheet."""
    shown = {name: _drawable(tables[name]) for name in FAMILIES[family]}
    for name in shown.keys() & NOT_DRAWN.keys():
        shown[name] = shown[name].drop(columns=list(NOT_DRAWN[name]))
    charts = importlib.import_module(f"pipelines.charts.{family}").charts(shown)
    return [_with_inert_headings(chart) for chart in charts]


def _drawable(table: pd.DataFrame) -> pd.DataFrame:
    texts = table.select_dtypes(include=["object", "str"]).columns
    return table.assign(**{name: table[name].map(_drawable_cell) for name in texts})


def _drawable_cell(cell: object) -> object:
    return " ".join(drawable(cell).split()) if isinstance(cell, str) else cell


def _with_inert_headings(chart: Chart) -> Chart:
    """Escape headings, which can be a study's labels: a spreadsheet could run one as a formula."""
    headings = {heading: inert_in_spreadsheet(heading) for heading in chart.data.columns}
    if all(heading == inert for heading, inert in headings.items()):
        return chart

    def renamed(quotes: tuple[Quote, ...]) -> tuple[Quote, ...]:
        return tuple(dataclasses.replace(quote, column=headings[quote.column]) for quote in quotes)

    return dataclasses.replace(
        chart,
        data=chart.data.rename(columns=headings),
        title_from=renamed(chart.title_from),
        caption_from=renamed(chart.caption_from),
    )


def _with_pictures(charts: list[Chart]) -> list[Chart]:
    """The charts with PNGs converted from their SVGs, so that the two cannot differ."""
    with ThreadPoolExecutor() as pool:
        pictures = pool.map(_picture, (chart.svg for chart in charts))
        return [
            dataclasses.replace(chart, png=png) for chart, png in zip(charts, pictures, strict=True)
        ]


def _picture(svg: bytes) -> bytes:
    return typeset({"main": _PAGE, "chart.svg": svg}, format="png", ppi=_PNG_DPI)


def _quotes(written: list[dict[str, Any]]) -> tuple[Quote, ...]:
    return tuple(Quote(**(quote | {"rows": tuple(quote["rows"])})) for quote in written)


def _reading_order(chart: Chart) -> tuple[int, str]:
    return list(FAMILIES).index(family_of(chart.name)), chart.name


def family_of(name: str) -> str:
    """The family of a chart, or of one of its files, by name."""
    return name.partition("-")[0]
