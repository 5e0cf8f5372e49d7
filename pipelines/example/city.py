"""Simulates the whole city: schools, years of results, programmes and their true effects.

Each part has its own random stream, so that changing one planted effect changes nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.example import voices
from pipelines.example.ks2 import SUBJECTS, Subject, draw_ks2_results
from pipelines.example.ks4 import draw_ks4_results
from pipelines.example.programmes import (
    Membership,
    choose_schools,
    eligibility,
    enrolments,
    inspections_and_reviews,
    target_means,
)
from pipelines.example.pupils import YearGroup, draw_year_group
from pipelines.example.register import school_census, school_links, school_register
from pipelines.example.schools import (
    SCHOOLS,
    Traits,
    draw_traits,
)

# The date of the example board's meeting, not chosen for its result.
SEED = 20181002

BASELINE_YEARS = ("2015-16", "2016-17")
OUTCOME_YEAR = "2017-18"
# Years of the sequel. There were no tests in 2019-20 and 2020-21.
LATER_YEARS = ("2018-19", "2021-22")
KS2_PLACES = np.array([school.ks2_places for school in SCHOOLS])
KS4_PLACES = np.array([school.ks4_places for school in SCHOOLS])
TARGETS = {"send": "sen_support", "gap": "disadvantaged"}
_SUBJECT_OF: dict[str, Subject] = {f"ks2_{subject}_progress": subject for subject in SUBJECTS}

Effects = Mapping[str, Mapping[str, float]]
# True effects: what each programme adds to a measure, for each target pupil in its schools in each outcome
# year, in points of progress. The gap programme has none. All other effects are 0, except those that follow
# from a gain in progress (scaled score, expected standard).
TRUE_EFFECTS: Effects = MappingProxyType(
    {
        "send": MappingProxyType(
            {
                "ks2_reading_progress": 1.5,
                "ks2_writing_progress": 1.4,
                "ks2_maths_progress": 1.3,
            }
        ),
        "gap": MappingProxyType(
            {
                "ks2_reading_progress": 0.0,
                "ks2_writing_progress": 0.0,
                "ks2_maths_progress": 0.0,
            }
        ),
    }
)


@dataclass(frozen=True)
class City:
    """Every table of the study, with its file's columns. Results are keyed by academic year.

    Results of the outcome years are those first out; `ks2_final` and `ks4_final` are the final ones of all
    but the last outcome year.
    """

    ks2_pupils: Mapping[str, pd.DataFrame]
    ks4_pupils: Mapping[str, pd.DataFrame]
    ks2_final: Mapping[str, pd.DataFrame]
    ks4_final: Mapping[str, pd.DataFrame]
    school_register: pd.DataFrame
    school_links: pd.DataFrame
    school_census: pd.DataFrame
    enrolments: pd.DataFrame
    eligibility: pd.DataFrame
    inspections: pd.DataFrame
    reviews: pd.DataFrame
    evaluations: pd.DataFrame
    evaluation_questions: pd.DataFrame
    statements: pd.DataFrame
    case_studies: pd.DataFrame
    case_study_support: pd.DataFrame


def outcome_years(through: int) -> tuple[str, ...]:
    """The years since the programmes began with tests up to that summer."""
    return (OUTCOME_YEAR, *(year for year in LATER_YEARS if 2000 + int(year[-2:]) <= through))


def simulate(seed: int = SEED, effects: Effects = TRUE_EFFECTS, *, through: int = 2018) -> City:
    """Simulate the city up to the results of one summer. Two calls with one seed differ only by `effects`.

    A later summer adds results and changes no other. `effects` maps programme and measure to points; missing
    entries mean no effect. Raises ValueError for an effect that cannot be planted.
    """
    for programme, planted in effects.items():
        if programme not in TARGETS or not set(planted) <= set(_SUBJECT_OF):
            raise ValueError(f"no effect can be planted for {programme!r} on {sorted(planted)}")
    streams = [np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(9)]
    of_schools, of_choice, of_voices = streams[:3]
    traits = draw_traits(of_schools)
    early = [
        _draw_year(streams[3 + turn], traits, year) for turn, year in enumerate(BASELINE_YEARS)
    ]
    membership = _choose(of_choice, traits, *early[-1])
    judged = outcome_years(through)
    # Streams 6 to 8 are others; each is drawn anew for the final results of the same pupils.
    of_year = dict(zip(judged, (5, 9, 10), strict=False))

    def late(year: str, *, is_final: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
        stream = np.random.SeedSequence(seed, spawn_key=(of_year[year],))
        of_pupils = np.random.default_rng(stream)
        return _draw_year(of_pupils, traits, year, membership, effects, is_final=is_final)

    first_out = dict(zip(BASELINE_YEARS, early, strict=True))
    first_out |= {year: late(year, is_final=False) for year in judged}
    final = {year: late(year, is_final=True) for year in judged[:-1]}
    inspections, reviews = inspections_and_reviews(streams[6], traits)
    # One stream for everything schools wrote, used in this order.
    evaluations = voices.evaluations(of_voices, membership)
    statements = voices.statements(of_voices, membership)
    case_studies = voices.case_studies(of_voices, membership)
    return City(
        ks2_pupils={year: ks2 for year, (ks2, _) in first_out.items()},
        ks4_pupils={year: ks4 for year, (_, ks4) in first_out.items()},
        ks2_final={year: ks2 for year, (ks2, _) in final.items()},
        ks4_final={year: ks4 for year, (_, ks4) in final.items()},
        school_register=school_register(traits),
        school_links=school_links(),
        school_census=school_census(streams[8], traits),
        enrolments=enrolments(membership),
        eligibility=eligibility(streams[7], membership),
        inspections=inspections,
        reviews=reviews,
        evaluations=evaluations,
        evaluation_questions=voices.evaluation_questions(),
        statements=statements,
        case_studies=case_studies,
        case_study_support=voices.case_study_support(case_studies),
    )


def _draw_year(
    rng: np.random.Generator,
    traits: Traits,
    year: str,
    membership: Membership | None = None,
    effects: Effects = MappingProxyType({}),
    *,
    is_final: bool = True,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Key stage 2 and 4 results of one year. Only outcome years have members."""
    ending = 2000 + int(year[-2:])
    of_ks2, of_ks4 = rng.spawn(2)
    year6 = draw_year_group(of_ks2, traits, KS2_PLACES, ending, joined=ending - 7)
    gains = _gains_points(year6, membership, effects)
    ks2 = draw_ks2_results(of_ks2, traits, year6, gains, is_final=is_final)
    year11 = draw_year_group(of_ks4, traits, KS4_PLACES, ending, joined=ending - 12)
    return ks2, draw_ks4_results(of_ks4, traits, year11, is_school_return=not is_final)


def _gains_points(
    group: YearGroup, membership: Membership | None, effects: Effects
) -> dict[Subject, NDArray[np.float64]]:
    """The programmes' effect on each pupil's progress."""
    gains = {subject: np.zeros(group.n_pupils) for subject in SUBJECTS}
    if membership is not None:
        for programme, planted in effects.items():
            is_target = group.is_sen_support if programme == "send" else group.is_fsm6
            is_touched = is_target & membership.is_in(programme)[group.school]
            for measure, points in planted.items():
                gains[_SUBJECT_OF[measure]] += points * is_touched
    return gains


def _choose(
    rng: np.random.Generator, traits: Traits, ks2: pd.DataFrame, ks4: pd.DataFrame
) -> Membership:
    """Select schools on the target group's last result, at key stage 4 if the school has one, else at 2."""
    results = []
    for sen_or_fsm6_at_2, at_4, value in (
        (ks2["SEN"] == "K", ks4["SENF"] == "K", "READPROGSCORE_EM_ADJUSTED"),
        (ks2["FSM6_P"] == 1, ks4["FSM6"] == 1, "RWMEXP"),
    ):
        of_ks2 = target_means(ks2, sen_or_fsm6_at_2.to_numpy(), value)
        of_ks4 = target_means(ks4, at_4.to_numpy(), "P8SCORE")
        results.append(np.where(np.isnan(of_ks4), of_ks2, of_ks4))
    return choose_schools(rng, traits, *results)
