"""Recounts of matched schools, baseline balance and the authority's published context."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from tests.fleet.context_files import SHORT_DESCRIPTIONS
from tests.fleet.printed import (
    FEWEST_SCHOOLS_OF_ESTIMATE,
    Rules,
    differs,
    is_one_of,
    rules_of,
    to_step,
)
from tests.fleet.public_objections import Tables, asked, comparable_years, is_local_pool
from tests.fleet.recount import Recount
from tests.fleet.recount_matching import (
    IN_MAKE_UP,
    IN_RESULTS,
    matched_schools,
    schools_before,
)
from tests.fleet.recount_outcomes import change_since_baseline
from tests.fleet.recount_trends import earlier_differences

_FINALITY = ("school_return", "provisional", "revised", "final")
_ENGLAND = 970
# The page shows the authority's results for programmes' target groups, not for all pupils.
_ALWAYS_SHOWN = {"sen_support", "disadvantaged"}
# Each end of a headline range needs this many schools on each side.
_FEWEST_SCHOOLS_OF_AN_END = 5
# Verdicts that no difference in trends alone would change.
_NO_TREND_CHANGES_IT = ("had earlier results unlike", "share of pupils on SEN support changed")


def matched_sides(tables: Tables, recount: Recount) -> Iterator[str]:
    """The number of comparison schools outside the authority in each matched comparison."""
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
        in_common = recount.in_common(programme, measure)
        ends = [
            len(matched_schools(recount, programme, measure["name"], on) & in_common)
            if len(kept)
            else 0
            for on in (IN_RESULTS, IN_MAKE_UP)
        ]
        # The first end's schools are counted if the headline has an estimate, or has none because
        # too few programme schools remain. Otherwise one end lacks outside schools; if neither
        # does, another rule applied, which is not recounted here.
        is_first = pd.notna(rows["estimate_low"].iloc[0]) or len(kept) < _FEWEST_SCHOOLS_OF_AN_END
        too_few = [n for n in ends if n < _FEWEST_SCHOOLS_OF_AN_END][:1]
        may_be = ends[:1] if is_first else too_few or ends
        n = rows["n_comparison_schools"].iloc[0]
        if all(differs(n, counted) for counted in may_be):
            where = f"{programme['id']} {measure['name']}"
            yield f"matched: {where}: schools outside printed {n}, counted {' or '.join(map(str, may_be))}"


def balance(tables: Tables, recount: Recount) -> Iterator[str]:
    """Baseline balance of the two sides: pupils' results and schools' characteristics."""
    rules = rules_of(tables, recount)
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
                step = rules.last_decimal(name)
            else:
                counted = {side: _made_up(before, what, own) for side, own in sides.items()}
                step = 1.0 if what == "cohort_pupils" else 0.01
            where = f"balance: {programme['id']} {name} {what}"
            yield from _row_of_balance(row, counted, step, rules, where)


def _row_of_balance(
    row: pd.Series,
    counted: dict[str, tuple[int, float, float]],
    step: float,
    rules: Rules,
    where: str,
) -> Iterator[str]:
    name = row["measure"]
    must_be = not rules.is_public(name) and (
        min(n_schools for n_schools, *_ in counted.values()) < FEWEST_SCHOOLS_OF_ESTIMATE
        or min(n for _, n, _ in counted.values()) < rules.minimum_cell
    )
    if (row["figure_status"] == "suppressed") != must_be:
        yield f"{where}: figures are {row['figure_status']}, withheld as counted is {must_be}"
    for side, (n_schools, n_pupils, mean) in counted.items():
        told = {f"n_{side}_schools": n_schools}
        if row["figure_status"] != "suppressed":
            told |= {
                f"n_{side}_pupils": rules.count(n_pupils, name),
                f"{side}_mean": to_step(mean, step),
            }
        for heading, figure in told.items():
            if not is_one_of(row[heading], {figure}):
                yield f"{where}: {heading} printed {row[heading]}, counted {figure}"


def _pooled(
    recount: Recount,
    programme: dict[str, Any],
    measure: dict[str, Any],
    group: str,
    schools: set[int],
) -> tuple[int, float, float]:
    """Schools, pupils and pupil mean over the common years since the last break in series."""
    name, files = measure["name"], recount.files
    years = recount.years_in_common(programme, measure) & set(comparable_years(recount, name))
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


def authority_context(tables: Tables, recount: Recount) -> Iterator[str]:
    """Figures of the authority, its neighbours and England: each is in a file and none is missing."""
    counted = _context(recount)
    for _, row in tables["authority_context"].iterrows():
        key = (row["measure"], row["pupil_group"], row["academic_year"], row["place"])
        found = counted.pop(key, None)
        if found is None:
            yield f"context: {key} is in no file"
            continue
        value, n, status = found
        slack = recount.files.about(row["measure"]).half_step
        if differs(row["value"], value, slack) or row["n_places"] != n:
            yield f"context: {key}: printed {row['value']} of {row['n_places']}, counted {value} of {n}"
        if row["release_status"] != status:
            yield f"context: {key}: said to be {row['release_status']}, and is {status}"
    for key in counted:
        yield f"context: {key} is not shown"


def _context(recount: Recount) -> dict[tuple[str, str, str, str], tuple[float, int, str]]:
    """Value, number of authorities and release status by measure, group, year and place."""
    files = recount.files
    context = files.protocol.get("authority_context", {})
    neighbours = set(context.get("statistical_neighbours", ()))
    years = context.get("years") or [*files.baseline_years, *files.outcome_years]
    measures = {measure["name"] for _, measure in asked(recount)}
    groups = _ALWAYS_SHOWN | {programme["target_group"] for programme, _ in asked(recount)}
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
        told = rows["Short Desc"].map(SHORT_DESCRIPTIONS)
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
        if measure not in measures or group not in groups or not with_own:
            continue
        finality, _, chosen = max(with_own, key=lambda one: one[:2])
        per_unit = 100 if files.about(measure).is_share else 1
        for place, own in chosen.groupby("place"):
            value = own["value"].mean() / per_unit
            made[measure, group, str(year), str(place)] = (value, len(own), _FINALITY[finality])
    return made


def breakdowns(tables: Tables, recount: Recount) -> Iterator[str]:
    """The difference in trends that changes a verdict: no smaller one does, and a little more does."""
    impact = tables["impact"]
    smallest = tables["measure"].set_index(["programme", "measure"])["smallest_effect"]
    for _, row in impact.iterrows():
        where = f"breakdown: {row['programme']} {row['measure']} {row['estimator']}"
        is_judged = row["role"] == "headline" and not pd.isna(row["verdict"])
        printed, low, high = row["breakdown"], row["ci_low"], row["ci_high"]
        reason = str(row["verdict_reason"])
        is_capped = any(words in reason for words in _NO_TREND_CHANGES_IT)
        if not is_judged or pd.isna(low) or is_capped:
            if not pd.isna(printed):
                yield f"{where}: printed {printed}, though no difference in trends alone would count"
            continue
        matters = smallest[row["programme"], row["measure"]]
        shifts = np.linspace(0, max(abs(low), abs(high)) * 1.001, 20_001)
        is_other = np.zeros(len(shifts), dtype=bool)
        for sign in (1, -1):
            lows, highs = low - sign * shifts, high - sign * shifts
            is_small = (-matters < lows) & (highs < matters)
            said = np.where(lows > 0, 1, np.where(highs < 0, 2, np.where(is_small, 3, 4)))
            is_other |= said != said[0]
        counted = shifts[is_other.argmax()]
        # The interval is rounded as well.
        slack = 2 * recount.files.about(row["measure"]).half_step + 2 * shifts[1]
        if pd.isna(printed) or abs(printed - counted) > slack:
            yield f"{where}: printed {printed}, counted {counted:.4f} from {low} to {high}"


def earlier_changes(tables: Tables, recount: Recount) -> Iterator[str]:
    """How far both sides' changes differed in earlier years, and of how many schools that is."""
    impact = tables["impact"]
    for programme, measure in asked(recount):
        rows = impact[
            (impact["estimator"] == "earlier_changes") & (impact["programme"] == programme["id"])
            & (impact["measure"] == measure["name"]) & (impact["figure_status"] == "shown")
        ]  # fmt: skip
        counted = (
            earlier_differences(recount, programme, measure)
            if len(rows) and is_local_pool(programme)
            else None
        )
        if counted is None:
            continue
        differences, n_schools = counted
        row, where = rows.iloc[0], f"earlier: {programme['id']} {measure['name']}"
        rounding = recount.files.about(measure["name"]).half_step
        for heading, figure, slack in (
            ("estimate_low", min(differences, default=np.nan), rounding),
            ("estimate_high", max(differences, default=np.nan), rounding),
            ("n_programme_schools", n_schools[True], 0.0),
            ("n_comparison_schools", n_schools[False], 0.0),
        ):
            if differs(row[heading], figure, slack):
                yield f"{where}: {heading} printed {row[heading]}, counted {figure}"


def changes_since_baseline(tables: Tables, recount: Recount) -> Iterator[str]:
    """The change end of each headline with a local pool, in shares of pupils."""
    impact = tables["impact"]
    for programme, measure in asked(recount):
        rows = impact[
            (impact["estimator"] == "change_from_baseline_mean")
            & (impact["programme"] == programme["id"])
            & (impact["measure"] == measure["name"]) & (impact["figure_status"] == "shown")
        ]  # fmt: skip
        if not len(rows) or not is_local_pool(programme):
            continue
        counted = change_since_baseline(recount, programme, measure)
        printed = rows["estimate_low"].iloc[0]
        slack = recount.files.about(measure["name"]).half_step
        if counted is not None and differs(printed, counted, slack):
            yield (
                f"change: {programme['id']} {measure['name']}: printed {printed}, counted {counted}"
            )


CHECKS: tuple[Callable[[Tables, Recount], Iterator[str]], ...] = (
    matched_sides,
    balance,
    authority_context,
    breakdowns,
    earlier_changes,
    changes_since_baseline,
)
