"""The rules of a table, derived from its catalogue entry. `suites` checks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pipelines.catalogue import Column, Table

RuleKind = Literal[
    "has_rows", "accounted_for", "readable", "unique", "not_null", "in_codes", "in_range"
]


@dataclass(frozen=True)
class Rule:
    """One required property of a table.

    `violation` is the SQL condition of rows that break the rule; None for rules about the whole table.
    """

    kind: RuleKind
    table: Table
    column: Column | None = None
    violation: str | None = None

    @property
    def name(self) -> str:
        """Unique within the table; also the rule's column in the profile."""
        return f"{self.kind}__{self.column.name}" if self.column else self.kind


def rules_of(table: Table, *, is_expected: bool) -> Iterator[Rule]:
    """Every rule of a table. `is_expected`: it must have rows."""
    if is_expected:
        yield Rule("has_rows", table)
    if table.schema == "raw":
        yield Rule("accounted_for", table)
        yield Rule("readable", table)
    yield Rule("unique", table)
    for column in table.columns:
        if not column.is_nullable:
            yield Rule("not_null", table, column, f"{column.name} IS NULL")
        if column.allowed:
            codes = ", ".join(f"'{code}'" for code in column.allowed)
            yield Rule("in_codes", table, column, f"{column.name} NOT IN ({codes})")
        if column.low is not None or column.high is not None:
            bounds = [
                *([f"{column.name} < {column.low}"] if column.low is not None else []),
                *([f"{column.name} > {column.high}"] if column.high is not None else []),
                *([f"isnan({column.name})"] if column.kind == "number" else []),
            ]
            yield Rule("in_range", table, column, " OR ".join(bounds))


_IN_WORDS: dict[RuleKind, str] = {
    "has_rows": "it has rows, if the study has a file for it or it may never be empty",
    "accounted_for": "every row of a file is kept, or set aside with a reason",
    "readable": "every cell can be read",
    "unique": "no two rows are of the same ",
    "not_null": "never blank: ",
    "in_codes": "always one of its codes: ",
    "in_range": "always within its bounds: ",
}


def in_words(table: Table) -> str:
    """Every rule of a table as a list in Markdown, a line for each kind."""
    columns: dict[RuleKind, list[str]] = {}
    for rule in rules_of(table, is_expected=True):
        named = list(table.key) if rule.kind == "unique" else []
        columns.setdefault(rule.kind, []).extend([rule.column.name] if rule.column else named)
    return "\n".join(
        f"- {_IN_WORDS[kind]}{', '.join(f'`{name}`' for name in names)}"
        for kind, names in columns.items()
    )


def unaccounted_files(table: Table) -> str:
    """SELECT of the files for which rows in is not rows kept plus rows set aside."""
    kinds = ", ".join(f"'{kind}'" for kind in table.source_kinds)
    return (
        "SELECT source_id, n_rows_in, n_rows_stored, n_rows_with_reason FROM raw.source "
        f"LEFT JOIN (SELECT source_id, count(DISTINCT row_number) AS n_rows_stored FROM {table.full_name} "
        "GROUP BY source_id) USING (source_id) "
        "LEFT JOIN (SELECT source_id, sum(n_rows) AS n_rows_with_reason FROM raw.set_aside "
        "GROUP BY source_id) USING (source_id) "
        f"WHERE kind IN ({kinds}) AND (n_rows_in, n_rows_kept, n_rows_set_aside) IS DISTINCT FROM "
        "(coalesce(n_rows_stored, 0) + coalesce(n_rows_with_reason, 0), coalesce(n_rows_stored, 0), "
        "coalesce(n_rows_with_reason, 0))"
    )
