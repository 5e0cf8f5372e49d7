"""Triple difference: what it removes, keeps and refuses; compared with a regression by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm

from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import Estimate, NotComputable
from pipelines.impact.triple_difference import triple_difference


@pytest.fixture
def groups(planted_panel):
    """Target pupils and their schoolmates: different pupils and luck in the same schools."""
    target, complement = planted_panel(seed=1, n_schools=40), planted_panel(seed=2, n_schools=40)
    return target, replace(complement, pupil_group="no_sen")


def answer(target: SchoolPanel, complement: SchoolPanel) -> Estimate:
    found = triple_difference(target, complement)["send"]
    assert isinstance(found, Estimate)
    assert found.estimator == "triple_difference"
    return found


def moved(panel: SchoolPanel, by: np.ndarray) -> SchoolPanel:
    """The panel with `by` (S,) added to the outcome year, without changing its scales."""
    mean = panel.mean.copy()
    mean[:, -1] += by
    return replace(panel, mean=mean)


def test_what_moves_all_pupils_of_a_school_alike_is_taken_out(groups):
    target, complement = groups
    shock = np.random.default_rng(3).normal(0, 9, 40) + 4 * target.exposure[:, 0]
    plain = answer(target, complement)
    shocked = answer(moved(target, shock), moved(complement, shock))
    assert shocked.estimate == pytest.approx(plain.estimate, rel=1e-9)
    assert shocked.ci_low == pytest.approx(plain.ci_low, rel=1e-9)


def test_an_effect_on_target_pupils_is_kept_and_one_on_the_others_taken_off(groups):
    target, complement = groups
    plain = answer(target, complement)
    member = target.exposure[:, 0]
    assert answer(moved(target, 2 * member), complement).estimate == pytest.approx(
        plain.estimate + 2, rel=1e-9
    )
    assert answer(target, moved(complement, 2 * member)).estimate == pytest.approx(
        plain.estimate - 2, rel=1e-9
    )


def test_equal_years_and_weights_give_the_regression_of_gap_changes(groups):
    # Exact, because without within-school variance and with one scale all schools weigh the same.
    target, complement = (
        replace(panel, within_variance=np.zeros(3), scale=np.full(3, 5.0)) for panel in groups
    )
    gap = target.mean - complement.mean
    change = gap[:, -1] - gap[:, :-1].mean(axis=1)
    reference = sm.OLS(change, sm.add_constant(target.exposure[:, 0])).fit(cov_type="HC2")
    found = answer(target, complement)
    assert found.estimate == pytest.approx(reference.params[1], rel=1e-9)
    assert found.standard_error == pytest.approx(reference.bse[1], rel=1e-7)


def test_only_years_and_schools_that_both_groups_have_enter(groups):
    target, complement = groups
    mean = complement.mean.copy()
    mean[16, :-1] = np.nan  # no year left before the outcome
    mean[17, 0] = np.nan  # one year left
    fewer = replace(complement, mean=mean)
    kept = np.arange(40) != 20
    fewer = replace(
        fewer,
        school_ids=fewer.school_ids[kept],
        exposure=fewer.exposure[kept],
        mean=fewer.mean[kept],
        n_pupils=fewer.n_pupils[kept],
    )
    found = answer(target, fewer)
    assert (found.sample.n_programme_schools, found.sample.n_comparison_schools) == (15, 23)
    # School 17's target result no longer matters in the year that its other pupils lack.
    odd = target.mean.copy()
    odd[17, 0] += 100
    assert answer(replace(target, mean=odd), fewer).estimate == found.estimate
    assert answer(replace(target, mean=odd), complement).estimate != found.estimate


def test_order_of_schools_does_not_matter(groups):
    target, complement = groups
    order = np.random.default_rng(5).permutation(40)
    shuffled = replace(
        complement,
        school_ids=complement.school_ids[order],
        exposure=complement.exposure[order],
        mean=complement.mean[order],
        n_pupils=complement.n_pupils[order],
    )
    assert answer(target, shuffled) == answer(target, complement)


def test_no_schools_in_common_is_no_estimate(groups):
    target, complement = groups
    elsewhere = replace(complement, school_ids=complement.school_ids + 1000)
    refused = triple_difference(target, elsewhere)["send"]
    assert isinstance(refused, NotComputable)


def test_refuses_panels_that_do_not_belong_together(groups):
    target, complement = groups
    with pytest.raises(ValueError, match="measure, programmes or years"):
        triple_difference(target, replace(complement, measure="ks2_maths_progress"))
    with pytest.raises(ValueError, match="which schools"):
        triple_difference(target, replace(complement, exposure=1 - complement.exposure))
