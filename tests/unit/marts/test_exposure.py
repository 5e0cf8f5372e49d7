"""A programme school's position on the test date, computed by hand from its dates."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from pipelines import marts
from pipelines.catalogue import EXPOSURE, PROGRAMME_SCHOOL
from pipelines.protocol.tables import write_protocol
from pipelines.store import store
from tests.tiny_study import ALDER, TinyStudy

NOT_YET, UNDER_WAY, LEFT = "not_started", "under_way", "left"


def exposed(
    folder: Path, start: str | None, left_on: str | None = None, *, has_left: bool | None = None
) -> list[tuple[str, str, bool, int | None]]:
    """Year, standing, is_touched and n_terms of a school in the years of the tiny study."""
    tiny = TinyStudy(folder)
    with closing(duckdb.connect()) as con:
        for schema in store.SCHEMAS:
            con.execute(f"CREATE SCHEMA {schema}")
        write_protocol(con, tiny.write(), "0")
        con.execute(PROGRAMME_SCHOOL.ddl())
        con.execute(
            "INSERT INTO mart.programme_school BY NAME SELECT 'gap' AS programme, ? AS school_id, "
            "CAST(? AS DATE) AS start_date, CAST(? AS DATE) AS left_on, ? AS has_left, "
            "false AS is_placebo",
            [ALDER, start, left_on, bool(left_on) if has_left is None else has_left],
        )
        assert marts.build(con, EXPOSURE) == 2
        return con.execute(
            "SELECT academic_year, standing, is_touched, n_terms FROM mart.exposure ORDER BY 1"
        ).fetchall()


@pytest.mark.parametrize(
    ("start", "n_terms"),
    [
        ("2017-09-04", 3),
        ("2017-08-21", 3),  # the holidays before the autumn term
        ("2017-12-20", 3),
        ("2018-01-08", 2),
        ("2018-03-29", 2),
        ("2018-04-16", 1),
        ("2018-05-15", 1),
        ("2018-05-16", 0),  # too late for the tests
        ("2018-09-03", 0),
        ("2016-11-07", 6),
        ("2017-07-20", 4),  # the summer term of the year before, after its tests
        (None, None),
    ],
)
def test_terms_of_support_before_the_tests(tmp_path, start, n_terms):
    (_, _, _, before), (_, _, _, outcome) = exposed(tmp_path, start)
    assert outcome == n_terms
    earlier = None if n_terms is None else max(n_terms - 3, 0)
    assert before == (0 if start == "2017-07-20" else earlier)


@pytest.mark.parametrize(
    ("start", "left_on", "before", "outcome"),
    [
        # It started after last year's tests, so last year is a baseline year.
        ("2017-09-04", None, (NOT_YET, False), (UNDER_WAY, True)),
        ("2017-05-16", None, (NOT_YET, False), (UNDER_WAY, True)),
        # It started on the day of last year's tests, so last year is not.
        ("2017-05-15", None, (UNDER_WAY, True), (UNDER_WAY, True)),
        ("2015-09-07", None, (UNDER_WAY, True), (UNDER_WAY, True)),
        # After this year's tests.
        ("2018-09-10", None, (NOT_YET, False), (NOT_YET, False)),
        # Left before this year's tests, on their day (still there), and in an earlier school year.
        ("2017-09-04", "2018-05-14", (NOT_YET, False), (LEFT, True)),
        ("2017-09-04", "2018-05-15", (NOT_YET, False), (UNDER_WAY, True)),
        ("2015-09-07", "2016-07-20", (LEFT, False), (LEFT, False)),
        ("2015-09-07", "2017-03-01", (LEFT, True), (LEFT, False)),
        # A programme without dates is assumed to start between baseline and outcome years.
        (None, None, (NOT_YET, False), (UNDER_WAY, True)),
    ],
)
def test_membership_status_on_the_day_of_the_tests(tmp_path, start, left_on, before, outcome):
    found = exposed(tmp_path, start, left_on)
    assert [(standing, touched) for _, standing, touched, _ in found] == [before, outcome]


def test_terms_end_when_a_school_leaves(tmp_path):
    # Autumn 2016 to spring 2017: two terms by the tests of 2017, and no more by those of 2018.
    found = exposed(tmp_path, "2016-11-07", "2017-03-01")
    assert [terms for *_, terms in found] == [2, 2]


def test_a_school_withdrawn_without_a_date_had_left_before_the_tests(tmp_path):
    found = exposed(tmp_path, "2017-09-04", has_left=True)
    assert [standing for _, standing, *_ in found] == [NOT_YET, LEFT]
    assert [terms for *_, terms in found] == [0, None]
