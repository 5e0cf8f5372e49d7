"""Compared schools in small made inputs with known answers (see each `README`): types, dates, leaving."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from pipelines.study.paths import PROJECT
from tests.fleet.running import Made, run

CASES = PROJECT.parent / "shared" / "data" / "cases"

Evaluate = Callable[..., Made]


@pytest.fixture
def evaluate(tmp_path: Path) -> Evaluate:
    """Evaluate a case by the start of its name, with other dates if given."""

    def evaluated(number: str, *, starts: str | None = None) -> Made:
        found = sorted(CASES.glob(f"{number}-*"))
        if not found:
            pytest.skip("the cases are not here")
        folder = tmp_path / found[0].name
        shutil.copytree(found[0], folder)
        folder.chmod(0o700)
        for file in ("study.toml", "enrolments.csv"):
            (folder / file).chmod(0o600)
        if starts:
            for file, before in (
                ("study.toml", r"(?<=starts = )\S+"),
                ("enrolments.csv", r"20\d\d-\d\d-\d\d"),
            ):
                text = (folder / file).read_text(encoding="utf-8")
                (folder / file).write_text(re.sub(before, starts, text), encoding="utf-8")
        return run(folder, has_pdf=False)

    return evaluated


def headline(made: Made) -> pd.Series:
    impact = made.tables["impact"]
    return impact[impact["role"] == "headline"].iloc[0]


def reasons(made: Made) -> dict[str, int]:
    return made.tables["school_count"].set_index("reason")["n_schools"].to_dict()


def test_independent_schools_are_not_compared(evaluate):
    made = evaluate("04")
    published = pd.read_csv(made.folder / "ks4_2019.csv")
    members = pd.read_csv(made.folder / "enrolments.csv")["URN"]
    schools = published[published["URN"].notna()]
    state = schools[schools["NFTYPE"] != "IND"]
    others = state[~state["URN"].isin(members)]
    row = headline(made)
    assert len(state) < len(schools)
    assert (row["n_programme_schools"], row["n_comparison_schools"]) == (len(members), len(others))
    rest = made.tables["comparison"].query("arm == 'rest' and academic_year == '2018-19'").iloc[0]
    mean = (others["ATT8SCR"] * others["TPUP"]).sum() / others["TPUP"].sum()
    assert rest["mean"] == pytest.approx(mean, abs=0.05)


def test_a_programme_that_began_after_the_tests_has_no_estimate(evaluate):
    made = evaluate("08")
    row = headline(made)
    assert row["verdict"] == "cannot_tell"
    assert pd.isna(row["estimate_low"])
    assert "had not begun there when pupils were tested" in row["verdict_reason"]
    assert set(reasons(made)) == {"not_started"}
    assert "had not begun there when pupils were tested" in made.html
    assert "had not begun there when pupils were tested" in made.report


def test_years_within_the_programme_are_no_years_before_it(evaluate):
    made = evaluate("08", starts="2015-09-07")
    row = headline(made)
    assert row["verdict"] == "cannot_tell"
    assert pd.isna(row["estimate_low"])
    assert "already at work in all earlier years" in row["verdict_reason"]
    assert set(reasons(made)) == {"programme_in_earlier_years"}


def test_between_both_there_is_one(evaluate):
    row = headline(evaluate("08", starts="2018-09-03"))
    assert pd.notna(row["estimate_low"])


def test_a_school_that_left_is_on_neither_side(evaluate):
    made = evaluate("09")
    enrolled = pd.read_csv(made.folder / "enrolments.csv")
    left = (enrolled["status"] == "withdrawn").sum()
    assert left
    assert reasons(made).get("left_before_tests") == left
    n_all = len(pd.read_csv(made.folder / "ks4_2019.csv"))
    row = headline(made)
    sides = made.tables["comparison"].query("academic_year == '2018-19' and programme == 'p'")
    assert sides.set_index("arm")["n_schools"].to_dict() == {
        "programme": len(enrolled) - left,
        "rest": n_all - len(enrolled),
    }
    assert "too few schools" in row["verdict_reason"] or pd.notna(row["estimate_low"])
