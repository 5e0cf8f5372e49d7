"""The verdict on another release of the outcome year, in a city with a later release."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from pipelines.impact import other_releases, study_effects
from pipelines.study.settings import Study
from tests.city_store import city_store

READING, RWM = "ks2_reading_progress", "ks2_rwm_expected"
SELECT = (
    "SELECT programme, release_status, is_used, verdict, reason FROM impact.verdict_by_release "
    "ORDER BY programme, release_status"
)
Made = tuple[duckdb.DuckDBPyConnection, Study]


@pytest.fixture(scope="module")
def made() -> Iterator[Made]:
    """Two programmes; provisional results are used although revised ones exist."""
    with city_store(7, {("send", READING), ("gap", RWM)}) as (con, of_city):
        study = of_city
        provisional = next(source for source in study.source if source.status == "provisional")
        revised = provisional.model_copy(update={"status": "revised", "file": "revised.csv"})
        others = tuple(source for source in study.source if source is not provisional)
        marked = provisional.model_copy(update={"used": True})
        study = study.model_copy(update={"source": (*others, marked, revised)})
        study_effects.build_compared_school(con)
        study_effects.build_estimate(con, study)
        con.execute("CREATE TABLE cell_as_made AS FROM mart.cell")
        con.execute("CREATE TABLE moment_as_made AS FROM mart.pupil_moment")
        yield con, study


def on_revised(made: Made, change: str = "mean", where: str = "true") -> list[tuple]:
    """Verdicts by release; the revised results are the provisional ones with one change."""
    con, study = made
    con.execute("CREATE OR REPLACE TABLE mart.cell AS FROM cell_as_made")
    con.execute(
        f"INSERT INTO mart.cell SELECT * REPLACE ({change} AS mean, 'revised' AS release_status) "
        f"FROM cell_as_made WHERE academic_year = '2017-18' AND {where}"
    )
    con.execute("CREATE OR REPLACE TABLE mart.pupil_moment AS FROM moment_as_made")
    con.execute(
        "INSERT INTO mart.pupil_moment SELECT * REPLACE ('revised' AS release_status) "
        "FROM moment_as_made WHERE academic_year = '2017-18'"
    )
    other_releases.build_verdict_by_release(con, study)
    return con.execute(SELECT).fetchall()


def test_the_same_results_give_the_same_verdict(made):
    used = dict(
        made[0]
        .execute(
            "SELECT programme, verdict FROM impact.estimate "
            "WHERE role = 'headline' AND verdict IS NOT NULL"
        )
        .fetchall()
    )
    assert set(used) == {"send", "gap"}
    assert on_revised(made) == [
        (programme, status, status == "provisional", used[programme], None)
        for programme in ("gap", "send")
        for status in ("provisional", "revised")
    ]


def test_results_that_moved_far_change_the_verdict(made):
    members = "(SELECT school_id FROM mart.programme_school WHERE programme = 'send')"
    moved = on_revised(
        made,
        f"mean + CASE WHEN measure = '{READING}' AND school_id IN {members} THEN 10 ELSE 0 END",
    )
    verdicts = {(programme, status): verdict for programme, status, _, verdict, _ in moved}
    assert verdicts["send", "provisional"] == "cannot_tell"
    assert verdicts["send", "revised"] == "better"
    assert verdicts["gap", "revised"] == verdicts["gap", "provisional"]


def test_a_release_without_many_of_the_schools_has_no_verdict(made):
    found = on_revised(made, where="school_id % 4 <> 0")
    assert [(status, verdict, reason) for p, status, _, verdict, reason in found if p == "send"][
        1
    ] == ("revised", None, other_releases.INCOMPLETE)


def test_a_single_release_has_no_comparison(made):
    con, study = made
    only = study.model_copy(update={"source": study.source[:-1]})
    other_releases.build_verdict_by_release(con, only)
    assert {row[1] for row in con.execute(SELECT).fetchall()} == {"provisional"}


def test_the_change_since_last_year_says_that_its_years_are_not_measured_alike(made):
    reasons = dict(
        made[0]
        .execute("SELECT measure, verdict_reason FROM impact.estimate WHERE role = 'naive'")
        .fetchall()
    )
    assert reasons[RWM] == (
        "the two years are not measured alike (the writing framework changed in 2017-18)"
    )
    assert "extreme negative scores" in reasons[READING]
