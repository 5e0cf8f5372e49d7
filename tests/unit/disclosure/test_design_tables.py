"""Design tables after the disclosure gate disclose no few pupils and no school, also via totals."""

from __future__ import annotations

import duckdb
import pytest

from pipelines.catalogue import CELL, RELEASED_TABLES
from pipelines.catalogue.comparison_design import ATTRITION, BALANCE, OVERLAP
from pipelines.disclosure import gate
from pipelines.protocol.tables import write_protocol
from pipelines.released import making
from tests.tiny_study import TinyStudy

QUESTION = ("gap", "ks2_rwm_expected", "ks2", "disadvantaged")
COMPARED = ("compared", True, True)
NO_RESULT = ("no_result", False, True)
NO_EARLIER = ("no_earlier_result", False, True)
SPECIAL = ("special_school", False, False)


@pytest.fixture
def con(tmp_path):
    """A store with the protocol, empty design tables and nothing else."""
    study = TinyStudy(tmp_path).write()
    connection = duckdb.connect()
    for schema in ("protocol", "mart", "impact", "released"):
        connection.execute(f"CREATE SCHEMA {schema}")
    write_protocol(connection, study, "0")
    for table in (CELL, ATTRITION, BALANCE, OVERLAP):
        connection.execute(table.ddl())
    gate.create_rules(connection)
    yield connection
    connection.close()


def insert(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, object]) -> None:
    named = dict(zip(("programme", "measure", "key_stage", "pupil_group"), QUESTION, strict=True))
    row = named | row
    con.execute(
        f"INSERT INTO impact.{table} ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})",
        list(row.values()),
    )


def attrition(con, side: str, standing, n_schools: int, n_pupils: int, *, mean: float = 0.5):
    reason, is_kept, is_in_scope = standing
    insert(
        con,
        "attrition",
        {
            **{"side": side, "reason": reason, "is_kept": is_kept, "is_in_scope": is_in_scope},
            **{"n_schools": n_schools, "n_schools_with_result": n_schools if n_pupils else 0},
            **{"n_pupils": n_pupils, "mean": mean if n_pupils else None},
        },
    )


def released(con, name: str, columns: str) -> list[tuple[object, ...]]:
    table = next(table for table in RELEASED_TABLES if table.name == name)
    making.make_table(con, table)
    assert not table.pupil_counts or gate.count_small(con, name) == 0
    assert not table.pupil_counts or gate.count_unrounded(con, name) == 0
    assert gate.count_misstated(con, name) == 0
    return con.execute(f"SELECT {columns} FROM released.{name}").fetchall()


def shown(con) -> dict[tuple[str, bool], tuple[object, ...]]:
    rows = released(con, "attrition", "side, is_kept, n_schools, n_pupils, mean, figure_status")
    return {row[:2]: row[2:] for row in rows}


# ----------------------------------------------------------------------------------------- attrition


def test_reasons_are_pooled_and_means_weighted_by_pupils(con):
    attrition(con, "comparison", COMPARED, 20, 1401, mean=0.554)
    attrition(con, "comparison", NO_RESULT, 2, 60, mean=0.2)
    attrition(con, "comparison", NO_EARLIER, 1, 20, mean=0.6)
    rows = released(con, "attrition", "is_kept, n_schools, n_pupils, mean, reasons, figure_status")
    reasons = "no earlier result to compare with (1); no result for these pupils this year (2)"
    assert rows == [
        # 1,401 is the middle of 1,398 to 1,403, and 81 that of 78 to 83.
        (True, 20, 1401, pytest.approx(0.55), None, "shown"),
        (False, 3, 81, pytest.approx(0.3), reasons, "shown"),
    ]


@pytest.mark.parametrize(
    ("n_schools", "n_pupils"),
    [(1, 40), (2, 80), (3, 5)],
    ids=["one school", "two schools", "few pupils"],
)
def test_a_suppressed_lost_row_suppresses_the_kept_one(con, n_schools, n_pupils):
    """Otherwise the lost row would be the side's total (in `comparison`) minus the kept row."""
    attrition(con, "programme", COMPARED, 10, 700)
    attrition(con, "programme", NO_RESULT, n_schools, n_pupils)
    attrition(con, "comparison", COMPARED, 22, 1500)
    found = shown(con)
    assert found["programme", True] == (10, None, None, "suppressed")
    assert found["programme", False] == (n_schools, None, None, "suppressed")
    assert found["comparison", True] == (22, 1503, 0.5, "shown")


def test_a_suppressed_kept_row_suppresses_the_lost_one(con):
    attrition(con, "programme", COMPARED, 2, 60)
    attrition(con, "programme", NO_RESULT, 8, 300)
    assert {row[1:] for row in shown(con).values()} == {(None, None, "suppressed")}


def test_lost_schools_without_any_result_hide_nothing(con):
    attrition(con, "programme", COMPARED, 10, 700)
    attrition(con, "programme", NO_RESULT, 1, 0)
    found = shown(con)
    assert found["programme", True] == (10, 699, 0.5, "shown")
    assert found["programme", False] == (1, 0, None, "not_available")


def test_schools_that_are_never_compared_are_not_lost(con):
    attrition(con, "comparison", COMPARED, 20, 1400)
    attrition(con, "comparison", SPECIAL, 2, 10)
    assert shown(con) == {("comparison", True): (20, 1401, 0.5, "shown")}


def test_without_kept_schools_no_schools_are_lost(con):
    attrition(con, "comparison", NO_RESULT, 20, 1400)
    assert shown(con) == {}


def test_known_parts_cannot_be_subtracted(con):
    """For 735 pupils it is known that 373 met the standard; three to eight more have no status.

    Any released figure for 738 to 743 pupils fits several numbers and results of these.
    """
    worlds: dict[tuple[object, ...], set[tuple[int, int]]] = {}
    for n_few in range(3, 9):
        for n_met in range(n_few + 1):
            con.execute("DELETE FROM impact.attrition")
            n_pupils = 735 + n_few
            attrition(con, "programme", COMPARED, 10, n_pupils, mean=(373 + n_met) / n_pupils)
            ((_, *seen),) = shown(con).values()
            worlds.setdefault(tuple(seen), set()).add((n_few, n_met))
    for fitting in worlds.values():
        assert len({n_few for n_few, _ in fitting}) > 3
        assert len({n_met for _, n_met in fitting}) > 2


def test_a_mean_of_few_pupils_is_rounded_to_a_coarse_step(con):
    """20 pupils are shown as 21; one of them half the scale away changes a share by 0.024, so the step is
    0.05.
    """
    attrition(con, "programme", COMPARED, 10, 700)
    attrition(con, "programme", NO_RESULT, 3, 20, mean=0.52)
    assert shown(con)["programme", False] == (3, 21, 0.5, "shown")


# ------------------------------------------------------------------------------------------- balance


def balance(con, characteristic: str = "target_pupils_before", **changes: object) -> None:
    row: dict[str, object] = {
        **{"characteristic": characteristic, "rating": "satisfies"},
        **{"n_programme_schools": 10, "n_comparison_schools": 20},
        **{"n_programme_pupils": 214, "n_comparison_pupils": 323},
        **{"programme_mean": 0.4321, "comparison_mean": 0.4567, "standardised_difference": -0.0499},
    }
    insert(con, "balance", row | changes)


FIGURES = (
    "n_programme_pupils, n_comparison_pupils, programme_mean, comparison_mean, "
    "standardised_difference, rating, figure_status"
)


def test_balance_is_shown_rounded(con):
    balance(con)
    balance(con, "cohort_pupils", programme_mean=70.625)
    target, cohort = released(con, "balance", FIGURES)
    # 213 is the middle of 210 to 215, and 321 that of 318 to 323.
    assert target == (213, 321, 0.43, 0.46, -0.05, "satisfies", "shown")
    assert cohort[2] == 71


@pytest.mark.parametrize(
    ("measure", "characteristic", "mean", "shown"),
    [
        ("attendance_absence", "target_pupils_before", 0.0387, 0.039),
        ("ks4_attainment8", "all_pupils_before", 46.25, 46.3),
        ("ks4_progress8", "target_pupils_before", -0.125, -0.13),
        ("ks4_attainment8", "disadvantaged_share", 0.2381, 0.24),
    ],
)
def test_earlier_averages_are_rounded_to_their_printed_decimals(
    con, measure, characteristic, mean, shown
):
    balance(con, characteristic, measure=measure, programme_mean=mean)
    ((found,),) = released(con, "balance", "programme_mean")
    assert found == pytest.approx(shown, abs=1e-12)


@pytest.mark.parametrize("side", ["programme", "comparison"])
@pytest.mark.parametrize(("count", "few"), [("schools", 9), ("pupils", 5)], ids=str)
def test_balance_of_few_schools_or_pupils_is_withheld_whole(con, side, count, few):
    balance(con, **{f"n_{side}_{count}": few})
    assert released(con, "balance", FIGURES) == [(None,) * 6 + ("suppressed",)]


def test_balance_of_what_is_public_by_school_is_as_it_is(con):
    con.execute("UPDATE protocol.result_release SET is_published = true")
    gate.create_rules(con)
    balance(con, n_programme_schools=2, n_programme_pupils=5)
    shown = (5, 323, 0.43, 0.46, -0.05, "satisfies", "shown")
    assert released(con, "balance", FIGURES) == [shown]


def test_the_target_pupils_come_first(con):
    for characteristic in ("disadvantaged_share", "cohort_pupils", "target_pupils_before"):
        balance(con, characteristic)
    ((first,), *_) = released(con, "balance", "characteristic")
    assert first == "target_pupils_before"


# ------------------------------------------------------------------------------------------- overlap


def overlap(con, **changes: object) -> None:
    row: dict[str, object] = {
        **{"n_programme_schools": 10, "n_comparison_schools": 20, "n_programme_pupils": 100},
        **{"n_comparison_pupils": 200, "n_comparison_schools_in_range": 9},
        **{"programme_in_range_share": 0.8, "is_extrapolation": False},
        **{"n_comparison_schools_in_evaluated": 4, "n_comparison_schools_in_others": 20},
        **{"comparison_in_evaluated_share": 0.2, "comparison_in_others_share": 1.0},
    }
    insert(con, "overlap", row | changes)


JUDGED = "n_comparison_schools_in_range, programme_in_range_share, is_extrapolation"


def test_overlap_is_shown_where_it_was_judged(con):
    overlap(con)
    overlap(
        con,
        measure="ks2_maths_progress",
        n_comparison_schools_in_range=None,
        programme_in_range_share=None,
        is_extrapolation=None,
    )
    assert released(con, "overlap", JUDGED) == [(9, 0.8, False)]


def test_overlap_of_few_pupils_is_withheld_but_not_what_others_take_part_in(con):
    overlap(con, n_programme_pupils=5)
    assert released(con, "overlap", f"{JUDGED}, comparison_in_evaluated_share") == [
        (None,) * 3 + (0.2,)
    ]
