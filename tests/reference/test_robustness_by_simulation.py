"""Robustness methods on simulated schools with known effects: false claims and agreement.

With 300 draws a true 5% shows as 5% ± 2.5 (95%); limits allow three standard errors.
"""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.impact.estimators import ancova_model, change_from_baseline_mean
from pipelines.impact.inference import weighted_least_squares
from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.impact.randomisation import randomisation_inference
from pipelines.impact.results import Estimate
from pipelines.impact.triple_difference import triple_difference
from pipelines.impact.wild_bootstrap import wild_bootstrap

N_DRAWS, N_SCHOOLS, N_MEMBERS, N_PUPILS = 300, 60, 18, 12
MOST_FALSE_CLAIMS, LEAST_COVERED = 0.09, 0.91
LEAST_FOOLED = 0.60


def panel_of(rng: np.random.Generator, group: str, level: np.ndarray, members) -> SchoolPanel:
    """Points of one pupil group (pupil SD 5); `level` (S, 3) is the school component."""
    n = rng.integers(N_PUPILS - 5, N_PUPILS + 6, (N_SCHOOLS, 3)).astype(float)
    return school_panel(
        measure="ks2_reading_progress",
        pupil_group=group,
        unit="points",
        programmes=["send"],
        baseline_years=["2015-16", "2016-17"],
        outcome_years=("2017-18",),
        school_ids=np.arange(N_SCHOOLS),
        exposure=members.astype(float)[:, None],
        mean=level + rng.normal(0, 5, n.shape) / np.sqrt(n),
        n_pupils=n,
        variance=25 * rng.chisquare(n - 1) / (n - 1),
        rounding_half_width=np.zeros_like(n),
    )


def schools(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """The component that pupils of a school share (S, 3), and the programme's schools."""
    lasting = rng.normal(0, 2, N_SCHOOLS)[:, None]
    return lasting + rng.normal(0, 1, (N_SCHOOLS, 3)), rng.permutation(N_SCHOOLS) < N_MEMBERS


def test_a_rise_of_whole_schools_fools_the_change_and_not_the_triple_difference():
    rng = np.random.default_rng(20181002)
    fooled = claimed = covered = 0
    for _ in range(N_DRAWS):
        level, members = schools(rng)
        level[:, 2] += 3.0 * members  # new heads, say: every pupil of a programme school rises
        complement = panel_of(rng, "no_sen", level, members)
        target = panel_of(rng, "sen_support", level, members)
        helped = panel_of(rng, "sen_support", level + 2.0 * members[:, None] * [0, 0, 1], members)
        change = change_from_baseline_mean(target)["send"]
        nothing = triple_difference(target, complement)["send"]
        something = triple_difference(helped, complement)["send"]
        assert isinstance(change, Estimate)
        assert isinstance(nothing, Estimate)
        assert isinstance(something, Estimate)
        fooled += change.ci_low > 0
        claimed += nothing.ci_low > 0 or nothing.ci_high < 0
        covered += something.ci_low <= 2.0 <= something.ci_high
    assert fooled / N_DRAWS >= LEAST_FOOLED
    assert claimed / N_DRAWS <= MOST_FALSE_CLAIMS
    assert covered / N_DRAWS >= LEAST_COVERED


def test_three_ways_to_an_interval_agree_on_well_behaved_schools():
    # With 60 nearly normal schools theory is accurate; 1,999 draws have a 3% error in the tails.
    rng = np.random.default_rng(5)
    for seed in range(5):
        level, members = schools(rng)
        model = ancova_model(panel_of(rng, "sen_support", level, members))
        by_theory = weighted_least_squares(model.design, model.outcome, model.weights)
        permuted = randomisation_inference(
            model.outcome,
            model.exposure,
            model.covariates,
            model.weights,
            programme=0,
            strata=np.zeros(N_SCHOOLS, dtype=np.int64),
            draws=1_999,
            seed=seed,
        )
        drawn = wild_bootstrap(
            model.outcome, model.design, model.weights, coefficient=1, draws=1_999, seed=seed
        )
        width = by_theory.ci_high[1] - by_theory.ci_low[1]
        for found in (permuted, drawn):
            assert found.estimate == pytest.approx(by_theory.coefficient[1], rel=1e-9)
            assert found.ci_low == pytest.approx(by_theory.ci_low[1], abs=0.1 * width)
            assert found.ci_high == pytest.approx(by_theory.ci_high[1], abs=0.1 * width)
