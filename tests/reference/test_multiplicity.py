"""Holm's p-values against statsmodels; EXACT: a product in another order at most."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from pipelines.impact.multiplicity import holm_adjusted

EXACT = 1e-12


@pytest.mark.parametrize("seed", range(20))
def test_adjusted_equal_statsmodels(seed, monkeypatch):
    # statsmodels collects garbage at each call, which takes half a second where much is loaded.
    monkeypatch.setattr(gc, "collect", lambda: 0)
    rng = np.random.default_rng(seed)
    p_values = np.round(rng.uniform(size=rng.integers(1, 9)) ** 3, 2)
    reference = multipletests(p_values, method="holm")[1]
    assert holm_adjusted(p_values.tolist()) == pytest.approx(reference, rel=EXACT)
