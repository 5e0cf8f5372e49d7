"""The oracle's own search for similar schools outside the authority, for matched comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from tests.fleet.recount import Recount

# Distances equal to this many decimals tie, and the lower LAESTAB comes first.
_DECIMALS = 9


IN_RESULTS = ("result_before", "disadvantaged_share", "cohort_pupils")
IN_MAKE_UP = IN_RESULTS[1:]


def all_matched(recount: Recount, programme: dict[str, Any], measure: str) -> set[int]:
    """Outside schools matched on results and characteristics, or on characteristics alone."""
    both = (matched_schools(recount, programme, measure, on) for on in (IN_RESULTS, IN_MAKE_UP))
    return set().union(*both)


def matched_schools(
    recount: Recount, programme: dict[str, Any], measure: str, on: tuple[str, ...] = IN_RESULTS
) -> set[int]:
    """Outside schools among the nearest to any programme school on these characteristics."""
    before = schools_before(recount, measure, str(programme["target_group"]))
    before = before[before["has_outcome"] & before["result_before"].notna()]
    before = before.dropna(axis="columns", how="all")
    schools = recount.files.schools
    is_local = schools["is_local"].reindex(before.index).astype(bool)
    taken = {school for p in recount.evaluated for school in recount.schools_of(p["id"])}
    under_way = recount.side(programme["id"], is_programme=True)
    inside = before[is_local & before.index.isin(list(under_way))]
    outside = before[~is_local & ~before.index.isin(list(taken))].dropna()
    names = [name for name in on if name in before and outside[name].nunique() > 1]
    chosen: set[int] = set()
    for _, school in inside.iterrows():
        known = [name for name in names if not pd.isna(school[name])]
        distance = _distances(school[known].to_numpy(float), outside[known].to_numpy(float))
        order = sorted(zip(distance.round(_DECIMALS), outside.index, strict=True))
        chosen |= {other for _, other in order[: programme.get("matches_per_school", 5)]}
    return chosen


def schools_before(recount: Recount, measure: str, group: str) -> pd.DataFrame:
    """Each mainstream school's baseline characteristics.

    Index: school. `result_before`: average difference from each year's average school;
    `cohort_pupils`: pupils a year; `disadvantaged_share`; `has_outcome`; `n_pupils` in total.
    """
    files = recount.files
    used = files.used[files.used["measure"] == measure]
    is_kind = used["school"].map(recount.is_compared_kind).fillna(False).astype(bool)
    used = used[is_kind]
    touched = [key in recount.touched for key in zip(used["school"], used["year"], strict=True)]
    is_before = used["year"].isin(files.baseline_years) & ~np.array(touched, dtype=bool)
    is_value = (used["state"] == "value") & (used["n"] > 0)
    results = used[is_value & (used["group"] == group)]
    above = results["mean"] - results.groupby("year")["mean"].transform("mean")
    of_before = is_before.reindex(results.index)
    made = pd.DataFrame({"result_before": above[of_before].groupby(results["school"]).mean()})
    now = set(results.loc[recount.is_counted(results), "school"])
    cohorts = used[is_before & is_value & (used["group"] == "all")].copy()
    poor = used[is_before & (used["group"] == "disadvantaged")]
    counted = dict(zip(zip(poor["school"], poor["year"], strict=True), poor["n"], strict=True))
    told = set(used.loc[used["group"] == "disadvantaged", "year"])
    keys = list(zip(cohorts["school"], cohorts["year"], strict=True))
    cohorts["poor"] = [counted.get(key, 0 if key[1] in told else np.nan) for key in keys]
    by_school = cohorts.groupby("school")
    known = cohorts[cohorts["poor"].notna()].groupby("school")
    make_up = pd.DataFrame(
        {
            "cohort_pupils": by_school["n"].mean(),
            "n_pupils": by_school["n"].sum(),
            "disadvantaged_share": known["poor"].sum() / known["n"].sum(),
        }
    )
    made = make_up.join(made)
    return made.assign(has_outcome=made.index.isin(list(now)))


def _distances(school: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Mahalanobis distances, with the covariance of the outside schools."""
    scaled = (others - others.mean(axis=0)) / others.std(axis=0)
    x = (school - others) / others.std(axis=0)
    spread = np.atleast_2d(np.cov(scaled, rowvar=False, bias=True))
    return np.sqrt(np.maximum(np.sum((x @ np.linalg.pinv(spread)) * x, axis=1), 0))
