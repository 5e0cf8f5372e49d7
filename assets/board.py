"""The board pack and the technical report, each as a page and as a PDF."""

import dagster as dg

from assets.described import OWNERS, STUDIES, code_version_of, kept, key_of, row_count
from assets.published_files import links
from assets.resources import Studies
from pipelines.catalogue import RELEASED_TABLES
from pipelines.charts import gallery
from pipelines.freshness.parts import document_files

# Tables that the page also reads through a chart; the graph needs only one of the two paths.
_CHARTED = {name for reads in gallery.FAMILIES.values() for name in reads}

_READS = [
    *(dg.AssetKey(["charts", family]) for family in gallery.FAMILIES),
    *(key_of(table) for table in RELEASED_TABLES if table.name not in _CHARTED),
]


def _document_asset(name: str, about: str) -> dg.AssetsDefinition:
    part = f"board.{name}"

    @dg.asset(
        key=["board", name],
        code_version=code_version_of(part),
        partitions_def=STUDIES,
        group_name="board",
        owners=OWNERS,
        kinds={"html", "pdf"},
        deps=_READS,
        description=f"{about} As one HTML file and as a tagged PDF, from released tables and charts only.",
    )
    def document(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
        with studies.step(context.partition_key, part) as work:
            page, paper = (work.paths.work / file for file in document_files(name))
            work.make()
            sizes = {"bytes_of_page": page.stat().st_size, "bytes_of_pdf": paper.stat().st_size}
        return dg.MaterializeResult(
            metadata={
                "as_published": links(context.partition_key, name),
                **row_count(1),
                **sizes,
                **kept(work),
            }
        )

    return document


board_assets = [
    _document_asset("board", "What the board reads: the answer first."),
    _document_asset("technical", "Method, every measure and all they rest on."),
]
