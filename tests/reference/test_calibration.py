"""The engine's calibration: a short run of `tests/calibration`, and the committed table.

`make calibrate` runs every scenario with 2,000 draws.
"""

from __future__ import annotations

import functools
from dataclasses import astuple

import numpy as np
import pandas as pd
import pytest

from pipelines.impact.calibration import n_draws, read_table
from pipelines.study.paths import PROJECT
from tests.calibration.naive import naive_interval
from tests.calibration.report import (
    CALIBRATED_ENDS,
    LEAST_COVERED,
    MOST_FALSE_VERDICTS,
    page,
    unmet,
)
from tests.calibration.scenarios import (
    KNOWABLE_SELECTIONS,
    SELECTIONS,
    TOO_SMALL,
    Scenario,
    every_scenario,
)
from tests.calibration.schools import draw_schools
from tests.calibration.simulation import place_of, schools_of
from tests.calibration.trial import Calibration, calibration, run_trial

FOLDER = PROJECT / "tests" / "calibration"

N_DRAWS = 300
# With 300 draws a share of 6.5% has a standard error of 1.4 points; allow three, because there are ten
# scenarios.
SLACK = 3 * (MOST_FALSE_VERDICTS * (1 - MOST_FALSE_VERDICTS) / N_DRAWS) ** 0.5
LEVEL = 0.05
LEAST_NAIVE_REJECTS = 0.60
SHORT = tuple(
    Scenario(*size, 10, selection, 0.0)
    for size in ((18, 60), (11, 34))
    for selection in KNOWABLE_SELECTIONS
)
SEVERAL_YEARS = tuple(
    Scenario(18, 60, 10, selection, 0.0, n_outcome_years=n_years)
    for n_years in (2, 3)
    for selection in ("last_year", "lasting_quality")
)


@functools.cache
def short_run(scenario: Scenario) -> Calibration:
    drawn = schools_of(place_of(scenario), range(N_DRAWS))
    return calibration([run_trial(schools, scenario) for schools in drawn], scenario.effect)


def name_of(scenario: Scenario) -> str:
    years = f", {scenario.n_outcome_years} outcome years" * (scenario.n_outcome_years > 1)
    return f"{scenario.n_members} of {scenario.n_schools}, {scenario.selection}{years}"


@pytest.mark.parametrize("scenario", (*SHORT, *SEVERAL_YEARS), ids=name_of)
def test_where_there_is_no_effect_few_are_claimed_and_the_bracket_covers(scenario: Scenario):
    measured = short_run(scenario)
    assert measured.estimate_share > 0.9
    assert measured.false_verdict_share <= MOST_FALSE_VERDICTS + SLACK
    assert measured.bracket_rejects_share <= MOST_FALSE_VERDICTS + SLACK
    assert measured.bracket_covers_share >= LEAST_COVERED - SLACK


@pytest.mark.parametrize("scenario", SHORT, ids=name_of)
def test_each_end_is_calibrated_where_theory_says_so(scenario: Scenario):
    measured = short_run(scenario)
    for end, selections in CALIBRATED_ENDS.items():
        if scenario.selection in selections:
            rejects = getattr(measured, f"{end}_rejects_share")
            assert rejects == pytest.approx(LEVEL, abs=SLACK)
    # And not in the other scenario, or both would be calibrated only because nothing was selected.
    if scenario.selection == "lasting_quality":
        assert measured.ancova_bias < -0.05
    if scenario.selection in {"last_year", "last_year_strict", "baseline_mean"}:
        assert measured.change_bias > 0.05


def test_the_naive_change_fails_so_the_simulation_bites():
    for selection in ("last_year", "last_year_strict"):
        assert short_run(Scenario(18, 60, 10, selection, 0.0)).naive_rejects_share >= (
            LEAST_NAIVE_REJECTS
        )


@pytest.mark.parametrize(
    "scenario", [SHORT[1], Scenario(11, 34, 10, "last_year", 0.2, True, True)], ids=name_of
)
def test_the_naive_change_alone_is_that_of_the_whole(scenario: Scenario):
    """`--only-naive` draws the same schools and counts draws with a headline."""
    for draw in range(10):
        schools = draw_schools(scenario.n_schools, scenario.mean_pupils, draw)
        bracket, *_, naive = run_trial(schools, scenario).intervals
        alone = naive_interval(schools, scenario)
        if np.isnan(bracket).any():
            assert np.isnan(alone).all()
        else:
            assert alone == pytest.approx([*naive[[0, 2, 3]]])


def test_an_effect_that_is_there_is_found_and_not_called_false():
    measured = short_run(Scenario(18, 60, 30, "random", 0.4))
    assert measured.better_share > 0.9
    assert measured.false_verdict_share == 0


def test_four_schools_of_ten_get_no_estimate():
    assert short_run(Scenario(*TOO_SMALL, 30, "random", 0.0)).estimate_share == 0


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return read_table()


def test_the_committed_table_holds_every_scenario_once(table: pd.DataFrame):
    kept = [Scenario(*row) for row in table[list(Scenario.__dataclass_fields__)].to_numpy()]
    assert len(kept) == len(set(kept))
    assert set(kept) == set(every_scenario())


def test_the_committed_table_is_of_this_engine(table: pd.DataFrame):
    """The short run's draws are the table's first ones, so they differ by less than SLACK."""
    assert n_draws() >= N_DRAWS
    by_scenario = table.set_index(list(Scenario.__dataclass_fields__)).sort_index()
    for scenario in (*SHORT, *SEVERAL_YEARS):
        row = by_scenario.loc[astuple(scenario)]
        measured = short_run(scenario)
        again = "the engine has changed: make calibrate"
        for share in ("bracket_rejects_share", "bracket_covers_share", "estimate_share"):
            assert getattr(measured, share) == pytest.approx(row[share], abs=SLACK), again
        for width in ("bracket_width", "ancova_width", "change_width"):
            assert getattr(measured, width) == pytest.approx(row[width], rel=0.05), again
        # Most of these shares are far from 5%, where 300 draws vary by up to 3 points.
        for share in ("naive_rejects_share", "naive_covers_share"):
            assert getattr(measured, share) == pytest.approx(row[share], abs=0.09), again
        assert measured.naive_bias == pytest.approx(row["naive_bias"], abs=0.03), again


@pytest.mark.parametrize(("n_years", "most"), [(2, 0.90), (3, 0.84)])
def test_more_outcome_years_make_narrower_ranges(table: pd.DataFrame, n_years: int, most: float):
    """Beside one year's, in every way of choosing that earlier results can show."""
    plain = table[
        ~table["has_second_programme"] & ~table["is_suppressed"] & ~table["is_prior_adjusted"]
        & table["selection"].isin(KNOWABLE_SELECTIONS) & (table["effect"] == 0)
        & (table["estimate_share"] > 0)
    ]  # fmt: skip
    place = ["n_members", "n_schools", "mean_pupils", "selection"]
    width = plain.set_index(["n_outcome_years", *place])["bracket_width"]
    ratio = width.loc[n_years] / width.loc[1]
    assert ratio.notna().sum() == 20
    assert ratio.max() < most


def test_the_page_is_made_from_the_table():
    assert (FOLDER / "README.md").read_text(encoding="utf-8") == page(FOLDER)


def test_the_promise_is_kept_in_the_committed_table(table: pd.DataFrame):
    assert set(table["selection"]) == set(SELECTIONS)
    assert unmet(table).empty, unmet(table).to_string()


@pytest.mark.parametrize("end", CALIBRATED_ENDS)
def test_each_end_is_calibrated_in_the_committed_table(table: pd.DataFrame, end: str):
    """Within four standard errors, given the draws with an estimate, because there are dozens of rows."""
    is_calibrated = table["selection"].isin(CALIBRATED_ENDS[end]) & (table["effect"] == 0)
    rows = table[is_calibrated & (table["estimate_share"] > 0)]
    assert len(rows) > 20
    n_estimated = rows["estimate_share"] * n_draws()
    standard_error = (LEVEL * (1 - LEVEL) / n_estimated) ** 0.5
    strays = (rows[f"{end}_rejects_share"] - LEVEL).abs() / standard_error
    assert strays.max() < 4


def test_knowledge_of_the_coming_cohort_is_where_it_fails(table: pd.DataFrame):
    rows = table[
        (table["selection"] == "coming_cohort")
        & (table["estimate_share"] > 0)
        & ~table["is_prior_adjusted"]
        & (table["n_outcome_years"] == 1)
    ]
    no_effect = rows[rows["effect"] == 0]
    assert no_effect["false_verdict_share"].min() > 2 * LEVEL
    assert (rows["change_bias"] < -0.05).all()
    assert (rows["ancova_bias"] < rows["change_bias"]).all()
