"""The door itself: makes every released table from its SELECT here, and withholds before anyone reads.

Withheld is a figure that rests on fewer than `minimum_cell` pupils, that says what none or all of a small
group got, or that is about pupils with special educational needs of one or two schools; and as many others as
keep it from being worked out. See `suppression` for which those are, `structure` for how counts hang
together, `releases` for what was released before; `restricted/bearable.sql` and the SELECTs decide which
estimates and intervals are released. Nothing made of results that are public by school is withheld
(`restricted/public_key_stage.sql`), but for what single schools got.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np
import pandas as pd

from pipelines.catalogue import RELEASED_COUNT, RELEASED_TABLES, Column, PupilCount, Table
from pipelines.disclosure import inference, structure, suppression
from pipelines.disclosure.inference import FEWEST_SCHOOLS, SMALL_GROUP, Block, Rules
from pipelines.disclosure.named_schools import fall_with_another, leave_another_alone
from pipelines.disclosure.neighbours import suppress_neighbours
from pipelines.disclosure.published_verdict import PublishedVerdict
from pipelines.disclosure.school_points import withheld_schools
from pipelines.disclosure.structure import GROUPS_NEVER_BY_SCHOOL, Count, Structure
from pipelines.store import insert_frame, row_count

FOLDER = Path(__file__).parent
# What one named school got is shown only where nothing shown beside it has to go.
_NAMING = tuple(t for t in RELEASED_TABLES if t.pupil_counts and t.is_about_single_schools)
_OTHERS = tuple(t for t in RELEASED_TABLES if t not in _NAMING)
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
        find_what_is_public(con)
        _choose_school_points(con)
        con.execute(_restricted("whose_figures"))
        con.execute(f"CREATE OR REPLACE TEMP TABLE bearable AS\n{_restricted('bearable')}")
        _lay_out(con, published_verdicts)
        for table in RELEASED_TABLES:
            if table.pupil_counts:
                _make(con, table)
        built = structure.read(con, _OTHERS, earlier)
        reasons, n_given_away_before = _plan(built, rules, is_secondary=is_secondary)
        for place, reason in reasons.items():
            _withhold(con, built.counts[place], reason)
        suppress_neighbours(con)
        known = [*earlier, *_as_known(built.counts, reasons)]
        named, why_not = _named(con, rules, known, is_secondary=is_secondary)
        _record(con, [(built.counts, reasons), (named, why_not)])
        for table in RELEASED_TABLES:
            if not table.pupil_counts:
                _make(con, table)
        con.execute(_restricted("revision_verdict"))
        con.execute("COMMIT")
    except BaseException:
        con.execute("ROLLBACK")
        raise
    withheld = {table.name: Counter[Reason]() for table in RELEASED_TABLES if table.pupil_counts}
    for counts, why in ((built.counts, reasons), (named, why_not)):
        for place, reason in why.items():
            withheld[counts[place].table][reason] += 1
    rows = {table.name: row_count(con, table.full_name) for table in RELEASED_TABLES}
    return Release(rows, withheld, n_given_away_before)


def find_what_is_public(con: duckdb.DuckDBPyConnection) -> None:
    """Say to SQL of which measures nothing is withheld."""
    con.execute(_restricted("of_measure"))
    con.execute(_restricted("public_key_stage"))
    con.execute(_restricted("is_public"))


def count_withheld(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Rows whose figures are withheld, by table; only tables that can withhold."""
    counts: dict[str, int] = {}
    for table in RELEASED_TABLES:
        if table.pupil_counts:
            names = {column.name for column in table.columns}
            signs = (
                ["suppressed"]
                if "suppressed" in names
                else [f"{count} IS NULL" for count in table.small_counts]
            )
            if "withheld" in names:
                signs.append("withheld IS NOT NULL")
            counts[table.name] = row_count(con, f"{table.full_name} WHERE {' OR '.join(signs)}")
    return counts


def count_small(con: duckdb.DuckDBPyConnection, name: str, minimum_cell: int) -> int:
    """Rows of a released table that show what rests on too few: none, or the door did not hold."""
    table = _table(name)
    find_what_is_public(con)
    is_public = structure.is_public(table, table.name)
    return row_count(
        con, f"{table.full_name} WHERE NOT {is_public} AND ({_is_small(table, minimum_cell)})"
    )


def count_given_away(
    con: duckdb.DuckDBPyConnection, minimum_cell: int, earlier: Sequence[Count] = ()
) -> dict[str, int]:
    """What can be worked out from the released tables as they stand, by table: 0, or the door is open.

    Looks at the tables only, not at what was meant to be withheld; a table counts for a withheld figure
    of its own, or for the sum that tells of others.
    """
    rules = Rules(minimum_cell)
    find_what_is_public(con)
    given_away = {table.name: 0 for table in RELEASED_TABLES if table.pupil_counts}
    others = structure.read(con, _OTHERS, earlier)
    known = [*earlier, *_as_known(others.counts)]
    named = structure.read(con, _NAMING, known)
    for built in (others, named):
        for table, n in _n_given_away(built, rules).items():
            given_away[table] += n
    shown = [count.is_shown for count in named.counts]
    for place in leave_another_alone(named.counts, shown, known):
        given_away[named.counts[place].table] += 1
    return given_away


def _n_given_away(built: Structure, rules: Rules) -> Counter[str]:
    found: Counter[str] = Counter()
    for count in built.counts:
        found[count.table] += count.is_shown and not (count.is_explained or count.is_public)
    for block in built.blocks:
        if not any(s.places for s in block.sums):
            continue
        hidden = np.array([not s.is_shown for s in block.sums])
        asked = [
            target
            for target in inference.targets(block, rules, hidden)
            if not target.places or _is_secret(block, rules, target)
        ]
        for target, is_safe in zip(
            asked, inference.are_safe(block, rules, asked, hidden), strict=True
        ):
            if not is_safe:
                telling = target.places or _places_that_share(block, target.of)
                found[built.counts[telling[0]].table] += 1
    return found


def _is_secret(block: Block, rules: Rules, target: inference.Target) -> bool:
    """Whether a withheld count says too much itself.

    One that does not is blank for another's sake, or because nobody knows whom it counts; what it would
    give away is looked at in its own right.
    """
    return any(
        inference.is_sensitive(block, rules, s)
        for s in block.sums
        if set(s.places) & set(target.places)
    )


def select_of(name: str) -> str:
    """The SELECT that makes a released table, before anything is withheld."""
    return (FOLDER / f"{name}.sql").read_text(encoding="utf-8")


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
    rounded = [f"{c.name} = {as_read(c)}" for c in table.columns if c.decimals is not None]
    if rounded:
        con.execute(f"UPDATE {table.full_name} SET {', '.join(rounded)}")
    if table.is_about_single_schools:
        con.execute(f"DELETE FROM {table.full_name} WHERE {_IS_NEVER_BY_SCHOOL}")


def _restricted(name: str) -> str:
    """SQL that reads what is restricted, for the door's own use."""
    return (FOLDER / "restricted" / f"{name}.sql").read_text(encoding="utf-8")


def _choose_school_points(con: duckdb.DuckDBPyConnection) -> None:
    """Fill `temp.withheld_school`, which the points of single schools are read against."""
    select = _restricted("school_side")
    sides: dict[tuple[str, str], dict[tuple[str, bool], dict[int, int]]] = {}
    says_too_much: dict[tuple[str, str], set[int]] = {}
    for programme, measure, group, is_programme, school, n_pupils, is_hidden in con.execute(
        select, {"small_group": SMALL_GROUP}
    ).fetchall():
        of_measure = sides.setdefault((measure, group), {})
        of_measure.setdefault((programme, is_programme), {})[school] = n_pupils
        if is_hidden or group in GROUPS_NEVER_BY_SCHOOL:
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


def _as_known(counts: Sequence[Count], hidden: Container[int] = ()) -> list[Count]:
    """Counts as others that can be withheld no more; those hidden, or blank, are to stay unknown."""
    return [
        replace(count, is_shown=count.is_shown and place not in hidden)
        for place, count in enumerate(counts)
        if count.is_explained
    ]


def _named(
    con: duckdb.DuckDBPyConnection, rules: Rules, known: Sequence[Count], *, is_secondary: bool
) -> tuple[tuple[Count, ...], dict[int, Reason]]:
    """Withhold what may not be shown of named schools; their counts, and why some are withheld.

    A school is shown in all its years or in none: what falls with another is blanked first, and the plan
    made anew, since what stays shown may then do.
    """
    reason_of: dict[tuple[str, str, int], Reason] = {}
    while True:
        built = structure.read(con, _NAMING, known)
        reasons, _ = _plan(built, rules, is_secondary=is_secondary)
        shown = [count.is_shown and p not in reasons for p, count in enumerate(built.counts)]
        falling: dict[int, Reason] = {p: r for p, r in reasons.items() if built.counts[p].is_shown}
        falling |= dict.fromkeys(fall_with_another(built.counts, shown), "secondary")
        if is_secondary and not falling:
            alone = leave_another_alone(built.counts, shown, known)
            falling |= dict.fromkeys(alone, "secondary")
        for place, reason in falling.items():
            count = built.counts[place]
            reason_of[count.table, count.column, count.row] = reason
            _withhold(con, count, reason)
        if not falling:
            break
    return built.counts, {
        place: reason_of.get((count.table, count.column, count.row), reasons[place])
        for place, count in enumerate(built.counts)
        if place in reasons
    }


def _plan(built: Structure, rules: Rules, *, is_secondary: bool) -> tuple[dict[int, Reason], int]:
    """Which counts to withhold, by position, and why."""
    reasons: dict[int, Reason] = {}
    n_given_away_before = 0
    for place, count in enumerate(built.counts):
        if count.is_public:
            continue
        if not count.is_explained:
            reasons[place] = "unexplained"
        if rules.is_small(count.n_pupils):
            reasons[place] = "primary"
    for block in built.blocks:
        plan = suppression.withhold(block, rules, is_secondary=is_secondary)
        reasons |= plan.reasons
        n_given_away_before += plan.n_given_away_before
    return reasons, n_given_away_before


def _withhold(con: duckdb.DuckDBPyConnection, count: Count, reason: Reason) -> None:
    """Blank a count and what goes with it; no word of the row may tell what the pupils got either."""
    table = _table(count.table)
    declared = _declared(table, count.column)
    blank = [count.column, *declared.goes_with]
    said: dict[str, str] = {}
    if reason != "unexplained":
        blank += table.withheld
        # A row that never had an estimate keeps its own reason, unless this counts the schools of both sides.
        has_more = (
            "(withheld IS NOT NULL OR estimate_low IS NOT NULL "
            "OR coalesce(verdict_reason, '') LIKE 'too few schools%')"
        )
        said = {
            "verdict": "CASE WHEN verdict IS NOT NULL THEN 'cannot_tell' END",
            "withheld": f"CASE WHEN {has_more} THEN 'estimate' END",
            "withheld_reason": f"CASE WHEN {has_more} THEN 'small_group' END",
        }
    if set(declared.goes_with) >= set(table.withheld) or reason != "unexplained":
        said["suppressed"] = "true"
    names = {column.name for column in table.columns}
    assignments = [f"{name} = NULL" for name in dict.fromkeys(blank)]
    assignments += [f"{name} = {value}" for name, value in said.items() if name in names]
    con.execute(f"UPDATE {table.full_name} SET {', '.join(assignments)} WHERE rowid = {count.row}")


def _declared(table: Table, column: str) -> PupilCount:
    return next(count for count in table.pupil_counts if count.column == column)


def _record(
    con: duckdb.DuckDBPyConnection,
    released: Iterable[tuple[Sequence[Count], Container[int]]],
) -> None:
    """Which pupils each count adds up, and whether it is shown: all but the positions withheld."""
    con.execute(RELEASED_COUNT.ddl())
    rows = [
        (count.table, count.column, count.row, place not in withheld, count.has_meeting, *cell)
        for counts, withheld in released
        for place, count in enumerate(counts)
        # Whom another count adds up is not known, and it is never shown.
        if count.is_explained
        for cell in count.cells
    ]
    names = [column.name for column in RELEASED_COUNT.columns]
    insert_frame(con, RELEASED_COUNT.full_name, pd.DataFrame(rows, columns=names))


def _places_that_share(block: Block, of: inference.FloatArray) -> tuple[int, ...]:
    return next(s.places for s in block.sums if s.places and s.of @ of > 0)
