"""The group-time estimate: brute force on invented schools and on a published panel, and the package itself.

`castle` and `math_reform_bacon` are public data sets beside the project's folder, with published results.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from diff_diff import BaconDecomposition

from pipelines.impact.group_time import NO_PAIR, ONE_START, group_time_effect
from pipelines.study.paths import PROJECT

GOLDEN = PROJECT.parent / "shared" / "data" / "golden"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the public data sets are not here")


def brute_force(outcome: np.ndarray, first: np.ndarray) -> float:
    """Every group and year since its start, each by its definition; averaged by numbers of schools."""
    effects, sizes = [], []
    for start in np.unique(first[first >= 0]):
        if start == 0:
            continue  # nothing before its start
        for year in range(start, outcome.shape[1]):
            change = outcome[:, year] - outcome[:, start - 1]
            known = np.isfinite(change)
            inside = known & (first == start)
            outside = known & ((first < 0) | (first > year)) & (first != start)
            if inside.any() and outside.any():
                effects.append(change[inside].mean() - change[outside].mean())
                sizes.append(float(inside.sum() if not known.all() else (first == start).sum()))
    return float(np.average(effects, weights=sizes))


def invented(effect: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    first = np.repeat([2, 3, -1], [6, 10, 24])
    outcome = rng.normal(0, 2, (40, 1)) + np.array([0, 1, 3, -1, 2]) + rng.normal(0, 0.5, (40, 5))
    outcome += effect * ((first >= 0)[:, None] & (np.arange(5) >= first[:, None]))
    return outcome, first


EVERY = np.ones(40, dtype=np.bool_)


def test_it_is_each_group_and_year_by_its_definition():
    outcome, first = invented(1.5)
    found = group_time_effect(outcome, first, EVERY)
    assert found.estimate == pytest.approx(brute_force(outcome, first), rel=1e-9)
    assert found.ci_low < 1.5 < found.ci_high
    assert found.p_value < 0.01


def test_schools_without_a_year_leave_its_pairs_only():
    outcome, first = invented(1.5)
    outcome[2, 3] = outcome[20, 2] = np.nan
    found = group_time_effect(outcome, first, EVERY)
    assert found.estimate == pytest.approx(brute_force(outcome, first), rel=0.02)


def test_schools_on_neither_side_count_nowhere():
    outcome, first = invented(0.0)
    compared = np.arange(40) < 30
    outcome[30:] += 100 * (np.arange(5) > 2)
    found = group_time_effect(outcome, first, compared)
    assert found.estimate == pytest.approx(brute_force(outcome[:30], first[:30]), rel=1e-9)


def test_it_covers_no_effect_as_often_as_it_says():
    """400 draws; 95% minus four standard errors and the few groups of six and ten schools."""
    covered = 0
    for seed in range(400):
        found = group_time_effect(*invented(0.0, seed), EVERY)
        covered += found.ci_low < 0 < found.ci_high
    assert covered / 400 > 0.89


def test_without_different_starts_it_refuses():
    outcome, first = invented(0.0)
    with pytest.raises(ValueError, match=ONE_START):
        group_time_effect(outcome, np.where(first == 3, 2, first), EVERY)


def test_without_results_before_the_start_it_refuses():
    outcome, first = invented(0.0)
    outcome[first >= 0, :3] = np.nan
    with pytest.raises(ValueError, match=NO_PAIR):
        group_time_effect(outcome, first, EVERY)


@needs_golden
def test_on_the_castle_panel_it_is_brute_force():
    """Homicides in 50 states, of which 21 passed a law in four different years."""
    rows = pd.read_csv(GOLDEN / "castle" / "castle_did2s.csv")
    wide = rows.pivot_table(index="sid", columns="year", values="l_homicide")
    start = rows.groupby("sid")["effyear"].first().fillna(0)
    years = wide.columns.tolist()
    first = np.array([years.index(int(year)) if year else -1 for year in start])
    assert len(set(first)) > 3
    outcome = wide.to_numpy(dtype=np.float64)
    found = group_time_effect(outcome, first, np.ones(len(first), dtype=np.bool_))
    assert found.estimate == pytest.approx(brute_force(outcome, first), rel=1e-9)


@needs_golden
@pytest.mark.filterwarnings("ignore")
def test_the_package_gives_the_published_decomposition_of_the_maths_reform():
    """Goodman-Bacon's own numbers (`math_reform_bacon`): weights and estimates of three comparisons."""
    rows = pd.read_csv(GOLDEN / "math_reform_bacon" / "math_reform.csv")
    is_ever = rows.groupby("state")["reform_math"].transform("max") > 0
    rows["start"] = rows["reformyr_math"].where(is_ever, 0).fillna(0)
    found = BaconDecomposition().fit(
        rows, outcome="incearn_ln", unit="state", time="class", first_treat="start"
    )
    published = {
        "total_weight_earlier_vs_later": 0.06353,
        "total_weight_later_vs_earlier": 0.05265,
        "total_weight_treated_vs_never": 0.88382,
        "weighted_avg_earlier_vs_later": 0.02868,
        "weighted_avg_later_vs_earlier": 0.03375,
        "weighted_avg_treated_vs_never": -0.00129,
    }
    for name, value in published.items():
        assert getattr(found, name) == pytest.approx(value, abs=6e-6), name
