"""Any text in a cell becomes a value, a known status or a reported fault; it never crashes or gets lost.

Tested for every kind of source: a good file, with an arbitrary text in each of its columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.catalogue import RAW_TABLES, Table
from pipelines.catalogue.columns import VALUE_STATUSES
from pipelines.errors.fault import StudyError
from pipelines.ingest.performance_tables import UNKNOWN_CODE
from pipelines.ingest.readers import ingest_table
from pipelines.ingest.records import NO_DATE, read_columns
from pipelines.protocol.study_file import load_study
from pipelines.protocol.tables import write_protocol
from pipelines.store import store
from pipelines.study.settings import Study
from pipelines.validation.faults import faults_of
from pipelines.validation.rules import rules_of
from tests.faults.formats import WRITERS, Grid
from tests.faults.good import MAPPED, NAMES, STUDIES, file_of, fresh, kind_of, study_of, table_of

KINDS = [kind for study in STUDIES for kind in study.kinds]
# Half of the texts are near misses of valid values.
NEAR_MISSES = (
    *(
        "1e999",
        "-1e-999",
        "nan",
        "inf",
        "0x1F",
        "１２",
        "٣",
        "1_000",
        "1,2,3",
        "−−1",
        "+",
        ".",
        "%",
    ),
    *(
        "31/02/2018",
        "2018-13-40",
        "00/00/0000",
        "9999999999999999999",
        "1" * 400,
        "12:30",
        "1.797e308",
    ),
    *(
        "=1+1",
        "@SUM(A1)",
        "'",
        '"',
        "a,b",
        ";",
        "\t",
        "\u202e",
        "\ufeff1",
        "\u200b",
        "NULL",
        "None",
    ),
    *(
        "NA",
        "SUPP",
        "x",
        "TRUE",
        "y",
        "-",
        "--",
        "\\N",
        "{scan}",
        "'); DROP TABLE x; --",
        "K ",
        "é",
    ),
    *("2017/18", "1 000", "£5", "5%", "100%%", "-0", "1e5", "١٢", "½", "²"),
)
ANY = st.one_of(
    st.sampled_from(NEAR_MISSES),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20),
)
SETTINGS = settings(
    derandomize=True, max_examples=10, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


class Reader:
    """Both good studies with a store each."""

    def __init__(self, parent: Path, stack: ExitStack) -> None:
        self.parent = parent
        self.study: dict[str, Study] = {}
        self.con: dict[str, duckdb.DuckDBPyConnection] = {}
        for good in STUDIES:
            (parent / good.name).mkdir()
            (parent / good.name / "study.toml").write_text(good.protocol(), encoding="utf-8")
            for kind in good.kinds:
                self.write(kind, fresh(kind))
            self.study[good.name] = load_study(parent / good.name)
            self.con[good.name] = stack.enter_context(store.connect_in_memory())
            # A few rows gain nothing from a second core.
            self.con[good.name].execute("SET threads = 1; PRAGMA disable_optimizer")
            write_protocol(self.con[good.name], self.study[good.name], "")

    def write(self, kind: str, grid: Grid) -> None:
        good = study_of(kind)  # type: ignore[arg-type]
        content = WRITERS["csv"](grid)
        (self.parent / good.name / file_of(kind, "csv")).write_bytes(content)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    with ExitStack() as stack:
        yield Reader(tmp_path_factory.mktemp("any"), stack)


@pytest.mark.parametrize("kind", KINDS)
@SETTINGS
@given(data=st.data())
def test_any_text_in_any_cell_is_a_value_a_status_or_a_fault(reader: Reader, kind, data) -> None:
    headings, good, *_ = fresh(kind)
    texts = data.draw(st.lists(ANY, min_size=len(headings), max_size=len(headings)))
    rows = [
        [text if n == nth else good[n] for n in range(len(good))] for nth, text in enumerate(texts)
    ]
    for other in (name for name in KINDS if table_of(name) is table_of(kind)):
        reader.write(other, fresh(other))
    reader.write(kind, [headings, *rows])
    study, con = reader.study[study_of(kind).name], reader.con[study_of(kind).name]
    table = table_of(kind)
    try:
        ingest_table(con, study, table)
    except StudyError as error:
        assert all(fault.file == file_of(kind, "csv") for fault in error.faults)
        return
    if table.is_wide:
        _every_figure_has_a_status(con, table)
    else:
        _nothing_is_lost(con, kind, headings, texts)
    for rule in rules_of(table, is_expected=True):
        for fault in faults_of(con, study, rule):
            assert fault.for_analyst()
            assert fault.shareable()


def _every_figure_has_a_status(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    known = [*VALUE_STATUSES, UNKNOWN_CODE]
    lost = con.execute(
        f"SELECT count(*) FROM {table.full_name} WHERE NOT list_contains($known, value_status) "
        "OR (value_status = 'value') <> (value IS NOT NULL) OR (raw_text IS NULL AND value_status = 'value')",
        {"known": known},
    ).fetchone()
    assert lost == (0,)


def _nothing_is_lost(con: duckdb.DuckDBPyConnection, kind, headings, texts) -> None:
    """In each kept row the planted cell is stored, blank, or reported at its place."""
    table = table_of(kind)
    unreadable = set(
        con.execute(
            "SELECT row_number, column_name FROM raw.unreadable WHERE table_name = ?", [table.name]
        ).fetchall()
    )
    index_of = {heading.casefold(): n for n, heading in enumerate(headings)}
    unreadable |= {
        (row, headings[index_of[heading.casefold()]])
        for row, heading in con.execute(
            "SELECT row_number, heading FROM raw.value_set_aside WHERE table_name = ?",
            [table.full_name],
        ).fetchall()
    }
    for column in read_columns(table):
        names = [name.casefold() for name in (*column.headers, column.name)]
        nth = next((index_of[name] for name in names if name in index_of), None)
        if nth is None:
            continue
        stored = con.execute(
            f"SELECT {column.name} FROM {table.full_name} WHERE row_number = ?", [nth + 2]
        ).fetchall()
        text = texts[nth].replace("\u00a0", " ").strip(" ")
        for (value,) in stored:
            none = (*column.blanks, *(NO_DATE if column.kind == "date" else ()))
            is_blank = text in {"", "NULL"} or text.upper() in none
            assert (
                value is not None
                or is_blank
                or not unreadable.isdisjoint({(nth + 2, column.name), (nth + 2, headings[nth])})
            ), (
                column,
                text,
            )


def test_every_kind_is_tried() -> None:
    assert set(KINDS) == set(NAMES)
    # Kinds whose columns are all mapped are read like performance tables.
    assert {kind_of(name) for name in KINDS} | MAPPED == {
        k for t in RAW_TABLES for k in t.source_kinds
    }
