"""`impact.md`: for each headline, every method's answer, what moved it, what capped it, what would undo it.

For the analyst who checks the page. Made from released tables only; the page itself is `page`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from pipelines import wording
from pipelines.board.cited import Row, Tables, cite, plain, released_rows, where
from pipelines.board.findings import PLACEBO, key_stage_of, measure_label

# Below this share of an end's own size, a range over schools left out is no news.
_STEADY_SHARE = 0.25


def render(released: Mapping[str, pd.DataFrame]) -> str:
    """The report as Markdown text, one section a headline."""
    tables = released_rows(released)
    (study,) = tables["study"]
    lines = [
        f"# How each headline came about: {study['title']}",
        "",
        f"Results of {study['outcome_year']} against {study['baseline_years']}. Protocol "
        f"{study['study_hash']}, sources {study['source_hash']}. Every run is a draft.",
    ]
    programmes = {row["programme"]: row for row in tables["programme"]}
    for headline in where(tables["impact"], role="headline"):
        lines += ["", *_section(headline, programmes[headline["programme"]], tables)]
    return plain("\n".join(lines)) + "\n"


def _section(headline: Row, programme: Row, tables: Tables) -> Iterator[str]:
    label = measure_label(headline["measure"], tables)
    group = wording.format_group(headline["pupil_group"])
    title = programme["title"] + (f" ({PLACEBO})" if programme["is_placebo"] else "")
    yield f"## {title}: {label}, {group} ({key_stage_of(headline)})"
    yield ""
    yield f"**{wording.capitalised(wording.format_verdict(headline['verdict']))}** " + (
        f"({wording.format_status(headline['release_status'])})"
    )
    if not wording.is_missing(headline["verdict_reason"]):
        yield ""
        yield wording.sentence(str(headline["verdict_reason"]))
    methods = where(
        tables["impact"],
        programme=headline["programme"],
        pupil_group=headline["pupil_group"],
        measure=headline["measure"],
    )
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
        effect, interval = f"none: {row['verdict_reason']}", ""
        if not wording.is_missing(row["estimate_low"]):
            is_single = row["estimate_low"] == row["estimate_high"]
            effect = (
                cite(row, "effect", "estimate_low")
                if is_single
                else cite(row, "range", "estimate_low", "estimate_high")
            )
            has_interval = not wording.is_missing(row["ci_low"])
            interval = cite(row, "range", "ci_low", "ci_high") if has_interval else ""
        has_test = not wording.is_missing(row["p_value"])
        p_value = cite(row, "hundredths", "p_value") if has_test else ""
        n_schools = (
            f"{cite(row, 'count', 'n_programme_schools')} against "
            f"{cite(row, 'count', 'n_comparison_schools')}"
        )
        name = wording.ESTIMATOR_LABELS[row["estimator"]]
        yield f"| {name} | {effect} | {interval} | {p_value} | {n_schools} |"


def _what_moved_it(headline: Row, methods: list[Row]) -> Iterator[str]:
    """Plain sentences on how far methods differ, from the rows themselves."""
    by_method = {row["estimator"]: row for row in methods}
    ends = cite(headline, "distance", "estimate_low", "estimate_high")
    yield f"How schools were chosen: the two ends are {ends} apart."
    naive = by_method.get("change_since_last_year")
    if naive and not wording.is_missing(naive["expected_anyway"]):
        change = cite(naive, "effect", "estimate_low")
        anyway = cite(naive, "effect", "expected_anyway")
        yield f"Weak years recover: of the {change} since last year, {anyway} was to be expected."
    left_out = by_method.get("leave_one_school_out")
    if left_out and not wording.is_missing(left_out["estimate_low"]):
        low, high = left_out["estimate_low"], left_out["estimate_high"]
        stretch = (high - low) - (headline["estimate_high"] - headline["estimate_low"])
        size = max(abs(headline["estimate_low"]), abs(headline["estimate_high"]))
        says = "moves it little" if stretch <= _STEADY_SHARE * size else "moves it a good deal"
        spread = cite(left_out, "range", "estimate_low", "estimate_high")
        yield f"Single schools: leaving out each in turn {says} ({spread})."
    if not wording.is_missing(headline["mde"]):
        mde = cite(headline, "size", "mde")
        yield f"Size: an effect of {mde} would be seen 8 times in 10; a smaller one more rarely."
    if not wording.is_missing(headline["p_value_holm"]):
        holm = cite(headline, "hundredths", "p_value_holm")
        yield f"Many measures: allowing for all of this programme's, p is {holm}."


def _what_would_undo_it(headline: Row) -> Iterator[str]:
    """What would have to be true for the verdict to be wrong."""
    low, high = headline["ci_low"], headline["ci_high"]
    if low > 0 or high < 0:
        gap = cite(headline, "size", "ci_low" if low > 0 else "ci_high")
        yield (
            f"To undo it: schools would have to be chosen on something that neither their results "
            f"nor lasting quality show, worth at least {gap}: the coming cohort, say."
        )
    else:
        yield (
            "To undo it: nothing has been claimed, so nothing is undone. An effect of any size "
            f"{cite(headline, 'range', 'ci_low', 'ci_high')} would fit."
        )
