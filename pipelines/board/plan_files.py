"""Writes the planner's page, its PDF and its tables, from a study's power."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.board.plan_page import chart_rows, plan_page
from pipelines.charts import schools_and_years
from pipelines.document import html, pdf
from pipelines.planning.plan import plan_of
from pipelines.planning.plan_table import NEEDED, SEEN, plan_rows, write_plan
from pipelines.planning.study_power import MeasurePower
from pipelines.released.wording import join_words
from pipelines.study.settings import OUTCOME_KINDS, Study


def write_plan_page(study: Study, answers: Sequence[MeasurePower], page: Path) -> tuple[Path, ...]:
    """Write the page, a PDF and two tables beside it; returns page and PDF.

    Everything in them may be read by a board: what disclosure control withholds is not there.
    """
    stages = plan_of(study, answers)
    rows = plan_rows(stages)
    charts = [
        schools_and_years.chart(programme.title, of_chart, _source_words(study))
        for programme, of_chart in chart_rows(stages, rows)
    ]
    document = plan_page(study, stages, rows, charts)
    paper = page.with_suffix(".pdf")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(html.render(document), encoding="utf-8")
    paper.write_bytes(pdf.render(document, study.study.as_at or study.study.reference_date))
    tables = {SEEN: "power_plan.csv", NEEDED: "power_needs.csv"}
    write_plan(rows, {name: page.with_name(file) for name, file in tables.items()})
    return page, paper


def _source_words(study: Study) -> str:
    """ "Kestrelmouth, 2015-16 and 2016-17. Source: Department for Education"."""
    years = sorted(study.study.baseline_years)
    publishers = dict.fromkeys(
        source.publisher
        for source in study.source
        if source.kind in OUTCOME_KINDS and source.academic_year in years and source.publisher
    )
    where = f"{study.study.local_authority_name}, {join_words(years)}."
    return f"{where} Source: {join_words(publishers)}." if publishers else where
