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


@pytest.mark.parametrize(("n_schools", "is_shown"), [(20, True), (18, False)])
def test_ranges_are_of_ten_schools_or_more(n_schools: int, is_shown: bool) -> None:
    """Half of the schools are in the programme."""
    with study_of(n_schools).store() as con:
        assert ranges_of(con) == [(True, is_shown, not is_shown)]


def test_a_range_is_shown_in_all_years_or_in_none() -> None:
    study = study_of(20)
    is_one = (study.cells["school_id"] == 7990001) & (study.cells["academic_year"] == YEARS[-2])
    study.cells = study.cells[~is_one]
    with study.store() as con:
        assert ranges_of(con) == [(True, False, True)]


def test_no_range_stands_beside_a_figure_that_is_withheld() -> None:
    """None of twenty pupils met it in the year before: ranges of other years would close in on that."""
    study = study_of(20)
    is_few = (study.cells["school_id"] % 2 == 1) & (study.cells["academic_year"] == YEARS[-2])
    study.cells.loc[is_few, ["n_pupils", "mean"]] = [2, 0.0]
    with study.store() as con:
        assert ranges_of(con) == [(True, False, True)]
        assert con.execute(
            "SELECT count(*) FROM released.comparison WHERE suppressed AND academic_year = ?",
            [YEARS[-2]],
        ).fetchone() > (0,)


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
