"""The disclosure gate: sets up the rules for the released SELECTs, and checks the tables they fill.

`README.md` explains what is suppressed and why. Thresholds are in `thresholds.py`, the rules as SQL in
`rules.sql`. `public_total.sql` decides about groups of pupils, `school_shown.sql` about single schools.
`released.making` builds the released tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipelines.catalogue import RELEASED_TABLES, Table
from pipelines.disclosure.thresholds import MACROS, WITHHELD_REASONS
from pipelines.impact.score_interval import NORMAL_VALUE, score_interval
from pipelines.store.store import row_count, sql_text

FOLDER = Path(__file__).parent


def judge(con: duckdb.DuckDBPyConnection) -> None:
    """Decide what may be published of every pupil group and school, before released tables are built."""
    create_rules(con)
    for name in ("side_result", "public_total", "school_shown"):
        con.execute(rule(name))


def create_rules(con: duckdb.DuckDBPyConnection) -> None:
    """Create the rules as SQL macros, and find the public results. Needs the protocol's tables."""
    con.execute(rule("public_key_stage"))
    (minimum_cell,) = con.execute("SELECT minimum_cell FROM protocol.study").fetchall()[0]
    values = {"minimum_cell": minimum_cell, "normal_value": NORMAL_VALUE, **MACROS}
    for name, value in values.items():
        con.execute(f"CREATE OR REPLACE TEMP MACRO {name}() AS {value}")
    facts = con.execute(
        "SELECT measure, key_stage, stored_decimals, (high - low) / 2, "
        "key_stage IN (SELECT key_stage FROM temp.public_key_stage) FROM protocol.measure"
    ).fetchall()
    for at, name in enumerate(("key_stage_of", "stored_decimals_of", "half_scale_of"), 1):
        _lookup_macro(con, name, {fact[0]: fact[at] for fact in facts})
    public = ", ".join(sql_text(fact[0]) for fact in facts if fact[4])
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO is_public(name) AS name IN ({public or 'NULL'}) IS TRUE"
    )
    _lookup_macro(con, "why_withheld", WITHHELD_REASONS)
    register_function(con, "score_interval", score_interval, ["DOUBLE", "DOUBLE"], "DOUBLE[]")
    con.execute(rule("rules"))


def register_function(
    con: duckdb.DuckDBPyConnection,
    name: str,
    function: Callable[..., object],
    takes: list[str],
    gives: str,
) -> None:
    """Register a Python function for a connection's SQL, once."""
    known = con.execute("SELECT 1 FROM duckdb_functions() WHERE function_name = ?", [name])
    if not known.fetchall():
        con.create_function(name, function, takes, gives)  # type: ignore[arg-type]


def _lookup_macro(
    con: duckdb.DuckDBPyConnection, name: str, meanings: Mapping[Any, object]
) -> None:
    """Create a macro that maps words to constants, which any SQL expression can use."""
    cases = " ".join(
        f"WHEN {sql_text(word)} THEN {sql_text(str(known)) if isinstance(known, str) else known}"
        for word, known in meanings.items()
    )
    con.execute(f"CREATE OR REPLACE TEMP MACRO {name}(word) AS CASE word {cases} END")


def count_withheld(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Number of rows with a withheld figure, for each table that can withhold."""
    return {
        table.name: row_count(con, f"{table.full_name} WHERE {_withheld_sign(table)}")
        for table in RELEASED_TABLES
        if table.pupil_counts
    }


def count_small(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """Number of rows that show a figure based on too few pupils; should be 0.

    Needs a connection with the rules, as after `release`.
    """
    table = _table(name)
    return row_count(
        con, f"{table.full_name} WHERE NOT {_is_public(table)} AND ({_is_small(table)})"
    )


def count_unrounded(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """Number of rows with an unrounded count of pupils; should be 0.

    A rounded count is the middle of its class, or a difference of two of them. Needs the rules, as above.
    """
    table = _table(name)
    rounded = [count.column for count in table.pupil_counts if not count.is_published]
    if rounded and _has(table, "n_meeting"):
        rounded.append("n_meeting")
    is_exact = (
        " OR ".join(f"{n} % minimum_cell() NOT IN (0, minimum_cell() // 2)" for n in rounded)
        or "false"
    )
    return row_count(con, f"{table.full_name} WHERE NOT {_is_public(table)} AND ({is_exact})")


def count_misstated(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """Number of rows whose `figure_status` is not what their headline figure says; should be 0.

    Exactly the rows with that figure are `shown`.
    """
    table = _table(name)
    if not table.headline:
        return 0
    is_shown = f"figure_status = 'shown' AND {table.headline} IS NOT NULL"
    is_blank = f"figure_status IN ('suppressed', 'not_available') AND {table.headline} IS NULL"
    return row_count(con, f"{table.full_name} WHERE ({is_shown} OR {is_blank}) IS NOT TRUE")


def _table(name: str) -> Table:
    return next(table for table in RELEASED_TABLES if table.name == name)


def _is_public(table: Table) -> str:
    """SQL: whether a row contains public results only."""
    return "is_public(measure)" if _has(table, "measure") else "false"


def _has(table: Table, name: str) -> bool:
    return any(column.name == name for column in table.columns)


def _withheld_sign(table: Table) -> str:
    """SQL: whether a row has a withheld figure."""
    if table.headline:
        return "figure_status = 'suppressed'"
    return " OR ".join(f"{count.column} IS NULL" for count in table.pupil_counts)


def _is_small(table: Table) -> str:
    """SQL: whether a figure rests on too few pupils, is close to none or all, or is shown although
    suppressed."""
    counts = [count.column for count in table.pupil_counts]
    conditions = [f"are_few({n})" for n in counts]
    if _has(table, "n_meeting"):
        conditions.append("least(n_meeting, n_pupils - n_meeting) < minimum_cell()")
    if _has(table, "n_schools") and _has(table, "pupil_group"):
        somebody = " OR ".join(f"{n} > 0" for n in counts)
        conditions.append(
            f"(is_special_need(pupil_group) AND n_schools < fewest_schools() AND ({somebody}))"
        )
    if table.headline:
        conditions += [
            f"({_withheld_sign(table)} AND {figure} IS NOT NULL)" for figure in table.withheld
        ]
    return " OR ".join(conditions) or "false"


def rule(name: str) -> str:
    """The SQL of one rule of this room."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
