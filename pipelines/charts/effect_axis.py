"""An axis of effects with one row for each comparison: words above, estimate and interval below.

Each family chooses its comparisons. The axis is in points or percentage points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipelines.charts import style
from pipelines.charts.style import Sheet
from pipelines.charts.subject import Effect, Subject
from pipelines.released.wording import MINUS, UNIT_LABELS, format_signed

_HEAD, _LINE, _MARKS, _AXIS = 0.2, 0.165, 0.24, 0.26
_BAR: dict[str, Any] = {"color": style.BLUE, "linewidth": 6, "solid_capstyle": "butt"}
_BETWEEN: dict[str, Any] = {"color": style.DARK_BLUE, "linewidth": 2.5}
_DOT = style.PROGRAMME_MARKS | {"linestyle": "", "markeredgecolor": style.WHITE}
_PLAIN = style.REST_MARKS | {"linestyle": ""}
_ZERO: dict[str, Any] = {"color": style.TEXT, "linewidth": 1.2}
_DASHED: dict[str, Any] = {"color": style.TEXT, "linewidth": 1, "linestyle": (0, (3, 3))}


@dataclass(frozen=True)
class EffectLine:
    """One comparison: its words, its figure (printed in bold), and the effect drawn."""

    words: str
    figure: str
    found: Effect
    is_plain: bool = False  # a misleading estimate: drawn as an open mark without an interval

    @property
    def lines(self) -> list[list[tuple[str, bool]]]:
        """The pieces of each line with their boldness; the figure follows the words if it fits."""
        size, room = style.BODY_SIZE, style.TEXT_INCHES
        *above, last = style.wrap(f"{self.words}:", room, size).split("\n")
        figure = style.wrap(self.figure, room, size, bold=True).split("\n")
        lines: list[list[tuple[str, bool]]] = [[(line, False)] for line in above]
        width = style.text_width(f"{last} ", size) + style.text_width(self.figure, size, bold=True)
        if width <= room:
            return [*lines, [(f"{last} ", False), (self.figure, True)]]
        return [*lines, [(last, False)], *([(line, True)] for line in figure)]

    @property
    def words_height(self) -> float:
        """Height of the words in inches."""
        return _LINE * len(self.lines)


def signed(about: Subject, low: float | None, high: float | None) -> str:
    """Differences without a unit: "between −2.3 and +3.5", or "+0.6" if both ends round alike."""
    ends = [format_signed(end, about.unit, about.decimals) for end in (low, high)]
    return ends[0] if ends[0] == ends[1] else f"between {ends[0]} and {ends[1]}"


def key(about: Subject, rows: Sequence[EffectLine], likely: float | None = None) -> str:
    """What the marks mean, in sentences."""
    is_range = any(not row.is_plain and row.found.low != row.found.high for row in rows)
    parts = (
        f"In {UNIT_LABELS[about.unit]}.",
        f"Dot: best estimate{'; two dots: a range of them' if is_range else ''}.",
        "Bar: what chance allows (95%).",
        "Grey: too small to matter." if about.smallest_effect else "",
        "Dashed: smallest gain likely to show." if likely else "",
    )
    return " ".join(part for part in parts if part)


def height(rows: Sequence[EffectLine]) -> float:
    """Height in inches that `draw` needs."""
    return _HEAD + sum(row.words_height + _MARKS for row in rows) + _AXIS


def draw(
    sheet: Sheet,
    bottom: float,
    about: Subject,
    rows: Sequence[EffectLine],
    likely: float | None = None,
) -> None:
    """Draw the rows on one scale; `likely` is the smallest difference likely to be detected."""
    body = height(rows) - _AXIS
    axes = sheet.axes(style.SIDE, bottom + _AXIS, style.TEXT_INCHES, body)
    axes.set_ylim(body, 0)
    gain = about.axis(likely or 0.0) * (1 if about.higher_is_better else -1)
    small = about.axis(about.smallest_effect or 0.0)
    _scale(axes, [*_ends(about, rows), -small, small, gain, 0.0])
    axes.axvspan(-small, small, color=style.BAND, linewidth=0, zorder=0)
    axes.plot([0, 0], [0, _HEAD - 0.02], zorder=2, **_ZERO)
    _name_sides(axes, about)
    y = _HEAD
    for row in rows:
        _write(axes, y, row)
        y += row.words_height
        # The zero line does not cross the words of a row.
        axes.plot([0, 0], [y, y + _MARKS], zorder=2, **_ZERO)
        if gain:
            axes.plot([gain, gain], [y, y + _MARKS], zorder=2, **_DASHED)
        _draw_marks(axes, about, y + _MARKS / 2, row)
        y += _MARKS


def _ends(about: Subject, rows: Sequence[EffectLine]) -> list[float]:
    found = [row.found for row in rows if not row.is_plain]
    ends = [end for f in found for end in (f.low, f.high, f.ci_low, f.ci_high)]
    return [about.axis(end) for end in ends if end is not None]


def _scale(axes: Axes, values: Sequence[float]) -> None:
    """Set limits with room for words on either side of zero, and signed tick labels that fit."""
    low, high = style.padded_limits(values, 0.05)
    side = (style.text_width("← better", style.SMALL_SIZE) + 0.1) / style.TEXT_INCHES
    low = min(low, -high * side / (1 - side))
    high = max(high, -low * side / (1 - side))

    def mark(value: float, _: object) -> str:
        room = min(value - low, high - value) / (high - low) * style.TEXT_INCHES + style.SIDE
        text = "0" if not value else f"{MINUS if value < 0 else '+'}{abs(value):g}"
        return text if style.text_width(text, style.BODY_SIZE) / 2 < room else ""

    axes.set_xlim(low, high)
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(mark)


def _name_sides(axes: Axes, about: Subject) -> None:
    left, right = ("worse", "better") if about.higher_is_better else ("better", "worse")
    look: dict[str, Any] = {"color": style.DARK_GREY, "fontsize": style.SMALL_SIZE}
    low, high = axes.get_xlim()
    apart = 0.07 / style.TEXT_INCHES * (high - low)
    axes.text(-apart, _HEAD / 2, f"← {left}", ha="right", va="center", **look)
    axes.text(apart, _HEAD / 2, f"{right} →", ha="left", va="center", **look)


def _write(axes: Axes, y: float, row: EffectLine) -> None:
    look: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "va": "center", "zorder": 5}
    for number, line in enumerate(row.lines):
        x = 0.0
        for text, is_bold in line:
            weight = "bold" if is_bold else "normal"
            axes.text(x, y + _LINE * (number + 0.55), text.strip(), fontweight=weight, **look)
            x += style.text_width(text, style.BODY_SIZE, bold=is_bold) / style.TEXT_INCHES


def _draw_marks(axes: Axes, about: Subject, y: float, row: EffectLine) -> None:
    """A bar and dots; a plain change has an open mark, or an arrow where it is off the scale."""
    found = row.found
    if found.low is None or found.high is None:
        return
    tip = f"{row.words}: {row.figure}"
    dots = [about.axis(dot) for dot in dict.fromkeys((found.low, found.high))]
    low, high = axes.get_xlim()
    if row.is_plain and not low <= dots[0] <= high:
        arrow, at, side = ("→", high, "right") if dots[0] > high else ("←", low, "left")
        look: dict[str, Any] = {"color": style.TEXT, "fontsize": style.TITLE_SIZE}
        axes.text(at, y, arrow, ha=side, va="center", fontweight="bold", zorder=5, **look)
        return
    if found.ci_low is not None and found.ci_high is not None and not row.is_plain:
        tip += f" (95%: {signed(about, found.ci_low, found.ci_high)})"
        ends = [about.axis(found.ci_low), about.axis(found.ci_high)]
        axes.plot(ends, [y, y], zorder=3, label=tip, **_BAR)
    if len(dots) > 1:
        axes.plot(dots, [y, y], zorder=4, label=tip, **_BETWEEN)
    axes.plot(dots, [y] * len(dots), zorder=5, label=tip, **(_PLAIN if row.is_plain else _DOT))
