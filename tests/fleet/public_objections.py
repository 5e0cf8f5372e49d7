"""Checks released pupil figures against the rules of disclosure control and rounding.

It objects to figures shown that should be withheld, and to figures withheld without need.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tests.fleet.printed import (
    FEWEST_SCHOOLS_OF_ESTIMATE,
    Bools,
    Figures,
    Rules,
    differs,
    is_one_of,
    public_key_stages,
    rules_of,
    to_step,
)
from tests.fleet.recount import Recount

Tables = Mapping[str, pd.DataFrame]
# First years after breaks in series, from the Department's guides.
BREAKS = {
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
_FIGURES = ("n_schools", "n_pupils", "n_meeting", "mean", "ci_low", "ci_high")


def asked(recount: Recount) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Every pair of a programme and one of its measures."""
    for programme in recount.evaluated:
        for measure in programme["measure"]:
            yield programme, measure


def is_local_pool(programme: Mapping[str, Any]) -> bool:
    return programme.get("comparison_pool", "local") == "local"


def comparable_years(recount: Recount, measure: str) -> list[str]:
    """Baseline years since the last break in series."""
    known = recount.files.baseline_years
    since = max((y for y in BREAKS.get(measure, ()) if known[0] < y <= known[-1]), default="")
    return [year for year in known if year >= since]


def public_stages(tables: Tables, recount: Recount) -> Iterator[str]:
    """The key stages declared public by school."""
    printed, counted = rules_of(tables, recount).public, public_key_stages(recount)
    if printed != counted:
        yield f"public: printed {sorted(printed)}, counted {sorted(counted)}"


def levels(tables: Tables, recount: Recount) -> Iterator[str]:
    """Schools, pupils and averages of each side and arm, for every year."""
    rules = rules_of(tables, recount)
    shown = set()
    for _, row in tables["comparison"].iterrows():
        programme, arm = row["programme"], row["arm"]
        cell = tuple(row[["measure", "pupil_group", "academic_year", "release_status"]])
        shown.add((programme, arm, *cell))
        where = f"levels: {programme}/{arm} {row['measure']} of {row['pupil_group']} {row['academic_year']}"
        yield from _suppression(row, rules.is_withheld(programme, arm, *cell), _FIGURES, where)
        figures = rules.figures(programme, arm, *cell)
        if figures is None:
            yield f"{where}: nobody has a result"
        elif row["figure_status"] == "shown":
            yield from _row(row, figures, where)
            yield from _interval(row, figures, rules, where)
    for key in set(_levels_in_use(rules)) - shown:
        yield f"levels: {' '.join(key)} is not shown"


def _levels_in_use(rules: Rules) -> Iterator[tuple[str, ...]]:
    """The cells of both sides of every programme in the releases used."""
    files = rules.recount.files
    used = files.used.groupby("measure")[["year", "status"]]
    of_measure = {name: rows.drop_duplicates().to_numpy().tolist() for name, rows in used}
    study_years = {*files.baseline_years, *files.outcome_years}
    for programme, measure in asked(rules.recount):
        for year, status in of_measure.get(measure["name"], ()):
            for group in rules.groups_of(programme):
                cell = (measure["name"], group, year, status)
                for arm in ("programme", "rest"):
                    if year in study_years and rules.of(programme["id"], arm, *cell):
                        yield (programme["id"], arm, *cell)


def _suppression(
    row: pd.Series, must_be: Bools, withheld: Iterable[str], where: str
) -> Iterator[str]:
    if (row["figure_status"] == "suppressed") not in must_be:
        yield f"{where}: figures are {row['figure_status']}, withheld as counted is {set(must_be)}"
    if row["figure_status"] == "suppressed" and row[list(withheld)].notna().any():
        yield f"{where}: something is shown of what is withheld"


def _row(row: pd.Series, figures: Figures, where: str) -> Iterator[str]:
    for name, counted in (
        ("n_schools", {figures.n_schools}),
        ("n_schools_left_out", {figures.n_left_out}),
        ("n_pupils", {figures.n}),
        ("n_meeting", figures.met),
        ("mean", figures.means),
    ):
        if not is_one_of(row[name], counted):
            yield f"{where}: {name} printed {row[name]}, counted {sorted(counted)}"


def _interval(row: pd.Series, figures: Figures, rules: Rules, where: str) -> Iterator[str]:
    if not figures.is_interval_known:
        return
    may_be = [
        tuple(rules.read(end, row["measure"]) for end in ends) for ends in figures.intervals()
    ]
    printed = (row["ci_low"], row["ci_high"])
    if not any(np.allclose(printed, ends, atol=1e-6) for ends in may_be):
        yield f"{where}: interval printed {printed}, counted {may_be}"


def revisions(tables: Tables, recount: Recount) -> Iterator[str]:
    """Each side's result in two releases of a year, and the difference."""
    rules = rules_of(tables, recount)
    withheld = ("n_pupils_before", "n_pupils_after", "before", "after", "difference", "is_rounding")
    for _, row in tables["revisions"].iterrows():
        programme, level = row["programme"], row["level"]
        where = f"revisions: {programme}/{level} {row['measure']} {row['academic_year']}"
        cells = [
            (row["measure"], row["pupil_group"], row["academic_year"], row[status])
            for status in ("from_status", "to_status")
        ]
        totals = [rules.of(programme, level, *cell) for cell in cells]
        if None in totals:
            yield f"{where}: nobody has a result"
            continue
        both = [rules.is_withheld(programme, level, *cell) for cell in cells]
        is_moved = totals[0].left_out != totals[1].left_out  # type: ignore[union-attr]
        may_be = {a or b or is_moved for a in both[0] for b in both[1]}
        yield from _suppression(row, frozenset(may_be), withheld, where)
        if row["figure_status"] == "suppressed":
            continue
        for when, cell in zip(("before", "after"), cells, strict=True):
            figures = rules.figures(programme, level, *cell)
            n, mean = row[f"n_pupils_{when}"], row[when]
            if figures and not is_one_of(n, {figures.n}):
                yield f"{where} {cell[-1]}: pupils printed {n}, counted {figures.n}"
            if figures and not is_one_of(mean, figures.means):
                yield f"{where} {cell[-1]}: printed {mean}, counted {sorted(figures.means)}"
        for moved, (first, last) in {
            "n_pupils_difference": ("n_pupils_before", "n_pupils_after"),
            "difference": ("before", "after"),
        }.items():
            if not is_one_of(row[moved], {row[last] - row[first]}):
                yield f"{where}: {moved} {row[moved]} is not {row[last]} less {row[first]}"


def _levels_of_naive(
    tables: Tables, recount: Recount, programme: Mapping[str, Any], measure: str
) -> pd.DataFrame:
    """The `comparison` rows of both sides, in the naive row's year and the last baseline year."""
    rows, impact = tables["comparison"], tables["impact"]
    naive = impact[
        (impact["role"] == "naive") & (impact["programme"] == programme["id"])
        & (impact["measure"] == measure)
    ]  # fmt: skip
    years = (recount.files.baseline_years[-1], *naive["academic_year"])
    return rows[
        (rows["programme"] == programme["id"]) & (rows["measure"] == measure)
        & (rows["pupil_group"] == programme["target_group"]) & rows["academic_year"].isin(years)
        & rows["arm"].isin(["programme", "rest"])
    ]  # fmt: skip


def naive_changes(tables: Tables, recount: Recount) -> Iterator[str]:
    """The naive change equals the differences of the four printed averages."""
    for _, row in tables["impact"].query("role == 'naive' and estimate_low.notna()").iterrows():
        programme = next(p for p in recount.evaluated if p["id"] == row["programme"])
        if not is_local_pool(programme):
            continue
        four = _levels_of_naive(tables, recount, programme, row["measure"])
        sign = np.where(four["arm"] == "programme", 1, -1)
        sign *= np.where(four["academic_year"] == row["academic_year"], 1, -1)
        counted = (four["mean"] * sign).sum() if four["mean"].notna().sum() == 4 else math.nan
        if differs(row["estimate_low"], counted, 1e-6):
            yield (f"naive: {row['programme']} {row['measure']}: printed {row['estimate_low']}, "
                   f"the averages give {counted:.4f}")  # fmt: skip


def estimates(tables: Tables, recount: Recount) -> Iterator[str]:
    """Which estimates are withheld, and which state their numbers of pupils."""
    rules = rules_of(tables, recount)
    for _, row in tables["impact"].iterrows():
        programme = next(p for p in recount.evaluated if p["id"] == row["programme"])
        where = f"estimates: {row['programme']} {row['measure']} {row['estimator']}"
        if rules.is_public(row["measure"]):
            if row["figure_status"] == "suppressed":
                yield f"{where}: withheld, though it is public by school"
            continue
        n_schools = min(row["n_programme_schools"], row["n_comparison_schools"])
        is_few = _is_of_few_pupils(tables, recount, rules, programme, row)
        is_told = row["figure_status"] == "shown"
        is_estimated = row["figure_status"] != "not_available"
        reason = (
            "small_group" if is_few else "few_schools" * (n_schools < FEWEST_SCHOOLS_OF_ESTIMATE)
        )
        printed = "" if pd.isna(row["withheld_reason"]) else row["withheld_reason"]
        if is_few is not None and is_estimated and printed != reason:
            yield f"{where}: withheld for {printed or 'nothing'}, counted {reason or 'nothing'}"
        if is_few is None and is_told and reason:
            yield f"{where}: not withheld, and it is of {n_schools} schools"
        pupils = row[["n_programme_pupils", "n_comparison_pupils"]]
        if pupils.notna().any() and not is_told and pupils.sum() > 0:
            yield f"{where}: pupils {pupils.tolist()} are told without an estimate"
        if is_told and pupils.isna().any():
            yield f"{where}: pupils are not told of an estimate"


def _is_of_few_pupils(
    tables: Tables, recount: Recount, rules: Rules, programme: dict[str, Any], row: pd.Series
) -> bool | None:
    """Whether an estimate has few pupils, or the averages behind it are withheld; None if unknown."""
    if not is_local_pool(programme) or row["role"] == "robustness":
        return None
    measure = next(m for m in programme["measure"] if m["name"] == row["measure"])
    is_adjusted = measure.get("adjust_for_prior_attainment", False) and row["role"] == "headline"
    kept = recount.standing(programme, measure, is_adjusted=is_adjusted)
    kept = kept[kept["reason"] == "compared"]
    sides = (
        frozenset(kept.index[kept["is_programme"]]),
        frozenset(kept.index[~kept["is_programme"]]),
    )
    years = recount.files.outcome_years if row["role"] == "headline" else [row["academic_year"]]
    n = min(
        sum(
            recount.level(
                row["measure"],
                row["pupil_group"],
                year,
                frozenset(s for s in side if (s, year) not in recount.not_counted),
            )[1]
            for year in years
        )
        for side in sides
    )
    if n < rules.minimum_cell:
        return True
    if row["role"] == "headline":
        return False
    four = _levels_of_naive(tables, recount, programme, row["measure"])
    return bool((four["figure_status"] == "suppressed").any() or len(four) < 4)


def points(tables: Tables, recount: Recount) -> Iterator[str]:
    """The point of every compared school that may be shown, before and after, and no other."""
    rules = rules_of(tables, recount)
    table, withheld = tables["school_point"], tables["school_point_withheld"]
    for programme, measure in asked(recount):
        name, group = measure["name"], programme["target_group"]
        rows = table[(table["programme"] == programme["id"]) & (table["measure"] == name)]
        if not is_local_pool(programme):
            continue
        kept = recount.standing(programme, measure).query("reason == 'compared'")
        counted = (
            Counter(_points(rules, kept, name, group)) if measure.get("primary") else Counter()
        )
        printed = Counter(
            (
                bool(row["is_programme"]),
                round(row["baseline_mean"], 6),
                round(row["outcome_mean"], 6),
            )
            for _, row in rows.iterrows()
        )
        if printed != counted:
            odd = [*(printed - counted), *(counted - printed)][:4]
            yield f"points: {programme['id']} {name}: {rows.shape[0]} shown, counted {counted.total()}: {odd}"
        told = withheld[(withheld["programme"] == programme["id"]) & (withheld["measure"] == name)]
        n_withheld = len(kept) - counted.total()
        if (
            measure.get("primary")
            and len(kept)
            and told["n_schools_withheld"].tolist() != [n_withheld]
        ):
            said = told["n_schools_withheld"].tolist()
            yield f"points: {programme['id']} {name}: {said} said to be withheld, counted {n_withheld}"


def _points(
    rules: Rules, kept: pd.DataFrame, measure: str, group: str
) -> Iterator[tuple[bool, float, float]]:
    """Side, baseline average and outcome of each school that may be shown."""
    recount = rules.recount
    years = comparable_years(recount, measure)
    used = recount.files.used
    before = used[
        (used["measure"] == measure) & (used["group"] == group) & used["year"].isin(years)
        & (used["state"] == "value") & used["school"].isin(kept.index)
    ]  # fmt: skip
    touched = [key in recount.touched for key in zip(before["school"], before["year"], strict=True)]
    baseline = before[~np.array(touched, dtype=bool)].groupby("school")["mean"].mean()
    for school, row in kept.iterrows():
        step = rules.step_of_school(int(str(school)), measure, group)
        if step is not None and school in baseline.index and pd.notna(row["outcome"]):
            both = (to_step(float(x), step) for x in (baseline[school], row["outcome"]))
            before_, now = (round(rules.read(x, measure), 6) for x in both)
            yield bool(row["is_programme"]), before_, now


CHECKS: tuple[Callable[[Tables, Recount], Iterator[str]], ...] = (
    public_stages,
    levels,
    revisions,
    naive_changes,
    estimates,
    points,
)
