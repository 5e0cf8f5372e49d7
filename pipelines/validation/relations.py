"""Rules between tables: one SELECT a file in `relations/`, each yielding the rows that break it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.catalogue import ENROLMENTS, KS2_PUPILS, KS4_PUPILS, Table
from pipelines.errors import Fault
from pipelines.store import require_pupils, row_count

FOLDER = Path(__file__).parent / "relations"


@dataclass(frozen=True)
class Relation:
    """A rule between tables; `table` is where a row that breaks it stands.

    Its SELECT yields source_id, row_number and what was found there.
    """

    name: str
    table: Table
    needs: tuple[str, ...]
    column: str
    problem: str
    expected: str
    remedy: str

    @property
    def select(self) -> str:
        """The SELECT that yields the rows that break the rule."""
        return (FOLDER / f"{self.name}.sql").read_text(encoding="utf-8")


_IN_REGISTER = (
    "a URN that the school register (or, without one, the performance tables) lists with its "
    "establishment number"
)
_ADD_SCHOOL = "mend the URN, or fetch a register that holds the school"

RELATIONS: tuple[Relation, ...] = (
    Relation(
        "enrolled_school_is_registered",
        ENROLMENTS,
        needs=("school_register", "published_outcome"),
        column="urn",
        problem="the enrolled school is in no register",
        expected=_IN_REGISTER,
        remedy=_ADD_SCHOOL,
    ),
    Relation(
        "enrolled_programme_is_in_protocol",
        ENROLMENTS,
        needs=(),
        column="programme",
        problem="study.toml has no programme of that id",
        expected="the id of a [[programme]]",
        remedy="mend the id, or add the programme to study.toml",
    ),
    Relation(
        "ks2_pupil_school_is_registered",
        KS2_PUPILS,
        needs=("school_register",),
        column="URN",
        problem="the pupil's school is in no register",
        expected=_IN_REGISTER,
        remedy=_ADD_SCHOOL,
    ),
    Relation(
        "ks4_pupil_school_is_registered",
        KS4_PUPILS,
        needs=("school_register",),
        column="URN",
        problem="the pupil's school is in no register",
        expected=_IN_REGISTER,
        remedy=_ADD_SCHOOL,
    ),
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
            column=relation.column,
            problem=relation.problem,
            found=str(found),
            expected=relation.expected,
            remedy=relation.remedy,
        )
