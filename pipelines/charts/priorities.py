"""What the programmes of each priority reached: schools, and pupils where their group is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pipelines.charts import style, subject
from pipelines.charts.chart import Chart, Tables
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    WITHHELD,
    format_count,
    format_group,
    format_value,
    is_missing,
    join_words,
)

_NAME = "priorities"
_ROW, _TOP, _LINE = 0.52, 0.05, 0.16
_LEFT, _LABELS, _WORDS = 0.08, 1.5, 1.95
Row = dict[str, Any]  # a row of released.priority


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart, or none for a study that names no priority."""
    rows = subject.rows(tables["priority"])
    if not rows:
        return
    title, title_from = _title(rows)
    alt_text = _alt_text(rows)
    svg = _draw(tables, title, rows).save(_NAME, alt_text)
    yield Chart(
        name=_NAME,
        title=title,
        alt_text=alt_text,
        caption=(
            "Measure: local schools in one or more programmes of each priority. Schools: every open "
            "local school, with or without results. Pupils: those of the group whose outcomes are "
            "evaluated, with results in the year, in the evaluated programme's schools, "
            f"rounded. Place and period: {subject.place(tables)}, {subject.outcome_year(tables)}. "
            "Release status: enrolments as the study's files have them. "
            f"{subject.source(tables, ('enrolments',))}"
        ),
        data=pd.DataFrame([_data_row(row) for row in rows]),
        svg=svg,
        title_from=title_from,
    )


def _title(rows: list[Row]) -> tuple[str, tuple[Quote, ...]]:
    """The fewest and the most schools reached, and the rows they are from."""
    counts = [int(row["n_schools"]) for row in rows]
    everyone = format_count(rows[0]["n_schools_of_all"])
    of_all = Quote(everyone, (0,), "Of all local schools")
    fewest, most = (
        Quote(format_count(n), (counts.index(n),), "Schools") for n in (min(counts), max(counts))
    )
    if fewest == most:
        whose = "Each priority" if len(rows) > 1 else "The one priority"
        return f"{whose} reached {most.number} of {everyone} schools", (most, of_all)
    title = f"Priorities reached between {fewest.number} and {most.number} of {everyone} schools"
    return title, (fewest, most, of_all)


@style.styled
def _draw(tables: Tables, title: str, rows: list[Row]) -> style.Sheet:
    labels = [style.wrap(str(row["priority"]), _LABELS - 0.1, style.BODY_SIZE) for row in rows]
    words = [style.wrap(_words(row), _WORDS - 0.15, style.SMALL_SIZE) for row in rows]
    row_height = max(_ROW, *(_LINE * (text.count("\n") + 1) + 0.08 for text in (*labels, *words)))
    height = row_height * len(rows) + _TOP
    sheet = style.sheet(
        title,
        f"Schools in the programmes of each priority, of all {rows[0]['n_schools_of_all']} local "
        f"schools (outline), {subject.outcome_year(tables)}",
        subject.footer(tables, "", ("enrolments",)),
        height,
    )
    width = style.WIDTH_INCHES - _LEFT - _LABELS - _WORDS
    axes = sheet.axes(_LEFT + _LABELS, 0, width, row_height * len(rows))
    axes.set_xlim(0, max(int(rows[0]["n_schools_of_all"]), 1))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axis("off")
    beside = axes.get_yaxis_transform()
    for number, (row, label) in enumerate(zip(rows, labels, strict=True)):
        n, everyone = int(row["n_schools"]), int(row["n_schools_of_all"])
        axes.barh(number, everyone, 0.56, facecolor=style.WHITE, edgecolor=style.RULE, linewidth=1)
        axes.barh(number, n, 0.56, facecolor=style.DARK_BLUE, edgecolor="none")
        axes.text(
            -_LABELS / width,
            number,
            label,
            transform=beside,
            va="center",
            linespacing=1.2,
        )
        axes.text(
            1 + 0.1 / width,
            number,
            words[number],
            transform=beside,
            va="center",
            fontsize=style.SMALL_SIZE,
            linespacing=1.2,
        )
    return sheet


def _words(row: Row) -> str:
    schools = subject.counted(int(row["n_schools"]), "school")
    programmes = subject.counted(int(row["n_programmes"]), "programme")
    # Of several programmes one is evaluated, and the pupils are of its schools alone.
    whose = "; evaluated: " if row["n_programmes"] > 1 else "; "
    pupils = f"{whose}{_pupils(row)}" if _pupils(row) else ""
    return f"{schools}, {programmes}{pupils}"


def _pupils(row: Row) -> str:
    """The pupils it is for, "" where no one group of them is evaluated."""
    if is_missing(row["target_group"]):
        return ""
    # A number stands before the words, or a colon after them.
    group = "pupils" if row["target_group"] == "all" else format_group(row["target_group"])
    if row["suppressed"] or is_missing(row["n_target_pupils"]):
        return f"{group}: {WITHHELD}"
    share = format_value(row["target_pupil_share"], "share")
    return f"about {format_count(row['n_target_pupils'])} {group}, {share} of all"


def _alt_text(rows: list[Row]) -> str:
    parts = join_words(f"{row['priority']}: {_words(row)}" for row in rows)
    return f"Bar chart, one bar a priority. {parts}; of {rows[0]['n_schools_of_all']} schools."


def _data_row(row: Row) -> dict[str, str]:
    return {
        "Priority": str(row["priority"]),
        "Programmes": format_count(row["n_programmes"]),
        "Schools": format_count(row["n_schools"]),
        "Of all local schools": format_count(row["n_schools_of_all"]),
        "Pupils it is for": _pupils(row) or "no one group is evaluated",
    }
