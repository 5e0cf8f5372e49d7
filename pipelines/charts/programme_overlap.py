"""How many schools are in two programmes at once, laid out like a road atlas's mileage chart."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pipelines.charts import style, subject
from pipelines.charts.chart import MAX_TITLE_WORDS, Chart, Tables
from pipelines.released.citations import Quote
from pipelines.released.wording import WITHHELD, first_within, format_count, is_missing

_NAME = "programme_overlap"
_CELL_HEIGHT, _LABEL_WIDTH, _LEFT = 0.44, 1.75, 0.1
Counts = dict[tuple[str, str], int | None]  # by programme ids, None where withheld


def charts(tables: Tables) -> Iterator[Chart]:
    """One chart, or none for a study with a single programme."""
    overlap = tables["programme_overlap"]
    counts: Counts = {
        (row["programme_a"], row["programme_b"]): None
        if is_missing(row["n_schools"])
        else int(row["n_schools"])
        for row in overlap.to_dict("records")
    }
    present = {programme for pair in counts for programme in pair}
    order = [p for p in tables["programme"]["programme"] if p in present]
    if len(order) < 2:
        return
    titles = subject.titles(tables)
    title, title_from = _title(tables, counts, order)
    alt_text = _alt_text(counts, order, titles)
    svg = _draw(tables, title, counts, order).save(_NAME, alt_text)
    yield Chart(
        name=_NAME,
        title=title,
        alt_text=alt_text,
        caption=(
            "Measure: number of schools enrolled in both programmes; framed cells, schools in the "
            "programme at all. Schools: every enrolled school, with or without results. Place and "
            f"period: {subject.place(tables)}, {subject.outcome_year(tables)}. Release status: "
            "enrolments as the study's files have them. "
            f"{subject.source(tables, ('enrolments',))}"
        ),
        data=_data(counts, order, titles),
        svg=svg,
        title_from=title_from,
    )


def _count(counts: Counts, a: str, b: str) -> int | None:
    """Schools in both, whichever way round the table has the pair; no row means none."""
    return counts[(a, b)] if (a, b) in counts else counts.get((b, a), 0)


def _words(count: int | None) -> str:
    return WITHHELD if count is None else format_count(count)


def _title(tables: Tables, counts: Counts, order: list[str]) -> tuple[str, tuple[Quote, ...]]:
    """The most schools that two evaluated programmes share, and the cells that say so."""
    titles = subject.titles(tables)
    chosen = [p for p in subject.evaluated(tables) if (p, p) in counts]
    pairs = [(a, b) for i, a in enumerate(chosen) for b in chosen[i + 1 :]]
    known = [(n, pair) for pair in pairs if (n := _count(counts, *pair)) is not None]
    if not known:
        between = [n for (a, b), n in counts.items() if a != b]
        if any(between):
            return "Some schools took part in several programmes at once", ()
        return "No two programmes are shown to share a school", ()
    most, (a, b) = max(known)
    total = _count(counts, a, a)
    # A withheld total is no part of a title.
    shared, all_of = _words(most), _words(total)
    of_all = f"{shared} of {all_of} {titles[a]} schools also in {titles[b]}"
    schools = subject.counted(most, "school")
    title = first_within(
        MAX_TITLE_WORDS,
        *([] if total is None else [of_all]),
        f"{titles[a]} and {titles[b]} share {schools}",
        f"Both evaluated programmes share {schools}"
        if len(chosen) == 2
        else f"Two evaluated programmes share up to {schools}",
    )
    row = (order.index(a),)
    both = Quote(shared, row, titles[b])
    return title, (both, Quote(all_of, row, titles[a])) if title == of_all else (both,)


@style.styled
def _draw(tables: Tables, title: str, counts: Counts, order: list[str]) -> style.Sheet:
    titles = subject.titles(tables)
    labels = [style.wrap(titles[p], _LABEL_WIDTH - 0.1, style.BODY_SIZE) for p in order]
    row_height = max(_CELL_HEIGHT, *(0.16 * (label.count("\n") + 1) + 0.06 for label in labels))
    sheet = style.sheet(
        title,
        "Number of schools in both programmes: read left and down from a programme's name to "
        "where two meet. Framed: all schools of the programme.",
        subject.footer(tables, "", ("enrolments",)),
        row_height * len(order) + 0.1,
        style.WIDE_INCHES,
    )
    width = style.WIDE_INCHES - 2 * _LEFT
    axes = sheet.axes(_LEFT, 0.05, width, row_height * len(order))
    cell = (width - _LABEL_WIDTH) / len(order)
    axes.set_xlim(0, width)
    axes.set_ylim(len(order), 0)
    axes.axis("off")
    between = [n for (a, b), n in counts.items() if a != b and n is not None]
    largest = max(between, default=0)
    for row, programme in enumerate(order):
        for column, other in enumerate(order[: row + 1]):
            n = _count(counts, programme, other)
            _draw_cell(axes, (column * cell, row, cell), n, largest, is_total=row == column)
        axes.text(
            (row + 1) * cell + 0.08,
            row + 0.5,
            labels[row],
            va="center",
            linespacing=1.2,
        )
    return sheet


def _draw_cell(
    axes: Axes, place: tuple[float, int, float], n: int | None, largest: int, *, is_total: bool
) -> None:
    """A shaded number; text is white on the two darkest shades, where black would not read."""
    left, top, width = place
    shade = 0
    if n and not is_total:
        shade = 1 + min(2, 3 * (n - 1) // max(largest, 1))
    axes.add_patch(
        Rectangle(
            (left + 0.02, top + 0.04),
            width - 0.04,
            0.92,
            facecolor=style.WHITE if is_total else style.SEQUENTIAL[shade],
            edgecolor=style.TEXT if is_total else "none",
            linewidth=1.2 if is_total else 0,
        )
    )
    axes.text(
        left + width / 2,
        top + 0.5,
        _words(n),
        ha="center",
        va="center",
        fontsize=style.BODY_SIZE + 1,
        fontweight="bold" if is_total else "normal",
        color=style.WHITE if shade >= 2 and not is_total else style.TEXT,
    )


def _alt_text(counts: Counts, order: list[str], titles: dict[str, str]) -> str:
    parts = []
    for position, programme in enumerate(order):
        others = [
            f"{_words(_count(counts, programme, other))} also in {titles[other]}"
            for other in order[position + 1 :]
        ]
        total = _words(_count(counts, programme, programme))
        parts.append(f"{titles[programme]}: {', '.join([f'{total} schools', *others])}.")
    return f"Table of shaded cells, schools in two programmes at once. {' '.join(parts)}"


def _data(counts: Counts, order: list[str], titles: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"Programme": titles[programme]}
            | {titles[other]: _words(_count(counts, programme, other)) for other in order}
            for programme in order
        ]
    )
