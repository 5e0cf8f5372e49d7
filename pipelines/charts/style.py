"""The look of all charts: the Analysis Function's style, the sheet and how it is saved.

Each family's module decides what its charts show. Importing this module imports matplotlib, but
neither pyplot nor a window system, which charts do not need.
"""

from __future__ import annotations

import functools
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any, ParamSpec, TypeVar

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.textpath import text_to_path

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

# The Analysis Function's palette: blue is always programme schools, orange the others.
DARK_BLUE = "#12436D"
BLUE = "#2073BC"  # a bar under a dark blue dot
ORANGE = "#F46A25"
DARK_GREY = "#3D3D3D"
TEXT = "#0B0C0C"
RULE = "#8A8A8A"  # 3.4:1 on white: lines that carry meaning (zero, no difference)
GRID = "#D9D9D9"
BAND = "#E4E4E4"
WHITE = "#FFFFFF"

PROGRAMME_MARKS: dict[str, Any] = {
    "color": DARK_BLUE,
    "marker": "o",
    "markersize": 7,
    "markerfacecolor": DARK_BLUE,
    "markeredgecolor": DARK_BLUE,
    "linestyle": "-",
}
REST_MARKS: dict[str, Any] = {
    "color": ORANGE,
    "marker": "s",
    "markersize": 6.5,
    "markerfacecolor": WHITE,
    "markeredgecolor": ORANGE,
    "markeredgewidth": 1.8,
    "linestyle": (0, (4, 2)),
}
# A third line: England, beside an authority and its neighbours.
THIRD_MARKS: dict[str, Any] = {
    "color": DARK_GREY,
    "marker": "D",
    "markersize": 5.5,
    "markerfacecolor": DARK_GREY,
    "markeredgecolor": DARK_GREY,
    "linestyle": (0, (1, 2)),
}

# 11 cm: two fit side by side on A4, one fills a phone, where text of 8 points is 9 pixels tall.
WIDTH_INCHES = 4.4
SIDE = 0.08
TEXT_INCHES = WIDTH_INCHES - 2 * SIDE
TITLE_SIZE = 12.5
BODY_SIZE = 9.0
SMALL_SIZE = 8.0
_LINE_HEIGHT = 1.3
BEHIND_TEXT: dict[str, Any] = {"facecolor": WHITE, "edgecolor": "none", "pad": 1.0}
KEY_LINE = 0.21
_KEY_MARK = 0.4
# The label and its mark: settings of lines through the mark's ends and middle, or of a patch.
KeyEntry = tuple[str, Sequence[Mapping[str, Any]]]
_GAP = 0.09

_OVERRIDES: dict[str, object] = {
    # Dollar signs in a school's name do not start a formula.
    "text.parse_math": False,
    "font.size": BODY_SIZE,
    "font.family": "sans-serif",
    # Shipped with matplotlib, so that all machines draw alike; browsers fall back to sans-serif.
    "font.sans-serif": ["DejaVu Sans"],
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": RULE,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": TEXT,
    "ytick.labelcolor": TEXT,
    "xtick.labelsize": BODY_SIZE,
    "ytick.labelsize": BODY_SIZE,
    "ytick.major.size": 0,
    "grid.color": GRID,
    "svg.fonttype": "none",
    "path.simplify": False,
    # Measure text as it is placed in the SVG, not as fitted to pixels.
    "text.hinting": "none",
    "hatch.linewidth": 1.4,
}


@functools.cache
def _style() -> Any:  # noqa: ANN401 - matplotlib types its settings by name, one by one
    """The Analysis Function's style sheet with this project's sizes."""
    style_sheet = files("afcharts").joinpath("afcharts.mplstyle")
    return matplotlib.rc_params_from_file(str(style_sheet), use_default_template=False) | _OVERRIDES


def styled(draw: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Run a drawing function under the style, which text and lines read when they are created."""

    @functools.wraps(draw)
    def wrapper(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        with matplotlib.rc_context(_style()):
            return draw(*args, **kwargs)

    return wrapper


@dataclass(frozen=True)
class Sheet:
    """A figure with title, subtitle and footer; `axes` places panels in the remaining space."""

    figure: Figure
    title: str
    bottom_inches: float

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Axes placed in inches from the lower left corner of the drawing space."""
        full_height = self.figure.get_figheight()
        return self.figure.add_axes(
            (
                left / WIDTH_INCHES,
                (bottom + self.bottom_inches) / full_height,
                width / WIDTH_INCHES,
                height / full_height,
            )
        )

    def write(self, y_inches: float, text: str, **look: Any) -> None:  # noqa: ANN401
        """Text from the left margin, at a height of the drawing space; `look` is matplotlib's."""
        self.figure.text(
            SIDE / WIDTH_INCHES,
            (y_inches + self.bottom_inches) / self.figure.get_figheight(),
            text,
            **{"va": "bottom", "linespacing": 1.25, **look},
        )

    def key(self, top_inches: float, entries: Sequence[KeyEntry]) -> None:
        """A key of marks with labels, in as many lines as needed, from `top_inches` down."""
        lines = _key_lines(words for words, _ in entries)
        axes = self.axes(0, top_inches - KEY_LINE * lines, WIDTH_INCHES, KEY_LINE * lines)
        axes.set_xlim(0, WIDTH_INCHES)
        axes.set_ylim(lines, 0)
        axes.axis("off")
        for (words, looks), (line, x) in zip(
            entries, _key_places(words for words, _ in entries), strict=True
        ):
            left, right = x + 0.06, x + _KEY_MARK - 0.06
            for look in looks:
                if "facecolor" in look:
                    axes.add_patch(Rectangle((left, line + 0.22), right - left, 0.56, **look))
                else:
                    ends = [left, (left + right) / 2, right]
                    axes.plot(ends, [line + 0.5] * 3, clip_on=False, **look)
            axes.text(
                x + _KEY_MARK + 0.04, line + 0.5, words, va="center_baseline", fontsize=SMALL_SIZE
            )

    def save(self, name: str, alt_text: str) -> bytes:
        """The SVG as bytes, the same for the same sheet, with ids unique to this chart.

        The label of a line or patch becomes its tooltip.
        """
        tips = {}
        for number, mark in enumerate(self.figure.findobj(_has_tip)):
            kind = "line2d" if isinstance(mark, Line2D) else "patch"
            mark.set_gid(f"{kind}_tip_{number}")
            tips[f"{kind}_tip_{number}"] = str(mark.get_label())
        drawn = io.BytesIO()
        with matplotlib.rc_context(_style() | {"svg.hashsalt": name}):
            silent = {"Date": None, "Creator": None, "Format": None, "Type": None}
            self.figure.savefig(drawn, format="svg", metadata=silent)
        return _inlinable(drawn.getvalue().decode(), name, self.title, alt_text, tips)


def _has_tip(mark: Artist) -> bool:
    label = str(mark.get_label())
    return isinstance(mark, Line2D | Patch) and bool(label) and not label.startswith("_")


def inches(axes: Axes) -> tuple[float, float]:
    """Width and height of a panel in inches."""
    figure = axes.get_figure(root=True)
    if figure is None:  # pragma: no cover - every panel belongs to a sheet
        return 0.0, 0.0
    box = axes.get_position()
    return box.width * figure.get_figwidth(), box.height * figure.get_figheight()


def key_height(words: Iterable[str]) -> float:
    """Height in inches of a key with these labels, including the space below it."""
    return KEY_LINE * _key_lines(words) + _GAP


def _key_lines(words: Iterable[str]) -> int:
    return _key_places(words)[-1][0] + 1


def _key_places(words: Iterable[str]) -> list[tuple[int, float]]:
    """The line and left edge in inches of each mark, filling a line before starting the next."""
    places: list[tuple[int, float]] = []
    line, x = 0, SIDE
    for text in words:
        width = _KEY_MARK + 0.04 + text_width(text, SMALL_SIZE)
        if x > SIDE and x + width > WIDTH_INCHES - SIDE:
            line, x = line + 1, SIDE
        places.append((line, x))
        x += width + 0.2
    return places


def sheet(title: str, subtitle: str, footer: str, body_inches: float) -> Sheet:
    """A sheet with wrapped title, subtitle and footer around `body_inches` of space."""
    blocks = {
        "title": (_balanced(title, TEXT_INCHES, TITLE_SIZE), TITLE_SIZE),
        "subtitle": (wrap(subtitle, TEXT_INCHES, BODY_SIZE), BODY_SIZE),
        "footer": (wrap(footer, TEXT_INCHES, SMALL_SIZE), SMALL_SIZE),
    }
    heights = {key: _height(text, size) for key, (text, size) in blocks.items()}
    total = sum(heights.values()) + body_inches + (5 if subtitle else 4) * _GAP
    figure = Figure(figsize=(WIDTH_INCHES, total), facecolor=WHITE)
    FigureCanvasAgg(figure)
    y = total - _GAP
    for key, weight in (("title", "bold"), ("subtitle", "normal")):
        text, size = blocks[key]
        _write(figure, y / total, text, size, weight)
        y -= heights[key] + (_GAP if text else 0.0)
    _write(figure, (_GAP + heights["footer"]) / total, *blocks["footer"], "normal")
    return Sheet(figure, title, heights["footer"] + 2 * _GAP)


def wrap(text: str, width_inches: float, size: float, *, bold: bool = False) -> str:
    """`text` broken into lines that fit `width_inches`, measured in the font used."""
    lines: list[str] = []
    line_inches = 0.0
    for word in text.split():
        # No kerning at a space: a line is as wide as its words, so each is measured once.
        longer_inches = line_inches + text_width(f" {word}", size, bold=bold)
        if lines and longer_inches <= width_inches:
            lines[-1] += f" {word}"
            line_inches = longer_inches
        else:
            lines.append(word)
            line_inches = text_width(word, size, bold=bold)
    return "\n".join(lines)


def shortened(text: str, width_inches: float, size: float) -> str:
    """`text`, or the first words (at least one) that fit `width_inches` with an ellipsis."""
    if text_width(text, size) <= width_inches:
        return text
    words = text.split()
    while len(words) > 1:
        words.pop()
        cut = f"{' '.join(words)}…"
        if text_width(cut, size) <= width_inches:
            return cut
    return f"{words[0]}…"


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of text in inches."""
    font = FontProperties(family="DejaVu Sans", size=size, weight="bold" if bold else "normal")
    width: float = text_to_path.get_text_width_height_descent(text, font, ismath=False)[0]
    return width / 72


def spread(
    positions: Sequence[float], sizes: Sequence[float], low: float, high: float
) -> list[float]:
    """Move items of these sizes apart, in rising order, within `low` to `high`; their middles."""
    apart = _pushed(positions, sizes, float("-inf"))
    shift = sum(a - p for a, p in zip(apart, positions, strict=True)) / max(len(apart), 1)
    inside = _pushed([place - shift for place in apart], sizes, low)
    # From above: negate, push up, negate again.
    turned = _pushed([-place for place in reversed(inside)], list(reversed(sizes)), -high)
    return [-place for place in reversed(turned)]


def _pushed(positions: Sequence[float], sizes: Sequence[float], floor: float) -> list[float]:
    """Middles moved up where they would lie below the floor or overlap the one before."""
    moved = []
    for position, size in zip(positions, sizes, strict=True):
        moved.append(max(position, floor + size / 2))
        floor = moved[-1] + size / 2
    return moved


def padded_limits(
    values: Iterable[float], share: float = 0.08, within: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Axis limits around the non-missing values, with padding, kept within `within`."""
    present = [value for value in values if value == value]  # noqa: PLR0124 - NaN is not itself
    low, high = min(present), max(present)
    room = (high - low) * share or 0.5 * abs(high) or 1.0
    low, high = low - room, high + room
    if within is not None:
        low, high = max(low, within[0]), min(high, within[1])
    return low, high


def _write(figure: Figure, y: float, text: str, size: float, weight: str) -> None:
    figure.text(
        SIDE / WIDTH_INCHES,
        y,
        text,
        fontsize=size,
        fontweight=weight,
        va="top",
        linespacing=_LINE_HEIGHT,
    )


def _balanced(text: str, width_inches: float, size: float) -> str:
    """Bold `text` in as few lines as fit, of lengths as even as possible."""
    best = wrap(text, width_inches, size, bold=True)
    for tenths in range(9, 4, -1):
        narrower = wrap(text, width_inches * tenths / 10, size, bold=True)
        if narrower.count("\n") > best.count("\n"):
            break
        best = narrower
    return best


def _height(text: str, size: float) -> float:
    return (text.count("\n") + 1) * size * _LINE_HEIGHT / 72 if text else 0.0


def _inlinable(svg: str, name: str, title: str, alt_text: str, tips: Mapping[str, str]) -> bytes:
    """The SVG prepared for inlining in a page: unique ids, own style, title, text and tooltips.

    Matplotlib numbers its groups from 1 in every file, and styles `*`, which would apply to the
    whole page.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"\s*<style[^>]*>.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    for gid, tip in tips.items():
        svg = svg.replace(f'<g id="{gid}">', f'<g id="{gid}">\n <title>{escape(tip)}</title>')
    svg = re.sub(r'\bid="', f'id="{name}-', svg)
    svg = re.sub(r'href="#', f'href="#{name}-', svg)
    svg = re.sub(r"url\(#", f"url(#{name}-", svg)
    opening = re.match(r"<svg[^>]*>", svg)
    if opening is None:  # pragma: no cover - matplotlib always opens with it
        raise ValueError(f"Chart {name}: matplotlib wrote no <svg>.")
    labelled = (
        opening.group()[:-1]
        + f' role="img" aria-labelledby="{name}-title {name}-desc"'
        + ' style="stroke-linejoin: round; stroke-linecap: butt">'
        + f'\n <title id="{name}-title">{escape(title)}</title>'
        + f'\n <desc id="{name}-desc">{escape(alt_text)}</desc>'
    )
    return (labelled + svg[opening.end() :]).encode()
