"""One check, judged and explained: a table against its catalogue entry, or a rule between tables.

The graph and `ssif validate` both call these two, so that they cannot disagree. What came of each is noted
in the store as counts: the board's annex says what was checked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb

from pipelines.catalogue import Table
from pipelines.errors.fault import Fault
from pipelines.study.settings import Study
from pipelines.validation.faults import faults_of
from pipelines.validation.relations import Relation, count_broken, faults_of_relation
from pipelines.validation.rules import Rule, rules_of


@dataclass(frozen=True)
class TableCheck:
    """Which rules of a table hold, which do not, and the places of those that do not."""

    held: tuple[Rule, ...]
    broken: tuple[Rule, ...]
    faults: tuple[Fault, ...]


def rules_for(study: Study, table: Table) -> tuple[Rule, ...]:
    """What a table of a study has to keep: rows, if a source is registered for it or it is never empty."""
    has_source = any(source.kind in table.source_kinds for source in study.source)
    return tuple(
        rules_of(_with_own_measures(study, table), is_expected=has_source or not table.may_be_empty)
    )


def _with_own_measures(study: Study, table: Table) -> Table:
    """The table as the study fills it: a column of measures holds the study's own, too."""
    own = tuple(measure.name for measure in study.measure)
    columns = tuple(
        replace(column, allowed=(*column.allowed, *own))
        if column.name == "measure" and column.allowed
        else column
        for column in table.columns
    )
    return replace(table, columns=columns) if own else table


def check_table(con: duckdb.DuckDBPyConnection, study: Study, table: Table) -> TableCheck:
    """Judge a table that has just been made."""
    from pipelines.validation.suites import validate  # noqa: PLC0415 - its library takes seconds

    rules = rules_for(study, table)
    result = validate(con, rules)
    faults = [fault for rule in result.broken for fault in faults_of(con, study, rule)]
    judged = "files" if table.schema == "raw" else "tables"
    _note(con, table.full_name, judged, n_rules=len(rules), n_broken=len(result.broken))
    return TableCheck(result.held, result.broken, tuple(faults))


@dataclass(frozen=True)
class RelationCheck:
    """How many rows break a rule between tables, and their places."""

    n_broken: int
    faults: tuple[Fault, ...]


def check_relation(con: duckdb.DuckDBPyConnection, relation: Relation) -> RelationCheck:
    """Judge a rule between tables that have been made."""
    n_broken = count_broken(con, relation)
    problem = relation.rule.problem
    _note(con, relation.name, "relations", n_rules=1, n_broken=n_broken, problem=problem)
    return RelationCheck(n_broken, tuple(faults_of_relation(con, relation)) if n_broken else ())


def _note(
    con: duckdb.DuckDBPyConnection,
    name: str,
    judged: str,
    *,
    n_rules: int,
    n_broken: int,
    problem: str | None = None,
) -> None:
    con.execute(
        "INSERT OR REPLACE INTO raw.check_result VALUES (?, ?, ?, ?, ?)",
        [name, judged, n_rules, n_broken, problem],
    )
