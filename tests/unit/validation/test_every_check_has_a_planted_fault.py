"""Every rule of every checked table has a planted fault that breaks only that rule."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import duckdb
import pandas as pd
import pytest

from pipelines.catalogue import Table, checked_tables
from pipelines.validation import suites
from pipelines.validation.rules import rules_of
from tests.unit.validation.planted import empty_store, make, plant, ways_to_break

TABLES = tuple(checked_tables())


def _ids(table: Table) -> str:
    return table.full_name


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(empty_store()) as store:
        yield store


def _planted() -> Iterator[object]:
    for table in TABLES:
        for rule in rules_of(table, is_expected=True):
            for way in ways_to_break(rule):
                yield pytest.param(
                    table, rule.name, way, id=f"{table.schema}.{table.name}-{rule.name}-{way}"
                )


@pytest.mark.parametrize("table", TABLES, ids=_ids)
def test_a_good_table_breaks_no_rule(con, table):
    rules = tuple(rules_of(table, is_expected=True))
    make(con, table)
    result = suites.validate(con, rules)
    assert result.is_success
    assert result.held == rules


@pytest.mark.parametrize(("table", "rule_name", "way"), tuple(_planted()))
def test_a_planted_fault_breaks_its_rule_and_no_other(con, table, rule_name, way):
    """Checked with the rules of its column and the whole table; no rule reads another column."""
    every = tuple(rules_of(table, is_expected=True))
    rule = next(rule for rule in every if rule.name == rule_name)
    rules = tuple(r for r in every if r.column is None or r.column == rule.column)
    make(con, table)
    plant(con, rule, way)
    result = suites.validate(con, rules)
    assert [broken.name for broken in result.broken] == [rule_name]
    assert len(result.held) == len(rules) - 1


@pytest.mark.parametrize("nth", [0, 1])
@pytest.mark.parametrize("table", TABLES, ids=_ids)
def test_faults_in_other_columns_break_only_their_own_rules(con, table, nth):
    rules = tuple(rules_of(table, is_expected=True))
    columns = [column for column in table.columns if any(r.column == column for r in rules)]
    broken = [next(r for r in rules if r.column == column) for column in columns[nth::2]]
    make(con, table)
    for rule in broken:
        plant(con, rule, ways_to_break(rule)[0])
    result = suites.validate(con, rules)
    assert result.broken == tuple(broken)


@pytest.mark.parametrize("table", TABLES, ids=_ids)
def test_every_column_the_catalogue_bounds_has_its_rule(table):
    """Counted from the catalogue rather than the rules, so that a lost rule is noticed."""
    names = {rule.name for rule in rules_of(table, is_expected=True)}
    expected = {"has_rows", "unique"} | (
        {"readable", "accounted_for"} if table.schema == "raw" else set()
    )
    for column in table.columns:
        expected |= {f"not_null__{column.name}"} if not column.is_nullable else set()
        expected |= {f"in_codes__{column.name}"} if column.allowed else set()
        if column.low is not None or column.high is not None:
            expected.add(f"in_range__{column.name}")
    assert names == expected


def test_every_table_that_is_made_is_checked():
    assert len({table.full_name for table in TABLES}) == len(TABLES) == 45
    assert all(table.key for table in TABLES)


def test_an_optional_table_may_be_empty(con):
    table = next(table for table in TABLES if table.name == "inspections")
    rules = tuple(rules_of(table, is_expected=False))
    con.execute(table.ddl())
    assert suites.validate(con, rules).is_success


def test_an_empty_profile_is_not_a_pass():
    """An empty profile can be checked, and fails."""
    table = next(table for table in TABLES if table.name == "inspections")
    rules = tuple(rules_of(table, is_expected=True))
    frame = pd.DataFrame({rule.name: pd.Series([], dtype=float) for rule in rules})
    results = suites._validate_frame(frame, "empty", suites._expectations(rules))
    failed = {r.expectation_config.kwargs["column"] for r in results if not r.success}
    assert "has_rows" in failed
