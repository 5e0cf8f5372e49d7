"""Leave-one-out ranges: contents, confidentiality and refusals."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pipelines.impact.influence import LeaveOneOut, leave_one_school_out


def example(n_schools: int = 20):
    rng = np.random.default_rng(2)
    design = np.column_stack([np.ones(n_schools), np.arange(n_schools) < 7]).astype(float)
    return rng.normal(size=n_schools), design, rng.uniform(0.5, 2, n_schools)


def test_one_odd_school_is_seen_in_the_range_and_not_named():
    outcome, design, weights = example()
    plain = leave_one_school_out(outcome, design, weights, coefficient=1)
    outcome[3] += 50
    odd = leave_one_school_out(outcome, design, weights, coefficient=1)
    assert odd.high - odd.low > 4 > plain.high - plain.low
    assert {f.name for f in dataclasses.fields(LeaveOneOut)} == {
        "low",
        "high",
        "n_left_out",
        "n_not_computable",
    }


def test_order_and_weights_scale_change_nothing_and_units_only_the_unit():
    outcome, design, weights = example()
    plain = leave_one_school_out(outcome, design, weights, coefficient=1)
    order = np.random.default_rng(1).permutation(20)
    other = leave_one_school_out(
        7 + 10 * outcome[order], design[order], 1e5 * weights[order], coefficient=1
    )
    assert other.low == pytest.approx(10 * plain.low, rel=1e-9)
    assert other.high == pytest.approx(10 * plain.high, rel=1e-9)


def test_refuses_a_design_that_leaves_nothing_to_estimate():
    outcome, design, weights = example()
    with pytest.raises(ValueError, match="not independent"):
        leave_one_school_out(outcome, np.column_stack([design, design]), weights, coefficient=1)
    with pytest.raises(ValueError, match="without any one"):
        leave_one_school_out(outcome[6:8], design[6:8], weights[6:8], coefficient=1)
