"""Runs a study from files to pages and PDFs without Dagster: the steps of `assets`, in order.

Every rule that stops a run is checked by plain comparisons of each table's profile. Great
Expectations, slower by seconds, gives the same answers and has its own tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import duckdb
import pandas as pd

from pipelines import marts
from pipelines.board.board_pack import board_pack, dated
from pipelines.board.technical_report import technical_report
from pipelines.catalogue import MART_TABLES, RAW_TABLES, RELEASED_TABLES, Table
from pipelines.catalogue.impact import IMPACT_TABLES
from pipelines.charts import gallery
from pipelines.charts.chart import Chart
from pipelines.disclosure import gate
from pipelines.document import html, pdf
from pipelines.document.blocks import Document
from pipelines.impact import building
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import sources_sha256
from pipelines.protocol.study_file import load_study
from pipelines.protocol.tables import write_protocol
from pipelines.released import making
from pipelines.released.reading import read_tables
from pipelines.store import store
from pipelines.study.settings import Study
from pipelines.validation.checks import check_relation, rules_for
from pipelines.validation.relations import RELATIONS
from pipelines.validation.suites import profile


@dataclass(frozen=True)
class Made:
    """Results of a run: released tables by name, charts, HTML of pack and report, PDFs and warnings."""

    folder: Path
    tables: dict[str, pd.DataFrame]
    charts: Sequence[Chart]
    html: str
    report: str
    documents: tuple[bytes, ...]
    warnings: tuple[str, ...]


class RefusedError(Exception):
    """A rule stopped the run; the message names it and what it found."""


def run(folder: Path, *, has_pdf: bool = True) -> Made:
    """Evaluate a study. Raises StudyError or RefusedError where a check stops it."""
    study = load_study(folder)
    with store.connect_in_memory() as con:
        # A second thread does not speed up small tables.
        con.execute("SET threads = 1")
        warnings = _read(con, study)
        _marts(con, study)
        _impact(con, study)
        released = making.release(con)
        for check, count in (
            ("no_small_numbers", gate.count_small),
            ("counts_are_rounded", gate.count_unrounded),
            ("status_is_true", gate.count_misstated),
        ):
            found = {name: count(con, name) for name in released.withheld}
            if any(found.values()):
                raise RefusedError(f"{check}: { {name: n for name, n in found.items() if n} }")
        tables = read_tables(con)
    _judge_keys(tables)
    charts = [chart for family in gallery.FAMILIES for chart in gallery._drawn(family, tables)]
    pack, report = board_pack(tables, charts), technical_report(tables, charts)
    return Made(
        folder,
        tables,
        charts,
        _page(pack),
        _page(report),
        tuple(pdf.render(of, dated(tables)) for of in (pack, report)) if has_pdf else (),
        warnings,
    )


def _page(document: Document) -> str:
    """A document's page without its typeface, which takes longer to cut than the page to write."""
    with mock.patch.object(html, "_faces", return_value=""):
        return html.render(document)


def _read(con: duckdb.DuckDBPyConnection, study: Study) -> tuple[str, ...]:
    write_protocol(con, study, sources_sha256(study))
    for table in RAW_TABLES:
        ingest_table(con, study, table)
        _judge(con, study, table)
    warned = []
    for relation in RELATIONS:
        checked = check_relation(con, relation)
        if checked.n_broken and not relation.is_warning:
            raise RefusedError(f"{relation.name}: {checked.n_broken} rows, as {checked.faults[0]}")
        if checked.n_broken:
            warned.append(relation.name)
    return tuple(warned)


def _marts(con: duckdb.DuckDBPyConnection, study: Study) -> None:
    for table in MART_TABLES:
        marts.build(con, table)
        _judge(con, study, table)


def _impact(con: duckdb.DuckDBPyConnection, study: Study) -> None:
    for table in IMPACT_TABLES:
        building.build(con, study, table)
    for table in IMPACT_TABLES:
        _judge(con, study, table)


def _judge_keys(tables: dict[str, pd.DataFrame]) -> None:
    """Check that released tables keep to their keys, as the published file's constraints demand."""
    for table in RELEASED_TABLES:
        named = [name for name in table.key if not table.column(name).is_nullable]
        frame = tables[table.name]
        if frame[named].isna().any(axis=None):
            raise RefusedError(f"released.{table.name}: a blank in its key")
        if table.key and frame.dropna(subset=list(table.key)).duplicated(list(table.key)).any():
            raise RefusedError(f"released.{table.name}: two rows of one key")


def _judge(con: duckdb.DuckDBPyConnection, study: Study, table: Table) -> None:
    """Check every rule of a table, on the frame that Great Expectations would get."""
    rules = rules_for(study, table)
    frame = profile(con, rules)
    for rule in rules:
        values = frame[rule.name].dropna()
        if rule.kind == "has_rows":
            is_kept = len(values) > 0 and values.max() >= 1
        elif rule.kind == "in_codes" and rule.column:
            is_kept = set(values) <= set(rule.column.allowed)
        elif rule.kind == "in_range" and rule.column:
            low = rule.column.low if rule.column.low is not None else float("-inf")
            high = rule.column.high if rule.column.high is not None else float("inf")
            is_kept = bool(values.between(low, high).all())
        else:
            is_kept = len(values) > 0 and values.max() == 0
        if not is_kept:
            raise RefusedError(
                f"{table.full_name}: {rule.name} is broken; seen {values.tolist()[:5]}"
            )
