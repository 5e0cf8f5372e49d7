"""Dagster's page shows what has been published of a study, and serves nothing else."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from assets.published_files import links, pictures, published_file
from pipelines.charts.chart import Chart
from pipelines.study.paths import StudyPaths

LONGEST_SHOWN_BY_DAGSTER = 999


@pytest.fixture
def marts(tmp_path: Path) -> Path:
    """One published run, and around it what must not be served."""
    paths = StudyPaths(tmp_path / "marts", "north & south")
    run = paths.runs / "0123"
    (run / "board").mkdir(parents=True)
    (run / "board" / "index.html").write_text("<h1>The pack</h1>", encoding="utf-8")
    (run / "outside").symlink_to(tmp_path)
    paths.current.symlink_to(run, target_is_directory=True)
    for closed in (paths.work, paths.restricted, paths.marts / ".dagster"):
        closed.mkdir(parents=True)
        (closed / "secret.txt").write_text("secret", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return paths.marts


def test_a_published_file_is_found(marts: Path) -> None:
    file = published_file(marts, "north & south", "board/index.html")
    assert file is not None
    assert file.read_text(encoding="utf-8") == "<h1>The pack</h1>"


@pytest.mark.parametrize(
    ("study", "name"),
    [
        ("north & south", "../.work/secret.txt"),
        ("north & south", "../../restricted/secret.txt"),
        ("north & south", "../../.dagster/secret.txt"),
        ("north & south", "/etc/passwd"),
        ("north & south", "outside/secret.txt"),
        ("north & south", "board"),
        ("north & south", ""),
        ("..", "secret.txt"),
        (".dagster", "secret.txt"),
        ("elsewhere", "board/index.html"),
    ],
)
def test_nothing_else_is(marts: Path, study: str, name: str) -> None:
    assert published_file(marts, study, name) is None


def test_links_are_addresses() -> None:
    said = str(links("north & south", "board").value)
    assert "[board/index.html](/published/north%20%26%20south/board/index.html)" in said


def test_pictures_are_as_many_as_dagster_shows_at_once() -> None:
    assert pictures("tiny", []).value == "Nothing to draw in this study."
    one = str(pictures("tiny", [_chart("a", "Up *and* <b>down</b>")]).value)
    assert one == r"![Up \*and\* \<b\>down\</b\>](/published/tiny/charts/a.svg)" + "\n\n"
    many = [_chart(f"outcome_by_year-{n:02}", "Cannot tell whether it helped") for n in range(30)]
    shown = str(pictures("tiny", many).value)
    assert len(shown) <= LONGEST_SHOWN_BY_DAGSTER
    n_shown = shown.count("![")
    assert n_shown > 5
    assert f"And {30 - n_shown} more: [the technical report](" in shown


def _chart(name: str, title: str) -> Chart:
    data = pd.DataFrame({"school": ["one"]})
    return Chart(name, title, "in words", "whose, when", data, svg=b"<svg/>")
