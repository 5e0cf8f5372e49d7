"""Comparison quality: exposure, attrition, balance and overlap, computed by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pytest

from pipelines import marts
from pipelines.catalogue import EXPOSURE, OUTCOME, PROGRAMME_SCHOOL, SCHOOL, SCHOOL_KEY_STAGE
from pipelines.catalogue.comparison_design import (
    ATTRITION,
    BALANCE,
    BASELINE_YEAR,
    COMPARED_SCHOOL,
    MATCHED_SCHOOL,
    SCHOOL_BEFORE,
)
from pipelines.impact import design
from pipelines.protocol.tables import write_protocol
from pipelines.study.settings import Study
from tests.tiny_study import TinyStudy

MEASURE = "ks2_rwm_expected"
# Target pupils and all pupils per school and year, where numbers do not matter.
N_BEFORE, N_ALL = 10, 40


@contextmanager
def store(tmp_path: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, Study]]:
    """Empty tables with the protocol of the tiny study."""
    study = TinyStudy(tmp_path).write()
    con = duckdb.connect()
    try:
        for schema in ("protocol", "mart", "impact"):
            con.execute(f"CREATE SCHEMA {schema}")
        write_protocol(con, study, "0")
        for table in (
            SCHOOL,
            SCHOOL_KEY_STAGE,
            PROGRAMME_SCHOOL,
            OUTCOME,
            SCHOOL_BEFORE,
            MATCHED_SCHOOL,
            COMPARED_SCHOOL,
            BASELINE_YEAR,
            EXPOSURE,
        ):
            con.execute(table.ddl())
        yield con, study
    finally:
        con.close()


def add_cell(  # noqa: PLR0917 - read as a row of the table
    con: duckdb.DuckDBPyConnection,
    school: int,
    year: str,
    group: str,
    mean: float | None,
    n: int | None,
    *,
    measure: str = MEASURE,
    variance: float | None = None,
) -> None:
    con.execute(
        "INSERT INTO mart.outcome BY NAME SELECT $s AS school_id, 'ks2' AS key_stage, $y AS academic_year, "
        "'final' AS release_status, $g AS pupil_group, $m AS measure, $n AS n_pupils, $mean AS mean, "
        "$v AS variance, 0 AS rounding_half_width, "
        "CASE WHEN $mean IS NULL THEN 'suppressed' ELSE 'value' END AS value_status, "
        "true AS is_compared_kind, true AS is_local, 'neither' AS arm, $y = '2017-18' AS is_outcome, "
        "is_outcome AS is_last, NOT is_outcome AS is_baseline",
        {"s": school, "y": year, "g": group, "m": measure, "n": n, "mean": mean, "v": variance},
    )


def add_school(
    con: duckdb.DuckDBPyConnection, school: int, *, is_special: bool = False, is_local: bool = True
) -> None:
    con.execute(
        "INSERT INTO mart.school BY NAME SELECT $s AS school_id, "
        "NOT $special AS is_compared_kind, $local AS is_local",
        {"s": school, "special": is_special, "local": is_local},
    )
    con.execute("INSERT INTO mart.school_key_stage VALUES (?, 'ks2')", [school])


def add_compared(
    con: duckdb.DuckDBPyConnection,
    school: int,
    *,
    inside: bool,
    reason: str = "compared",
    is_in_scope: bool = True,
) -> None:
    con.execute(
        "INSERT INTO impact.compared_school VALUES ('gap', ?, 'ks2', 'disadvantaged', ?, ?, ?, ?)",
        [MEASURE, school, inside, is_in_scope, reason],
    )


def school(number: int) -> int:
    return 7992000 + number


def test_attrition_compares_lost_schools_with_kept_ones(tmp_path: Path) -> None:
    withheld = "withheld_when_published"
    with store(tmp_path) as (con, _):
        for number, mean, n in ((1, 0.5, 20), (2, 0.8, 10), (3, 0.9, 30), (4, None, None)):
            add_cell(con, school(number), "2017-18", "all", mean, n)
            add_cell(con, school(number), "2017-18", "disadvantaged", 0.1, 5)
            add_cell(con, school(number), "2016-17", "all", 0.1, 50)
        for number in range(1, 6):
            add_school(con, school(number))
        add_compared(con, school(1), inside=True)
        add_compared(con, school(2), inside=True)
        add_compared(con, school(3), inside=False, reason=withheld)
        add_compared(con, school(4), inside=False, reason=withheld)
        add_compared(con, school(5), inside=False)
        design.build(con, ATTRITION)
        rows = con.execute(
            "SELECT side, is_kept, reason, n_schools, n_schools_with_result, n_pupils, mean "
            "FROM impact.attrition"
        ).fetchall()
    assert rows == [
        ("programme", True, "compared", 2, 2, 30, pytest.approx(0.6)),
        ("comparison", True, "compared", 1, 0, 0, None),
        ("comparison", False, withheld, 2, 1, 30, pytest.approx(0.9)),
    ]


def test_schools_in_and_out_of_scope_are_counted_apart(tmp_path: Path) -> None:
    with store(tmp_path) as (con, _):
        for number in range(1, 4):
            add_school(con, school(number))
            add_compared(
                con, school(number), inside=True, reason="no_result", is_in_scope=number < 3
            )
        design.build(con, ATTRITION)
        counted = con.execute("SELECT is_in_scope, n_schools FROM impact.attrition ORDER BY ALL")
        assert counted.fetchall() == [(False, 1), (True, 2)]


def balanced(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, object]]:
    design.build(con, SCHOOL_BEFORE)
    con.execute(
        "INSERT INTO impact.baseline_year SELECT DISTINCT programme, measure, key_stage, pupil_group, "
        "'2016-17', 2, 2, true FROM impact.compared_school"
    )
    design.build(con, BALANCE)
    frame = con.execute("SELECT * FROM impact.balance").df()
    return {str(row["characteristic"]): dict(row) for row in frame.to_dict("records")}


def test_balance_is_hedges_g_with_the_clearinghouse_s_bounds(tmp_path: Path) -> None:
    with store(tmp_path) as (con, _):
        for number, target, everyone, n in (
            (1, 0.3, 0.5, 40),
            (2, 0.5, 0.5, 60),
            (3, 0.5, 0.6, 44),
            (4, 0.7, 0.6, 60),
        ):
            add_cell(con, school(number), "2016-17", "disadvantaged", target, N_BEFORE)
            add_cell(con, school(number), "2016-17", "all", everyone, n)
            # Outcomes do not affect balance.
            add_cell(con, school(number), "2017-18", "disadvantaged", 0.0, N_BEFORE)
            add_compared(con, school(number), inside=number <= 2)
        found = balanced(con)
    target = found["target_pupils_before"]
    pooled = (19 * 0.24 * 20 / 19 + 19 * 0.24 * 20 / 19) / 38
    expected = (0.4 - 0.6) / np.sqrt(pooled) * (1 - 3 / (4 * 40 - 9))
    assert target["standardised_difference"] == pytest.approx(expected)
    assert target["rating"] == "not_satisfied"
    assert (target["n_programme_pupils"], target["n_comparison_schools"]) == (20, 2)
    everyone = found["all_pupils_before"]
    assert everyone["rating"] == "needs_adjustment"
    assert everyone["n_programme_pupils"] == 100
    cohort = found["cohort_pupils"]
    spread = np.sqrt((200 + 128) / 2)
    assert cohort["standardised_difference"] == pytest.approx(
        (50 - 52) / spread * (1 - 3 / (4 * 4 - 9))
    )
    assert found["disadvantaged_share"]["programme_mean"] == pytest.approx((1 / 4 + 1 / 6) / 2)


def test_balance_of_points_takes_the_spread_within_and_between_schools(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    pupils = {number: rng.normal(number / 10, 5, 12) for number in range(1, 5)}
    with store(tmp_path) as (con, _):
        con.execute("UPDATE protocol.measure SET counts_pupils = false")
        for number, scores in pupils.items():
            add_cell(
                con, school(number), "2016-17", "disadvantaged",
                scores.mean(), 12, variance=scores.var(ddof=1),
            )  # fmt: skip
            add_compared(con, school(number), inside=number <= 2)
        known = balanced(con)["target_pupils_before"]
        con.execute(f"UPDATE mart.outcome SET variance = NULL WHERE school_id = {school(1)}")
        unknown = balanced(con)["target_pupils_before"]
    inside, outside = np.concatenate([pupils[1], pupils[2]]), np.concatenate([pupils[3], pupils[4]])
    pooled = np.sqrt((inside.var(ddof=1) + outside.var(ddof=1)) / 2)
    difference = (inside.mean() - outside.mean()) / pooled * (1 - 3 / (4 * 48 - 9))
    assert known["standardised_difference"] == pytest.approx(difference)
    assert np.isnan(unknown["standardised_difference"])
    assert unknown["rating"] is None or unknown["rating"] != unknown["rating"]
    assert unknown["programme_mean"] == pytest.approx(inside.mean())


def test_a_withheld_number_of_disadvantaged_pupils_is_not_zero(tmp_path: Path) -> None:
    with store(tmp_path) as (con, _):
        for number in range(1, 7):
            add_cell(con, school(number), "2016-17", "all", 0.5, N_ALL)
            if number in {1, 4}:
                add_cell(con, school(number), "2016-17", "disadvantaged", 0.5, 10)
            if number == 2:
                add_cell(con, school(number), "2016-17", "disadvantaged", None, None)
            add_compared(con, school(number), inside=number <= 3)
        share = balanced(con)["disadvantaged_share"]
    # School 3 has none; school 2's is unknown.
    assert share["n_programme_schools"] == 2
    assert share["programme_mean"] == pytest.approx(0.125)


def test_without_data_on_disadvantage_its_share_is_missing_and_not_zero(
    tmp_path: Path,
) -> None:
    """Some tables give all pupils only; a school without results has no cohort here."""
    with store(tmp_path) as (con, _):
        for number in range(1, 7):
            add_cell(con, school(number), "2016-17", "all", 0.5 + number / 20, N_ALL)
            add_compared(con, school(number), inside=number <= 3)
        con.execute(
            "UPDATE mart.outcome SET mean = NULL, value_status = 'suppressed' "
            f"WHERE school_id = {school(6)}"
        )
        found = balanced(con)
    assert "disadvantaged_share" not in found
    cohort = found["cohort_pupils"]
    assert (cohort["n_comparison_schools"], cohort["n_comparison_pupils"]) == (2, 2 * N_ALL)


def test_overlap_counts_comparison_schools_by_what_else_they_get(tmp_path: Path) -> None:
    with store(tmp_path) as (con, study):
        for number in range(1, 13):
            before = number / 20 if number <= 6 else (number - 2) / 20
            for year, mean in (("2016-17", before), ("2017-18", 0.5)):
                add_cell(con, school(number), year, "disadvantaged", mean, N_BEFORE)
        members = [("gap", n) for n in range(1, 7)]
        members += [("send", n) for n in (1, 7, 8)]
        members += [("network", n) for n in (2, 8, 9, 10)]
        for programme, number in members:
            con.execute(
                "INSERT INTO mart.programme_school BY NAME SELECT ? AS programme, ? AS school_id, "
                "false AS has_left, false AS is_placebo",
                [programme, school(number)],
            )
        marts.build(con, EXPOSURE)
        design.build(con, BASELINE_YEAR)
        assert design.build_overlap(con, study) == 3
        row = con.execute(
            "SELECT * FROM impact.overlap WHERE programme = 'gap' AND measure = ?", [MEASURE]
        ).df().iloc[0]  # fmt: skip
        empty = con.execute("SELECT * FROM impact.overlap WHERE programme = 'send'").df().iloc[0]
    assert (row["n_programme_schools"], row["n_comparison_schools"]) == (6, 6)
    assert (row["n_programme_pupils"], row["n_comparison_pupils"]) == (60, 60)
    # Programme schools were at 0.05 to 0.30, the others at 0.25 to 0.50.
    assert row["n_comparison_schools_in_range"] == 2
    assert row["programme_in_range_share"] == pytest.approx(2 / 6)
    assert bool(row["is_extrapolation"])
    assert row["n_comparison_schools_in_evaluated"] == 2
    assert row["n_comparison_schools_in_others"] == 3
    assert row["comparison_in_others_share"] == pytest.approx(0.5)
    assert empty["n_programme_schools"] == 0
    assert empty[["is_extrapolation", "comparison_in_others_share"]].isna().all()


def test_a_special_school_is_neither_described_nor_counted_in_a_year_s_mean(tmp_path: Path) -> None:
    with store(tmp_path) as (con, _):
        for number, mean in ((1, 0.5), (2, 0.1)):
            add_school(con, school(number), is_special=number == 2)
            for year in ("2016-17", "2017-18"):
                for group in ("all", "disadvantaged"):
                    add_cell(con, school(number), year, group, mean, 20)
        con.execute(
            "UPDATE mart.outcome SET is_compared_kind = false WHERE school_id = $s",
            {"s": school(2)},
        )
        design.build(con, SCHOOL_BEFORE)
        found = con.execute(
            "SELECT DISTINCT school_id, result_before FROM impact.school_before "
            "WHERE measure = $m AND n_baseline_years > 0",
            {"m": MEASURE},
        ).fetchall()
        described = con.execute("SELECT DISTINCT school_id FROM impact.school_before").fetchall()
    assert found == [(school(1), 0.0)]
    assert described == [(school(1),)]


@pytest.mark.parametrize(
    ("difference", "rating"),
    [
        (0.0, "satisfies"), (0.05, "satisfies"), (-0.05, "satisfies"), (0.051, "needs_adjustment"),
        (0.25, "needs_adjustment"), (-0.25, "needs_adjustment"), (0.251, "not_satisfied"),
        (-0.3, "not_satisfied"), (None, None),
    ],
)  # fmt: skip
def test_the_bounds_of_balance_are_those_of_the_what_works_clearinghouse(difference, rating):
    """Standards Handbook 4.1, 2020: 0.05 and 0.25 of a standard deviation; asked of the last SELECT."""
    last = design.select_of(BALANCE).rpartition("\nSELECT\n")[2]
    made = (
        "SELECT $difference::DOUBLE AS standardised_difference, 1 AS n_units_of_both, "
        "1.0 AS pooled_variance, 'p' AS programme, 'm' AS measure, 'c' AS characteristic"
    )
    with duckdb.connect() as con:
        found = con.execute(
            f"WITH difference AS ({made}) SELECT rating FROM (SELECT {last})",
            {"difference": difference},
        ).fetchone()
    assert found == (rating,)
