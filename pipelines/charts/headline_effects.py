"""Headline effects of all evaluated programmes on their primary measures, in one chart."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipelines.charts import effect_axis, style, subject
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Frames
from pipelines.charts.subject import Effect, Subject
from pipelines.charts.verdict_title import verdict_title
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    UNIT_LABELS,
    first_within,
    format_count_or_withheld,
    format_group,
    format_pools,
    format_range,
    format_size,
    format_status,
    format_verdict,
    join_words,
    sentence,
)

_NAME = "headline_effects"
_LINE, _BETWEEN = 0.17, 0.14
_KEY = (
    "Dots: the two comparisons of the headline. Bar: what chance allows (95%). "
    "Grey: too small to matter."
)
SubjectEffect = tuple[Subject, Effect]


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart, or none if no programme has a primary measure with a headline row."""
    rows = [
        (about, found)
        for about in subject.primary_subjects(tables)
        if (found := subject.headline(tables, about)) is not None
    ]
    if not rows:
        return
    title, title_from = _title(tables, rows)
    alt_text = f"What chance allows (95%). {'; '.join(_spoken(row) for row in rows)}."
    statuses = _statuses(rows)
    svg = _draw(tables, title, rows, statuses).save(_NAME, alt_text)
    labels = join_words(dict.fromkeys(about.label for about, _ in rows))
    groups = join_words(dict.fromkeys(format_group(about.pupil_group) for about, _ in rows))
    yield Chart(
        name=_NAME,
        title=title,
        alt_text=alt_text,
        caption=(
            f"Difference between programme schools and {_others(rows)} in {labels}, of {groups}. "
            f"{subject.place(tables)}, {subject.judged(tables)}: {statuses}. "
            f"{subject.source(tables, _key_stages(rows))}"
        ),
        data=pd.DataFrame([_data_row(row) for row in rows]),
        svg=svg,
        title_from=title_from,
    )


def _key_stages(rows: list[SubjectEffect]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(about.key_stage for about, _ in rows))


def _others(rows: list[SubjectEffect]) -> str:
    return format_pools(about.comparison_pool for about, _ in rows)


def _title(tables: Frames, rows: list[SubjectEffect]) -> tuple[str, tuple[Quote, ...]]:
    """A summary of the verdicts, and the rows that each number counts."""
    places: dict[str, list[int]] = {}
    for place, (about, found) in enumerate(rows):
        if not about.is_placebo:
            verdict = found.verdict if found.is_estimated else None
            places.setdefault(verdict or "cannot_tell", []).append(place)
    real = [row for row in rows if not row[0].is_placebo]
    if len(real) < 2:
        return verdict_title(tables, *(real or rows)[0]), ()
    if set(places) == {"cannot_tell"}:
        n_programmes = len({about.programme for about, _ in real})
        whom = {1: real[0][0].title, 2: "either programme"}.get(n_programmes, "any programme")
        title = first_within(
            MAX_TITLE_WORDS,
            f"Cannot tell whether {whom} helped",
            "Cannot tell whether the programme helped",
        )
        return title, ()
    words = {
        "better": "better",
        "worse": "worse",
        "no_meaningful_difference": "too small",
        "cannot_tell": "cannot tell",
    }
    counts = [_counted(places[verdict]) for verdict in words if verdict in places]
    everyone = _counted([place for mine in places.values() for place in mine])
    parts = [
        f"{len(places[verdict])} {text}" for verdict, text in words.items() if verdict in places
    ]
    whole = f"Of {everyone.number} outcomes: {', '.join(parts)}"
    if len(places) == 1:
        verdict = format_verdict(next(iter(places)))
        if len(real) == 2:
            return f"Both outcomes: {verdict}", ()
        return f"All {everyone.number} outcomes: {verdict}", (everyone,)
    if len(whole.split()) <= MAX_TITLE_WORDS:
        return whole, (everyone, *counts)
    unsure = counts[-1]
    title = f"Outcomes differ; cannot tell on {unsure.number} of {everyone.number}"
    return title, (unsure, everyone)


def _counted(places: list[int]) -> Quote:
    return Quote(str(len(places)), tuple(places), "Verdict", is_count=True)


def _statuses(rows: list[SubjectEffect]) -> str:
    """Release status by key stage, such as "Year 6 provisional; Year 11 school returns"."""
    by_stage: dict[str, dict[str, None]] = {}
    for about, found in rows:
        by_stage.setdefault(about.pupils_year, {})[format_status(found.status)] = None
    return "; ".join(f"{stage} {join_words(words)}" for stage, words in by_stage.items())


@style.styled
def _draw(tables: Frames, title: str, rows: list[SubjectEffect], statuses: str) -> style.Sheet:
    by_measure: dict[str, list[SubjectEffect]] = {}
    for row in rows:
        by_measure.setdefault(row[0].measure, []).append(row)
    # Panels with ranges first, then those without an estimate.
    panels = sorted(by_measure.values(), key=lambda panel: not _drawn(panel))
    heights = [_panel_height(panel) for panel in panels]
    drawn = [row for panel in panels for row in _drawn(panel)]
    legend = _KEY if drawn else ""
    sheet = style.sheet(
        title,
        f"Difference between programme schools and {_others(rows)}, "
        f"{subject.judged(tables)}, by both comparisons together",
        subject.footer(tables, statuses, _key_stages(rows), legend),
        sum(heights),
    )
    bottom = sum(heights)
    for panel, height in zip(panels, heights, strict=True):
        bottom -= height
        _draw_panel(sheet, panel, bottom)
    return sheet


def _drawn(panel: list[SubjectEffect]) -> list[effect_axis.EffectLine]:
    return [
        effect_axis.EffectLine(_who(about), _figure(about, found), found)
        for about, found in panel
        if found.is_estimated
    ]


def _figure(about: Subject, found: Effect) -> str:
    ends = effect_axis.signed(about, found.ci_low, found.ci_high)
    return f"{ends} – {format_verdict(found.verdict)}"


def _heading(panel: list[SubjectEffect]) -> str:
    """The measure and its unit, wrapped."""
    about = panel[0][0]
    unit = f", in {UNIT_LABELS[about.unit]}" if _drawn(panel) else ""
    return style.wrap(f"{about.label}{unit}", style.TEXT_INCHES, style.BODY_SIZE, bold=True)


def _silent(panel: list[SubjectEffect]) -> str:
    """Why some rows have no range, wrapped."""
    return "\n".join(
        style.wrap(
            f"{_who(about)} – {format_verdict('cannot_tell')}: {found.reason or 'no estimate'}",
            style.TEXT_INCHES,
            style.BODY_SIZE,
        )
        for about, found in panel
        if not found.is_estimated
    )


def _panel_height(panel: list[SubjectEffect]) -> float:
    silent = _silent(panel)
    lines = _heading(panel).count("\n") + 1 + (silent.count("\n") + 1 if silent else 0)
    drawn = _drawn(panel)
    return _LINE * lines + (effect_axis.height(drawn) if drawn else 0.0) + _BETWEEN


def _draw_panel(sheet: style.Sheet, panel: list[SubjectEffect], bottom: float) -> None:
    """A heading, then the ranges, then the rows without one, in words."""
    drawn, silent = _drawn(panel), _silent(panel)
    top = bottom + _panel_height(panel)
    sheet.write(top, _heading(panel), va="top", fontweight="bold")
    y = bottom + _BETWEEN
    if silent:
        sheet.write(y, silent)
        y += _LINE * (silent.count("\n") + 1)
    if drawn:
        effect_axis.draw(sheet, y, next(a for a, found in panel if found.is_estimated), drawn)


def _who(about: Subject) -> str:
    return f"No such programme – {about.title}" if about.is_placebo else about.title


def _spoken(row: SubjectEffect) -> str:
    about, found = row
    says = _figure(about, found) if found.is_estimated else found.reason.rstrip(".")
    return f"{_who(about)}, {about.label}: {says}"


def _span(about: Subject, found: Effect) -> str:
    """The whole interval that chance allows, in words."""
    return format_range(found.ci_low, found.ci_high, about.unit, about.decimals)


def _data_row(row: SubjectEffect) -> dict[str, str]:
    about, found = row
    unit, decimals = about.unit, about.decimals
    nothing = "no estimate"
    return {
        "Programme": _who(about),
        "Pupils": format_group(about.pupil_group),
        "Outcome": about.label,
        "The two comparisons of the headline": format_range(found.low, found.high, unit, decimals)
        if found.is_estimated
        else nothing,
        "What their 95% intervals allow": _span(about, found) if found.is_estimated else nothing,
        "Smallest difference that matters": format_size(about.smallest_effect, unit, decimals),
        "Verdict": format_verdict(found.verdict),
        "Why": sentence(found.reason),
        "Programme schools": format_count_or_withheld(found.n_programme_schools),
        "Other schools": format_count_or_withheld(found.n_comparison_schools),
        "Release status": format_status(found.status),
    }
