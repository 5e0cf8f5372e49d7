"""The range of an average tells how schools spread: of few, or in a small study, it is withheld."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from pipelines.disclosure import door
from tests.disclosure.invented import MINIMUM, YEARS
from tests.unit.disclosure.test_few_schools import study_of

OF_PROGRAMME = "programme = 'gap' AND arm = 'programme' AND academic_year = ?"


def ranges_of(con: duckdb.DuckDBPyConnection) -> list[tuple[bool, bool, bool]]:
    """Of the programme's schools in the outcome year: is the average shown, its range, is this withheld."""
    door.release(con, MINIMUM)
    return con.execute(
        "SELECT mean IS NOT NULL, ci_low IS NOT NULL AND ci_high IS NOT NULL, is_interval_withheld "
        f"FROM released.comparison WHERE {OF_PROGRAMME}",
        [YEARS[-1]],
    ).fetchall()


@pytest.mark.parametrize(
    ("n_schools", "n_pupils", "is_shown"),
    [
        (20, 5, True),  # ten in the programme
        (18, 5, False),
        (18, 6, True),
        (16, 20, True),
    ],
)
def test_ranges_are_of_ten_schools_or_of_none_that_is_withheld(
    n_schools: int, n_pupils: int, is_shown: bool
) -> None:
    with study_of(n_schools, n_pupils).store() as con:
        assert ranges_of(con) == [(True, is_shown, not is_shown)]


@pytest.mark.parametrize(("n_pupils", "is_shown"), [(28, False), (30, True)])
def test_a_small_school_of_which_all_met_it_is_no_part_of_a_range(
    n_pupils: int, is_shown: bool
) -> None:
    study = study_of(18, n_pupils)
    is_one = (study.cells["school_id"] == 7990001) & (study.cells["academic_year"] == YEARS[-1])
    study.cells.loc[is_one, "mean"] = 1.0
    with study.store() as con:
        assert ranges_of(con) == [(True, is_shown, not is_shown)]


def test_a_range_is_shown_in_all_years_or_in_none() -> None:
    """The one without would tell that a school has few pupils in that year."""
    study = study_of(18)
    is_one = (study.cells["school_id"] == 7990001) & (study.cells["academic_year"] == YEARS[-2])
    study.cells.loc[is_one, "n_pupils"] = 4
    with study.store() as con:
        assert ranges_of(con) == [(True, False, True)]


def test_two_schools_have_no_range() -> None:
    """Each could take itself off."""
    study = study_of(16, 40)
    study.members = study.members.head(2)
    with study.store() as con:
        assert ranges_of(con) == [(True, False, True)]


def test_nothing_tells_one_school_from_two() -> None:
    """Of few pupils on SEN support not even how many schools they are in is said."""
    flags = set()
    for n_members in (1, 2):
        study = study_of(16, 40)
        study.members = study.members.head(n_members)
        with study.store() as con:
            door.release(con, MINIMUM)
            flags.add(
                con.execute(
                    f"SELECT is_interval_withheld FROM released.comparison WHERE {OF_PROGRAMME}",
                    [YEARS[-1]],
                ).fetchone()
            )
    assert flags == {(True,)}


@pytest.mark.parametrize(("n_schools", "is_shown"), [(31, False), (32, True)])
def test_ranges_go_with_what_few_schools_may_tell(n_schools: int, is_shown: bool) -> None:
    """Fewer than 16 schools for each of two programmes: no ranges, of a gap's other side neither."""
    study = study_of(n_schools, 5, ("gap", "more"))
    others = study.cells.assign(pupil_group="not_disadvantaged")
    study.cells = pd.concat([study.cells, others], ignore_index=True)
    with study.store() as con:
        assert ranges_of(con) == [(True, is_shown, not is_shown)] * 2
        said = con.execute(
            "SELECT n_shown, n_withheld FROM released.withheld "
            "WHERE released_table = 'comparison_interval'"
        ).fetchall()
    assert (said[0][0] > 0, said[0][1] > 0) == (is_shown, not is_shown)
