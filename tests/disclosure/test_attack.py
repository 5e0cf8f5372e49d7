"""No suppressed figure, and no school that published tables omit, can be reconstructed from releases.

Tested for one release, for two releases of a study, for two studies of the same pupils, and with
other publications. `pipelines/disclosure/README.md` describes what the attacker knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipelines.released import making
from pipelines.released.reading import read_tables
from tests.disclosure import attacker
from tests.disclosure.attacker import Cell, Released, Sum, Truth, Unknown, counted, worked_out
from tests.disclosure.invented import AS_IN_A_CITY, SHARE, Invented, invent

SEEDS = range(24)
SCHOOLS_OF_A_CITY = (20, 60)
OUTCOME = "2017-18"


def released_of(con: duckdb.DuckDBPyConnection) -> Released:
    """Release a study, with what everybody knows about its schools."""
    making.release(con)
    sides: dict[tuple[str, str], frozenset[int]] = {}
    for programme, arm, schools in con.execute(
        "SELECT asked.programme, CASE WHEN member.school_id IS NULL THEN 'rest' ELSE 'programme' END AS arm, "
        "list(school.school_id) FROM protocol.programme AS asked CROSS JOIN mart.school AS school "
        "LEFT JOIN mart.exposure AS member ON member.programme = asked.programme AND member.is_outcome "
        "AND member.school_id = school.school_id WHERE is_local AND is_compared_kind "
        "AND (member.school_id IS NULL OR member.standing = 'under_way') GROUP BY ALL "
        "UNION ALL SELECT 'all', arm.arm, list(school_id) FROM mart.arm AS arm "
        "JOIN mart.school USING (school_id) WHERE is_local AND is_compared_kind GROUP BY ALL "
        "UNION ALL SELECT 'all', 'authority', list(school_id) FROM mart.school "
        "WHERE is_local AND is_compared_kind"
    ).fetchall():
        sides[programme, arm] = frozenset(schools)
    compared = {
        (programme, measure, "programme" if is_programme else "comparison"): frozenset(schools)
        for programme, measure, is_programme, schools in con.execute(
            "SELECT programme, measure, is_programme, list(school_id) FROM impact.compared_school "
            "WHERE reason = 'compared' GROUP BY ALL"
        ).fetchall()
    }
    return Released(read_tables(con), sides, compared)


def truths_of(con: duckdb.DuckDBPyConnection) -> Iterator[Truth]:
    """The truth for each group, year and share, over all releases; both groups of a gap together."""
    found: dict[tuple[str, str, str], dict[Cell, tuple[int, int]]] = {}
    for school, group, measure, year, status, n, mean in con.execute(
        "SELECT school_id, pupil_group, measure, academic_year, release_status, n_pupils, mean "
        "FROM mart.cell JOIN mart.school USING (school_id) JOIN protocol.measure USING (measure) "
        "WHERE value_status = 'value' AND n_pupils > 0 AND is_local AND is_compared_kind "
        "AND counts_pupils AND pupil_group IN ('sen_support', 'disadvantaged', 'not_disadvantaged') "
        "AND measure IN (SELECT measure FROM protocol.programme_measure) ORDER BY ALL"
    ).fetchall():
        about = "gap" if "disadvantaged" in group else group
        found.setdefault((about, measure, year), {})[Cell(school, group, measure, year, status)] = (
            int(n),
            round(n * mean),
        )
    yield from (Truth(cells) for cells in found.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_one_release_discloses_nothing(seed: int) -> None:
    with invent(seed).store() as con:
        release = released_of(con)
        for truth in truths_of(con):
            assert worked_out(truth, [release]) == []


@pytest.mark.parametrize("seed", range(12))
def test_a_study_of_a_city_discloses_nothing(seed: int) -> None:
    with invent(seed, SCHOOLS_OF_A_CITY, AS_IN_A_CITY).store() as con:
        release = released_of(con)
        for truth in truths_of(con):
            assert worked_out(truth, [release]) == []


def test_exact_counts_would_disclose_schools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same attack on unrounded counts succeeds, so the test can fail."""
    monkeypatch.setattr(attacker, "rounded", lambda n: (n, n))
    found = []
    for seed in range(12):
        with invent(seed).store() as con:
            release = released_of(con)
            exact = con.execute(
                "SELECT *, CAST(round(mean * n_pupils) AS BIGINT) AS n_meeting, 'shown' AS figure_status, "
                "'share' AS unit FROM impact.comparison WHERE measure = ?",
                [SHARE],
            ).df()
            none = {name: release.tables[name].iloc[:0] for name in ("impact", "revisions")}
            monkeypatch.setattr(Released, "_cells", _all_cells)
            bare = replace(release, tables={"comparison": exact, **none})
            found += [one for truth in truths_of(con) for one in worked_out(truth, [bare])]
    assert len(found) > 10


def _all_cells(of: Released, row: dict[str, object], truth: Truth) -> list[Cell]:
    schools = of.sides[str(row["programme"]), str(row["arm"])]
    return [c for c in truth.cells if c.school in schools and c[1:] == attacker._key(row)]


def three_pupils_moved(study: Invented, seed: int) -> Invented:
    """The outcome year in a later release: three pupils joined, left or got another result."""
    draw = np.random.default_rng(seed)
    cells = study.cells[study.cells["release_status"] != "revised"].copy()
    later = cells[(cells["academic_year"] == OUTCOME) & (cells["measure"] == SHARE)].copy()
    cells.loc[later.index, "release_status"] = "provisional"
    later["release_status"] = "revised"
    later["n_meeting"] = (later["mean"] * later["n_pupils"]).round()
    for place in draw.choice(later.index[later["n_pupils"] > 1], size=3, replace=False):
        came, met = draw.integers(0, 2, size=2)
        later.loc[place, "n_pupils"] += came
        later.loc[place, "n_meeting"] = min(
            later.loc[place, "n_meeting"] + met, later.loc[place, "n_pupils"]
        )
    later["mean"] = later["n_meeting"] / later["n_pupils"]
    both = pd.concat([cells, later.drop(columns="n_meeting")], ignore_index=True)
    return replace(study, cells=both)


def moves(release: Released, truth: Truth) -> dict[str, Sum]:
    """The change of each figure and of how many met the standard, later minus earlier."""
    found: dict[str, Sum] = {}
    for (programme, arm), schools in release.sides.items():
        for kind in ("n_pupils", "n_meeting"):
            of = {
                Unknown(kind, cell): 1 if cell.status == "revised" else -1
                for cell in truth.cells
                if cell.school in schools and cell.group == "disadvantaged"
            }
            if truth.sum(of):
                found[f"{kind} more of {programme} {arm}"] = of
    return found


@pytest.mark.parametrize("seed", range(6))
def test_two_releases_do_not_reveal_whose_results_changed(seed: int) -> None:
    """The second release differs by three pupils; comparing both does not reveal their results."""
    before = invent(seed, SCHOOLS_OF_A_CITY, AS_IN_A_CITY)
    both = three_pupils_moved(before, seed)
    first = replace(both, cells=both.cells[both.cells["release_status"] != "revised"])
    with first.store() as con:
        earlier = released_of(con)
    with both.store() as con:
        later = released_of(con)
        (truth,) = (
            truth
            for truth in truths_of(con)
            if {cell.year for cell in truth.cells} == {OUTCOME}
            and any(cell.group == "disadvantaged" for cell in truth.cells)
        )
        assert len({cell.status for cell in truth.cells}) == 2
        # The Department has not yet published either release by school.
        assert worked_out(truth, [earlier, later], moves(later, truth), outside=()) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_second_study_with_one_school_fewer_does_not_disclose_it(seed: int) -> None:
    study = invent(seed, SCHOOLS_OF_A_CITY, AS_IN_A_CITY)
    members = study.members
    dropped = members.groupby("programme").head(1)
    fewer = replace(study, members=members.drop(dropped.index))
    with study.store() as con:
        one = released_of(con)
        truths = list(truths_of(con))
    with fewer.store() as con:
        other = released_of(con)
    gone = set(dropped["school_id"])
    for truth in truths:
        secrets = {
            f"{kind} of {cell}": counted([cell], kind)
            for cell in truth.cells
            if cell.school in gone
            for kind in ("n_pupils", "n_meeting")
        }
        assert worked_out(truth, [one, other], secrets) == []
