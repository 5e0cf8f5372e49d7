"""What a case study shows of its school tells nothing of another's, and costs no other table a figure.

Invented studies with more pupils than `test_attack` has, so that single schools can be shown.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from pipelines.disclosure import door, releases
from pipelines.store import row_count
from tests.disclosure.attacker import Findings, attack_all
from tests.disclosure.invented import MINIMUM, Invented, invent, schools_of, tables_of, truths_of
from tests.disclosure.test_attack import recorded_in, three_arms

OTHERS = ("comparison", "impact", "school_point", "revisions", "attrition", "balance")
SHARE = "ks2_rwm_expected"


def grown(seed: int) -> Invented:
    """An invented study in which four of five schools are large."""
    study = invent(seed)
    is_large = study.cells["school_id"] % 5 > 0
    study.cells.loc[is_large, "n_pupils"] *= 12
    study.cells.loc[~is_large, "n_pupils"] *= 3
    return study


def attacked(con) -> tuple[Findings, pd.DataFrame]:
    tables = tables_of(con)
    found = attack_all([(tables, schools_of(con))], truths_of(con), MINIMUM)
    return found, tables["case_study_result"]


@pytest.mark.parametrize("first", [0, 8])
def test_nothing_can_be_worked_out_and_schools_are_shown(first: int) -> None:
    found, n_shown, n_withheld, n_of_special_need = Findings(), 0, 0, 0
    for seed in range(first, first + 8):
        with grown(seed).store() as con:
            door.release(con, MINIMUM)
            assert not any(door.count_given_away(con, MINIMUM).values()), seed
            assert door.count_small(con, "case_study_result", MINIMUM) == 0
            result, cases = attacked(con)
            n_of_special_need += row_count(
                con, "impact.case_study_result WHERE pupil_group = 'sen_support'"
            )
        found += result
        n_shown += int(cases["n_pupils"].notna().sum())
        n_withheld += int(cases["suppressed"].sum())
        # All years of a school, or none.
        assert (cases.groupby(["school_id", "measure"])["suppressed"].nunique() == 1).all()
        assert cases.loc[cases["suppressed"], ["n_pupils", "mean", "ci_low"]].isna().all(axis=None)
        assert not cases["pupil_group"].eq("sen_support").any()
    assert found.pinned == []
    assert min(n_shown, n_withheld, n_of_special_need) > 5


def test_case_studies_cost_no_other_table_a_figure() -> None:
    for seed in range(6):
        study = grown(seed)
        with study.store() as con:
            door.release(con, MINIMUM)
            told = tables_of(con)
        study.told = study.told.iloc[:0]
        with study.store() as con:
            door.release(con, MINIMUM)
            untold = tables_of(con)
        assert untold["case_study_result"].empty
        for name in OTHERS:
            pd.testing.assert_frame_equal(told[name], untold[name])


def test_a_door_that_forgets_who_is_left_alone_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "leave_another_alone", lambda *_: [])
    with told_arms(2).store() as con:
        door.release(con, MINIMUM)
        found, cases = attacked(con)
    assert cases["n_pupils"].notna().any()
    assert [text for text in found.pinned if "school 7990004 is named by another's" in text]


def told_arms(n_in_arm: int) -> Invented:
    """Twelve schools of nine pupils in four arms; the first school of one arm of three tells its case."""
    study = three_arms(send_only=11)
    study.cells["n_pupils"] = 40
    study.cells["mean"] = 0.25
    study.told = pd.DataFrame({"programme": ["gap"], "school_id": [7990003]})
    if n_in_arm == 2:
        # The third of its arm leaves the programme.
        study.members = study.members[study.members["school_id"] != 7990005]
    return study


def shown(con) -> list[object]:
    return [n for (n,) in con.execute("SELECT n_pupils FROM released.case_study_result").fetchall()]


def test_one_of_three_is_shown_and_one_of_two_is_not() -> None:
    with told_arms(3).store() as con:
        door.release(con, MINIMUM)
        assert set(shown(con)) == {40, None}  # no result in the first year
        assert not con.execute(
            "SELECT bool_or(suppressed) FROM released.case_study_result"
        ).fetchone()[0]
    with told_arms(2).store() as con:
        door.release(con, MINIMUM)
        assert set(shown(con)) == {None}
        plant = "UPDATE released.case_study_result SET n_pupils = 40, mean = 0.25, n_meeting = 10"
        con.execute(f"{plant} WHERE academic_year = '2017-18'")
        assert door.count_given_away(con, MINIMUM)["case_study_result"] > 0


def test_a_small_year_withholds_every_year() -> None:
    study = told_arms(3)
    is_it = (study.cells["school_id"] == 7990003) & (study.cells["academic_year"] == "2016-17")
    study.cells.loc[is_it, "n_pupils"] = 4
    with study.store() as con:
        door.release(con, MINIMUM)
        assert set(shown(con)) == {None}
        assert door.count_withheld(con)["case_study_result"] == 3


def test_what_was_withheld_of_a_school_before_stays_so(tmp_path: Path) -> None:
    """Five pupils last time, six now: shown, the sixth would tell of the five."""
    study = told_arms(3)
    is_it = (study.cells["school_id"] == 7990003) & (study.cells["pupil_group"] == "disadvantaged")
    study.cells.loc[is_it, ["n_pupils", "mean"]] = (5, 0.4)
    with study.store() as con:
        door.release(con, MINIMUM)
        assert set(shown(con)) == {None}
        recorded_in(tmp_path, con)
    study.cells.loc[is_it, ["n_pupils", "mean"]] = (6, 0.5)
    with study.store() as con:
        door.release(con, MINIMUM, releases.read(tmp_path))
        assert set(shown(con)) == {None}
