"""An axis of effects: zero, the band too small to matter, ranges with their intervals.

For `headline_effects` and `naive_headline`; values on it are as the axis counts (points or
percentage points).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipelines.charts import style
from pipelines.charts.subject import Effect, Subject
from pipelines.released.wording import MINUS, UNIT_LABELS, format_range, format_verdict, join_words

_CAP: dict[str, Any] = {"linestyle": "", "marker": "|", "markersize": 9, "markeredgewidth": 1.6}
_BRACKET_END = style.PROGRAMME_MARKS | {"linestyle": ""}
_NAIVE_LINE: dict[str, Any] = {"color": style.ORANGE, "linewidth": 1.6, "linestyle": (0, (4, 2))}
KEY_BRACKET: style.KeyEntry = (
    "the two comparisons of the headline",
    (
        {"color": style.DARK_BLUE, "linewidth": 8, "solid_capstyle": "butt"},
        _BRACKET_END | {"markevery": [0, 2]},
    ),
)
KEY_INTERVAL: style.KeyEntry = (
    "their 95% intervals",
    (
        {"color": style.DARK_BLUE, "linewidth": 1.6},
        _CAP | {"color": style.DARK_BLUE, "markevery": [0, 2]},
    ),
)
KEY_NAIVE: style.KeyEntry = (
    "unsafe change",
    (
        _NAIVE_LINE,
        _CAP | {"color": style.ORANGE, "markevery": [0, 2]},
        style.REST_MARKS | {"linestyle": "", "markevery": [1]},
    ),
)
KEY_SMALL: style.KeyEntry = (
    "too small to matter",
    ({"facecolor": style.BAND, "edgecolor": "none"},),
)


def prepare(
    axes: Axes, about: Subject, effects: list[Effect], n_rows: int, *, has_words: bool = True
) -> None:
    """Limits, ticks, zero line and band; row 0 is at the top, each row one unit high.

    With words, the upper half of a row is theirs, and nothing crosses it.
    """
    ends = [
        about.axis(end)
        for effect in effects
        for end in (effect.low, effect.high, effect.ci_low, effect.ci_high)
        if end is not None
    ]
    small = about.axis(about.smallest_effect or 0.0)
    low, high = style.padded_limits([*ends, -small, small, 0.0], 0.06)
    axes.set_xlim(low, high)
    axes.set_ylim(n_rows - 0.5, -0.5)
    mark_scale(axes)
    for row in range(n_rows):
        top, bottom = row - (0.02 if has_words else 0.5), row + 0.5
        axes.fill_between([-small, small], top, bottom, color=style.BAND, linewidth=0, zorder=0)
        axes.plot([0, 0], [top, bottom], color=style.TEXT, linewidth=1.2, zorder=2)


def mark_scale(axes: Axes) -> None:
    """Signed marks below, but for those that have no room at an edge, and nothing else of a frame."""
    width = style.width_of(axes)

    def mark(value: float, _: object) -> str:
        low, high = axes.get_xlim()
        room = min(value - low, high - value) / (high - low) * width + 0.06
        text = signed_tick(value)
        return text if style.text_width(text, style.BODY_SIZE) / 2 < room else ""

    axes.set_yticks([])
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=9, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(mark)


def write_row(axes: Axes, row: float, who: str, range_words: str, verdict: str | None) -> None:
    """Who, the range and the verdict above a row, from the left edge, in a size that can be read.

    The unit stands in the heading too and goes first where there is no room; then the end of the name,
    which the chart's table has whole.
    """
    says = f" – {format_verdict(verdict)}" if verdict else ""
    bare = range_words
    for unit in UNIT_LABELS.values():
        bare = bare.removesuffix(f" {unit}")
    room = style.width_of(axes)
    for text, size in (
        (f"{who}: {range_words}{says}", style.BODY_SIZE),
        (f"{who}: {bare}{says}", style.BODY_SIZE),
        (f"{who}: {bare}{says}", style.SMALL_SIZE),
    ):
        if style.text_width(text, size) <= room:
            break
    else:
        rest = f": {bare}{says}"
        left = room - style.text_width(rest, style.SMALL_SIZE)
        text, size = style.shortened(who, left, style.SMALL_SIZE) + rest, style.SMALL_SIZE
    transform = axes.get_yaxis_transform()
    axes.text(0.0, row - 0.22, text, transform=transform, va="center", fontsize=size, zorder=6)


def draw_bracket(axes: Axes, about: Subject, row: float, found: Effect) -> None:
    """The range between the two ends as a thick bar, the union of their intervals as whiskers."""
    if found.low is None or found.high is None or found.ci_low is None or found.ci_high is None:
        return
    whisker(axes, about, row, found, color=style.DARK_BLUE, linestyle="-")
    ends = [about.axis(found.low), about.axis(found.high)]
    axes.plot(ends, [row, row], color=style.DARK_BLUE, linewidth=8, solid_capstyle="butt", zorder=4)
    axes.plot(ends, [row, row], zorder=5, **_BRACKET_END)


def draw_naive(axes: Axes, about: Subject, row: float, found: Effect) -> None:
    """A single unsafe estimate: a hollow square on a dashed whisker."""
    if found.low is None:
        return
    whisker(axes, about, row, found, color=style.ORANGE, linestyle=(0, (4, 2)))
    axes.plot([about.axis(found.low)], [row], **(style.REST_MARKS | {"linestyle": "", "zorder": 5}))


def whisker(axes: Axes, about: Subject, row: float, found: Effect, **look: Any) -> None:  # noqa: ANN401
    """The interval with a cap at each end; nothing if there is none."""
    if found.ci_low is None or found.ci_high is None:
        return
    low, high = about.axis(found.ci_low), about.axis(found.ci_high)
    axes.plot([low, high], [row, row], linewidth=1.6, zorder=3, **look)
    axes.plot([low, high], [row, row], color=look["color"], zorder=3, **_CAP)


def favourable_side(abouts: Iterable[Subject]) -> str:
    """Which side of zero speaks for the programme: the scale, not the finding."""
    shown = list(abouts)
    ups = {about.label: about.higher_is_better for about in shown}
    whom = join_words(dict.fromkeys(about.schools for about in shown))
    side = "Right" if any(ups.values()) else "Left"
    lower = [label for label, is_higher in ups.items() if not is_higher]
    but = f" (of {join_words(lower)}: left)" if lower and any(ups.values()) else ""
    return f"{side} of zero{but} would favour {whom}."


def unit_heading(about: Subject) -> str:
    """The measure with what its effect is counted in."""
    return f"{about.label}, difference in {UNIT_LABELS[about.unit]}"


def span(about: Subject, found: Effect) -> str:
    """The whole range a reader must allow for: the union of both comparisons' intervals."""
    return format_range(found.ci_low, found.ci_high, about.unit, about.decimals)


def interval_words(about: Subject, found: Effect) -> str:
    """The interval as a chart's table has it."""
    return span(about, found)


def signed_tick(value: float) -> str:
    """An axis mark with its sign: "−5", "0", "+5"."""
    text = f"{abs(value):g}"
    return "0" if text == "0" else (MINUS if value < 0 else "+") + text
