"""Background to one headline for analysts: what moved it, its design, what would overturn it."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.board import annex
from pipelines.board.limits import coming_cohort_words
from pipelines.board.trends import if_trends_had_differed
from pipelines.catalogue.vocabulary import ESTIMATOR_LABELS
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, where
from pipelines.released.questions import rows_about, year_before

# Leaving out a school moves an end by less than this share of it: not worth reporting.
_STEADY_SHARE = 0.25


def behind_the_headline(headline: Row, tables: Tables) -> tuple[str, ...]:
    """Sentences on one headline that has an estimate."""
    methods = where(
        tables["impact"],
        programme=headline["programme"],
        pupil_group=headline["pupil_group"],
        measure=headline["measure"],
    )
    return (
        *_what_moved_it(headline, methods, tables),
        *_what_it_rests_on(headline, tables),
        *_error_level(headline, methods),
        *_what_would_undo_it(headline, tables),
    )


def _what_moved_it(headline: Row, methods: list[Row], tables: Tables) -> Iterator[str]:
    """How far the estimates of different methods differ."""
    by_method = {row["estimator"]: row for row in methods}
    ends = cite(headline, "distance", "estimate_low", "estimate_high")
    yield f"How schools were chosen: the two ends are {ends} apart."
    naive = by_method.get("change_since_last_year")
    if naive and not wording.is_missing(naive["expected_anyway"]):
        change = cite(naive, "effect", "estimate_low")
        anyway = cite(naive, "effect", "expected_anyway")
        yield (
            f"Change since {year_before(tables)}: {change}. If schools were picked on earlier results, "
            f"{anyway} was to be expected."
        )
    left_out = by_method.get("leave_one_school_out")
    if left_out and wording.is_shown(left_out):
        low, high = left_out["estimate_low"], left_out["estimate_high"]
        stretch = (high - low) - (headline["estimate_high"] - headline["estimate_low"])
        size = max(abs(headline["estimate_low"]), abs(headline["estimate_high"]))
        says = "moves it little" if stretch <= _STEADY_SHARE * size else "moves it a good deal"
        spread = cite(left_out, "range", "estimate_low", "estimate_high")
        yield f"Single schools: leaving out each in turn {says} ({spread})."
    if not wording.is_missing(headline["mde"]):
        mde = cite(headline, "size", "mde")
        yield (
            f"Size: with the two ends this far apart, an effect of {mde} would be seen eight times in ten, "
            "wherever between them the truth lies; a smaller one more rarely."
        )
    if not wording.is_missing(headline["p_value_holm"]):
        holm = cite(headline, "hundredths", "p_value_holm")
        yield f"Many measures: allowing for all of this programme's, p is {holm}."


def _what_it_rests_on(headline: Row, tables: Tables) -> Iterator[str]:
    """The design of the comparison, and what would make each part misleading."""
    attrition = rows_about(headline, tables["attrition"])
    if attrition:
        yield _missing_schools(attrition, tables)
    balance = rows_about(headline, tables["balance"])
    if balance:
        yield _balance(balance)
    for overlap in rows_about(headline, tables["overlap"]):
        yield _overlap(overlap)
    rates = rows_about(headline, tables["calibration"])
    if rates:
        yield (
            "Chosen by someone who knew how the coming pupils would do? Then the range is often "
            f"wrong. {coming_cohort_words(rates)}"
        )


def _missing_schools(attrition: list[Row], tables: Tables) -> str:
    lost = [row for row in attrition if not row["is_kept"]]
    if not lost:
        return "Schools missing: none that could be compared, so this cannot have moved it."
    kept = {row["side"]: row for row in attrition if row["is_kept"]}
    side_words = {"programme": "in the programme", "comparison": "of the others"}
    sides = "; ".join(
        f"{cite(row, 'count', 'n_schools')} {side_words[row['side']]} ({cite(row, 'text', 'reasons')}), all "
        f"their pupils now at {annex.all_pupils_now(row, tables)} against "
        f"{annex.all_pupils_now(kept.get(row['side']), tables)} in those kept"
        for row in lost
    )
    return (
        f"Schools missing: {sides}. This misleads only if these pupils did differently in the schools "
        "missing and in those kept."
    )


def _balance(balance: list[Row]) -> str:
    apart = "; ".join(
        f"{wording.CHARACTERISTIC_LABELS[row['characteristic']]} "
        + (
            wording.WITHHELD
            if wording.is_suppressed(row)
            else cite(row, "in_sd", "standardised_difference")
        )
        for row in balance
    )
    return (
        f"Before the programme its schools stood apart from the others by: {apart}. This "
        "misleads only if, without the programme too, the two sides’ results would have changed by "
        "different amounts, more than their earlier results suggest."
    )


def _overlap(overlap: Row) -> str:
    if wording.is_missing(overlap["programme_in_range_share"]):
        return f"Whether both sides met before: {wording.WITHHELD}."
    met = "Hardly, so the ANCOVA end extrapolates" if overlap["is_extrapolation"] else "Enough"
    words = (
        f"Did both sides meet before? {met}: of the programme's schools "
        f"{cite(overlap, 'percent', 'programme_in_range_share')} lay within the others' range, and "
        f"{cite(overlap, 'count', 'n_comparison_schools_in_range')} of "
        f"{cite(overlap, 'count', 'n_comparison_schools')} others within theirs."
    )
    columns = ("n_comparison_schools_in_evaluated", "n_comparison_schools_in_others")
    if not any(overlap[column] for column in columns):
        return f"{words} None of the others is in any programme."
    return (
        f"{words} {cite(overlap, 'percent', 'comparison_in_evaluated_share')} of the others are in another "
        f"evaluated programme and {cite(overlap, 'percent', 'comparison_in_others_share')} in one "
        "that is not evaluated. This misleads only if those programmes changed their results."
    )


def _error_level(headline: Row, methods: list[Row]) -> Iterator[str]:
    """The error level of a verdict better or worse, beside methods whose own interval holds zero."""
    if headline["verdict"] not in {"better", "worse"}:
        return
    holding = [
        ESTIMATOR_LABELS[row["estimator"]]
        for row in methods
        if row["role"] == "robustness"
        and row["estimator"] != "earlier_changes"
        and wording.is_shown(row)
        and not wording.is_missing(row["ci_low"])
        and row["ci_low"] <= 0 <= row["ci_high"]
    ]
    if holding:
        yield (
            "Error level: the verdict rests on the headline’s range alone, which is made to miss the truth "
            "in one study of twenty if it lies between the two ends. Where the ends lie apart the range can "
            "miss on one side only, so each end is held to one in twenty on that side, and an end’s own "
            "interval, which allows for both sides, may still hold zero. Here these intervals hold zero: "
            f"{'; '.join(holding)}."
        )


def _what_would_undo_it(headline: Row, tables: Tables) -> Iterator[str]:
    """What would have to be true for the verdict to be wrong."""
    if headline["verdict"] in {"better", "worse"}:
        yield (
            "What would overturn it: schools chosen on something that neither their results nor lasting "
            "quality show, such as knowledge of the coming pupils."
        )
    else:
        yield (
            "What would overturn it: no better or worse results are claimed. Any effect "
            f"{cite(headline, 'range', 'ci_low', 'ci_high')} fits these results."
        )
    trends = if_trends_had_differed(headline, tables)
    if trends:
        yield f"Both sides changing differently by themselves: {trends}"
