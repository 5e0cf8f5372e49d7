"""Builds small panels with planted effects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipelines.impact.panel import SchoolPanel, school_panel

BASELINE_YEARS = ("2015-16", "2016-17")
OUTCOME_YEAR = "2017-18"


def build_panel(
    *,
    seed: int = 1,
    n_schools: int = 40,
    members: dict[str, range] | None = None,
    effects: dict[str, float] | None = None,
    n_pupils: int = 12,
    lasting_sd: float = 2.0,
    within_sd: float = 5.0,
    order: np.ndarray | None = None,
    change: Callable[[np.ndarray], np.ndarray] | None = None,
) -> SchoolPanel:
    """Points for `n_schools` and two baseline years, with lasting levels, sampling noise and effects."""
    members = members or {"send": range(0, 15)}
    effects = effects or {}
    rng = np.random.default_rng(seed)
    exposure = np.zeros((n_schools, len(members)))
    for column, rows in enumerate(members.values()):
        exposure[list(rows), column] = 1
    lasting = rng.normal(0, lasting_sd, n_schools)[:, None]
    n = rng.integers(n_pupils - 4, n_pupils + 5, (n_schools, 3)).astype(float)
    mean = 50 + lasting + rng.normal(0, within_sd, (n_schools, 3)) / np.sqrt(n)
    mean[:, -1] += exposure @ [effects.get(programme, 0.0) for programme in members]
    variance = within_sd**2 * rng.chisquare(n - 1) / (n - 1)
    mean = mean if change is None else change(mean)
    rows = np.arange(n_schools) if order is None else order
    return school_panel(
        measure="ks2_reading_progress",
        pupil_group="sen_support",
        unit="points",
        programmes=tuple(members),
        baseline_years=BASELINE_YEARS,
        outcome_years=(OUTCOME_YEAR,),
        school_ids=np.arange(n_schools, dtype=np.int64)[rows],
        exposure=exposure[rows],
        mean=mean[rows],
        n_pupils=n[rows],
        variance=variance[rows],
        rounding_half_width=np.zeros((n_schools, 3)),
    )


@pytest.fixture
def planted_panel() -> Callable[..., SchoolPanel]:
    return build_panel
