"""Lines by academic year with intervals and marked gaps, shared by the charts by year."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipelines.charts import style
from pipelines.charts.subject import Reading, Subject
from pipelines.released.wording import MINUS, capitalised, format_interval

_LINE = 0.155
NOT_ALIKE = "not measured alike"
_DODGE = 0.05  # keeps two intervals of one year apart


def draw_line(
    axes: Axes,
    subject: Subject,
    readings: Sequence[Reading],
    marks: dict[str, Any],
    side: int,
    *,
    breaks: Collection[str] = (),
) -> None:
    """One line with 95% intervals, broken at a missing year and before a break in series.

    `side` (−1, 0 or 1) shifts the line so that two lines' intervals do not overlap.
    """
    places: list[tuple[float, float]] = []
    for position, reading in enumerate(readings):
        x, y = position + side * _DODGE, subject.axis(reading.mean)
        if reading.academic_year in breaks:
            places.append((x, float("nan")))
        places.append((x, y))
        tip = f"{reading.academic_year}: {subject.value(reading.mean)}"
        if reading.has_interval:
            tip += f" (95%: {interval_of(reading, subject)})"
            _draw_interval(axes, subject, reading, x, {"color": marks["color"], "label": tip})
        if not reading.is_missing:
            axes.plot([x], [y], zorder=4, label=tip, **(marks | {"linestyle": ""}))
    across, up = zip(*places, strict=True)
    axes.plot(across, up, zorder=3, **(marks | {"marker": ""}))


def _draw_interval(
    axes: Axes, subject: Subject, reading: Reading, x: float, look: dict[str, Any]
) -> None:
    """A vertical interval, with an arrow at an end where it is cut."""
    ends = [subject.axis(reading.ci_low), subject.axis(reading.ci_high)]
    axes.plot([x, x], ends, linewidth=1.2, zorder=2, **look)
    for end, (arrow, is_cut) in enumerate(zip("v^", reading.is_cut, strict=True)):
        if is_cut:
            cut = look | {"marker": arrow, "markersize": 6, "markevery": [end], "linewidth": 1.2}
            axes.plot([x, x], ends, clip_on=False, zorder=2, **cut)


def spoken(subject: Subject, lines: Mapping[str, Sequence[Reading]]) -> str:
    """Every line's values by year, as one sentence."""
    words = (
        f"{name}: "
        + ", ".join(
            f"{reading.missing_reason or subject.value(reading.mean)} in {reading.academic_year}"
            for reading in line
        )
        for name, line in lines.items()
    )
    return f"{capitalised('; '.join(words))}."


def interval_of(reading: Reading, subject: Subject) -> str:
    """The interval in words, or why there is none."""
    return reading.missing_reason or format_interval(
        reading.ci_low, reading.ci_high, subject.unit, subject.decimals
    )


def interval_words(lines: Sequence[Sequence[Reading]]) -> str:
    """What the thin lines and arrows mean, and why some values have none."""
    drawn = [reading for readings in lines for reading in readings if not reading.is_missing]
    is_any_cut = any(any(reading.is_cut) for reading in drawn)
    arrows = " (arrow: cut where a share can go no further)" if is_any_cut else ""
    return f"with 95% intervals{arrows}"


def draw_years(axes: Axes, lines: Sequence[Sequence[Reading]]) -> None:
    """The year axis with release statuses beneath, for any number of lines.

    Where space is short, text is smaller, then the statuses are left to the caption.
    """
    labels = year_words(lines)
    room = style.inches(axes)[0] / len(labels) - 0.04
    years = [label.partition("\n")[0] for label in labels]
    for words, size in (
        (labels, style.BODY_SIZE),
        (labels, style.SMALL_SIZE),
        ([style.wrap(label, room, style.SMALL_SIZE) for label in labels], style.SMALL_SIZE),
        (years, style.SMALL_SIZE),
        # The years of the tests: 2018 for 2017-18.
        ([f"20{year[-2:]}" for year in years], style.SMALL_SIZE),
    ):
        widest = max(style.text_width(part, size) for word in words for part in word.split("\n"))
        if widest <= room:
            break
    axes.set_xticks(range(len(labels)), words, fontsize=size)
    axes.set_xlim(-0.5, len(labels) - 0.5)


def year_words(lines: Sequence[Sequence[Reading]]) -> list[str]:
    """Each year above its release status."""
    labels = []
    for readings in zip(*lines, strict=True):
        known = [reading for reading in readings if reading.status is not None] or readings[:1]
        words = ", ".join(dict.fromkeys(reading.how_final for reading in known))
        labels.append(f"{readings[0].academic_year}\n{words}")
    return labels


def value_mark(subject: Subject) -> Callable[[float, object], str]:
    """The formatter of a value axis in the measure's unit: "40%", "−2"."""
    suffix = "%" if subject.unit == "share" else ""
    return lambda value, _: f"{value:g}".replace("-", MINUS) + suffix


def draw_values(axes: Axes, subject: Subject) -> None:
    """The value axis, with a line at zero where zero is in range."""
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(value_mark(subject))
    low, high = axes.get_ylim()
    if low < 0 < high:
        axes.axhline(0, color=style.RULE, linewidth=1, zorder=1)


def mark_missing(axes: Axes, lines: Mapping[str, Sequence[Reading]], width_inches: float) -> None:
    """Shade each year in which a line has no mean, with the reason at the foot of the panel."""
    for position, readings in enumerate(zip(*lines.values(), strict=True)):
        reasons = {
            name: reading.missing_reason
            for name, reading in zip(lines, readings, strict=True)
            if reading.is_missing
        }
        if not reasons:
            continue
        axes.axvspan(position - 0.28, position + 0.28, color=style.BAND, linewidth=0, zorder=0)
        if len(reasons) == len(lines) and len(set(reasons.values())) == 1:
            text = next(iter(reasons.values()))
        else:
            text = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        axes.text(
            position,
            0.03,
            style.wrap(text, width_inches, style.SMALL_SIZE),
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=style.SMALL_SIZE,
        )


def mark_breaks(axes: Axes, years: Sequence[str], breaks: Collection[str]) -> None:
    """A dashed line before each year from which values are not comparable with earlier ones.

    The label is above the lines, or vertical beside it where several would overlap.
    """
    places = [position - 0.5 for position, year in enumerate(years) if position and year in breaks]
    across: dict[str, Any] = {"va": "top", "ha": "center", "linespacing": 1.1}
    upright: dict[str, Any] = {"va": "bottom", "ha": "right", "rotation": 90}
    for place in places:
        axes.axvline(place, color=style.RULE, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        axes.text(
            place,
            0.02 if len(places) > 1 else 1.0,
            NOT_ALIKE if len(places) > 1 else NOT_ALIKE.replace(" alike", "\nalike"),
            transform=axes.get_xaxis_transform(),
            fontsize=style.SMALL_SIZE,
            bbox=style.BEHIND_TEXT,
            **(upright if len(places) > 1 else across),
        )


def limits(
    subject: Subject, lines: Sequence[Sequence[Reading]], room: float = 0.1
) -> tuple[float, float]:
    """Value limits in axis units that contain every interval; shares stay within 0 to 100."""
    ends = [
        subject.axis(end)
        for readings in lines
        for r in readings
        for end in (r.ci_low, r.mean, r.ci_high)
    ]
    within = (0.0, 100.0) if subject.unit == "share" else None
    return style.padded_limits(ends, room, within)


def label_ends(
    axes: Axes,
    subject: Subject,
    lines: Mapping[str, Sequence[Reading]],
    room: float,
) -> None:
    """Each line's name and last value beside its end, moved apart, the first line's in bold.

    `room` is the space right of the panel in inches. Very long names are cut; the table has them.
    """
    # Clear of the reason written in a last year without a figure.
    is_early = any(line[-1].is_missing for line in lines.values())
    low, high = axes.get_ylim()
    width, height = style.inches(axes)
    inch = (high - low) / height
    labels = []
    for number, (name, line) in enumerate(lines.items()):
        drawn = [(i, reading) for i, reading in enumerate(line) if not reading.is_missing]
        if drawn:
            position, reading = drawn[-1]
            short = style.shortened(name, 2.2 * room, style.BODY_SIZE)
            words = style.wrap(short, room - 0.12, style.BODY_SIZE, bold=not number)
            text = f"{words}\n{subject.value(reading.mean)}"
            x = len(line) - 0.46 if is_early else position + 0.16 * len(line) / width
            labels.append((subject.axis(reading.mean), x, text, "normal" if number else "bold"))
    labels.sort()
    sizes = [(text.count("\n") + 1.3) * _LINE * inch for _, _, text, _ in labels]
    places = style.spread([y for y, *_ in labels], sizes, low, high)
    for (_, x, text, weight), y in zip(labels, places, strict=True):
        look: dict[str, Any] = {"va": "center", "linespacing": 1.25, "bbox": style.BEHIND_TEXT}
        axes.text(x, y, text, fontweight=weight, **look)
