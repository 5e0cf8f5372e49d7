"""Raw values are never averaged across a series break."""

from __future__ import annotations

import pandas as pd
import pytest

from pipelines.released import making
from tests.disclosure.invented import SHARE, cell
from tests.tiny_study import TinyStudy
from tests.unit.disclosure.test_revisions import city


def test_the_protocol_tables_have_the_breaks_and_the_averaged_years(
    tmp_path,
):
    tiny = TinyStudy(tmp_path)
    tiny.protocol = tiny.protocol.replace('["2016-17"]', '["2015-16", "2016-17"]')
    with tiny.marts() as con:
        breaks = con.execute(
            "SELECT measure, academic_year FROM protocol.series_break ORDER BY ALL"
        ).fetchall()
        years = con.execute("FROM protocol.comparable_baseline ORDER BY ALL").fetchall()
    assert breaks == [
        ("ks2_reading_progress", "2017-18"),
        ("ks2_rwm_expected", "2017-18"),
        ("ks4_basics_94", "2016-17"),
    ]
    assert years == [
        ("ks2_reading_progress", "2015-16"),
        ("ks2_reading_progress", "2016-17"),
        ("ks2_rwm_expected", "2015-16"),
        ("ks2_rwm_expected", "2016-17"),
        ("ks4_basics_94", "2016-17"),
    ]


def test_the_breaks_are_those_of_the_years_of_the_authoritys_results_too(tmp_path):
    """The authority's published results may cover later years than the study."""
    tiny = TinyStudy(tmp_path)
    row = {"Short Desc": "DAP_NEW_KS2_RWM", "Years": 2018, "LA and Regions": "A", "Values": 48}
    rows = [row | {"LA Number": code} for code in (799, 852)]
    tiny.add("context.csv", 'kind = "la_context"\nstatus = "final"', rows)
    tiny.protocol += (
        '\n[authority_context]\nmodel = "DfE"\nstatistical_neighbours = [852]\n'
        'years = ["2017-18", "2018-19", "2021-22"]\n'
    )
    with tiny.marts() as con:
        breaks = con.execute(
            "SELECT academic_year FROM protocol.series_break WHERE measure = 'ks4_basics_94' ORDER BY 1"
        ).fetchall()
    assert breaks == [("2021-22",)]


@pytest.mark.parametrize("is_broken", [False, True])
def test_a_schools_point_is_the_average_of_the_years_that_have_one(is_broken):
    study = city({}, n=40)
    earlier = [
        cell(school, "2015-16", group, SHARE, 40, mean=0.25)
        for school in study.schools["school_id"]
        for group in ("disadvantaged", "not_disadvantaged")
    ]
    study.cells = pd.concat([study.cells, pd.DataFrame(earlier)], ignore_index=True)
    with study.store() as con:
        if is_broken:
            con.execute("DELETE FROM protocol.comparable_baseline WHERE academic_year = '2015-16'")
        making.release(con)
        points = con.execute("SELECT DISTINCT baseline_mean FROM released.school_point").fetchall()
    # One of 40 pupils changes a share by 0.025, so the step is 0.05 and 0.375 becomes 0.4.
    assert points == [(0.5 if is_broken else 0.4,)]
