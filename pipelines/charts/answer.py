"""The answer for one programme and outcome: one row a way its schools may have been picked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from pipelines.charts import effect_axis, style, subject
from pipelines.charts.chart import Chart, Tables
from pipelines.charts.subject import Effect, Subject
from pipelines.released.wording import (
    NOT_AVAILABLE,
    UNIT_LABELS,
    format_count_or_withheld,
    format_group,
    format_signed,
    format_size,
    format_status,
    format_verdict,
)

_HEAD, _ROW, _WORDS, _AXIS, _SIDE, _LINE = 0.2, 0.42, 0.19, 0.26, 0.08, 0.165
_WIDTH = style.NARROW_INCHES - 2 * _SIDE
_BAR: dict[str, Any] = {"color": style.BLUE, "linewidth": 6, "solid_capstyle": "butt"}
_DOT = style.PROGRAMME_MARKS | {"linestyle": "", "markeredgecolor": style.WHITE, "zorder": 4}
_ZERO: dict[str, Any] = {"color": style.TEXT, "linewidth": 1.2}
_DASHED: dict[str, Any] = {"color": style.TEXT, "linewidth": 1, "linestyle": (0, (3, 3))}
_WAYS = {
    "ancova": "If picked on last year’s results",
    "change_from_baseline_mean": "If picked for a lasting need",
}
_TOGETHER, _PLAIN = "Both comparisons together", "Plain change since last year (misleads)"
_TITLES = {
    "better": "Better than expected on both comparisons",
    "worse": "Worse than expected on both comparisons",
    "no_meaningful_difference": "Any difference is too small to matter",
}


@dataclass(frozen=True)
class Answer:
    """The headline, the rows to draw with their words, and the change since last year if there is one."""

    headline: Effect
    rows: dict[str, Effect]
    plain: Effect | None


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart for every primary measure whose headline has an estimate."""
    for about in subject.primary_subjects(tables):
        answer = _answer(tables, about)
        if answer is not None:
            yield _chart(tables, about, answer)


def _answer(tables: Tables, about: Subject) -> Answer | None:
    """Both ways of picking; the bracket alone where either of them is withheld."""
    found = {estimator: row for (estimator, _), row in subject.effects(tables, about).items()}
    headline, plain = found.get("bracket"), found.get("change_since_last_year")
    if headline is None or not headline.is_estimated:
        return None
    ways = {words: found[way] for way, words in _WAYS.items() if way in found}
    is_whole = len(ways) == len(_WAYS) and all(way.is_estimated for way in ways.values())
    return Answer(
        headline,
        ways if is_whole else {_TOGETHER: headline},
        plain if plain is not None and plain.low is not None else None,
    )


def _chart(tables: Tables, about: Subject, answer: Answer) -> Chart:
    name = f"answer-{about.slug}"
    title = _title(about, answer.headline)
    alt_text = _alt_text(about, answer)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=(
            f"Measure: {about.label}, {format_group(about.pupil_group)}. "
            f"Schools: {about.schools} against {about.others}. "
            f"Place and period: {subject.place(tables)}, {subject.outcome_year(tables)}. "
            f"Release status: {format_status(answer.headline.status)}. "
            f"{subject.source(tables, (about.key_stage,))}"
        ),
        data=_data(about, answer),
        svg=_draw(tables, about, title, answer).save(name, alt_text),
    )


def _title(about: Subject, headline: Effect) -> str:
    low, high = headline.ci_low or 0.0, headline.ci_high or 0.0
    # Else one of its ends extrapolates, or whom the schools count has changed.
    unsure = "gains and losses both fit" if low <= 0 <= high else "not compared like with like"
    finding = _TITLES.get(headline.verdict or "", f"Cannot tell: {unsure}")
    if not about.is_placebo:
        return finding
    return f"No programme existed; {finding[:1].lower()}{finding[1:]}"


def _signed(about: Subject, low: float | None, high: float | None) -> str:
    """Differences without their unit: "between −2.3 and +3.5", "+0.6" where both read the same."""
    ends = [format_signed(end, about.unit, about.decimals) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"between {ends[0]} and {ends[1]}"


@style.styled
def _draw(tables: Tables, about: Subject, title: str, answer: Answer) -> style.Sheet:
    n_rows = len(answer.rows) + (answer.plain is not None)
    body = _HEAD + _ROW * n_rows
    programme = style.wrap(about.title, _WIDTH, style.BODY_SIZE, bold=True)
    measured = style.wrap(
        f"{about.label}, {about.pupils_year} {format_group(about.pupil_group)}, "
        f"{subject.outcome_year(tables)}",
        _WIDTH,
        style.BODY_SIZE,
    )
    below = (measured.count("\n") + 1) * _LINE + 0.06
    sheet = style.sheet(
        title,
        "",
        subject.footer(
            tables, format_status(answer.headline.status), (about.key_stage,), _key(about, answer)
        ),
        _AXIS + body + below + (programme.count("\n") + 1) * _LINE,
        style.NARROW_INCHES,
    )
    sheet.write(_AXIS + body + below, programme, fontweight="bold")
    sheet.write(_AXIS + body + 0.06, measured)
    axes = sheet.axes(_SIDE, _AXIS, _WIDTH, body)
    axes.set_ylim(body, 0)
    _prepare(axes, about, answer, n_rows)
    y = _HEAD
    for words, found in answer.rows.items():
        _write(axes, y, words, _signed(about, found.low, found.high))
        _draw_bar(axes, about, y + 0.3, words, found)
        y += _ROW
    if answer.plain is not None and answer.plain.low is not None:
        change = _signed(about, answer.plain.low, answer.plain.high)
        _write(axes, y, _PLAIN, change)
        _draw_change(axes, about.axis(answer.plain.low), y + 0.3, f"{_PLAIN}: {change}")
    return sheet


def _key(about: Subject, answer: Answer) -> str:
    """What the marks are."""
    parts = (
        f"In {UNIT_LABELS[about.unit]}.",
        f"{'Dot: best estimate' if _TOGETHER not in answer.rows else 'Dots: both estimates'}.",
        "Bar: what chance allows (95%).",
        "Grey: too small to matter." if about.smallest_effect else "",
        "Dashed: smallest gain likely to show." if answer.headline.mde else "",
    )
    return " ".join(part for part in parts if part)


def _prepare(axes: Axes, about: Subject, answer: Answer, n_rows: int) -> None:
    """Scale, band, zero and the smallest gain likely to show; no line crosses the words of a row."""
    small = about.axis(about.smallest_effect or 0.0)
    likely = about.axis(answer.headline.mde or 0.0) * (1 if about.higher_is_better else -1)
    bars = [end for row in answer.rows.values() for end in (row.ci_low, row.ci_high)]
    ends = [about.axis(end) for end in bars if end is not None]
    low, high = style.padded_limits([*ends, -small, small, likely, 0.0], 0.05)
    # Room for the words on either side of zero.
    side = (style.text_width("← better", style.SMALL_SIZE) + 0.1) / _WIDTH
    low = min(low, -high * side / (1 - side))
    axes.set_xlim(low, max(high, -low * side / (1 - side)))
    effect_axis.mark_scale(axes)
    axes.axvspan(-small, small, color=style.BAND, linewidth=0, zorder=0)
    for row in range(n_rows):
        across = [_HEAD + _ROW * row + _WORDS, _HEAD + _ROW * (row + 1)]
        axes.plot([0, 0], across, zorder=2, **_ZERO)
        if likely:
            axes.plot([likely] * 2, across, zorder=2, **_DASHED)
    axes.plot([0, 0], [0, _HEAD - 0.02], zorder=2, **_ZERO)
    sides = ("worse", "better") if about.higher_is_better else ("better", "worse")
    look: dict[str, Any] = {"va": "center", "color": style.DARK_GREY, "fontsize": style.SMALL_SIZE}
    apart = 0.07 / _WIDTH * (axes.get_xlim()[1] - axes.get_xlim()[0])
    axes.text(-apart, _HEAD / 2, f"← {sides[0]}", ha="right", **look)
    axes.text(apart, _HEAD / 2, f"{sides[1]} →", ha="left", **look)


def _write(axes: Axes, y: float, words: str, value: str) -> None:
    """The words of a row above its marks, from the left edge, its figure bold."""
    look: dict[str, Any] = {"va": "center", "transform": axes.get_yaxis_transform(), "zorder": 5}
    axes.text(0, y + _WORDS / 2, f"{words}:", **look)
    room = style.text_width(f"{words}: ", style.BODY_SIZE) / _WIDTH
    axes.text(room, y + _WORDS / 2, value, fontweight="bold", **look)


def _draw_bar(axes: Axes, about: Subject, y: float, words: str, found: Effect) -> None:
    if found.low is None or found.high is None or found.ci_low is None or found.ci_high is None:
        return
    interval = _signed(about, found.ci_low, found.ci_high)
    tip = f"{words}: {_signed(about, found.low, found.high)} (95%: {interval})"
    ends = [about.axis(found.ci_low), about.axis(found.ci_high)]
    axes.plot(ends, [y, y], zorder=3, label=tip, **_BAR)
    dots = [about.axis(dot) for dot in dict.fromkeys((found.low, found.high))]
    axes.plot(dots, [y] * len(dots), label=tip, **_DOT)


def _draw_change(axes: Axes, change: float, y: float, tip: str) -> None:
    """An open mark, or an arrow at the edge where the scale ends before it."""
    low, high = axes.get_xlim()
    if low <= change <= high:
        axes.plot([change], [y], label=tip, **(style.REST_MARKS | {"linestyle": "", "zorder": 4}))
    else:
        arrow, at, side = ("→", high, "right") if change > high else ("←", low, "left")
        look: dict[str, Any] = {"color": style.ORANGE, "fontsize": style.TITLE_SIZE}
        axes.text(at, y, arrow, ha=side, va="center", fontweight="bold", zorder=5, **look)


def _alt_text(about: Subject, answer: Answer) -> str:
    existed = "No such programme existed. " if about.is_placebo else ""
    ways = "; ".join(
        f"{words[:1].lower()}{words[1:]}, {_signed(about, found.low, found.high)} "
        f"({_signed(about, found.ci_low, found.ci_high)})"
        for words, found in answer.rows.items()
    )
    return (
        f"{existed}{about.title}, {about.label}, in {UNIT_LABELS[about.unit]}, with what chance "
        f"allows (95%): {ways}. Verdict: {format_verdict(answer.headline.verdict)}."
    )


def _data(about: Subject, answer: Answer) -> pd.DataFrame:
    """Each row drawn, and the headline that gives the verdict."""
    rows = {**answer.rows, **({_PLAIN: answer.plain} if answer.plain else {})}
    rows.setdefault(_TOGETHER, answer.headline)
    return pd.DataFrame(
        [
            {
                "Way of comparing": words,
                "Pupils": format_group(about.pupil_group),
                "Outcome": about.label,
                "Difference": _signed(about, found.low, found.high),
                "95% interval": NOT_AVAILABLE
                if found.ci_low is None
                else _signed(about, found.ci_low, found.ci_high),
                "Smallest difference that matters": format_size(
                    about.smallest_effect, about.unit, about.decimals
                ),
                "Smallest difference likely to show": format_size(
                    answer.headline.mde, about.unit, about.decimals
                ),
                "Verdict": format_verdict(found.verdict) if words == _TOGETHER else "–",
                "Programme schools": format_count_or_withheld(found.n_programme_schools),
                "Other schools": format_count_or_withheld(found.n_comparison_schools),
                "Release status": format_status(found.status),
            }
            for words, found in rows.items()
        ]
    )
