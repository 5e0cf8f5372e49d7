"""`impact.md`: for each headline, every method's answer, what moved it, what capped it, what would undo it.

For the analyst who checks the page. Made from released tables only; the page itself is `page`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines import wording
from pipelines.board.findings import PLACEBO, Row, Tables, key_stage_name, measure_label, rows_of

# Below this share of an end's own size, a range over schools left out is no news.
_STEADY_SHARE = 0.25


def render(tables: Tables) -> str:
    """The report as Markdown text, one section a headline."""
    study = rows_of(tables["study"])[0]
    lines = [
        f"# How each headline came about: {study['title']}",
        "",
        f"Results of {study['outcome_year']} against {study['baseline_years']}. Protocol "
        f"{study['study_hash']}, sources {study['source_hash']}. Every run is a draft.",
    ]
    programmes = {row["programme"]: row for row in rows_of(tables["programme"])}
    for headline in rows_of(tables["impact"]):
        if headline["role"] == "headline":
            lines += ["", *_section(headline, programmes[headline["programme"]], tables)]
    return "\n".join(lines) + "\n"


def _section(headline: Row, programme: Row, tables: Tables) -> Iterator[str]:
    label = measure_label(headline["measure"], tables)
    group = wording.format_group(headline["pupil_group"])
    title = programme["title"] + (f" ({PLACEBO})" if programme["is_placebo"] else "")
    key_stage = key_stage_name(headline["measure"].split("_")[0])
    yield f"## {title}: {label}, {group} ({key_stage})"
    yield ""
    yield f"**{wording.capitalised(wording.format_verdict(headline['verdict']))}** " + (
        f"({wording.format_status(headline['release_status'])})"
    )
    if not wording.is_missing(headline["verdict_reason"]):
        yield ""
        yield wording.sentence(str(headline["verdict_reason"]))
    methods = [
        row
        for row in rows_of(tables["impact"])
        if (row["programme"], row["pupil_group"], row["measure"])
        == (headline["programme"], headline["pupil_group"], headline["measure"])
    ]
    if wording.is_missing(headline["estimate_low"]):
        return
    yield ""
    yield from _methods_table(methods)
    yield ""
    yield from (f"- {line}" for line in _what_moved_it(headline, methods))
    yield from (f"- {line}" for line in _what_would_undo_it(headline))


def _methods_table(methods: list[Row]) -> Iterator[str]:
    yield "| Method | Effect | 95% interval | p | Schools |"
    yield "|---|---|---|---|---|"
    for row in methods:
        unit, measure = row["unit"], row["measure"]
        if wording.is_missing(row["estimate_low"]):
            effect, interval = f"none: {row['verdict_reason']}", ""
        else:
            effect = (
                wording.format_effect(row["estimate_low"], unit, measure)
                if row["estimate_low"] == row["estimate_high"]
                else wording.format_range(row["estimate_low"], row["estimate_high"], unit, measure)
            )
            interval = (
                ""
                if wording.is_missing(row["ci_low"])
                else wording.format_range(row["ci_low"], row["ci_high"], unit, measure)
            )
        p_value = "" if wording.is_missing(row["p_value"]) else f"{row['p_value']:.2f}"
        n_schools = f"{row['n_programme_schools']} against {row['n_comparison_schools']}"
        name = wording.ESTIMATOR_LABELS[row["estimator"]]
        yield f"| {name} | {effect} | {interval} | {p_value} | {n_schools} |"


def _what_moved_it(headline: Row, methods: list[Row]) -> Iterator[str]:
    """Plain sentences on how far methods differ, from the rows themselves."""
    unit, measure = headline["unit"], headline["measure"]
    by_method = {row["estimator"]: row for row in methods}
    ends = wording.format_size(headline["estimate_high"] - headline["estimate_low"], unit, measure)
    yield f"How schools were chosen: the two ends are {ends} apart."
    naive = by_method.get("change_since_last_year")
    if naive and not wording.is_missing(naive["expected_anyway"]):
        change = wording.format_effect(naive["estimate_low"], unit, measure)
        anyway = wording.format_effect(naive["expected_anyway"], unit, measure)
        yield f"Weak years recover: of the {change} since last year, {anyway} was to be expected."
    left_out = by_method.get("leave_one_school_out")
    if left_out and not wording.is_missing(left_out["estimate_low"]):
        low, high = left_out["estimate_low"], left_out["estimate_high"]
        stretch = (high - low) - (headline["estimate_high"] - headline["estimate_low"])
        size = max(abs(headline["estimate_low"]), abs(headline["estimate_high"]))
        says = "moves it little" if stretch <= _STEADY_SHARE * size else "moves it a good deal"
        spread = wording.format_range(low, high, unit, measure)
        yield f"Single schools: leaving out each in turn {says} ({spread})."
    if not wording.is_missing(headline["mde"]):
        mde = wording.format_size(headline["mde"], unit, measure)
        yield f"Size: an effect of {mde} would be seen 8 times in 10; a smaller one more rarely."
    if not wording.is_missing(headline["p_value_holm"]):
        yield (
            f"Many measures: allowing for all of this programme's, p is "
            f"{headline['p_value_holm']:.2f}."
        )


def _what_would_undo_it(headline: Row) -> Iterator[str]:
    """What would have to be true for the verdict to be wrong."""
    unit, measure = headline["unit"], headline["measure"]
    low, high = headline["ci_low"], headline["ci_high"]
    if low > 0 or high < 0:
        gap = wording.format_size(min(abs(low), abs(high)), unit, measure)
        yield (
            f"To undo it: schools would have to be chosen on something that neither their results "
            f"nor lasting quality show, worth at least {gap}: the coming cohort, say."
        )
    else:
        yield (
            "To undo it: nothing has been claimed, so nothing is undone. An effect of any size "
            f"{wording.format_range(low, high, unit, measure)} would fit."
        )
