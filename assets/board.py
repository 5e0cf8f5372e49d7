"""The board's outputs: the page, the report of methods, and the PDF."""

import dagster as dg

from assets.described import STUDIES, key_of, row_count
from assets.resources import Studies
from pipelines.board import impact_report, page, pdf
from pipelines.catalogue import RELEASED_TABLES
from pipelines.charts import gallery
from pipelines.released import reading

BOARD_PART = "board"
PDF_PART = "board.pdf"

# Tables that also reach the page through a chart; one path in the graph is enough.
_CHARTED = {name for reads in gallery.FAMILIES.values() for name in reads}

_BOARD_READS = [
    *(dg.AssetKey(["charts", family]) for family in gallery.FAMILIES),
    *(key_of(table) for table in RELEASED_TABLES if table.name not in _CHARTED),
]


@dg.asset(
    key=["board", "page"],
    partitions_def=STUDIES,
    group_name="board",
    deps=_BOARD_READS,
    description="The page the board reads: one file, from released tables and charts only.",
)
def board_page(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
    """Write the board's page."""
    with studies.step(context.partition_key, BOARD_PART) as work:
        charts = gallery.read(work.paths.charts)
        tables = reading.read_tables(work.con)
        html = page.render(tables, charts)
        work.paths.board.mkdir(parents=True, exist_ok=True)
        (work.paths.board / "index.html").write_text(html, encoding="utf-8")
        report = impact_report.render(tables)
        (work.paths.board / "impact.md").write_text(report, encoding="utf-8")
    return dg.MaterializeResult(
        metadata={**row_count(1), "characters": len(html), "charts": len(charts)}
    )


@dg.asset(
    key=["board", "pdf"],
    partitions_def=STUDIES,
    group_name="board",
    deps=_BOARD_READS,
    description="The same as the page, as a tagged PDF to print and hand round: the answer comes first.",
)
def board_pdf(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
    """Write the board's PDF."""
    with studies.step(context.partition_key, PDF_PART) as work:
        document = pdf.render(reading.read_tables(work.con), gallery.read(work.paths.charts))
        work.paths.board.mkdir(parents=True, exist_ok=True)
        (work.paths.board / "board.pdf").write_bytes(document)
    return dg.MaterializeResult(metadata={**row_count(1), "bytes": len(document)})
