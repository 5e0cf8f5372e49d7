"""The board pack and the technical report, each as a page and as a PDF."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import dagster as dg

from assets.described import STUDIES, key_of, row_count
from assets.resources import Studies
from pipelines.board.board_pack import board_pack, dated
from pipelines.board.figures import DrawnChart
from pipelines.board.technical_report import technical_report
from pipelines.catalogue import RELEASED_TABLES
from pipelines.charts import gallery
from pipelines.document import html, pdf
from pipelines.document.blocks import Document
from pipelines.released import reading

# Tables that the page also reads through a chart; the graph needs only one of the two paths.
_CHARTED = {name for reads in gallery.FAMILIES.values() for name in reads}

_READS = [
    *(dg.AssetKey(["charts", family]) for family in gallery.FAMILIES),
    *(key_of(table) for table in RELEASED_TABLES if table.name not in _CHARTED),
]


def _document_asset(
    name: str,
    page_name: str,
    made: Callable[[Mapping[str, Any], Sequence[DrawnChart]], Document],
    about: str,
) -> dg.AssetsDefinition:
    @dg.asset(
        key=["board", name],
        partitions_def=STUDIES,
        group_name="board",
        deps=_READS,
        description=f"{about} As one HTML file and as a tagged PDF, from released tables and charts only.",
    )
    def document(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
        with studies.step(context.partition_key, f"board.{name}") as work:
            tables = reading.read_tables(work.con)
            of = made(tables, gallery.read(work.paths.charts))
            page, paper = html.render(of), pdf.render(of, dated(tables))
            work.paths.board.mkdir(parents=True, exist_ok=True)
            (work.paths.board / f"{page_name}.html").write_text(page, encoding="utf-8")
            (work.paths.board / f"{name}.pdf").write_bytes(paper)
        return dg.MaterializeResult(
            metadata={
                **row_count(1),
                "characters": len(page),
                "bytes_of_pdf": len(paper),
                "charts": len(of.figures),
            }
        )

    return document


board_assets = [
    _document_asset("board", "index", board_pack, "What the board reads: the answer first."),
    _document_asset(
        "technical", "technical", technical_report, "Method, every measure and all they rest on."
    ),
]
BOARD_PARTS = ("board.board", "board.technical")
