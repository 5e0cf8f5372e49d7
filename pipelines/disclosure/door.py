"""The door itself: makes every released table from its SELECT here, and withholds before anyone reads.

Withheld is a figure that rests on fewer than `minimum_cell` pupils, that says what none or all of a small
group got, or that is about pupils with special educational needs of one or two schools; and as many others as
keep it from being worked out. Which those are is `suppression`'s to say, how counts hang together
`structure`'s, what was released before `releases`'.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np

from pipelines.catalogue import RELEASED_COUNT, RELEASED_TABLES, PupilCount, Table
from pipelines.disclosure import inference, structure, suppression
from pipelines.disclosure.inference import FEWEST_SCHOOLS, SMALL_GROUP, Block, Rules
from pipelines.disclosure.published_verdict import PublishedVerdict
from pipelines.disclosure.school_points import withheld_schools
from pipelines.disclosure.structure import GROUPS_NEVER_BY_SCHOOL, Count, Structure
from pipelines.store import row_count

FOLDER = Path(__file__).parent
_IS_NEVER_BY_SCHOOL = f"pupil_group IN {GROUPS_NEVER_BY_SCHOOL}"

Reason = Literal["primary", "secondary", "unexplained"]


@dataclass(frozen=True)
class Release:
    """Rows by table, and counts withheld by table and reason: for officers, never for readers.

    `n_given_away_before` counts what earlier releases told already, and nothing can take back.
    """

    rows: dict[str, int]
    withheld: dict[str, Counter[Reason]]
    n_given_away_before: int


def release(
    con: duckdb.DuckDBPyConnection,
    minimum_cell: int,
    earlier: Sequence[Count] = (),
    published_verdicts: Sequence[PublishedVerdict] = (),
    *,
    is_secondary: bool = True,
) -> Release:
    """Make every released table anew, all or none; `earlier` as `releases.read` gives it.

    `published_verdicts` are what `last_published_verdicts` gives.
    Without `is_secondary` nothing is withheld for another figure's sake: that is for tests of the attacker.
    """
    rules = Rules(minimum_cell)
    con.execute("BEGIN")
    try:
        _choose_school_points(con)
        _lay_out(con, published_verdicts)
        for table in RELEASED_TABLES:
            if table.pupil_counts:
                _make(con, table)
        built = structure.read(con, RELEASED_TABLES, earlier)
        reasons, n_given_away_before = _plan(built, rules, is_secondary=is_secondary)
        for place, reason in reasons.items():
            _withhold(con, built.counts[place], reason, minimum_cell)
        _record(con, built, set(reasons))
        for table in RELEASED_TABLES:
            if not table.pupil_counts:
                _make(con, table)
        con.execute((FOLDER / "restricted" / "revision_verdict.sql").read_text(encoding="utf-8"))
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    withheld = {table.name: Counter[Reason]() for table in RELEASED_TABLES if table.pupil_counts}
    for place, reason in reasons.items():
        withheld[built.counts[place].table][reason] += 1
    rows = {table.name: row_count(con, table.full_name) for table in RELEASED_TABLES}
    return Release(rows, withheld, n_given_away_before)


def count_withheld(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows whose figures are withheld, by table; only tables that can withhold."""
    counts: dict[str, int] = {}
    for table in RELEASED_TABLES:
        if table.pupil_counts:
            is_marked = any(column.name == "suppressed" for column in table.columns)
            is_withheld = (
                "suppressed"
                if is_marked
                else " OR ".join(f"{count} IS NULL" for count in table.small_counts)
            )
            counts[table.name] = row_count(con, f"{table.full_name} WHERE {is_withheld}")
    return counts


def count_small(con: duckdb.DuckDBPyConnection, name: str, minimum_cell: int) -> int:
    """Rows of a released table that show what rests on too few: none, or the door did not hold."""
    table = _table(name)
    return row_count(con, f"{table.full_name} WHERE {_is_small(table, minimum_cell)}")


def count_given_away(
    con: duckdb.DuckDBPyConnection, minimum_cell: int, earlier: Sequence[Count] = ()
) -> dict[str, int]:
    """What can be worked out from the released tables as they stand, by table: 0, or the door is open.

    Looks at the tables only, not at what was meant to be withheld; a table counts for a withheld figure
    of its own, or for the sum that tells of others.
    """
    rules = Rules(minimum_cell)
    built = structure.read(con, RELEASED_TABLES, earlier)
    given_away = {table.name: 0 for table in RELEASED_TABLES if table.pupil_counts}
    for count in built.counts:
        given_away[count.table] += count.is_shown and not count.is_explained
    for block in built.blocks:
        hidden = np.array([not s.is_shown for s in block.sums])
        asked = inference.targets(block, rules, hidden)
        for target, is_safe in zip(
            asked, inference.are_safe(block, rules, asked, hidden), strict=True
        ):
            if not is_safe:
                telling = target.places or _places_that_share(block, target.of)
                given_away[built.counts[telling[0]].table] += 1
    return given_away


def select_of(name: str) -> str:
    """The SELECT that makes a released table, before anything is withheld."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


def _table(name: str) -> Table:
    return next(table for table in RELEASED_TABLES if table.name == name)


def _is_small(table: Table, minimum_cell: int) -> str:
    """SQL condition: a figure rests on too few. No pupil at all is nobody to protect."""
    conditions = [f"({c} > 0 AND {c} < {minimum_cell})" for c in table.small_counts]
    names = {column.name for column in table.columns}
    if {"n_schools", "pupil_group"} <= names:
        counts = " OR ".join(f"{count} > 0" for count in table.small_counts)
        conditions.append(
            f"({_IS_NEVER_BY_SCHOOL} AND n_schools < {FEWEST_SCHOOLS} AND ({counts}))"
        )
    conditions += [
        f"({count.column} < {SMALL_GROUP * minimum_cell} AND {count.mean} IN (0, 1) "
        "AND measure IN (SELECT measure FROM protocol.programme_measure WHERE unit = 'share'))"
        for count in table.pupil_counts
        if count.mean
    ]
    # A figure left standing where its count is withheld.
    conditions += [
        f"({count.column} IS NULL AND {figure} IS NOT NULL)"
        for count in table.pupil_counts
        for figure in count.goes_with
    ]
    return " OR ".join(conditions)


def _make(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    con.execute(table.ddl())
    con.execute(f"INSERT INTO {table.full_name} BY NAME\n{select_of(table.name)}")
    if table.is_about_single_schools:
        con.execute(f"DELETE FROM {table.full_name} WHERE {_IS_NEVER_BY_SCHOOL}")


def _choose_school_points(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `temp.withheld_school`, which the points of single schools are read against."""
    select = (FOLDER / "restricted" / "school_side.sql").read_text(encoding="utf-8")
    sides: dict[tuple[str, str], dict[tuple[str, bool], dict[int, int]]] = {}
    says_too_much: dict[tuple[str, str], set[int]] = {}
    for programme, measure, group, is_programme, school, n_pupils, is_hidden in con.execute(
        select, {"small_group": SMALL_GROUP}
    ).fetchall():
        of_measure = sides.setdefault((measure, group), {})
        of_measure.setdefault((programme, is_programme), {})[school] = n_pupils
        if is_hidden:
            says_too_much.setdefault((measure, group), set()).add(school)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE withheld_school "
        "(measure VARCHAR, pupil_group VARCHAR, school_id BIGINT)"
    )
    withheld = [
        (*key, school)
        for key, of_measure in sides.items()
        for school in withheld_schools(
            frozenset(says_too_much.get(key, ())), list(of_measure.values())
        )
    ]
    if withheld:
        con.executemany("INSERT INTO temp.withheld_school VALUES (?, ?, ?)", withheld)


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


def _plan(built: Structure, rules: Rules, *, is_secondary: bool) -> tuple[dict[int, Reason], int]:
    """Which counts to withhold, by position, and why."""
    reasons: dict[int, Reason] = {}
    n_given_away_before = 0
    for place, count in enumerate(built.counts):
        if not count.is_explained:
            reasons[place] = "unexplained"
        if rules.is_small(count.n_pupils):
            reasons[place] = "primary"
    for block in built.blocks:
        plan = suppression.withhold(block, rules, is_secondary=is_secondary)
        reasons |= plan.reasons
        n_given_away_before += plan.n_given_away_before
    return reasons, n_given_away_before


def _withhold(
    con: duckdb.DuckDBPyConnection, count: Count, reason: Reason, minimum_cell: int
) -> None:
    """Blank a count and what goes with it; no word of the row may tell what the pupils got either."""
    table = _table(count.table)
    declared = _declared(table, count.column)
    blank = [count.column, *declared.goes_with]
    said: dict[str, str] = {}
    if reason != "unexplained":
        blank += table.withheld
        said = {
            "verdict": "CASE WHEN verdict IS NOT NULL THEN 'cannot_tell' END",
            "verdict_reason": f"'withheld: fewer than {minimum_cell} pupils on one side, "
            "or as few could be worked out'",
        }
    if set(declared.goes_with) >= set(table.withheld) or reason != "unexplained":
        said["suppressed"] = "true"
    names = {column.name for column in table.columns}
    assignments = [f"{name} = NULL" for name in dict.fromkeys(blank)]
    assignments += [f"{name} = {value}" for name, value in said.items() if name in names]
    con.execute(f"UPDATE {table.full_name} SET {', '.join(assignments)} WHERE rowid = {count.row}")


def _declared(table: Table, column: str) -> PupilCount:
    return next(count for count in table.pupil_counts if count.column == column)


def _record(con: duckdb.DuckDBPyConnection, built: Structure, withheld: Iterable[int]) -> None:
    """Which pupils each count adds up, and whether it is shown."""
    con.execute(RELEASED_COUNT.ddl())
    hidden = set(withheld)
    rows = [
        (count.table, count.column, count.row, place not in hidden, count.has_meeting, *cell)
        for place, count in enumerate(built.counts)
        # Whom another count adds up is not known, and it is never shown.
        if count.is_explained
        for cell in count.cells
    ]
    if rows:
        import pandas as pd  # noqa: PLC0415 - row by row would take seconds

        frame = pd.DataFrame(rows, columns=[column.name for column in RELEASED_COUNT.columns])
        con.register("recorded", frame)
        con.execute(f"INSERT INTO {RELEASED_COUNT.full_name} BY NAME SELECT * FROM recorded")
        con.unregister("recorded")


def _places_that_share(block: Block, of: inference.FloatArray) -> tuple[int, ...]:
    return next(s.places for s in block.sums if s.places and s.of @ of > 0)
