"""The simulated world of a study: schools, enrolments, and every pupil's results.

`files` writes it to files.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tests.fleet.drawing import Draw, Drawn, Programme
from tests.fleet.school_changes import (
    convert,
    holders_in,
    laestabs_in,
    merge_and_split,
    urns_in,
)

AUTHORITY = 799
_OUTSIDE = 798
_FIRST_URN = 900_001
# The register's type and group of establishment, and the performance tables' code.
TYPES = {
    "community": ("Community school", "Local authority maintained schools", "CY"),
    "aided": ("Voluntary aided school", "Local authority maintained schools", "VA"),
    "academy": ("Academy converter", "Academies", "ACC"),
    "special": ("Community special school", "Special schools", "CYS"),
    "independent": ("Other independent school", "Independent schools", "IND"),
    "alternative": ("Pupil referral unit", "Local authority maintained schools", "PRU"),
}
_STEMS = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Juniper")
_PLACES = ("Hill", "Dock", "Green", "Cross", "Lane", "Wharf", "Field", "Gate")


@dataclass(frozen=True)
class World:
    """Schools, enrolments (one row for each school in a programme), and pupils by stage and year."""

    drawn: Drawn
    schools: pd.DataFrame
    enrolments: pd.DataFrame
    pupils: dict[tuple[str, str], pd.DataFrame]

    def is_elsewhere(self, place: int, year: str) -> bool:
        """Whether a place's pupils belong to another school in a year."""
        return bool(holders_in(self.schools, year)[place] != place)

    def identity_in(self, place: int, year: str) -> tuple[int, int]:
        """URN and LAESTAB of a place in a year."""
        return int(urns_in(self.schools, year)[place]), int(laestabs_in(self.schools, year)[place])

    def effect_on(self, place: int, year: str) -> float:
        """Total effect of a school's programmes on all its pupils in a year, in pupil SDs."""
        if year not in self.drawn.outcome_years:
            return 0.0
        urns = {self.schools.at[place, "urn"], self.schools.at[place, "old_urn"]}
        own = self.enrolments.loc[self.enrolments["urn"].isin(urns), "programme"]
        return sum(p.effect_sd for p in self.drawn.programmes if p.id in set(own))


def make_world(drawn: Drawn) -> World:
    """The world of a study; the same seed gives the same world."""
    draw = np.random.default_rng([drawn.seed, 2])
    schools = _schools(draw, drawn)
    enrolments = _enrolments(draw, drawn, schools)
    pupils = {
        (stage, year): _pupils(draw, drawn, schools, enrolments, stage=stage, year=year)
        for stage in drawn.forms
        for year in drawn.years
    }
    return World(drawn, schools, enrolments, pupils)


def _schools(draw: Draw, drawn: Drawn) -> pd.DataFrame:
    n = drawn.n_schools + drawn.n_outside
    is_local = np.arange(n) < drawn.n_schools
    kinds = list(drawn.share_of_kind)
    chances = np.array([drawn.share_of_kind[kind] for kind in kinds])
    kind = draw.choice([*kinds, "mainstream"], size=n, p=[*chances, 1 - chances.sum()])
    register_type = np.where(
        np.isin(kind, ("mainstream", "infant")),
        draw.choice(["community", "aided", "academy"], size=n, p=[0.5, 0.15, 0.35]),
        kind,
    )
    stages = list(drawn.forms)
    stage = draw.choice(stages, size=n) if len(stages) == 2 else np.repeat(stages[0], n)
    is_through = (draw.random(n) < 0.04) & (len(stages) == 2) & (kind == "mainstream")
    la = np.where(is_local, AUTHORITY, _OUTSIDE)
    number = np.where(stage == "ks2", 2001, 4001) + np.arange(n)
    schools = pd.DataFrame(
        {
            "urn": _FIRST_URN + 10 * np.arange(n),
            "la": la,
            "number": number,
            "laestab": la * 10_000 + number,
            "name": [
                f"{_STEMS[i % 10]} {_PLACES[i // 10 % 8]} {i // 80 + 1} School" for i in range(n)
            ],
            "kind": kind,
            "register_type": register_type,
            "is_local": is_local,
            "has_ks2": ((stage == "ks2") | is_through) & (kind != "infant"),
            "has_ks4": ((stage == "ks4") | is_through) & (kind != "infant"),
            "stage": stage,
            "quality": draw.normal(0, drawn.spread_of_schools, n),
            "cohort": np.maximum(1, drawn.cohort * np.exp(draw.normal(0, 0.35, n))),
            "poverty": draw.beta(2, 5, n),
            "support": draw.beta(3, 18, n),
        }
    )
    schools.loc[schools["kind"].isin(["special", "alternative"]), "cohort"] = 5.0
    schools.loc[schools["kind"] == "special", "support"] = 0.05
    schools.loc[schools["kind"] == "special", "quality"] -= 2
    schools.loc[schools["kind"] == "independent", "quality"] += 1
    for year in drawn.years:
        schools[f"passing_{year}"] = draw.normal(0, drawn.spread_of_schools / 2, n)
        schools[f"is_there_{year}"] = draw.random(n) >= drawn.missing_share
    convert(draw, drawn, schools)
    merge_and_split(drawn, schools)
    return schools


def _enrolments(draw: Draw, drawn: Drawn, schools: pd.DataFrame) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    members: dict[str, list[int]] = {}
    for programme in drawn.programmes:
        if programme.placebo:
            continue
        first = next(iter(members.values()), None)
        chosen = _chosen(draw, drawn, programme, schools, first)
        members[programme.id] = chosen
        # A separate random stream, so that studies without such a school do not change.
        also = np.random.default_rng([drawn.seed, 5, len(members)])
        if drawn.n_outside and drawn.has_register and also.random() < 0.1:
            chosen = [*chosen, drawn.n_schools]  # the first school outside the authority
        rows += [_enrolment(draw, drawn, programme, schools.iloc[place]) for place in chosen]
    names = ["programme", "urn", "start_date", "end_date", "status"]
    return pd.DataFrame(rows, columns=names)


def _has_row(drawn: Drawn, schools: pd.DataFrame) -> pd.Series:
    has = pd.Series(False, index=schools.index)
    for year in set(drawn.years) - set(drawn.years_without_file):
        has |= schools[f"is_there_{year}"]
    return has & (schools["has_ks2"] | schools["has_ks4"])


def _chosen(
    draw: Draw, drawn: Drawn, programme: Programme, schools: pd.DataFrame, first: list[int] | None
) -> list[int]:
    """Positions of a programme's schools, all local."""
    # Without a register, only schools with a row in the tables are known.
    is_known = schools["is_local"] & (drawn.has_register | _has_row(drawn, schools))
    local = np.flatnonzero(is_known)
    with_results = local[(schools["has_ks2"] | schools["has_ks4"]).to_numpy()[local]]
    last_year = schools["quality"] + schools[f"passing_{drawn.baseline_years[-1]}"]
    n = max(1, round(programme.share * len(local)))
    how = programme.chosen
    if not len(local) or (how == "none" and first):
        return []  # not for all programmes: a study needs an enrolment
    if how == "all":
        return local.tolist()
    if how == "one":
        return [int(draw.choice(local))]
    if how == "same_as_first" and first:
        return first
    if how == "within_first" and first:
        return sorted(draw.choice(first, size=max(1, len(first) // 2), replace=False).tolist())
    if how in ("lowest_strict", "lowest_last_year") and len(with_results):
        noise = 0 if how == "lowest_strict" else drawn.spread_of_schools / 2
        score = last_year.to_numpy()[with_results] + draw.normal(0, noise, len(with_results))
        return sorted(with_results[np.argsort(score)[:n]].tolist())
    if how == "lasting" and len(with_results):
        score = schools["quality"].to_numpy()[with_results] + draw.normal(
            0, drawn.spread_of_schools, len(with_results)
        )
        return sorted(with_results[np.argsort(score)[:n]].tolist())
    return sorted(draw.choice(local, size=min(n, len(local)), replace=False).tolist())


def _enrolment(
    draw: Draw, drawn: Drawn, programme: Programme, school: pd.Series
) -> dict[str, object]:
    outcome = int(drawn.outcome_year[:4])
    start: dt.date | None = programme.starts
    if draw.random() < programme.late_share:
        start = dt.date(outcome + 1, 6, 10)
    elif programme.starts is None or draw.random() < 0.3:
        start = None  # the programme's own, if it has one
    end, status = None, str(draw.choice(["active", "completed"]))
    if draw.random() < programme.left_share:
        began = start or programme.starts
        day = dt.date(outcome + 1, 2, 1)
        if draw.random() < 0.5 and (began is None or began <= day):
            end = day
        else:
            status = "withdrawn"
    # Half of the converted schools are listed under their old URN.
    is_old = school["old_urn"] and draw.random() < 0.5
    # Without a register, only a links file maps an old URN that no table holds.
    is_old = is_old and (drawn.has_register or "school_links" in drawn.kinds)
    urn = school["old_urn"] if is_old else school["urn"]
    return {"programme": programme.id, "urn": int(urn), "start_date": start, "end_date": end,
            "status": status}  # fmt: skip


def _pupils(
    draw: Draw,
    drawn: Drawn,
    schools: pd.DataFrame,
    enrolments: pd.DataFrame,
    *,
    stage: str,
    year: str,
) -> pd.DataFrame:
    """One row for each pupil at the end of the key stage. `ability` includes programme effects."""
    there = schools[schools[f"has_{stage}"] & schools[f"is_there_{year}"]]
    n = draw.poisson(there["cohort"]).clip(1)
    place = np.repeat(there.index.to_numpy(), n)
    of_school = schools.loc[place].reset_index(drop=True)
    n_pupils = len(of_school)
    fsm6 = draw.random(n_pupils) < of_school["poverty"]
    support = of_school["support"]
    need = draw.random(n_pupils)
    sen = np.select([need < support, need < support + 0.03], ["K", "E"], "N")
    sen = np.where((of_school["kind"] == "special") & (need > 0.1), "E", sen)
    prior = draw.normal(0, 1, n_pupils) - 0.3 * fsm6 - 0.7 * (sen == "K") - 1.2 * (sen == "E")
    ability = (
        0.6 * prior
        + of_school["quality"]
        + of_school[f"passing_{year}"]
        + draw.normal(0, drawn.noise_of_pupils, n_pupils)
    )
    pupils = pd.DataFrame(
        {
            # The school that holds them after a merger or before a split.
            "place": holders_in(schools, year).loc[place].to_numpy(),
            "urn": urns_in(schools, year).loc[place].to_numpy(),
            "laestab": laestabs_in(schools, year).loc[place].to_numpy(),
            "sen": sen,
            "fsm6": fsm6.astype(int),
            "prior": prior,
            "ability": ability.to_numpy(),
        }
    )
    if year in drawn.outcome_years:
        for programme in drawn.programmes:
            _treat(programme, schools, enrolments, pupils)
    pupils["upn"] = [f"{stage[-1]}{year[2:4]}{nth:07d}" for nth in range(n_pupils)]
    return pupils


def _treat(
    programme: Programme,
    schools: pd.DataFrame,
    enrolments: pd.DataFrame,
    pupils: pd.DataFrame,
) -> None:
    if not programme.effect_sd:
        return
    urns = set(enrolments.loc[enrolments["programme"] == programme.id, "urn"])
    members = schools.index[schools["urn"].isin(urns) | schools["old_urn"].isin(urns)]
    members = members.union(schools.loc[members, "merged_into"].loc[lambda into: into >= 0])
    group = {
        "sen_support": pupils["sen"] == "K", "ehc_plan": pupils["sen"] == "E", "no_sen": pupils["sen"] == "N",
        "disadvantaged": pupils["fsm6"] == 1, "not_disadvantaged": pupils["fsm6"] == 0,
    }.get(str(programme.target_group), pd.Series(True, index=pupils.index))  # fmt: skip
    pupils.loc[pupils["place"].isin(members) & group, "ability"] += programme.effect_sd
