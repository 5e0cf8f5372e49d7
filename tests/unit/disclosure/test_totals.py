"""Totals of both sides: when they are suppressed, which schools are left out, what averages reveal.

Numbers are computed by hand; classes have six pupils unless noted.
"""

from __future__ import annotations

import pandas as pd
import pytest
from statsmodels.stats.proportion import proportion_confint

from pipelines.impact.score_interval import NORMAL_VALUE
from tests.disclosure.invented import POINTS, SHARE, YEARS
from tests.unit.disclosure.made import after_the_gate, made, rows_of, sides_of

FIGURES = ("n_schools", "n_pupils", "n_meeting", "mean", "ci_low", "ci_high")
REST = {4: 20, 5: 20, 6: 20}


def is_shown(row: dict[str, object]) -> bool:
    """Whether all figures are shown; fails if only some are. A mean of points has no count who met a
    standard.
    """
    shown = {row[name] is not None for name in FIGURES if name != "n_meeting"}
    assert shown == {row["figure_status"] == "shown"}
    return row["figure_status"] == "shown"


# --------------------------------------------------------------------------------------- too few pupils


@pytest.mark.parametrize(("n_of_third", "n_pupils"), [(2, 9), (1, None)])
def test_fewer_pupils_than_the_minimum_are_not_shown(n_of_third, n_pupils):
    """Six pupils in three schools, shown as nine, or five."""
    found = sides_of(made({1: 2, 2: 2, 3: n_of_third} | REST, measure=POINTS, mean=4.0))
    assert found["programme"]["n_pupils"] == n_pupils
    assert is_shown(found["programme"]) is (n_pupils is not None)


def test_the_minimum_is_the_studys_and_so_are_the_classes():
    study = made({1: 4, 2: 3, 3: 3} | REST, measure=POINTS, mean=4.0)
    # Ten pupils: with classes of six 6 to 11 become 9, with classes of ten 10 to 19 become 15.
    assert sides_of(study, 6)["programme"]["n_pupils"] == 9
    assert sides_of(study, 10)["programme"]["n_pupils"] == 15
    assert sides_of(study, 11)["programme"]["n_pupils"] is None


@pytest.mark.parametrize(
    ("met", "shown"),
    [
        ({1: 2, 2: 2, 3: 1}, None),
        # 30 pupils become 33, and 6 become 9: 9 / 33 is 27%.
        ({1: 2, 2: 2, 3: 2}, (33, 9, 0.27)),
        # 24 become 27: 27 / 33 is 82%.
        ({1: 8, 2: 8, 3: 8}, (33, 27, 0.82)),
        ({1: 8, 2: 8, 3: 9}, None),
        ({1: 0, 2: 0, 3: 0}, None),
        ({1: 10, 2: 10, 3: 10}, None),
    ],
    ids=["5 met", "6 met", "6 did not", "5 did not", "none met", "all met"],
)
def test_fewer_who_met_the_standard_or_did_not_are_not_shown(met, shown):
    row = sides_of(made({1: 10, 2: 10, 3: 10} | REST, met=met))["programme"]
    assert is_shown(row) is (shown is not None)
    assert shown is None or (row["n_pupils"], row["n_meeting"], row["mean"]) == shown


@pytest.mark.parametrize(
    ("n_pupils", "met"),
    [
        ({1: 1, 2: 1, 3: 1} | REST, {}),
        ({1: 20, 2: 20, 3: 20, 4: 1, 5: 1, 6: 1}, {}),
        ({1: 20, 2: 20, 3: 20} | REST, {1: 1, 2: 1, 3: 1}),
        ({1: 20, 2: 20, 3: 20} | REST, {4: 19, 5: 19, 6: 20}),
    ],
    ids=["few pupils here", "few pupils there", "few met here", "few did not there"],
)
def test_both_sides_are_shown_or_suppressed_together(n_pupils, met):
    """The authority's total is published elsewhere, so one side would reveal the other."""
    found = sides_of(made(n_pupils, met=met))
    assert {arm: is_shown(row) for arm, row in found.items()} == {"programme": False, "rest": False}


def test_both_groups_of_a_gap_are_shown_or_suppressed_together():
    """Together they are all pupils of a side, whose results are published elsewhere."""
    study = made({1: 20, 2: 20, 3: 20} | REST)
    others = study.cells.assign(pupil_group="not_disadvantaged")
    is_shown_alone = sides_of(study)["programme"]["figure_status"] == "shown"
    others.loc[others["school_id"] <= 7990003, "mean"] = 0.05
    study.cells = pd.concat([study.cells, others], ignore_index=True)
    found = rows_of(
        study,
        "SELECT DISTINCT pupil_group, figure_status FROM released.comparison "
        f"WHERE programme <> 'all' AND academic_year = '{YEARS[-1]}' ORDER BY pupil_group",
    )
    assert is_shown_alone
    assert [tuple(row.values()) for row in found] == [
        ("disadvantaged", "suppressed"),
        ("not_disadvantaged", "suppressed"),
    ]


def test_a_figure_withheld_in_one_year_is_shown_in_another():
    study = made({1: 20, 2: 20, 3: 20} | REST)
    is_of_school = study.cells["school_id"].isin([7990001, 7990002, 7990003])
    study.cells.loc[is_of_school & (study.cells["academic_year"] == YEARS[-2]), "mean"] = 0.05
    assert not is_shown(sides_of(study, year=YEARS[-2])["programme"])
    assert is_shown(sides_of(study)["programme"])


# ----------------------------------------------------------------------------- pupils of special need


@pytest.mark.parametrize(
    ("members", "shown"), [((1,), False), ((1, 2), False), ((1, 2, 3), True), ((1, 2, 3, 4), False)]
)
def test_pupils_by_special_need_need_three_schools_on_both_sides(members, shown):
    """With two schools each can subtract itself; with six schools, four leave two on the other side."""
    n_pupils = dict.fromkeys(range(1, 7), 40)
    found = sides_of(made(n_pupils, group="sen_support", members=members))
    assert {is_shown(row) for row in found.values()} == {shown}
    assert {is_shown(row) for row in sides_of(made(n_pupils, members=members)).values()} == {True}


# --------------------------------------------------------------------------------- schools that are left out


@pytest.mark.parametrize(
    ("n_pupils", "shown"),
    [
        # 40 pupils become 39, and 20 who met it become 21.
        ({1: 20, 2: 20, 3: 5}, (2, 1, 39, 21)),
        # 40 of 60 remain.
        ({1: 20, 2: 20} | dict.fromkeys((3, 7, 8, 9), 5), (2, 4, 39, 21)),
        # Five small schools are enough: 45 stay 45, and 10 plus five times 2 become 21.
        ({1: 20} | dict.fromkeys((2, 3, 7, 8, 9), 5), (6, 0, 45, 21)),
        # A school of six is in the tables: 46 become 45, and 10 + 10 + 3 become 21.
        ({1: 20, 2: 20, 3: 6}, (3, 0, 45, 21)),
        # If all schools are small, nothing can be subtracted: 15 stay 15, and 2 * 3 become 9.
        ({1: 5, 2: 5, 3: 5}, (3, 0, 15, 9)),
    ],
    ids=["one", "four", "five", "of six pupils", "nothing else"],
)
def test_up_to_four_small_schools_are_left_out(n_pupils, shown):
    """Subtracting published tables from a total leaves the unpublished schools."""
    found = sides_of(made(n_pupils | REST, members=tuple(n_pupils)))
    names = ("n_schools", "n_schools_left_out", "n_pupils", "n_meeting")
    assert tuple(found["programme"][name] for name in names) == shown
    assert found["rest"]["n_schools_left_out"] == 0


@pytest.mark.parametrize(
    ("n_small_others", "shown"),
    [
        # 45 pupils stay 45.
        (0, (6, 0, 45)),
        # 20 of 45 remain, shown as 21.
        (1, (1, 5, 21)),
        (4, (1, 5, 21)),
        (5, (6, 0, 45)),
    ],
)
def test_few_small_schools_outside_a_total_leave_out_those_in_it(n_small_others, shown):
    """The authority's total minus this one and the published schools would be the few outside it."""
    n_pupils = {1: 20} | dict.fromkeys((2, 3, 7, 8, 9), 5)
    others = dict.fromkeys(range(10, 10 + n_small_others), 5)
    found = sides_of(made(n_pupils | REST | others, members=tuple(n_pupils)))["programme"]
    assert tuple(found[n] for n in ("n_schools", "n_schools_left_out", "n_pupils")) == shown


def test_a_total_of_one_small_school_keeps_it():
    row = sides_of(made({1: 5} | REST, members=(1,)))["programme"]
    assert (row["n_schools_left_out"], row["figure_status"]) == (0, "suppressed")


def test_no_school_is_left_out_of_pupils_by_special_need():
    """No table shows them by school: all 45 pupils count, and 10 + 10 + 2 become 21."""
    found = sides_of(made({1: 20, 2: 20, 3: 5} | REST, group="sen_support"))["programme"]
    assert (found["n_schools"], found["n_schools_left_out"]) == (3, 0)
    assert (found["n_pupils"], found["n_meeting"]) == (45, 21)


def test_a_school_of_few_other_pupils_is_left_out_too():
    """If one group of a school is small, tables omit both groups."""
    study = made({1: 20, 2: 20, 3: 20} | REST)
    others = study.cells.assign(pupil_group="not_disadvantaged")
    others.loc[others["school_id"] == 7990003, "n_pupils"] = 3
    study.cells = pd.concat([study.cells, others], ignore_index=True)
    found = rows_of(
        study,
        "SELECT pupil_group, n_schools, n_schools_left_out, n_pupils FROM released.comparison "
        f"WHERE arm = 'programme' AND academic_year = '{YEARS[-1]}' ORDER BY pupil_group",
    )
    assert [tuple(row.values()) for row in found] == [
        ("disadvantaged", 2, 1, 39),
        ("not_disadvantaged", 2, 1, 39),
    ]


def test_small_schools_are_determined_for_each_year():
    study = made({1: 20, 2: 20, 3: 20} | REST)
    is_earlier = study.cells["academic_year"] == YEARS[-2]
    study.cells.loc[is_earlier & (study.cells["school_id"] == 7990003), "n_pupils"] = 5
    for year, n_left_out in ((YEARS[-2], 1), (YEARS[-1], 0)):
        assert sides_of(study, year=year)["programme"]["n_schools_left_out"] == n_left_out


# ------------------------------------------------------------------------------------------- averages


def test_a_share_is_its_rounded_counts():
    """29 pupils become 27, and 3 + 4 + 6 become 15: 15 / 27 is 56%, while 13 / 29 was 45%."""
    row = sides_of(made({1: 7, 2: 9, 3: 13} | REST))["programme"]
    assert (row["n_pupils"], row["n_meeting"], row["mean"]) == (27, 15, 0.56)


def test_the_others_are_the_authority_minus_the_programme():
    """60 pupils become 63 and the authority's 120 become 123, so the others are 60, though 60 alone would be
    63.

    In the programme 30 met it, shown as 33; in the authority 60, shown as 63.
    """
    found = sides_of(made({1: 20, 2: 20, 3: 20} | REST))
    assert [found["programme"][name] for name in FIGURES[1:4]] == [63, 33, 0.52]
    assert [found["rest"][name] for name in FIGURES[1:4]] == [60, 30, 0.5]


def test_where_the_authority_leaves_out_other_schools_the_others_are_rounded_by_themselves():
    """The authority has five small schools and omits none; its sides omit two and three: 20 and 40 pupils."""
    found = sides_of(made({1: 20, 2: 5, 3: 5, 4: 20, 5: 20, 6: 5, 7: 5, 8: 5}))
    assert [found[arm]["n_schools_left_out"] for arm in ("programme", "rest")] == [2, 3]
    assert [found[arm]["n_pupils"] for arm in ("programme", "rest")] == [21, 39]


def test_thirteen_of_nineteen_others_are_not_shown_as_all_of_them():
    """In the programme 11 of 18 (9 of 21) met it; in the authority 24 of 37 (27 of 39).

    The difference would show 18 of 18.
    """
    met = {1: 4, 2: 4, 3: 3, 4: 5, 5: 4, 6: 4}
    found = sides_of(made({1: 6, 2: 6, 3: 6, 4: 7, 5: 6, 6: 6}, met=met))
    assert found["rest"]["mean"] != 1


@pytest.mark.parametrize(
    ("n_pupils", "mean", "shown"),
    [
        # Nine pupils stay nine: 30 / 9 is 3.3, so the step is 5.
        ({1: 3, 2: 3, 3: 3}, 4.2, 5.0),
        # 120 become 123: 30 / 123 is 0.24, so the step is 0.5.
        ({1: 40, 2: 40, 3: 40}, 4.2, 4.0),
    ],
)
def test_other_means_are_rounded_to_a_step_by_their_pupils(n_pupils, mean, shown):
    row = sides_of(made(n_pupils | REST, measure=POINTS, mean=mean))["programme"]
    assert (row["mean"], row["n_meeting"]) == (shown, None)


def test_two_pupils_more_or_fewer_make_no_difference():
    """Thirty to thirty-five pupils of whom eighteen met it look the same to readers."""
    met = {1: 6, 2: 6, 3: 6}
    found = [sides_of(made({1: n, 2: 10, 3: 10} | REST, met=met)) for n in (10, 11, 12, 15)]
    assert found[1:] == found[:-1]


# ------------------------------------------------------------------------------------------ intervals


def exact(con, arm: str = "programme") -> tuple[dict[str, float], dict[str, object]]:
    """A side of the outcome year before rounding to decimals, and as released."""
    (shown,) = after_the_gate(
        con,
        f"FROM released.comparison WHERE arm = '{arm}' AND academic_year = '{YEARS[-1]}' "
        "AND programme <> 'all'",
    )
    total = con.execute(
        f"FROM temp.public_total WHERE arm = '{arm}' AND academic_year = '{YEARS[-1]}'"
    )
    names = [column[0] for column in total.description]
    (row,) = total.fetchall()
    return dict(zip(names, row, strict=True)), shown


def test_the_interval_of_a_share_is_wilson_s_on_shown_counts_and_the_design_effect():
    """123 pupils of three schools, 41 each; with an intraclass correlation of 0.1 they count as 123 / (1 +
    0.1 * 40).
    """
    with made({1: 40, 2: 40, 3: 40} | REST).store() as con:
        found, shown = exact(con)
    n_effective, mean = 24.6, 63 / 123
    low, high = proportion_confint(mean * n_effective, n_effective, method="wilson")
    assert (found["ci_low"], found["ci_high"]) == (pytest.approx(low), pytest.approx(high))
    # By hand: centre (0.5122 + 3.8415 / 49.2) / (1 + 3.8415 / 24.6) = 0.5106, half-width 0.184.
    assert (shown["n_pupils"], shown["n_meeting"], shown["mean"]) == (123, 63, 0.51)
    assert (shown["ci_low"], shown["ci_high"]) == (0.33, 0.69)


def test_pupils_of_one_school_count_less_than_as_many_of_three():
    """In one school 123 pupils count as 123 / (1 + 0.1 * 122) = 9.3, so the interval is wider."""
    with made({1: 120} | REST, members=(1,)).store() as con:
        found, _ = exact(con)
    n_effective, mean = 123 / 13.2, 63 / 123
    low, high = proportion_confint(mean * n_effective, n_effective, method="wilson")
    assert (found["ci_low"], found["ci_high"]) == (pytest.approx(low), pytest.approx(high))


def test_the_interval_of_points_uses_the_authority_s_pupil_variance():
    """Within-school variance is 1, nine tenths of the total 10 / 9, with 24.6 effective pupils."""
    study = made({1: 40, 2: 40, 3: 40} | REST, measure=POINTS, mean=4.0)
    with study.store() as con:
        found, shown = exact(con)
    margin = NORMAL_VALUE * (10 / 9 / 24.6) ** 0.5
    assert (found["ci_low"], found["ci_high"]) == (
        pytest.approx(4 - margin),
        pytest.approx(4 + margin),
    )
    # The margin is 0.417.
    assert (shown["mean"], shown["ci_low"], shown["ci_high"]) == (4.0, 3.6, 4.4)


def test_an_interval_reveals_nothing_about_the_spread_of_schools():
    """The same rounded counts, from equal schools or from one with none and one with all who met it."""
    alike, apart = (
        sides_of(made({1: 20, 2: 20, 3: 20} | REST, met=met))["programme"]
        for met in ({1: 10, 2: 10, 3: 10}, {1: 0, 2: 10, 3: 20})
    )
    assert alike == apart


# --------------------------------------------------------------------------------- what is public by school


def test_what_is_public_by_school_is_neither_rounded_nor_withheld():
    """Seven pupils of one school, all of whom met it, with the schools' own intervals."""
    study = made({1: 7, 2: 31, 3: 40, 4: 33}, met={1: 7, 2: 12, 3: 20, 4: 16}, members=(1,))
    with study.store() as con:
        con.execute("UPDATE protocol.result_release SET is_published = true")
        found = {
            str(row["arm"]): row
            for row in after_the_gate(
                con,
                f"FROM released.comparison WHERE academic_year = '{YEARS[-1]}' AND programme <> 'all'",
            )
        }
        intervals = con.execute(
            "SELECT round(ci_low, 2), round(ci_high, 2) FROM impact.comparison "
            f"WHERE arm = 'rest' AND academic_year = '{YEARS[-1]}'"
        ).fetchone()
    names = ("n_schools", "n_schools_left_out", "n_pupils", "n_meeting", "mean", "figure_status")
    assert [found["programme"][name] for name in names] == [1, 0, 7, 7, 1.0, "shown"]
    # 12 + 20 + 16 of 31 + 40 + 33 are 46%.
    assert [found["rest"][name] for name in names] == [3, 0, 104, 48, 0.46, "shown"]
    assert (found["rest"]["ci_low"], found["rest"]["ci_high"]) == intervals


def test_arms_follow_the_same_rules():
    """The authority's arms: 40 pupils of the programme's two included schools, and 60 in no programme."""
    rows = rows_of(
        made({1: 20, 2: 20, 3: 5} | REST),
        "SELECT arm, n_schools, n_schools_left_out, n_pupils FROM released.comparison "
        f"WHERE programme = 'all' AND academic_year = '{YEARS[-1]}' AND measure = '{SHARE}' ORDER BY arm",
    )
    assert [tuple(row.values())[1:] for row in rows] == [(2, 1, 39), (3, 0, 63)]
