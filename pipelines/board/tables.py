"""Released rows as tables of words for the page: every value is text, withheld ones are [c].

Sentences are `findings`; the HTML around a table is `page`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from pipelines import wording
from pipelines.board.findings import (
    Row,
    Tables,
    format_date,
    key_stage_name,
    measure_label,
    rows_of,
    typographic,
)
from pipelines.measures import MEASURES

LONGEST_PRINTED = 60  # rows; a longer table stays on the screen, the print says so
_NONE = "–"


@dataclass(frozen=True)
class Table:
    """A table of text: `rows` are as wide as `columns`; the first cell of each heads its row."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        """Hold every row to the width of the header."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"Table {self.caption!r}: a row is not as wide as the header.")

    @property
    def is_long(self) -> bool:
        """Too long to be worth printing."""
        return len(self.rows) > LONGEST_PRINTED


def of_chart(title: str, data: pd.DataFrame) -> Table:
    """The table beside a chart: its frame holds text under human headings already."""
    return Table(
        f"The figures in the chart: {title}",
        tuple(str(name) for name in data.columns),
        tuple(tuple(str(value) for value in row) for row in data.itertuples(index=False)),
    )


def estimates(programme: str, tables: Tables) -> Table:
    """Every headline of a programme, primary measures first, with how far it could be off."""
    headline = tables["impact"]
    headline = headline[(headline["programme"] == programme) & (headline["role"] == "headline")]
    measures = tables["measure"][tables["measure"]["programme"] == programme]
    joined = headline.merge(measures[["measure", "key_stage", "is_primary"]], on="measure")
    joined = joined.sort_values(["key_stage", "is_primary"], ascending=[True, False], kind="stable")
    return _table(
        "Headline results of every measure",
        rows_of(joined),
        {
            "Outcome": lambda row: _outcome(row, tables),
            "Year and status": _year_and_status,
            "Difference from other schools": lambda row: _effects(
                row, "estimate_low", "estimate_high"
            ),
            "Could be anything": lambda row: _effects(row, "ci_low", "ci_high"),
            "Likely to show only from": lambda row: wording.format_size(
                row["mde"], row["unit"], row["measure"]
            ),
            "Schools (pupils)": _sides,
            "Verdict": _verdict,
        },
    )


def results_by_year(programme: str, tables: Tables) -> tuple[Table, ...]:
    """One table a measure: the averages behind the comparison, by year, pupil group and arm."""
    comparison = tables["comparison"]
    comparison = comparison[comparison["programme"] == programme]
    titles = {row["programme"]: row["title"] for row in rows_of(tables["programme"])}
    by_measure = []
    for measure in dict.fromkeys(comparison["measure"]):
        one_measure = comparison[comparison["measure"] == measure]
        waiting = tables["not_yet_published"]
        reasons = waiting.loc[waiting["measure"] == measure, "reason"]
        by_measure.append(
            _table(
                f"{measure_label(measure, tables)}: results by year",
                rows_of(one_measure),
                {
                    "Year and status": _year_and_status,
                    "Pupils": lambda row: wording.format_group(row["pupil_group"]),
                    "In": lambda row: wording.format_arm(row["arm"], titles),
                    "Schools": lambda row: _withheld_or(
                        row, wording.format_count(row["n_schools"])
                    ),
                    "Pupils counted": lambda row: _withheld_or(
                        row, wording.format_count(row["n_pupils"])
                    ),
                    "Average": lambda row: _withheld_or(
                        row, wording.format_value(row["mean"], row["unit"], row["measure"])
                    ),
                    "95% range": lambda row: _withheld_or(
                        row,
                        wording.format_interval(
                            row["ci_low"], row["ci_high"], row["unit"], row["measure"]
                        ),
                    ),
                },
                note=" ".join(wording.sentence(str(reason)) for reason in reasons),
            )
        )
    return tuple(by_measure)


def claims(tables: Tables) -> Table:
    """What was claimed, counted again."""
    return _table(
        f"Claims checked, as at {_reference_date(tables)}",
        rows_of(tables["claims"]),
        {
            "Claim": lambda row: str(row["claim"]),
            "Found": lambda row: (
                f"{wording.format_count(row['numerator'])} of "
                f"{wording.format_count(row['denominator'])}"
            ),
            "Result": lambda row: wording.CLAIM_RESULT_LABELS[row["result"]],
            "Exceptions": lambda row: _or_none(row["exceptions"]),
        },
    )


def evaluations(tables: Tables) -> Table:
    """Answers on the evaluation forms, against the number of schools asked."""
    titles = {row["programme"]: row["title"] for row in rows_of(tables["programme"])}
    return _table(
        "Evaluation forms received",
        rows_of(tables["evaluation_summary"]),
        {
            "Programme": lambda row: str(titles.get(row["programme"], row["programme"])),
            "Question": lambda row: str(row["question"]),
            "Answer": lambda row: _or_none(row["answer"]),
            "Schools": lambda row: (
                f"{wording.format_count(row['n_schools'])} of "
                f"{wording.format_count(row['n_expected'])}"
            ),
        },
    )


def revisions(tables: Tables) -> Table:
    """Figures that moved when a later release of the same results came in."""
    return _table(
        "What moved since the last release",
        rows_of(tables["revisions"]),
        {
            "Measure": lambda row: measure_label(row["measure"], tables),
            "Pupils": lambda row: wording.format_group(row["pupil_group"]),
            "Year": lambda row: str(row["academic_year"]),
            "Before": lambda row: _level(row, "before", "from_status"),
            "After": lambda row: _level(row, "after", "to_status"),
        },
    )


def sources(tables: Tables) -> Table:
    """The files everything was made from."""
    return _table(
        "Files used",
        rows_of(tables["source"]),
        {
            "File": lambda row: str(row["file"]),
            "Year": lambda row: _or_none(row["academic_year"]),
            "Status": lambda row: (
                _NONE
                if wording.is_missing(row["release_status"])
                else wording.format_status(row["release_status"])
            ),
            "Publisher": lambda row: _or_none(row["publisher"]),
            "Rows read": lambda row: wording.format_count(row["n_rows_in"]),
            "Rows used": lambda row: wording.format_count(row["n_rows_kept"]),
            "Rows set aside": lambda row: wording.format_count(row["n_rows_set_aside"]),
        },
    )


def _table(
    caption: str, rows: Sequence[Row], columns: dict[str, Callable[[Row], str]], note: str = ""
) -> Table:
    cells = tuple(tuple(word(row) for word in columns.values()) for row in rows)
    return Table(caption, tuple(columns), cells, note)


def _effects(row: Row, low: str, high: str) -> str:
    if wording.is_missing(row[low]):
        return wording.NOT_AVAILABLE
    return wording.format_range(row[low], row[high], row["unit"], row["measure"])


def _outcome(row: Row, tables: Tables) -> str:
    group = wording.format_group(row["pupil_group"])
    stage = key_stage_name(row["key_stage"])
    return f"{measure_label(row['measure'], tables)}, {group} ({stage})"


def _year_and_status(row: Row) -> str:
    return f"{row['academic_year']} ({wording.format_status(row['release_status'])})"


def _level(row: Row, value: str, status: str) -> str:
    words = wording.format_value(row[value], MEASURES[row["measure"]].unit, row["measure"])
    return f"{words} ({wording.format_status(row[status])})"


def _sides(row: Row) -> str:
    """ "11 (124) against 23 (262)": schools and their pupils, programme first."""
    sides = [
        f"{wording.format_count(row[f'n_{side}_schools'])} "
        f"({wording.format_count(row[f'n_{side}_pupils'])})"
        for side in ("programme", "comparison")
        if not wording.is_missing(row[f"n_{side}_pupils"])
    ]
    return " against ".join(sides) if len(sides) == 2 else wording.NOT_AVAILABLE


def _verdict(row: Row) -> str:
    words = wording.format_verdict(row["verdict"])
    if wording.is_missing(row["verdict_reason"]):
        return words
    return f"{words}: {typographic(row['verdict_reason']).removeprefix('cannot_tell: ')}"


def _withheld_or(row: Row, words: str) -> str:
    return wording.WITHHELD if row["suppressed"] else words


def _or_none(value: object) -> str:
    return _NONE if wording.is_missing(value) or value == "" else str(value)


def _reference_date(tables: Tables) -> str:
    return format_date(tables["study"]["reference_date"].iloc[0])
