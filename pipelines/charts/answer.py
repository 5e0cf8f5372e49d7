"""The answer for one programme and outcome, with one row for each way of choosing schools."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pandas as pd

from pipelines.charts import effect_axis, series_breaks, style, subject
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Frames
from pipelines.charts.effect_axis import EffectLine, signed
from pipelines.charts.subject import Effect, Subject
from pipelines.released.wording import (
    NOT_AVAILABLE,
    UNIT_LABELS,
    first_within,
    format_count_or_withheld,
    format_group,
    format_size,
    format_status,
    format_verdict,
    results_before,
)

_LINE = 0.165
_WAYS = {
    "ancova": "If picked on {}",
    "change_from_baseline_mean": "If picked for a lasting need",
}
_TOGETHER, _PLAIN = "Both comparisons together", "Plain change since {} (misleads)"
_TITLES = {
    "better": "Better than expected on both comparisons",
    "worse": "Worse than expected on both comparisons",
    "no_meaningful_difference": "Any difference is too small to matter",
}


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart for every primary measure whose headline has an estimate."""
    drawn = []
    for about in subject.primary_subjects(tables):
        found = {way: effect for (way, _), effect in subject.effects(tables, about).items()}
        headline = found.get("bracket")
        if headline is not None and headline.is_estimated:
            drawn.append((about, headline, _rows(tables, about, found)))
    n_charts = Counter(about.programme for about, _, _ in drawn)
    for about, headline, rows in drawn:
        title = _title(about, headline, is_one_of_several=n_charts[about.programme] > 1)
        yield _chart(tables, about, title, headline, rows)


def _rows(tables: Frames, about: Subject, found: dict[str, Effect]) -> list[EffectLine]:
    """Both ways of choosing schools, or the bracket if one is withheld; then the plain change."""
    before = subject.year_before(tables)
    ways = {
        words.format(results_before(before)): found[way]
        for way, words in _WAYS.items()
        if way in found
    }
    if len(ways) < len(_WAYS) or not all(way.is_estimated for way in ways.values()):
        ways = {_TOGETHER: found["bracket"]}
    rows = [EffectLine(words, signed(about, way.low, way.high), way) for words, way in ways.items()]
    plain = found.get("change_since_last_year")
    if plain is not None and plain.low is not None:
        words, change = _PLAIN.format(before), signed(about, plain.low, plain.high)
        rows.append(EffectLine(words, change, plain, is_plain=True))
    return rows


def _chart(
    tables: Frames, about: Subject, title: str, headline: Effect, rows: Sequence[EffectLine]
) -> Chart:
    name = f"answer-{about.slug}"
    broken_at = series_breaks.spoken(tables, about, subject.last_two_years(tables))
    alt_text = f"{_alt_text(about, headline, rows)} {broken_at}".strip()
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=subject.caption(
            tables,
            about,
            subject.year_status(tables, headline.status),
            about.compared_with,
            broken_at,
        ),
        data=_data(about, headline, rows),
        svg=_draw(tables, about, title, headline, rows).save(name, alt_text),
    )


def _title(about: Subject, headline: Effect, *, is_one_of_several: bool) -> str:
    """The finding; of a programme with several charts it names the pupils' year first."""
    low, high = headline.ci_low or 0.0, headline.ci_high or 0.0
    # An interval on one side of zero is still undecided if an end extrapolates or schools changed.
    unsure = "gains and losses both fit" if low <= 0 <= high else "not compared like with like"
    finding = _TITLES.get(headline.verdict or "", f"Cannot tell: {unsure}")
    if is_one_of_several:
        finding = f"{about.pupils_year}: {finding[:1].lower()}{finding[1:].replace(':', ',')}"
    if not about.is_placebo:
        return finding
    return first_within(
        MAX_TITLE_WORDS,
        f"No programme existed; {finding if is_one_of_several else finding[:1].lower() + finding[1:]}",
        f"No programme existed; {about.pupils_year}: {format_verdict(headline.verdict)}",
    )


@style.styled
def _draw(
    tables: Frames, about: Subject, title: str, headline: Effect, rows: Sequence[EffectLine]
) -> style.Sheet:
    year = subject.judged(tables)
    whom = f"{about.label}, {about.pupils_year} {format_group(about.pupil_group)}, {year}"
    programme = style.wrap(about.title, style.TEXT_INCHES, style.BODY_SIZE, bold=True)
    measured = style.wrap(whom, style.TEXT_INCHES, style.BODY_SIZE)
    body = effect_axis.height(rows) + 0.06
    below = body + _LINE * (measured.count("\n") + 1)
    sheet = style.sheet(
        title,
        "",
        subject.footer(
            tables,
            format_status(headline.status),
            (about.key_stage,),
            effect_axis.key(about, rows, headline.mde),
            about.compared_with,
        ),
        below + _LINE * (programme.count("\n") + 1),
    )
    sheet.write(below, programme, fontweight="bold")
    sheet.write(body, measured)
    effect_axis.draw(sheet, 0, about, rows, headline.mde)
    return sheet


def _alt_text(about: Subject, headline: Effect, rows: Sequence[EffectLine]) -> str:
    existed = "No such programme existed. " if about.is_placebo else ""
    ways = "; ".join(
        f"{row.words[:1].lower()}{row.words[1:]}, {row.figure} "
        f"({signed(about, row.found.ci_low, row.found.ci_high)})"
        for row in rows
        if not row.is_plain
    )
    return (
        f"{existed}{about.title}, {about.label}, in {UNIT_LABELS[about.unit]}, with what chance "
        f"allows (95%): {ways}. Verdict: {format_verdict(headline.verdict)}."
    )


def _data(about: Subject, headline: Effect, rows: Sequence[EffectLine]) -> pd.DataFrame:
    """The rows drawn, and the headline that gives the verdict."""
    found = {row.words: row.found for row in rows}
    return pd.DataFrame(
        [
            {
                "Way of comparing": words,
                "Pupils": format_group(about.pupil_group),
                "Outcome": about.label,
                "Difference": signed(about, row.low, row.high),
                "95% interval": NOT_AVAILABLE
                if row.ci_low is None
                else signed(about, row.ci_low, row.ci_high),
                "Smallest difference that matters": format_size(
                    about.smallest_effect, about.unit, about.decimals
                ),
                "Smallest difference likely to show": format_size(
                    headline.mde, about.unit, about.decimals
                ),
                "Verdict": format_verdict(row.verdict) if words == _TOGETHER else "–",
                "Programme schools": format_count_or_withheld(row.n_programme_schools),
                "Other schools": format_count_or_withheld(row.n_comparison_schools),
                "Release status": format_status(row.status),
            }
            for words, row in (found | {_TOGETHER: headline}).items()
        ]
    )
