"""Published results of the authority: which places they cover, and how neighbours are averaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors.fault import StudyError
from tests.tiny_study import PROTOCOL, Row, TinyStudy

FILE = "context.csv"
ABOUT = 'kind = "la_context"\nstatus = "final"\npublisher = "The statistics office"'
RWM_SEN = "NEW_KS2_RWM_Sen_W/Osta"
RWM_DISADVANTAGED = "DAP_NEW_KS2_RWM"
CONTEXT = '\n[authority_context]\nstatistical_neighbours = {}\nmodel = "May 2018"\n'


def lait(name: str, code: int, value: str, year: str = "2017") -> Row:
    return {
        "Short Desc": name,
        "Years": year,
        "LA and Regions": f"Place {code}",
        "Values": value,
        "LA Number": code,
    }


def study(folder: Path, rows: list[Row], neighbours: str = "[801, 802, 803]") -> TinyStudy:
    tiny = TinyStudy(folder)
    tiny.protocol = PROTOCOL + CONTEXT.format(neighbours)
    tiny.add(FILE, ABOUT, rows)
    return tiny


ROWS = [
    lait(RWM_SEN, 799, "8"),
    lait(RWM_SEN, 801, "10"),
    lait(RWM_SEN, 802, "21"),
    lait(RWM_SEN, 803, "-"),
    lait(RWM_SEN, 804, "90"),
    lait(RWM_SEN, 970, "16"),
    lait(RWM_SEN, 989, "15"),
    lait(RWM_DISADVANTAGED, 799, "-"),
    lait(RWM_DISADVANTAGED, 970, "40"),
    lait(RWM_SEN, 799, "9", "2012"),
    lait("KS2RWM_Expected_STD", 799, "55"),
]


def test_neighbours_are_averaged_plainly_over_those_with_a_figure(tmp_path: Path) -> None:
    """No other authority, region or year is included, and nothing if the authority has no figure."""
    with study(tmp_path, ROWS).released("released.authority_context") as con:
        found = con.execute(
            "SELECT measure, pupil_group, academic_year, place, n_places, n_places_listed, model, "
            "round(value, 6), publisher FROM released.authority_context"
        ).fetchall()
    who = ("ks2_rwm_expected", "sen_support", "2016-17")
    by = "The statistics office"
    # 15.5 rounds up to a whole percentage.
    assert found == [
        (*who, "authority", 1, 1, None, 0.08, by),
        (*who, "statistical_neighbours", 2, 3, "May 2018", 0.16, by),
        (*who, "england", 1, 1, None, 0.16, by),
    ]


def test_the_most_final_of_two_releases_is_used_for_all_places(tmp_path: Path) -> None:
    rows = [
        lait(RWM_SEN, 799, "8", "2017 (prov)"),
        lait(RWM_SEN, 970, "15", "2017 (prov)"),
        lait(RWM_SEN, 799, "9"),
        lait(RWM_SEN, 970, "16"),
    ]
    with study(tmp_path, rows).released("released.authority_context") as con:
        found = con.execute(
            "SELECT place, release_status, value FROM released.authority_context"
        ).fetchall()
    assert found == [("authority", "final", 0.09), ("england", "final", 0.16)]


def test_without_a_list_of_neighbours_there_is_the_authority_and_england(tmp_path: Path) -> None:
    tiny = TinyStudy(tmp_path)
    tiny.add(FILE, ABOUT, ROWS)
    with tiny.released("released.authority_context") as con:
        found = con.execute("SELECT place FROM released.authority_context").fetchall()
    assert found == [("authority",), ("england",)]


@pytest.mark.parametrize(
    ("neighbours", "problem"),
    [
        ("[801, 799]", "799 is the study's own authority"),
        ("[801, 801]", "801 is listed twice"),
    ],
)
def test_impossible_lists_of_neighbours_are_refused(
    tmp_path: Path, neighbours: str, problem: str
) -> None:
    with pytest.raises(StudyError) as raised:
        study(tmp_path, ROWS, neighbours).write()
    assert [fault.problem for fault in raised.value.faults] == [problem]


def test_neighbours_without_a_file_of_results_are_refused(tmp_path: Path) -> None:
    tiny = TinyStudy(tmp_path)
    tiny.protocol = PROTOCOL + CONTEXT.format("[801]")
    with pytest.raises(StudyError) as raised:
        tiny.write()
    (fault,) = raised.value.faults
    assert fault.problem == (
        "the study names statistical neighbours and has no file with their results"
    )


def test_the_figures_of_the_group_that_a_programme_is_for_are_shown(tmp_path: Path) -> None:
    query = "SELECT DISTINCT pupil_group FROM released.authority_context ORDER BY ALL"
    for target, groups in (("disadvantaged", ["sen_support"]), ("all", ["all", "sen_support"])):
        folder = tmp_path / target
        folder.mkdir()
        tiny = study(folder, ROWS)
        tiny.protocol = tiny.protocol.replace(
            'target_group = "disadvantaged"', f'target_group = "{target}"'
        )
        with tiny.released("released.authority_context") as con:
            assert [group for (group,) in con.execute(query).fetchall()] == groups
