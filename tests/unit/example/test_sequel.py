"""The sequel of the example: later years of the same city, and the answer as they come in."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from pipelines.example import simulate, write_example
from pipelines.example.city import outcome_years
from pipelines.impact.study_effects import Marts, headlines
from pipelines.protocol.study_file import load_study
from pipelines.study.paths import EXAMPLE
from pipelines.study.settings import Study
from tests.needed_tables import make_needed, tiny_store


def test_there_were_no_tests_in_2020_and_2021():
    assert outcome_years(2018) == ("2017-18",)
    assert outcome_years(2020) == outcome_years(2019) == ("2017-18", "2018-19")
    assert outcome_years(2022) == ("2017-18", "2018-19", "2021-22")


def test_a_later_summer_adds_results_and_changes_no_other():
    first, later = simulate(5), simulate(5, through=2022)
    for field in dataclasses.fields(first):
        early, late = getattr(first, field.name), getattr(later, field.name)
        if isinstance(early, pd.DataFrame):
            pd.testing.assert_frame_equal(early, late)
        else:
            for year, table in early.items():
                pd.testing.assert_frame_equal(table, late[year])
    assert set(later.ks2_pupils) - set(first.ks2_pupils) == {"2018-19", "2021-22"}
    assert set(later.ks2_final) == {"2017-18", "2018-19"}


def test_final_results_are_of_the_same_pupils():
    city = simulate(5, through=2019)
    provisional, final = city.ks2_pupils["2017-18"], city.ks2_final["2017-18"]
    assert final["UPN"].tolist() == provisional["UPN"].tolist()
    assert final["RWMEXP"].equals(provisional["RWMEXP"])
    assert (final["PINCL_FLAG"] == 203).any()
    assert city.ks4_final["2017-18"]["ATT8SCR"].notna().any()


def test_every_later_year_has_the_planted_effect():
    effects = {"send": {"ks2_reading_progress": 2.0}}
    with_effect, without = (simulate(5, effects=e, through=2022) for e in (effects, {}))
    for year in ("2018-19", "2021-22"):
        after, before = with_effect.ks2_pupils[year], without.ks2_pupils[year]
        gain = after["READPROGSCORE_EM_ADJUSTED"] - before["READPROGSCORE_EM_ADJUSTED"]
        assert gain[after["SEN"] == "K"].max() == pytest.approx(2.0, abs=0.011)
        assert (gain[after["SEN"] != "K"].dropna() == 0).all()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sequel") / "example-2022"
    write_example(folder, through=2022)
    return folder


def test_the_files_of_2018_are_those_of_the_example(folder: Path):
    for file in EXAMPLE.glob("*.csv"):
        assert (folder / file.name).read_bytes() == file.read_bytes(), file.name


@pytest.fixture(scope="module")
def made(folder: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Study]]:
    study = load_study(folder)
    quick = study.study.model_copy(update={"draws": 99})
    study = study.model_copy(update={"study": quick})
    with tiny_store() as con:
        make_needed(con, study, "FROM released.answer_by_year", "FROM impact.estimate")
        yield con, study


def test_every_headline_has_each_year_and_ends_with_its_own_verdict(made):
    con, _ = made
    by_year = con.execute("SELECT * FROM released.answer_by_year").df()
    headline = con.execute("SELECT * FROM released.impact WHERE role = 'headline'").df()
    assert len(by_year) == 3 * len(headline)
    last = by_year[by_year["academic_year"] == "2021-22"].set_index(["programme", "measure"])
    for row in headline.itertuples():
        said = last.loc[(row.programme, row.measure), "verdict_so_far"]
        assert said == row.verdict or (pd.isna(said) and pd.isna(row.verdict))


def test_a_year_alone_is_the_study_of_that_year(made):
    con, study = made
    for year in study.study.outcome_years:
        section = study.study.model_copy(update={"outcome_years": (year,), "outcome_year": year})
        alone = Marts(con, study.model_copy(update={"study": section}))
        outcome = alone.schools.outcome
        kept = outcome[~outcome["is_outcome"] | (outcome["academic_year"] == year)]
        alone.schools = dataclasses.replace(alone.schools, outcome=kept)
        (row,) = (
            row
            for row in headlines(alone)
            if (row.programme, row.measure) == ("send", "ks2_reading_progress")
        )
        (found,) = con.execute(
            "SELECT estimate_low, estimate_high, ci_low, ci_high FROM impact.answer_by_year "
            "WHERE programme = 'send' AND measure = 'ks2_reading_progress' AND academic_year = ?",
            [year],
        ).fetchall()
        assert found == pytest.approx(
            (row.estimate_low, row.estimate_high, row.ci_low, row.ci_high)
        )


def test_more_years_see_smaller_effects(made):
    con, _ = made
    ((mde, n_pupils),) = con.execute(
        "SELECT mde, n_programme_pupils FROM impact.estimate "
        "WHERE role = 'headline' AND programme = 'send' AND measure = 'ks2_reading_progress'"
    ).fetchall()
    assert mde < 5  # the example's own is 5.4, as its page says
    assert n_pupils > 300
