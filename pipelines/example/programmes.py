"""Assigns schools to programmes, with eligibility, inspections and reviews."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.example.schools import CONVERTER, MERGED, N_SCHOOLS, SCHOOLS, Traits, indices

REFERENCE_DATE = dt.date(2018, 9, 1)
SEND_STARTS = dt.date(2018, 1, 8)
GAP_STARTS = dt.date(2017, 9, 4)


@dataclass(frozen=True)
class Stratum:
    """Schools that compete with each other for places, and fixed numbers of places."""

    schools: NDArray[np.int64]
    n_send: int
    n_gap: int
    n_both: int


STRATA = (
    Stratum(indices("infant"), 2, 2, 1),
    Stratum(indices("junior", "primary"), 11, 10, 3),
    Stratum(indices("secondary", "all-through"), 4, 5, 2),
    Stratum(indices("special"), 1, 1, 0),
)


@dataclass(frozen=True)
class Other:
    """A programme that is not evaluated and only counts in coverage."""

    id: str
    title: str
    priority: str
    starts: dt.date
    n_schools: int


OTHERS = (
    Other(
        "subject_networks",
        "Subject networks: English, maths, languages and science",
        "Subject networks",
        dt.date(2016, 9, 5),
        40,
    ),
    Other("most_able", "Stretching the most able", "Most able", dt.date(2017, 9, 11), 14),
    Other("leadership", "Leading together", "Leadership", dt.date(2017, 10, 2), 20),
    Other("peer_review", "Peer review between schools", "Leadership", dt.date(2018, 1, 15), 18),
    Other("early_language", "Talking from the start", "Closing the gap", dt.date(2016, 11, 7), 12),
)


@dataclass(frozen=True)
class Membership:
    """Members of each programme, as indices into `SCHOOLS` in the order of selection."""

    send: NDArray[np.int64]
    gap: NDArray[np.int64]
    others: Mapping[str, NDArray[np.int64]]

    def of(self, programme: str) -> NDArray[np.int64]:
        """Indices of one programme's schools."""
        return {"send": self.send, "gap": self.gap, **self.others}[programme]

    def is_in(self, programme: str) -> NDArray[np.bool_]:
        """One flag per school."""
        return np.isin(np.arange(N_SCHOOLS), self.of(programme))


def target_means(
    results: pd.DataFrame, is_target: NDArray[np.bool_], value: str
) -> NDArray[np.float64]:
    """Each school's mean of `value` over target pupils; NaN if it has none."""
    known = {id_.urn: i for i, s in enumerate(SCHOOLS) for id_ in (s.now, *s.before)}
    place = results["URN"].map(known).to_numpy()
    score = results[value].to_numpy(dtype=np.float64, na_value=np.nan)
    used = is_target & ~np.isnan(score)
    n = np.bincount(place[used], minlength=N_SCHOOLS)
    total = np.bincount(place[used], weights=score[used], minlength=N_SCHOOLS)
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def _need(
    rng: np.random.Generator, traits: Traits, last_year: NDArray[np.float64]
) -> NDArray[np.float64]:
    """A school's apparent need: last year's result, inspection grade and judgement.

    Judgement is noise as large as the others, so there is no strict cut-off.
    """
    need = np.zeros(N_SCHOOLS)
    for stratum in STRATA:
        result = last_year[stratum.schools]
        known = np.isfinite(result)
        if known.sum() > 2:  # infant and special schools have no results to be selected on
            score = (result - result[known].mean()) / result[known].std()
            need[stratum.schools] -= np.nan_to_num(score)
    return need + 0.5 * (traits.inspection_grade - 2) + rng.normal(0, 1.0, N_SCHOOLS)


def choose_schools(
    rng: np.random.Generator,
    traits: Traits,
    send_last_year: NDArray[np.float64],
    gap_last_year: NDArray[np.float64],
) -> Membership:
    """Select eighteen schools for each SSIF programme, six of them in both, then the other programmes."""
    send_need, gap_need = (
        _need(rng, traits, last_year) for last_year in (send_last_year, gap_last_year)
    )
    send: list[int] = []
    gap: list[int] = []
    for stratum in STRATA:
        ranked = stratum.schools[np.argsort(-send_need[stratum.schools], kind="stable")]
        chosen = ranked[: stratum.n_send]
        send.extend(chosen)
        ranked = stratum.schools[np.argsort(-gap_need[stratum.schools], kind="stable")]
        in_send = np.isin(ranked, chosen)
        gap.extend(ranked[in_send][: stratum.n_both])
        gap.extend(ranked[~in_send][: stratum.n_gap - stratum.n_both])

    # One infant and one special school are in no programme, so that the claim "every school" fails.
    enrolled = {*send, *gap}
    outside = [
        [i for i in stratum.schools if i not in enrolled][-1] for stratum in (STRATA[0], STRATA[3])
    ]
    free = np.array([i for i in range(N_SCHOOLS) if i not in outside])
    others = {o.id: set(rng.choice(free, o.n_schools, replace=False).tolist()) for o in OTHERS}
    # The converted school enrols under both its URNs, the merged school under one it has lost.
    names = [school.now.name for school in SCHOOLS]
    others["subject_networks"] |= {names.index(CONVERTER), names.index(MERGED)}
    others["peer_review"].add(names.index(CONVERTER))
    others["subject_networks"] |= set(free.tolist()).difference(enrolled, *others.values())
    return Membership(
        send=np.array(send),
        gap=np.array(gap),
        others={programme: np.array(sorted(members)) for programme, members in others.items()},
    )


def enrolments(membership: Membership) -> pd.DataFrame:
    """One row per school and programme, with the school's URN on the day it joined."""
    starts = {"send": SEND_STARTS, "gap": GAP_STARTS} | {o.id: o.starts for o in OTHERS}
    rows = [
        (programme, identity.urn, identity.name, day.isoformat())
        for programme, day in starts.items()
        for identity in (SCHOOLS[i].on(day) for i in np.sort(membership.of(programme)))
    ]
    return pd.DataFrame(rows, columns=["programme", "urn", "school_name", "start_date"])


# Eligibility found at bid time, by school: 13 of 18 is just over 70%; 12 of 18 with three unknown could be
# above or below.
_JUDGED = {
    "send": ("yes",) * 13 + ("no",) * 5,
    "gap": ("yes",) * 12 + ("unknown",) * 3 + ("no",) * 3,
}
_JUDGED_ON = {"send": dt.date(2017, 10, 18), "gap": dt.date(2017, 6, 21)}
_CRITERIA = (
    ("Requires improvement or inadequate at last inspection", "Inspection report"),
    ("Results below the floor or coasting standard", "Performance tables, last published year"),
    ("Named by the authority as declining or at risk", "Letter from the authority, on file"),
)


def eligibility(rng: np.random.Generator, membership: Membership) -> pd.DataFrame:
    """Eligibility judged at bid time, on one or more criteria per school."""
    rows: list[tuple[str, int, str, str, str, str]] = []
    for programme, judged in _JUDGED.items():
        day = _JUDGED_ON[programme]
        members = rng.permutation(membership.of(programme))
        for place, met in zip(members, judged, strict=True):
            urn = SCHOOLS[place].on(day).urn
            criterion, second = rng.choice(len(_CRITERIA), size=2, replace=False)
            words, evidence = _CRITERIA[criterion]
            if met == "unknown":
                evidence = "Evidence not found in the bid file"
            rows.append((programme, urn, words, met, evidence, day.isoformat()))
            if met != "unknown" and rng.random() < 0.3:
                words, evidence = _CRITERIA[second]
                rows.append((programme, urn, words, "no", evidence, day.isoformat()))
    columns = ["programme", "urn", "criterion", "met", "evidence", "judged_on"]
    return pd.DataFrame(rows, columns=columns)


def school_days(rng: np.random.Generator, first: dt.date, last: dt.date, n: int) -> list[dt.date]:
    """Draw `n` weekdays in term time, approximately."""
    span = (last - first).days + 1
    days = [first + dt.timedelta(days=i) for i in range(span)]
    holidays = {(12, d) for d in range(20, 32)} | {(1, d) for d in range(1, 6)}
    holidays |= {(4, d) for d in range(2, 16)} | {(7, d) for d in range(23, 32)}
    holidays |= {(8, d) for d in range(1, 32)}
    usable = [day for day in days if day.weekday() < 5 and (day.month, day.day) not in holidays]
    return [usable[i] for i in rng.integers(len(usable), size=n)]


def inspections_and_reviews(
    rng: np.random.Generator, traits: Traits
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Inspections, earlier and in 2017-18, and outside reviews; one maintained school had neither in
    2017-18."""
    grades = traits.inspection_grade
    inspections: list[tuple[int, str, int]] = []
    earlier = school_days(rng, dt.date(2013, 9, 9), dt.date(2017, 7, 14), N_SCHOOLS)
    for school, day, grade in zip(SCHOOLS, earlier, grades, strict=True):
        inspections.append((school.on(day).urn, day.isoformat(), int(grade)))

    is_maintained = np.array([not school.on(REFERENCE_DATE).is_academy for school in SCHOOLS])
    maintained = rng.permutation(np.flatnonzero(is_maintained))[1:]  # the first is left out
    academies = rng.permutation(np.flatnonzero(~is_maintained))
    inspected = np.sort(np.r_[maintained[:10], academies[:7]])
    reviewed = np.sort(np.r_[maintained[7:], academies[5:14]])
    first, last = dt.date(2017, 9, 18), dt.date(2018, 7, 13)
    for i, day in zip(inspected, school_days(rng, first, last, len(inspected)), strict=True):
        grade = int(np.clip(grades[i] + rng.integers(-1, 2), 1, 4))
        inspections.append((SCHOOLS[i].on(day).urn, day.isoformat(), grade))
    kinds = (
        ("Peer review", "Heads of three partner schools"),
        ("External verification", "Independent adviser"),
        ("SEND review", "Teaching school alliance"),
    )
    reviews: list[tuple[int, str, str, str]] = []
    for i, day in zip(reviewed, school_days(rng, first, last, len(reviewed)), strict=True):
        kind, reviewer = kinds[int(rng.integers(len(kinds)))]
        reviews.append((SCHOOLS[i].on(day).urn, day.isoformat(), kind, reviewer))
    return (
        pd.DataFrame(inspections, columns=["urn", "inspection_date", "overall_effectiveness"]),
        pd.DataFrame(reviews, columns=["urn", "review_date", "review_type", "reviewer"]),
    )
