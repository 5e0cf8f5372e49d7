"""What a change since last year would have said, against the headline."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipelines.charts import effect_axis, series_breaks, style, subject
from pipelines.charts.chart import Chart, Tables
from pipelines.charts.subject import Effect, Subject
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    format_count_or_withheld,
    format_effect,
    format_group,
    format_range,
    format_signed,
    format_status,
    format_verdict,
    sentence,
)

_NAIVE = "Change since last year (unsafe)"
_HEADLINE = "Headline: both comparisons together"
_WHY_UNSAFE = (
    "The change since last year is unsafe: schools chosen on weak results tend to recover anyway."
)


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart for every primary measure that has both a naive and a headline estimate."""
    for about in subject.primary_subjects(tables):
        naive = subject.effect(tables, about, "naive")
        headline = subject.effect(tables, about, "headline")
        if naive is None or naive.low is None or headline is None or not headline.is_estimated:
            continue
        yield _chart(tables, about, naive, headline)


def _chart(tables: Tables, about: Subject, naive: Effect, headline: Effect) -> Chart:
    name = f"naive_headline-{about.slug}"
    title, title_from = _title(about, naive, headline)
    years = subject.last_two_years(tables)
    broken = series_breaks.break_words(tables, about, years)
    broken_at = series_breaks.spoken(tables, about, years)
    alt_text = f"{_alt_text(about, naive, headline)} {broken_at}".strip()
    statuses = subject.year_status(tables, headline.status)
    svg = _draw(tables, about, title, naive, headline).save(name, alt_text)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(tables, about, statuses, _WHY_UNSAFE, broken),
        data=pd.DataFrame([_data_row(about, _NAIVE, naive), _data_row(about, _HEADLINE, headline)]),
        svg=svg,
        title_from=title_from,
    )


def _title(about: Subject, naive: Effect, headline: Effect) -> tuple[str, tuple[Quote, ...]]:
    """The finding, and which of the two rows of figures its numbers are from."""
    change = format_signed(naive.low, about.unit, about.decimals)
    its = Quote(change, (0,), "Difference")
    if about.is_placebo:
        is_apart = (naive.ci_low or 0.0) > 0 or (naive.ci_high or 0.0) < 0
        yet = ", yet" if is_apart else ";"
        return f"No programme existed{yet} last year's change says {change}", (its,)
    if headline.verdict in ("better", "worse"):
        low = format_signed(headline.ci_low, about.unit, about.decimals)
        high = format_signed(headline.ci_high, about.unit, about.decimals)
        # One number where both ends read the same, as the figures have it.
        ends = tuple(Quote(end, (1,), "95% interval") for end in dict.fromkeys((low, high)))
        said = " to ".join(end.number for end in ends)
        return f"Last year's change says {change}; headline comparison {said}", (its, *ends)
    if headline.verdict == "no_meaningful_difference":
        return f"Last year's change says {change}; headline comparison: too small", (its,)
    return f"Last year's change says {change}; headline comparison cannot tell", (its,)


@style.styled
def _draw(
    tables: Tables, about: Subject, title: str, naive: Effect, headline: Effect
) -> style.Sheet:
    rows = [
        effect_axis.Row(_NAIVE, _naive_words(about, naive), naive, is_plain=True),
        effect_axis.Row(_HEADLINE, _span(about, headline), headline),
    ]
    sheet = style.sheet(
        title,
        f"{about.label}, {subject.outcome_year(tables)}: {about.schools} against {about.others}, "
        f"{format_group(about.pupil_group)}",
        subject.footer(
            tables,
            format_status(headline.status),
            (about.key_stage,),
            effect_axis.key(about, rows),
        ),
        effect_axis.height(rows),
    )
    effect_axis.draw(sheet, 0, about, rows)
    return sheet


def _span(about: Subject, found: Effect) -> str:
    return format_range(found.ci_low, found.ci_high, about.unit, about.decimals)


def _naive_words(about: Subject, naive: Effect) -> str:
    return format_effect(naive.low, about.unit, about.decimals)


def _alt_text(about: Subject, naive: Effect, headline: Effect) -> str:
    span = _span(about, headline)
    existed = "No such programme existed. " if about.is_placebo else ""
    return (
        f"{existed}{about.label} of {format_group(about.pupil_group)}: a change since last year would "
        f"have said {_naive_words(about, naive)}, which is unsafe; the headline allows anything "
        f"{span}: {format_verdict(headline.verdict)}."
    )


def _data_row(about: Subject, way: str, found: Effect) -> dict[str, str]:
    unit, decimals = about.unit, about.decimals
    is_range = way == _HEADLINE
    return {
        "Way of comparing": way,
        "Pupils": format_group(about.pupil_group),
        "Outcome": about.label,
        "Difference": format_range(found.low, found.high, unit, decimals)
        if is_range
        else format_effect(found.low, unit, decimals),
        "95% interval": _span(about, found),
        "Verdict": format_verdict(found.verdict) if is_range else "none: unsafe",
        "Why": sentence(found.reason if is_range else _WHY_UNSAFE),
        "Programme schools": format_count_or_withheld(found.n_programme_schools),
        "Other schools": format_count_or_withheld(found.n_comparison_schools),
        "Release status": format_status(found.status),
    }
