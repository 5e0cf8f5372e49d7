"""Released rows as tables of text: every number is cited, and [c] marks a withheld one.

`answers` writes the sentences, `annex` the technical annex's tables, `document` the HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from pipelines.document.blocks import Table
from pipelines.released import wording
from pipelines.released.citations import (
    Row,
    Tables,
    chart_cells,
    cite,
    cite_figure,
    cite_quotes,
    sentence,
    where,
)
from pipelines.released.questions import (
    are_schools_left_out,
    in_sentence,
    key_stage_of,
    measure_label,
    programme_title,
)

NONE = "–"
SCHOOLS_HEADING = "Schools by programme"
_MOST_NAMES = 10  # of exceptions to a claim
_THEME = "theme of the free answer"
_CLAIM_WORDS = {"schools": "count", "gbp": "gbp"}
_TEXT_KINDS = {
    "statements": "Statements",
    "case_studies": "Case studies",
    "case_study_support": "Support in case studies",
    "evaluations": "Free answers on forms",
}


def of_chart(
    name: str, title: str, data: pd.DataFrame, cited_already: Mapping[str, str] | None = None
) -> Table:
    """The table beside a chart; its frame already holds text under readable headings."""
    return Table(
        f"The figures in the chart: {title}",
        tuple(cite_quotes(str(column), name, (), cited_already) for column in data.columns),
        tuple(
            tuple(cite_figure(cell, name, cited_already) for cell in row)
            for row in chart_cells(data)
        ),
    )


def estimates(programme: str, tables: Tables) -> Table:
    """All estimates of a programme, primary measures first, with their intervals."""
    is_primary = {
        row["measure"]: row["is_primary"] for row in where(tables["measure"], programme=programme)
    }
    headlines = [
        row
        for row in where(tables["impact"], programme=programme, role="headline")
        if row["measure"] in is_primary
    ]
    headlines.sort(key=lambda row: (row.measure.stage_order, not is_primary[row["measure"]]))
    (about,) = where(tables["programme"], programme=programme)
    return table_of(
        f"{about['title']}: headline results of every measure",
        headlines,
        {
            "Outcome": lambda row: _outcome(row, tables),
            "Year and status": _year_and_status,
            f"Difference from {wording.POOL_LABELS[about['comparison_pool']]}": lambda row: cite(
                row, "range", "estimate_low", "estimate_high"
            ),
            "Could be anything": lambda row: cite(row, "range", "ci_low", "ci_high"),
            "Likely to show only from": lambda row: cite(row, "size", "mde"),
            "Schools (pupils)": _sides,
            "Verdict": _verdict,
        },
        note="Only the main measure of each key stage gets a verdict. The others are described.",
    )


def results_by_year(programme: str, tables: Tables) -> tuple[Table, ...]:
    """One table for each measure: the averages compared, by year, pupil group and arm."""
    comparison = where(tables["comparison"], programme=programme)
    confidence = cite(tables["study"][0], "percent", "confidence_share")
    titles = {
        row["programme"]: row["title"] for row in where(tables["programme"], is_evaluated=True)
    }
    whose = titles.get(programme, "All schools")
    by_measure = []
    for measure in dict.fromkeys(row["measure"] for row in comparison):
        waiting = where(tables["not_yet_published"], measure=measure)
        mine = where(comparison, measure=measure)
        # A year without any release takes one sentence, not a row for every group and side.
        published = [row for row in mine if not wording.is_missing(row["release_status"])]
        why_missing = [sentence(cite(row, "text", "reason")) for row in waiting]
        if len(published) < len(mine) and not waiting:
            years = dict.fromkeys(row["academic_year"] for row in mine if row not in published)
            why_missing.append(f"Not published yet: {wording.join_words(years)}.")
        by_measure.append(
            table_of(
                f"{whose}: {in_sentence(measure_label(measure, tables))}, results by year",
                published,
                {
                    "Year and status": _year_and_status,
                    "Pupils": lambda row: wording.format_group(row["pupil_group"]),
                    "In": lambda row: wording.format_arm(row["arm"], titles),
                    "Schools": lambda row: withheld_or(row, "count", "n_schools"),
                    "Pupils counted": lambda row: withheld_or(row, "count", "n_pupils"),
                    "Average": lambda row: withheld_or(row, "value", "mean"),
                    f"{confidence} range": _range_of_average,
                },
                note=" ".join([*why_missing, *_left_out(published)]),
                if_empty=" ".join(why_missing),
            )
        )
    return tuple(by_measure)


def _left_out(rows: Sequence[Row]) -> Iterator[str]:
    """A note where schools with results are left out of an average."""
    if are_schools_left_out(rows):
        yield (
            "A few schools with very few of these pupils are not counted where, with published tables, "
            "the average would tell of them."
        )


def reached(tables: Tables) -> Table:
    """Each programme's schools and the pupils on their rolls."""
    return table_of(
        "What each programme reached",
        where(tables["programme"], is_placebo=False),
        {
            "Programme": lambda row: programme_title(row, tables),
            "Schools": lambda row: cite(row, "count", "n_schools"),
            "Pupils on roll in them": lambda row: _on_roll(row, "n_pupils_on_roll"),
            "Of these, the pupils it is for": _target_pupils,
        },
        note="Whole schools, from the January census on file. A school in two programmes counts in both.",
    )


def claims(tables: Tables) -> Table:
    """The claims made to the board, and their recount."""
    (study,) = tables["study"]
    return table_of(
        f"Claims checked, of schools as they stood on {cite(study, 'date', 'reference_date')}",
        tables["claims"],
        {
            "Claim": lambda row: cite(row, "text", "claim"),
            "What was said": _said,
            "Found": lambda row: (
                f"{cite(row, _CLAIM_WORDS[row['unit']], 'numerator')} of "
                f"{cite(row, _CLAIM_WORDS[row['unit']], 'denominator')}"
            ),
            "Result": lambda row: wording.CLAIM_RESULT_LABELS[row["result"]],
            "Exceptions": _exceptions,
        },
    )


def _exceptions(row: Row) -> str:
    """The exceptions by name; of many schools only their number, and where they are named."""
    names = [] if wording.is_missing(row["exceptions"]) else str(row["exceptions"]).split("; ")
    if row["unit"] != "schools" or len(names) <= _MOST_NAMES:
        return or_none(row, "exceptions")
    number = f"{cite(row, 'difference', 'denominator', 'numerator')} schools"
    if any(name.endswith("(not known)") for name in names):
        number += ", of some of which it is not known"
    are_named_there = row["kind"] == "every_school_takes_part"
    return f"{number}: see “{SCHOOLS_HEADING}”" if are_named_there else number


def _said(row: Row) -> str:
    """The claim in its own words and who made it; a programme's own numbers cite the protocol."""
    if wording.is_missing(row["said"]):
        return "the study’s protocol"
    by = "" if wording.is_missing(row["said_by"]) else f", {cite(row, 'text', 'said_by')}"
    return f"“{cite(row, 'text', 'said')}”{by}"


def evaluations(tables: Tables) -> Table:
    """Answers on the evaluation forms, with the number of schools surveyed."""
    return table_of(
        "Evaluation forms received",
        [row for row in tables["evaluation_summary"] if row["question"] != _THEME],
        {
            "Programme": lambda row: programme_title(row, tables),
            "Question": lambda row: cite(row, "text", "question"),
            "Answer": lambda row: or_none(row, "answer"),
            "Schools": lambda row: (
                f"{cite(row, 'count', 'n_schools')} of {cite(row, 'count', 'n_expected')}"
            ),
        },
        note="Schools that did not reply may think otherwise than those that did.",
    )


def evaluation_themes(tables: Tables) -> Table:
    """Themes of the free-text answers on the forms."""
    return table_of(
        "What free answers on the forms are about",
        [row for row in tables["evaluation_summary"] if row["question"] == _THEME],
        {
            "Programme": lambda row: programme_title(row, tables),
            "Theme": lambda row: cite(row, "text", "answer"),
            "Schools": lambda row: (
                f"{cite(row, 'count', 'n_schools')} of "
                f"{cite(row, 'count', 'n_expected')} that wrote something"
            ),
            "One of the answers": lambda row: or_none(row, "example"),
        },
        note="One answer of each theme, chosen at random from those that may be published.",
    )


def statement_rule(tables: Tables) -> Table:
    """How the statements shown were selected."""
    return table_of(
        "Which statements are shown",
        tables["statement_rule"],
        {
            "Programme": lambda row: programme_title(row, tables),
            "Tone": lambda row: cite(row, "text", "tone"),
            "Received": lambda row: cite(row, "count", "n_received"),
            "May be published": lambda row: cite(row, "count", "n_consenting"),
            "Held for review": lambda row: cite(row, "count", "n_held"),
            "Shown": lambda row: cite(row, "count", "n_shown"),
            "Chosen": lambda row: cite(row, "text", "rule"),
        },
        note="Held for review: the text may name a person or count pupils, and nobody has read it yet.",
    )


def text_review(tables: Tables) -> Table:
    """Texts withheld until a person has reviewed them."""
    return table_of(
        "Texts held until a person has read them",
        tables["text_review"],
        {
            "Kind": lambda row: _TEXT_KINDS[row["kind"]],
            "Programme": lambda row: programme_title(row, tables),
            "What they may hold": lambda row: cite(row, "text", "reason"),
            "Texts": lambda row: cite(row, "count", "n_texts"),
        },
    )


def withheld(tables: Tables) -> Table:
    """The number of figures shown and withheld, for each table."""
    names = {
        "comparison": "Averages by year, pupils and schools",
        "impact": "Effects by method",
        "revisions": "What moved between releases",
        "school_point": "Single schools, unnamed",
        "case_study_result": "Results of schools with a case study",
        "attrition": "Schools kept and lost",
        "balance": "Both sides before",
        "answer_by_year": "Each outcome year alone",
        "priority": "Target pupils a priority reached",
        "programme": "Target pupils on roll",
    }
    return table_of(
        "How much is withheld",
        [row for row in tables["withheld"] if row["n_shown"] or row["n_withheld"]],
        {
            "Figures": lambda row: names[row["released_table"]],
            "Shown": lambda row: cite(row, "count", "n_shown"),
            "Withheld": lambda row: cite(row, "count", "n_withheld"),
        },
    )


def sources(tables: Tables) -> Table:
    """The source files of the results."""
    return table_of(
        "Files used",
        tables["source"],
        {
            "File": lambda row: cite(row, "as_it_is", "file"),
            "Year": lambda row: or_none(row, "academic_year"),
            "Status": _status,
            "Publisher": lambda row: or_none(row, "publisher"),
            "Rows read": lambda row: cite(row, "count", "n_rows_in"),
            "Rows used": lambda row: cite(row, "count", "n_rows_kept"),
            "Rows set aside": lambda row: cite(row, "count", "n_rows_set_aside"),
        },
    )


def table_of(
    caption: str,
    rows: Sequence[Row],
    columns: dict[str, Callable[[Row], str]],
    note: str = "",
    if_empty: str = "",
) -> Table:
    """A table with a line for each row; `columns` maps a heading to the function for its cells."""
    cells = tuple(tuple(word(row) for word in columns.values()) for row in rows)
    return Table(caption, tuple(columns), cells, note, if_empty)


def _target_pupils(row: Row) -> str:
    """ "pupils on SEN support: 730"; a dash where a programme has no single target group."""
    group = row["target_group"]
    if wording.is_missing(group):
        return NONE
    who = wording.CENSUS_GROUP_LABELS.get(group, wording.format_group(group))
    is_counted = row["n_schools_with_census"] == row["n_schools"]
    if wording.is_missing(row["n_target_pupils_on_roll"]) and is_counted:
        return f"{who}: {wording.WITHHELD}"
    return f"{who}: {_on_roll(row, 'n_target_pupils_on_roll')}"


def _on_roll(row: Row, column: str) -> str:
    """A number of pupils on roll, missing where the census lacks a school."""
    if wording.is_missing(row[column]):
        return wording.NOT_AVAILABLE
    return cite(row, "count", column)


def _outcome(row: Row, tables: Tables) -> str:
    group = wording.format_group(row["pupil_group"])
    return f"{measure_label(row['measure'], tables)}, {group} ({key_stage_of(row)})"


def _year_and_status(row: Row) -> str:
    return f"{row['academic_year']} ({wording.format_status(row['release_status'])})"


def _status(row: Row) -> str:
    if wording.is_missing(row["release_status"]):
        return NONE
    words = wording.format_status(row["release_status"])
    is_kept_only = not wording.is_missing(row["is_used"]) and not row["is_used"]
    return f"{words}, not used" if is_kept_only else words


def _sides(row: Row) -> str:
    """ "11 (124) against 23 (262)": schools (pupils), programme first; a dash before any result.

    Without an estimate pupils are not counted here, but in the results by year.
    """
    if wording.is_missing(row["release_status"]):
        return NONE
    sides = []
    for side in ("programme", "comparison"):
        schools, n_pupils = cite(row, "count", f"n_{side}_schools"), f"n_{side}_pupils"
        is_counted = wording.is_suppressed(row) or not wording.is_missing(row[n_pupils])
        sides.append(f"{schools} ({cite(row, 'count', n_pupils)})" if is_counted else schools)
    return " against ".join(sides)


def _verdict(row: Row) -> str:
    words = wording.format_verdict(row["verdict"])
    if wording.is_missing(row["verdict_reason"]):
        return words
    return f"{words}: {cite(row, 'text', 'verdict_reason')}"


def _range_of_average(row: Row) -> str:
    return withheld_or(row, "interval", "ci_low", "ci_high")


def withheld_or(row: Row, words: str, *columns: str) -> str:
    """A number in words, or [c] where disclosure control withheld it."""
    return wording.WITHHELD if wording.is_suppressed(row) else cite(row, words, *columns)


def or_none(row: Row, column: str) -> str:
    """A text, or a dash where it is missing."""
    value = row[column]
    return NONE if wording.is_missing(value) or value == "" else cite(row, "text", column)
