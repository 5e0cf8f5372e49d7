"""Which estimates are shown, and that the naive change equals what readers would compute."""

from __future__ import annotations

import pandas as pd
import pytest

from pipelines.disclosure.published_verdict import PublishedVerdict
from pipelines.disclosure.thresholds import WITHHELD_REASONS
from pipelines.released import making
from tests.disclosure.invented import SHARE, YEARS, Invented
from tests.unit.disclosure.made import CAN_WITHHOLD, after_the_gate, made, sides_of

(IMPACT,) = (table for table in CAN_WITHHOLD if table.name == "impact")
MEMBERS = tuple(range(1, 11))
CITY = dict.fromkeys(range(1, 21), 20)


def plant(con, **values: object) -> None:
    """Add a method that equals the headline except in some columns."""
    replaced = ", ".join(f"${name} AS {name}" for name in values)
    con.execute(
        f"INSERT INTO impact.estimate BY NAME SELECT * REPLACE ({replaced}) FROM impact.estimate",
        values,
    )


def worse(con) -> None:
    con.execute("UPDATE impact.estimate SET verdict = 'worse', verdict_reason = 'all alike'")


# ---------------------------------------------------------------------------------------- how many schools


@pytest.mark.parametrize("members", [MEMBERS[:9], MEMBERS, (*MEMBERS, 11)], ids=len)
def test_estimates_need_ten_schools_on_each_side(members):
    """Nine in the programme and eleven others, ten and ten, eleven and nine."""
    is_shown = len(members) == 10
    with made(CITY, members=members).store() as con:
        worse(con)
        plant(con, estimator="ancova", role="robustness", ci_low=0.5, ci_high=2.5, p_value=0.5)
        found = after_the_gate(con, "FROM released.impact ORDER BY role")
        said = con.execute(
            "SELECT n_shown, n_withheld FROM released.withheld WHERE released_table = 'impact'"
        ).fetchall()
    assert said == [(2, 0) if is_shown else (0, 2)]
    for row in found:
        reason = None if is_shown else "few_schools"
        status = "shown" if is_shown else "suppressed"
        assert (row["figure_status"], row["withheld_reason"]) == (status, reason)
        assert (row["estimate_low"] is not None) is is_shown
        # Neither the verdict nor its reason may reveal the suppressed estimate.
        told = ("worse", "all alike")
        withheld = ("cannot_tell", WITHHELD_REASONS["few_schools"])
        assert (row["verdict"], row["verdict_reason"]) == (told if is_shown else withheld)
        # Numbers of schools are not secret. Pupil counts are shown with an estimate only: 200
        # become 201, and the others are the authority's rounded 399 (400) minus these.
        assert row["n_programme_schools"] == len(members)
        n_pupils = [row[f"n_{side}_pupils"] for side in ("programme", "comparison")]
        assert n_pupils == ([201, 198] if is_shown else [None, None])
        if not is_shown:
            assert {row[name] for name in IMPACT.withheld} == {None}


@pytest.mark.parametrize("small", ["programme", "comparison"])
def test_an_estimate_with_few_pupils_on_one_side_is_withheld_with_its_counts(small):
    few, many = {1: 1, 2: 1, 3: 1}, {4: 20, 5: 20, 6: 20}
    with made(few | many, members=tuple(few if small == "programme" else many)).store() as con:
        worse(con)
        (row,) = after_the_gate(con, "FROM released.impact")
    counts = [count.column for count in IMPACT.pupil_counts]
    assert {row[name] for name in (*IMPACT.withheld, *counts)} == {None}
    reason = WITHHELD_REASONS["small_group"]
    assert (row["verdict"], row["verdict_reason"]) == ("cannot_tell", reason)


def test_where_there_is_no_estimate_nothing_is_withheld():
    """A method without an estimate gives its reason, however few the schools."""
    with made(CITY, members=MEMBERS[:2]).store() as con:
        con.execute(
            "UPDATE impact.estimate SET estimate_low = NULL, estimate_high = NULL, "
            "verdict_reason = 'too few schools'"
        )
        (row,) = after_the_gate(con, "FROM released.impact")
    assert (row["figure_status"], row["withheld_reason"]) == ("not_available", None)
    assert row["verdict_reason"] == "too few schools"
    # Its pupil counts are blank too; those of the sides are in `comparison`.
    assert row["n_programme_pupils"] is None


def test_zero_is_not_a_small_count():
    with made(CITY, members=MEMBERS).store() as con:
        con.execute(
            "UPDATE impact.estimate SET n_programme_pupils = 0, n_comparison_pupils = 0, estimate_low = NULL"
        )
        (row,) = after_the_gate(con, "FROM released.impact")
    assert (row["n_programme_pupils"], row["n_comparison_pupils"]) == (0, 0)


def test_estimates_of_what_is_public_by_school_are_shown_of_two_schools():
    with made({1: 20, 2: 21, 3: 22, 4: 23}, members=(1, 2)).store() as con:
        con.execute("UPDATE protocol.result_release SET is_published = true")
        (row,) = after_the_gate(con, "FROM released.impact")
    assert (row["figure_status"], row["estimate_low"]) == ("shown", 1.0)
    assert (row["n_programme_pupils"], row["n_comparison_pupils"]) == (41, 45)


@pytest.mark.parametrize("members", [MEMBERS[:9], MEMBERS], ids=len)
def test_a_withheld_figure_is_not_shown_as_a_change_either(members):
    day = pd.Timestamp("2018-10-02").date()
    before = PublishedVerdict(day, "gap", SHARE, "disadvantaged", YEARS[-1], "final", "better")
    with made(CITY, members=members).store() as con:
        worse(con)
        making.release(con, [before])
        found = con.execute("SELECT verdict_after FROM released.verdict_change").fetchall()
    assert found == ([("worse",)] if len(members) == 10 else [])


def test_the_range_of_leaving_out_a_school_is_rounded_outwards():
    with made(CITY, members=MEMBERS).store() as con:
        plant(
            con,
            estimator="leave_one_school_out",
            role="robustness",
            estimate_low=-0.0312,
            estimate_high=0.0571,
        )
        found = after_the_gate(con, "FROM released.impact WHERE estimator = 'leave_one_school_out'")
    assert [(row["estimate_low"], row["estimate_high"]) for row in found] == [(-0.04, 0.06)]


def test_only_the_headline_gives_degrees_of_freedom():
    with made(CITY, members=MEMBERS).store() as con:
        con.execute("UPDATE impact.estimate SET effective_df = 12.3")
        plant(con, estimator="ancova", role="robustness")
        found = after_the_gate(
            con, "SELECT role, effective_df IS NULL AS none FROM released.impact"
        )
    assert {row["role"]: row["none"] for row in found} == {"headline": False, "robustness": True}


# ------------------------------------------------------------------------------------------ the naive one


def moved(met_here: int = 10) -> Invented:
    """Of 20 pupils per school 10 met it last year (`met_here` in the programme), then 13 and 11."""
    study = made(CITY, members=MEMBERS)
    is_here = study.cells["school_id"] <= 7990010
    is_last, is_now = (study.cells["academic_year"] == year for year in YEARS[-2:])
    for of, n_met in (
        (is_here & is_last, met_here),
        (is_here & is_now, 13),
        (~is_here & is_now, 11),
    ):
        study.cells.loc[of, "mean"] = n_met / 20
    return study


def naive_of(study: Invented, **changes: object) -> dict[str, object]:
    """The naive estimate after the disclosure gate; unrounded it would be 0.10, from 0.05 to 0.15."""
    values = {"estimator": "change_since_last_year", "role": "naive"} | changes
    with study.store() as con:
        plant(con, **values, estimate_low=0.1, estimate_high=0.1, ci_low=0.05, ci_high=0.15)
        (row,) = after_the_gate(con, "FROM released.impact WHERE role = 'naive'")
    return row


def test_the_naive_estimate_is_the_difference_of_the_averages_that_are_shown():
    """The programme has 99 of 201 pupils last year (49%), then 129 (64%).

    The authority has 201 and then 243 of 399, so the others are 102 of 198 (52%), then 114 (58%).
    """
    (before, now) = (sides_of(moved(), year=year) for year in YEARS[-2:])
    levels = [side[arm]["mean"] for side in (before, now) for arm in ("programme", "rest")]
    assert levels == [0.49, 0.52, 0.64, 0.58]
    row = naive_of(moved())
    assert (row["estimate_low"], row["estimate_high"]) == (0.09, 0.09)
    # The interval shifts by the same hundredth.
    assert (row["ci_low"], row["ci_high"]) == (0.04, 0.14)


def test_the_naive_estimate_is_suppressed_with_a_withheld_average():
    """Last year none of the programme's pupils met it, so this year's change would reveal that."""
    row = naive_of(moved(met_here=0))
    assert (row["figure_status"], row["withheld_reason"]) == ("suppressed", "small_group")
    assert row["estimate_low"] is None


def test_against_schools_outside_the_area_the_averages_shown_are_not_its_own():
    study = moved()
    with study.store() as con:
        con.execute("UPDATE protocol.programme SET comparison_pool = 'matched'")
        plant(con, role="naive", estimate_low=0.1, estimate_high=0.1)
        (row,) = after_the_gate(con, "FROM released.impact WHERE role = 'naive'")
    assert row["estimate_low"] == 0.1
