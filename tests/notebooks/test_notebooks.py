"""Each notebook runs from first cell to last over a finished run, and shows what the run's files hold."""

from __future__ import annotations

import hashlib
import re

import duckdb
import numpy as np
import pandas as pd
import pytest

import pipelines
from notebooks import __main__ as launcher
from pipelines.exploring.opened import OpenStudy
from pipelines.protocol.study_file import load_study
from pipelines.released import making
from pipelines.released.reading import read_published
from pipelines.study.paths import EXAMPLE, PROJECT
from tests.evaluated import Evaluated
from tests.notebooks.opened import chosen, frames, run_notebook, with_columns, words
from tests.unit.disclosure.test_revisions import city


def over(run: Evaluated, *, restricted: bool = False) -> dict[str, object]:
    """The definitions of a notebook's cell that opens a study."""
    study = pipelines.open_study(run.folder, restricted=restricted, data_marts=run.paths.marts)
    return {"STUDY": str(run.folder), "study": study}


def files_of(run: Evaluated) -> dict[str, str]:
    folders = (run.current.resolve(), run.paths.restricted_current.resolve())
    return {
        str(file): hashlib.sha256(file.read_bytes()).hexdigest()
        for folder in folders
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_the_python_of_the_paper_runs_line_by_line(example, monkeypatch):
    text = (PROJECT / "notebooks" / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    opened = pipelines.open_study
    monkeypatch.setattr(
        pipelines, "open_study", lambda name: opened(name, data_marts=example.paths.marts)
    )
    given: dict[str, object] = {}
    exec(block, given)  # noqa: S102 - this project's own paper
    assert isinstance(given["study"], OpenStudy)


def test_the_paper_lists_every_notebook():
    text = (PROJECT / "notebooks" / "README.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == launcher.names()


# ------------------------------------------------------------------------------------------ explore


@pytest.fixture(scope="module")
def explored(example: Evaluated):
    before = files_of(example)
    shown, _ = run_notebook("explore", **over(example))
    assert files_of(example) == before, "a notebook changed a finished run"
    return shown


def test_explore_shows_every_table_and_the_headline_as_published(example, explored):
    tables = read_published(example.current / "released.duckdb")
    listed = with_columns(explored, "a_row_is").set_index("table")["n_rows"]
    assert dict(listed) == {name: len(frame) for name, frame in tables.items()}
    headline = tables["impact"].query("role == 'headline'").sort_values(["programme", "measure"])
    shown = next(
        f for f in frames(explored) if list(f.columns[-2:]) == ["verdict", "verdict_reason"]
    )
    for name in ("estimate_low", "estimate_high", "ci_low", "ci_high"):
        np.testing.assert_allclose(shown[name], headline[name].round(3), atol=1e-9)
    assert shown["verdict"].tolist() == headline["verdict"].tolist()
    assert len(headline) > 2


def test_explore_says_what_is_withheld_and_draws_a_published_chart(example, explored):
    tables = read_published(example.current / "released.duckdb")
    n_withheld = int((tables["comparison"]["figure_status"] == "suppressed").sum())
    assert n_withheld > 0
    assert n_withheld in {
        len(f)
        for f in frames(explored)
        if list(f.columns)[:3] == ["programme", "arm", "pupil_group"]
    }
    (chart,) = [output for output in explored if hasattr(output, "png")]
    assert chart.png == (example.current / "charts" / f"{chart.name}.png").read_bytes()


# --------------------------------------------------------------------------------------- one school


@pytest.fixture(scope="module")
def cells(example: Evaluated) -> pd.DataFrame:
    """The example's outcomes with the schools' names, read without `pipelines`."""
    file = example.paths.restricted_current / "restricted.duckdb"
    with duckdb.connect(str(file), read_only=True) as con:
        return con.execute(
            "SELECT * FROM mart.outcome JOIN (SELECT school_id, school_name FROM mart.school) "
            "USING (school_id)"
        ).df()


SCHOOLS = ("Brackenlode Junior School", "Quarterdeck School", "Marlinspike School")


@pytest.mark.parametrize("name", SCHOOLS)
def test_one_school_shows_its_results_beside_the_others(example, cells, name):
    school_id = int(cells.loc[cells["school_name"] == name, "school_id"].iloc[0])
    setting = over(example, restricted=True)
    _, first = run_notebook("one_school", **setting)
    assert any(label.startswith(f"{name} (") for label in first["choices"])
    setting = over(example, restricted=True)
    shown, defined = run_notebook(
        "one_school", **setting, choices={}, schools=None, school=chosen(school_id)
    )
    measure, group = defined["measure"], defined["pupil_group"]
    same = cells[(cells["measure"] == measure) & (cells["pupil_group"] == group)]
    own = same[same["school_id"] == school_id].sort_values("academic_year")
    trajectory = defined["trajectory"]
    assert trajectory["academic_year"].tolist() == own["academic_year"].tolist()
    np.testing.assert_allclose(trajectory["mean"], own["mean"].round(3), atol=1e-9)
    assert trajectory["n_pupils"].tolist() == own["n_pupils"].tolist()
    others = same[
        (same["arm"] == "neither")
        & same["is_local"]
        & same["is_compared_kind"]
        & (same["school_id"] != school_id)
        & (same["value_status"] == "value")
        & (same["n_pupils"] > 0)
    ]
    for row in trajectory.itertuples():
        of_year = others[others["academic_year"] == row.academic_year]
        expected = np.average(of_year["mean"], weights=of_year["n_pupils"])
        assert row.others_mean == pytest.approx(expected, abs=6e-4)
        assert row.n_other_schools == of_year["school_id"].nunique()
    alike = with_columns(shown, "result_before", "school_name", "urn")
    assert len(alike) > 0
    assert school_id not in set(alike["school_id"])
    assert set(alike["school_name"]) <= set(cells["school_name"])


def test_one_school_opens_restricted_tables_and_says_so(example):
    text = (PROJECT / "notebooks" / "one_school.py").read_text(encoding="utf-8")
    assert "open_study(STUDY, restricted=True)" in text
    assert "For officers only" in text
    with pytest.raises(Exception, match='schema "mart" does not exist'):
        run_notebook("one_school", **over(example))


# ---------------------------------------------------------------------------------------- revisions


def test_revisions_says_that_one_release_cannot_move(example):
    shown, defined = run_notebook("revisions", **over(example))
    assert "Nothing to compare yet" in defined["said"]
    assert defined["moved"].empty
    assert "No average can be shown in two releases." in words(shown)


def test_revisions_shows_what_moved(tmp_path):
    """One school has a pupil more and seven more who met the standard than in the earlier release."""
    with city({0: (21, 14), 1: (20, 12)}).store() as con:
        making.release(con)
        study = OpenStudy("more", tmp_path, con, is_restricted=False)
        shown, defined = run_notebook("revisions", STUDY="more", study=study)
        rows = con.execute(
            "SELECT before, after FROM released.revisions WHERE figure_status = 'shown'"
        ).fetchall()
    moved = defined["moved"].query("figure_status == 'shown'")
    assert sorted(zip(moved["before"], moved["after"], strict=True)) == sorted(rows)
    assert (0.51, 0.56) in rows
    n_rounding = int(moved["is_rounding"].sum())
    assert (
        f"{len(rows)} averages can be shown in two releases; {n_rounding} of them"
        in (defined["said"])
    )
    (drawn,) = defined["drawn"]
    (axes,) = drawn.axes
    ends = {tuple(line.get_xdata()) for line in axes.lines if len(line.get_xdata()) == 2}
    assert {(100 * before, 100 * after) for before, after in rows} == ends
    assert with_columns(shown, "from_status", "before") is not None


# ------------------------------------------------------------------------------------------ planner


def test_planner_shows_what_each_measure_could_see(tmp_path):
    given = {"STUDY": "x", "study": load_study(EXAMPLE), "scratch": tmp_path}
    shown, defined = run_notebook("planner", **given)
    answers = with_columns(shown, "mde", "mde_attainment_sd")
    assert {"send", "gap"} <= set(answers["programme"])
    assert answers["mde"].notna().any()
    assert list(tmp_path.iterdir()) == [], "pupil rows are left behind"
    assert f"**{defined['seen']:.2f} SDs**" in defined["said"]


def test_the_smallest_effect_is_that_of_the_simulations(tmp_path):
    given = {"STUDY": "x", "study": load_study(EXAMPLE), "scratch": tmp_path}
    _, defined = run_notebook("planner", **given)
    seen = defined["smallest_seen"]
    table = pd.read_csv(PROJECT / "pipelines/impact/calibration.csv", comment="#").query(
        "selection == 'random' and n_members == 18 and n_schools == 60 and effect == 0 "
        "and not has_second_programme and not is_suppressed and not is_prior_adjusted "
        "and n_outcome_years == 1 and passing_sd == 0.12 and world == 'usual'"
    )
    assert len(table) >= 2
    for row in table.itertuples():
        planned = np.mean([seen(18, 42, int(row.mean_pupils), 2, seed) for seed in range(20)])
        assert planned == pytest.approx(row.mde, rel=0.2)
    assert seen(18, 42, 40, 2) < seen(18, 42, 10, 2) < seen(8, 42, 10, 2)
    assert seen(2, 42, 10, 2) is None
