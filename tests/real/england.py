"""Placebo programmes in England's tables: 18 schools of one authority, compared with its other schools.

`python -m tests.real.england` writes `england.csv`. Each of some 130 authorities is drawn in four times, so
the draws are of many places, but of the same years. Results are of all pupils, since England's tables at hand
have no pupil groups by school. Estimators and thresholds were fixed before these were run; nothing is tuned
to them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipelines.impact.evaluate import ProgrammeQuestion, evaluate_measure
from pipelines.impact.panel import SchoolPanel, school_panel
from pipelines.study.paths import PROJECT

DATA = PROJECT.parent / "shared" / "data" / "real"
REGISTER = "converted/2017-2018_england_spine.csv.gz"
TABLE = Path(__file__).parent / "england.csv"
YEARS = {"2015-16": "2016", "2016-17": "2017", "2017-18": "2018"}
# The column, and the SD of pupils: of reading progress as published for schools (6.2 points).
MEASURES = {
    "ks2_rwm_expected": ("Overall Meet Std", None),
    "ks2_reading_progress": ("Reading Progress", 6.2),
}
WAYS = ("random", "last_year")
# Baseline and outcome years, oldest first.
DESIGNS = (
    (("2015-16", "2016-17"), ("2017-18",)),
    (("2015-16",), ("2016-17",)),
    (("2015-16",), ("2016-17", "2017-18")),
)
N_SCHOOLS, FEWEST_SCHOOLS, N_DRAWS, SEED = 18, 32, 4, 20191002
# Noise in SDs of the result that schools are chosen on: a correlation of 0.8, as in the simulations.
SOFTNESS = 0.75
METHODS = ("bracket", "ancova", "change_from_baseline_mean", "change_since_last_year")
COLUMNS = ("measure", "chosen_on", "n_baseline_years", "n_outcome_years", "n_draws")
COLUMNS += (*(f"{method}_claims" for method in METHODS), "bracket_width_sd")


@dataclass(frozen=True)
class Authority:
    """S schools with a result in every year: means and pupils (S, 3)."""

    mean: NDArray[np.float64]
    n_pupils: NDArray[np.float64]


def authorities(measure: str) -> dict[str, Authority]:
    """Mainstream schools of authorities with at least `FEWEST_SCHOOLS`, by authority number."""
    column, pupil_sd = MEASURES[measure]
    tables = {
        year: pd.read_csv(
            DATA / f"waiky8-schools-data/ks2_perf_{file}.csv.gz", dtype=str, encoding="latin-1"
        )
        .drop_duplicates("URN")
        .set_index("URN")
        for year, file in YEARS.items()
    }
    register = pd.read_csv(DATA / REGISTER, dtype=str, encoding="latin-1")
    register = register.drop_duplicates("URN").set_index("URN")
    scale = 100 if pupil_sd is None else 1
    mean = pd.DataFrame({year: _numbers(table[column]) / scale for year, table in tables.items()})
    n = pd.DataFrame({year: _numbers(table["KS2 Pupils"]) for year, table in tables.items()})
    kind = register["NFTYPE"].reindex(mean.index)
    is_mainstream = kind.notna() & ~kind.str.contains("special|independent", case=False, na=False)
    complete = mean.notna().all(axis=1) & (n.loc[mean.index] >= 6).all(axis=1) & is_mainstream
    mean, n = mean[complete], n.loc[mean.index][complete]
    return {
        str(number): Authority(of.to_numpy(), n.loc[of.index].to_numpy())
        for number, of in mean.groupby(register["LA"].reindex(mean.index))
        if len(of) >= FEWEST_SCHOOLS
    }


def _numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column.str.rstrip("%"), errors="coerce")


def panel_of(
    authority: Authority, measure: str, design: tuple[tuple[str, ...], tuple[str, ...]]
) -> SchoolPanel:
    """The schools of an authority in a design's years, none yet in the programme."""
    baselines, outcomes = design
    columns = [list(YEARS).index(year) for year in (*baselines, *outcomes)]
    _, pupil_sd = MEASURES[measure]
    mean = authority.mean[:, columns]
    return school_panel(
        measure=measure,
        pupil_group="all",
        unit="share" if pupil_sd is None else "points",
        programmes=("placebo",),
        baseline_years=baselines,
        outcome_years=outcomes,
        school_ids=np.arange(len(mean)),
        exposure=np.zeros((len(mean), 1)),
        mean=mean,
        n_pupils=authority.n_pupils[:, columns],
        variance=np.full_like(mean, np.nan if pupil_sd is None else pupil_sd**2),
        rounding_half_width=np.full_like(mean, 0.005 if pupil_sd is None else 0.05),
    )


def chosen(panel: SchoolPanel, way: str, random: np.random.Generator) -> NDArray[np.float64]:
    """Exposure (S, 1): 18 schools at random, or the weakest on the last baseline year and noise."""
    criterion = panel.mean[:, len(panel.baseline_years) - 1]
    noise = random.normal(size=panel.n_schools)
    score = noise if way == "random" else criterion + SOFTNESS * criterion.std() * noise
    exposure = np.zeros((panel.n_schools, 1))
    exposure[np.argsort(score)[:N_SCHOOLS]] = 1.0
    return exposure


def rows(
    n_draws: int = N_DRAWS, measures: Sequence[str] = tuple(MEASURES)
) -> Iterator[dict[str, object]]:
    """One row per measure, way and design: shares of draws in which a method's interval excludes zero."""
    for measure in measures:
        found = authorities(measure)
        for way in WAYS:
            for design in DESIGNS:
                yield _row(found, measure, way, design, n_draws)


def _row(
    found: dict[str, Authority],
    measure: str,
    way: str,
    design: tuple[tuple[str, ...], tuple[str, ...]],
    n_draws: int,
) -> dict[str, object]:
    claims: dict[str, list[bool]] = {method: [] for method in METHODS}
    widths: list[float] = []
    question = ProgrammeQuestion("placebo", "all", True, None)
    for number, authority in found.items():
        empty = panel_of(authority, measure, design)
        for draw in range(n_draws):
            random = np.random.default_rng((SEED, int(number), draw))
            panel = replace(empty, exposure=chosen(empty, way, random))
            for row in evaluate_measure(panel, [question], release_status="final"):
                if row.estimator not in claims or row.ci_low is None or row.ci_high is None:
                    continue
                claims[row.estimator].append(row.ci_low > 0 or row.ci_high < 0)
                if row.estimator == "bracket":
                    widths.append((row.ci_high - row.ci_low) / panel.outcome_scale)
    baselines, outcomes = design
    told = (measure, way, len(baselines), len(outcomes), len(widths))
    shares = (f"{np.mean(claims[method]):.3f}" for method in METHODS)
    return dict(zip(COLUMNS, (*told, *shares, f"{np.mean(widths):.3f}"), strict=True))


def main() -> None:
    """Draw, write the table and print it."""
    with TABLE.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows():
            writer.writerow(row)
            print(row, flush=True)


if __name__ == "__main__":
    main()
