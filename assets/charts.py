"""Chart assets: one a family, drawn from released tables."""

import dagster as dg

from assets.described import OWNERS, STUDIES, code_version_of, deps_of, kept, row_count
from assets.published_files import pictures
from assets.resources import Studies
from pipelines.charts import gallery
from pipelines.freshness.parts import PARTS


def _chart_asset(family: str) -> dg.AssetsDefinition:
    part = PARTS[f"charts.{family}"]

    @dg.asset(
        key=["charts", family],
        code_version=code_version_of(part.name),
        partitions_def=STUDIES,
        group_name="charts",
        owners=OWNERS,
        kinds={"matplotlib", "svg"},
        deps=deps_of(part.name),
        description=f"{gallery.about(family)} As SVG and PNG, with its data and its words.",
    )
    def chart(context: dg.AssetExecutionContext, studies: Studies) -> dg.MaterializeResult:
        with studies.step(context.partition_key, part.name) as work:
            work.make()
            charts = gallery.read(work.paths.charts, family)
        return dg.MaterializeResult(
            metadata={
                "as_published": pictures(context.partition_key, charts),
                **row_count(len(charts)),
                **kept(work),
            }
        )

    return chart


chart_assets = [_chart_asset(family) for family in gallery.FAMILIES]
