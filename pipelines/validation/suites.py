"""Great Expectations suites, built from a table's rules and run on a profile of the table.

The profile holds distinct codes, minima and maxima, and counts of rows, blanks and duplicates. So a suite
costs the same for five rows as for five million, and its results contain no records.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from pipelines.catalogue import Table
from pipelines.validation.rules import Rule, unaccounted_files

if TYPE_CHECKING:
    from great_expectations.core.batch_definition import BatchDefinition


@dataclass(frozen=True)
class SuiteResult:
    """Which rules of a table hold."""

    held: tuple[Rule, ...]
    broken: tuple[Rule, ...]

    @property
    def is_success(self) -> bool:
        """Whether every rule holds."""
        return not self.broken


def validate(con: duckdb.DuckDBPyConnection, rules: tuple[Rule, ...]) -> SuiteResult:
    """Check all rules of one table.

    Rules that ask the same of their values are checked together, by one expectation: most suites mainly ask
    that nothing is blank. Only if a group fails is each of its rules checked separately.
    """
    frame = profile(con, rules)
    groups: dict[Hashable, list[Rule]] = {}
    for rule in rules:
        groups.setdefault(_question(rule), []).append(rule)
    grouped = pd.DataFrame(
        {
            group[0].name: pd.Series([value for rule in group for value in frame[rule.name]])
            for group in groups.values()
        }
    )
    passed = _held(grouped, tuple(group[0] for group in groups.values()))
    held = {rule for group in groups.values() if group[0] in passed for rule in group}
    uncertain = tuple(rule for rule in rules if rule not in held)
    if uncertain:
        held |= _held(frame, uncertain)
    return SuiteResult(
        held=tuple(rule for rule in rules if rule in held),
        broken=tuple(rule for rule in rules if rule not in held),
    )


def _held(frame: pd.DataFrame, rules: tuple[Rule, ...]) -> set[Rule]:
    """The rules that hold for the values in their columns of a frame.

    Raises RuntimeError if a rule has no result.
    """
    name = rules[0].table.full_name
    # Results come in a different order; the column identifies the rule.
    rule_of = {rule.name: rule for rule in rules}
    # A rule that could not be checked is no success, so it counts as broken.
    is_held = {
        rule_of.pop(result.expectation_config.kwargs["column"]): result.success
        for result in _validate_frame(frame, name, _expectations(rules))
    }
    if rule_of:
        raise RuntimeError(f"{name}: rules without a result: {sorted(rule_of)}")
    return {rule for rule, success in is_held.items() if success}


def _question(rule: Rule) -> Hashable:
    """What a rule asks of its values; equal for rules that become the same expectation."""
    if rule.kind == "in_codes" and rule.column:
        return rule.kind, *rule.column.allowed
    if rule.kind == "in_range" and rule.column:
        return rule.kind, rule.column.low, rule.column.high
    return "rows" if rule.kind == "has_rows" else "none"


def profile(con: duckdb.DuckDBPyConnection, rules: tuple[Rule, ...]) -> pd.DataFrame:
    """A frame with one column per rule: the values or counts to check, padded with NULL."""
    table = rules[0].table
    aggregates: dict[str, str] = {}
    for rule in rules:
        column = rule.column.name if rule.column else ""
        if rule.kind == "has_rows":
            aggregates[rule.name] = f"[least(count(*), {_rows_of_the_emptiest_file(table)})]"
        elif rule.kind == "not_null":
            aggregates[rule.name] = f"[count(*) - count({column})]"
        elif rule.kind == "in_range":
            # NaN is outside any bounds, but pandas would treat it as blank.
            aggregates[rule.name] = (
                f"CASE WHEN bool_or(isnan(CAST({column} AS DOUBLE))) "
                f"THEN ['-inf'::DOUBLE, 'inf'::DOUBLE] "
                f"ELSE [min({column}), max({column})]::DOUBLE[] END"
            )
        elif rule.kind == "in_codes":
            aggregates[rule.name] = f"list(DISTINCT {column})"
        elif rule.kind == "unique":
            aggregates[rule.name] = f"[count(*) - count(DISTINCT ({', '.join(table.key)},))]"
        elif rule.kind == "accounted_for":
            aggregates[rule.name] = f"[(SELECT count(*) FROM ({unaccounted_files(table)}))]"
        elif rule.kind == "readable":
            aggregates[rule.name] = (
                f"[(SELECT count(*) FROM raw.unreadable WHERE table_name = '{table.name}')]"
            )
    select = ", ".join(f"{aggregate} AS {name}" for name, aggregate in aggregates.items())
    cursor = con.execute(f"SELECT {select} FROM {table.full_name}")
    row = cursor.fetchone()
    if row is None:  # pragma: no cover - an aggregate without GROUP BY always has one row
        raise RuntimeError(f"{table.full_name} could not be profiled")
    return pd.DataFrame(
        {
            name: pd.Series(_numbers_as_float(values))
            for name, values in zip(aggregates, row, strict=True)
        }
    )


def _rows_of_the_emptiest_file(table: Table) -> str:
    """SQL for the fewest rows of any file, so that one year cannot make up for another; NULL without
    files."""
    kinds = ", ".join(f"'{kind}'" for kind in table.source_kinds)
    return f"(SELECT min(n_rows_kept) FROM raw.source WHERE kind IN ({kinds}))" if kinds else "NULL"


def _numbers_as_float(values: list[Any] | None) -> list[Any]:
    return [float(v) if isinstance(v, int | float) else v for v in values or [None]]


def _expectations(rules: tuple[Rule, ...]) -> list[Any]:
    """One expectation per rule, on the rule's column of the profile."""
    expect = load().expectations
    expectations: list[Any] = []
    for rule in rules:
        if rule.kind == "has_rows":
            expectation = expect.ExpectColumnMaxToBeBetween(column=rule.name, min_value=1)
        elif rule.kind == "in_codes" and rule.column:
            expectation = expect.ExpectColumnValuesToBeInSet(
                column=rule.name, value_set=list(rule.column.allowed)
            )
        elif rule.kind == "in_range" and rule.column:
            expectation = expect.ExpectColumnValuesToBeBetween(
                column=rule.name, min_value=rule.column.low, max_value=rule.column.high
            )
        else:
            expectation = expect.ExpectColumnMaxToBeBetween(
                column=rule.name, min_value=0, max_value=0
            )
        expectations.append(expectation)
    return expectations


def _validate_frame(frame: pd.DataFrame, name: str, expectations: list[Any]) -> list[Any]:
    batch = _batch_definition().get_batch({"dataframe": frame})
    suite = load().ExpectationSuite(name=name, expectations=expectations)
    # Other formats copy values into the result.
    return list(batch.validate(suite, result_format="BOOLEAN_ONLY").results)


@cache
def load() -> Any:  # noqa: ANN401 - the library is untyped
    """Great Expectations, imported only when needed (it takes seconds) and without analytics."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with warnings.catch_warnings():
        # It imports a deprecated module of the standard library.
        warnings.simplefilter("ignore", DeprecationWarning)
        import great_expectations  # noqa: PLC0415

    return great_expectations


@cache
def _batch_definition() -> BatchDefinition:
    """One definition for all tables, because adding one rewrites the library's whole configuration."""
    context = load().get_context(mode="ephemeral")
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("store").add_dataframe_asset("profile")
    return asset.add_batch_definition_whole_dataframe("profile")
