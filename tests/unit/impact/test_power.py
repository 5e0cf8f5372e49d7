"""Power: the data it may use, what reduces it, when it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipelines.impact.panel import SchoolPanel
from pipelines.impact.power import SchoolVariance, at_size, power, school_variance
from pipelines.impact.prior_adjusted import adjust_for_prior_attainment, with_residual_variance

KNOWN = SchoolVariance(0.10, 0.03, is_lasting_known=True)


def test_the_result_of_the_outcome_year_enters_nowhere(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    panel = planted_panel()
    other = panel.mean.copy()
    other[:, -1] = np.random.default_rng(5).normal(50, 20, panel.n_schools)
    assert power(replace(panel, mean=other)) == power(panel)


def test_effects_are_given_in_the_unit_and_in_pupil_standard_deviations(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    panel = planted_panel()
    answer = power(panel, KNOWN)["send"]
    assert answer.mde == pytest.approx(answer.mde_sd * panel.outcome_scale)
    larger = replace(panel, mean=panel.mean * 3, centre=panel.centre * 3, scale=panel.scale * 3)
    tripled = replace(larger, within_variance=panel.within_variance * 9)
    again = power(tripled, KNOWN)["send"]
    assert again.mde == pytest.approx(3 * answer.mde)
    assert again.mde_sd == pytest.approx(answer.mde_sd)
    unknown = power(replace(panel, is_scale_from_school_means=True), KNOWN)["send"]
    assert unknown.mde == pytest.approx(answer.mde)
    assert unknown.mde_sd is None


def test_more_pupils_and_more_lasting_schools_let_a_study_see_more(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    panel = planted_panel()
    seen = power(panel, KNOWN)["send"].mde_sd
    assert power(replace(panel, n_pupils=panel.n_pupils * 4), KNOWN)["send"].mde_sd < seen
    passing = SchoolVariance(0.03, 0.10, is_lasting_known=True)
    assert power(panel, passing)["send"].mde_sd > seen


def test_years_average_out_what_passes_and_not_what_lasts(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    panel = planted_panel()

    def gain(spread: SchoolVariance) -> float:
        one, three = (power(panel, spread, years)["send"] for years in (1, 3))
        assert three.distance == pytest.approx(one.distance, rel=0.1)
        return float(three.standard_error_ancova / one.standard_error_ancova)

    # Where nothing lasts, baselines tell nothing, and three years leave a third of the variance.
    alike = power(panel, SchoolVariance(0.0, 0.13, True))["send"].standard_error_ancova
    third = power(panel, SchoolVariance(0.0, 0.13, True), 3)["send"].standard_error_ancova
    assert third == pytest.approx(alike / np.sqrt(3), rel=1e-6)
    assert gain(SchoolVariance(0.0, 0.13, True)) < gain(SchoolVariance(0.10, 0.03, True)) < 1
    with pytest.raises(ValueError, match="at least one year"):
        power(panel, KNOWN, 0)


def test_twice_the_schools_are_as_the_same_schools_twice(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    """The formula for other numbers of schools against the panel with every school twice."""
    panel = planted_panel()

    def twice(array: np.ndarray) -> np.ndarray:
        return np.concatenate([array, array])

    doubled = replace(
        panel,
        school_ids=np.arange(2 * panel.n_schools),
        **{name: twice(getattr(panel, name)) for name in ("exposure", "mean", "n_pupils")},
    )
    one, both = power(panel, KNOWN)["send"], power(doubled, KNOWN)["send"]
    predicted = at_size(one, 30, 50)
    assert (predicted.n_programme_schools, predicted.n_comparison_schools) == (30, 50)
    assert predicted.distance == one.distance
    for name in ("standard_error_ancova", "standard_error_change", "mde", "mde_if_ends_agree"):
        assert getattr(predicted, name) == pytest.approx(getattr(both, name), rel=0.02)
    for name in ("df_ancova", "df_change", "n_programme_pupils"):
        assert getattr(predicted, name) == pytest.approx(getattr(both, name), rel=0.12)


def test_the_same_size_is_the_same_study_and_nothing_comes_of_a_refusal(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    one = power(planted_panel(), KNOWN)["send"]
    same = at_size(one, 15, 25)
    for name in ("mde", "mde_if_ends_agree", "mde_sd", "effective_df", "standard_error_change"):
        assert getattr(same, name) == pytest.approx(getattr(one, name))
    refused = power(planted_panel(members={"send": range(3)}), KNOWN)["send"]
    assert at_size(refused, 30, 50) == refused
    with pytest.raises(ValueError, match="at least two"):
        at_size(one, 1, 50)


def test_one_baseline_year_does_not_identify_lasting_differences(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    panel = planted_panel()
    one = replace(
        panel,
        baseline_years=panel.baseline_years[1:],
        mean=panel.mean[:, 1:],
        n_pupils=panel.n_pupils[:, 1:],
        within_variance=panel.within_variance[1:],
        rounding_half_width=panel.rounding_half_width[1:],
        centre=panel.centre[1:],
        scale=panel.scale[1:],
    )
    spread = school_variance(one)
    assert (spread.lasting, spread.is_lasting_known) == (0.0, False)
    answer = power(one)["send"]
    assert answer.lasting_share is None
    hopeful = SchoolVariance(spread.passing, 0.0, is_lasting_known=True)
    assert answer.mde > power(one, hopeful)["send"].mde


def test_too_few_schools_are_refused_as_the_headline_would(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    answer = power(planted_panel(members={"send": range(4)}))["send"]
    assert (answer.mde, answer.mde_sd) == (None, None)
    assert answer.reason.startswith("too few schools: 4 in the programme and 36 others")
    assert answer.n_programme_pupils > 0


def test_programmes_with_the_same_schools_cannot_be_separated(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    answers = power(planted_panel(members={"send": range(12), "gap": range(12)}))
    assert {answer.mde for answer in answers.values()} == {None}
    assert all("cannot be told apart" in answer.reason for answer in answers.values())


def test_an_empty_panel_has_a_reason(planted_panel: Callable[..., SchoolPanel]) -> None:
    panel = planted_panel()
    none = replace(
        panel,
        school_ids=panel.school_ids[:0],
        exposure=panel.exposure[:0],
        mean=panel.mean[:0],
        n_pupils=panel.n_pupils[:0],
    )
    assert power(none)["send"].reason.startswith("no school has a result")


def test_adjusting_for_prior_attainment_is_a_regression_within_schools(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    rng = np.random.default_rng(2)
    pupils = pd.DataFrame({"school_id": np.repeat(np.arange(12), 9)})
    pupils["x"] = rng.normal(15, 3, len(pupils)) + pupils["school_id"]
    pupils["y"] = 2 * pupils["x"] + rng.normal(0, 1, len(pupils))
    pupils = pupils.assign(xx=pupils.x**2, xy=pupils.x * pupils.y, yy=pupils.y**2)
    sums = pupils.groupby("school_id")[["x", "xx", "xy", "y", "yy"]].sum().add_prefix("sum_")
    moments = sums.reset_index().assign(n_pupils=9, academic_year="2016-17")
    cells = moments[["school_id", "academic_year"]].assign(mean=0.0, n_pupils=0)
    adjusted, residual = adjust_for_prior_attainment(cells, moments)

    schools = np.eye(12)[pupils["school_id"]]
    design = np.column_stack([schools, pupils["x"] - pupils["x"].mean()])
    fitted, rss, *_ = np.linalg.lstsq(design, pupils["y"].to_numpy())
    np.testing.assert_allclose(adjusted["mean"], fitted[:12])
    assert residual == pytest.approx({"2016-17": rss[0] / (len(pupils) - 13)})
    assert set(adjusted["n_pupils"]) == {9}

    panel = planted_panel()
    same = with_residual_variance(panel, panel, {"2015-16": 1.0, "2016-17": 2.0, "2017-18": 3.0})
    assert list(same.within_variance) == [1.0, 2.0, 3.0]


def test_sides_that_were_further_apart_have_less_power(
    planted_panel: Callable[..., SchoolPanel],
) -> None:
    """Half a pupil SD weaker in every year: the ends diverge, so larger effects are needed."""
    panel = planted_panel()
    seen = power(panel, KNOWN)["send"]
    lower = panel.mean.copy()
    lower[panel.exposure[:, 0] > 0] -= 0.5 * panel.outcome_scale
    weaker = power(replace(panel, mean=lower), KNOWN)["send"]
    assert weaker.distance > seen.distance
    gained = weaker.mde - weaker.mde_if_ends_agree
    assert 0.5 * weaker.distance < gained <= weaker.distance
    assert gained > seen.mde - seen.mde_if_ends_agree
