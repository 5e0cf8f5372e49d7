"""Placebos in England's authorities: one outcome year and two, the headline claims few effects."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.real import england

MOST_CLAIMS = 0.065
MEASURE = "ks2_rwm_expected"
PLACE = ("measure", "chosen_on", "n_baseline_years", "n_outcome_years")

Row = dict[str, object]


@pytest.fixture(scope="module")
def drawn(real_data: Path) -> list[Row]:
    assert real_data.is_dir()
    return list(england.rows(1, (MEASURE,)))


@pytest.fixture(scope="module")
def committed() -> list[dict[str, str]]:
    with england.TABLE.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def place_of(row: Row | dict[str, str]) -> tuple[str, ...]:
    return tuple(str(row[column]) for column in PLACE)


def test_every_measure_way_and_design_is_in_the_committed_table(committed) -> None:
    designs = [(str(len(before)), str(len(after))) for before, after in england.DESIGNS]
    assert [place_of(row) for row in committed] == [
        (measure, way, *design)
        for measure in england.MEASURES
        for way in england.WAYS
        for design in designs
    ]


def test_the_headline_claims_few_effects_and_the_change_since_last_year_many(committed) -> None:
    for row in committed:
        assert int(row["n_draws"]) > 500
        assert float(row["bracket_claims"]) <= MOST_CLAIMS, row
        naive = float(row["change_since_last_year_claims"])
        assert (naive > 0.5) == (row["chosen_on"] == "last_year"), row


def test_a_second_outcome_year_narrows_the_range(committed) -> None:
    width = {place_of(row): float(row["bracket_width_sd"]) for row in committed}
    for measure in england.MEASURES:
        for way in england.WAYS:
            assert width[measure, way, "1", "2"] < width[measure, way, "1", "1"]


def test_the_committed_table_is_of_this_engine(drawn, committed) -> None:
    """A first draw of each authority, of the committed ones: shares within three standard errors."""
    table = {place_of(row): row for row in committed}
    for row in drawn:
        n_draws = int(str(row["n_draws"]))
        assert n_draws > 120
        for method in england.METHODS:
            share = float(table[place_of(row)][f"{method}_claims"])
            slack = 3 * (max(share * (1 - share), 0.02) / n_draws) ** 0.5
            assert float(str(row[f"{method}_claims"])) == pytest.approx(share, abs=slack), row
