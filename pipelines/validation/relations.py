"""Rules between tables: one SELECT a rule in `relations/`, yielding the rows of a table that break it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.catalogue import (
    CASE_STUDIES,
    ELIGIBILITY,
    ENROLMENTS,
    EVALUATIONS,
    KS2_PUPILS,
    KS4_PUPILS,
    STATEMENTS,
    Table,
)
from pipelines.errors import Fault
from pipelines.store import require_pupils, row_count

FOLDER = Path(__file__).parent / "relations"


@dataclass(frozen=True)
class RelationRule:
    """A rule that rows of several tables have to keep; its SELECT stands in the file of its name.

    The SELECT reads `{table}` and yields source_id, row_number and what was found in `column`.
    """

    name: str
    needs: tuple[str, ...]
    column: str
    problem: str
    expected: str
    remedy: str


@dataclass(frozen=True)
class Relation:
    """A rule between tables; `table` is where a row that breaks it stands."""

    rule: RelationRule
    table: Table

    @property
    def name(self) -> str:
        """Unique among the relations."""
        return f"{self.table.name}_{self.rule.name}"

    @property
    def heading(self) -> str:
        """The heading of the column, as files write it."""
        column = self.table.column(self.rule.column)
        return column.headers[0] if column.headers else column.name

    @property
    def select(self) -> str:
        """The SELECT that yields the rows that break the rule."""
        template = (FOLDER / f"{self.rule.name}.sql").read_text(encoding="utf-8")
        return template.replace("{table}", self.table.full_name)


SCHOOL_IS_REGISTERED = RelationRule(
    "school_is_registered",
    needs=("school_register", "school_links", "published_outcome"),
    column="urn",
    problem="the school is in no register, so the row would be lost",
    expected="a URN that the school register (or, without one, the performance tables) lists with its "
    "establishment number, or that the links name",
    remedy="mend the URN, or fetch a register that holds the school",
)
PROGRAMME_IS_IN_PROTOCOL = RelationRule(
    "programme_is_in_protocol",
    needs=(),
    column="programme",
    problem="study.toml has no programme of that id",
    expected="the id of a [[programme]]",
    remedy="mend the id, or add the programme to study.toml",
)
_ABOUT_PROGRAMMES = (ENROLMENTS, ELIGIBILITY, EVALUATIONS, STATEMENTS, CASE_STUDIES)

# Inspections, reviews and the census are left out: such files cover schools of other authorities too.
RELATIONS: tuple[Relation, ...] = (
    *(
        Relation(SCHOOL_IS_REGISTERED, table)
        for table in (*_ABOUT_PROGRAMMES, KS2_PUPILS, KS4_PUPILS)
    ),
    *(Relation(PROGRAMME_IS_IN_PROTOCOL, table) for table in _ABOUT_PROGRAMMES),
)


def count_broken(con: duckdb.DuckDBPyConnection, relation: Relation) -> int:
    """How many rows break a relation. Raises StudyError if it reads pupil rows that are not kept."""
    require_pupils(con, relation.select)
    return row_count(con, f"({relation.select})")


def faults_of_relation(con: duckdb.DuckDBPyConnection, relation: Relation) -> Iterator[Fault]:
    """The faults behind a broken relation, in the order of the file."""
    for source_id, row, found in con.execute(
        f"SELECT source_id, row_number, found FROM ({relation.select}) ORDER BY 1, 2"
    ).fetchall():
        yield Fault(
            file=source_id,
            row=row,
            column=relation.heading,
            problem=relation.rule.problem,
            found=str(found),
            expected=relation.rule.expected,
            remedy=relation.rule.remedy,
        )
