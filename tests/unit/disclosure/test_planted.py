"""The disclosure gate's checks count faults planted in every table that can withhold."""

from __future__ import annotations

from typing import get_args

import pytest

from pipelines.catalogue import Table
from pipelines.catalogue.vocabulary import FigureStatus
from pipelines.disclosure import gate
from tests.disclosure.invented import SHARE
from tests.unit.disclosure.made import CAN_WITHHOLD, fill, row_of, rules

of_every_table = pytest.mark.parametrize("table", CAN_WITHHOLD, ids=lambda table: table.name)


@pytest.fixture(scope="module")
def con():
    """A store with the rules: classes of six, no public results."""
    with rules() as connection:
        for table in CAN_WITHHOLD:
            connection.execute(table.ddl())
        yield connection


def small(con, table: Table, **values: object) -> int:
    """Count small rows among two, one of which is correct."""
    fill(con, table.full_name, [row_of(table), row_of(table, **values)])
    return gate.count_small(con, table.name)


def unrounded(con, table: Table, **values: object) -> int:
    """Count exact rows among two, one of which is correct."""
    fill(con, table.full_name, [row_of(table), row_of(table, **values)])
    return gate.count_unrounded(con, table.name)


def has(table: Table, *names: str) -> bool:
    return set(names) <= {column.name for column in table.columns}


@of_every_table
def test_a_row_as_it_should_be_is_not_counted(con, table):
    assert small(con, table) == 0
    assert unrounded(con, table) == 0


@of_every_table
def test_a_small_count_is_counted(con, table):
    for count in table.pupil_counts:
        # 0 and 6 are not small; 1 to 5 are, including 3, the middle of their class.
        met = {"n_meeting": None} if has(table, "n_meeting") else {}
        found = {n: small(con, table, **met | {count.column: n}) for n in (0, 1, 3, 5, 6)}
        assert found == {0: 0, 1: 1, 3: 1, 5: 1, 6: 0}


@of_every_table
def test_an_exact_count_is_counted(con, table):
    for count in table.pupil_counts:
        # 9 is the middle of a class, 6 the difference of two middles; the others are exact.
        found = {n: unrounded(con, table, **{count.column: n}) for n in (0, 6, 8, 9, 10, 101)}
        exact = 0 if count.is_published else 1
        assert found == {0: 0, 6: 0, 8: exact, 9: 0, 10: exact, 101: exact}


@of_every_table
def test_a_figure_of_a_row_that_is_withheld_is_counted(con, table):
    if not table.headline:
        assert table.name == "programme"
        return
    blank = dict.fromkeys((*table.withheld, *(count.column for count in table.pupil_counts)))
    assert small(con, table, figure_status="suppressed", **blank) == 0
    for name in table.withheld:
        shown = row_of(table)[name]
        assert shown is not None
        assert small(con, table, figure_status="suppressed", **blank | {name: shown}) == 1, name


@of_every_table
def test_a_status_that_the_headline_figure_contradicts_is_counted(con, table):
    """In every table with a status, exactly the rows with a headline figure are shown."""
    if not table.headline:
        assert gate.count_misstated(con, table.name) == 0
        return
    blank = dict.fromkeys((*table.withheld, *(count.column for count in table.pupil_counts)))
    found = {}
    for status in (*get_args(FigureStatus), "hidden", None):
        for has_figure, figures in ((True, {}), (False, blank)):
            row = row_of(table, figure_status=status, **figures)
            fill(con, table.full_name, [row_of(table), row])
            found[status, has_figure] = gate.count_misstated(con, table.name)
    right = {("shown", True), ("suppressed", False), ("not_available", False)}
    assert {case for case, n in found.items() if n == 0} == right
    assert set(found.values()) == {0, 1}


@of_every_table
@pytest.mark.parametrize(("n_meeting", "is_small"), [(5, 1), (6, 0), (93, 0), (94, 1), (None, 0)])
def test_nearly_none_or_nearly_all_is_counted(con, table, n_meeting, is_small):
    """Of 99 pupils."""
    if has(table, "n_meeting"):
        assert small(con, table, n_meeting=n_meeting) == is_small


@of_every_table
@pytest.mark.parametrize("group", ["sen_support", "ehc_plan", "no_sen"])
def test_special_need_in_two_schools_is_counted(con, table, group):
    if has(table, "n_schools", "pupil_group"):
        (count, *_) = (count.column for count in table.pupil_counts)
        assert small(con, table, pupil_group=group, n_schools=2) == 1
        assert small(con, table, pupil_group=group, n_schools=3) == 0
        assert small(con, table, pupil_group=group, n_schools=2, **{count: None}) == 0
        assert small(con, table, pupil_group="disadvantaged", n_schools=2) == 0


@of_every_table
def test_of_what_is_public_nothing_is_counted(table):
    if not has(table, "measure"):
        return
    with rules(public=["ks2"]) as con:
        con.execute(table.ddl())
        for count in table.pupil_counts:
            assert small(con, table, **{count.column: 5}) == 0
            assert unrounded(con, table, **{count.column: 5}) == 0
            # In another key stage, which is not public, it is small.
            assert small(con, table, measure="ks4_attainment8", **{count.column: 5}) == 1


def test_the_checks_use_the_study_s_minimum():
    (table,) = (table for table in CAN_WITHHOLD if table.name == "attrition")
    with rules(10) as con:
        con.execute(table.ddl())
        for n, found in ((9, (1, 1)), (10, (0, 0)), (15, (0, 0)), (16, (0, 1))):
            fill(con, table.full_name, [row_of(table, n_pupils=n, measure=SHARE)])
            assert (
                gate.count_small(con, table.name),
                gate.count_unrounded(con, table.name),
            ) == found
