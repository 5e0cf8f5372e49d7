"""How many of 100 such studies would detect a true effect of each size, for every headline.

Computed from the released minimum detectable effect (mde) by the normal approximation:

    power(x) = Phi((z_0.975 + z_0.8) * |x| / mde - z_0.975), z_0.975 = 1.960, z_0.8 = 0.8416

which is 80% at the mde. `pipelines.impact.imbens_manski.detectable_effect` computes the mde.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from statistics import NormalDist
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from pipelines.charts import style, subject
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Frames
from pipelines.charts.subject import Effect, Subject
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    NUMBER,
    UNIT_LABELS,
    first_within,
    format_group,
    format_in_100,
    format_size,
    format_status,
)

_Z_975, _Z_80 = (NormalDist().inv_cdf(share) for share in (0.975, 0.8))
_HEIGHT, _LEFT, _BELOW = 2.6, 0.5, 0.5
_WIDTH = style.WIDTH_INCHES - _LEFT - 0.12
_REACH, _POINTS = 1.5, 30  # extent of the curve in multiples of mde; its largest number of points
_FAR = 2.2  # multiple of mde at which all but a few in 10,000 studies detect the effect
_WORTH, _LIKELY = "worth having", "likely to show"
_SIZE, _SEEN, _WHAT = "Size of the true effect", "Seen in", "What it is"


def power(effect: float, mde: float) -> float:
    """The power to detect a true effect, given that it is 80% at `mde`, in the same unit."""
    return NormalDist().cdf((_Z_975 + _Z_80) * abs(effect) / mde - _Z_975)


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart for every primary measure of a real programme whose headline has an mde."""
    for about in subject.primary_subjects(tables):
        headline = subject.headline(tables, about)
        if headline is not None and headline.mde and not about.is_placebo:
            yield _chart(tables, about, headline, headline.mde)


def _chart(tables: Frames, about: Subject, headline: Effect, mde: float) -> Chart:
    name = f"power_curve-{about.slug}"
    marks = {_LIKELY: mde}
    if about.smallest_effect:
        marks = {_WORTH: about.smallest_effect, **marks}
    rows = [
        *((words, size) for words, size in marks.items()),
        *(("–", n) for n in _sizes(about, mde)),
    ]
    data = pd.DataFrame(
        [
            {
                _SIZE: format_size(size, about.unit, about.decimals),
                _SEEN: _seen(size, mde),
                _WHAT: words,
            }
            for words, size in rows
        ]
    )
    title = first_within(
        MAX_TITLE_WORDS,
        f"An effect {next(iter(marks))}: seen in {data[_SEEN].iloc[0]} studies",
        f"{next(iter(marks)).capitalize()}: seen in {data[_SEEN].iloc[0]} studies",
    )
    shown = "; ".join(
        f"{format_size(size, about.unit, about.decimals)}, {words}, in {_seen(size, mde)}"
        for words, size in marks.items()
    )
    alt_text = (
        f"{about.title}, {about.label} of {format_group(about.pupil_group)}: how many of 100 such "
        f"studies would see a true effect of each size. {shown[:1].upper()}{shown[1:]}."
    )
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            subject.year_status(tables, headline.status),
            about.compared_with,
            "By the normal approximation, from the smallest effect likely to show.",
        ),
        data=data,
        svg=_draw(tables, about, title, headline, marks).save(name, alt_text),
        title_from=tuple(Quote(n, (0,), _SEEN) for n in NUMBER.findall(data[_SEEN].iloc[0])),
    )


def _seen(size: float, mde: float) -> str:
    return format_in_100(power(size, mde)).replace(" in ", " of ")


def _sizes(about: Subject, mde: float) -> list[float]:
    """Effect sizes from zero, in round steps that the measure's decimals can show."""
    least = 10.0**-about.decimals / (100 if about.unit == "share" else 1)
    reach = max(_REACH * mde, 1.1 * min(about.smallest_effect or 0.0, _FAR * mde))
    rough = max(reach / _POINTS, least)
    whole = 10.0 ** math.floor(math.log10(rough) + 1e-9)
    step = next(n * whole for n in (1, 2, 5, 10) if n * whole >= rough * (1 - 1e-9))
    return [number * step for number in range(math.ceil(reach / step) + 1)]


@style.styled
def _draw(
    tables: Frames, about: Subject, title: str, headline: Effect, marks: Mapping[str, float]
) -> style.Sheet:
    mde, sizes = marks[_LIKELY], _sizes(about, marks[_LIKELY])
    sheet = style.sheet(
        title,
        f"{about.title}: {about.label}. Of 100 such studies, how many would see a true effect of "
        "each size",
        subject.footer(tables, format_status(headline.status), (about.key_stage,)),
        _HEIGHT,
    )
    axes = sheet.axes(_LEFT, _BELOW, _WIDTH, _HEIGHT - _BELOW - 0.1)
    axes.set_xlim(0, about.axis(sizes[-1]))
    axes.set_ylim(0, 100)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_xlabel(f"true effect, {UNIT_LABELS[about.unit]}", loc="left", fontsize=style.BODY_SIZE)
    curve = [(about.axis(size), 100 * power(size, mde)) for size in sizes]
    axes.plot(*zip(*curve, strict=True), color=style.DARK_BLUE, zorder=3)
    near = {words: size for words, size in marks.items() if size <= _FAR * mde}
    for words, size in near.items():
        _mark(axes, about, (words, size, mde), is_left=size < max(near.values()))
    return sheet


def _mark(axes: Axes, about: Subject, what: tuple[str, float, float], *, is_left: bool) -> None:
    """A dashed line and a dot at a size, labelled away from the curve: upper left, lower right."""
    words, size, mde = what
    x, y = about.axis(size), 100 * power(size, mde)
    figure = format_size(size, about.unit, about.decimals).partition(" ")[0]
    seen = _seen(size, mde)
    axes.axvline(x, color=style.TEXT, linewidth=1, linestyle=(0, (3, 3)), zorder=2)
    dot = style.PROGRAMME_MARKS | {"linestyle": "", "zorder": 4}
    axes.plot([x], [y], label=f"{words}: {figure}, seen in {seen}", **dot)
    look: dict[str, Any] = {"fontsize": style.SMALL_SIZE, "linespacing": 1.2}
    apart = 0.07 / _WIDTH * axes.get_xlim()[1]
    text = f"{words}:\n{figure}, seen in\n{seen}"
    if is_left and size < mde:
        axes.text(x + apart, 97, text, va="top", **look)
    elif is_left:
        axes.text(x - apart, 97, text, va="top", ha="right", **look)
    else:
        axes.text(x + apart, 4, text, va="bottom", **look)
