"""Which outcome years of a school count, by when its programmes were under way there."""

from __future__ import annotations

import pytest

from pipelines.store import store
from tests.tiny_study import ALDER, BIRCH, TinyStudy, ks2_pupil

BOTH = 'outcome_years = ["2016-17", "2017-18"]\nbaseline_years = ["2015-16"]'


def two_years(tmp_path, *enrolments: tuple[str, int, str]) -> TinyStudy:
    """The tiny study with its baseline year as an outcome year, and one earlier year."""
    tiny = TinyStudy(tmp_path)
    tiny.protocol = tiny.protocol.replace(
        'outcome_year = "2017-18"\nbaseline_years = ["2016-17"]', BOTH
    ).replace("starts = 2018-01-08\n", "")
    tiny.add(
        "ks2_2016.csv",
        'kind = "ks2_pupils"\nacademic_year = "2015-16"\nstatus = "final"',
        [ks2_pupil(900001, 2001, "Y1"), ks2_pupil(900002, 2002, "Y2")],
    )
    tiny.tables["enrolments.csv"] = [
        {"programme": programme, "urn": urn, "start_date": start}
        for programme, urn, start in enrolments
    ]
    return tiny


def counted(tiny: TinyStudy, school: int) -> dict[str, bool]:
    with tiny.marts() as con:
        return dict(
            con.execute(
                "SELECT DISTINCT academic_year, is_outcome FROM mart.outcome "
                "WHERE school_id = ? AND NOT is_baseline ORDER BY 1",
                [school],
            ).fetchall()
        )


@pytest.mark.parametrize(
    ("enrolments", "years"),
    [
        ([("gap", 900011, "2016-09-05")], {"2016-17": True, "2017-18": True}),
        ([("gap", 900011, "2017-09-04")], {"2016-17": False, "2017-18": True}),
        # Under way in no outcome year: it is on no side of this comparison, and a year is a year.
        ([("gap", 900011, "2018-09-04")], {"2016-17": True, "2017-18": True}),
        # Of two programmes the later decides.
        (
            [("gap", 900011, "2016-09-05"), ("send", 900011, "2017-09-04")],
            {"2016-17": False, "2017-18": True},
        ),
        # A programme that is not evaluated decides nothing.
        ([("network", 900011, "2017-09-04")], {"2016-17": True, "2017-18": True}),
    ],
)
def test_a_school_counts_from_its_first_year_under_way(tmp_path, enrolments, years):
    assert counted(two_years(tmp_path, *enrolments), ALDER) == years


def test_a_school_in_no_programme_counts_in_every_outcome_year(tmp_path):
    tiny = two_years(tmp_path, ("gap", 900011, "2017-09-04"))
    assert counted(tiny, BIRCH) == {"2016-17": True, "2017-18": True}


@pytest.mark.parametrize(
    ("start", "left", "judged"),
    [
        ("2016-09-05", "", ("2017-18", "under_way")),
        ("2017-09-04", "", ("2017-18", "under_way")),
        ("2016-09-05", "2017-07-20", ("2016-17", "under_way")),
        ("2018-09-04", "", ("2017-18", "not_started")),
    ],
)
def test_one_outcome_year_says_how_a_school_stands(tmp_path, start, left, judged):
    tiny = two_years(tmp_path)
    tiny.tables["enrolments.csv"] = [
        {"programme": "gap", "urn": 900011, "start_date": start, "end_date": left}
    ]
    with tiny.marts() as con:
        assert con.execute(
            "SELECT academic_year, standing FROM mart.exposure WHERE is_outcome"
        ).fetchall() == [judged]
        assert store.row_count(con, "mart.exposure") == 3


def test_a_list_of_one_outcome_year_is_the_setting_of_one_year(tmp_path):
    folders = tmp_path / "one", tmp_path / "listed"
    for folder in folders:
        folder.mkdir()
    one, listed = map(TinyStudy, folders)
    listed.protocol = listed.protocol.replace(
        'outcome_year = "2017-18"', 'outcome_years = ["2017-18"]'
    )
    every_effect = "SELECT * FROM released.impact"
    assert str(listed.rows(every_effect)) == str(one.rows(every_effect))
