"""How much a school's years vary in England's tables, beside what the simulations assume.

Two years of a school differ by passing differences and by chance. Half of the mean squared difference of
schools' years, each authority's own mean taken out, minus the variance that sampling of pupils and rounding
give, is the variance of what passes. In SDs of pupils of a year.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipelines.impact.calibration import PASSING_SD, PROGRESS_PASSING_SD, varies_as_progress

YEARS = ("2016", "2017", "2018")
# Of pupils nationally: from the width of the published intervals, times the root of the pupils behind it.
PUPIL_SD = {
    "Reading": ("READ", "READCOV"),
    "Writing": ("WRIT", "WRITCOV"),
    "Maths": ("MAT", "MATCOV"),
}
FEWEST_SCHOOLS = 10
REGISTER = "converted/2017-2018_england_spine.csv.gz"


def numbers(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column.astype(str).str.rstrip("%"), errors="coerce")


def pupil_sd(real_data: Path, subject: str) -> float:
    stem, coverage = PUPIL_SD[subject]
    table = pd.read_csv(real_data / "hampshire/2018-850-ks2.csv", encoding="utf-8-sig", dtype=str)
    table = table[table["RECTYPE"] == "1"]
    width = numbers(table[f"{stem}PROG_UPPER"]) - numbers(table[f"{stem}PROG_LOWER"])
    n_pupils = numbers(table["TELIG"]) * numbers(table[coverage]) / 100
    return float((width / (2 * 1.96) * np.sqrt(n_pupils)).median())


def tables(real_data: Path) -> dict[str, pd.DataFrame]:
    folder = real_data / "waiky8-schools-data"
    return {
        year: pd.read_csv(folder / f"ks2_perf_{year}.csv.gz", dtype=str, encoding="latin-1")
        .drop_duplicates("URN")
        .set_index("URN")
        for year in YEARS
    }


def passing_sd(
    mean: pd.DataFrame,
    n_pupils: pd.DataFrame,
    authority: pd.Series,
    *,
    pupil_sd: float | None,
    rounding: float,
) -> float:
    """Of schools by years; `pupil_sd` None for shares, `rounding` the step of published figures."""
    complete = mean.notna().all(axis=1) & (n_pupils >= 6).all(axis=1) & authority.notna()
    mean, n_pupils, authority = mean[complete], n_pupils[complete], authority[complete]
    n_schools = authority.groupby(authority).transform("size")
    is_enough = n_schools >= FEWEST_SCHOOLS
    mean, n_pupils, n_schools = mean[is_enough], n_pupils[is_enough], n_schools[is_enough]
    centre = (mean * n_pupils).sum() / n_pupils.sum()
    if pupil_sd is None:
        total = centre * (1 - centre)
        within = (n_pupils * mean * (1 - mean)).sum() / (n_pupils - 1).sum()
    else:
        total = pd.Series(pupil_sd**2, index=mean.columns)
        within = total - ((mean - centre) ** 2 - total / n_pupils).mean()
    chance = (within / n_pupils + rounding**2 / 12) / total
    apart = (mean - centre) / np.sqrt(total)
    apart -= apart.groupby(authority[is_enough]).transform("mean")
    between = [
        ((apart[one] - apart[other]) ** 2 * n_schools / (n_schools - 1)).mean()
        - (chance[one] + chance[other]).mean()
        for one, other in combinations(mean.columns, 2)
    ]
    return float(np.sqrt(np.mean(between) / 2))


@pytest.fixture(scope="module")
def found(real_data: Path) -> Mapping[str, float]:
    register = pd.read_csv(real_data / REGISTER, dtype=str, encoding="latin-1")
    authority = register.drop_duplicates("URN").set_index("URN")["LA"]
    years = tables(real_data)

    def of(column: str, sd: float | None) -> float:
        scale, rounding = (100, 0.01) if sd is None else (1, 0.1)
        mean = pd.DataFrame({year: numbers(table[column]) / scale for year, table in years.items()})
        n_pupils = pd.DataFrame(
            {year: numbers(table["KS2 Pupils"]) for year, table in years.items()}
        )
        return passing_sd(
            mean,
            n_pupils.loc[mean.index],
            authority.reindex(mean.index),
            pupil_sd=sd,
            rounding=rounding,
        )

    sds = {subject: pupil_sd(real_data, subject) for subject in PUPIL_SD}
    shares = {"rwm": "Overall", "reading": "Reading", "writing": "Writing", "maths": "Maths"}
    return {
        f"ks2_{subject.lower()}_progress": of(f"{subject} Progress", sd)
        for subject, sd in sds.items()
    } | {f"ks2_{name}_expected": of(f"{column} Meet Std", None) for name, column in shares.items()}


def test_the_simulations_assume_what_england_s_tables_show(found: Mapping[str, float]) -> None:
    assert len(found) == 7
    for measure, measured in found.items():
        assumed = PROGRESS_PASSING_SD if varies_as_progress(measure) else PASSING_SD
        # Measures of a kind differ by up to a third: maths most, whichever it is of.
        assert measured == pytest.approx(assumed, rel=0.35), measure
    progress = [sd for measure, sd in found.items() if varies_as_progress(measure)]
    others = [sd for measure, sd in found.items() if not varies_as_progress(measure)]
    assert np.mean(progress) == pytest.approx(PROGRESS_PASSING_SD, rel=0.05)
    assert np.mean(others) == pytest.approx(PASSING_SD, rel=0.15)


def test_the_range_that_is_told_is_the_one_found(found: Mapping[str, float]) -> None:
    """`pipelines/impact/calibration.py` and the page of error rates quote these."""
    progress = [sd for measure, sd in found.items() if varies_as_progress(measure)]
    others = [sd for measure, sd in found.items() if not varies_as_progress(measure)]
    assert (f"{min(progress):.2f}", f"{max(progress):.2f}") == ("0.24", "0.29")
    assert (f"{min(others):.2f}", f"{max(others):.2f}") == ("0.12", "0.16")


@pytest.mark.parametrize("planted", [PASSING_SD, PROGRESS_PASSING_SD])
def test_a_planted_variation_is_found(planted: float) -> None:
    """3,000 schools in 60 authorities whose years also move together, about 30 pupils a school."""
    rng = np.random.default_rng(1)
    n = pd.DataFrame(rng.integers(15, 45, (3000, 3)), columns=list(YEARS))
    authority = pd.Series(np.arange(3000) % 60)
    shock = rng.normal(0, 0.1, (60, 3))[authority.to_numpy()]
    lasting = rng.normal(0, 0.3, (3000, 1))
    within = np.sqrt(1 - 0.3**2 - planted**2 - 0.1**2)
    mean = (
        lasting
        + shock
        + rng.normal(0, planted, (3000, 3))
        + rng.normal(0, within, (3000, 3)) / np.sqrt(n)
    )
    found = passing_sd(5 * mean, n, authority, pupil_sd=5.0, rounding=0.0)
    assert found == pytest.approx(planted, rel=0.08)
