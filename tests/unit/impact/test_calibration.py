"""The calibration table as read by the page: the nearest scenario, with the file's rates."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import get_args

import duckdb
import pandas as pd
import pytest

from pipelines.catalogue import ESTIMATE
from pipelines.catalogue.impact import CALIBRATION
from pipelines.catalogue.vocabulary import Selection
from pipelines.impact.calibration import (
    TABLE,
    Comparison,
    ComparisonSize,
    build_calibration,
    error_rates,
    nearest_size,
    read_table,
    simulated_comparison,
    varies_as_progress,
)

VARIANTS = ("has_second_programme", "is_suppressed", "is_prior_adjusted")
SIMULATED = [ComparisonSize(*size, pupils) for size in ((18, 60), (11, 34)) for pupils in (10, 30)]


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return read_table()


@pytest.mark.parametrize(
    "comparison", [Comparison(), Comparison(is_prior_adjusted=True), Comparison(is_progress=True)]
)
@pytest.mark.parametrize("size", SIMULATED)
def test_a_simulated_size_is_its_own_nearest(
    table: pd.DataFrame, size: ComparisonSize, comparison: Comparison
):
    assert nearest_size(table, size, comparison) == size


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ((12, 32, 8.0), (11, 34, 10)),
        ((10, 32, 21.0), (11, 34, 30)),  # a third more is nearer than half
        ((18, 157, 10.5), (18, 60, 10)),
        ((5, 10, 100.0), (11, 34, 30)),
    ],
)
def test_nearest_is_by_ratio(table: pd.DataFrame, asked, nearest):
    assert nearest_size(table, ComparisonSize(*asked)) == ComparisonSize(*nearest)


def test_a_simulated_size_without_estimates_is_never_the_nearest(table: pd.DataFrame):
    assert (table.loc[table["n_schools"] == 10, "estimate_share"] == 0).all()
    assert nearest_size(table, ComparisonSize(4, 10, 10.0)) == ComparisonSize(11, 34, 10)


def test_rates_are_those_of_the_file_read_by_hand(table: pd.DataFrame):
    with TABLE.open(encoding="utf-8", newline="") as file:
        next(file)
        rows = list(csv.DictReader(file))
    rates = error_rates(table, ComparisonSize(11, 34, 30))
    assert len(rates) == 7 * 3
    assert {rate.selection for rate in rates} == set(get_args(Selection))
    for rate in rates:
        (row,) = [
            row
            for row in rows
            if (row["n_members"], row["n_schools"], row["mean_pupils"]) == ("11", "34", "30")
            and {row[variant] for variant in VARIANTS} == {"False"}
            and row["n_outcome_years"] == "1"
            and (float(row["passing_sd"]), row["world"]) == (0.12, "usual")
            and row["selection"] == rate.selection
            and float(row["effect"]) == rate.effect_sd
        ]
        for share in (
            "false_verdict",
            "better",
            "bracket_covers",
            "ancova_rejects",
            "naive_rejects",
        ):
            assert getattr(rate, f"{share}_share") == float(row[f"{share}_share"])
        assert rate.n_draws == int(row["n_draws"])


def test_every_headline_with_an_estimate_has_its_rates_and_no_other():
    con = duckdb.connect()
    con.execute("CREATE SCHEMA impact")
    con.execute("CREATE SCHEMA protocol")
    con.execute("CREATE SCHEMA mart")
    con.execute(ESTIMATE.ddl())
    con.execute(
        "CREATE TABLE mart.outcome AS SELECT measure, 'sen_support' AS pupil_group, "
        "'2017-18' AS academic_year, true AS is_outcome, 'value' AS value_status "
        "FROM (VALUES ('ks2_reading_progress'), ('ks2_maths_score')) AS t(measure)"
    )
    con.execute(
        "CREATE TABLE protocol.programme_measure AS SELECT 'send' AS programme, measure, "
        "measure = 'ks2_maths_score' AS is_prior_adjusted FROM (VALUES ('ks2_reading_progress'), "
        "('ks2_maths_progress'), ('ks2_writing_progress'), ('ks2_maths_score')) AS t(measure)"
    )
    for measure, role, estimate in (
        ("ks2_reading_progress", "headline", 0.5),
        ("ks2_maths_progress", "headline", None),
        ("ks2_writing_progress", "naive", 0.5),
        ("ks2_maths_score", "headline", 0.5),
    ):
        con.execute(
            "INSERT INTO impact.estimate BY NAME SELECT 'send' AS programme, 'sen_support' AS "
            "pupil_group, $m AS measure, $r AS role, $e AS estimate_low, 12 AS n_programme_schools, "
            "20 AS n_comparison_schools, 110 AS n_programme_pupils, 145 AS n_comparison_pupils",
            {"m": measure, "r": role, "e": estimate},
        )
    # Reading progress: seven selections and two effects; the score, adjusted: six that are not strict.
    assert build_calibration(con) == 14 + 12
    found = con.execute(
        "SELECT DISTINCT measure, n_simulated_programme_schools, n_simulated_schools, "
        "n_simulated_pupils_a_school, is_prior_adjusted, is_progress FROM impact.calibration ORDER BY 1"
    ).fetchall()
    assert found == [
        ("ks2_maths_score", 11, 34, 10.0, True, False),
        ("ks2_reading_progress", 11, 34, 10.0, False, True),
    ]
    key = ", ".join(CALIBRATION.key)
    assert con.execute(f"SELECT count(DISTINCT ({key})) FROM impact.calibration").fetchone() == (
        14 + 12,
    )
    con.close()


@pytest.mark.parametrize("comparison", [Comparison(), Comparison(is_progress=True)])
@pytest.mark.parametrize(("n_years", "simulated"), [(1, 1), (2, 2), (3, 3), (5, 3)])
def test_rates_are_those_of_as_many_outcome_years(
    table, n_years: int, simulated: int, comparison: Comparison
):
    """Of more years than were simulated, those of the most."""
    found = simulated_comparison(table, replace(comparison, n_outcome_years=n_years))
    assert found == replace(comparison, n_outcome_years=simulated)
    rates = error_rates(table, ComparisonSize(18, 60, 10), found)
    decline = next(r for r in rates if (r.selection, r.effect_sd) == ("true_decline", 0.0))
    (share,) = table.query(
        "n_members == 18 and n_schools == 60 and mean_pupils == 10 and effect == 0 "
        "and selection == 'true_decline' and n_outcome_years == @simulated and world == 'usual' "
        "and not has_second_programme and not is_suppressed and not is_prior_adjusted "
        f"and passing_sd == {0.27 if comparison.is_progress else 0.12}"
    )["false_verdict_share"]
    assert decline.false_verdict_share == share


def test_adjusted_results_have_rates_of_their_own_for_each_number_of_years(table):
    for n_years in (1, 2, 3):
        asked = Comparison(is_prior_adjusted=True, is_progress=True, n_outcome_years=n_years)
        found = simulated_comparison(table, asked)
        assert found == Comparison(is_prior_adjusted=True, n_outcome_years=n_years)
        assert error_rates(table, ComparisonSize(11, 34, 30), found)


@pytest.mark.parametrize(
    ("measure", "is_progress"),
    [
        ("ks2_maths_progress", True),
        ("ks2_progress_index", True),
        ("ks2_rwm_expected", False),
        ("ks4_progress8", False),
        ("a_measure_of_the_study", False),
    ],
)
def test_only_progress_at_key_stage_2_varies_as_it_does(measure: str, is_progress: bool):
    assert varies_as_progress(measure) == is_progress
