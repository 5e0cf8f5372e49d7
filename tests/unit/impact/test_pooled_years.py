"""Several outcome years as one: weights, missing years, staggered starts, and single years."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.impact.estimators import ancova, change_from_baseline_mean, change_since_last_year
from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.impact.pooled_years import pooled_years
from pipelines.impact.triple_difference import triple_difference

BASELINES, OUTCOMES = ("2015-16", "2016-17"), ("2017-18", "2018-19")
EVERYONE = np.ones(4, dtype=np.bool_)


def panel_of(
    mean: np.ndarray, n: np.ndarray, exposure: np.ndarray, *, within_sd: float = 5.0, years=OUTCOMES
) -> SchoolPanel:
    return school_panel(
        measure="ks2_reading_progress",
        pupil_group="sen_support",
        unit="points",
        programmes=("send",),
        baseline_years=BASELINES,
        outcome_years=years,
        school_ids=np.arange(len(mean), dtype=np.int64),
        exposure=exposure[:, None].astype(float),
        mean=mean,
        n_pupils=n,
        variance=np.full(mean.shape, within_sd**2),
        rounding_half_width=np.zeros(mean.shape),
    )


def drawn(seed: int, n_schools: int = 40, n_members: int = 15, n_years: int = 2) -> SchoolPanel:
    rng = np.random.default_rng(seed)
    shape = (n_schools, 2 + n_years)
    n = rng.integers(5, 30, shape).astype(float)
    mean = rng.normal(0, 2, (n_schools, 1)) + rng.normal(0, 5, shape) / np.sqrt(n)
    years = ("2017-18", "2018-19", "2021-22")[:n_years]
    return panel_of(mean, n, np.arange(n_schools) < n_members, years=years)


def test_one_year_is_itself():
    panel = drawn(1, n_years=1)
    z = (panel.mean - panel.centre) / panel.scale
    assert panel.standardised().tolist() == z.tolist()
    assert panel.last_outcome_year() is panel


def test_years_weigh_by_sampling_and_between_school_variance():
    """Between-school variance by its definition: standardised squared residuals average 1."""
    panel = drawn(2)
    z, variance = panel.standardised_by_year[:, 2:], panel.sampling_variance_by_year[:, 2:]
    pooled, of_pooled = pooled_years(z, variance, panel.is_untreated)
    weights, centred = np.empty_like(z), np.empty_like(z)
    for year in range(2):
        between = max(_moment_variance(z[:, year], variance[:, year]), 0.0)
        weights[:, year] = 1 / (variance[:, year] + between)
        outside = panel.is_untreated
        centre = np.average(z[outside, year], weights=weights[outside, year])
        centred[:, year] = z[:, year] - centre
    weights /= weights.sum(axis=1, keepdims=True)
    assert pooled == pytest.approx((weights * centred).sum(axis=1), rel=1e-6)
    assert of_pooled == pytest.approx((weights**2 * variance).sum(axis=1), rel=1e-6)


def _moment_variance(z: np.ndarray, variance: np.ndarray) -> float:
    low, high = 0.0, 100.0
    for _ in range(200):
        middle = (low + high) / 2
        weights = 1 / (variance + middle)
        spread = (weights * (z - np.average(z, weights=weights)) ** 2).sum()
        low, high = (middle, high) if spread > len(z) - 1 else (low, middle)
    return low


def test_a_school_with_one_year_keeps_it_and_one_without_has_none():
    z = np.array([[1.0, 3.0], [1.0, np.nan], [np.nan, np.nan], [-2.0, -2.0]])
    variance = np.where(np.isfinite(z), 0.1, np.nan)
    pooled, of_pooled = pooled_years(z, variance, np.array([False, False, False, True]))
    assert pooled[1] == pytest.approx(3.0)
    assert of_pooled[1] == pytest.approx(0.1)
    assert np.isnan(pooled[2])
    assert np.isnan(of_pooled[2])
    assert 3.0 < pooled[0] < 5.0


def test_a_year_without_comparison_schools_does_not_count():
    z = np.array([[1.0, 50.0], [2.0, 60.0], [0.0, np.nan], [0.0, np.nan]])
    variance = np.where(np.isfinite(z), 0.1, np.nan)
    pooled, _ = pooled_years(z, variance, np.array([False, False, True, True]))
    assert pooled.tolist() == [1.0, 2.0, 0.0, 0.0]


def test_where_every_school_is_in_a_programme_all_centre_the_years():
    panel = drawn(3, n_members=40)
    assert panel.is_untreated.all()
    assert np.isfinite(panel.standardised()[:, -1]).all()


def staggered(effect: float) -> SchoolPanel:
    """No noise but lasting quality: five schools start at once, fifteen a year later; 20 never."""
    rng = np.random.default_rng(4)
    lasting = rng.normal(0, 2, 40)
    mean = np.repeat(lasting[:, None], 4, axis=1) + np.array([0.0, 1.0, 3.0, -2.0])
    mean[:5, 2:] += effect
    mean[5:20, 3] += effect
    mean[5:20, 2] = np.nan  # not yet under way: that year does not count
    # Results are measured almost without error.
    return panel_of(mean, np.full(mean.shape, 1e6), np.arange(40) < 20)


@pytest.mark.parametrize("estimator", [ancova, change_from_baseline_mean])
def test_staggered_starts_do_not_dilute_the_effect(estimator):
    found = estimator(staggered(3.0))["send"]
    # In pupil SDs, whose size differs little between years.
    assert found.estimate == pytest.approx(3.0, rel=0.06)


def test_centred_on_all_schools_staggered_starts_would_dilute_it():
    panel = staggered(3.0)
    z, variance = panel.standardised_by_year[:, 2:], panel.sampling_variance_by_year[:, 2:]
    by_untreated, _ = pooled_years(z, variance, panel.is_untreated)
    by_all, _ = pooled_years(z, variance, np.ones(40, dtype=np.bool_))
    before = panel.standardised_by_year[:, 0]
    gap = {
        name: (pooled - before)[5:20].mean() - (pooled - before)[20:].mean()
        for name, pooled in (("untreated", by_untreated), ("all", by_all))
    }
    assert gap["all"] < 0.9 * gap["untreated"]


def test_counts_are_of_all_years_and_the_unit_of_the_last_with_results():
    panel = drawn(5)
    sample = panel.sample_size("send", np.ones(40, dtype=np.bool_))
    assert sample.n_programme_pupils == panel.n_pupils[:15, 2:].sum()
    assert panel.outcome_scale == panel.scale[-1]
    mean = panel.mean.copy()
    mean[:, -1] = np.nan
    without = replace(panel, mean=mean)
    assert (panel.outcome_year, without.outcome_year) == ("2018-19", "2017-18")
    assert without.outcome_scale == panel.scale[-2]


def test_a_single_year_is_the_panel_of_that_year():
    panel = drawn(6)
    alone = panel.of_outcome_year("2017-18")
    direct = panel_of(
        panel.mean[:, :3], panel.n_pupils[:, :3], panel.exposure[:, 0], years=("2017-18",)
    )
    assert ancova(alone)["send"] == ancova(direct)["send"]


def test_the_naive_change_is_that_of_the_last_year():
    panel = drawn(7)
    last = change_since_last_year(panel.of_outcome_year("2018-19"))["send"]
    assert change_since_last_year(panel)["send"] == last


def test_the_triple_difference_pools_the_gap():
    target, other = drawn(8), drawn(9)
    both = triple_difference(target, other)["send"].estimate
    single = [
        triple_difference(target.of_outcome_year(year), other.of_outcome_year(year))[
            "send"
        ].estimate
        for year in OUTCOMES
    ]
    assert min(single) < both < max(single)


def test_memberships_do_not_change_the_pooled_outcome_of_the_null_model():
    panel = drawn(10)
    other = replace(panel, exposure=panel.exposure[::-1].copy())
    for arrays in (SchoolPanel.standardised, SchoolPanel.sampling_variance):
        first, second = (arrays(p.without_programmes()) for p in (panel, other))
        assert first.tolist() == second.tolist()
