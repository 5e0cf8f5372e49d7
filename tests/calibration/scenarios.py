"""The simulated scenarios: selection, effect, schools, pupils and complications, crossed.

`schools` draws and selects the schools.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import get_args

from pipelines.catalogue.vocabulary import Selection

SELECTIONS: tuple[Selection, ...] = get_args(Selection)
# Selections for which the bracket promises to hold. Earlier results show neither what someone knew of the
# coming cohort nor that a decline goes on.
KNOWABLE_SELECTIONS = tuple(s for s in SELECTIONS if s not in {"coming_cohort", "true_decline"})

SIZES = ((18, 60), (11, 34))
TOO_SMALL = (4, 10)
MEAN_PUPILS = (10, 30)
EFFECTS = (0.0, 0.2, 0.4)


@dataclass(frozen=True)
class Scenario:
    """Schools in the first programme and in all, pupils per school and year, effect in pupil SDs."""

    n_members: int
    n_schools: int
    mean_pupils: int
    selection: Selection
    effect: float
    has_second_programme: bool = False
    is_suppressed: bool = False
    is_prior_adjusted: bool = False
    n_outcome_years: int = 1


def every_scenario() -> list[Scenario]:
    """All combinations of complications; prior attainment and several outcome years without the others.

    4 of 10 schools have none of them: the rule of five schools per side refuses these ten in any case.
    """
    crossed = [
        Scenario(*size, mean_pupils, selection, effect, has_second, is_suppressed)
        for is_suppressed, has_second, size, mean_pupils, selection, effect in product(
            (False, True), (False, True), SIZES, MEAN_PUPILS, SELECTIONS, EFFECTS
        )
    ]
    too_small = [
        Scenario(*TOO_SMALL, mean_pupils, selection, effect)
        for mean_pupils, selection, effect in product(MEAN_PUPILS, SELECTIONS, EFFECTS)
    ]
    adjusted = [
        Scenario(*size, mean_pupils, selection, effect, is_prior_adjusted=True)
        for size, mean_pupils, selection, effect in product(SIZES, MEAN_PUPILS, SELECTIONS, EFFECTS)
    ]
    later = [
        Scenario(*size, mean_pupils, selection, effect, n_outcome_years=n_years)
        for n_years, size, mean_pupils, selection, effect in product(
            (2, 3), SIZES, MEAN_PUPILS, SELECTIONS, (EFFECTS[0], EFFECTS[-1])
        )
    ]
    return [*crossed, *too_small, *adjusted, *later]
