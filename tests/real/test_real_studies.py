"""Real published files of three authorities, from files to pages and PDFs, against counts by another hand.

Every programme here is a placebo: nothing was done. What is checked is who is compared, that figures are the
files' own, and that nothing is claimed. The other hand is `oracle`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from tests.evaluated import PAPERS, Evaluated
from tests.real import oracle
from tests.real.oracle import QUESTIONS, Question

RealStudy = Callable[[str], Evaluated]
STUDIES = tuple(dict.fromkeys(question.study for question in QUESTIONS))
each_question = pytest.mark.parametrize(
    "question", QUESTIONS, ids=[f"{q.study}-{q.programme}" for q in QUESTIONS]
)


def restricted(run: Evaluated, query: str) -> pd.DataFrame:
    with closing(
        duckdb.connect(str(run.paths.restricted_current / "restricted.duckdb"), read_only=True)
    ) as con:
        return con.execute(query).df()


def released(run: Evaluated, query: str) -> pd.DataFrame:
    with closing(duckdb.connect(str(run.current / "released.duckdb"), read_only=True)) as con:
        return con.execute(query).df()


@pytest.mark.parametrize("study", STUDIES)
def test_it_runs_to_pages_and_pdfs(real_study: RealStudy, study: str) -> None:
    run = real_study(study)
    for document in PAPERS:
        assert "no such programme existed" in run.page(document).casefold()
        assert run.paper(document).read_bytes().startswith(b"%PDF")


@each_question
def test_the_placebo_s_schools_are_those_of_the_rule(
    real_study: RealStudy, real_data: Path, question: Question
) -> None:
    found = restricted(
        real_study(question.study),
        "SELECT DISTINCT laestab FROM mart.programme_school JOIN mart.school_urn USING (school_id) "
        f"WHERE programme = '{question.programme}' AND laestab IS NOT NULL",
    )
    mine = oracle.chosen(question, oracle.results(real_data, question))
    assert len(mine) == question.n_schools
    assert set(found["laestab"]) == mine


@each_question
def test_only_state_funded_mainstream_schools_are_compared(
    real_study: RealStudy, real_data: Path, question: Question
) -> None:
    found = restricted(
        real_study(question.study),
        "SELECT DISTINCT laestab, is_programme FROM impact.compared_school "
        "JOIN mart.school_urn USING (school_id) "
        f"WHERE programme = '{question.programme}' AND measure = '{question.measure}' "
        "AND reason = 'compared' AND laestab IS NOT NULL",
    )
    results = oracle.results(real_data, question)
    assert not results[~results["is_mainstream"]].empty
    compared, chosen = oracle.compared(question, results), oracle.chosen(question, results)
    assert set(found[found["is_programme"]]["laestab"]) == compared & chosen
    assert set(found[~found["is_programme"]]["laestab"]) == compared - chosen


@each_question
def test_averages_and_pupils_are_the_files_own(
    real_study: RealStudy, real_data: Path, question: Question
) -> None:
    found = released(
        real_study(question.study),
        "SELECT arm, academic_year, n_schools, n_pupils, mean FROM released.comparison "
        f"WHERE programme = '{question.programme}' AND measure = '{question.measure}' "
        f"AND pupil_group = '{question.group}'",
    ).set_index(["arm", "academic_year"])
    results = oracle.results(real_data, question)
    chosen = oracle.chosen(question, results)
    results = results[results["is_mainstream"]]
    for arm, mine in (
        ("programme", results[results["school"].isin(chosen)]),
        ("rest", results[~results["school"].isin(chosen)]),
    ):
        for year, of_year in mine.groupby("year"):
            row = found.loc[(arm, year)]
            assert row["n_schools"] == of_year["school"].nunique(), (arm, year)
            assert row["n_pupils"] == of_year["n"].sum(), (arm, year)
            total = (of_year["value"] * of_year["n"]).sum()
            # Percentages are published whole: so many pupils met the standard, to the nearest one.
            average = (round(total) if question.is_share else total) / of_year["n"].sum()
            half = 0.005 if question.is_share else 0.05
            assert abs(row["mean"] - average) <= half + 1e-9, (arm, year)


@each_question
def test_nothing_is_claimed(real_study: RealStudy, question: Question) -> None:
    (row,) = released(
        real_study(question.study),
        "SELECT verdict, verdict_reason FROM released.impact WHERE role = 'headline' "
        f"AND programme = '{question.programme}' AND measure = '{question.measure}'",
    ).itertuples()
    assert row.verdict == "cannot_tell"
    assert row.verdict_reason


# Summers 2016 to 2019: percent at the expected standard, Portsmouth and England, read by hand.
SEN_SUPPORT_KS2 = {"authority": (8, 15, 12, 16), "england": (16, 21, 24, 25)}


def test_portsmouth_s_page_has_its_published_sen_support_results(
    real_study: RealStudy, real_data: Path
) -> None:
    run = real_study("portsmouth")
    found = released(run, "SELECT * FROM released.authority_context")
    values = found.set_index(["measure", "pupil_group", "academic_year", "place"])["value"]
    for (measure, group), of_places in oracle.portsmouth_context(real_data).items():
        for (place, year), figure in of_places.items():
            read = values[measure, group, year, place]
            step = 0.01 if measure.endswith("expected") else 0.1
            assert abs(read - figure) <= step / 2 + 1e-9, (measure, group, place, year)
    years = ("2015-16", "2016-17", "2017-18", "2018-19")
    for place, percent in SEN_SUPPORT_KS2.items():
        for year, figure in zip(years, percent, strict=True):
            read = values["ks2_rwm_expected", "sen_support", year, place]
            assert round(100 * read) == figure
    # Both measures of SEN support, disadvantaged and (the programmes’ own) all pupils.
    assert len(found) == 2 * 3 * 4 * 3
    averages = found[found["place"] == "statistical_neighbours"]
    assert set(averages["n_places"]) == {10}
    for page in run.pages().values():
        assert "The authority beside others" in page
