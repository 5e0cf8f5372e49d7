"""The plan: numbers of schools by brute force, what is withheld, the best measure, the draft."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipelines.impact.panel import SchoolPanel
from pipelines.impact.power import Power, SchoolVariance, at_size, power
from pipelines.planning.plan import MeasurePlan, Size, StagePlan, draft, is_of_one_subject, plan_of
from pipelines.planning.plan_table import NEEDED, SEEN, plan_rows
from pipelines.planning.study_power import OUTCOME_YEARS, MeasurePower
from pipelines.protocol.study_file import load_study
from pipelines.study.measures import MEASURES
from pipelines.study.paths import EXAMPLE
from pipelines.study.settings import Study

KNOWN = SchoolVariance(0.10, 0.03, is_lasting_known=True)
Panels = Callable[..., SchoolPanel]


def answer(panel: SchoolPanel, measure: str, **more: Any) -> MeasurePower:
    """Power of the first programme as if on a measure of the example's `send`."""
    by_years = tuple(
        replace(power(panel, KNOWN, years)["send"], measure=measure) for years in OUTCOME_YEARS
    )
    settings = {
        "is_pupil_adjusted": False,
        "mde_attainment_sd": by_years[0].mde_sd,
        "is_in_protocol": True,
        "is_primary": False,
        "smallest_effect": None,
    }
    return MeasurePower(by_years=by_years, **settings | more)


def planned(panel: SchoolPanel, smallest_effect: float | None = None) -> MeasurePlan:
    measure = "ks2_reading_progress"
    found = answer(panel, measure, is_primary=True, smallest_effect=smallest_effect)
    return MeasurePlan(MEASURES[measure], found, False, smallest_effect)


def stages(*answers: MeasurePower) -> tuple[StagePlan, ...]:
    study = load_study(EXAMPLE)
    return plan_of(study, answers)


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_schools_needed_are_the_fewest_that_see_the_effect(
    planted_panel: Panels, share: float
) -> None:
    """Against every number tried in turn."""
    plan = planned(planted_panel())
    assert plan.found.mde_if_ends_agree is not None
    wanted = share * plan.found.mde_if_ends_agree
    needs = planned(planted_panel(), wanted).needs
    assert [need.is_alike for need in needs] == [False, True]
    for years, size in zip(OUTCOME_YEARS, needs[1].schools, strict=True):
        found = plan.answer.by_years[years - 1]
        fewest = next(
            m for m in range(10, 2000)
            if at_size(found, m, round(m * 25 / 15)).mde_if_ends_agree <= wanted
        )  # fmt: skip
        assert size == Size(fewest, round(fewest * 25 / 15))
    enough = [y for y in OUTCOME_YEARS if plan.answer.by_years[y - 1].mde_if_ends_agree <= wanted]
    assert needs[1].years == (enough[0] if enough else None)


def test_no_number_of_schools_goes_below_the_distance_of_the_two_ends(
    planted_panel: Panels,
) -> None:
    def weaker(mean: np.ndarray) -> np.ndarray:
        return mean - np.where(np.arange(len(mean)) < 15, 3.0, 0.0)[:, None]

    panel = planted_panel(change=weaker)
    plan = planned(panel)
    assert plan.found.distance is not None
    assert plan.found.distance > 0.3
    wanted = 0.9 * plan.found.distance
    as_it_is, alike = planned(panel, wanted).needs
    assert (as_it_is.schools, as_it_is.years) == ((None, None, None), None)
    assert None not in alike.schools
    assert plan.at(Size(5000, 8000), 3).mde > plan.found.distance


def test_sizes_begin_as_planned_and_halve_and_grow_on_both_sides(planted_panel: Panels) -> None:
    plan = planned(planted_panel())
    first, half, *more = plan.sizes
    assert first == Size(15, 25)
    assert half == Size(20, 20, is_half=True)
    assert [size.n_programme_schools for size in more] == [22, 30, 45, 60]
    seen = [plan.at(size, 1).mde for size in (first, half, *more)]
    assert seen == sorted(seen, reverse=True)
    for size in plan.sizes:
        by_years = [plan.at(size, years).mde for years in OUTCOME_YEARS]
        assert by_years == sorted(by_years, reverse=True)


def test_the_best_is_the_most_sensitive_that_is_suited(planted_panel: Panels) -> None:
    panel = planted_panel()
    subject = answer(panel, "ks2_maths_score", mde_attainment_sd=0.20)
    index = answer(panel, "ks2_progress_index", mde_attainment_sd=0.25)
    primary = answer(
        panel, "ks2_reading_progress", mde_attainment_sd=0.5, is_primary=True, smallest_effect=1.0
    )
    (stage,) = stages(subject, index, primary)
    assert stage.best is not None
    assert stage.primary is not None
    assert (stage.best.measure.name, stage.primary.measure.name) == (
        "ks2_progress_index", "ks2_reading_progress",
    )  # fmt: skip
    # One effect of 1.0 on reading is one of twice as many SDs on the index, which here has the same mde.
    assert stage.best.smallest_effect == pytest.approx(2.0)
    # A subject that the protocol asks for is suited.
    (stage,) = stages(index, replace(primary, mde_attainment_sd=0.1))
    assert stage.best == stage.primary
    (stage,) = stages(subject)
    assert stage.best is None
    assert list(draft(stage)) == []


def test_the_draft_is_a_setting_of_study_toml(planted_panel: Panels) -> None:
    panel = planted_panel()
    primary = answer(panel, "ks2_reading_progress", is_primary=True, smallest_effect=1.0)
    (stage,) = stages(primary)
    text = "\n".join(draft(stage))
    (measure,) = tomllib.loads(text)["programme"]["measure"]
    assert measure == {"name": "ks2_reading_progress", "primary": True, "smallest_effect": 1.0}
    index = answer(panel, "ks2_progress_index", mde_attainment_sd=0.01, is_pupil_adjusted=True)
    (stage,) = stages(index, primary)
    said = list(draft(stage))
    assert "  adjust_for_prior_attainment = true" in said
    # A person decides: a protocol does not load while a mark is left.
    assert "‹" in said[-1]


def test_figures_of_few_schools_or_pupils_are_withheld(planted_panel: Panels) -> None:
    few = planted_panel(members={"send": range(9)})
    plenty = planted_panel(members={"send": range(10)})
    for panel, status in ((few, "suppressed"), (plenty, "shown")):
        found = answer(panel, "ks2_reading_progress", is_primary=True, smallest_effect=1.0)
        assert found.power.mde is not None
        rows = plan_rows(stages(found))
        assert {row["figure_status"] for row in rows[SEEN]} == {status}
        figures = ("mde", "mde_if_ends_agree", "distance", "mde_sd", "mde_attainment_sd")
        is_known = [row[name] is not None for row in rows[SEEN] for name in figures[:3]]
        assert all(is_known) if status == "shown" else not any(is_known)
        assert bool(rows[NEEDED]) == (status == "shown")
    thin = replace(found, by_years=tuple(replace(p, n_programme_pupils=5) for p in found.by_years))
    assert {row["figure_status"] for row in plan_rows(stages(thin))[SEEN]} == {"suppressed"}


def test_rows_have_no_numbers_of_pupils_and_no_more_digits_than_are_read(
    planted_panel: Panels,
) -> None:
    found = answer(planted_panel(), "ks2_reading_progress", is_primary=True, smallest_effect=1.0)
    rows = plan_rows(stages(found))
    for row in (*rows[SEEN], *rows[NEEDED]):
        assert not [name for name in row if "pupils" in name]
        figures = [row.get(name) for name in ("mde", "mde_if_ends_agree", "distance")]
        assert all(figure is None or figure == round(figure, 1) for figure in figures)
    keys = [row.key for row in rows[SEEN]]
    assert len(set(keys)) == len(keys) == 6 * len(OUTCOME_YEARS)


def test_a_refusal_keeps_its_reason(planted_panel: Panels) -> None:
    found = answer(planted_panel(members={"send": range(3)}), "ks2_reading_progress")
    assert isinstance(found.power, Power)
    rows = plan_rows(stages(found))
    assert {row["figure_status"] for row in rows[SEEN]} == {"not_available"}
    assert rows[SEEN][0]["reason"].startswith("too few schools")
    assert rows[NEEDED] == []


def test_a_key_stage_that_is_neither_asked_for_nor_seen_is_left_out(planted_panel: Panels) -> None:
    seen = answer(planted_panel(), "ks2_reading_progress", is_primary=True)
    none = answer(planted_panel(members={"send": range(3)}), "ks4_attainment8")
    assert [stage.key_stage for stage in stages(seen, none)] == ["ks2", "ks4"]
    (stage,) = stages(seen, replace(none, is_in_protocol=False))
    assert stage.key_stage == "ks2"


def test_which_measures_are_of_one_subject() -> None:
    assert is_of_one_subject("ks2_reading_progress")
    assert is_of_one_subject("ks4_english_94")
    assert not is_of_one_subject("ks2_rwm_expected")
    assert not is_of_one_subject("ks2_progress_index")


def test_the_example_has_a_protocol_to_plan_for() -> None:
    study: Study = load_study(EXAMPLE)
    assert [programme.id for programme in study.evaluated_programmes] == ["send", "gap"]
