"""Headline effects of every evaluated programme on its primary measures, in one chart."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from pipelines.charts import effect_axis, style, subject
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Tables
from pipelines.charts.subject import Effect, Subject
from pipelines.charts.verdict_title import verdict_title
from pipelines.released.citations import Quote
from pipelines.released.wording import (
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
_ROW, _TEXT_ROW, _LINE, _HEADING, _AXIS = 0.5, 0.2, 0.16, 0.26, 0.32
_LEFT = 0.1
Row = tuple[Subject, Effect]


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart, or none if no programme has a primary measure with a headline row."""
    rows = [
        (about, found)
        for about in subject.primary_subjects(tables)
        if (found := subject.effect(tables, about, "headline")) is not None
    ]
    if not rows:
        return
    title, title_from = _title(tables, rows)
    alt_text = " ".join(
        ("Ranges of effect, one row a programme and outcome.", *(_sentence(row) for row in rows))
    )
    statuses = _statuses(rows)
    svg = _draw(tables, title, rows, statuses).save(_NAME, alt_text)
    labels = join_words(dict.fromkeys(about.label for about, _ in rows))
    groups = join_words(dict.fromkeys(format_group(about.pupil_group) for about, _ in rows))
    yield Chart(
        name=_NAME,
        title=title,
        alt_text=alt_text,
        caption=(
            f"Measure: difference between programme schools and {_others(rows)} in {labels}. "
            f"Pupils: {groups}. Schools: {subject.POPULATION}. "
            f"Place and period: {subject.place(tables)}, results of {subject.outcome_year(tables)} against "
            f"earlier years. Release status: {statuses}. {subject.source(tables, _key_stages(rows))}"
        ),
        data=pd.DataFrame([_data_row(row) for row in rows]),
        svg=svg,
        title_from=title_from,
    )


def _key_stages(rows: list[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(about.key_stage for about, _ in rows))


def _others(rows: list[Row]) -> str:
    return format_pools(about.comparison_pool for about, _ in rows)


def _title(tables: Tables, rows: list[Row]) -> tuple[str, tuple[Quote, ...]]:
    """What the verdicts come to, and the rows that each number counts."""
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


def _statuses(rows: list[Row]) -> str:
    """Release status by key stage, as "Year 6 provisional; Year 11 school returns"."""
    by_stage: dict[str, dict[str, None]] = {}
    for about, found in rows:
        by_stage.setdefault(about.pupils_year, {})[format_status(found.status)] = None
    return "; ".join(f"{stage} {join_words(words)}" for stage, words in by_stage.items())


@style.styled
def _draw(tables: Tables, title: str, rows: list[Row], statuses: str) -> style.Sheet:
    panels: dict[str, list[Row]] = {}
    for row in rows:
        panels.setdefault(row[0].measure, []).append(row)
    # Panels with ranges first, then what cannot be judged.
    order = sorted(panels.values(), key=lambda panel: not any(f.is_estimated for _, f in panel))
    height = sum(_panel_height(panel) for panel in order)
    key = (effect_axis.KEY_BRACKET, effect_axis.KEY_INTERVAL, effect_axis.KEY_SMALL)
    is_drawn = any(found.is_estimated for _, found in rows)
    key_height = style.key_height(words for words, _ in key) if is_drawn else 0.0
    sheet = style.sheet(
        title,
        f"Difference between programme schools and {_others(rows)}, "
        f"{subject.outcome_year(tables)}, by both comparisons together. "
        f"{effect_axis.favourable_side(about for about, _ in rows)}",
        subject.footer(tables, statuses, _key_stages(rows)),
        height + key_height,
    )
    if key_height:
        sheet.key(height + key_height, key)
    top = height
    for panel in order:
        _draw_panel(sheet, panel, top)
        top -= _panel_height(panel)
    return sheet


def _panel_height(panel: list[Row]) -> float:
    rows = sum(_ROW if row[1].is_estimated else _text_height(row) for row in panel)
    has_axis = any(found.is_estimated for _, found in panel)
    return _heading_height(panel) + rows + (_AXIS if has_axis else 0.0) + 0.1


def _heading(panel: list[Row]) -> str:
    """The measure, with what its effect is counted in where there is one, wrapped."""
    about = panel[0][0]
    is_drawn = any(found.is_estimated for _, found in panel)
    text = effect_axis.unit_heading(about) if is_drawn else about.label
    return style.wrap(text, style.WIDTH_INCHES - 2 * _LEFT, style.BODY_SIZE, bold=True)


def _heading_height(panel: list[Row]) -> float:
    return _HEADING + _LINE * _heading(panel).count("\n")


def _silent_words(row: Row) -> str:
    """Why a row has no range, wrapped."""
    about, found = row
    text = f"{_who(about)} – {format_verdict('cannot_tell')}: {found.reason or 'no estimate'}"
    return style.wrap(text, style.WIDTH_INCHES - 2 * _LEFT, style.BODY_SIZE)


def _text_height(row: Row) -> float:
    return _TEXT_ROW * (_silent_words(row).count("\n") + 1)


def _draw_panel(sheet: style.Sheet, panel: list[Row], top: float) -> None:
    """A heading, then rows: words above their range, or words alone where there is none."""
    drawn = [row for row in panel if row[1].is_estimated]
    silent = [row for row in panel if not row[1].is_estimated]
    width = style.WIDTH_INCHES - 2 * _LEFT
    y = top - _heading_height(panel)
    sheet.write(y + 0.06, _heading(panel), fontweight="bold")
    if drawn:
        axes = sheet.axes(_LEFT, y - _ROW * len(drawn), width, _ROW * len(drawn))
        effect_axis.prepare(axes, drawn[0][0], [found for _, found in drawn], len(drawn))
        for number, (mine, found) in enumerate(drawn):
            effect_axis.draw_bracket(axes, mine, number + 0.22, found)
            span = effect_axis.span(mine, found)
            effect_axis.write_row(axes, number, _who(mine), span, found.verdict)
        y -= _ROW * len(drawn) + _AXIS
    for mine, found in silent:
        sheet.write(y, _silent_words((mine, found)), va="top")
        y -= _text_height((mine, found))


def _who(about: Subject) -> str:
    return f"No such programme – {about.title}" if about.is_placebo else about.title


def _sentence(row: Row) -> str:
    about, found = row
    if not found.is_estimated:
        return sentence(f"{_who(about)}, {about.label}: {found.reason}")
    span = effect_axis.span(about, found)
    return f"{_who(about)}, {about.label}: {span}, {format_verdict(found.verdict)}."


def _data_row(row: Row) -> dict[str, str]:
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
        "What their 95% intervals allow": effect_axis.span(about, found)
        if found.is_estimated
        else nothing,
        "Smallest difference that matters": format_size(about.smallest_effect, unit, decimals),
        "Verdict": format_verdict(found.verdict),
        "Why": sentence(found.reason),
        "Programme schools": format_count_or_withheld(found.n_programme_schools),
        "Other schools": format_count_or_withheld(found.n_comparison_schools),
        "Release status": format_status(found.status),
    }
