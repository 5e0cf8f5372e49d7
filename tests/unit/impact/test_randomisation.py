"""Invariances and refusals of randomisation inference."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.impact.inversion import DrawnInference
from pipelines.impact.randomisation import permutations_within, randomisation_inference

STRATA = np.repeat([0, 1], [22, 12])


def arrays(seed: int = 1):
    rng = np.random.default_rng(seed)
    exposure = np.column_stack([rng.permutation(34) < 11, rng.permutation(34) < 7]).astype(float)
    covariates = rng.normal(size=(34, 2))
    outcome = covariates[:, 0] + 0.5 * exposure[:, 0] + rng.normal(size=34)
    return outcome, exposure, covariates, rng.uniform(1, 4, 34)


def infer(*data, **changes) -> DrawnInference:
    options = {"programme": 0, "strata": STRATA, "draws": 499, "seed": 3, **changes}
    return randomisation_inference(*data, **options)


def test_each_draw_is_a_permutation_within_strata():
    strata = np.array([7, 3, 7, 7, 3, 9])
    drawn = permutations_within(strata, 200, seed=1)
    assert (np.sort(drawn, axis=1) == np.arange(6)).all()
    assert (strata[drawn] == strata).all()
    # Two schools of a stratum swap in half of the draws: 100 of 200, standard error 7.
    assert 70 < (drawn[:, 1] == 4).sum() < 130
    assert (drawn[:, 5] == 5).all()


def test_the_seed_decides_the_draws():
    assert infer(*arrays()) == infer(*arrays())
    assert infer(*arrays(), seed=4).p_value != infer(*arrays()).p_value


def test_units_and_covariates_scales_change_only_the_unit():
    outcome, exposure, covariates, weights = arrays()
    plain = infer(outcome, exposure, covariates, weights)
    changed = infer(40 + 5 * outcome, exposure, 3 - 100 * covariates, 1e6 * weights)
    assert changed.p_value == plain.p_value
    assert changed.estimate == pytest.approx(5 * plain.estimate, rel=1e-9)
    assert changed.ci_low == pytest.approx(5 * plain.ci_low, rel=1e-7)
    assert changed.ci_high == pytest.approx(5 * plain.ci_high, rel=1e-7)


def test_adding_an_effect_to_members_moves_the_interval_by_it():
    outcome, exposure, covariates, weights = arrays()
    plain = infer(outcome, exposure, covariates, weights)
    moved = infer(outcome + 2 * exposure[:, 0], exposure, covariates, weights)
    assert moved.ci_low == pytest.approx(plain.ci_low + 2, abs=1e-8)
    assert moved.ci_high == pytest.approx(plain.ci_high + 2, abs=1e-8)


def test_p_and_interval_agree():
    for seed in range(12):
        found = infer(*arrays(seed))
        assert found.ci_low < found.estimate < found.ci_high
        assert (found.p_value <= 0.05) == (found.ci_low >= 0 or found.ci_high <= 0)


def test_too_few_ways_to_choose_give_an_endless_interval():
    rng = np.random.default_rng(1)
    exposure = np.array([[1.0], [1], [0], [0], [0]])
    found = randomisation_inference(
        rng.normal(size=5),
        exposure,
        np.empty((5, 0)),
        np.ones(5),
        programme=0,
        strata=np.zeros(5, dtype=np.int64),
        draws=999,
        seed=1,
    )
    assert (found.ci_low, found.ci_high) == (-np.inf, np.inf)
    assert found.p_value > 0.05


@pytest.mark.parametrize(
    "spoil",
    [
        np.ones_like,
        np.zeros_like,
        lambda e: np.column_stack([e[:, 0], e[:, 0]]),
        lambda e: np.column_stack([np.arange(34) == 3, e[:, 1]]).astype(float),
    ],
    ids=["all in it", "none in it", "the same schools", "one school"],
)
def test_no_answer_where_the_coefficient_or_its_error_cannot_be_had(spoil):
    outcome, exposure, covariates, weights = arrays()
    with pytest.raises(ValueError, match="cannot be estimated"):
        infer(outcome, spoil(exposure), covariates, weights)


def test_a_perfect_fit_is_not_reported_as_certainty():
    _, exposure, covariates, weights = arrays()
    with pytest.raises(ValueError, match="cannot be estimated"):
        infer(3 + 2 * exposure[:, 0] + covariates[:, 1], exposure, covariates, weights)
