"""The parts of a run: what each reads and writes, the code that makes it, and how it is made."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import duckdb

from pipelines import marts
from pipelines.catalogue import (
    IMPACT_TABLES,
    MART_TABLES,
    PROTOCOL_TABLES,
    RAW_TABLES,
    RELEASED_TABLES,
    Table,
    stored_tables,
)
from pipelines.charts import gallery
from pipelines.disclosure import gate
from pipelines.disclosure.published_verdict import last_published_verdicts
from pipelines.freshness.code_version import code_version
from pipelines.impact import building
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.registration import sources_sha256
from pipelines.protocol.tables import write_protocol
from pipelines.released import making, reading
from pipelines.study.paths import StudyPaths
from pipelines.study.settings import SourceKind, Study
from pipelines.validation.relations import RELATIONS, Relation

PROTOCOL_PART = "protocol"
RELEASED_PART = "released"
# The documents that the board reads, and the name of each as a page; its PDF has the part's name.
DOCUMENTS: Mapping[str, str] = {"board": "index", "technical": "technical"}

# Code that many parts use.
_STUDY = "pipelines.protocol.study_file"
_CHECKS = "pipelines.validation.checks"
_READING = "pipelines.released.reading"
_PRINTING = ("pipelines.document.html", "pipelines.document.pdf")
_BY_NAME = {table.full_name: table for table in stored_tables()}
_COMMENT = re.compile(r"--[^\n]*")
_NAMED = re.compile(rf"\b(?:{'|'.join(map(re.escape, _BY_NAME))})\b")


# Settings of the study that are only printed: of protocol.study, which released tables are made from.
WORDS = ("title", "prepared_for", "contact")
# What no part reads but the released tables, which are made again whenever study.toml changes. The line of a
# setting is told if a check finds it wrong, and such a check is never kept.
_ONLY_TOLD: Mapping[str, tuple[str, ...]] = {
    "protocol.study": WORDS,
    "protocol.listed_authority": ("file_row",),
}

Make = Callable[[duckdb.DuckDBPyConnection, Study, StudyPaths], object]


@dataclass(frozen=True)
class Part:
    """What is made, kept and published as one.

    `make` makes it in a study's store or working folder; a check of tables against each other makes nothing.
    `modules` make it, with all they import; `select` is its own SQL. `reads` and `writes` are tables;
    `ignores` names columns, by table, that it does not read. `reads_files` and `writes_files` are patterns of
    files in the working folder. `source_kinds`: kinds of the study's files that it reads. `raw_tables`: it
    reads notes about how these were read. `stores_hashes`: it stores the hash of
    study.toml and the one of all sources.
    `reads_releases`: it reads what was released earlier.
    """

    name: str
    modules: tuple[str, ...]
    make: Make | None = None
    select: str = ""
    reads: tuple[Table, ...] = ()
    ignores: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _ONLY_TOLD)
    writes: tuple[Table, ...] = ()
    reads_files: tuple[str, ...] = ()
    writes_files: tuple[str, ...] = ()
    source_kinds: tuple[SourceKind, ...] = ()
    raw_tables: tuple[Table, ...] = ()
    stores_hashes: bool = False
    reads_releases: bool = False

    @cached_property
    def code_version(self) -> str:
        """Hash of all code that makes it."""
        return code_version(self.modules, self.select)


def name_of(table: Table) -> str:
    """The part that makes a raw, mart or impact table."""
    return f"{table.schema}.{table.name}"


def tables_in(select: str) -> tuple[Table, ...]:
    """The tables of the store that a SELECT names, comments apart."""
    named = _NAMED.findall(_COMMENT.sub("", select))
    return tuple(_BY_NAME[name] for name in dict.fromkeys(named))


def chart_files(family: str) -> tuple[str, str]:
    """Patterns of the files of a family's charts."""
    return f"charts/{family}.*", f"charts/{family}-*"


def document_files(document: str) -> tuple[str, str]:
    """A document as a page and on paper."""
    return f"board/{DOCUMENTS[document]}.html", f"board/{document}.pdf"


def _raw(table: Table) -> Part:
    return Part(
        name_of(table),
        (_STUDY, "pipelines.ingest.readers", _CHECKS),
        lambda con, study, _: ingest_table(con, study, table),
        writes=(table,),
        source_kinds=table.source_kinds,
    )


def _mart(table: Table) -> Part:
    select = marts.select_of(table)
    return Part(
        name_of(table),
        ("pipelines.marts", _CHECKS),
        lambda con, _study, _paths: marts.build(con, table),
        select,
        reads=tables_in(select),
        writes=(table,),
    )


def _impact(table: Table) -> Part:
    reads = building.READ_BY_PYTHON.get(table.name) or tables_in(building.select_of(table))
    return Part(
        name_of(table),
        (_STUDY, "pipelines.impact.building", _CHECKS),
        lambda con, study, _: building.build(con, study, table),
        reads=reads,
        writes=(table,),
    )


def _relation(relation: Relation) -> Part:
    needed = {relation.table.name, *relation.rule.needs}
    reads = dict.fromkeys(
        [*tables_in(relation.select), *(t for t in RAW_TABLES if t.name in needed)]
    )
    raw_tables = tuple(table for table in reads if table in RAW_TABLES)
    # What was noted of a file when it was read is noted by the part that read it.
    others = tuple(table for table in reads if table in RAW_TABLES or table.schema != "raw")
    return Part(
        relation.name, (_CHECKS,), select=relation.select, reads=others, raw_tables=raw_tables
    )


def _released() -> Part:
    selects = [making.select_of(table.name) for table in RELEASED_TABLES]
    rules = [file.read_text(encoding="utf-8") for file in sorted(gate.FOLDER.glob("*.sql"))]
    reads = tables_in("\n".join([*selects, *rules]))
    return Part(
        RELEASED_PART,
        ("pipelines.released.making", "pipelines.disclosure.published_verdict"),
        lambda con, study, _: making.release(con, last_published_verdicts(study.folder)),
        reads=tuple(table for table in reads if table.schema != RELEASED_PART),
        ignores={},
        writes=RELEASED_TABLES,
        stores_hashes=True,
        reads_releases=True,
    )


def _charts(family: str, reads: tuple[str, ...]) -> Part:
    def draw(con: duckdb.DuckDBPyConnection, _study: Study, paths: StudyPaths) -> None:
        gallery.replace(family, gallery.draw(family, reading.read_tables(con, reads)), paths.charts)

    return Part(
        f"charts.{family}",
        (_READING, "pipelines.charts.gallery", f"pipelines.charts.{family}"),
        draw,
        reads=tuple(table for table in RELEASED_TABLES if table.name in reads),
        ignores={
            **_ONLY_TOLD,
            **{f"{RELEASED_PART}.{name}": columns for name, columns in gallery.NOT_DRAWN.items()},
        },
        writes_files=chart_files(family),
    )


def _document(document: str, module: str) -> Part:
    def write(con: duckdb.DuckDBPyConnection, _study: Study, paths: StudyPaths) -> None:
        # Imported when needed: an evaluation that changes nothing should take no time.
        from pipelines.board.board_pack import dated  # noqa: PLC0415
        from pipelines.document import html, pdf  # noqa: PLC0415

        # The module `pipelines.board.board_pack` has the function `board_pack`, and so on.
        compose = getattr(importlib.import_module(module), module.rpartition(".")[2])
        tables = reading.read_tables(con)
        blocks = compose(tables, gallery.read(paths.charts))
        page, paper = (paths.work / file for file in document_files(document))
        paths.board.mkdir(parents=True, exist_ok=True)
        page.write_text(html.render(blocks), encoding="utf-8")
        paper.write_bytes(pdf.render(blocks, dated(tables)))

    return Part(
        f"board.{document}",
        (_READING, "pipelines.charts.gallery", module, "pipelines.board.board_pack", *_PRINTING),
        write,
        reads=RELEASED_TABLES,
        reads_files=tuple(file for family in gallery.FAMILIES for file in chart_files(family)),
        writes_files=document_files(document),
    )


def _parts() -> Iterator[Part]:
    yield Part(
        PROTOCOL_PART,
        (_STUDY, "pipelines.protocol.tables", "pipelines.ingest.registration"),
        lambda con, study, _: write_protocol(con, study, sources_sha256(study)),
        writes=PROTOCOL_TABLES,
        stores_hashes=True,
    )
    yield from map(_raw, RAW_TABLES)
    yield from map(_relation, RELATIONS)
    yield from map(_mart, MART_TABLES)
    yield from map(_impact, IMPACT_TABLES)
    yield _released()
    yield from (_charts(family, reads) for family, reads in gallery.FAMILIES.items())
    yield _document("board", "pipelines.board.board_pack")
    yield _document("technical", "pipelines.board.technical_report")


# Every part of a run but the last, which publishes them, in an order in which they can be made.
PARTS: Mapping[str, Part] = {part.name: part for part in _parts()}
