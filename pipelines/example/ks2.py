"""Year 6 results in the tables-checking layout: progress is simulated, scores and outcomes follow from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.example.pupils import YearGroup, birthdays, days_as_text
from pipelines.example.schools import N_SCHOOLS, SCHOOLS, Traits

Subject = Literal["reading", "writing", "maths"]
SUBJECTS: tuple[Subject, ...] = ("reading", "writing", "maths")

# SD of pupils' progress within a school, and the SDs of shared components as shares of it.
PUPIL_SD_POINTS = 5.7
SCHOOL_SHARE = 0.18  # lasting
SUBJECT_SHARE = 0.08  # lasting, one subject
GROUP_SHARE = 0.08  # lasting, one pupil group
YEAR_SHARE = 0.10  # one school, one year
GROUP_YEAR_SHARE = 0.05


@dataclass(frozen=True)
class _Test:
    """Average score by summer, and mean progress of the city and its groups, in points."""

    average: dict[int, float]
    city: float
    sen_support: float
    fsm6: float
    mark: str  # in column names


_SUMMERS = (2016, 2017, 2018, 2019, 2022)


def _averages(*points: float) -> dict[int, float]:
    return dict(zip(_SUMMERS, points, strict=True))


_TESTS: dict[Subject, _Test] = {
    "reading": _Test(_averages(104.4, 106.0, 106.6, 106.1, 106.4), -1.1, -1.4, -0.6, "READ"),
    "writing": _Test(_averages(103.6, 104.9, 104.5, 104.6, 103.6), -1.2, -3.0, -0.8, "WRIT"),
    "maths": _Test(_averages(104.8, 106.1, 106.0, 106.4, 105.2), -1.0, -1.8, -0.8, "MAT"),
}
_EHC_POINTS = -3.0
_AVERAGE_KS1 = 16.0
_POINTS_A_KS1_POINT = 1.6
# Key stage 1: cut points on the latent scale between levels, the levels, and their points.
_KS1_CUTS = np.array([6.0, 11.0, 13.8, 15.6, 18.2])
_KS1_LEVELS = np.array(["W", "1", "2C", "2B", "2A", "3"])
_KS1_POINTS = np.array([3.0, 9.0, 13.0, 15.0, 17.0, 21.0])
# Writing is teacher assessed: cut points on the latent score between judgements.
_WRITING_CUTS = np.array([78.0, 84.0, 97.5, 109.5])
_WRITING_CODES = np.array(["PK4", "PK6", "WTS", "EXS", "GDS"])
_WRITING_SCORES = np.array([73, 79, 91, 103, 113])
_ETHNICITIES = np.array(["WBRI", "WOTH", "MWBC", "ABAN", "AIND", "BAFR", "CHNE", "OOTH", "NOBT"])
_ETHNICITY_SHARES = np.array([0.72, 0.07, 0.03, 0.05, 0.03, 0.05, 0.01, 0.03, 0.01])


def draw_ks2_results(
    rng: np.random.Generator,
    traits: Traits,
    group: YearGroup,
    gains_points: Mapping[Subject, NDArray[np.float64]],
    *,
    is_final: bool,
) -> pd.DataFrame:
    """One file of results. `gains_points` (one per pupil) is added to progress without affecting random
    draws.

    A final file has pupils removed at their school's request (203); a provisional one does not.
    """
    n, is_k, is_e = group.n_pupils, group.is_sen_support, np.asarray(group.sen == "E")
    ks1 = _draw_ks1(rng, group)
    progress = _draw_progress(rng, traits, group)
    status, reading_out, maths_out, spag_out, removed = rng.random((5, n))
    has_ks1 = ks1["KS1GROUP"].to_numpy() != 4
    is_future = status < 0.006
    is_removed = (removed < np.where(has_ks1, 0.002, 0.06)) & ~is_future & is_final
    ability = np.where(has_ks1, ks1["KS1AVERAGEPS"].to_numpy(), 15.8 + 2.9 * group.prior)

    scores: dict[Subject, NDArray[np.float64]] = {}
    for subject in SUBJECTS:
        test = _TESTS[subject]
        expected = test.average[group.ending] + _POINTS_A_KS1_POINT * (ability - _AVERAGE_KS1)
        progress[subject] = (
            progress[subject]
            + test.city
            + test.sen_support * is_k
            + test.fsm6 * group.is_fsm6
            + _EHC_POINTS * is_e
            + gains_points[subject]
        )
        scores[subject] = expected + progress[subject]
    spag = scores["reading"] + rng.normal(0.5, 3.5, n)

    absent = np.where(is_k, 0.012, 0.005)
    outcomes = {
        "READ": _test_outcome(scores["reading"], reading_out, absent, is_future),
        "MAT": _test_outcome(scores["maths"], maths_out, absent, is_future),
        "GPS": _test_outcome(spag, spag_out, absent, is_future),
    }
    level = np.searchsorted(_WRITING_CUTS, scores["writing"], side="right")
    writing = np.where(is_future, "F", np.where(status > 0.997, "A", _WRITING_CODES[level]))
    frame = _identity(rng, group)
    frame["PINCL_FLAG"] = np.where(is_future, 202, np.where(is_removed, 203, 201))
    for column in ks1:
        frame[column] = ks1[column]
    for name, score in (("READ", scores["reading"]), ("MAT", scores["maths"]), ("GPS", spag)):
        frame[f"{name}OUTCOME"] = outcomes[name]
        whole = np.clip(np.floor(score), 80, 120).astype(np.int64).astype("U3")
        frame[f"{name}SCORE"] = np.where(np.isin(outcomes[name], ("AS", "NS")), whole, "N")
    frame["WRITTAOUTCOME"] = writing
    eligible = ~is_future & (outcomes["READ"] != "M") & (outcomes["MAT"] != "M")
    met = (outcomes["READ"] == "AS") & (outcomes["MAT"] == "AS") & np.isin(writing, ("EXS", "GDS"))
    frame["ELIGRWM"] = eligible.astype(np.int64)
    frame["RWMEXP"] = (eligible & met).astype(np.int64)
    for subject in SUBJECTS:
        mark = _TESTS[subject].mark
        outcome = writing if subject == "writing" else outcomes[mark]
        is_scored = ~np.isin(outcome, ("A", "M", "F"))
        used = np.clip(np.floor(scores[subject]), 60, 120)
        if subject == "writing":
            used = _WRITING_SCORES[level].astype(np.float64)
        frame[f"IN{mark}PROG"] = (is_scored & has_ks1).astype(np.int64)
        frame[f"KS2{mark}SCORE"] = pd.array(np.where(is_scored, used, np.nan)).astype("Int64")
        frame[f"{mark}PROGSCORE_EM_ADJUSTED"] = np.where(
            is_scored & has_ks1, np.round(progress[subject], 2), np.nan
        )
    return frame[COLUMNS]


def _draw_ks1(rng: np.random.Generator, group: YearGroup) -> pd.DataFrame:
    """Key stage 1 levels and their average; missing for a few pupils, more often for new arrivals."""
    n = group.n_pupils
    latent = 15.8 + 2.9 * group.prior + rng.normal(0, 1.2, (3, n)) + [[0.1], [-0.5], [0.4]]
    band = np.searchsorted(_KS1_CUTS, latent)
    reading, writing, maths = _KS1_POINTS[band]
    average = np.round(((reading + writing) / 2 + maths) / 2, 2)
    has = rng.random(n) >= np.where(group.is_newly_arrived, 0.35, 0.02)
    levels = np.where(has, _KS1_LEVELS[band], "")
    return pd.DataFrame(
        {
            "KS1READ": levels[0],
            "KS1WRIT": levels[1],
            "KS1MAT": levels[2],
            "KS1AVERAGEPS": np.where(has, average, np.nan),
            "KS1GROUP": np.where(has, np.searchsorted([12.0, 18.0], average, side="right") + 1, 4),
        }
    )


def _draw_progress(
    rng: np.random.Generator, traits: Traits, group: YearGroup
) -> dict[Subject, NDArray[np.float64]]:
    """Progress around the city's mean: pupil, school, school by year, and pupil group by school."""
    year, sen_year, fsm6_year = rng.normal(size=(3, N_SCHOOLS))
    shared = rng.normal(size=group.n_pupils)
    whole = SCHOOL_SHARE * traits.quality + YEAR_SHARE * year
    sen = GROUP_SHARE * traits.sen_quality + GROUP_YEAR_SHARE * sen_year
    fsm6 = GROUP_SHARE * traits.fsm6_quality + GROUP_YEAR_SHARE * fsm6_year
    of_school = whole[group.school]
    of_group = sen[group.school] * group.is_sen_support + fsm6[group.school] * group.is_fsm6
    progress: dict[Subject, NDArray[np.float64]] = {}
    for subject, in_subject in zip(SUBJECTS, traits.subject_quality, strict=True):
        own = rng.normal(size=group.n_pupils)
        pupil = np.sqrt(0.55) * shared + np.sqrt(0.45) * own
        progress[subject] = PUPIL_SD_POINTS * (
            pupil + of_school + of_group + SUBJECT_SHARE * in_subject[group.school]
        )
    return progress


def _test_outcome(
    score: NDArray[np.float64],
    drawn: NDArray[np.float64],
    absent_share: NDArray[np.float64],
    is_future: NDArray[np.bool_],
) -> NDArray[np.str_]:
    """`AS` met, `NS` not met, `B` below the test's level, `A` absent, `M` missing, `F` will sit it later."""
    sat = np.where(score >= 100, "AS", np.where(score >= 80, "NS", "B"))
    missing = np.where(drawn > 0.9993, "M", sat)
    return np.where(is_future, "F", np.where(drawn < absent_share, "A", missing))


def _identity(rng: np.random.Generator, group: YearGroup) -> pd.DataFrame:
    n = group.n_pupils
    ethnicity = np.searchsorted(np.cumsum(_ETHNICITY_SHARES)[:-1], rng.random(n))
    other_language = rng.random(n) < np.where(ethnicity == 0, 0.01, 0.5)
    form = "%d/%m/%Y"
    recent = days_as_text(dt.date(group.ending - 2, 9, 13), 500, form)[rng.integers(500, size=n)]
    at_junior = np.array([school.phase == "junior" for school in SCHOOLS])[group.school]
    joined = np.where(at_junior, group.ending - 4, group.ending - 7).astype("U4")
    settled = np.strings.add(
        np.array([f"{day:02}/09/" for day in range(1, 10)])[group.born_days % 9], joined
    )
    return pd.DataFrame(
        {
            "LAESTAB": group.laestab,
            "URN": group.urn,
            "UPN": group.upn,
            "SURNAME": group.surname,
            "FORENAME": group.forename,
            "DOB": birthdays(group, 11, form),
            "SEX": np.where(group.is_female, "F", "M"),
            "ETHNICITY": _ETHNICITIES[ethnicity],
            "LANG1ST": np.where(other_language, "OTH", "ENG"),
            "ENTRYDAT": np.where(group.is_newly_arrived, recent, settled),
            "SEN": group.sen,
            "FSM": (group.is_fsm6 & (rng.random(n) < 0.55)).astype(np.int64),
            "FSM6_P": group.is_fsm6.astype(np.int64),
            "NEWMOBILE": group.is_newly_arrived.astype(np.int64),
        }
    )


COLUMNS = [
    "LAESTAB", "URN", "UPN", "PINCL_FLAG", "SURNAME", "FORENAME", "DOB", "SEX", "ETHNICITY", "LANG1ST",
    "ENTRYDAT", "SEN", "FSM", "FSM6_P", "NEWMOBILE", "KS1READ", "KS1WRIT", "KS1MAT", "KS1AVERAGEPS",
    "KS1GROUP", "READOUTCOME", "MATOUTCOME", "GPSOUTCOME", "READSCORE", "MATSCORE", "GPSSCORE",
    "WRITTAOUTCOME", "ELIGRWM", "RWMEXP", "INREADPROG", "INWRITPROG", "INMATPROG",
    "KS2READSCORE", "READPROGSCORE_EM_ADJUSTED", "KS2WRITSCORE", "WRITPROGSCORE_EM_ADJUSTED",
    "KS2MATSCORE", "MATPROGSCORE_EM_ADJUSTED",
]  # fmt: skip
