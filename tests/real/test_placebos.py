"""Placebo programmes on real results: the naive change claims effects, the headline does not."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipelines.study.paths import PROJECT
from tests.real import placebos

# Three Monte Carlo standard errors of a 5% share with so few draws.
N_DRAWS, SLACK = 150, 0.053
LOWEST_LAST_YEAR = "the 40 lowest last year"


@pytest.fixture(scope="module")
def drawn(real_data: Path) -> dict[str, dict[str, object]]:
    assert real_data.is_dir()
    return {str(row["drawn_from"]): row for row in placebos.rows(N_DRAWS)}


@pytest.fixture(scope="module")
def drawn_with_two_years(real_data: Path) -> dict[str, dict[str, object]]:
    assert real_data.is_dir()
    design = placebos.DESIGNS[placebos.TWO_YEARS]
    return {str(row["drawn_from"]): row for row in placebos.rows(N_DRAWS, design)}


def committed(path: Path = placebos.TABLE) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["drawn_from"]: row for row in csv.DictReader(lines)}


def test_the_headline_seldom_claims_what_is_not_there(drawn, drawn_with_two_years):
    for row in (*drawn.values(), *drawn_with_two_years.values()):
        assert float(str(row["bracket_claims"])) <= 0.065 + SLACK


def test_the_change_since_last_year_claims_it_where_schools_were_chosen_on_last_year(drawn):
    # Large schools, which recover least, dominate a pupil average: half of draws claim an effect, and four
    # fifths would with a plain average of schools.
    assert float(str(drawn[LOWEST_LAST_YEAR]["naive_claims"])) >= 0.35
    assert float(str(drawn["all schools"]["naive_claims"])) <= 0.05 + SLACK


def test_the_committed_table_is_of_the_same_pools_and_agrees(drawn):
    agrees(drawn, committed())


def test_the_committed_table_of_two_outcome_years_agrees_too(drawn_with_two_years):
    table = committed(placebos.TWO_YEARS)
    agrees(drawn_with_two_years, table)
    assert {row["leaving_out_claims"] for row in table.values()} == {""}


def agrees(drawn: dict[str, dict[str, object]], table: dict[str, dict[str, str]]) -> None:
    assert list(table) == list(drawn)
    for name, row in table.items():
        assert (int(row["n_draws"]), set(row)) == (placebos.N_DRAWS, set(placebos.COLUMNS))
        for column in ("naive_claims", "ancova_claims", "change_claims", "bracket_claims"):
            share = float(row[column])
            slack = 3 * (max(share * (1 - share), 0.01) / N_DRAWS) ** 0.5
            assert float(str(drawn[name][column])) == pytest.approx(share, abs=slack)


def test_the_readme_says_what_the_table_says():
    row = committed()[LOWEST_LAST_YEAR]
    readme = " ".join((PROJECT / "README.md").read_text(encoding="utf-8").split())
    assert f"claims an effect in {100 * float(row['naive_claims']):.0f} of 100" in readme
    assert f"the headline in {100 * float(row['bracket_claims']):.0f} (" in readme
