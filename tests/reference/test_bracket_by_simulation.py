"""False claims of an effect: bracket against naive change, on seeded random schools.

60 schools, 18 of them in the programme, 10 target pupils per school and year, two baseline years; a school's
level is lasting (SD 0.3), passing (0.15) and pupils' luck (pupil SD 1). With 400 draws a true 5% shows as 5%
± 2.2 (95%), which the limits allow for.
"""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.impact.estimators import ancova, change_from_baseline_mean, change_since_last_year
from pipelines.impact.headline import bracket
from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.impact.results import Bracket, Estimate

N_DRAWS, N_SCHOOLS, N_MEMBERS, N_PUPILS = 400, 60, 18, 10
MOST_FALSE_CLAIMS = 0.07
LEAST_NAIVE_CLAIMS = 0.60
LEAST_FOUND = 0.80


def draw(rng: np.random.Generator, chosen_on: str, effect: float) -> SchoolPanel:
    lasting = rng.normal(0, 0.3, N_SCHOOLS)
    n = np.full((N_SCHOOLS, 3), float(N_PUPILS))
    mean = lasting[:, None] + rng.normal(0, np.hypot(0.15, N_PUPILS**-0.5), (N_SCHOOLS, 3))
    score = {"last year": mean[:, 1], "quality": lasting, "nothing": rng.normal(size=N_SCHOOLS)}
    exposure = np.zeros((N_SCHOOLS, 1))
    exposure[np.argsort(score[chosen_on])[:N_MEMBERS]] = 1
    mean[:, 2] += effect * exposure[:, 0]
    return school_panel(
        measure="ks2_reading_progress",
        pupil_group="sen_support",
        unit="points",
        programmes=["send"],
        baseline_years=["2015-16", "2016-17"],
        outcome_years=("2017-18",),
        school_ids=np.arange(N_SCHOOLS),
        exposure=exposure,
        mean=mean,
        n_pupils=n,
        variance=rng.chisquare(n - 1) / (n - 1),
        rounding_half_width=np.zeros_like(n),
    )


def claims(chosen_on: str, effect: float = 0.0) -> tuple[float, float]:
    """Share of draws whose interval excludes zero: bracket and naive change, ignoring overlap."""
    rng = np.random.default_rng(20181002)
    n_bracket = n_naive = 0
    for _ in range(N_DRAWS):
        panel = draw(rng, chosen_on, effect)
        headline = bracket(ancova(panel)["send"], change_from_baseline_mean(panel)["send"])
        naive = change_since_last_year(panel)["send"]
        assert isinstance(headline, Bracket)
        assert isinstance(naive, Estimate)
        n_bracket += headline.ci_low > 0 or headline.ci_high < 0
        n_naive += naive.ci_low > 0 or naive.ci_high < 0
    return n_bracket / N_DRAWS, n_naive / N_DRAWS


def test_chosen_on_last_year_the_naive_change_claims_and_the_bracket_does_not():
    by_bracket, by_naive = claims("last year")
    assert by_bracket <= MOST_FALSE_CLAIMS
    assert by_naive >= LEAST_NAIVE_CLAIMS


@pytest.mark.parametrize("chosen_on", ["quality", "nothing"])
def test_chosen_otherwise_the_bracket_does_not_claim_either(chosen_on):
    assert claims(chosen_on)[0] <= MOST_FALSE_CLAIMS


def test_a_large_effect_is_found():
    assert claims("last year", effect=0.7)[0] >= LEAST_FOUND


def test_small_shares_are_not_pulled_towards_the_schools_without_variance():
    # 0 of 8 has no variance; weighted by its own variance, a true effect of ten points came out as two.
    rng = np.random.default_rng(7)
    n = np.full((N_SCHOOLS, 2), 8.0)
    exposure = (np.arange(N_SCHOOLS) < N_MEMBERS).astype(float)[:, None]
    estimates = []
    for _ in range(100):
        chance = np.full((N_SCHOOLS, 2), 0.15)
        chance[:, 1:] += 0.10 * exposure
        panel = school_panel(
            measure="ks2_rwm_expected",
            pupil_group="sen_support",
            unit="share",
            programmes=["send"],
            baseline_years=["2016-17"],
            outcome_years=("2017-18",),
            school_ids=np.arange(N_SCHOOLS),
            exposure=exposure,
            mean=rng.binomial(8, chance) / 8,
            n_pupils=n,
            variance=np.full_like(n, np.nan),
            rounding_half_width=np.zeros_like(n),
        )
        answer = ancova(panel)["send"]
        assert isinstance(answer, Estimate)
        estimates.append(answer.estimate)
    # The mean of 100 draws has a standard error of 0.4 points; the tolerance is five of them.
    assert np.mean(estimates) == pytest.approx(0.10, abs=0.02)
