"""Ingests an invented city's files and builds marts in memory: key stage 2 of the example's protocol."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

from pipelines import marts
from pipelines.catalogue import MART_TABLES, RAW_TABLES
from pipelines.catalogue.comparison_design import BASELINE_YEAR, SCHOOL_BEFORE
from pipelines.example import City, simulate
from pipelines.example.files import as_csv
from pipelines.free_text import sql_functions
from pipelines.impact import design
from pipelines.impact.comparison_pool import build_matched_school
from pipelines.impact.study_effects import build_compared_school
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.records import read_columns
from pipelines.protocol.study_file import load_study
from pipelines.protocol.tables import write_protocol
from pipelines.store.store import SCHEMAS
from pipelines.study.paths import EXAMPLE
from pipelines.study.school_types import SPELLING_KEY_MACRO
from pipelines.study.settings import SourceKind, Study

KINDS_READ = ("ks2_pupils", "school_register", "school_links", "enrolments")


@contextmanager
def city_store(
    seed: int, measures: Collection[tuple[str, str]]
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Study]]:
    """A city built from its files, for these (programme, measure) pairs only."""
    with TemporaryDirectory() as folder, closing(duckdb.connect(":memory:")) as con:
        study = _study(Path(folder), simulate(seed), measures)
        # Pupils are in a separate file, and small tables gain nothing from a second thread.
        con.execute("SET threads = 1")
        sql_functions.register(con)
        con.execute(SPELLING_KEY_MACRO)
        con.execute("ATTACH ':memory:' AS pupils")
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        write_protocol(con, study, sources_sha256="not registered")
        for table in RAW_TABLES:
            if set(KINDS_READ) & set(table.source_kinds):
                ingest_table(con, study, table)
            else:
                con.execute(table.ddl())
        for table in MART_TABLES:
            marts.build(con, table)
        design.build(con, SCHOOL_BEFORE)
        build_matched_school(con, study)
        design.build(con, BASELINE_YEAR)
        build_compared_school(con)
        yield con, study


def _headings_read(kind: SourceKind, content: pd.DataFrame) -> list[str]:
    """The headings that ingest reads; writing the others would take half the time."""
    columns = read_columns(next(table for table in RAW_TABLES if kind in table.source_kinds))
    names = {name.casefold() for column in columns for name in (*column.headers, column.name)}
    return [heading for heading in content.columns if heading.casefold() in names]


def _study(folder: Path, city: City, measures: Collection[tuple[str, str]]) -> Study:
    study = load_study(EXAMPLE)
    sources = tuple(
        source.model_copy(update={"sha256": None})
        for source in study.source
        if source.kind in KINDS_READ
    )
    for source in sources:
        table = getattr(city, source.kind)
        content = table[source.academic_year] if source.academic_year else table
        (folder / source.file).write_bytes(as_csv(content[_headings_read(source.kind, content)]))
    programmes = tuple(
        programme.model_copy(
            update={
                "measure": tuple(m for m in programme.measure if (programme.id, m.name) in measures)
            }
        )
        for programme in study.programme
    )
    # Resampling methods are tested elsewhere, so use the fewest draws that a protocol allows.
    section = study.study.model_copy(update={"draws": 99})
    settings = {"study": section, "folder": folder, "source": sources, "programme": programmes}
    return study.model_copy(update=settings)
