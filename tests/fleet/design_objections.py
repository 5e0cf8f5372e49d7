"""How sound a comparison is, what moved between releases, and whom others' figures are of, counted again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.fleet import printed
from tests.fleet.objections import Tables, asked, is_local_pool
from tests.fleet.recount import Recount
from tests.fleet.recount_matching import matched_schools, schools_before

# The first year after a break in series, from the Department's guides; `*` every measure of a stage.
_BREAKS = {
    "ks1_writing_expected": ("2017-18",),
    "ks2_rwm_expected": ("2017-18",), "ks2_writing_expected": ("2017-18",),
    "ks2_reading_progress": ("2017-18",), "ks2_writing_progress": ("2017-18",),
    "ks2_maths_progress": ("2017-18",),
    "ks4_attainment8": ("2016-17", "2017-18", "2021-22", "2022-23"),
    "ks4_basics_94": ("2016-17", "2021-22", "2022-23"),
    "ks4_basics_95": ("2016-17", "2021-22", "2022-23"),
    "ks4_progress8": ("2017-18",),
    "attendance_absence": ("2020-21", "2021-22"),
    "attendance_persistent_absence": ("2020-21", "2021-22"),
}  # fmt: skip
_FINALITY = ("school_return", "provisional", "revised", "final")
_ENGLAND = 970
# The interactive tool's short descriptions of results the fleet asks about.
_CONTEXT = {
    "DAP_NEW_KS2_RWM": ("ks2_rwm_expected", "disadvantaged"),
    "NEW_KS2_RWM_Sen_W/Osta": ("ks2_rwm_expected", "sen_support"),
    "KS2_DAP_Reading_Progress": ("ks2_reading_progress", "disadvantaged"),
    "KS2_SENSupport_Reading_Progress": ("ks2_reading_progress", "sen_support"),
    "DAP_KS4_ATT8": ("ks4_attainment8", "disadvantaged"),
    "SEN_WoStat_AVG_Attain8_Score": ("ks4_attainment8", "sen_support"),
    "DAP_KS4_Prog8": ("ks4_progress8", "disadvantaged"),
    "SEN_WoStat_AVG_Prog8_Score": ("ks4_progress8", "sen_support"),
}


def matched_sides(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools outside that a matched comparison is with."""
    impact = tables["impact"]
    for programme, measure in asked(recount):
        rows = impact[
            (impact["role"] == "headline") & (impact["programme"] == programme["id"])
            & (impact["measure"] == measure["name"])
        ]  # fmt: skip
        if (
            is_local_pool(programme)
            or len(rows) != 1
            or pd.isna(rows["n_comparison_schools"].iloc[0])
        ):
            continue
        kept = recount.standing(programme, measure).query("is_programme and reason == 'compared'")
        chosen = matched_schools(recount, programme, measure["name"]) if len(kept) else set()
        chosen &= recount.in_common(programme, measure)
        n = rows["n_comparison_schools"].iloc[0]
        if printed.differs(n, len(chosen)):
            where = f"{programme['id']} {measure['name']}"
            yield f"matched: {where}: schools outside printed {n}, counted {len(chosen)}"


def balance(tables: Tables, recount: Recount) -> Iterator[str]:
    """How both sides compare before the programme: results of pupils, and who the schools' pupils are."""
    for programme, measure in asked(recount):
        name = measure["name"]
        rows = tables["balance"]
        rows = rows[(rows["programme"] == programme["id"]) & (rows["measure"] == name)]
        if rows.empty or not is_local_pool(programme):
            continue
        kept = recount.standing(programme, measure).query("reason == 'compared'")
        sides = {
            "programme": set(kept.index[kept["is_programme"]]),
            "comparison": set(kept.index[~kept["is_programme"]]),
        }
        before = schools_before(recount, name, programme["target_group"])
        for _, row in rows.iterrows():
            what = row["characteristic"]
            if what.endswith("_pupils_before"):
                group = programme["target_group"] if what.startswith("target") else "all"
                counted = {
                    side: _pooled(recount, programme, measure, group, schools)
                    for side, schools in sides.items()
                }
                slack = recount.files.about(name).half_step
                what += " read to tenths" * (slack < 0.005)
            else:
                counted = {side: _made_up(before, what, own) for side, own in sides.items()}
                slack = 0.5 if what == "cohort_pupils" else 0.005
            where = f"balance: {programme['id']} {name} {what}"
            yield from _row_of_balance(row, counted, slack, where)


def _row_of_balance(
    row: pd.Series, counted: dict[str, tuple[int, float, float]], slack: float, where: str
) -> Iterator[str]:
    for side, (n_schools, n_pupils, mean) in counted.items():
        for column, is_other in (
            ("schools", printed.differs(row[f"n_{side}_schools"], n_schools)),
            ("pupils", printed.count_differs(row[f"n_{side}_pupils"], n_pupils, 10)),
            ("average", printed.differs(row[f"{side}_mean"], mean, slack)),
        ):
            if is_other:
                heading = f"{side}_mean" if column == "average" else f"n_{side}_{column}"
                told = {"schools": n_schools, "pupils": n_pupils, "average": mean}[column]
                yield f"{where}: {side} {column}: printed {row[heading]}, counted {told}"


def _pooled(
    recount: Recount,
    programme: dict[str, Any],
    measure: dict[str, Any],
    group: str,
    schools: set[int],
) -> tuple[int, float, float]:
    """Schools, pupils and the pupils' average over the years that both sides have and no break parts."""
    name, files = measure["name"], recount.files
    known = files.baseline_years
    since = max((y for y in _BREAKS.get(name, ()) if known[0] < y <= known[-1]), default="")
    years = recount.years_in_common(programme, measure) & {y for y in known if y >= since}
    used = files.used
    cells = used[
        (used["measure"] == name) & (used["group"] == group) & used["year"].isin(years)
        & used["school"].isin(schools) & (used["state"] == "value") & (used["n"] > 0)
    ]  # fmt: skip
    touched = [key in recount.touched for key in zip(cells["school"], cells["year"], strict=True)]
    cells = cells[~np.array(touched, dtype=bool)]
    n = cells["n"].sum()
    mean = (cells["n"] * cells["mean"]).sum() / n if n else float("nan")
    return cells["school"].nunique(), n, mean


def _made_up(before: pd.DataFrame, what: str, schools: set[int]) -> tuple[int, float, float]:
    own = before[before.index.isin(list(schools))].dropna(subset=what)
    return len(own), own["n_pupils"].sum(), own[what].mean()


def revisions(tables: Tables, recount: Recount) -> Iterator[str]:
    """What each side's result was in two releases of a year, and how far it moved."""
    cells = recount.files.cells
    schools = recount.files.schools
    local = set(schools.index[schools["is_local"] & recount.is_compared_kind])
    for _, row in tables["revisions"].iterrows():
        within = local
        if row["level"] != "authority":
            is_programme = row["level"] == "programme"
            within = local & recount.side(row["programme"], is_programme=is_programme)
        about = recount.files.about(row["measure"])
        where = (
            f"revisions: {row['programme']}/{row['level']} {row['measure']} {row['academic_year']}"
        )
        for when, status in (("before", row["from_status"]), ("after", row["to_status"])):
            own = cells[
                (cells["measure"] == row["measure"]) & (cells["group"] == row["pupil_group"])
                & (cells["year"] == row["academic_year"]) & (cells["status"] == status)
                & (cells["state"] == "value") & (cells["n"] > 0) & cells["school"].isin(within)
            ]  # fmt: skip
            n = own["n"].sum()
            total = own["n"] * own["mean"]
            mean = (
                (total.round() if about.counts_pupils else total).sum() / n if n else float("nan")
            )
            if printed.count_differs(row[f"n_pupils_{when}"], n, 10):
                yield f"{where} {status}: pupils printed {row[f'n_pupils_{when}']}, counted {n}"
            if printed.differs(row[when], mean, about.half_step):
                yield f"{where} {status}: printed {row[when]}, counted {mean:.4f}"
        for moved, (first, last) in {
            "n_pupils_difference": ("n_pupils_before", "n_pupils_after"),
            "difference": ("before", "after"),
        }.items():
            if printed.differs(row[moved], row[last] - row[first], 1e-6):
                yield f"{where}: {moved} {row[moved]} is not {row[last]} less {row[first]}"


def authority_context(tables: Tables, recount: Recount) -> Iterator[str]:
    """Published figures of the authority, its neighbours and England: each from one file, none left out."""
    counted = _context(recount)
    for _, row in tables["authority_context"].iterrows():
        key = (row["measure"], row["pupil_group"], row["academic_year"], row["place"])
        found = counted.pop(key, None)
        if found is None:
            yield f"context: {key} is in no file"
            continue
        value, n, status = found
        slack = recount.files.about(row["measure"]).half_step
        if printed.differs(row["value"], value, slack) or row["n_places"] != n:
            yield f"context: {key}: printed {row['value']} of {row['n_places']}, counted {value} of {n}"
        if row["release_status"] != status:
            yield f"context: {key}: said to be {row['release_status']}, and is {status}"
    for key in counted:
        yield f"context: {key} is not shown"


def _context(recount: Recount) -> dict[tuple[str, str, str, str], tuple[float, int, str]]:
    """Value, authorities and release status by measure, group, year and place."""
    files = recount.files
    context = files.protocol.get("authority_context", {})
    neighbours = set(context.get("statistical_neighbours", ()))
    years = context.get("years") or [*files.baseline_years, files.outcome_year]
    measures = {measure["name"] for _, measure in asked(recount)}
    frames = []
    for source, rows in files.of_kind("la_context"):
        number, value = (
            rows["LA Number"].astype(int),
            pd.to_numeric(rows["Values"], errors="coerce"),
        )
        place = np.select(
            [number == _ENGLAND, number == files.authority, number.isin(neighbours)],
            ["england", "authority", "statistical_neighbours"],
            "",
        )
        year = rows["Years"].astype(int)
        told = rows["Short Desc"].map(_CONTEXT)
        frames.append(
            pd.DataFrame({"told": told, "place": place, "value": value,
                          "year": [f"{y - 1}-{y % 100:02d}" for y in year],
                          "status": source["status"], "file": source["file"]})
        )  # fmt: skip
    if not frames:
        return {}
    figures = pd.concat(frames).dropna(subset=["told", "value"])
    figures = figures[(figures["place"] != "") & figures["year"].isin(years)]
    made: dict[tuple[str, str, str, str], tuple[float, int, str]] = {}
    for (told, year), of_year in figures.groupby(["told", "year"]):
        measure, group = told
        with_own = [
            (_FINALITY.index(status), len(own), own)
            for (_, status), own in of_year.groupby(["file", "status"])
            if (own["place"] == "authority").any()
        ]
        if measure not in measures or not with_own:
            continue
        finality, _, chosen = max(with_own, key=lambda one: one[:2])
        per_unit = 100 if files.about(measure).is_share else 1
        for place, own in chosen.groupby("place"):
            value = own["value"].mean() / per_unit
            made[measure, group, str(year), str(place)] = (value, len(own), _FINALITY[finality])
    return made


CHECKS: tuple[Callable[[Tables, Recount], Iterator[str]], ...] = (
    matched_sides,
    balance,
    revisions,
    authority_context,
)
