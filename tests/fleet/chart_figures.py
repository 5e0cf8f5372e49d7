"""Compares the figures of all chart families with the released tables they are drawn from.

Cells without a number (withheld, no figure, no estimate) have no mark. Numbers are read as printed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
from scipy.stats import norm

from tests.fleet.recount import Recount
from tests.fleet.recount_cells import About
from tests.fleet.running import Made

_NUMBER = re.compile(r"[−+-]?\d[\d,]*\.?\d*")
_GROUP_HEADINGS = {"not_disadvantaged": "Other pupils", "disadvantaged": "Disadvantaged pupils"}
_PLACES = {"Neighbours’ average": "statistical_neighbours", "England": "england"}


def numbers(text: object) -> list[float]:
    """The numbers in a cell, in order."""
    return [float(found.replace("−", "-").replace(",", "")) for found in _NUMBER.findall(str(text))]


def is_printed(text: object, value: Any, about: About, nth: int = 0) -> bool:
    """Whether a cell has no number, or the value rounded as its measure is printed."""
    found = numbers(text)
    if not found or "withheld" in str(text):
        return True
    if pd.isna(value):
        return False
    scaled = float(value) * (100 if about.is_share else 1)
    return abs(found[nth] - scaled) <= 0.5 * 10**-about.decimals + 1e-6


def _is_count(text: object, n: Any) -> bool:
    found = numbers(text)
    return not found or "withheld" in str(text) or (not pd.isna(n) and found[0] == n)


def _of(chart: Any, family: str) -> tuple[str, str] | None:
    """Programme and measure of a chart, or None if it belongs to another family."""
    name, _, rest = chart.name.partition("-")
    if name != family:
        return None
    programme, _, measure = rest.partition("-")
    return programme, measure


def charts_by_year(made: Made, recount: Recount) -> Iterator[str]:
    """Levels, schools and pupils of both sides, year by year."""
    comparison = made.tables["comparison"]
    group_of = made.tables["programme"].set_index("programme")["target_group"]
    for chart in made.charts:
        of = _of(chart, "outcome_by_year")
        if of is None:
            continue
        programme, measure = of
        about = recount.files.about(measure)
        rows = comparison[
            (comparison["measure"] == measure) & (comparison["programme"] == programme)
            & (comparison["pupil_group"] == group_of[programme])
        ]  # fmt: skip
        for _, drawn in chart.data.iterrows():
            is_rest = drawn["Schools"].casefold().startswith("other")
            arm = rows[rows["arm"] == ("rest" if is_rest else "programme")]
            of_year = arm[arm["academic_year"] == drawn["Year"]]
            fits = [row for _, row in of_year.iterrows() if _is_row_of_year(drawn, row, about)]
            if not fits and _has_number(drawn):
                yield f"figures: {chart.name} {drawn['Schools']} {drawn['Year']} is in no table"


def _has_number(drawn: pd.Series) -> bool:
    return bool(numbers(drawn["Number of pupils"])) and "withheld" not in drawn["Number of pupils"]


def _is_row_of_year(drawn: pd.Series, row: pd.Series, about: About) -> bool:
    level = drawn.drop(["Schools", "Year", "Pupils", "95% interval", "Number of schools",
                        "Number of pupils", "Release status"], errors="ignore")  # fmt: skip
    interval = str(drawn["95% interval"])
    ends = (row["ci_low"], row["ci_high"])
    if about.is_share:
        ends = tuple(min(max(end, 0.0), 1.0) for end in ends)
    return (
        is_printed(level.iloc[0], row["mean"], about)
        and _is_count(drawn["Number of pupils"], row["n_pupils"])
        and _is_count(drawn["Number of schools"], row["n_schools"])
        and all(is_printed(interval, end, about, nth) for nth, end in enumerate(ends))
    )


def gaps_by_year(made: Made, recount: Recount) -> Iterator[str]:
    """Levels of disadvantaged pupils and of others."""
    comparison = made.tables["comparison"].set_index(
        ["programme", "measure", "arm", "pupil_group", "academic_year"]
    )
    for chart in made.charts:
        of = _of(chart, "gap_by_year")
        for _, drawn in chart.data.iterrows() if of else ():
            programme, measure = of
            arm = "rest" if drawn["Schools"].casefold().startswith("other") else "programme"
            for group, heading in _GROUP_HEADINGS.items():
                key = (programme, measure, arm, group, drawn["Year"])
                row = comparison.loc[key] if key in comparison.index else None
                value, n = (None, None) if row is None else (row["mean"], row["n_pupils"])
                if not is_printed(
                    drawn[heading], value, recount.files.about(measure)
                ) or not _is_count(drawn[f"{heading}: number"], n):
                    yield f"figures: {chart.name} {key}: {drawn[heading]} is in no table"


_WAYS = {
    "Both comparisons together": "bracket",
    "If picked on {results}": "ancova",
    "If picked for a lasting need": "change_from_baseline_mean",
    "Plain change since {year} (misleads)": "change_since_last_year",
}


def answer(made: Made, recount: Recount) -> Iterator[str]:
    """Each comparison of one outcome: estimate, interval, schools, minimum detectable effect."""
    impact = made.tables["impact"].set_index(["programme", "measure", "estimator"])
    is_one = len(recount.files.outcome_years) == 1
    last = recount.files.baseline_years[-1]
    words = {
        "year": "last year" if is_one else last,
        "results": "last year’s results" if is_one else f"results of {last}",
    }
    ways = {way.format(**words): estimator for way, estimator in _WAYS.items()}
    for chart in made.charts:
        of = _of(chart, "answer")
        for _, drawn in chart.data.iterrows() if of else ():
            about = recount.files.about(of[1])
            found = impact.loc[(*of, [ways[drawn["Way of comparing"]]]), :]
            fits = [_is_way(drawn, row, about) for _, row in found.iterrows()]
            if not any(fits):
                yield f"figures: {chart.name}: {drawn['Way of comparing']} is in no table"


def _is_way(drawn: pd.Series, row: pd.Series, about: About) -> bool:
    return (
        is_printed(drawn["Difference"], row["estimate_low"], about)
        and is_printed(drawn["Difference"], row["estimate_high"], about, -1)
        and is_printed(drawn["95% interval"], row["ci_low"], about)
        and is_printed(drawn["95% interval"], row["ci_high"], about, -1)
        and _is_count(drawn["Programme schools"], row["n_programme_schools"])
        and _is_count(drawn["Other schools"], row["n_comparison_schools"])
    )


def effects(made: Made, recount: Recount) -> Iterator[str]:
    """The headline's range, its interval, its verdict and its schools."""
    impact = made.tables["impact"]
    headline = impact[(impact["role"] == "headline") & impact["verdict"].notna()]
    for chart in made.charts:
        if chart.name != "headline_effects":
            continue
        found = [
            [is_headline_printed(drawn, row, recount) for _, row in headline.iterrows()]
            for _, drawn in chart.data.iterrows()
        ]
        if len(found) != len(headline):
            yield f"figures: {chart.name} has {len(found)} rows, and there are {len(headline)} headlines"
        for nth, fits in enumerate(found):
            if not any(fits):
                yield f"figures: {chart.name} row {nth}: {chart.data.iloc[nth, 3]} is no headline's"


def is_headline_printed(drawn: pd.Series, row: pd.Series, recount: Recount) -> bool:
    """Whether a row of the chart's data matches a headline row."""
    about = recount.files.about(row["measure"])
    low, high = row["estimate_low"], row["estimate_high"]
    text = drawn["The two comparisons of the headline"]
    span = drawn["What their 95% intervals allow"]
    is_one = len(numbers(text)) == 1
    return (
        is_printed(text, low, about)
        and (is_one or is_printed(text, high, about, 1))
        and (len(numbers(span)) != 3 or is_printed(span, row["ci_low"], about, 1))
        and _is_count(drawn["Programme schools"], row["n_programme_schools"])
        and _is_count(drawn["Other schools"], row["n_comparison_schools"])
    )  # fmt: skip


def timeline(made: Made, _: Recount) -> Iterator[str]:
    """Months from the start of support to the first test."""
    starts = made.tables["programme"].set_index("title")["starts"]
    measures = made.tables["measure"]
    judged = measures[measures["is_primary"]].groupby("programme")["tests_from"].min()
    name_of = made.tables["programme"].set_index("title")["programme"]
    for chart in made.charts:
        for _, drawn in chart.data.iterrows() if chart.name == "support_timeline" else ():
            title = drawn["Programme"]
            days = (judged[name_of[title]] - starts[title]).days
            (months,) = numbers(drawn["Months from start to first test"])
            if months != abs(round(days / 30.4375)):
                yield f"figures: {chart.name} {title}: {months} months, and {days} days between"


def power(made: Made, recount: Recount) -> Iterator[str]:
    """How many of 100 studies detect each effect size, by the normal approximation."""
    impact = made.tables["impact"]
    headline = impact[(impact["role"] == "headline") & impact["mde"].notna()]
    mde = headline.set_index(["programme", "measure"])["mde"]
    smallest = made.tables["measure"].set_index(["programme", "measure"])["smallest_effect"]
    for chart in made.charts:
        of = _of(chart, "power_curve")
        if of is None:
            continue
        marked = chart.data.set_index("What it is")
        for what, size in (("likely to show", mde[of]), ("worth having", smallest[of])):
            if what not in marked.index:
                continue
            seen = 100 * norm.cdf(2.8016 * size / mde[of] - 1.96)
            said = marked.at[what, "Seen in"]
            is_right = abs(numbers(said)[0] - seen) <= 0.6 or said.startswith("fewer")
            if not is_right or not is_printed(
                marked.at[what, "Size of the true effect"], size, recount.files.about(of[1])
            ):
                yield f"figures: {chart.name} {what}: {said}, computed {seen:.1f}"


def points(made: Made, recount: Recount) -> Iterator[str]:
    """One mark for every school's point, and no others."""
    table = made.tables["school_point"]
    for chart in made.charts:
        of = _of(chart, "baseline_outcome")
        if of is None:
            continue
        programme, measure = of
        about = recount.files.about(measure)
        rows = table[(table["programme"] == programme) & (table["measure"] == measure)]
        rows = rows.dropna(subset=["baseline_mean", "outcome_mean"])
        drawn = chart.data[~chart.data["School"].str.contains("withheld|not shown")]
        marks = sorted((numbers(d.iloc[1])[0], numbers(d.iloc[2])[0]) for _, d in drawn.iterrows())
        per_unit = 100 if about.is_share else 1
        told = sorted(
            (row["baseline_mean"] * per_unit, row["outcome_mean"] * per_unit)
            for _, row in rows.iterrows()
        )
        step = 0.5 * 10**-about.decimals + 1e-6
        is_same = len(marks) == len(told) and all(
            abs(a - b) <= 2 * step for one, other in zip(marks, told, strict=True)
            for a, b in zip(one, other, strict=True)
        )  # fmt: skip
        if not is_same:
            yield f"figures: {chart.name}: {len(marks)} marks, {len(told)} schools' points, or others"


def context(made: Made, recount: Recount) -> Iterator[str]:
    """Published figures of the authority, its neighbours and England."""
    table = made.tables["authority_context"].set_index(
        ["measure", "pupil_group", "place", "academic_year"]
    )
    for chart in made.charts:
        of = _of(chart, "authority_context")
        for _, drawn in chart.data.iterrows() if of else ():
            group, measure = of
            key = (measure, group, _PLACES.get(drawn["Place"], "authority"), drawn["Year"])
            value = table.at[key, "value"] if key in table.index else None
            if not is_printed(drawn["Figure"], value, recount.files.about(measure)):
                yield f"figures: {chart.name} {key}: {drawn['Figure']}, the table has {value}"


def priorities(made: Made, _: Recount) -> Iterator[str]:
    """Schools and pupils that each priority reached."""
    rows = made.tables["priority"].set_index("priority")
    for chart in made.charts:
        for _, drawn in chart.data.iterrows() if chart.name == "priorities" else ():
            row = rows.loc[drawn["Priority"]]
            pupils = drawn["Pupils it is for"]
            if not (_is_count(drawn["Schools"], row["n_schools"])
                    and _is_count(drawn["Of all local schools"], row["n_schools_of_all"])
                    and _is_count(pupils, row["n_target_pupils"])):  # fmt: skip
                yield f"figures: {chart.name} {drawn['Priority']}: {pupils}, the table says otherwise"


def answers(made: Made, _: Recount) -> Iterator[str]:
    """Schools of each programme that gave each answer to each question."""
    titles = made.tables["programme"].set_index("programme")["title"]
    summary = made.tables["evaluation_summary"].assign(title=lambda s: s["programme"].map(titles))
    for chart in made.charts:
        for _, drawn in chart.data.iterrows() if chart.name == "evaluation_answers" else ():
            rows = summary[
                (summary["title"] == drawn["Programme"])
                & (summary["question"] == drawn["Question"])
            ]
            counted = rows.set_index("answer")["n_schools"]
            known = chart.data.columns.intersection(counted.index)
            if known.empty or not all(_is_count(drawn[name], counted[name]) for name in known):
                yield f"figures: {chart.name} {drawn['Programme']}, {drawn['Question']}"


CHECKS: tuple[Callable[[Made, Recount], Iterator[str]], ...] = (
    charts_by_year,
    gaps_by_year,
    answer,
    effects,
    timeline,
    power,
    points,
    context,
    priorities,
    answers,
)
