"""Year 11 results in the tables-checking layout, and earlier school returns. No effect is planted here."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pipelines.example.pupils import YearGroup, birthdays
from pipelines.example.schools import N_SCHOOLS, Traits

PUPIL_SD_GRADES = 1.15
SCHOOL_SHARE = 0.18
GROUP_SHARE = 0.08
YEAR_SHARE = 0.10
# By summer: average Attainment 8, and the points at which pupils get grades 4 and 5 in English and maths. The
# grade scale changed between 2016 and 2017.
_AVERAGE = {2016: 50.6, 2017: 46.9, 2018: 46.0, 2019: 46.2, 2022: 48.3}
_CITY_GRADES = {2016: 0.10, 2017: 0.10, 2018: -0.05, 2019: -0.05, 2022: -0.05}
_PASS = {2016: 44.0, 2017: 40.0, 2018: 38.0, 2019: 38.0, 2022: 39.0}
_STRONG_PASS = {2016: 53.0, 2017: 48.0, 2018: 46.5, 2019: 46.5, 2022: 47.5}


def draw_ks4_results(
    rng: np.random.Generator, traits: Traits, group: YearGroup, *, is_school_return: bool
) -> pd.DataFrame:
    """One file of results. A school return has grades but no Attainment 8 or Progress 8."""
    n, is_k = group.n_pupils, group.is_sen_support
    year, sen_year, fsm6_year = rng.normal(size=(3, N_SCHOOLS))
    of_school = (SCHOOL_SHARE * traits.quality + YEAR_SHARE * year)[group.school]
    of_sen = (GROUP_SHARE * (traits.sen_quality + 0.6 * sen_year))[group.school]
    of_fsm6 = (GROUP_SHARE * (traits.fsm6_quality + 0.6 * fsm6_year))[group.school]
    # Pupils on SEN support are less far behind at the start than in Year 6.
    prior = np.clip(np.round(28.5 + 3.6 * (group.prior + 0.5 * is_k), 1), 15, 36)
    progress8 = (
        _CITY_GRADES[group.ending]
        + PUPIL_SD_GRADES * (rng.normal(size=n) + of_school + of_sen * is_k)
        + PUPIL_SD_GRADES * of_fsm6 * group.is_fsm6
        - 0.42 * group.is_fsm6
        - 0.55 * is_k
        - 0.8 * (group.sen == "E")
    )
    points = _AVERAGE[group.ending] + 3.0 * (prior - 28.5) + 10 * progress8
    english_and_maths = points + rng.normal(0, 5, n)
    status, no_prior = rng.random((2, n))
    has_prior = no_prior >= np.where(group.is_newly_arrived, 0.4, 0.02)
    inclusion = np.where(status < 0.006, 202, 201)
    if not is_school_return:
        inclusion = np.where(status > 0.996, 203, inclusion)
    has_points = np.full(n, not is_school_return)
    return pd.DataFrame(
        {
            "LAESTAB": group.laestab,
            "URN": group.urn,
            "UPN": group.upn,
            "P_INCL": inclusion,
            "ACTYRGRP": np.where(status < 0.006, 10, 11),
            "SURNAME": group.surname,
            "FORENAME": group.forename,
            "DOB": birthdays(group, 16, "%Y-%m-%d"),
            "SEX": np.where(group.is_female, "F", "M"),
            "SENF": group.sen,
            "FSM6": group.is_fsm6.astype(np.int64),
            "NEWMOBILE": group.is_newly_arrived.astype(np.int64),
            "KS2APS": np.where(has_prior, prior, np.nan),
            "ATT8SCR": np.where(has_points, np.round(np.clip(points, 0, 90), 2), np.nan),
            "P8SCORE": np.where(has_points & has_prior, np.round(progress8, 2), np.nan),
            "L2BASICS_94": (english_and_maths >= _PASS[group.ending]).astype(np.int64),
            "L2BASICS_95": (english_and_maths >= _STRONG_PASS[group.ending]).astype(np.int64),
        }
    )
