"""Reads numbers back from the marks of an SVG, as an attacker with a ruler would.

It shares no code with `pipelines.charts`. The tick labels and positions of an axis give its scale,
which turns markers, line ends, bars and shaded cells into numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

_SVG, _LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"
_TICK = re.compile(r"^[+−]?\d+(\.\d+)?%?$")
_ON_EDGE = 0.01  # of a 72nd of an inch
Point = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """Scale of an axis: `start` is the value at coordinate 0, `step` the change per unit."""

    start: float
    step: float

    def value(self, at: float) -> float:
        """The value at a position on the axis."""
        return self.start + self.step * at


@dataclass(frozen=True)
class Panel:
    """Marks within a pair of axes, in drawing coordinates, with scales if the ticks are numbers."""

    box: tuple[float, float, float, float]  # left, top, right, bottom
    x: Scale | None
    y: Scale | None
    drawn: list[tuple[list[Point], list[list[Point]]]]  # markers and the lines that go with them
    bars: list[tuple[float, float, str]]  # left, right and what it is filled with

    @property
    def is_scaled(self) -> bool:
        """Whether marks can be read as numbers; marks of a legend cannot."""
        return self.x is not None or self.y is not None

    @property
    def along(self) -> int:
        """Index of the value coordinate: 0 for horizontal, 1 for vertical."""
        return 0 if self.y is None else 1

    @property
    def markers(self) -> list[Point]:
        """Positions of all markers."""
        return [point for markers, _ in self.drawn for point in markers]

    @property
    def lines(self) -> list[list[Point]]:
        """The points of every unbroken line."""
        return [line for _, lines in self.drawn for line in lines]

    def points(self) -> list[Point]:
        """Values of markers, if both axes are numeric."""
        assert self.x is not None and self.y is not None
        return [
            (self.x.value(x), self.y.value(y)) for x, y in self.markers if self._is_inside((x, y))
        ]

    def values_marked(self) -> list[float]:
        """Marker positions on the value axis, without those at the ends of an interval."""
        return [
            self._value(point)
            for markers, lines in self.drawn
            if not any(self._is_range(line) for line in lines)
            for point in markers
            if self._is_inside(point)
        ]

    def ranges(self) -> list[tuple[float, float]]:
        """Both ends of every line that is parallel to the value axis."""
        return [
            (min(ends), max(ends))
            for line in self.lines
            if self._is_range(line) and line[0] != line[1] and not self._is_reference(line)
            for ends in [[self._value(point) for point in line]]
        ]

    def values(self) -> list[float]:
        """Every value of any mark, except lines of the frame."""
        of_lines = [
            self._value(point)
            for line in self.lines
            if not self._is_reference(line)
            for point in line
            if self._is_inside(point)
        ]
        return [self._value(point) for point in self.markers if self._is_inside(point)] + of_lines

    def _is_range(self, line: list[Point]) -> bool:
        return len(line) == 2 and line[0][1 - self.along] == line[1][1 - self.along]

    def _value(self, point: Point) -> float:
        scale = (self.x, self.y)[self.along]
        assert scale is not None, "the axis of values has no numbers"
        return scale.value(point[self.along])

    def _is_inside(self, point: Point) -> bool:
        left, top, right, bottom = self.box
        (x, y), slack = point, _ON_EDGE
        return left - slack <= x <= right + slack and top - slack <= y <= bottom + slack

    def _is_reference(self, line: list[Point]) -> bool:
        """Whether it is a line from edge to edge, or at zero."""
        left, top, right, bottom = self.box
        on_edge = [
            min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom)) < _ON_EDGE
            for x, y in line
        ]
        is_corner_to_corner = all(
            min(abs(x - left), abs(x - right)) < _ON_EDGE
            and min(abs(y - top), abs(y - bottom)) < _ON_EDGE
            for x, y in line
        )
        at = {point[self.along] for point in line}
        is_across = len(line) == 2 and len(at) == 1 and abs(self._value(line[0])) < 1e-6
        is_along_the_frame = all(on_edge) and len({point[1 - self.along] for point in line}) == 1
        return is_corner_to_corner or is_across or is_along_the_frame


def panels(svg: bytes) -> list[Panel]:
    """All axes of a drawing that contain marks."""
    root = ET.fromstring(svg)  # noqa: S314 - drawn by this project
    groups = (g for g in root.iter(f"{_SVG}g") if re.search(r"-axes_\d+$", g.get("id", "")))
    found = [_panel(group) for group in groups]
    # Stacked panels share the ticks of the lowest, panels side by side those of the leftmost.
    below = {panel.box[::2]: panel.x for panel in found if panel.x is not None}
    beside = {panel.box[1::2]: panel.y for panel in found if panel.y is not None}
    return [
        panel
        if panel.is_scaled
        else replace(panel, x=below.get(panel.box[::2]), y=beside.get(panel.box[1::2]))
        for panel in found
    ]


def _panel(group: ET.Element) -> Panel:
    scales: list[Scale | None] = [None, None]
    drawn: list[tuple[list[Point], list[list[Point]]]] = []
    bars: list[tuple[float, float, str]] = []
    box = None
    for child in group:
        kind = child.get("id", "").split("-")[-1].split("_")[0]
        if kind == "matplotlib.axis":
            for way, scale in enumerate(_scales(child)):
                scales[way] = scales[way] or scale
        elif kind == "line2d":
            placed = [(float(use.get("x", 0)), float(use.get("y", 0))) for use in _uses(child)]
            pieces = [line for path in _paths(child) for line in _pieces(path.get("d", ""))]
            drawn.append((placed, pieces))
        elif kind == "patch":
            for path in _paths(child):
                points = [point for piece in _pieces(path.get("d", "")) for point in piece]
                across = [x for x, _ in points]
                fill = re.search(r"fill: ([^;]+)", path.get("style", ""))
                # A white path without outline is the panel's background.
                is_ground = path.get("style", "").rstrip(";") == "fill: #ffffff"
                if is_ground and box is None:
                    down = [y for _, y in points]
                    box = (min(across), min(down), max(across), max(down))
                elif fill is not None and fill[1] != "none":
                    bars.append((min(across), max(across), fill[1]))
    return Panel(box or (0.0, 0.0, 0.0, 0.0), *scales, drawn, bars)


def _scales(axis: ET.Element) -> Iterator[Scale | None]:
    """Horizontal and vertical scale of one axis from its ticks; None if these are not numbers."""
    ticks: list[tuple[float, Point, bool]] = []
    for tick in axis:
        said = "".join(tick.itertext()).strip()
        place = next(_uses(tick), None)
        line = next(iter(_paths(tick)), None)
        is_across = "xtick" in tick.get("id", "")
        if not _TICK.match(said) or "tick" not in tick.get("id", ""):
            continue
        if place is not None:
            point = float(place.get("x", 0)), float(place.get("y", 0))
        elif line is not None:
            point = _pieces(line.get("d", ""))[0][0]
        else:
            continue
        ticks.append((float(said.rstrip("%").replace("−", "-")), point, is_across))
    for way in (0, 1):
        mine = [
            (number, point[way]) for number, point, is_across in ticks if is_across == (way == 0)
        ]
        if len(mine) < 2:
            yield None
            continue
        (low, at_low), (high, at_high) = mine[0], mine[-1]
        step = (high - low) / (at_high - at_low)
        yield Scale(low - step * at_low, step)


def _uses(group: ET.Element) -> Iterator[ET.Element]:
    return (use for use in group.iter(f"{_SVG}use") if use.get(_LINK))


def _paths(group: ET.Element) -> list[ET.Element]:
    """Paths drawn in place; those in `defs` are marker shapes."""
    shapes = {id(path) for defs in group.iter(f"{_SVG}defs") for path in defs.iter(f"{_SVG}path")}
    return [path for path in group.iter(f"{_SVG}path") if id(path) not in shapes]


def _pieces(path: str) -> list[list[Point]]:
    """The points of each connected part of a path of straight lines."""
    pieces: list[list[Point]] = []
    for command, x, y in re.findall(r"([ML]) (\S+) (\S+)", path):
        if command == "M" or not pieces:
            pieces.append([])
        pieces[-1].append((float(x), float(y)))
    return pieces
