"""Each consenting school's case study: its words, what it received and when, results where they may be shown.

One school is no comparison: nothing here says, or hints, what the support did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.board.about import in_sentence, measure_label, programme_title
from pipelines.board.tables import NONE, Table, table_of, withheld_or
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, where

# One sentence for every reason: which of them it is would say something about the pupils.
LEFT_OUT = (
    "One school’s results are left out where they would be about few pupils or about special "
    "educational needs, where there are none to compare, or where they would help someone work out "
    "other figures. Which of these it is, is not said. What the programme’s schools reached together "
    "stands under its own heading."
)
CANNOT_SHOW = (
    "One school’s results cannot show what the support did: each year’s pupils are others, and "
    "nobody knows what they would have reached without it."
)


@dataclass(frozen=True)
class CaseStudy:
    """One school's page; `results` are empty, and `results_say` has no number, where none may be shown."""

    heading: str
    context: str
    support: str
    support_says: str
    events: Table
    results_say: tuple[str, ...]
    results: tuple[Table, ...]
    statement: str


def case_studies(tables: Tables) -> tuple[CaseStudy, ...]:
    """The case studies that may be told, in the order of the released table."""
    return tuple(_case_study(row, tables) for row in tables["case_studies"])


def _case_study(case: Row, tables: Tables) -> CaseStudy:
    events, results = (
        where(tables[name], programme=case["programme"], school_id=case["school_id"])
        for name in ("case_study_event", "case_study_result")
    )
    shown = [row for row in results if not row["suppressed"]]
    measures = dict.fromkeys(row["measure"] for row in shown)
    by_measure = [where(shown, measure=measure) for measure in measures]
    heading = f"{cite(case, 'as_it_is', 'school_name')}, {programme_title(case, tables)}"
    return CaseStudy(
        heading=heading,
        context=cite(case, "as_it_is", "context"),
        support=cite(case, "as_it_is", "support"),
        support_says=_support_says(events),
        events=_events(events, heading),
        results_say=(
            *(said for rows in by_measure for said in _results_say(rows, tables)),
            *((CANNOT_SHOW,) if shown else ()),
            *((LEFT_OUT,) if len(shown) < len(results) or not results else ()),
        ),
        results=tuple(_results(rows, heading, tables) for rows in by_measure),
        statement=cite(case, "as_it_is", "statement"),
    )


def _support_says(events: Sequence[Row]) -> str:
    """How much of the support there had been by the tests; nothing where either is not known."""
    received = where(events, kind="support")
    tests = where(events, kind="tests")
    if not (received and tests):
        return ""
    before = [row for row in received if row["is_before_tests"]]
    when = f"before the tests of {cite(tests[0], 'month', 'from_date')}."
    n = cite(received, "rows")
    if len(received) == 1:
        began = "began" if before else "did not begin"
        return f"The support below {began} {when}"
    if len(before) == len(received):
        all_of_them = "Both" if len(received) == 2 else f"All {n}"
        return f"{all_of_them} entries of support below began {when}"
    if not before:
        return f"None of the {n} entries of support below began {when}"
    return f"{cite(before, 'rows')} of the {n} entries of support below began {when}"


def _events(events: Sequence[Row], heading: str) -> Table:
    return table_of(
        f"{heading}: what happened, in order of time",
        events,
        {
            "When": lambda row: cite(
                row, "months" if row["kind"] == "tests" else "days", "from_date", "until_date"
            ),
            "What": lambda row: (
                ("Support: " if row["kind"] == "support" else "")
                + cite(row, "as_it_is", "happened")
            ),
        },
    )


def _results_say(rows: Sequence[Row], tables: Tables) -> tuple[str, ...]:
    """The outcome year's figure beside the others', and how far chance could have moved it."""
    (study,) = tables["study"]
    outcome = [
        row
        for row in where(rows, academic_year=study["outcome_year"])
        if not wording.is_missing(row["mean"])
    ]
    if not outcome:
        return ()
    (row,) = outcome
    group = wording.format_group(row["pupil_group"])
    measure = in_sentence(measure_label(row["measure"], tables))
    status = wording.format_status(row["release_status"])
    others = _others(row, tables)
    said = (
        f"In {row['academic_year']} ({status}), {measure} stood at {cite(row, 'value', 'mean')} for "
        f"this school’s {_how_many(row)}{group}"
    )
    if others is not None:
        said += f", and at {cite(others, 'value', 'mean')} in other local schools"
    if wording.is_missing(row["ci_low"]):
        return (f"{said}.",)
    chance = (
        "By chance alone the school’s figure could be anything from "
        f"{cite(row, 'interval', 'ci_low', 'ci_high')}"
    )
    if others is None:
        return (f"{said}. {chance}.",)
    is_within = row["ci_low"] <= others["mean"] <= row["ci_high"]
    return (
        f"{said}. {chance}; the others’ average lies {'within' if is_within else 'outside'} that "
        f"range{'' if is_within else ', for whatever reason'}.",
    )


def _results(rows: Sequence[Row], heading: str, tables: Tables) -> Table:
    confidence = cite(tables["study"][0], "percent", "confidence_share")
    group = wording.format_group(rows[0]["pupil_group"])
    return table_of(
        f"{heading}: {in_sentence(measure_label(rows[0]['measure'], tables))}, {group}",
        rows,
        {
            "Year and status": lambda row: (
                f"{row['academic_year']} ({wording.format_status(row['release_status'])})"
            ),
            "Pupils": lambda row: _or_none(row, "count", "n_pupils"),
            "This school": lambda row: _or_none(row, "value", "mean"),
            f"{confidence} range": lambda row: _or_none(row, "interval", "ci_low", "ci_high"),
            "Other local schools": lambda row: _of_others(row, tables),
        },
    )


def _how_many(row: Row) -> str:
    """How many pupils, where it is said."""
    return "" if wording.is_missing(row["n_pupils"]) else f"{cite(row, 'count', 'n_pupils')} "


def _or_none(row: Row, words: str, *columns: str) -> str:
    return NONE if any(wording.is_missing(row[c]) for c in columns) else cite(row, words, *columns)


def _of_others(row: Row, tables: Tables) -> str:
    rows = _rest(row, tables)
    return withheld_or(rows[0], "value", "mean") if rows else NONE


def _others(row: Row, tables: Tables) -> Row | None:
    rows = [other for other in _rest(row, tables) if not other["suppressed"]]
    return rows[0] if rows else None


def _rest(row: Row, tables: Tables) -> list[Row]:
    same = ("programme", "measure", "pupil_group", "academic_year", "release_status")
    return where(tables["comparison"], arm="rest", **{name: row[name] for name in same})
