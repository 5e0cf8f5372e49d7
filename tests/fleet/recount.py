"""The oracle: recounts from the files alone who is compared with whom, and why not."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.fleet.recount_cells import Files
from tests.fleet.recount_matching import all_matched

# A year needs this many schools with results on each side, or half of the side's if fewer.
_FEWEST_SCHOOLS_OF_A_SIDE = 5
# Age of the year group by the end of its school year.
_LAST_AGE = {"phonics": 6, "ks1": 7, "ks2": 11, "ks4": 16}


@dataclass(frozen=True, eq=False)
class Recount:
    """Counts from a study's files. Frames are indexed by school (its LAESTAB)."""

    files: Files
    _standings: dict[tuple[str, str, bool], pd.DataFrame] = field(default_factory=dict)
    _years: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    _in_common: dict[tuple[str, str], set[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Recount:
        return cls(Files(folder))

    @cached_property
    def members(self) -> pd.DataFrame:
        """One row for each school in a programme: start, leaving, and standing when pupils were tested."""
        rows = self.files.rows("enrolments")
        made: list[dict[str, Any]] = []
        starts = {p["id"]: p.get("starts") for p in self.files.programmes}
        for _, row in rows.iterrows() if rows is not None else ():
            own, end = row["start_date"], row.get("end_date", "")
            status = row.get("status", "").casefold()
            has_left = status == "withdrawn" or (bool(end) and status != "completed")
            made.append(
                {
                    "programme": row["programme"],
                    "school": self.files.school_of_urn[int(row["urn"])],
                    "start": dt.date.fromisoformat(own) if own else starts[row["programme"]],
                    "left": dt.date.fromisoformat(end) if end and has_left else None,
                    "has_left": has_left,
                    "is_placebo": False,
                }
            )
        made = _one_a_school(made)
        made += [row for p in self.files.programmes if "placebo" in p for row in self._placebo(p)]
        names = ["programme", "school", "start", "left", "has_left", "is_placebo"]
        members = pd.DataFrame(made, columns=names).astype(
            {"start": object, "left": object, "is_placebo": bool}
        )
        members["standing"] = [self._standing_of(row) for row in made]
        return members

    def _standing_of(self, member: dict[str, Any]) -> str:
        """A school's standing in a programme over the outcome years: under way in any, or as in the last."""
        by_year = [self._standing_in(member, year) for year in self.files.outcome_years]
        return "under_way" if "under_way" in by_year else by_year[-1]

    def _standing_in(self, member: dict[str, Any], year: str) -> str:
        """A school's standing when the pupils of an outcome year were tested."""
        tested = self.tested_on(year)
        if member["start"] is not None and member["start"] > tested:
            return "not_started"
        is_gone = member["has_left"] if member["left"] is None else member["left"] < tested
        return "left" if is_gone else "under_way"

    @cached_property
    def not_counted(self) -> set[tuple[int, str]]:
        """Pairs of school and outcome year in which one of its programmes was under way in another only."""
        evaluated = {p["id"] for p in self.evaluated}
        found = set()
        for member in self.members.to_dict("records"):
            if member["programme"] in evaluated and member["standing"] == "under_way":
                dates = {
                    name: None if pd.isna(member[name]) else member[name]
                    for name in ("start", "left")
                }
                found |= {
                    (member["school"], year)
                    for year in self.files.outcome_years
                    if self._standing_in(member | dates, year) != "under_way"
                }
        return found

    def is_counted(self, rows: pd.DataFrame) -> pd.Series:
        """Whether each row of `school` and `year` is of an outcome year that counts for the school."""
        keys = zip(rows["school"], rows["year"], strict=True)
        is_free = np.array([key not in self.not_counted for key in keys], dtype=bool)
        return rows["year"].isin(self.files.outcome_years) & is_free

    @cached_property
    def touched(self) -> set[tuple[int, str]]:
        """Pairs of school and baseline year in which an evaluated programme was running there."""
        evaluated = {p["id"] for p in self.evaluated}
        touched = set()
        names = ["programme", "school", "start", "left"]
        for programme, school, start, left in self.members[names].itertuples(index=False):
            if programme not in evaluated or pd.isna(start):
                continue
            touched |= {
                (school, year)
                for year in self.files.baseline_years
                if start <= self.tested_on(year)
                and (pd.isna(left) or left >= dt.date(int(year[:4]), 9, 1))
            }
        return touched

    def _placebo(self, programme: dict[str, Any]) -> list[dict[str, Any]]:
        """The lowest-scoring schools among those with a figure in every year of the study."""
        asked = programme["placebo"]
        cells = self._local_values(asked["measure"], programme["target_group"], is_counted=False)
        by_year = cells.pivot_table(index="school", columns="year", values="mean")
        years = [*self.files.baseline_years, *self.files.outcome_years]
        if not set(years) <= set(by_year.columns):
            return []
        complete = by_year[years].dropna().reset_index()
        sign = 1 if self.files.about(asked["measure"]).is_higher_better else -1
        weakness = complete.assign(weakness=sign * complete[asked["academic_year"]])
        chosen = weakness.sort_values(["weakness", "school"]).head(asked["n_schools"])
        return [
            {"programme": programme["id"], "school": school, "start": None, "left": None,
             "has_left": False, "is_placebo": True}
            for school in chosen["school"]
        ]  # fmt: skip

    @staticmethod
    def tested_on(year: str) -> dt.date:
        """Both key stages are tested in mid-May."""
        return dt.date(int(year[:4]) + 1, 5, 15)

    @cached_property
    def is_compared_kind(self) -> pd.Series:
        """Only state-funded mainstream schools are compared."""
        return self.files.schools["kind"] == "mainstream"

    @cached_property
    def _lists(self) -> dict[str, frozenset[int]]:
        return {name: frozenset(own) for name, own in self.members.groupby("programme")["school"]}

    def schools_of(self, programme: str) -> frozenset[int]:
        """Every school on a programme's list."""
        return self._lists.get(programme, frozenset())

    @cached_property
    def _figures_in_use(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Figures of the releases used, by measure and group."""
        return dict(iter(self.files.used.groupby(["measure", "group"])))

    def _figures(self, measure: str, group: str) -> pd.DataFrame:
        return self._figures_in_use.get((measure, group), self.files.used.iloc[:0])

    def _local_values(self, measure: str, group: str, *, is_counted: bool = True) -> pd.DataFrame:
        """Figures of local mainstream schools, one for each school and year.

        `is_counted`: only those whose number of pupils is in the files.
        """
        cells = self._figures(measure, group)
        schools = self.files.schools
        may_be = schools.index[schools["is_local"] & self.is_compared_kind]
        is_value = (cells["state"] == "value") & ((cells["n"] > 0) | (not is_counted))
        return cells[is_value & cells["school"].isin(may_be)]

    @cached_property
    def _with_results(self) -> set[tuple[int, str]]:
        """Schools with pupils at the end of a key stage in the outcome year, shown or suppressed."""
        cells = self.files.cells
        has = cells[
            cells["year"].isin(self.files.outcome_years) & (cells["group"] == "all")
            & cells["state"].isin(["value", "suppressed"])
        ]  # fmt: skip
        return set(zip(has["school"], has["stage"], strict=True))

    def has_results(self, school: int, stage: str) -> bool:
        """Whether a school has results of a key stage in the outcome year."""
        return (school, stage) in self._with_results

    def standing(
        self, programme: dict[str, Any], measure: dict[str, Any], *, is_adjusted: bool = False
    ) -> pd.DataFrame:
        """Local schools with their side, reason for exclusion, and results now and before.

        Index: school. `is_programme`, `reason` ('compared' or a code), `in_scope` (mainstream, with
        results of the key stage now, or earlier and still open), `outcome`, `n`, `last` and `n_last`
        (the last baseline year).
        `is_adjusted`: use only pupils with known prior attainment.
        """
        key = (programme["id"], measure["name"], is_adjusted)
        if key not in self._standings:
            self._standings[key] = self._standing(programme, measure, is_adjusted=is_adjusted)
        return self._standings[key]

    def _standing(
        self, programme: dict[str, Any], measure: dict[str, Any], *, is_adjusted: bool
    ) -> pd.DataFrame:
        group, name = str(programme["target_group"]), str(measure["name"])
        schools = self.files.schools
        rows = self.members[self.members["programme"] == programme["id"]]
        standing = dict(zip(rows["school"], rows["standing"], strict=True))
        asked = self._figures(name, group)
        is_usable = (asked["state"] == "value") & (asked["n"] > 0)
        if is_adjusted:
            is_usable &= asked["n_with_prior"] > 0
        is_now = self.is_counted(asked)
        outcome = asked[is_usable & is_now].set_index("school")
        is_last = asked["year"] == self.files.outcome_year
        before = asked[is_usable & asked["year"].isin(self.files.baseline_years)]
        istouched = [
            key in self.touched for key in zip(before["school"], before["year"], strict=True)
        ]
        untouched = before[~np.array(istouched, dtype=bool)]
        facts = _Facts(
            hidden=set(asked.loc[is_now & (asked["state"] == "suppressed"), "school"]),
            uncounted=set(asked.loc[(asked["state"] == "value") & asked["n"].isna(), "school"]),
            outcome=set(outcome.index),
            earlier=set(before["school"]),
            baseline=set(untouched["school"]),
            common=self._common(
                programme, name, outcome.index, untouched, standing, is_adjusted=is_adjusted
            ),
        )
        last = untouched[untouched["year"] == self.files.baseline_years[-1]].set_index("school")
        now, then = (
            dict(zip(of_year.index, zip(of_year["n"], of_year["mean"], strict=True), strict=True))
            for of_year in (asked[is_usable & is_last].set_index("school"), last)
        )
        made: dict[int, dict[str, Any]] = {}
        for school in schools.index[schools["is_local"]].union(list(standing)):
            made[school] = {
                "is_programme": school in standing,
                "reason": self._reason(school, name, standing.get(school), facts),
                "in_scope": self._described[school]["is_local"]
                and self._described[school]["kind"] == "mainstream"
                and (
                    self.has_results(school, self.files.about(name).stage)
                    or (bool(self._described[school]["is_open"]) and school in facts.earlier)
                ),
                **dict(zip(("n", "outcome"), now.get(school, (0, np.nan)), strict=True)),
                **dict(zip(("n_last", "last"), then.get(school, (0, np.nan)), strict=True)),
            }
        return pd.DataFrame.from_dict(made, orient="index")

    def in_common(self, programme: dict[str, Any], measure: dict[str, Any]) -> set[int]:
        """Schools with results in a year common to both sides of a programme's comparison."""
        self.standing(programme, measure)
        return self._in_common[programme["id"], measure["name"]]

    def years_in_common(self, programme: dict[str, Any], measure: dict[str, Any]) -> set[str]:
        """Baseline years that a programme's comparison on a measure uses."""
        self.standing(programme, measure)
        return self._years[programme["id"], measure["name"]]

    def _common(
        self,
        programme: dict[str, Any],
        measure: str,
        with_outcome: pd.Index,
        before: pd.DataFrame,
        standing: dict[int, str],
        *,
        is_adjusted: bool,
    ) -> set[int]:
        """Schools with a result in a baseline year in which both sides have enough schools.

        All pupils decide which years count, also if only those with prior attainment are compared.
        """
        schools = self.files.schools
        may_be = schools.index[schools["is_local"] & self.is_compared_kind]
        is_matched = programme.get("comparison_pool", "local") != "local"
        if is_matched:
            alike = all_matched(self, programme, measure)
            may_be = may_be.intersection(list(standing)).union(list(alike))
        is_of = before["school"].isin(may_be) & before["school"].isin(with_outcome)
        is_side = [standing.get(school, "under_way") == "under_way" for school in before["school"]]
        own = before[is_of & np.array(is_side, dtype=bool)]
        if is_adjusted:
            years = self.years_in_common(programme, {"name": measure})
            return set(own.loc[own["year"].isin(years), "school"])
        is_inside = own["school"].isin(standing)
        used = set(own["year"])
        for side in (own[is_inside], own[~is_inside]):
            n_schools = side["school"].nunique()
            if n_schools:
                fewest = min(_FEWEST_SCHOOLS_OF_A_SIDE, -(-n_schools // 2))
                counts = side.groupby("year")["school"].nunique()
                used &= set(counts.index[counts >= fewest])
        self._years[programme["id"], measure] = used
        common = set(own.loc[own["year"].isin(used), "school"])
        self._in_common[programme["id"], measure] = common
        return common

    def pupils_of(self, group: str) -> pd.Series:
        """Each local school's pupils of a group: the largest count of any measure, summed over stages in use.

        Attendance counts the same pupils on roll, so it is used only where no other stage is.
        """
        real = (p for p in self.evaluated if "placebo" not in p)
        stages = {self.files.about(m["name"]).stage for p in real for m in p["measure"]}
        used = self.files.used
        schools = self.files.schools
        now = used[
            (used["year"] == self.files.outcome_year) & (used["group"] == group)
            & used["school"].isin(schools.index[schools["is_local"]])
            & used["stage"].isin(stages - {"attendance"} or stages)
        ]  # fmt: skip
        return now.groupby(["school", "stage"])["n"].max().groupby("school").sum()

    @cached_property
    def _described(self) -> dict[int, dict[str, Any]]:
        return self.files.schools.to_dict("index")

    @cached_property
    def _rows_of_outcome_year(self) -> set[tuple[int, str]]:
        used = self.files.used
        now = used[self.is_counted(used)]
        return set(zip(now["school"], now["stage"], strict=True))

    def _reason(self, school: int, measure: str, standing: str | None, facts: _Facts) -> str:
        """The first reason that applies to a school; 'compared' if none does."""
        stage = self.files.about(measure).stage
        own = self._described[school]
        is_awaited = any(
            entry["measure"] == measure and entry["academic_year"] == self.files.outcome_year
            for entry in self.files.protocol.get("not_yet_published", ())
        )
        kinds = {"special": "special_school", "alternative": "alternative_provision",
                 "independent": "independent_school"}  # fmt: skip
        has_row = (school, stage) in self._rows_of_outcome_year
        for is_so, reason in (
            (not own["is_local"], "outside_authority"),
            (own["kind"] != "mainstream", kinds.get(own["kind"], "")),
            (standing == "not_started", "not_started"),
            (standing == "left", "left_before_tests"),
            (not has_row and not self._teaches(school, stage), "not_taught"),
            (is_awaited and school not in facts.outcome, "not_yet_published"),
            (not has_row, "not_in_files"),
            (school not in facts.outcome and school in facts.hidden, "withheld_when_published"),
            (school not in facts.outcome and school in facts.uncounted, "no_pupil_count"),
            (school not in facts.outcome, "no_result"),
            (school not in facts.earlier, "no_earlier_result"),
            (school not in facts.baseline, "programme_in_earlier_years"),
            (school not in facts.common, "no_common_year"),
        ):
            if is_so:
                return reason
        return "compared"

    def _teaches(self, school: int, stage: str) -> bool:
        """Whether a school's age range includes the tested year group; true if unknown."""
        low, high = (self._described[school][age] for age in ("low_age", "high_age"))
        if stage not in _LAST_AGE:
            return True
        last = _LAST_AGE[stage]
        return bool(pd.isna(low) or pd.isna(high) or (low < last and high >= last))

    @cache  # noqa: B019 - a recount lives as long as one study
    def level(
        self, measure: str, group: str, year: str, schools: frozenset[int]
    ) -> tuple[int, int, float]:
        """Schools, pupils and pupil mean, for those of `schools` that have a figure."""
        cells = self._local_values(measure, group)
        cells = cells[(cells["year"] == year) & cells["school"].isin(schools)]
        n = int(cells["n"].sum())
        mean = float((cells["n"] * cells["mean"]).sum() / n) if n else float("nan")
        return len(cells), n, mean

    @cached_property
    def evaluated(self) -> list[dict[str, Any]]:
        """Programmes with a measure, in the protocol's order."""
        return [p for p in self.files.programmes if p.get("measure")]

    @cached_property
    def arms(self) -> dict[str, frozenset[int]]:
        """Schools by the combination of evaluated programmes they are in."""
        arm_of = {school: self._arm_of(school) for school in self.files.schools.index}
        return {
            arm: frozenset(s for s, own in arm_of.items() if own == arm)
            for arm in set(arm_of.values())
        }

    def _arm_of(self, school: int) -> str:
        of_school = self.members[self.members["school"] == school]
        own = of_school[of_school["programme"].isin([p["id"] for p in self.evaluated])]
        under_way = set(own.loc[own["standing"] == "under_way", "programme"])
        names = [p["id"] for p in self.evaluated if p["id"] in under_way]
        if not names:
            return "not_under_way" if len(own) else "neither"
        if len(names) == 1:
            return f"{names[0]}_only"
        return "both" if len(self.evaluated) == 2 and len(names) == 2 else "_and_".join(names)

    def side(self, programme: str, *, is_programme: bool) -> frozenset[int]:
        """Local schools in which the programme was under way, or those that never joined it."""
        rows = self.members[self.members["programme"] == programme]
        if is_programme:
            return frozenset(rows.loc[rows["standing"] == "under_way", "school"])
        schools = self.files.schools
        return frozenset(schools.index[schools["is_local"]]) - frozenset(rows["school"])


def _one_a_school(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each school. A merged school joined with the first of its parts and left with the last."""
    together: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in rows:
        together.setdefault((row["programme"], row["school"]), []).append(row)
    made = []
    for own in together.values():
        starts = [row["start"] for row in own if row["start"] is not None]
        ends = [row["left"] for row in own if row["left"] is not None]
        has_left = all(row["has_left"] for row in own)
        left = max(ends, default=None) if has_left else None
        made.append(
            {**own[0], "start": min(starts, default=None), "left": left, "has_left": has_left}
        )
    return made


@dataclass(frozen=True)
class _Facts:
    """Sets of schools by the results they have for one question."""

    hidden: set[int]
    uncounted: set[int]
    outcome: set[int]
    earlier: set[int]
    baseline: set[int]
    common: set[int]
