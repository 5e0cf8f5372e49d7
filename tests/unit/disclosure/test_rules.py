"""The rules as SQL, tested against values computed by hand: classes of counts, steps of means."""

from __future__ import annotations

import math

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.catalogue import RELEASED_TABLES, Column
from pipelines.released import making, wording
from pipelines.study.measures import MEASURES
from tests.disclosure.invented import POINTS, SHARE
from tests.unit.disclosure.made import rules


@pytest.fixture(scope="module")
def con():
    with rules() as connection:
        yield connection


def said(con: duckdb.DuckDBPyConnection, expression: str, *values: object) -> object:
    ((found,),) = con.execute(f"SELECT {expression}", list(values)).fetchall()
    return found


@pytest.mark.parametrize(
    ("minimum_cell", "shown"),
    [
        # 0 to 5 become 3, 6 to 11 become 9, 12 to 17 become 15.
        (6, {0: 3, 1: 3, 5: 3, 6: 9, 11: 9, 12: 15, 17: 15, 18: 21, 99: 99, 101: 99, 102: 105}),
        (10, {1: 5, 5: 5, 6: 5, 9: 5, 10: 15, 11: 15, 12: 15, 19: 15, 20: 25}),
        # With an odd class size the middle belongs to the class: 5 to 9 become 7.
        (5, {4: 2, 5: 7, 6: 7, 9: 7, 10: 12, 11: 12, 12: 12}),
    ],
)
def test_a_count_is_the_middle_of_its_class(minimum_cell, shown):
    with rules(minimum_cell) as con:
        assert {n: said(con, "in_classes(?)", n) for n in shown} == shown
        # The middle of a class maps to itself, so a check can test for it.
        assert {n: said(con, "in_classes(?)", n) for n in shown.values()} == {
            n: n for n in shown.values()
        }


def test_half_a_pupil_is_counted_as_one(con):
    """A pupil at two schools counts half at each: 11.5 counts as 12."""
    assert said(con, "in_classes(?)", 11.5) == 15
    assert said(con, "in_classes(?)", 11.4) == 9


def test_zero_is_shown_as_zero_and_is_not_small(con):
    assert said(con, "rounded_count(0, ?)", SHARE) == 0
    assert {n: said(con, "are_few(?)", n) for n in (0, 1, 5, 6)} == {
        0: False,
        1: True,
        5: True,
        6: False,
    }


def test_counts_that_are_public_by_school_are_exact():
    with rules(public=["ks2"]) as con:
        assert said(con, "rounded_count(7, ?)", SHARE) == 7
        assert said(con, "rounded_count(7, 'ks4_attainment8')") == 9


@pytest.mark.parametrize(
    ("x", "step"),
    [
        (0.0051, 0.01),
        (0.02, 0.02),
        (0.021, 0.05),
        (0.05, 0.05),
        (0.051, 0.1),
        (0.1, 0.1),
        (1, 1),
        (1.2, 2),
        (3, 5),
        (7, 10),
        (100, 100),
    ],
)
def test_a_step_is_the_next_of_one_two_and_five(con, x, step):
    assert said(con, "step_from(?)", x) == pytest.approx(step)


@pytest.mark.parametrize(
    ("measure", "n", "step"),
    [
        # Half the scale of a share is 0.5: 0.5 / 21 = 0.0238.
        (SHARE, 21, 0.05),
        # 0.5 / 999 = 0.0005, but a share is printed as a whole percentage.
        (SHARE, 999, 0.01),
        # Progress runs from -30 to 30, half is 30: 30 / 105 = 0.286.
        (POINTS, 105, 0.5),
        # 30 / 999 = 0.03, and progress has one decimal.
        (POINTS, 999, 0.1),
        # Attainment 8 runs from 0 to 90: 45 / 201 = 0.224.
        ("ks4_attainment8", 201, 0.5),
        # Progress 8 runs from -6 to 6 with two decimals: 6 / 303 = 0.0198, 6 / 999 = 0.006.
        ("ks4_progress8", 303, 0.02),
        ("ks4_progress8", 999, 0.01),
    ],
)
def test_the_step_of_a_mean_depends_on_its_pupils(con, measure, n, step):
    assert said(con, "step_of_mean(?, ?)", measure, n) == pytest.approx(step)


@given(n=st.integers(1, 5000), measure=st.sampled_from([SHARE, POINTS, "ks4_attainment8"]))
def test_one_pupil_half_the_scale_away_moves_a_mean_by_less_than_its_step(con, n, measure):
    """Adding the pupil to n others changes the mean by half the scale over n + 1."""
    half_scale = (MEASURES[measure].high - MEASURES[measure].low) / 2
    assert half_scale / (n + 1) < said(con, "step_of_mean(?, ?)", measure, n)


@pytest.mark.parametrize(
    ("x", "step", "shown"),
    [
        (0.375, 0.05, 0.4),
        (-0.375, 0.05, -0.4),
        (0.374, 0.05, 0.35),
        (0.145, 0.01, 0.15),
        (4.2, 1, 4),
        (2.5, 5, 5),
        (-0.02, 0.05, 0),
    ],
)
def test_a_mean_is_rounded_to_its_step_and_halves_go_away_from_zero(con, x, step, shown):
    found = said(con, "to_step(?, ?)", x, step)
    assert found == shown
    assert math.copysign(1, found) == math.copysign(1, shown)


@pytest.mark.parametrize(
    ("group", "is_special"),
    [
        ("sen_support", True),
        ("ehc_plan", True),
        ("no_sen", True),
        ("disadvantaged", False),
        ("all", False),
    ],
)
def test_groups_of_special_need_are_never_public_by_school(con, group, is_special):
    assert said(con, "is_special_need(?)", group) is is_special


# ------------------------------------------------------------------------------- decimals printed


@pytest.mark.parametrize("measure", ["ks2_rwm_expected", "ks4_attainment8", "ks4_progress8"])
@given(value=st.floats(-80, 80) | st.integers(-200, 200).map(lambda n: n / 8))
def test_numbers_are_released_with_their_printed_decimals(con, measure, value):
    unit, decimals = MEASURES[measure].unit, MEASURES[measure].decimals
    column = Column("value", "number", "A result", decimals="measure")
    found = con.execute(
        f"SELECT {making.as_read(column)} FROM (SELECT ? AS measure, ? AS value)", [measure, value]
    ).fetchone()
    per_unit = 100 if unit == "share" else 1
    assert found == (pytest.approx(wording.rounded(value, unit, decimals) / per_unit, abs=1e-12),)
    assert not (found[0] == 0 and math.copysign(1, found[0]) < 0)


# Tables without pupils: confidence levels, simulations, protocol settings.
NOT_OF_PUPILS = {"study", "measure", "calibration"}


def test_every_released_number_has_its_decimals_declared():
    bare = [
        f"{table.name}.{column.name}"
        for table in RELEASED_TABLES
        for column in table.columns
        if column.kind == "number" and column.decimals is None and table.name not in NOT_OF_PUPILS
    ]
    assert bare == []


@pytest.mark.parametrize(("n_about", "within"), [(100, 0.04), (400, 0.01)])
def test_percentages_of_rounded_counts_are_mostly_as_accurate_as_the_page_says(n_about, within):
    """Within four points for about 100 pupils, within one for 400, in more than 8 of 10 cases."""

    def shown(n: int) -> int:
        return n // 6 * 6 + 3

    sides = [(n, met) for n in range(n_about - 5, n_about + 6) for met in range(6, n - 5)]
    of_programme = [abs(shown(met) / shown(n) - met / n) for n, met in sides]
    # The others are the authority minus a programme of 117 to 125 pupils, with 40 to 45 who met it.
    of_others = [
        abs((shown(met + m) - shown(m)) / (shown(n + k) - shown(k)) - met / n)
        for n, met in sides
        for m in range(40, 46)
        for k in range(117, 126)
    ]
    for off in (of_programme, of_others):
        assert sum(one <= within for one in off) > 0.8 * len(off)
