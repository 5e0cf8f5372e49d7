"""The technical annex's tables: estimates by method, attrition, balance, overlap, error rates.

Tables on what the programmes did, the sources and the checks are in `tables`.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.board.limits import simulated_size
from pipelines.board.tables import NONE, or_none, table_of, withheld_or
from pipelines.catalogue.vocabulary import ESTIMATOR_LABELS
from pipelines.document.blocks import Table
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, capitalised, cite, where
from pipelines.released.questions import (
    in_sentence,
    is_anything_rounded,
    key_stage_of,
    measure_label,
    n_pupils_words,
    programme_title,
    rows_about,
    year_before,
)


def methods(headline: Row, tables: Tables) -> Table:
    """Estimates of one headline by every method."""
    rows = where(rows_about(headline, tables["impact"]), pupil_group=headline["pupil_group"])
    label = measure_label(headline["measure"], tables)
    group = wording.format_group(headline["pupil_group"])
    return table_of(
        f"{programme_title(headline, tables)}: {in_sentence(label)}, {group} "
        f"({key_stage_of(headline)}), every method",
        rows,
        {
            "Method": lambda row: wording.method_words(
                ESTIMATOR_LABELS[row["estimator"]], year_before(tables)
            ),
            "Effect": _effect_or_reason,
            f"{cite(tables['study'][0], 'percent', 'confidence_share')} interval": lambda row: (
                _of_interval(row, "range", "ci_low", "ci_high")
            ),
            "p": lambda row: _of_interval(row, "hundredths", "p_value"),
            "Schools": lambda row: (
                f"{cite(row, 'count', 'n_programme_schools')} against "
                f"{cite(row, 'count', 'n_comparison_schools')}"
            ),
        },
        note="A method compares the schools that have the results it needs, so numbers of schools differ.",
    )


def by_year(headline: Row, tables: Tables) -> Table:
    """A headline's effect in each of several outcome years alone; no rows with one."""
    (study,) = tables["study"]
    return table_of(
        f"{programme_title(headline, tables)}: "
        f"{in_sentence(measure_label(headline['measure'], tables))} "
        f"({key_stage_of(headline)}), year by year",
        rows_about(headline, tables["answer_by_year"]),
        {
            "Outcome year": lambda row: str(row["academic_year"]),
            "Effect in that year alone": lambda row: (
                cite(row, "range", "estimate_low", "estimate_high")
                if wording.is_shown(row)
                else (wording.WITHHELD if wording.is_suppressed(row) else NONE)
            ),
            f"{cite(study, 'percent', 'confidence_share')} interval": lambda row: _of_interval(
                row, "range", "ci_low", "ci_high"
            ),
            "Schools": lambda row: (
                f"{cite(row, 'count', 'n_programme_schools')} against "
                f"{cite(row, 'count', 'n_comparison_schools')}"
            ),
            "Verdict on the years so far": lambda row: (
                NONE
                if wording.is_missing(row["verdict_so_far"])
                else wording.format_verdict(row["verdict_so_far"])
            ),
        },
        note="A year alone gets no verdict: it is one part of the answer, and by chance years differ.",
    )


# The size of simulated schools: headlines of one size share a table.
_SIMULATED = (
    "n_simulated_programme_schools",
    "n_simulated_schools",
    "n_simulated_pupils_a_school",
    "is_prior_adjusted",
    "is_progress",
    "n_simulated_outcome_years",
)
_JUDGED = {
    "files": "Values in the files: codes, ranges, blanks, doubles, rows accounted for",
    "relations": "Rules between files: schools, programmes, dates, counts",
    "tables": "Values in the tables made of them",
}


def data_checks(tables: Tables) -> Table:
    """The data checks by kind, and the warnings for a person to review."""
    kinds = [row for row in tables["data_check"] if wording.is_missing(row["problem"])]
    warned = [row for row in tables["data_check"] if row not in kinds]
    return table_of(
        "What was checked of the data",
        kinds,
        {
            "Checked": lambda row: _JUDGED[row["judged"]],
            "Rules": lambda row: cite(row, "count", "n_rules"),
            "To look at": lambda row: (
                "; ".join(
                    f"{cite(found, 'text', 'problem')} ({cite(found, 'count', 'n_places')})"
                    for found in warned
                    if found["judged"] == row["judged"]
                )
                or NONE
            ),
        },
        note="A rule that stops a run held, or there would be no page. One that only warns is named, "
        "with the number of places.",
        if_empty="No check is on record.",
    )


def attrition(tables: Tables) -> Table:
    """Schools kept in and lost from each headline comparison, with all their pupils' results."""
    sides: dict[tuple[str, str, str], dict[bool, Row]] = {}
    for row in _of_headlines("attrition", tables):
        place = (row["programme"], row["measure"], row["side"])
        sides.setdefault(place, {})[bool(row["is_kept"])] = row
    rows = []
    for standing in sides.values():
        kept, lost = standing.get(True), standing.get(False)
        about = kept or lost
        if about is None:
            continue
        rows.append(
            (
                _comparison(about, tables),
                "programme" if about["side"] == "programme" else "others",
                NONE if kept is None else cite(kept, "count", "n_schools"),
                all_pupils_now(kept, tables),
                NONE if lost is None else or_none(lost, "reasons"),
                all_pupils_now(lost, tables),
            )
        )
    return Table(
        "Schools that could be compared, kept and lost",
        (
            "Comparison",
            "Side",
            "Schools kept",
            "All their pupils now",
            "Schools lost, and why",
            "All the lost schools’ pupils now",
        ),
        tuple(rows),
        note=("Pupils are rounded. " if is_anything_rounded(tables) else "")
        + "Special schools, and schools without the key stage, are never compared and so not lost.",
        if_empty="Nothing can be compared yet, so no school is missing.",
    )


def all_pupils_now(row: Row | None, tables: Tables) -> str:
    """ "53% (about 870 pupils)" or, of public results, "53% (866 pupils)".

    The mean over all pupils in the schools kept or lost.
    """
    if row is None:
        return NONE
    if wording.is_suppressed(row):
        return wording.WITHHELD
    if not wording.is_shown(row):
        return wording.NOT_AVAILABLE
    return f"{cite(row, 'value', 'mean')} ({n_pupils_words(row, 'n_pupils', tables)} pupils)"


def balance(tables: Tables) -> Table:
    """Differences between the two sides of each headline before the programme."""
    return table_of(
        "Both sides before the programme",
        list(_of_headlines("balance", tables)),
        {
            "Comparison": lambda row: _comparison(row, tables),
            "Before the programme": lambda row: wording.CHARACTERISTIC_LABELS[
                row["characteristic"]
            ],
            "Programme schools": lambda row: withheld_or(row, before(row), "programme_mean"),
            "Other schools": lambda row: withheld_or(row, before(row), "comparison_mean"),
            "Difference (SD)": lambda row: withheld_or(row, "sd", "standardised_difference"),
            "Reading": lambda row: (
                wording.WITHHELD
                if wording.is_suppressed(row)
                else wording.NOT_AVAILABLE
                if wording.is_missing(row["rating"])
                else cite(row, "balance", "rating")
            ),
        },
        note="Results in standard deviations of pupils, the year group’s size and make-up in those "
        "of schools. Bounds: What Works Clearinghouse, Standards Handbook, fourth edition.",
        if_empty="Nothing can be compared yet.",
    )


def before(row: Row) -> str:
    """The `cite` format for a row of `released.balance`, which depends on its characteristic."""
    units = {"cohort_pupils": "count", "disadvantaged_share": "percent"}
    return units.get(row["characteristic"], "value")


def overlap(tables: Tables) -> Table:
    """Overlap of the two sides' earlier results, and the comparison schools' other programmes."""
    return table_of(
        "Where both sides meet, and what the others got",
        list(_of_headlines("overlap", tables)),
        {
            "Comparison": lambda row: _comparison(row, tables),
            "Programme’s schools within the others’ range": lambda row: cite(
                row, "percent", "programme_in_range_share"
            ),
            "Other schools within the programme’s range": lambda row: (
                wording.WITHHELD
                if wording.is_missing(row["n_comparison_schools_in_range"])
                else f"{cite(row, 'count', 'n_comparison_schools_in_range')} of "
                f"{cite(row, 'count', 'n_comparison_schools')}"
            ),
            "The ANCOVA end extrapolates": lambda row: (
                wording.WITHHELD
                if wording.is_missing(row["is_extrapolation"])
                else ("yes" if row["is_extrapolation"] else "no")
            ),
            "Others in another evaluated programme": lambda row: cite(
                row, "percent", "comparison_in_evaluated_share"
            ),
            "Others in a programme not evaluated": lambda row: cite(
                row, "percent", "comparison_in_others_share"
            ),
        },
        note="By earlier results, on the year (or the mean of years) where the two meet least.",
        if_empty="Too few schools on a side to judge.",
    )


def calibration(tables: Tables) -> tuple[Table, ...]:
    """Error rates and power in simulated schools, a table for each simulated study size."""
    rates_of: dict[tuple[object, ...], list[Row]] = {}
    comparisons_of: dict[tuple[object, ...], list[str]] = {}
    for headline in _headlines(tables):
        rates = rows_about(headline, tables["calibration"])
        if rates:
            size = tuple(rates[0][name] for name in _SIMULATED)
            rates_of.setdefault(size, rates)
            comparisons_of.setdefault(size, []).append(_comparison(rates[0], tables))
    return tuple(
        _rates(
            f"{capitalised(simulated_size(rates_of[size][0]))} "
            f"(nearest to {wording.join_words(comparisons)})",
            rates_of[size],
        )
        for size, comparisons in comparisons_of.items()
    )


def _rates(caption: str, rates: list[Row]) -> Table:
    """A row for each way of choosing schools, with power at each simulated effect."""
    by_effect: dict[str, dict[float, Row]] = {}
    for row in rates:
        by_effect.setdefault(row["selection"], {})[row["effect_sd"]] = row
    effects = sorted({row["effect_sd"] for row in rates} - {0.0})
    some = next(iter(by_effect.values()))

    def said(row: Row, headline: str) -> str:
        names = (headline, "ancova_rejects_share", "naive_rejects_share")
        return " / ".join(cite(row, "percent", name) for name in names)

    return Table(
        caption,
        (
            "Schools chosen on",
            "Claims an effect that is not there",
            "Range holds what is true",
            *(f"Finds an effect of {cite(some[e], 'as_short', 'effect_sd')} SD" for e in effects),
        ),
        tuple(
            (
                wording.SELECTION_LABELS[selection],
                said(of_effect[0.0], "false_verdict_share"),
                cite(of_effect[0.0], "percent", "bracket_covers_share"),
                *(said(of_effect[effect], "better_share") for effect in effects),
            )
            for selection, of_effect in by_effect.items()
        ),
        note=f"At least {cite(rates[0], 'count', 'n_draws')} simulations a row. Three figures: the "
        "headline’s verdict / against schools with the same earlier results alone / change since last "
        "year. The last two claim or find one when their own interval leaves zero out.",
    )


def _headlines(tables: Tables) -> Iterator[Row]:
    """The rows of the primary measures, in the protocol's order."""
    for programme in tables["programme"]:
        of_programme = where(tables["measure"], programme=programme["programme"])
        yield from (row for row in of_programme if row["is_primary"])


def _of_headlines(name: str, tables: Tables) -> Iterator[Row]:
    """The rows of a design table for the primary measures, in the protocol's order."""
    for headline in _headlines(tables):
        yield from rows_about(headline, tables[name])


def _comparison(row: Row, tables: Tables) -> str:
    """ "SEND in mainstream (Key Stage 2)": each key stage has one primary measure."""
    return f"{programme_title(row, tables)} ({key_stage_of(row)})"


def _of_interval(row: Row, words: str, *columns: str) -> str:
    """The cited interval, or "" where a method has none."""
    return "" if wording.is_missing(row[columns[0]]) else cite(row, words, *columns)


def _effect_or_reason(row: Row) -> str:
    if wording.is_suppressed(row):
        return wording.WITHHELD
    if not wording.is_shown(row):
        return f"none: {cite(row, 'text', 'verdict_reason')}"
    if row["estimate_low"] == row["estimate_high"]:
        return cite(row, "effect", "estimate_low")
    return cite(row, "range", "estimate_low", "estimate_high")
