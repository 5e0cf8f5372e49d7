"""The annex's tables: their rows, what is withheld, and which rates belong to which headline."""

from __future__ import annotations

import numpy as np

from pipelines.board import annex
from pipelines.board.tables import Table
from pipelines.released.citations import released_rows, where
from tests.released_fixture import (
    released_tables,
    with_headlines_alone,
    without_marks,
)


def told(make, frames):
    return without_marks(make(released_rows(frames)))


def column(table: Table, heading: str) -> list[str]:
    return [row[table.columns.index(heading)] for row in table.rows]


def test_a_side_has_one_row_with_what_it_keeps_and_loses():
    table = told(annex.attrition, released_tables())
    assert (
        column(table, "Comparison")
        == ["SEND in mainstream (Key Stage 2)"] * 2 + ["Closing the gap (Key Stage 2)"] * 2
    )
    assert column(table, "Side") == ["programme", "others"] * 2
    assert column(table, "Schools kept") == ["11", "23", "12", "22"]
    assert column(table, "All their pupils now")[:2] == [
        "−1.6 (about 680 pupils)",
        "−1.4 (about 1,450 pupils)",
    ]
    assert column(table, "Schools lost, and why")[1].startswith("no earlier result")
    assert column(table, "All the lost schools’ pupils now") == [
        "–",
        "0.4 (about 120 pupils)",
        "[c]",
        "–",
    ]


def test_withheld_means_are_marked_on_both_rows_of_a_side():
    table = told(annex.attrition, released_tables())
    assert table.rows[2][3:] == ("[c]", "no result for these pupils this year (1)", "[c]")


def test_a_side_that_lost_every_school_is_still_listed():
    tables = released_tables()
    attrition = tables["attrition"]
    tables["attrition"] = attrition[~((attrition["programme"] == "gap") & attrition["is_kept"])]
    assert ("–", "–") in {row[2:4] for row in told(annex.attrition, tables).rows}


def test_lost_schools_without_any_result_have_no_mean():
    row = {
        "figure_status": "not_available",
        "n_pupils": 0,
        "mean": np.nan,
        "measure": "ks2_rwm_expected",
    }
    assert annex.all_pupils_now(row, {}) == "not available"


def test_balance_is_in_the_unit_of_its_characteristic():
    table = told(annex.balance, released_tables())
    assert column(table, "Programme schools") == ["−3.3", "−1.9", "61", "31%", "[c]"]
    assert column(table, "Difference (SD)") == ["−0.31", "−0.11", "−0.04", "not available", "[c]"]
    assert column(table, "Reading")[-2:] == ["not available", "[c]"]
    assert column(table, "Reading")[0].startswith("too far apart")


def test_overlap_says_where_both_sides_meet():
    rows = told(annex.overlap, released_tables()).rows
    assert rows[0][1:] == ("82%", "9 of 23", "no", "35%", "91%")
    assert rows[1][3] == "yes"
    tables = released_tables()
    for hidden in ("n_comparison_schools_in_range", "programme_in_range_share", "is_extrapolation"):
        tables["overlap"][hidden] = None
    assert told(annex.overlap, tables).rows[0][1:4] == ("not available", "[c]", "[c]")


def test_each_simulated_size_has_a_table():
    tables = released_tables()
    (table,) = told(annex.calibration, tables)
    assert table.columns[-1] == "Finds an effect of 0.2 SD"
    assert table.rows[1] == (
        "knowledge of the coming cohort, and chance",
        "47% / 94% / 40%",
        "53%",
        "0% / 34% / 7%",
    )
    assert "At least 2,000 simulations" in table.note
    of_gap = tables["calibration"]["programme"] == "gap"
    tables["calibration"].loc[of_gap, "n_simulated_pupils_a_school"] = 30.0
    assert len(told(annex.calibration, tables)) == 2


def test_every_method_of_a_headline_has_a_row():
    tables = released_rows(released_tables())
    for headline in where(tables["impact"], role="headline"):
        table = without_marks(annex.methods(headline, tables))
        about = {name: headline[name] for name in ("programme", "measure")}
        assert len(table.rows) == len(where(tables["impact"], **about))
        if np.isnan(headline["estimate_low"]):
            assert table.rows[0][1] == f"none: {headline['verdict_reason']}"


def test_an_estimate_that_is_withheld_is_marked():
    tables = released_rows(with_headlines_alone(released_tables()))
    headline = where(tables["impact"], role="headline", programme="send")[0]
    table = without_marks(annex.methods(headline, tables))
    assert table.rows[0][1].startswith("between")
    assert {row[1] for row in table.rows[1:]} == {"[c]"}


def test_data_checks_are_listed_with_warnings_to_review():
    table = told(annex.data_checks, released_tables())
    assert column(table, "Rules") == ["412", "31", "268"]
    assert column(table, "To look at") == ["–", "the date lies before the programme began (3)", "–"]
