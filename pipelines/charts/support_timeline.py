"""Support against tests: when each programme's support began, and when its pupils were tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from pipelines.charts import style, subject
from pipelines.charts.chart import Chart, Frames
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    format_date,
    format_months,
    is_missing,
    join_words,
)
from pipelines.study.key_stages import TESTS

_NAME = "support_timeline"
_LINE, _BAR, _BETWEEN, _AXIS = 0.17, 0.19, 0.14, 0.36
_MONTHS = "Months from start to first test"
_DAYS_A_MONTH = 365.25 / 12
_TESTS = {str(stage): words for stage, (words, *_) in TESTS.items()}
Span = tuple[pd.Timestamp, pd.Timestamp]


@dataclass(frozen=True)
class Programme:
    """A programme's support, and the test months of each key stage evaluated."""

    title: str
    support: Span
    tests: dict[str, Span]

    @property
    def n_months(self) -> int:
        """Months from the start to the first test; negative where the test came first."""
        first = min(first for first, _ in self.tests.values())
        return round((first - self.support[0]).days / _DAYS_A_MONTH)

    @property
    def apart(self) -> str:
        """The same in words."""
        n = abs(self.n_months)
        months = f"{n} month{'' if n == 1 else 's'}"
        return months if self.n_months >= 0 else f"tests came {months} before the start"


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart of the evaluated programmes, except placebos, with known start and test dates."""
    programmes = _programmes(tables)
    if not programmes:
        return
    data = pd.DataFrame([row for programme in programmes for row in _data_rows(programme)])
    title, quotes = _title(programmes, data)
    alt_text = (
        "Bars of support and marks of the months of tests. "
        f"{'; '.join(_spoken(programme) for programme in programmes)}."
    )
    yield Chart(
        name=_NAME,
        title=title,
        alt_text=alt_text,
        caption=(
            "Support of the evaluated programmes, and the months of the tests they are judged on. "
            f"{subject.place(tables)}, {subject.outcome_years(tables)[0]}. {_source(tables, programmes)}"
        ),
        data=data,
        svg=_draw(tables, title, programmes).save(_NAME, alt_text),
        title_from=quotes,
    )


def _programmes(tables: Frames) -> list[Programme]:
    titles = subject.titles(tables)
    found: dict[str, Programme] = {}
    for about in subject.primary_subjects(tables):
        if about.starts is None or about.tests is None or about.is_placebo:
            continue
        as_at = tables["study"].iloc[0]["as_at"]
        last = about.tests[1] if is_missing(as_at) else pd.Timestamp(as_at)
        support = (about.starts, max(last, about.starts))
        empty = Programme(titles[about.programme], support, {})
        found.setdefault(about.programme, empty).tests[about.key_stage] = about.tests
    return list(found.values())


def _source(tables: Frames, programmes: Sequence[Programme]) -> str:
    stages = (stage for programme in programmes for stage in programme.tests)
    return subject.source(tables, ("enrolments", *stages))


def _title(programmes: Sequence[Programme], data: pd.DataFrame) -> tuple[str, tuple[Quote, ...]]:
    """The months between start and tests, each number with its row."""
    months = [programme.n_months for programme in programmes]
    if min(months) < 0:
        return "Some tests came before the support began", ()
    ends = list(dict.fromkeys((min(months), max(months))))
    words = [f"{n}" for n in ends]
    rows = [data["Programme"].tolist().index(programmes[months.index(n)].title) for n in ends]
    quotes = tuple(Quote(n, (row,), _MONTHS) for n, row in zip(words, rows, strict=True))
    noun = "month" if ends == [1] else "months"
    joined = f" {'and' if len(programmes) == 2 else 'to'} ".join(words)
    return f"Tests came {joined} {noun} after support began", quotes


def _spoken(programme: Programme) -> str:
    tests = join_words(
        f"{_TESTS[stage]} in {format_months(*span)}" for stage, span in programme.tests.items()
    )
    return f"{programme.title}: from {format_months(programme.support[0])}, {tests}"


def _data_rows(programme: Programme) -> Iterator[dict[str, str]]:
    for stage, span in programme.tests.items():
        yield {
            "Programme": programme.title,
            "Support from": format_date(programme.support[0]),
            "Shown to": format_date(programme.support[1]),
            "Tests": _TESTS[stage],
            "Months of the tests": format_months(*span),
            _MONTHS: programme.apart,
        }


@style.styled
def _draw(tables: Frames, title: str, programmes: Sequence[Programme]) -> style.Sheet:
    names = [
        style.wrap(
            f"{programme.title}: {programme.apart}", style.TEXT_INCHES, style.BODY_SIZE, bold=True
        )
        for programme in programmes
    ]
    heights = [
        _LINE * (name.count("\n") + 1) + _BAR * (1 + len(programme.tests)) + _BETWEEN
        for name, programme in zip(names, programmes, strict=True)
    ]
    sheet = style.sheet(
        title,
        "Months from the start of support (blue, to the day of this report) to the first tests (black)",
        f"{subject.place(tables)}. {_source(tables, programmes)}",
        sum(heights) + _AXIS,
    )
    axes = sheet.axes(style.SIDE, _AXIS, style.TEXT_INCHES, sum(heights))
    axes.set_ylim(sum(heights), 0)
    _prepare(axes, programmes)
    top = 0.0
    for name, programme, height in zip(names, programmes, heights, strict=True):
        look: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "top"}
        axes.text(0, top, name, fontweight="bold", linespacing=1.25, **look)
        y = top + _LINE * (name.count("\n") + 1) + _BAR / 2
        _draw_span(axes, y, programme.support, style.DARK_BLUE, "support")
        for stage, span in programme.tests.items():
            y += _BAR
            _draw_span(axes, y, span, style.TEXT, _TESTS[stage])
        top += height
    return sheet


def _prepare(axes: Axes, programmes: Sequence[Programme]) -> None:
    """A day axis with ticks every four months, or fewer where the period is long."""
    days = [day for p in programmes for span in (p.support, *p.tests.values()) for day in span]
    first, last = min(days), max(days)
    room = pd.Timedelta(days=0.03 * (last - first).days + 1)
    axes.set_xlim((first - room).toordinal(), (last + room).toordinal())
    for months in ((1, 5, 9), (1, 9), (9,)):
        ticks = [
            day
            for year in range(first.year, last.year + 1)
            for day in (pd.Timestamp(year, month, 1) for month in months)
            if first - room <= day <= last
        ]
        if len(ticks) <= 5:
            break
    axes.set_xticks([day.toordinal() for day in ticks], [f"{day:%b}\n{day:%Y}" for day in ticks])
    axes.set_yticks([])
    axes.grid(visible=True, axis="x")
    axes.spines["left"].set_visible(False)


def _draw_span(axes: Axes, y: float, span: Span, colour: str, words: str) -> None:
    """A bar of days, labelled on the side with room."""
    ends = [day.toordinal() for day in span]
    tip = f"{words}: {format_months(*span)}"
    axes.plot(ends, [y, y], color=colour, linewidth=8, solid_capstyle="butt", zorder=3, label=tip)
    low, high = axes.get_xlim()
    apart = 0.07 / style.TEXT_INCHES * (high - low)
    needed = (style.text_width(words, style.SMALL_SIZE) + 0.1) / style.TEXT_INCHES * (high - low)
    at, side = (ends[0] - apart, "right") if ends[0] - low > needed else (ends[1] + apart, "left")
    if high - ends[1] > needed or side == "right":
        axes.text(at, y, words, ha=side, va="center", fontsize=style.SMALL_SIZE)
