"""The simulated scenarios: selection, effect, schools, pupils and complications, crossed.

`schools` draws and selects the schools.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Literal, get_args

from pipelines.catalogue.vocabulary import Selection
from pipelines.impact.calibration import PASSING_SD, PROGRESS_PASSING_SD

SELECTIONS: tuple[Selection, ...] = get_args(Selection)
# Selections for which the bracket promises to hold. Earlier results show neither what someone knew of the
# coming cohort nor that a decline goes on.
KNOWABLE_SELECTIONS = tuple(s for s in SELECTIONS if s not in {"coming_cohort", "true_decline"})
# A strict cut leaves no overlap, so that no verdict is given, whatever else is simulated.
SOFT_SELECTIONS = tuple(s for s in SELECTIONS if s != "last_year_strict")

SIZES = ((18, 60), (11, 34))
TOO_SMALL = (4, 10)
MEAN_PUPILS = (10, 30)
EFFECTS = (0.0, 0.2, 0.4)
NO_EFFECT, LARGEST = EFFECTS[0], EFFECTS[-1]

# What is unlike the usual simulated schools; `schools` says how.
World = Literal[
    "usual", "volatile_schools", "shocks_that_fade", "few_meet", "grows_with_size", "spillover"
]
OTHER_WORLDS: tuple[World, ...] = get_args(World)[1:]
# Without an effect these are the usual world.
WORLDS_OF_EFFECTS: tuple[World, ...] = ("grows_with_size", "spillover")


@dataclass(frozen=True)
class Scenario:
    """Schools in the first programme and in all, pupils per school and year, effect in pupil SDs.

    `passing_sd` is that of a school's years about its lasting level, in pupil SDs.
    """

    n_members: int
    n_schools: int
    mean_pupils: int
    selection: Selection
    effect: float
    has_second_programme: bool = False
    is_suppressed: bool = False
    is_prior_adjusted: bool = False
    n_outcome_years: int = 1
    passing_sd: float = PASSING_SD
    world: World = "usual"


def every_scenario() -> list[Scenario]:
    """Sizes, pupils and selections, with one complication at a time.

    Results that vary as progress does are not simulated adjusted: progress allows for prior attainment
    already. 4 of 10 schools have no complication: the rule of five schools per side refuses these ten in
    any case.
    """
    ends = (NO_EFFECT, LARGEST)
    plain = [
        Scenario(*size, mean_pupils, selection, effect, passing_sd=passing_sd)
        for passing_sd, effects in ((PASSING_SD, EFFECTS), (PROGRESS_PASSING_SD, ends))
        for size, mean_pupils, selection, effect in product(SIZES, MEAN_PUPILS, SELECTIONS, effects)
    ]
    variants = [
        Scenario(*size, MEAN_PUPILS[0], selection, NO_EFFECT, has_second, is_suppressed)
        for (has_second, is_suppressed), size, selection in product(
            ((True, False), (False, True), (True, True)), SIZES, SELECTIONS
        )
    ]
    too_small = [
        Scenario(*TOO_SMALL, mean_pupils, selection, NO_EFFECT)
        for mean_pupils, selection in product(MEAN_PUPILS, SELECTIONS)
    ]
    adjusted_or_later = [
        Scenario(
            *(*size, mean_pupils, selection, effect),
            is_prior_adjusted=is_adjusted,
            n_outcome_years=n_years,
            passing_sd=passing_sd,
        )
        for is_adjusted, n_years, passing_sd, pupils in (
            *((True, n_years, PASSING_SD, MEAN_PUPILS) for n_years in (1, 2, 3)),
            *((False, n_years, PASSING_SD, MEAN_PUPILS) for n_years in (2, 3)),
            *((False, n_years, PROGRESS_PASSING_SD, MEAN_PUPILS[:1]) for n_years in (2, 3)),
        )
        for size, mean_pupils, selection, effect in product(SIZES, pupils, SOFT_SELECTIONS, ends)
    ]
    other_worlds = [
        Scenario(*SIZES[0], MEAN_PUPILS[0], selection, effect, world=world)
        for world, selection, effect in product(OTHER_WORLDS, SOFT_SELECTIONS, ends)
        if effect or world not in WORLDS_OF_EFFECTS
    ]
    return [*plain, *variants, *too_small, *adjusted_or_later, *other_worlds]
