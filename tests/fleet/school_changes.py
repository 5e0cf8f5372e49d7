"""Schools that convert, merge or split within a study's years, and their numbers in each year.

A conversion keeps the LAESTAB. In a merger, one school absorbs another, or a new school with its
own number replaces both. In a split, the new part gets a new number and the rest keeps the old one.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from tests.fleet.drawing import Draw, Drawn

# Subtracted from a new merged school's number to give its predecessor's.
_OLD_NUMBER = 1000


def convert(draw: Draw, drawn: Drawn, schools: pd.DataFrame) -> None:
    """Make some academies convert within the study's years: a new URN, the same LAESTAB."""
    may = (schools["register_type"] == "academy") & schools["is_local"]
    converts = may & (draw.random(len(schools)) < drawn.converter_share)
    begun = int(drawn.years[0][:4])
    # Without a register, schools are known by their number on the day of the tests.
    latest = drawn.reference_date.year - (not drawn.has_register)
    later = draw.integers(begun + 1, latest, size=len(schools), endpoint=True)
    # On 1 September, so that a school year's results have one URN.
    schools["converted_on"] = [
        dt.date(int(year), 9, 1) if is_one else None
        for year, is_one in zip(later, converts, strict=True)
    ]
    schools["old_urn"] = np.where(converts, schools["urn"] + 1, 0)
    schools["old_number"] = schools["number"]


def merge_and_split(drawn: Drawn, schools: pd.DataFrame) -> None:
    """Make pairs of similar local schools merge, or one split into two, on a 1 September."""
    draw = np.random.default_rng([drawn.seed, 7])
    schools["merged_into"], schools["split_from"] = -1, -1
    schools["changed_on"] = pd.Series([None] * len(schools), dtype=object)
    # Without a register, no file lists a closed school.
    if not drawn.has_register or draw.random() >= 0.3:
        return
    plain = (schools["kind"] == "mainstream") & schools["is_local"] & (schools["old_urn"] == 0)
    plain &= ~(schools["has_ks2"] & schools["has_ks4"])
    begun, latest = int(drawn.years[0][:4]) + 1, drawn.reference_date.year
    for stage in drawn.forms:
        may = draw.permutation(
            schools.index[plain & (schools["stage"] == stage)].to_numpy(copy=True)
        )
        for one, other in (
            may[: 2 * int(draw.integers(1, 4))].reshape(-1, 2) if len(may) > 7 else ()
        ):
            day = dt.date(int(draw.integers(begun, latest, endpoint=True)), 9, 1)
            how = str(draw.choice(["taken_in", "new_school", "split"]))
            schools.at[other, "changed_on"] = day
            schools.at[other, "split_from" if how == "split" else "merged_into"] = one
            if how == "new_school":
                schools.at[one, "converted_on"] = day
                schools.at[one, "old_urn"] = schools.at[one, "urn"] + 1
                schools.at[one, "old_number"] = schools.at[one, "number"] - _OLD_NUMBER


def tested_on(year: str) -> dt.date:
    return dt.date(int(year[:4]) + 1, 5, 15)


def holders_in(schools: pd.DataFrame, year: str) -> pd.Series:
    """For each place, the place of the school its pupils belong to when tested in a year."""
    day, places = tested_on(year), schools.index.to_series()
    is_later = np.array([d is not None and d <= day for d in schools["changed_on"]], dtype=bool)
    merged, split = schools["merged_into"], schools["split_from"]
    places = places.where(~(is_later & (merged >= 0)), merged)
    return places.where(is_later | (split < 0), split)


def urns_in(schools: pd.DataFrame, year: str) -> pd.Series:
    """The URN of each place's pupils in a year."""
    return _as_of(schools, year, "urn", "old_urn")


def laestabs_in(schools: pd.DataFrame, year: str) -> pd.Series:
    """The LAESTAB of each place's pupils in a year."""
    return schools["la"] * 10_000 + _as_of(schools, year, "number", "old_number")


def _as_of(schools: pd.DataFrame, year: str, now: str, before: str) -> pd.Series:
    day = tested_on(year)
    is_old = np.array([d is not None and d > day for d in schools["converted_on"]], dtype=bool)
    own = schools[now].where(~is_old, schools[before])
    return pd.Series(own.loc[holders_in(schools, year)].to_numpy(), index=schools.index)


def links(schools: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of the register's links file, each link listed under both schools."""
    rows: list[dict[str, object]] = []

    def link(old: int, new: int, day: dt.date, what: str = "") -> None:
        for urn, other, kind in ((new, old, "Predecessor"), (old, new, "Successor")):
            rows.append(
                {
                    "URN": urn,
                    "LinkURN": other,
                    "LinkType": kind + what,
                    "LinkEstablishedDate": f"{day:%d-%m-%Y}",
                }
            )

    for _, school in schools.iterrows():
        if school["converted_on"] is not None:
            is_new_number = school["old_number"] != school["number"]
            what = " - merged" if is_new_number else ""
            link(school["old_urn"], school["urn"], school["converted_on"], what)
        if school["merged_into"] >= 0:
            into = schools.at[school["merged_into"], "urn"]
            link(school["urn"], into, school["changed_on"], " - merged")
        elif school["split_from"] >= 0:
            before = schools.at[school["split_from"], "urn"]
            link(before, school["urn"], school["changed_on"], " - Split School")
    return rows
