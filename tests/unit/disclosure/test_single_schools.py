"""Single schools' results: unnamed points, and the years of a case-study school."""

from __future__ import annotations

import pandas as pd
import pytest

from tests.disclosure.invented import POINTS, YEARS, Invented
from tests.unit.disclosure.made import after_the_gate, made, rows_of

MEMBERS = tuple(range(1, 11))
POINTS_SHOWN = "SELECT is_programme, baseline_mean, outcome_mean FROM released.school_point"
SAID = (
    "SELECT n_schools_shown, n_schools_withheld, reason FROM released.school_point_withheld "
    "ORDER BY measure"
)


def with_pupils(study: Invented, school: int, year: str, n: int) -> Invented:
    """The study with a different number of pupils in one school and year."""
    is_one = (study.cells["school_id"] == 7990000 + school) & (study.cells["academic_year"] == year)
    study.cells.loc[is_one, "n_pupils"] = n
    return study


def city(n: int = 20, **kwargs: object) -> Invented:
    return made(dict.fromkeys(range(1, 21), n), members=MEMBERS, **kwargs)


# --------------------------------------------------------------------------------------------- points


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize(("n", "n_withheld"), [(10, 0), (9, 1)])
def test_a_point_is_of_ten_pupils_or_more_in_every_year(year, n, n_withheld):
    study = with_pupils(city(), 3, year, n)
    assert len(rows_of(study, POINTS_SHOWN)) == 20 - n_withheld
    reason = "few pupils in a year" if n_withheld else None
    (said,) = rows_of(study, SAID)
    assert tuple(said.values()) == (20 - n_withheld, n_withheld, reason)


@pytest.mark.parametrize(
    ("n", "met", "shown"),
    [
        # One of ten changes a share by 0.1, one of 20 by 0.05, one of 40 by 0.025 (a step of 0.05).
        (10, 3, 0.3),
        (20, 7, 0.35),
        (40, 15, 0.4),
        # One of 30 changes it by 0.033: 16 of 30 are 0.533.
        (30, 16, 0.55),
        # One of 100 changes it by 0.01.
        (100, 37, 0.37),
        # One of 400 changes it by 0.0025, but charts use whole percentages: 149 of 400 are 0.3725.
        (400, 149, 0.37),
    ],
)
def test_a_share_is_rounded_to_what_one_pupil_moves_it_by(n, met, shown):
    study = city(n, met=dict.fromkeys(range(1, 21), met))
    found = rows_of(study, f"{POINTS_SHOWN} GROUP BY ALL ORDER BY is_programme")
    assert [tuple(row.values()) for row in found] == [(False, shown, shown), (True, shown, shown)]


def test_the_fewest_pupils_of_any_year_decide_what_it_is_rounded_to():
    study = city(40, met=dict.fromkeys(range(1, 21), 15))
    with_pupils(study, 1, YEARS[0], 10)
    found = rows_of(study, f"{POINTS_SHOWN} WHERE is_programme AND outcome_mean <> 0.4")
    # 0.375 is nearest to 0.4 by tenths too, but its own baseline is: all three years have it.
    assert found == []
    study.cells.loc[study.cells["school_id"] == 7990001, "mean"] = 0.34
    found = rows_of(study, f"{POINTS_SHOWN} WHERE is_programme AND outcome_mean <> 0.4")
    assert [row["outcome_mean"] for row in found] == [0.3]


@pytest.mark.parametrize(("n", "shown"), [(10, 5.0), (40, 4.0)])
def test_points_of_a_school_are_rounded_to_a_step_by_its_pupils(n, shown):
    """Progress runs from -30 to 30: with ten pupils the step is 5, with 40 it is 1."""
    found = rows_of(city(n, measure=POINTS, mean=4.2), f"{POINTS_SHOWN} GROUP BY ALL")
    assert {row["outcome_mean"] for row in found} == {shown}


def test_no_point_of_a_school_is_about_special_need():
    study = city(50, group="sen_support")
    assert rows_of(study, POINTS_SHOWN) == []
    (said,) = rows_of(study, SAID)
    assert (said["n_schools_shown"], said["n_schools_withheld"]) == (0, 20)
    assert "never shown by school" in str(said["reason"])


@pytest.mark.parametrize(("n", "is_shown"), [(6, True), (5, False)])
def test_points_of_what_is_public_are_as_published_from_the_minimum_up(n, is_shown):
    study = with_pupils(city(40, met=dict.fromkeys(range(1, 21), 15)), 3, YEARS[0], n)
    with study.store() as con:
        con.execute("UPDATE protocol.result_release SET is_published = true")
        # A figure for five pupils is not published, so the key stage is not public: a step of 0.05.
        found = after_the_gate(con, f"{POINTS_SHOWN} GROUP BY ALL")
        (said,) = after_the_gate(con, SAID)
    assert {row["outcome_mean"] for row in found} == {0.38 if is_shown else 0.4}
    assert said["n_schools_withheld"] == (0 if is_shown else 1)


# --------------------------------------------------------------------------------------- case studies

OWN = (
    "SELECT academic_year, figure_status, n_pupils, n_meeting, mean, ci_low, ci_high "
    "FROM released.case_study_result ORDER BY academic_year"
)


def told(study: Invented) -> Invented:
    study.told = pd.DataFrame([{"programme": "gap", "school_id": 7990003}])
    return study


def test_a_case_study_school_is_shown_without_counts():
    """Seven of 20 pupils, rounded to a twentieth."""
    study = told(city(met=dict.fromkeys(range(1, 21), 7)))
    assert [tuple(row.values()) for row in rows_of(study, OWN)] == [
        (year, "shown", None, None, 0.35, None, None) for year in YEARS
    ]


@pytest.mark.parametrize("year", YEARS)
def test_few_pupils_in_one_year_suppress_the_other_years(year):
    found = rows_of(with_pupils(told(city()), 3, year, 9), OWN)
    assert [tuple(row.values()) for row in found] == [(y, "suppressed", *[None] * 5) for y in YEARS]
    found = rows_of(with_pupils(told(city()), 3, year, 10), OWN)
    assert [row["figure_status"] for row in found] == ["shown"] * 3


def test_a_year_without_a_result_has_a_row_without_a_figure():
    study = told(city())
    is_one = study.cells["school_id"] == 7990003
    study.cells = study.cells[~(is_one & (study.cells["academic_year"] == YEARS[1]))]
    found = rows_of(study, OWN)
    assert [(row["figure_status"], row["mean"]) for row in found] == [
        ("shown", 0.5),
        ("not_available", None),
        ("shown", 0.5),
    ]


def test_no_school_result_is_by_special_need():
    study = told(city(50, group="sen_support"))
    study.told["programme"] = "send"
    assert rows_of(study, OWN) == []


def test_public_results_are_shown_with_their_counts():

    study = told(city(31, met=dict.fromkeys(range(1, 21), 12)))
    with study.store() as con:
        con.execute("UPDATE protocol.result_release SET is_published = true")
        found = after_the_gate(con, OWN)
    assert [(row["n_pupils"], row["n_meeting"], row["mean"]) for row in found] == [
        (31, 12, 0.39)
    ] * 3
    assert all(row["ci_low"] is not None for row in found)
