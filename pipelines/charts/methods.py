"""All methods' estimates for one headline: the headline on top, the unsafe change last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from pipelines.catalogue.vocabulary import ESTIMATOR_LABELS
from pipelines.charts import effect_axis, style, subject
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Frames
from pipelines.charts.effect_axis import EffectLine, signed
from pipelines.charts.subject import Effect, Subject
from pipelines.released.wording import (
    UNIT_LABELS,
    capitalised,
    first_within,
    format_count,
    format_group,
    format_range,
    format_status,
    format_verdict,
    method_words,
    sentence,
)

_LINE = 0.15
_HEADLINE = "headline: both comparisons together"
_SHORT_VERDICTS = {
    "better": "Better",
    "worse": "Worse",
    "no_meaningful_difference": "Too small to matter",
    "cannot_tell": "Cannot tell",
}


@dataclass(frozen=True)
class Method:
    """One method's row: its words, its role and its estimate."""

    name: str
    role: str
    found: Effect


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart for every primary measure with a headline estimate and other methods' estimates."""
    for about in subject.primary_subjects(tables):
        methods = _methods(tables, about)
        if (
            methods
            and methods[0].role == "headline"
            and methods[0].found.is_estimated
            and any(method.found.low is not None for method in methods[1:])
        ):
            yield _chart(tables, about, methods)


def _methods(tables: Frames, about: Subject) -> list[Method]:
    """The headline, then the other methods in the order of their labels, the unsafe one last."""
    order = {"headline": 0, "robustness": 1, "naive": 2}
    rows = subject.effects(tables, about)
    # Of earlier years: not an answer to the question.
    rows.pop(("earlier_changes", "robustness"), None)
    return [
        Method(
            _HEADLINE
            if role == "headline"
            else method_words(ESTIMATOR_LABELS[estimator], subject.year_before(tables)),
            role,
            found,
        )
        for (estimator, role), found in sorted(
            rows.items(),
            key=lambda item: (order[item[0][1]], list(ESTIMATOR_LABELS).index(item[0][0])),
        )
    ]


def _chart(tables: Frames, about: Subject, methods: list[Method]) -> Chart:
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
            subject.year_status(tables, methods[0].found.status),
            about.compared_with,
            "Methods share pupils and schools: that they agree is not so many separate answers.",
        ),
        data=pd.DataFrame([_data_row(about, method) for method in methods]),
        svg=svg,
    )


def _title(about: Subject, methods: list[Method]) -> str:
    """The verdict, then the findings of other methods with an interval; the unsafe one apart."""
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
    """The finding of one interval, by the rule for verdicts; "" where there is no interval."""
    if found.ci_low is None or found.ci_high is None:
        return ""
    if found.ci_low > 0 or found.ci_high < 0:
        return "better" if (found.ci_low > 0) == about.higher_is_better else "worse"
    small = about.smallest_effect
    is_small = small is not None and -small < found.ci_low and found.ci_high < small
    return "too small" if is_small else "open"


def _what_others_say(answers: list[str]) -> str:
    """Whether the other methods agree, in seven words or fewer."""
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
def _draw(tables: Frames, about: Subject, title: str, methods: list[Method]) -> style.Sheet:
    rows = [
        EffectLine(
            capitalised(method.name),
            signed(about, method.found.low, method.found.high),
            method.found,
            is_plain=method.role == "naive",
        )
        for method in methods
        if method.found.low is not None
    ]
    silent = _silent_words(methods)
    below = _LINE * (silent.count("\n") + 1) + 0.06 if silent else 0.0
    status = format_status(methods[0].found.status)
    sheet = style.sheet(
        title,
        f"{about.label}, {subject.judged(tables)}: {about.schools} against {about.others}, "
        f"{format_group(about.pupil_group)}",
        subject.footer(tables, status, (about.key_stage,), effect_axis.key(about, rows)),
        below + effect_axis.height(rows),
    )
    effect_axis.draw(sheet, below, about, rows)
    if silent:
        sheet.write(below - 0.06, silent, va="top", fontsize=style.SMALL_SIZE)
    return sheet


def _silent_words(methods: list[Method]) -> str:
    """The methods without an estimate, each with its reason, wrapped."""
    lines = [
        f"No answer: {method.name}: {method.found.reason or 'no estimate'}"
        for method in methods
        if method.found.low is None
    ]
    return "\n".join(style.wrap(line, style.TEXT_INCHES, style.SMALL_SIZE) for line in lines)


def _alt_text(about: Subject, methods: list[Method]) -> str:
    """The headline with its interval, and the range of the other methods' estimates."""
    existed = "No such programme existed. " if about.is_placebo else ""
    headline = methods[0].found
    others = [end for m in methods if m.role == "robustness" for end in (m.found.low, m.found.high)]
    known = [end for end in others if end is not None]
    rest = f"; other methods {signed(about, min(known), max(known))}" if known else ""
    return (
        f"{existed}{about.label} of {format_group(about.pupil_group)}, one row a method, in "
        f"{UNIT_LABELS[about.unit]}. Headline {signed(about, headline.low, headline.high)} (95%: "
        f"{signed(about, headline.ci_low, headline.ci_high)}){rest}."
    )


def _data_row(about: Subject, method: Method) -> dict[str, str]:
    found, unit, decimals = method.found, about.unit, about.decimals
    return {
        "Method": capitalised(method.name),
        "Difference": format_range(found.low, found.high, unit, decimals),
        "95% interval": format_range(found.ci_low, found.ci_high, unit, decimals),
        "Programme schools": format_count(found.n_programme_schools),
        "Other schools": format_count(found.n_comparison_schools),
        "Why no answer": sentence(found.reason or "no estimate") if found.low is None else "–",
        "Release status": format_status(found.status),
    }
