"""The schools that each priority's programmes reached, and the pupils of evaluated groups."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from matplotlib.patches import Rectangle

from pipelines.charts import style, subject
from pipelines.charts.chart import Chart, Frames
from pipelines.released.citations import Quote
from pipelines.released.wording import (
    NOT_AVAILABLE,
    WITHHELD,
    format_count,
    format_value,
    is_missing,
    is_shown,
    is_suppressed,
    join_words,
    pupils_of,
)

_NAME = "priorities"
_LINE, _BAR, _BETWEEN = 0.165, 0.17, 0.2
PriorityReached = dict[str, Any]  # a row of released.priority


def charts(tables: Frames) -> Iterator[Chart]:
    """One chart, or none for a study without priorities."""
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
            "Open local schools in one or more programmes of each priority; pupils with results in the "
            f"evaluated programme’s schools, rounded. {subject.place(tables)}, "
            f"{subject.outcome_year(tables)}. {subject.source(tables, ('enrolments',))}"
        ),
        data=pd.DataFrame([_data_row(row) for row in rows]),
        svg=svg,
        title_from=title_from,
    )


def _title(rows: list[PriorityReached]) -> tuple[str, tuple[Quote, ...]]:
    """The smallest and largest number of schools reached, and the rows they come from."""
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
def _draw(tables: Frames, title: str, rows: list[PriorityReached]) -> style.Sheet:
    labels = [
        style.wrap(str(row["priority"]), style.TEXT_INCHES, style.BODY_SIZE, bold=True)
        for row in rows
    ]
    words = [style.wrap(_words(row), style.TEXT_INCHES, style.SMALL_SIZE) for row in rows]
    heights = [
        _LINE * (label.count("\n") + text.count("\n") + 2) + _BAR + _BETWEEN
        for label, text in zip(labels, words, strict=True)
    ]
    everyone = int(rows[0]["n_schools_of_all"])
    sheet = style.sheet(
        title,
        f"Schools in the programmes of each priority, of all {everyone} local schools (outline), "
        f"{subject.outcome_year(tables)}",
        subject.footer(tables, "", ("enrolments",)),
        sum(heights),
    )
    axes = sheet.axes(style.SIDE, 0, style.TEXT_INCHES, sum(heights))
    axes.set_xlim(0, max(everyone, 1))
    axes.set_ylim(sum(heights), 0)
    axes.axis("off")
    top = 0.0
    for row, label, text, height in zip(rows, labels, words, heights, strict=True):
        axes.text(0, top, label, va="top", fontweight="bold", linespacing=1.25)
        y = top + _LINE * (label.count("\n") + 1) + 0.03
        outline: dict[str, Any] = {
            "facecolor": style.WHITE,
            "edgecolor": style.RULE,
            "linewidth": 1,
        }
        axes.add_patch(Rectangle((0, y), everyone, _BAR, clip_on=False, **outline))
        axes.add_patch(Rectangle((0, y), int(row["n_schools"]), _BAR, color=style.DARK_BLUE))
        axes.text(0, y + _BAR + 0.05, text, va="top", fontsize=style.SMALL_SIZE, linespacing=1.25)
        top += height
    return sheet


def _words(row: PriorityReached) -> str:
    schools = subject.counted(int(row["n_schools"]), "school")
    programmes = subject.counted(int(row["n_programmes"]), "programme")
    # Where a priority has several programmes, the pupils are those of the evaluated one.
    whose = "; evaluated: " if row["n_programmes"] > 1 else "; "
    pupils = f"{whose}{_pupils(row)}" if _pupils(row) else ""
    return f"{schools}, {programmes}{pupils}"


def _pupils(row: PriorityReached) -> str:
    """The target pupils, or "" where no single group is evaluated."""
    if is_missing(row["target_group"]):
        return ""
    # A number precedes the words; a mark follows them after a colon.
    group = pupils_of(row["target_group"])
    if not is_shown(row):
        return f"{group}: {WITHHELD if is_suppressed(row) else NOT_AVAILABLE}"
    share = format_value(row["target_pupil_share"], "share")
    return f"about {format_count(row['n_target_pupils'])} {group} with results, {share} of all"


def _alt_text(rows: list[PriorityReached]) -> str:
    parts = join_words(f"{row['priority']}: {_words(row)}" for row in rows)
    return f"Bar chart, one bar a priority. {parts}; of {rows[0]['n_schools_of_all']} schools."


def _data_row(row: PriorityReached) -> dict[str, str]:
    return {
        "Priority": str(row["priority"]),
        "Programmes": format_count(row["n_programmes"]),
        "Schools": format_count(row["n_schools"]),
        "Of all local schools": format_count(row["n_schools_of_all"]),
        "Pupils it is for": _pupils(row) or "no one group is evaluated",
    }
