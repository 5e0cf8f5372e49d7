"""The door itself: makes every released table from its SELECT here, which withholds before anyone reads.

What is withheld and why stands in `README.md`; the numbers it is decided by in `thresholds.py`; the rules as
SQL in `rules.sql`. What may be read of every group of pupils is decided once, in
`public_total.sql`, and of single schools in `school_shown.sql`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines import released
from pipelines.catalogue import RELEASED_TABLES, Column, Table
from pipelines.disclosure.published_verdict import PublishedVerdict
from pipelines.disclosure.thresholds import MACROS
from pipelines.impact.score_interval import NORMAL_VALUE
from pipelines.store import row_count, sql_text
from pipelines.wording import WITHHELD_REASONS

FOLDER = Path(__file__).parent
SELECTS = Path(released.__file__).parent


@dataclass(frozen=True)
class Release:
    """Rows by table, and of those that can withhold, rows withheld at least in part."""

    rows: dict[str, int]
    withheld: dict[str, int]


def release(
    con: duckdb.DuckDBPyConnection, published_verdicts: Sequence[PublishedVerdict] = ()
) -> Release:
    """Make every released table anew, all or none.

    `published_verdicts` are what `last_published_verdicts` gives.
    """
    con.execute("BEGIN")
    try:
        lay_down_rules(con)
        for name in ("side_result", "public_total", "school_shown"):
            con.execute(_rule(name))
        _lay_out(con, published_verdicts)
        for table in RELEASED_TABLES:
            _make(con, table)
        con.execute(_rule("revision_verdict"))
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    rows = {table.name: row_count(con, table.full_name) for table in RELEASED_TABLES}
    return Release(rows, count_withheld(con))


def lay_down_rules(con: duckdb.DuckDBPyConnection) -> None:
    """Say to SQL which results are public, and what the rules are. Needs the tables of the protocol."""
    con.execute(_rule("public_key_stage"))
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
    con.execute(_rule("rules"))


def _lay_down_words(
    con: duckdb.DuckDBPyConnection, name: str, meanings: Mapping[str, object]
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


def select_of(name: str) -> str:
    """The SELECT that makes a released table."""
    return (SELECTS / f"{name}.sql").read_text(encoding="utf-8")


def as_read(column: Column) -> str:
    """SQL: a column's number with the decimals it is released with; halves go away from zero.

    Decimals that nobody reads tell of single pupils: an estimate is made of few, and who knows most of them
    could try what the others must have got for it to come out so.
    """
    n = "stored_decimals_of(measure)" if column.decimals == "measure" else str(column.decimals)
    # As `wording.rounded`: 0.145 * 100 is 14.499..., and nothing is -0.
    nearest = f"floor(abs({column.name}) * pow(10, {n}) + 0.5 + 1e-9) / pow(10, {n})"
    return f"sign({column.name}) * {nearest} + 0.0"


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


def _make(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    con.execute(table.ddl())
    con.execute(f"INSERT INTO {table.full_name} BY NAME\n{select_of(table.name)}")
    rounded = [f"{c.name} = {as_read(c)}" for c in table.columns if c.decimals is not None]
    if rounded:
        con.execute(f"UPDATE {table.full_name} SET {', '.join(rounded)}")
    if table.is_about_single_schools:
        con.execute(f"DELETE FROM {table.full_name} WHERE is_special_need(pupil_group)")


def _rule(name: str) -> str:
    """SQL of this room: a rule, or what it is held against."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _lay_out(con: duckdb.DuckDBPyConnection, published: Sequence[PublishedVerdict]) -> None:
    """Fill `temp.published_verdict`, which verdicts are held against."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE published_verdict (published_on DATE, programme VARCHAR, "
        "measure VARCHAR, pupil_group VARCHAR, academic_year VARCHAR, release_status VARCHAR, "
        "verdict VARCHAR)"
    )
    if published:
        con.executemany(
            "INSERT INTO temp.published_verdict VALUES (?, ?, ?, ?, ?, ?, ?)",
            [list(verdict) for verdict in published],
        )
