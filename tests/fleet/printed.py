"""The oracle's rules of disclosure control: how counted figures may be printed.

The rules are restated from `pipelines/disclosure/README.md`. Answers are sets, because a published
share may not give a whole number of pupils; where half a pupil decides, either answer is allowed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd

from tests.fleet.recount import Recount

# Half the range of each scale; shares range from 0 to 1.
_HALF_SCALES = {
    "_progress": 30.0, "_progress_index": 4.0, "_score": 20.0, "_attainment8": 45.0, "_progress8": 6.0,
}  # fmt: skip
_ENDS = {"share": (0.0, 1.0), "points": (-1000.0, 1000.0)}
_SPECIAL_NEED = ("sen_support", "ehc_plan", "no_sen")
_PUBLISHED_BY_SCHOOL = ("all", "disadvantaged", "not_disadvantaged")
_FEWEST_SCHOOLS, _FEWEST_LEFT_BY_TABLES = 3, 5
FEWEST_SCHOOLS_OF_ESTIMATE, _FEWEST_PUPILS_OF_SCHOOL = 10, 10
_SIMILARITY, _NORMAL = 0.1, 1.959963984540054
_TINY = 1e-9

Cell = tuple[str, str, str, str]  # measure, group, year, release status
Bools = frozenset[bool]


def differs(printed: Any, counted: float, slack: float = 0.0) -> bool:
    """Whether a figure is shown and differs from the count. A shown figure that cannot be counted differs."""
    return not pd.isna(printed) and not abs(float(printed) - counted) <= slack + _TINY


def is_one_of(printed: Any, counted: Iterable[float]) -> bool:
    """Whether a figure is one of those allowed. With none allowed, it must be blank."""
    may_be = [one for one in counted if not pd.isna(one)]
    if pd.isna(printed):
        return not may_be
    return any(abs(float(printed) - one) < 1e-6 for one in may_be)


def to_step(x: float, step: float) -> float:
    """Round to a multiple of `step`, halves away from zero."""
    return math.copysign(math.floor(abs(x) / step + 0.5 + _TINY) * step, x) + 0.0


def step_at_or_above(x: float) -> float:
    """The smallest of 1, 2, 5, 10, 20 ... and 0.5, 0.2, 0.1 ... that is at least `x`."""
    steps = (times * 10.0**power for power in range(-9, 9) for times in (1, 2, 5))
    return next(step for step in steps if step >= x * (1 - _TINY))


@dataclass(frozen=True)
class Total:
    """A total: schools with a figure, schools left out, pupils, and the pupils' mean."""

    schools: frozenset[int]
    left_out: frozenset[int]
    n: int
    mean: float
    met: frozenset[int]  # empty of a mean that counts no pupils


@dataclass(frozen=True)
class Figures:
    """The figures allowed for a total; sets hold alternatives."""

    n_schools: int
    n_left_out: int
    n: int
    met: frozenset[int]
    means: frozenset[float]
    is_interval_known: bool

    def intervals(self) -> Iterator[tuple[float, float]]:
        """Wilson intervals of a share, with pupil numbers reduced by the design effect of schools."""
        n = self.n / (1 + _SIMILARITY * max(self.n / self.n_schools - 1, 0))
        for met in self.met:
            share, more = met / self.n, _NORMAL**2 / n
            centre = (share + more / 2) / (1 + more)
            margin = math.sqrt(share * (1 - share) * more + more**2 / 4) / (1 + more)
            yield centre - margin, centre + margin


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules of one study. `public` holds the key stages whose results are published by school."""

    recount: Recount
    public: frozenset[str]

    @cached_property
    def minimum_cell(self) -> int:
        return int(self.recount.files.study.get("minimum_cell", 6))

    def is_public(self, measure: str) -> bool:
        return self.recount.files.about(measure).stage in self.public

    # ------------------------------------------------------------ figures

    def in_classes(self, n: float) -> int:
        """A count as the middle of its class; zero stays zero."""
        m, whole = self.minimum_cell, round(n)
        return whole // m * m + m // 2 if whole else 0

    def count(self, n: float, measure: str) -> int:
        """A count of pupils with a result, as printed."""
        return round(n) if self.is_public(measure) else self.in_classes(n)

    def count_differs(self, printed: Any, n: float, measure: str) -> bool:
        return differs(printed, self.count(n, measure))

    def last_decimal(self, measure: str) -> float:
        about = self.recount.files.about(measure)
        return 10.0 ** -(about.decimals + 2 * about.is_share)

    def read(self, x: float, measure: str) -> float:
        """A figure rounded to its measure's decimals."""
        return to_step(x, self.last_decimal(measure))

    def step_of_mean(self, measure: str, n: float) -> float:
        """The step that a mean of `n` pupils is rounded to."""
        return step_at_or_above(max(self._half_scale(measure) / n, self.last_decimal(measure)))

    def _half_scale(self, measure: str) -> float:
        for own in self.recount.files.protocol.get("measure", ()):
            if own["name"] == measure:
                low, high = _ENDS[own["unit"]]
                return (own.get("high", high) - own.get("low", low)) / 2
        if self.recount.files.about(measure).is_share:
            return 0.5
        return next(half for ending, half in _HALF_SCALES.items() if measure.endswith(ending))

    # ------------------------------------------------------------- totals

    @cached_property
    def _by_cell(self) -> dict[Cell, pd.DataFrame]:
        cells = self.recount.files.cells
        known = cells[(cells["state"] == "value") & (cells["n"] > 0)]
        return dict(iter(known.groupby(["measure", "group", "year", "status"])))

    @cache  # noqa: B019 - rules live as long as one study
    def _least_published(self, measure: str, year: str, status: str) -> Mapping[int, int]:
        """Each school's smallest published count among all, disadvantaged and other pupils."""
        frames = [self._by_cell.get((measure, g, year, status)) for g in _PUBLISHED_BY_SCHOOL]
        found = pd.concat(
            [pd.DataFrame(columns=["school", "n"]), *(f for f in frames if f is not None)]
        )
        return {int(school): int(n) for school, n in found.groupby("school")["n"].min().items()}

    @cache  # noqa: B019
    def _unpublished(self, *cell: str) -> frozenset[int]:
        """Schools with a result that published tables omit, in groups that they give by school."""
        measure, group, year, status = cell
        cells = self._by_cell.get((measure, group, year, status))
        if cells is None or self.is_public(measure) or group in _SPECIAL_NEED:
            return frozenset()
        published = cells["school"].map(self._least_published(measure, year, status))
        least = pd.concat([cells["n"], published], axis="columns").min(axis="columns")
        return frozenset(cells.loc[least < self.minimum_cell, "school"])

    @cache  # noqa: B019
    def total(self, schools: frozenset[int], *cell: str) -> Total | None:
        """The schools' total for one measure, group, year and release; None without a result."""
        measure, group, year, status = cell
        cells = self._by_cell.get((measure, group, year, status))
        results = self._results(measure, group, year, status) if cells is not None else {}
        own = {school: result for school, result in results.items() if school in schools}
        if not own:
            return None
        left = self._unpublished(*cell) & own.keys()
        outside = (self._unpublished(*cell) & self._schools("all", "authority")) - schools
        is_few = len(left) < _FEWEST_LEFT_BY_TABLES or 0 < len(outside) < _FEWEST_LEFT_BY_TABLES
        if not (is_few and len(left) < len(own)):
            left = frozenset()
        kept = np.array([result for school, result in own.items() if school not in left])
        n = round(kept[:, 0].sum())
        mean = float((kept[:, 0] * kept[:, 1]).sum() / kept[:, 0].sum())
        met = _whole(mean * n) if self.recount.files.about(measure).counts_pupils else frozenset()
        return Total(frozenset(own) - left, left, n, mean, met)

    @cache  # noqa: B019
    def _results(self, *cell: str) -> dict[int, tuple[float, float]]:
        """Pupils and mean of every school with a result: looking them up in a frame takes long."""
        cells = self._by_cell[cell]
        of_schools = zip(cells["school"], cells["n"], cells["mean"], strict=True)
        return {int(school): (float(n), float(mean)) for school, n, mean in of_schools}

    def of(self, programme: str, arm: str, *cell: str) -> Total | None:
        """The total of a programme's side, of an arm (programme 'all'), or of the authority."""
        return self.total(self._schools(programme, arm), *cell)

    @cache  # noqa: B019
    def _schools(self, programme: str, arm: str) -> frozenset[int]:
        schools = self.recount.files.schools
        local = frozenset(schools.index[schools["is_local"] & self.recount.is_compared_kind])
        if arm == "authority":
            return local
        if programme == "all":
            return local & self.recount.arms.get(arm, frozenset())
        return local & self.recount.side(programme, is_programme=arm == "programme")

    # ----------------------------------------------------------- withheld

    def _is_disclosive(self, total: Total | None, measure: str, group: str) -> Bools:
        if total is None or self.is_public(measure):
            return frozenset({False})
        m = self.minimum_cell
        if 0 < total.n < m or (group in _SPECIAL_NEED and len(total.schools) < _FEWEST_SCHOOLS):
            return frozenset({True})
        return frozenset({min(met, total.n - met) < m for met in total.met} or {False})

    def groups_of(self, programme: Mapping[str, Any]) -> tuple[str, ...]:
        """The programme's target group and, for a gap, the other pupils."""
        target = str(programme["target_group"])
        return (target, "not_disadvantaged") if target == "disadvantaged" else (target,)

    @cache  # noqa: B019
    def _is_programme_disclosive(
        self, programme: str, measure: str, year: str, status: str
    ) -> Bools:
        """Whether any cell of a programme's measure and year is disclosive, so that all are withheld."""
        own = next(p for p in self.recount.evaluated if p["id"] == programme)
        if measure not in {asked["name"] for asked in own["measure"]}:
            return frozenset({False})
        return _any(
            self._is_disclosive(self.of(programme, arm, measure, g, year, status), measure, g)
            for arm in ("programme", "rest")
            for g in self.groups_of(own)
        )

    def is_withheld(self, programme: str, arm: str, *cell: str) -> Bools:
        """Whether a total must be withheld."""
        measure, group, year, status = cell
        if arm in ("programme", "rest"):
            return self._is_programme_disclosive(programme, measure, year, status)
        own = self._is_disclosive(self.of(programme, arm, *cell), measure, group)
        if arm == "authority":
            return own
        return _any(
            [own]
            + [
                self._is_programme_disclosive(p["id"], measure, year, status)
                for p in self.recount.evaluated
                if group in self.groups_of(p)
                and any(self.of(p["id"], side, *cell) for side in ("programme", "rest"))
            ]
        )

    # ------------------------------------------------------------ printed

    def figures(self, programme: str, arm: str, *cell: str) -> Figures | None:
        """The figures allowed for a total that is not withheld."""
        measure = cell[0]
        total = self.of(programme, arm, *cell)
        if total is None:
            return None
        rest = self._by_subtraction(programme, *cell) if arm == "rest" else None
        n, met = rest or (
            self.count(total.n, measure),
            frozenset(self.count(one, measure) for one in total.met),
        )
        if met:
            means = {one / n for one in met}
        elif self.is_public(measure):
            means = {total.mean}
        else:
            means = {to_step(total.mean, self.step_of_mean(measure, n))}
        return Figures(
            len(total.schools),
            len(total.left_out),
            n,
            met,
            frozenset(self.read(mean, measure) for mean in means),
            bool(met) and not self.is_public(measure),
        )

    def _by_subtraction(self, programme: str, *cell: str) -> tuple[int, frozenset[int]] | None:
        """The comparison's pupils as authority minus programme, where those add up and are enough."""
        whole, treated, rest = (
            self.of(name, arm, *cell)
            for name, arm in (("all", "authority"), (programme, "programme"), (programme, "rest"))
        )
        if self.is_public(cell[0]) or whole is None or treated is None or rest is None:
            return None
        n = self.in_classes(whole.n) - self.in_classes(treated.n)
        met = frozenset(
            self.in_classes(a) - self.in_classes(b)
            for a, b in itertools.product(whole.met, treated.met)
        )
        is_enough = n >= self.minimum_cell and all(
            min(one, n - one) >= self.minimum_cell for one in met
        )
        is_sum = len(whole.schools) == len(rest.schools) + len(treated.schools)
        return (n, met) if is_sum and is_enough else None

    def pupils(self, programme: str, arm: str, n: int, *cell: str) -> int:
        """A side's `n` pupils as printed. The pupils in `comparison` have the same number everywhere."""
        total = self.of(programme, arm, *cell)
        figures = self.figures(programme, arm, *cell)
        is_same = (
            total is not None and total.n == n and False in self.is_withheld(programme, arm, *cell)
        )
        return figures.n if is_same and figures else self.count(n, cell[0])

    # ----------------------------------------------------- single schools

    @cached_property
    def _of_school(self) -> dict[tuple[int, str, str], pd.DataFrame]:
        """Each school's pupils and results by measure and group, one row for each year of the study."""
        files = self.recount.files
        years = {*files.baseline_years, *files.outcome_years}
        used = files.used[files.used["year"].isin(years)]
        known = used[(used["state"] == "value") & (used["n"] > 0)]
        return dict(iter(known.groupby(["school", "measure", "group"])))

    def step_of_school(self, school: int, measure: str, group: str) -> float | None:
        """The step that a single school's results are rounded to; None if they are not shown."""
        own = self._of_school.get((school, measure, group))
        if own is None or group in _SPECIAL_NEED:
            return None
        n, about = own["n"].min(), self.recount.files.about(measure)
        drawn = 0.01 if about.is_share else 0.1
        if self.is_public(measure):
            return drawn if n >= self.minimum_cell else None
        if n < _FEWEST_PUPILS_OF_SCHOOL:
            return None
        if about.counts_pupils and any(
            not 0.001 <= to_step(mean, step_at_or_above(1 / of)) <= 0.999
            for mean, of in zip(own["mean"], own["n"], strict=True)
        ):
            return None  # in some year none of its pupils, or all
        step = step_at_or_above(1 / n) if about.is_share else self.step_of_mean(measure, n)
        return max(step, drawn)

    # -------------------------------------------------------- other tables

    def is_secret_beside_others(self, measure: str, n_schools: int, n: int, mean: float) -> bool:
        """Whether pupils kept or lost are disclosive: few pupils or schools, or few passed or failed."""
        if self.is_public(measure) or not n:
            return False
        m = self.minimum_cell
        if n < m or n_schools < _FEWEST_SCHOOLS:
            return True
        is_counted = self.recount.files.about(measure).counts_pupils
        return is_counted and min(mean * n, n - mean * n) < m - 0.5


def rules_of(tables: Mapping[str, pd.DataFrame], recount: Recount) -> Rules:
    """The rules that apply to a study's released tables."""
    told = tables["study"]["public_key_stages"].iloc[0]
    return _rules(recount, frozenset() if pd.isna(told) else frozenset(str(told).split(", ")))


@cache
def _rules(recount: Recount, public: frozenset[str]) -> Rules:
    return Rules(recount, public)


def public_key_stages(recount: Recount) -> frozenset[str]:
    """Stages that come only from performance tables, for groups published by school.

    This excludes stages with a measure of the study's own or with a figure for one to five pupils.
    """
    files = recount.files
    sources = [s for s in files.protocol["source"] if s["kind"].endswith(("_schools", "_pupils"))]
    own = {measure["key_stage"] for measure in files.protocol.get("measure", ())}
    stages = {source["kind"].rpartition("_")[0] for source in sources} & {"ks2", "ks4"}
    hidden = {
        source["kind"].rpartition("_")[0]
        for source in sources
        if source["kind"].endswith("_pupils") or source["status"] == "school_return"
    }
    cells = files.cells
    is_secret = cells["n"].between(1, 5) | cells["group"].isin(_SPECIAL_NEED)
    hidden |= set(cells.loc[(cells["state"] == "value") & is_secret, "stage"])
    return frozenset(stages - hidden - own)


def _whole(x: float) -> frozenset[int]:
    """The nearest whole number; both if `x` is halfway between two."""
    near = 1e-6
    return frozenset({math.floor(x + 0.5 - near), math.floor(x + 0.5 + near)})


def _any(each: Iterable[Bools]) -> Bools:
    """Possible answers to "does any hold?", given each one's possible answers."""
    all_of = list(each)
    can_be = any(True in one for one in all_of)
    need_not = all(False in one for one in all_of)
    return frozenset(said for said, may in ((True, can_be), (False, need_not)) if may)
