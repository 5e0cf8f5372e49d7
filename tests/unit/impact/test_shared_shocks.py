"""A programme compared with schools of other authorities gets estimates, and no verdict."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.impact.shared_shocks import SHARED_SHOCKS, capped_elsewhere
from tests.unit.impact.test_identification import ROW

N_DRAWS = 400


@pytest.mark.parametrize("verdict", ["better", "worse", "no_meaningful_difference"])
def test_a_verdict_is_withheld_and_the_figures_stay(verdict: str) -> None:
    row = replace(ROW, verdict=verdict, verdict_reason=None)
    capped = capped_elsewhere(row)
    assert capped.verdict == "cannot_tell"
    assert capped.verdict_reason == SHARED_SHOCKS
    assert (capped.ci_low, capped.ci_high) == (row.ci_low, row.ci_high)


def test_cannot_tell_keeps_its_reason() -> None:
    row = replace(ROW, verdict="cannot_tell", verdict_reason="too few schools")
    assert capped_elsewhere(row) == row


def test_a_row_without_a_verdict_stays() -> None:
    row = replace(ROW, verdict=None)
    assert capped_elsewhere(row) == row


def test_why_a_shock_that_an_authority_shares_is_taken_for_an_effect() -> None:
    """Simulated by a plain comparison of means: the shock is the programme's own, and no effect exists."""
    draw = np.random.default_rng(20181002)
    shock, n_schools = 0.2, 18

    def claims(*, is_elsewhere: bool) -> float:
        shocks = draw.normal(0, shock, N_DRAWS)
        own = draw.normal(0, 0.5, (N_DRAWS, n_schools)) + shocks[:, None]
        other = draw.normal(0, 0.5, (N_DRAWS, 3 * n_schools))
        if not is_elsewhere:
            other += shocks[:, None]
        error = np.sqrt(own.var(axis=1, ddof=1) / 18 + other.var(axis=1, ddof=1) / 54)
        return float((abs(own.mean(axis=1) - other.mean(axis=1)) > 2.05 * error).mean())

    assert claims(is_elsewhere=False) < 0.08
    assert claims(is_elsewhere=True) > 0.25
