"""Minimal studies of one programme, and stores that contain only the disclosure rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

import duckdb
import pandas as pd

from pipelines.catalogue import CELL, RELEASED_TABLES, Table
from pipelines.disclosure import gate
from pipelines.protocol.tables import write_protocol
from pipelines.released import making
from pipelines.store.store import SCHEMAS
from tests.disclosure.invented import MINIMUM, SHARE, YEARS, Invented, cell
from tests.unit.validation.planted import good_value

_MOST_STORES = 8
_STORES: dict[str, tuple[duckdb.DuckDBPyConnection, ExitStack]] = {}
CAN_WITHHOLD = [table for table in RELEASED_TABLES if table.pupil_counts]


@contextmanager
def rules(
    minimum_cell: int = MINIMUM, public: Sequence[str] = ()
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A store with the protocol and the rules as SQL; `public` lists public key stages."""
    with duckdb.connect() as con:
        for schema in SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        empty = pd.DataFrame()
        study = Invented(["send", "gap"], empty, empty, empty).settings
        write_protocol(con, study, "0" * 64)
        con.execute("UPDATE protocol.study SET minimum_cell = ?", [minimum_cell])
        con.execute(CELL.ddl())
        for key_stage in public:
            con.execute(
                "INSERT INTO protocol.result_release BY NAME "
                "SELECT ? AS key_stage, true AS is_published",
                [key_stage],
            )
        gate.create_rules(con)
        yield con


def made(
    n_pupils: Mapping[int, int],
    *,
    met: Mapping[int, int] | None = None,
    measure: str = SHARE,
    mean: float | None = None,
    group: str = "disadvantaged",
    members: Sequence[int] = (1, 2, 3),
) -> Invented:
    """A study of one programme with pupils by school number, the same in every year.

    Half of them met the standard, unless `met` gives how many did, or `mean` their mean.
    """
    target = "send" if group == "sen_support" else "gap"

    def of(school: int, n: int) -> float:
        return (met or {}).get(school, n // 2) / n if mean is None else mean

    cells = [
        cell(7990000 + school, year, group, measure, n, mean=of(school, n))
        for year in YEARS
        for school, n in n_pupils.items()
    ]
    schools = [{"school_id": 7990000 + school, "is_special": False} for school in n_pupils]
    joined = [{"programme": target, "school_id": 7990000 + school} for school in members]
    return Invented(
        [target],
        pd.DataFrame(joined, columns=["programme", "school_id"]),
        pd.DataFrame(schools),
        pd.DataFrame(cells),
        measures={target: (group, (measure,))},
    )


def rows_of(study: Invented, select: str, minimum_cell: int = MINIMUM) -> list[dict[str, object]]:
    """The rows of a SELECT after the disclosure gate. Stores of the last studies are kept to read again."""
    frames = (study.members, study.schools, study.cells, study.told, study.moments)
    told = (study.programmes, dict(study.measures), study.is_prior_adjusted, minimum_cell)
    key = f"{told} {[frame.to_csv() for frame in frames]}"
    if key not in _STORES:
        with ExitStack() as opened:
            con = opened.enter_context(study.store())
            con.execute("UPDATE protocol.study SET minimum_cell = ?", [minimum_cell])
            after_the_gate(con, select)
            _STORES[key] = (con, opened.pop_all())
        if len(_STORES) > _MOST_STORES:
            _, closing = _STORES.pop(next(iter(_STORES)))
            closing.close()
    con, _ = _STORES[key]
    return _rows(con, select)


def after_the_gate(con: duckdb.DuckDBPyConnection, select: str) -> list[dict[str, object]]:
    """The rows of a SELECT after a full release, checking that the gate left nothing small or exact."""
    making.release(con)
    for table in CAN_WITHHOLD:
        assert gate.count_small(con, table.name) == 0, table.name
        assert gate.count_unrounded(con, table.name) == 0, table.name
        assert gate.count_misstated(con, table.name) == 0, table.name
    return _rows(con, select)


def _rows(con: duckdb.DuckDBPyConnection, select: str) -> list[dict[str, object]]:
    cursor = con.execute(select)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def sides_of(
    study: Invented, minimum_cell: int = MINIMUM, year: str = YEARS[-1]
) -> dict[str, dict[str, object]]:
    """The released rows of the programme's schools and of the others, for one year."""
    select = f"FROM released.comparison WHERE programme <> 'all' AND academic_year = '{year}'"
    return {str(row["arm"]): row for row in rows_of(study, select, minimum_cell)}


def row_of(table: Table, **values: object) -> dict[str, object]:
    """A row with a value in every column, counts rounded in classes of six."""
    row = {column.name: good_value(column) for column in table.columns}
    row |= dict.fromkeys((count.column for count in table.pupil_counts), 99)
    kept = {"n_meeting": 45, "n_schools": 10, "pupil_group": "disadvantaged", "measure": SHARE}
    row |= {name: value for name, value in kept.items() if name in row}
    return row | ({"figure_status": "shown"} if table.headline else {}) | values


def fill(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Replace the rows of a table, setting the columns it has."""
    con.execute(f"DELETE FROM {table}")
    names = [name for name, *_ in con.execute(f"DESCRIBE {table}").fetchall()]
    for row in rows:
        given = {name: value for name, value in row.items() if name in names}
        con.execute(
            f"INSERT INTO {table} ({', '.join(given)}) VALUES ({', '.join('?' for _ in given)})",
            list(given.values()),
        )
