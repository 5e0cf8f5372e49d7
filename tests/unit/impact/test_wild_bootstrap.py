"""Invariances and refusals of the wild bootstrap."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.impact.inversion import DrawnInference
from pipelines.impact.wild_bootstrap import wild_bootstrap


def arrays(seed: int = 1):
    rng = np.random.default_rng(seed)
    design = np.column_stack(
        [np.ones(34), rng.permutation(34) < 11, rng.permutation(34) < 7, rng.normal(size=34)]
    ).astype(float)
    outcome = design[:, 3] + 0.5 * design[:, 1] + rng.normal(size=34)
    return outcome, design, rng.uniform(1, 4, 34)


def bootstrap(*data, **changes) -> DrawnInference:
    return wild_bootstrap(*data, **{"coefficient": 1, "draws": 499, "seed": 3, **changes})


def test_the_seed_and_the_weights_decide_the_draws():
    plain = bootstrap(*arrays())
    assert bootstrap(*arrays()) == plain
    assert bootstrap(*arrays(), seed=4).ci_low != plain.ci_low
    assert bootstrap(*arrays(), bootstrap_weights="rademacher").ci_low != plain.ci_low


def test_units_change_only_the_unit():
    outcome, design, weights = arrays()
    plain = bootstrap(outcome, design, weights)
    changed = bootstrap(40 + 5 * outcome, design * [1, 1, 1, -100], 1e6 * weights)
    assert changed.p_value == plain.p_value
    assert changed.estimate == pytest.approx(5 * plain.estimate, rel=1e-9)
    assert changed.ci_low == pytest.approx(5 * plain.ci_low, rel=1e-7)
    assert changed.ci_high == pytest.approx(5 * plain.ci_high, rel=1e-7)


def test_adding_an_effect_to_members_moves_the_interval_by_it():
    outcome, design, weights = arrays()
    plain = bootstrap(outcome, design, weights)
    moved = bootstrap(outcome + 2 * design[:, 1], design, weights)
    assert moved.ci_low == pytest.approx(plain.ci_low + 2, abs=1e-8)
    assert moved.ci_high == pytest.approx(plain.ci_high + 2, abs=1e-8)


def test_a_large_effect_is_found_and_the_interval_holds_the_estimate():
    outcome, design, weights = arrays()
    found = bootstrap(outcome + 5 * design[:, 1], design, weights)
    assert found.p_value == 1 / 500
    assert 0 < found.ci_low < found.estimate < found.ci_high


@pytest.mark.parametrize("column", ["none", "all", "the other's", "one"])
def test_no_answer_where_the_coefficient_or_its_error_cannot_be_had(column):
    outcome, design, weights = arrays()
    design[:, 1] = {
        "none": np.zeros(34),
        "all": np.ones(34),
        "the other's": design[:, 2],
        "one": np.arange(34) == 5,
    }[column]
    with pytest.raises(ValueError, match="cannot be"):
        bootstrap(outcome, design, weights)


def test_a_perfect_fit_is_not_reported_as_certainty():
    _, design, weights = arrays()
    with pytest.raises(ValueError, match="cannot be estimated"):
        bootstrap(design @ [3.0, 2.0, 0.0, 1.0], design, weights)
