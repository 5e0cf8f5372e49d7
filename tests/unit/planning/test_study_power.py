"""`ssif power`: its output, the data it must not read, and its errors."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from assets.cli import main
from pipelines.impact.panel import SchoolPanel
from pipelines.planning.study_power import attainment_sd, power_page, study_power
from pipelines.protocol.study_file import load_study
from pipelines.study.measures import MEASURES
from pipelines.study.paths import EXAMPLE
from tests.tiny_study import TinyStudy


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The example without outcome-year files: output folder and printed text."""
    parent = tmp_path_factory.mktemp("power")
    folder = parent / "example"
    shutil.copytree(EXAMPLE, folder)
    for file in folder.glob("ks?_pupils_2018.csv"):
        file.unlink()
    with pytest.MonkeyPatch.context() as patched:
        printed: list[str] = []
        patched.setattr("builtins.print", lambda *words, **_: printed.append(" ".join(words)))
        assert main(["power", str(folder), "--data-marts", str(parent / "marts")]) == 0
    return parent / "marts" / "example", "\n".join(printed)


def test_results_of_the_outcome_year_need_not_exist(asked: tuple[Path, str]) -> None:
    home, printed = asked
    table = pd.read_csv(home / "power.csv")
    assert {"send", "gap"} == set(table["programme"])
    judged = table[table["mde"].notna()]
    assert judged["mde_sd"].between(0.1, 1.5).all()
    # Schools were selected on weak results, so the comparisons should differ.
    assert (judged["distance"] > 0).all()
    assert (judged["mde"] > judged["mde_if_ends_agree"]).all()
    assert "if alike" in printed
    assert set(table.loc[table["is_primary"], "measure"]) >= {"ks2_rwm_expected", "ks4_basics_94"}
    assert set(table["measure"]) <= {name for name, m in MEASURES.items() if m.is_judged}
    assert "  *  a primary" not in printed
    assert printed.count("\n*  ") >= table["is_primary"].sum()
    assert "2017-18, whose results are not opened" in printed


def test_a_page_for_the_board_stands_beside_it(asked: tuple[Path, str]) -> None:
    home, printed = asked
    page = (home / "power.html").read_text(encoding="utf-8")
    assert "What this study could see" in page
    assert "name = &#34;ks2_progress_index&#34;" in page
    assert "For the board:" in printed
    assert "power.csv (not to be published)" in printed
    draft = "send, ks2: of the measures suited, this sees the smallest effect (for study.toml):\n"
    assert f'{draft}  [[programme.measure]]\n  name = "ks2_progress_index"\n' in printed
    # What may be published has no number of pupils.
    plan = pd.read_csv(home / "power_plan.csv")
    assert not [name for name in plan.columns if "pupils" in name]
    assert (plan["outcome_years"].value_counts().nunique(), plan["mde"].notna().any()) == (1, True)
    refused = plan[plan["measure"] == "ks4_basics_94"]
    assert set(refused["figure_status"]) == {"not_available"}


def test_the_best_of_a_programme_comes_first(asked: tuple[Path, str]) -> None:
    table = pd.read_csv(asked[0] / "power.csv")
    for _, of_programme in table[table["mde_attainment_sd"].notna()].groupby("programme"):
        assert of_programme["mde_attainment_sd"].is_monotonic_increasing
        of = of_programme.set_index(["measure", "is_pupil_adjusted"])["mde_attainment_sd"]
        assert of["ks2_rwm_expected", True] < of["ks2_rwm_expected", False]
        assert of.iloc[0] < 0.7 * of["ks2_rwm_expected", False]


def test_no_pupil_row_is_left(asked: tuple[Path, str]) -> None:
    home, _ = asked
    assert [path.name for path in home.rglob("*") if path.suffix == ".duckdb"] == []
    assert not list((home / ".work").glob(".power-*"))
    assert (home / "power.csv").stat().st_mode & 0o077 == 0


def test_a_fault_is_reported_with_its_place_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "example"
    shutil.copytree(EXAMPLE, folder)
    protocol = folder / "study.toml"
    text = protocol.read_text(encoding="utf-8")
    without_checksums = [line for line in text.splitlines() if not line.startswith("sha256")]
    protocol.write_text("\n".join(without_checksums), encoding="utf-8")
    pupils = folder / "ks2_pupils_2017.csv"
    lines = pupils.read_text(encoding="utf-8").splitlines()
    column = lines[0].split(",").index("SEN")
    row = lines[7].split(",")
    row[column] = "Q"
    pupils.write_text("\n".join([*lines[:7], ",".join(row), *lines[8:]]) + "\n", encoding="utf-8")
    assert main(["power", str(folder), "--data-marts", str(tmp_path / "marts")]) == 1
    said = capsys.readouterr().err
    assert "ks2_pupils_2017.csv" in said
    assert "SEN" in said
    assert not (tmp_path / "marts" / "example" / "power.csv").exists()
    assert not list((tmp_path / "marts").rglob("*.duckdb"))


def test_a_placebo_has_its_schools(real_data: Path, tmp_path: Path) -> None:
    assert real_data.is_dir()
    study = load_study(Path(__file__).parents[2] / "real" / "hampshire")
    primary = next(a for a in study_power(study, tmp_path) if a.is_primary)
    assert primary.power.n_programme_schools == 18
    assert 0.1 < primary.power.mde < 0.3


def test_a_study_that_is_too_small_gets_the_reason(tmp_path: Path) -> None:
    study = TinyStudy(tmp_path).write()
    answers = study_power(study, tmp_path / "scratch")
    assert {answer.power.mde for answer in answers} == {None}
    reasons = {answer.power.measure: str(answer.power.reason) for answer in answers}
    assert reasons["ks2_rwm_expected"].startswith("too few schools")
    # Its baseline-year results are not in the files.
    assert reasons["ks4_basics_94"].startswith("no school has a result for these pupils")
    page = "\n".join(power_page(study, answers))
    assert "One year cannot show what lasts in a school" in page
    assert "*  gap, disadvantaged, ks2_rwm_expected: too few schools" in page


def test_measures_are_compared_in_standard_deviations_of_attainment(planted_panel) -> None:
    def of(measure: str, sd: float, **more: object) -> SchoolPanel:
        panel = planted_panel()
        scale = np.full(3, sd)
        return replace(panel, measure=measure, scale=scale, **more)

    score = of("ks2_reading_score", 8.0)
    progress = of("ks2_reading_progress", 6.0)
    panels = {panel.measure: panel for panel in (score, progress)}
    assert attainment_sd(2.0, score, panels) == pytest.approx(0.25)
    assert attainment_sd(2.0, progress, panels) == pytest.approx(0.25)
    assert attainment_sd(2.0, progress, {"ks2_reading_progress": progress}) is None
    share = of("ks2_rwm_expected", 0.5, unit="share", centre=np.full(3, 0.5))
    assert attainment_sd(0.3413447, share, panels) == pytest.approx(1.0, abs=1e-5)
    assert attainment_sd(0.5, share, panels) is None
    attainment8 = of("ks4_attainment8", 15.0)
    progress8 = of("ks4_progress8", 1.1)
    at_ks4 = {panel.measure: panel for panel in (attainment8, progress8, score)}
    assert attainment_sd(0.75, progress8, at_ks4) == pytest.approx(0.5)
    assert attainment_sd(0.75, progress8, {"ks4_progress8": progress8}) is None


def test_the_index_gains_what_its_subjects_gain(planted_panel) -> None:
    """With slopes 0.1, 0.2 and 0.3, one SD of 8 points in each subject raises the index by 4.8."""
    names = ("ks2_reading_progress", "ks2_writing_progress", "ks2_maths_progress")
    panels = {
        name: replace(planted_panel(seed=seed), measure=name) for seed, name in enumerate(names)
    }
    weighted = [
        weight * panel.mean for weight, panel in zip((0.1, 0.2, 0.3), panels.values(), strict=True)
    ]
    index = replace(planted_panel(), measure="ks2_progress_index", mean=sum(weighted))
    assert attainment_sd(0.48, index, panels) is None
    for name in ("ks2_reading_score", "ks2_maths_score"):
        panels[name] = replace(planted_panel(), measure=name, scale=np.full(3, 8.0))
    assert attainment_sd(0.48, index, panels) == pytest.approx(0.1)
    del panels["ks2_writing_progress"]
    assert attainment_sd(0.48, index, panels) is None
