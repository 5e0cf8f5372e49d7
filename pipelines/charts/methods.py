"""Every method's answer for one headline: the headline on top, the unsafe change at the foot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from pipelines.charts import effect_axis, style, subject
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Tables
from pipelines.charts.subject import Effect, Subject
from pipelines.released.wording import (
    ESTIMATOR_LABELS,
    capitalised,
    first_within,
    format_count,
    format_group,
    format_range,
    format_signed,
    format_status,
    format_verdict,
    sentence,
)

_ROW, _AXIS = 0.36, 0.3
_LEFT, _NAMES, _FIGURES = 0.08, 2.5, 1.32
_HEADLINE = "headline: both comparisons together"
_DOT = style.PROGRAMME_MARKS | {"linestyle": "", "markevery": [1]}
_KEY_ONE: style.KeyEntry = (
    "another method, with its 95% interval",
    ({"color": style.DARK_BLUE, "linewidth": 1.6}, _DOT),
)


_SHORT_VERDICTS = {
    "better": "Better",
    "worse": "Worse",
    "no_meaningful_difference": "Too small to matter",
    "cannot_tell": "Cannot tell",
}


@dataclass(frozen=True)
class Method:
    """One method's row: its words, what it found, and whether it is the unsafe one."""

    name: str
    role: str
    found: Effect

    @property
    def is_naive(self) -> bool:
        """Whether it is the change that was to be expected anyway."""
        return self.role == "naive"


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart for every primary measure whose headline has an estimate, and others to hold against it."""
    for about in subject.primary_subjects(tables):
        methods = _methods(tables, about)
        if (
            methods
            and methods[0].role == "headline"
            and methods[0].found.is_estimated
            and any(method.found.low is not None for method in methods[1:])
        ):
            yield _chart(tables, about, methods)


def _methods(tables: Tables, about: Subject) -> list[Method]:
    """The headline, then the other methods in the order of their labels, the unsafe one last."""
    order = {"headline": 0, "robustness": 1, "naive": 2}
    rows = subject.effects(tables, about)
    return [
        Method(_HEADLINE if role == "headline" else ESTIMATOR_LABELS[estimator], role, found)
        for (estimator, role), found in sorted(
            rows.items(),
            key=lambda item: (order[item[0][1]], list(ESTIMATOR_LABELS).index(item[0][0])),
        )
    ]


def _chart(tables: Tables, about: Subject, methods: list[Method]) -> Chart:
    name = f"methods-{about.slug}"
    title = _title(about, methods)
    alt_text = _alt_text(about, methods)
    svg = _draw(tables, about, title, methods).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            "Methods share pupils and schools, so their agreement is not so many separate answers. "
            "Leaving out each school in turn gives a range of estimates, not an interval.",
            format_status(methods[0].found.status),
        ),
        data=pd.DataFrame([_data_row(about, method) for method in methods]),
        svg=svg,
    )


def _title(about: Subject, methods: list[Method]) -> str:
    """The verdict, then what the other methods with an interval say; the unsafe one apart."""
    verdict = methods[0].found.verdict or "cannot_tell"
    full = "No programme existed" if about.is_placebo else capitalised(format_verdict(verdict))
    short = "No programme existed" if about.is_placebo else _SHORT_VERDICTS[verdict]
    says = _what_others_say([_answer(about, m.found) for m in methods if m.role == "robustness"])
    return first_within(
        MAX_TITLE_WORDS,
        f"{full}; {says}",
        f"{short}; {says}",
        f"{short}; {says.replace('other methods', 'others')}",
    )


def _answer(about: Subject, found: Effect) -> str:
    """What one interval says, by the rule of verdicts; "" where there is none."""
    if found.ci_low is None or found.ci_high is None:
        return ""
    if found.ci_low > 0 or found.ci_high < 0:
        return "better" if (found.ci_low > 0) == about.higher_is_better else "worse"
    small = about.smallest_effect
    is_small = small is not None and -small < found.ci_low and found.ci_high < small
    return "too small" if is_small else "open"


def _what_others_say(answers: list[str]) -> str:
    """The agreement of the other methods, in seven words or fewer."""
    given = [answer for answer in answers if answer]
    said = {answer for answer in given if answer != "open"}
    if not given:
        return "other methods without intervals"
    if not said:
        return "other methods leave gain and loss open"
    if len(said) > 1:
        return "other methods disagree"
    many = "all" if "open" not in given else "some"
    return f"{many} other methods say {said.pop()}"


@style.styled
def _draw(tables: Tables, about: Subject, title: str, methods: list[Method]) -> style.Sheet:
    drawn = [method for method in methods if method.found.low is not None]
    silent = _silent_words(methods)
    key = (
        effect_axis.KEY_BRACKET,
        _KEY_ONE,
        effect_axis.KEY_NAIVE,
        effect_axis.KEY_SMALL,
    )
    key_height = style.key_height(words for words, _ in key)
    text_height = 0.17 * (silent.count("\n") + 1) + 0.1 if silent else 0.0
    body = _ROW * len(drawn) + _AXIS
    status = format_status(methods[0].found.status)
    sheet = style.sheet(
        title,
        f"{effect_axis.unit_heading(about)}, {subject.outcome_year(tables)}: {about.schools} "
        f"against {about.others}, {format_group(about.pupil_group)}. "
        f"{effect_axis.favourable_side([about])}",
        subject.footer(tables, status, (about.key_stage,)),
        key_height + body + text_height,
    )
    sheet.key(key_height + body + text_height, key)
    width = style.WIDTH_INCHES - _LEFT - _NAMES - _FIGURES - 0.1
    axes = sheet.axes(_LEFT + _NAMES, text_height + _AXIS, width, _ROW * len(drawn))
    effect_axis.prepare(
        axes, about, [method.found for method in drawn], len(drawn), has_words=False
    )
    for row, method in enumerate(drawn):
        _draw_row(axes, about, row, method, width)
    if silent:
        sheet.write(text_height - 0.05, silent, va="top", fontsize=style.SMALL_SIZE)
    return sheet


def _draw_row(axes: Axes, about: Subject, row: int, method: Method, width: float) -> None:
    found = method.found
    if method.role == "headline":
        effect_axis.draw_bracket(axes, about, row, found)
    elif method.is_naive:
        effect_axis.draw_naive(axes, about, row, found)
    elif found.low is not None and found.high is not None:
        effect_axis.whisker(axes, about, row, found, color=style.DARK_BLUE, linestyle="-")
        ends = [about.axis(found.low), about.axis(found.high)]
        axes.plot(ends, [row, row], zorder=4, **(style.PROGRAMME_MARKS | {"linestyle": ":"}))
    beside = axes.get_yaxis_transform()
    weight = "bold" if method.role == "headline" else "normal"
    look: dict[str, Any] = {
        "transform": beside,
        "va": "center",
        "fontsize": style.SMALL_SIZE,
        "fontweight": weight,
    }
    name = style.wrap(
        capitalised(method.name), _NAMES - 0.1, style.SMALL_SIZE, bold=weight == "bold"
    )
    axes.text(-_NAMES / width, row, name, linespacing=1.15, **look)
    axes.text(1 + 0.12 / width, row, _figures(about, found), linespacing=1.15, **look)


def _figures(about: Subject, found: Effect) -> str:
    """The estimate over its interval, signed; the unit stands in the heading."""
    low, high = (format_signed(end, about.unit, about.decimals) for end in (found.low, found.high))
    estimate = low if low == high else f"{low} to {high}"
    if found.ci_low is None or found.ci_high is None:
        return estimate
    ends = (format_signed(end, about.unit, about.decimals) for end in (found.ci_low, found.ci_high))
    return f"{estimate}\n({' to '.join(ends)})"


def _silent_words(methods: list[Method]) -> str:
    """The methods that could not answer, each with its reason, wrapped."""
    lines = [
        f"No answer: {method.name}: {method.found.reason or 'no estimate'}"
        for method in methods
        if method.found.low is None
    ]
    width = style.WIDTH_INCHES - 2 * _LEFT
    return "\n".join(style.wrap(line, width, style.SMALL_SIZE) for line in lines)


def _alt_text(about: Subject, methods: list[Method]) -> str:
    existed = "No such programme existed. " if about.is_placebo else ""
    answers = "; ".join(f"{method.name}: {_spoken(about, method.found)}" for method in methods)
    return (
        f"Dots and intervals, one row a method. {about.label} of "
        f"{format_group(about.pupil_group)}. {existed}{capitalised(answers)}."
    )


def _spoken(about: Subject, found: Effect) -> str:
    if found.low is None:
        return f"no answer, {found.reason or 'no estimate'}"
    text = format_range(found.low, found.high, about.unit, about.decimals)
    if found.ci_low is None:
        return text
    return f"{text}, 95% interval {effect_axis.span(about, found).removeprefix('between ')}"


def _data_row(about: Subject, method: Method) -> dict[str, str]:
    found, unit, decimals = method.found, about.unit, about.decimals
    return {
        "Method": capitalised(method.name),
        "Difference": format_range(found.low, found.high, unit, decimals),
        "95% interval": effect_axis.interval_words(about, found),
        "Programme schools": format_count(found.n_programme_schools),
        "Other schools": format_count(found.n_comparison_schools),
        "Why no answer": sentence(found.reason or "no estimate") if found.low is None else "–",
        "Release status": format_status(found.status),
    }
