"""The officers' caterpillar plot: limits by each school's pupils, and schools outside counted."""

from __future__ import annotations

import pytest

from pipelines.officers.caterpillar import caterpillars, chance_limits


def row(school: str, mean: float, n_pupils: int, sd: float | None = 0.5) -> dict[str, object]:
    return {
        "programme": "gap", "measure": "m", "label": "Expected standard", "unit": "share", "decimals": 0,
        "pupil_group": "disadvantaged", "is_programme": school < "C", "school": school,
        "n_pupils": n_pupils, "mean": mean, "pooled_mean": 0.5, "pupil_sd": sd,
    }  # fmt: skip


def test_limits_narrow_with_the_root_of_the_pupils() -> None:
    low, high = chance_limits(row("A", 0.2, 25)) or (0, 0)
    # A binomial share of 25 at a half: 1.96 * sqrt(0.25 / 25) = 0.196.
    assert (low, high) == (pytest.approx(0.304), pytest.approx(0.696))
    four_times = chance_limits(row("A", 0.2, 100)) or (0, 0)
    assert high - low == pytest.approx(2 * (four_times[1] - four_times[0]))
    assert chance_limits(row("A", 0.2, 25, None)) is None


def test_a_figure_counts_schools_outside_and_lists_every_one() -> None:
    rows = [row("A", 0.2, 25), row("B", 0.31, 25), row("C", 0.6, 16), row("D", 0.9, 25, None)]
    (figure,) = caterpillars(rows, {"gap": "Closing the gap"})
    assert figure.title == "Closing the gap: 1 of 4 schools lie outside what chance allows"
    assert [cells[0] for cells in figure.table.rows] == ["A", "B", "C", "D"]
    assert [cells[-1] for cells in figure.table.rows] == ["yes", "no", "no", "no"]
    assert figure.table.rows[0][4] == "30% to 70%"
    assert figure.table.rows[3][4] == "not known"
    assert not figure.has_files
    assert figure.svg.startswith(b"<svg")


def test_another_measure_is_another_figure() -> None:
    rows = [row("A", 0.2, 25), row("A", 0.2, 25) | {"measure": "n"}]
    names = [figure.name for figure in caterpillars(rows, {"gap": "Closing the gap"})]
    assert names == ["caterpillar-gap-m", "caterpillar-gap-n"]
