"""Effect sizes: units, intervals, refusals."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.impact.effect_size import EffectSize, hedges_g, intraclass_correlation


def test_unit_of_the_measure_does_not_matter():
    points = hedges_g(2.0, -1.0, 5.0, pupil_sd=6.0, n_pupils=300)
    percent = hedges_g(200.0, -100.0, 500.0, pupil_sd=600.0, n_pupils=300)
    assert (points.g, points.ci_low, points.ci_high) == pytest.approx(
        (percent.g, percent.ci_low, percent.ci_high)
    )


def test_interval_is_the_estimate_s_and_excludes_zero_exactly_when_that_does():
    found = hedges_g(2.0, 0.0, 4.0, pupil_sd=6.0, n_pupils=300)
    assert found.ci_low == 0.0
    assert found.ci_high == pytest.approx(2 * found.g)
    assert found.g < 2.0 / 6.0


def test_likeness_within_schools_lowers_g_and_its_negative_estimate_does_not():
    plain = hedges_g(2.0, 0.0, 4.0, pupil_sd=6.0, n_pupils=100)
    alike = {"pupil_sd": 6.0, "n_pupils": 100, "pupils_per_school": 10.0}
    assert hedges_g(2.0, 0.0, 4.0, intraclass_correlation=0.3, **alike).g < plain.g
    assert hedges_g(2.0, 0.0, 4.0, intraclass_correlation=-0.1, **alike) == plain
    assert isinstance(plain, EffectSize)


def test_schools_all_alike_and_pupils_all_alike():
    n = np.full(10, 5.0)
    spread = np.arange(10.0)
    assert intraclass_correlation(spread, n, 0.0) == pytest.approx(1.0)
    assert intraclass_correlation(np.ones(10), n, 4.0) == pytest.approx(-1 / 4)
    assert intraclass_correlation(np.ones(10), n, 0.0) == 0.0


def test_refuses_what_has_no_effect_size():
    with pytest.raises(ValueError, match="standard deviation"):
        hedges_g(1.0, 0.0, 2.0, pupil_sd=0.0, n_pupils=50)
    with pytest.raises(ValueError, match="at least 4"):
        hedges_g(1.0, 0.0, 2.0, pupil_sd=1.0, n_pupils=3)
    with pytest.raises(ValueError, match="two schools"):
        intraclass_correlation(np.ones(1), np.ones(1), 1.0)
