"""Which schools are in which programmes, by name: membership only, nothing about results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from pipelines.charts import style, subject
from pipelines.charts.chart import Chart, Tables
from pipelines.released.citations import Quote
from pipelines.released.wording import join_words

_FAMILY = "school_programmes"
_SHEET = 90  # schools a printed page holds in two columns
_ROW, _HEADING, _KEY_ROW = 0.152, 0.26, 0.19
_LEFT, _BETWEEN = 0.08, 0.24
_LEAST_CELL, _WIDEST_CELL = 0.14, 0.24
_EVALUATED: dict[str, Any] = {"marker": "s", "markersize": 6.5, "color": style.DARK_BLUE}
_OTHER: dict[str, Any] = {
    "marker": "o",
    "markersize": 6,
    "markerfacecolor": style.SEQUENTIAL[1],
    "markeredgecolor": style.SEQUENTIAL[2],
}
Memberships = dict[str, list[str]]  # programme ids by school name, in the study's order
Group = tuple[str, list[str]]  # heading and schools


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart for every ninety enrolled schools, none where no enrolment is known."""
    programmes, memberships = _memberships(tables)
    groups = _groups(tables, memberships)
    schools = [school for _, members in groups for school in members]
    n_sheets = -(-len(schools) // _SHEET)
    for number in range(n_sheets):
        shown = set(schools[number * _SHEET : (number + 1) * _SHEET])
        kept = [(heading, [s for s in members if s in shown]) for heading, members in groups]
        name = f"{_FAMILY}-{number + 1}" if n_sheets > 1 else _FAMILY
        mine = [group for group in kept if group[1]]
        yield _chart(tables, name, programmes, memberships, mine)


def _memberships(tables: Tables) -> tuple[list[str], Memberships]:
    """Programmes with a school, the evaluated first, and those of every school in that order."""
    enrolled = tables["enrolment"]
    evaluated = subject.evaluated(tables)
    listed = [*evaluated, *(p for p in tables["programme"]["programme"] if p not in evaluated)]
    programmes = [p for p in listed if p in set(enrolled["programme"])]
    memberships: Memberships = {school: [] for school in enrolled["school_name"]}
    pairs = set(zip(enrolled["school_name"], enrolled["programme"], strict=True))
    for school, mine in memberships.items():
        mine.extend(programme for programme in programmes if (school, programme) in pairs)
    return programmes, memberships


def _groups(tables: Tables, memberships: Memberships) -> list[Group]:
    """Schools by the set of evaluated programmes they are in, most programmes first, then by name."""
    evaluated, titles = subject.evaluated(tables), subject.titles(tables)
    groups: dict[tuple[str, ...], list[str]] = {}
    for school in sorted(memberships):
        chosen = tuple(p for p in memberships[school] if p in evaluated)
        groups.setdefault(chosen, []).append(school)
    return [
        (join_words(titles[p] for p in chosen) or "Other programmes only", groups[chosen])
        for chosen in sorted(groups, key=lambda c: (-len(c), [evaluated.index(p) for p in c]))
    ]


def _chart(
    tables: Tables,
    name: str,
    programmes: Sequence[str],
    memberships: Memberships,
    groups: list[Group],
) -> Chart:
    title = _title(memberships)
    alt_text = _alt_text(tables, programmes, memberships)
    svg = _draw(tables, title, programmes, memberships, groups).save(name, alt_text)
    titles = subject.titles(tables)
    n_on_sheet = sum(len(members) for _, members in groups)
    counts = Counter(programme for mine in memberships.values() for programme in mine)
    return Chart(
        name=name,
        title=title,
        alt_text=alt_text,
        caption=(
            "Measure: enrolment in a programme, which says nothing about results. Schools: every "
            "enrolled school, with or without results, by the evaluated programmes it is in. Place "
            f"and period: {subject.place(tables)}, {subject.outcome_year(tables)}. Release status: "
            f"enrolments as the study's files have them. {subject.source(tables, ('enrolments',))}"
        ),
        data=pd.DataFrame(
            [
                {"School": school}
                | {titles[p]: "yes" if p in memberships[school] else "–" for p in programmes}
                for _, members in groups
                for school in members
            ]
            + [
                {"School": f"All {subject.counted(len(memberships), 'school')}"}
                | {titles[p]: subject.counted(counts[p], "school") for p in programmes}
            ]
        ),
        svg=svg,
        # The last row counts them all, those of the other sheets too.
        title_from=(Quote(f"{len(memberships):,}", (n_on_sheet,), "School"),),
    )


def _title(memberships: Memberships) -> str:
    n = len(memberships)
    several = sum(len(mine) > 1 for mine in memberships.values())
    part = "most" if 2 * several > n else "some" if several else "none"
    return f"{subject.counted(n, 'school')} in programmes, {part} in more than one"


@style.styled
def _draw(
    tables: Tables,
    title: str,
    programmes: Sequence[str],
    memberships: Memberships,
    groups: list[Group],
) -> style.Sheet:
    room = style.WIDE_INCHES - 2 * _LEFT
    cells = _LEAST_CELL * len(programmes)
    longest = max(style.text_width(school, style.SMALL_SIZE) for school in memberships)
    n_columns = 2 if longest + cells <= (room - _BETWEEN) / 2 else 1
    longest = min(longest, room - cells)  # a longer name is cut; the chart's table has it whole
    width = (room - _BETWEEN * (n_columns - 1)) / n_columns
    cell = min(_WIDEST_CELL, (width - longest) / len(programmes))
    names = width - cell * len(programmes)
    columns = _columns(groups, n_columns, names)
    key = _key_words(tables, programmes, memberships)
    key_height = sum(_KEY_ROW + 0.16 * words.count("\n") for words in key) + 0.12
    height = key_height + max(column.height for column in columns)
    sheet = style.sheet(
        title,
        "One row a school, one numbered column a programme; squares are the evaluated programmes",
        subject.footer(tables, "", ("enrolments",)),
        height,
        style.WIDE_INCHES,
    )
    axes = sheet.axes(0, 0, style.WIDE_INCHES, height)
    axes.set_xlim(0, style.WIDE_INCHES)
    axes.set_ylim(height, 0)
    axes.axis("off")
    marks: dict[str, list[tuple[float, float]]] = {programme: [] for programme in programmes}
    top = 0.0
    for number, (programme, words) in enumerate(zip(programmes, key, strict=True), start=1):
        axes.text(_LEFT, top, str(number), va="top", fontweight="bold")
        marks[programme].append((_LEFT + 0.3, top + 0.075))
        axes.text(_LEFT + 0.45, top, words, va="top", linespacing=1.2)
        top += _KEY_ROW + 0.16 * words.count("\n")
    for number, column in enumerate(columns):
        left = _LEFT + number * (width + _BETWEEN)
        centres = {p: left + names + cell * (i + 0.5) for i, p in enumerate(programmes)}
        _write_column(axes, column, (left, key_height, width, names), list(centres.values()))
        for school, y in column.rows:
            for programme in memberships[school]:
                marks[programme].append((centres[programme], key_height + y))
    evaluated = subject.evaluated(tables)
    for programme, places in marks.items():
        look = _EVALUATED if programme in evaluated else _OTHER
        axes.plot(*zip(*places, strict=True), linestyle="", zorder=3, **look)
    return sheet


@dataclass(frozen=True)
class _Column:
    """Headings and schools with their distance from the top in inches, and the column's height."""

    headings: list[tuple[str, float]]
    rows: list[tuple[str, float]]
    height: float


def _columns(groups: list[Group], n_columns: int, width: float) -> list[_Column]:
    """The schools in columns of the same number of rows; a group that runs on keeps its heading."""
    flat = [(heading, school) for heading, members in groups for school in members]
    n_rows = -(-len(flat) // n_columns)
    columns = []
    for start in range(0, len(flat), n_rows):
        column = _Column([], [], 0.0)
        y = 0.0
        for heading, members in groupby(flat[start : start + n_rows], key=lambda pair: pair[0]):
            words = style.wrap(heading, width - 0.1, style.SMALL_SIZE, bold=True)
            y += _HEADING + 0.14 * words.count("\n")
            column.headings.append((words, y - 0.1))
            for _, school in members:
                y += _ROW
                column.rows.append((school, y - _ROW / 2))
            y += 0.06
        columns.append(replace(column, height=y))
    return columns


def _write_column(
    axes: Axes, column: _Column, place: tuple[float, float, float, float], centres: list[float]
) -> None:
    """Headings with the programmes' numbers, names, and a rule under each for the eye to follow."""
    left, top, width, room = place
    small: dict[str, Any] = {"fontsize": style.SMALL_SIZE}
    for words, y in column.headings:
        axes.text(left, top + y, words, fontweight="bold", linespacing=1.2, **small)
        for number, x in enumerate(centres, start=1):
            axes.text(x, top + y, str(number), ha="center", fontweight="bold", **small)
    for school, y in column.rows:
        name = style.shortened(school, room, style.SMALL_SIZE)
        axes.text(left, top + y, name, va="center_baseline", **small)
    rules = [top + y + _ROW / 2 for _, y in column.rows]
    axes.hlines(rules, left, left + width, color=style.GRID, linewidth=0.6, zorder=1)


def _key_words(tables: Tables, programmes: Sequence[str], memberships: Memberships) -> list[str]:
    titles = subject.titles(tables)
    counts = Counter(programme for mine in memberships.values() for programme in mine)
    room = style.WIDE_INCHES - 2 * _LEFT - 0.45
    words = [f"{titles[p]} ({subject.counted(counts[p], 'school')})" for p in programmes]
    return [style.wrap(text, room, style.BODY_SIZE) for text in words]


def _alt_text(tables: Tables, programmes: Sequence[str], memberships: Memberships) -> str:
    words = _key_words(tables, programmes, memberships)
    listed = join_words(" ".join(text.split()) for text in words)
    return f"Grid of named schools by programme. {_title(memberships)}: {listed}."
