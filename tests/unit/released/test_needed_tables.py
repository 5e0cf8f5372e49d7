"""A store with only the tables that a SELECT needs holds the same rows as one with all tables."""

from __future__ import annotations

import pytest

from tests.needed_tables import needed_for
from tests.tiny_study import CLAIMS, TinyStudy
from tests.unit.disclosure.test_released_tables import CASE, FORM, STATEMENT, SUPPORT

NAMES = (
    "statements",
    "evaluation_summary",
    "claims",
    "programme",
    "school_count",
    "comparison",
)


def told(parent) -> TinyStudy:
    tiny = TinyStudy(parent)
    tiny.protocol += CLAIMS
    tiny.add("s.csv", 'kind = "statements"', [STATEMENT])
    tiny.add("c.csv", 'kind = "case_studies"', [CASE])
    tiny.add("t.csv", 'kind = "case_study_support"', [SUPPORT])
    tiny.add("f.csv", 'kind = "evaluations"', [FORM])
    return tiny


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    with told(tmp_path_factory.mktemp("whole")).released() as con:
        yield con


@pytest.mark.parametrize("name", NAMES)
def test_it_has_the_rows_of_a_whole_store(tmp_path, whole, name: str):
    select = f"FROM released.{name} ORDER BY ALL"
    found = whole.execute(select).fetchall()
    assert found
    assert told(tmp_path).rows(select) == found


def test_a_statement_needs_no_estimate_and_an_estimate_every_mart():
    assert not any(name.startswith("impact.") for name in needed_for(["released.statements"]))
    assert {"mart.cell", "mart.arm", "impact.matched_school"} <= needed_for(["released.impact"])
