"""The disclosure gate: the rules laid down for the released SELECTs, and whether what they made keeps them.

What is withheld and why: `README.md`. The thresholds: `thresholds.py`. The rules as SQL: `rules.sql`. What
may be shown of groups of pupils is decided in `public_total.sql`, of single schools in `school_shown.sql`.
The released tables themselves are made in `released.making`.
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
    """Decide, before any released table is made, what may be shown of every group of pupils and school."""
    lay_down_rules(con)
    for name in ("side_result", "public_total", "school_shown"):
        con.execute(rule(name))


def lay_down_rules(con: duckdb.DuckDBPyConnection) -> None:
    """Say to SQL which results are public, and what the rules are. Needs the tables of the protocol."""
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
        _lay_down_words(con, name, {fact[0]: fact[at] for fact in facts})
    public = ", ".join(sql_text(fact[0]) for fact in facts if fact[4])
    con.execute(
        f"CREATE OR REPLACE TEMP MACRO is_public(name) AS name IN ({public or 'NULL'}) IS TRUE"
    )
    _lay_down_words(con, "why_withheld", WITHHELD_REASONS)
    know(con, "score_interval", score_interval, ["DOUBLE", "DOUBLE"], "DOUBLE[]")
    con.execute(rule("rules"))


def know(
    con: duckdb.DuckDBPyConnection,
    name: str,
    function: Callable[..., object],
    takes: list[str],
    gives: str,
) -> None:
    """Make a Python function known to a connection's SQL, once."""
    known = con.execute("SELECT 1 FROM duckdb_functions() WHERE function_name = ?", [name])
    if not known.fetchall():
        con.create_function(name, function, takes, gives)  # type: ignore[arg-type]


def _lay_down_words(
    con: duckdb.DuckDBPyConnection, name: str, meanings: Mapping[Any, object]
) -> None:
    """A macro that says of each word what is known of it: constants, so that any expression may ask."""
    cases = " ".join(
        f"WHEN {sql_text(word)} THEN {sql_text(str(known)) if isinstance(known, str) else known}"
        for word, known in meanings.items()
    )
    con.execute(f"CREATE OR REPLACE TEMP MACRO {name}(word) AS CASE word {cases} END")


def count_withheld(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows of which something is withheld, by table; only tables that can withhold."""
    return {
        table.name: row_count(con, f"{table.full_name} WHERE {_withheld_sign(table)}")
        for table in RELEASED_TABLES
        if table.pupil_counts
    }


def count_small(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """Rows of a released table that show what rests on too few: none, or the door did not hold.

    Asked of a connection that has the rules, as `release` leaves it.
    """
    table = _table(name)
    return row_count(
        con, f"{table.full_name} WHERE NOT {_is_public(table)} AND ({_is_small(table)})"
    )


def count_unrounded(con: duckdb.DuckDBPyConnection, name: str) -> int:
    """Rows of a released table with a count of pupils that is not rounded: none.

    A rounded count is the middle of its class, or what two of them are apart. Asked as `count_small` is.
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


def _table(name: str) -> Table:
    return next(table for table in RELEASED_TABLES if table.name == name)


def _is_public(table: Table) -> str:
    """SQL: whether a row is made of public results alone."""
    return "is_public(measure)" if _has(table, "measure") else "false"


def _has(table: Table, name: str) -> bool:
    return any(column.name == name for column in table.columns)


def _withheld_sign(table: Table) -> str:
    """SQL: whether something of a row is withheld."""
    if _has(table, "suppressed"):
        return "suppressed"
    return " OR ".join(f"{count.column} IS NULL" for count in table.pupil_counts)


def _is_small(table: Table) -> str:
    """SQL: a figure rests on too few, is of nearly none or all, or stands where it is withheld."""
    counts = [count.column for count in table.pupil_counts]
    conditions = [f"are_few({n})" for n in counts]
    if _has(table, "n_meeting"):
        conditions.append("least(n_meeting, n_pupils - n_meeting) < minimum_cell()")
    if _has(table, "n_schools") and _has(table, "pupil_group"):
        somebody = " OR ".join(f"{n} > 0" for n in counts)
        conditions.append(
            f"(is_special_need(pupil_group) AND n_schools < fewest_schools() AND ({somebody}))"
        )
    if _has(table, "suppressed"):
        conditions += [f"(suppressed AND {figure} IS NOT NULL)" for figure in table.withheld]
    return " OR ".join(conditions) or "false"


def rule(name: str) -> str:
    """SQL of this room: a rule, or what it is held against."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
