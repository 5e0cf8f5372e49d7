"""Chart marks, read back as numbers, are exactly the released figures; suppressed ones have none.

A mark is where the released figure is, within the drawing's precision, and agrees with the chart's
own table. So measuring a drawing reveals nothing beyond `released`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from itertools import chain

import pandas as pd
import pytest
from scipy.stats import norm

from pipelines.charts import gallery
from pipelines.charts.chart import Chart
from pipelines.released import making
from pipelines.released.reading import read_published
from tests.disclosure.coordinates import Panel, panels
from tests.disclosure.invented import invent, tables_of
from tests.evaluated import Evaluated
from tests.released_fixture import WITHHELD_MEAN, released_tables

PRECISION = 1e-4  # of a percentage point or a point: coordinates have six decimals
Tables = Mapping[str, pd.DataFrame]
BY_YEAR = ("outcome_by_year", "gap_by_year")
EFFECTS = ("answer", "headline_effects", "methods")
NUMBER = re.compile(r"[+−]?\d[\d,]*(?:\.\d+)?")


def attack(chart: Chart, tables: Tables) -> list[str]:
    """Marks without a figure in `tables`, and figures of the chart's own table without a mark."""
    family, *about = chart.name.split("-")
    drawn = panels(chart.svg)
    scaled = [panel for panel in drawn if panel.is_scaled]
    if family in BY_YEAR:
        return list(_levels(chart, scaled, _of_measure(tables["comparison"], about[1])))
    if family == "authority_context":
        context = _of_measure(tables["authority_context"], about[1])
        mine = context[context["pupil_group"] == about[0]]
        nothing = {"ci_low": float("nan"), "ci_high": float("nan"), "figure_status": "shown"}
        return list(
            _levels(chart, scaled, mine.rename(columns={"value": "mean"}).assign(**nothing))
        )
    if family in EFFECTS:
        impact = tables["impact"]
        return list(_effects(chart, scaled, _of_measure(impact, about[1]) if about else impact))
    if family == "baseline_outcome":
        mine = _of_measure(tables["school_point"], about[1]).query(f"programme == '{about[0]}'")
        return list(_points(scaled, mine))
    if family == "power_curve":
        return list(_curve(scaled, tables, about[0], about[1]))
    if family == "support_timeline":
        return list(_days(drawn, tables))
    bars = [right - left for panel in drawn for left, right, _ in panel.bars]
    if family == "priorities":
        priority = tables["priority"]
        whole = max(bars, default=0.0)
        n_local = float(priority["n_schools_of_all"].iloc[0])
        inner = [bar / whole * n_local for bar in bars]
        return _unlike(inner, [*priority["n_schools"], *([n_local] * len(priority))])
    assert family == "evaluation_answers"
    summary = tables["evaluation_summary"]
    counts = [n for n in summary["n_schools"][summary["answer"].isin(chart.data.columns)] if n]
    drawn_bars = [right - left for left, right, _ in drawn[-1].bars]
    school = sum(drawn_bars) / sum(counts)
    return _unlike([bar / school for bar in drawn_bars], counts)


def _of_measure(table: pd.DataFrame, measure: str) -> pd.DataFrame:
    return table[table["measure"] == measure]


def _scaled(rows: pd.DataFrame, columns: Iterable[str]) -> Iterator[tuple[float, ...]]:
    """Figures in axis units; shares are limited to 100%."""
    columns = list(columns)
    for row in rows.to_dict("records"):
        figures = [float("nan") if row[c] is None else float(row[c]) for c in columns]
        yield tuple(figure * 100 if row["unit"] == "share" else figure for figure in figures)


def _levels(chart: Chart, drawn: list[Panel], rows: pd.DataFrame) -> Iterator[str]:
    """One mark for each shown figure, one interval with each, and nothing else."""
    rows = rows[rows["figure_status"] != "suppressed"]
    means = {mean for (mean,) in _scaled(rows, ["mean"])}
    is_share = set(rows["unit"]) == {"share"}
    intervals = {
        (max(low, 0.0), min(high, 100.0)) if is_share else (low, high)
        for low, high in _scaled(rows, ["ci_low", "ci_high"])
    }
    marked = [value for panel in drawn for value in panel.values_marked()]
    yield from (f"a mark at {value:.4f}" for value in marked if not _is_near(value, means))
    for low, high in chain.from_iterable(panel.ranges() for panel in drawn):
        ends = (low, high)
        is_dumbbell = _is_near(low, means) and _is_near(high, means)
        is_interval = any(_both_near(ends, known) for known in intervals)
        if not (is_interval or (is_dumbbell and chart.name.startswith("gap_by_year"))):
            yield f"a range from {low:.4f} to {high:.4f}"
    ends = {end for interval in intervals for end in interval} | means
    for value in chain.from_iterable(panel.values() for panel in drawn):
        if not _is_near(value, ends):
            yield f"a line at {value:.4f}"
    shown = _shown(chart)
    if len(marked) != len(shown):
        yield f"{len(marked)} marks for {len(shown)} figures"
    # Rounding keeps the order.
    for value, figure in zip(sorted(marked), sorted(shown), strict=False):
        if not _rounds_to(value, figure):
            yield f"a mark at {value:.4f} where the chart's own table has {figure}"


def _shown(chart: Chart) -> list[float]:
    """The levels in the chart's own table, without intervals, counts and gaps."""
    columns = [
        column
        for column in chart.data.columns
        if not re.search(r"interval|umber|^(Gap|Year|Schools|Pupils|Release status)$", column)
    ]
    cells = [cell for column in columns for cell in chart.data[column]]
    return [_number(cell) for cell in cells if re.fullmatch(r"−?\d+(\.\d+)?%?", cell)]


def _effects(chart: Chart, drawn: list[Panel], rows: pd.DataFrame) -> Iterator[str]:
    """Every interval end is in the released table and agrees with the chart's own table."""
    columns = ["estimate_low", "estimate_high", "ci_low", "ci_high", "mde"]
    known = set(chain.from_iterable(_scaled(rows, columns)))
    said = {_number(n) for cell in chart.data.to_numpy().ravel() for n in NUMBER.findall(cell)}
    for value in chain.from_iterable(panel.values() for panel in drawn):
        if not _is_near(value, known):
            yield f"a mark at {value:.4f}"
        elif not any(_rounds_to(value, number) for number in said):
            yield f"a mark at {value:.4f} that the chart's own table does not have"


def _points(drawn: list[Panel], rows: pd.DataFrame) -> Iterator[str]:
    known = list(_scaled(rows.assign(unit="share"), ["baseline_mean", "outcome_mean"]))
    points = [point for panel in drawn for point in panel.points()]
    for point in points:
        if not any(_both_near(point, other) for other in known):
            yield f"a school at {point[0]:.4f}, {point[1]:.4f}"
    if len(points) != len(known):
        yield f"{len(points)} marks for {len(known)} schools"


def _curve(drawn: list[Panel], tables: Tables, programme: str, measure: str) -> Iterator[str]:
    """Every point of the curve follows from the released mde, and its marks are released."""
    headline = _of_measure(tables["impact"], measure).query(
        f"programme == '{programme}' and role == 'headline' and mde.notna()"
    )
    ((mde,),) = _scaled(headline, ["mde"])
    asked = _of_measure(tables["measure"], measure).query(f"programme == '{programme}'")
    known = {mde, *(size for (size,) in _scaled(asked, ["smallest_effect"]))}
    (panel,) = drawn
    for size, _ in panel.points():
        if not _is_near(size, known):
            yield f"a mark at {size:.4f}"
    assert panel.x is not None and panel.y is not None
    for x, y in (point for line in panel.lines if len(line) > 2 for point in line):
        size, seen = panel.x.value(x), panel.y.value(y)
        if abs(seen - 100 * norm.cdf((1.96 + 0.8416) * size / mde - 1.96)) > 0.01:
            yield f"{seen:.2f} of 100 at {size:.4f}"


def _days(drawn: list[Panel], tables: Tables) -> Iterator[str]:
    """Bars begin and end on released days; two of them give the scale."""
    programme, measure = tables["programme"], tables["measure"]
    days = {
        pd.Timestamp(day).toordinal()
        for day in (
            *programme["starts"].dropna(),
            *measure["tests_from"].dropna(),
            *measure["tests_until"].dropna(),
            tables["study"]["as_at"].iloc[0],
        )
    }
    lines = [line for panel in drawn for line in panel.lines if line[0][1] == line[-1][1]]
    first, last = (end(x for line in lines for x, _ in line) for end in (min, max))
    mine = programme[programme["is_evaluated"] & ~programme["is_placebo"]]
    from_day = pd.Timestamp(mine["starts"].min()).toordinal()
    per_day = (max(days) - from_day) / (last - first)
    for x in (x for line in lines for x, _ in line):
        day = from_day + (x - first) * per_day
        if min(abs(day - known) for known in days) > 0.5:
            yield f"a bar that ends at day {day:.1f}"


def _unlike(drawn: list[float], counts: Iterable[float]) -> list[str]:
    expected = sorted(float(n) for n in counts)
    if len(drawn) != len(expected):
        return [f"{len(drawn)} bars for {len(expected)} counts"]
    pairs = zip(sorted(drawn), expected, strict=True)
    return [f"a bar of {bar:.3f} for {n:.0f}" for bar, n in pairs if abs(bar - n) > PRECISION]


def _number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", "").rstrip("%"))


def _is_near(value: float, known: Iterable[float]) -> bool:
    return any(abs(value - other) < PRECISION for other in known)


def _both_near(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return all(abs(a - b) < PRECISION for a, b in zip(one, other, strict=True))


def _rounds_to(value: float, figure: float) -> bool:
    """Whether a figure with no or one decimal is the value rounded."""
    half = 0.05 if figure != round(figure) or abs(value - figure) < 0.05 else 0.5
    return abs(value - figure) <= half + PRECISION


# ------------------------------------------------------------------------------------------ attacks


def drawn(family: str, tables: Tables) -> list[Chart]:
    """A family's charts without images, which would double the time."""
    return list(import_module(f"pipelines.charts.{family}").charts(tables))


def faults_of(drawn_from: Tables, released: Tables, *families: str) -> dict[str, list[str]]:
    """Draw charts from some tables and attack them with the released ones."""
    asked = families or tuple(gallery.FAMILIES)
    charts = [chart for family in asked for chart in drawn(family, drawn_from)]
    assert charts
    return {chart.name: found for chart in charts if (found := attack(chart, released))}


def test_marks_of_the_example_are_released_figures(
    example: Evaluated, record_property: Callable[[str, object], None]
) -> None:
    released = read_published(example.current / "released.duckdb")
    charts = gallery.read(example.current / "charts")
    assert {chart.name.partition("-")[0] for chart in charts} == set(gallery.FAMILIES)
    assert {chart.name: attack(chart, released) for chart in charts} == {c.name: [] for c in charts}
    n_marks = sum(len(panel.values()) for c in charts for panel in panels(c.svg) if panel.is_scaled)
    assert n_marks > 300
    record_property(
        "said", f"charts of the example: {n_marks} marks read back, all released figures"
    )


def test_marks_of_awkward_tables_are_released_figures() -> None:
    """A placebo, suppressed years, methods without an estimate."""
    assert faults_of(released_tables(), released_tables()) == {}


def test_marks_of_small_studies_are_released_figures() -> None:
    n_withheld = n_charts = 0
    for seed in range(10):
        with invent(seed).store() as con:
            making.release(con)
            tables = tables_of(con)
        for family in BY_YEAR:
            for chart in drawn(family, tables):
                assert attack(chart, tables) == [], (seed, chart.name)
                n_withheld += int(chart.data.eq("withheld [c]").any(axis=1).sum())
                n_charts += 1
    assert n_charts > 10
    assert n_withheld > 10


# ------------------------------------------------------------------------------------------- planted faults


def one_withheld(*, mean: float) -> dict[str, pd.DataFrame]:
    """A suppressed year of programme schools, or the same year before the disclosure gate."""
    tables = released_tables()
    frame = tables["comparison"]
    key = ["programme", "measure", "pupil_group", "arm", "academic_year"]
    about = ["gap", "ks2_rwm_expected", "disadvantaged", "programme", "2016-17"]
    is_it = (frame[key] == about).all(axis=1)
    frame.loc[is_it, "figure_status"] = "suppressed" if math.isnan(mean) else "shown"
    frame.loc[is_it, ["mean", "ci_low", "ci_high"]] = (mean, mean - 0.07, mean + 0.07)
    return tables


def test_a_mark_for_a_withheld_year_is_caught() -> None:
    released, before_the_gate = one_withheld(mean=float("nan")), one_withheld(mean=WITHHELD_MEAN)
    families = ("outcome_by_year", "gap_by_year")
    assert faults_of(released, released, *families) == {}
    caught = faults_of(before_the_gate, released, *families)
    assert set(caught) == {f"{family}-gap-ks2_rwm_expected" for family in families}
    assert any(f"a mark at {WITHHELD_MEAN * 100:.4f}" in fault for fault in chain(*caught.values()))


@pytest.mark.parametrize(
    ("table", "column", "off", "families"),
    [
        ("comparison", "mean", 0.0004, BY_YEAR),
        ("comparison", "ci_low", -0.0004, BY_YEAR),
        ("impact", "ci_high", 0.0004, EFFECTS),
        ("impact", "estimate_low", -0.0004, EFFECTS),
        ("impact", "mde", 0.0004, ("power_curve",)),
        ("programme", "starts", pd.Timedelta(days=9), ("support_timeline",)),
        ("school_point", "outcome_mean", 0.0004, ("baseline_outcome",)),
        ("school_point", "baseline_mean", 0.0004, ("baseline_outcome",)),
        ("priority", "n_schools", 1, ("priorities",)),
        ("evaluation_summary", "n_schools", 1, ("evaluation_answers",)),
    ],
)
def test_marks_of_figures_that_were_not_released_are_caught(
    table: str, column: str, off: float | pd.Timedelta, families: tuple[str, ...]
) -> None:
    """Offsets as before rounding or the disclosure gate, even if the printed text is the same."""
    planted = released_tables()
    planted[table][column] = planted[table][column] + off
    caught = faults_of(planted, released_tables(), *families)
    assert {name.split("-")[0] for name in caught} == set(families)


def test_a_school_that_is_drawn_and_not_released_is_caught() -> None:
    released = released_tables()
    fewer = {**released, "school_point": released["school_point"].iloc[1:]}
    assert faults_of(released, fewer, "baseline_outcome")
