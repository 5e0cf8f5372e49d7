"""No suppressed figure, and no school that published tables omit, can be reconstructed from releases.

Tested for one release, for two releases of a study, for two studies of the same pupils, and with
other publications. `pipelines/disclosure/README.md` describes what the attacker knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import duckdb
import numpy as np
import pandas as pd
import pytest

from pipelines.released import making
from pipelines.released.reading import read_tables
from tests.disclosure import attacker
from tests.disclosure.attacker import Cell, Released, Sum, Truth, Unknown, counted, worked_out
from tests.disclosure.invented import AS_IN_A_CITY, SHARE, Invented, invent
from tests.evaluated import Evaluated

# In all but one of these, exact counts would give something away. `make attack` attacks a hundred more.
SMALL = (1, 2, 4, 5, 6, 7, 9, 10, 13, 14, 15, 17, 21)
NOTHING_TO_FIND = {2}
# Of a city's size, those with most withheld.
CITIES = (0, 4, 5, 9, 10)
# Of a city's size, in which two exact releases would tell whose results changed.
CHANGED = (0, 1, 4, 5)
SCHOOLS_OF_A_CITY = (20, 60)
OUTCOME = "2017-18"


def released_of(con: duckdb.DuckDBPyConnection) -> Released:
    """Release a study, with what everybody knows about its schools."""
    making.release(con)
    return as_known(con)


def as_known(con: duckdb.DuckDBPyConnection) -> Released:
    """A released study's tables, with what everybody knows about its schools."""
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


@dataclass(frozen=True)
class Published:
    """What becomes of a study: its release, the same figures before the gate, and the truth."""

    released: Released
    exact: Released
    truths: tuple[Truth, ...]


# The attribute of `Published` that the attacker reads.
Form = Literal["released", "exact"]


def published(study: Invented) -> Published:
    """Neither rounded nor suppressed are the exact figures: the tests without the rules read them."""
    with study.store() as con:
        release, truths = released_of(con), tuple(truths_of(con))
        exact = con.execute(
            "SELECT *, CAST(round(mean * n_pupils) AS BIGINT) AS n_meeting, 'shown' AS figure_status, "
            "'share' AS unit FROM impact.comparison WHERE measure = ?",
            [SHARE],
        ).df()
    none = {name: release.tables[name].iloc[:0] for name in ("impact", "revisions")}
    return Published(release, replace(release, tables={"comparison": exact, **none}), truths)


@cache
def small(seed: int) -> Published:
    """A study of 6 to 16 schools."""
    return published(invent(seed))


@cache
def city(seed: int) -> Published:
    """A study of 20 to 60 schools."""
    return published(invent(seed, SCHOOLS_OF_A_CITY, AS_IN_A_CITY))


@pytest.mark.parametrize("seed", SMALL)
def test_one_release_discloses_nothing(seed: int) -> None:
    study = small(seed)
    for truth in study.truths:
        assert worked_out(truth, [study.released]) == []


@pytest.mark.parametrize("seed", CITIES)
def test_a_study_of_a_city_discloses_nothing(seed: int) -> None:
    study = city(seed)
    for truth in study.truths:
        assert worked_out(truth, [study.released]) == []


@pytest.mark.parametrize("kind", ["average", "range"])
def test_the_example_shows_averages_of_programmes_and_their_ranges(
    example: Evaluated, kind: str
) -> None:
    """A gate that withheld everything would pass every attack; nine in ten must be shown."""
    comparison = pd.read_csv(example.current / "released" / "comparison.csv")
    of_programmes = comparison[comparison["programme"] != "all"]
    columns = {"average": ["n_pupils", "mean"], "range": ["ci_low", "ci_high"]}[kind]
    assert len(of_programmes) >= 90
    assert of_programmes[columns].notna().all(axis=1).mean() >= 0.9


def test_the_example_discloses_nothing(example: Evaluated) -> None:
    n_withheld = 0
    with duckdb.connect(str(example.paths.store), read_only=True) as con:
        release = as_known(con)
        for truth in truths_of(con):
            n_withheld += len(list(release.withheld(truth)))
            assert worked_out(truth, [release]) == []
    assert n_withheld > 0


def three_pupils_moved(study: Invented, seed: int) -> Invented:
    """The outcome year in two releases: in three schools a disadvantaged pupil joins or leaves."""
    draw = np.random.default_rng(seed)
    cells = study.cells[study.cells["release_status"] != "revised"].copy()
    # All measures, because a year's release is used for all of them.
    is_outcome = cells["academic_year"] == OUTCOME
    cells.loc[is_outcome, "release_status"] = "provisional"
    later = cells[is_outcome].assign(release_status="revised")
    of_schools = study.schools.loc[~study.schools["is_special"], "school_id"]
    may_move = later[
        later["school_id"].isin(of_schools)
        & (later["measure"] == SHARE)
        & (later["pupil_group"] == "disadvantaged")
        & (later["n_pupils"] > 1)
    ]
    for place in draw.choice(may_move.index, size=3, replace=False):
        n = later.loc[place, "n_pupils"]
        met = round(later.loc[place, "mean"] * n) + int(draw.integers(-1, 2))
        n += int(draw.choice([-1, 1]))
        later.loc[place, ["n_pupils", "mean"]] = n, min(max(met, 0), n) / n
    return replace(study, cells=pd.concat([cells, later], ignore_index=True))


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


@cache
def two_releases(seed: int) -> tuple[Published, Published]:
    """A study before and after three pupils moved; the later one knows both truths."""
    both = three_pupils_moved(invent(seed, SCHOOLS_OF_A_CITY, AS_IN_A_CITY), seed)
    first = replace(both, cells=both.cells[both.cells["release_status"] != "revised"])
    return published(first), published(both)


def disclosed_by_two_releases(seed: int, form: Form, *, knows_totals: bool) -> list[str]:
    """What two releases disclose of the pupils they differ by.

    The Department has not yet published either of them by school.
    """
    first, both = two_releases(seed)
    (truth,) = (
        truth
        for truth in both.truths
        if {cell.year for cell in truth.cells} == {OUTCOME}
        and any(cell.group == "disadvantaged" for cell in truth.cells)
    )
    earlier, later = getattr(first, form), getattr(both, form)
    assert len({cell.status for cell in truth.cells}) == 2
    for release, status in ((earlier, "provisional"), (later, "revised")):
        assert status in set(release.tables["comparison"]["release_status"])
    moved = moves(later, truth)
    assert moved
    outside = list(attacker.totals(truth)) if knows_totals else []
    return worked_out(truth, [earlier, later], moved, outside=outside)


@cache
def one_school_fewer(seed: int) -> tuple[Published, frozenset[int]]:
    """A second study of a city, with one school fewer in each programme; and those schools."""
    study = invent(seed, SCHOOLS_OF_A_CITY, AS_IN_A_CITY)
    dropped = study.members.groupby("programme").head(1)
    fewer = replace(study, members=study.members.drop(dropped.index))
    return published(fewer), frozenset(dropped["school_id"])


def disclosed_by_two_studies(seed: int, form: Form) -> list[str]:
    """What a second study with one school fewer in each programme discloses of these schools."""
    one, (other, gone) = city(seed), one_school_fewer(seed)
    found = []
    for truth in one.truths:
        secrets = {
            f"{kind} of {cell}": counted([cell], kind)
            for cell in truth.cells
            if cell.school in gone
            for kind in ("n_pupils", "n_meeting")
        }
        found += worked_out(truth, [getattr(one, form), getattr(other, form)], secrets)
    return found


@pytest.mark.parametrize("knows_totals", [False, True])
@pytest.mark.parametrize("seed", CHANGED)
def test_two_releases_do_not_reveal_whose_results_changed(seed: int, knows_totals: bool) -> None:
    """The second release differs by three pupils; comparing both does not reveal their results."""
    assert disclosed_by_two_releases(seed, "released", knows_totals=knows_totals) == []


@pytest.mark.parametrize("seed", CITIES[:4])
def test_a_second_study_with_one_school_fewer_does_not_disclose_it(seed: int) -> None:
    assert disclosed_by_two_studies(seed, "released") == []


# ------------------------------------------------------------------------------------- without the rules


@pytest.fixture
def is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    """The attacker reads every count as exact, and of all schools."""
    monkeypatch.setattr(attacker, "rounded", lambda n: (n, n))
    monkeypatch.setattr(Released, "_cells", _all_cells)


def _all_cells(of: Released, row: dict[str, object], truth: Truth) -> list[Cell]:
    schools = of.sides[str(row["programme"]), str(row["arm"])]
    return [c for c in truth.cells if c.school in schools and c[1:] == attacker._key(row)]


@pytest.mark.usefixtures("is_exact")
@pytest.mark.parametrize("seed", SMALL)
def test_exact_counts_would_disclose_schools(seed: int) -> None:
    """The same attack on exact counts succeeds, so the test can fail; so do the two below."""
    study = small(seed)
    found = [one for truth in study.truths for one in worked_out(truth, [study.exact])]
    assert bool(found) == (seed not in NOTHING_TO_FIND)


@pytest.mark.usefixtures("is_exact")
@pytest.mark.parametrize("knows_totals", [False, True])
@pytest.mark.parametrize("seed", CHANGED)
def test_two_exact_releases_would_reveal_whose_results_changed(
    seed: int, knows_totals: bool
) -> None:
    """The attacker does not use counts that are a multiple of six: in some other studies it finds nothing."""
    assert disclosed_by_two_releases(seed, "exact", knows_totals=knows_totals)


@pytest.mark.usefixtures("is_exact")
@pytest.mark.parametrize("seed", CITIES[:4])
def test_a_second_study_with_exact_counts_would_disclose_the_school(seed: int) -> None:
    assert disclosed_by_two_studies(seed, "exact")
