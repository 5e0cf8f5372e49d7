"""Runs one check: a table against its catalogue entry, or a rule between tables.

The graph and `ssif validate` share these functions, so they always agree. The counts are stored for the
board's annex.
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
    """Which rules of a table hold, which are broken, and where."""

    held: tuple[Rule, ...]
    broken: tuple[Rule, ...]
    faults: tuple[Fault, ...]


def rules_for(study: Study, table: Table) -> tuple[Rule, ...]:
    """A table's rules. It must have rows if the study has a source for it, or if it may never be empty."""
    has_source = any(source.kind in table.source_kinds for source in study.source)
    return tuple(
        rules_of(_with_own_measures(study, table), is_expected=has_source or not table.may_be_empty)
    )


def _with_own_measures(study: Study, table: Table) -> Table:
    """The table with the study's own measures among the codes of its measure column."""
    own = tuple(measure.name for measure in study.measure)
    columns = tuple(
        replace(column, allowed=(*column.allowed, *own))
        if column.name == "measure" and column.allowed
        else column
        for column in table.columns
    )
    return replace(table, columns=columns) if own else table


def check_table(con: duckdb.DuckDBPyConnection, study: Study, table: Table) -> TableCheck:
    """Check a table that has just been built."""
    from pipelines.validation.suites import validate  # noqa: PLC0415 - its library takes seconds

    rules = rules_for(study, table)
    result = validate(con, rules)
    faults = [fault for rule in result.broken for fault in faults_of(con, study, rule)]
    judged = "files" if table.schema == "raw" else "tables"
    _note(con, table.full_name, judged, n_rules=len(rules), n_broken=len(result.broken))
    return TableCheck(result.held, result.broken, tuple(faults))


@dataclass(frozen=True)
class RelationCheck:
    """How many rows break a rule between tables, and where."""

    n_broken: int
    faults: tuple[Fault, ...]


def check_relation(con: duckdb.DuckDBPyConnection, relation: Relation) -> RelationCheck:
    """Check a rule between tables that have been built."""
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
