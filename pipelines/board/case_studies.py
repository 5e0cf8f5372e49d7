"""Case studies of consenting schools: their words, the support by date, results if released.

A single school has no comparison, so nothing here states or implies an effect of the support.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.board.tables import NONE, table_of, withheld_or
from pipelines.document.blocks import Block, Heading, Link, Links, Paragraph, Quote, Section, Table
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, where
from pipelines.released.questions import in_sentence, measure_label, programme_title

# One sentence for every reason, because the reason itself could disclose something about pupils.
LEFT_OUT = (
    "Results of one school are left out where they would be about few pupils or about special educational "
    "needs, or where there are none to compare. Which of these it is, is not said."
)
CANNOT_SHOW = (
    "One school’s results cannot show what the support did: each year’s pupils are others, and nobody knows "
    "what they would have reached without it."
)


def case_studies(tables: Tables) -> Iterator[Section]:
    """One section with the case studies that may be published, in the released table's order."""
    cases = tables["case_studies"]
    if cases:
        blocks = tuple(block for case in cases for block in _case_study(case, tables))
        link = Links(
            (
                Link(
                    "What happened when, and results by year",
                    "technical.html#cases",
                    "technical.pdf",
                ),
            )
        )
        yield Section("case-studies", "Case studies", (*blocks, link), starts_page=True)


def case_tables(tables: Tables) -> tuple[Table, ...]:
    """The events at each school in date order, and its results by year where they are released."""
    return tuple(
        table
        for case in tables["case_studies"]
        for table in (
            _events(_of("case_study_event", case, tables), _heading(case, tables)),
            *(
                _results(rows, _heading(case, tables), tables)
                for rows in _shown_results(case, tables)
            ),
        )
    )


def _case_study(case: Row, tables: Tables) -> Iterator[Block]:
    results = _of("case_study_result", case, tables)
    shown = _shown_results(case, tables)
    yield Heading(3, _heading(case, tables))
    yield Paragraph(cite(case, "as_it_is", "context"))
    support = cite(case, "as_it_is", "support")
    when = _support_says(_of("case_study_event", case, tables))
    yield Paragraph(f"{support} {when}".strip(), strong="What it received.")
    says = [
        *(said for rows in shown for said in _results_say(rows, tables)),
        *((CANNOT_SHOW,) if shown else ()),
        *((LEFT_OUT,) if sum(map(len, shown)) < len(results) or not results else ()),
    ]
    yield Paragraph(" ".join(says), strong="Its results.")
    yield Quote(cite(case, "as_it_is", "statement"))


def _of(name: str, case: Row, tables: Tables) -> list[Row]:
    return where(tables[name], programme=case["programme"], school_id=case["school_id"])


def _heading(case: Row, tables: Tables) -> str:
    return f"{cite(case, 'as_it_is', 'school_name')}, {programme_title(case, tables)}"


def _shown_results(case: Row, tables: Tables) -> list[list[Row]]:
    """The school's released results, one list for each measure."""
    shown = [
        row for row in _of("case_study_result", case, tables) if not wording.is_suppressed(row)
    ]
    return [where(shown, measure=m) for m in dict.fromkeys(row["measure"] for row in shown)]


def _support_says(events: Sequence[Row]) -> str:
    """How many parts of the support began before the tests; "" if support or tests lack dates."""
    received = where(events, kind="support")
    tests = where(events, kind="tests")
    if not (received and tests):
        return ""
    before = [row for row in received if row["is_before_tests"]]
    when = f"before the tests of {cite(tests[0], 'month', 'from_date')}."
    n = cite(received, "rows")
    if len(received) == 1:
        began = "began" if before else "did not begin"
        return f"This support {began} {when}"
    if len(before) == len(received):
        all_of_them = "Both" if len(received) == 2 else f"All {n}"
        return f"{all_of_them} parts of this support began {when}"
    if not before:
        return f"None of the {n} parts of this support began {when}"
    return f"{cite(before, 'rows')} of the {n} parts of this support began {when}"


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
    """The outcome year's figure beside other schools', and how far chance could have moved it."""
    (study,) = tables["study"]
    outcome = [
        row for row in where(rows, academic_year=study["outcome_year"]) if wording.is_shown(row)
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
    """The number of pupils, where it is released."""
    return "" if wording.is_missing(row["n_pupils"]) else f"{cite(row, 'count', 'n_pupils')} "


def _or_none(row: Row, words: str, *columns: str) -> str:
    return NONE if any(wording.is_missing(row[c]) for c in columns) else cite(row, words, *columns)


def _of_others(row: Row, tables: Tables) -> str:
    rows = _rest(row, tables)
    return withheld_or(rows[0], "value", "mean") if rows else NONE


def _others(row: Row, tables: Tables) -> Row | None:
    rows = [other for other in _rest(row, tables) if wording.is_shown(other)]
    return rows[0] if rows else None


def _rest(row: Row, tables: Tables) -> list[Row]:
    same = ("programme", "measure", "pupil_group", "academic_year", "release_status")
    return where(tables["comparison"], arm="rest", **{name: row[name] for name in same})
