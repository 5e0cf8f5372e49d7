"""Each compared school's latest result, with the limits of chance for a school of its size.

The limits are those of a control chart (Spiegelhalter 2005, Statistics in Medicine 24: 1185): the
pooled mean ± 1.96 pupil standard deviations / √(number of pupils).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pipelines.charts import style
from pipelines.document.blocks import Figure, Table
from pipelines.officers.tables import OfficerRow
from pipelines.released import wording

_ROW, _AXIS, _LABEL = 0.21, 0.3, 2.1  # inches
_LIMIT_SDS = 1.96
_KEY: tuple[style.KeyEntry, ...] = (
    ("in the programme", [style.PROGRAMME_MARKS | {"linestyle": "none"}]),
    ("others", [style.REST_MARKS | {"linestyle": "none"}]),
    ("what chance allows", [{"facecolor": style.BAND, "edgecolor": "none"}]),
)


def chance_limits(row: OfficerRow) -> tuple[float, float] | None:
    """The control limits for a school with the row's pupils; None where they are unknown."""
    if row["pupil_sd"] is None:
        return None
    half = _LIMIT_SDS * row["pupil_sd"] / math.sqrt(row["n_pupils"])
    return row["pooled_mean"] - half, row["pooled_mean"] + half


def caterpillars(rows: Sequence[OfficerRow], titles: dict[str, str]) -> Iterator[Figure]:
    """A figure for each programme and main measure with results, from rows of `latest_result.sql`."""
    for programme, measure in dict.fromkeys((row["programme"], row["measure"]) for row in rows):
        own = [r for r in rows if (r["programme"], r["measure"]) == (programme, measure)]
        yield _figure(f"caterpillar-{programme}-{measure}", own, titles[programme])


def _figure(name: str, rows: Sequence[OfficerRow], title: str) -> Figure:
    outside = [row for row in rows if _is_outside(row)]
    about = f"{rows[0]['label']}, {wording.format_group(rows[0]['pupil_group'])}"
    finding = f"{len(outside)} of {len(rows)} schools lie outside what chance allows"
    alt_text = f"{title}, {about}: schools from lowest to highest. {finding}."
    return Figure(
        name=name,
        label=f"{title}: {about}",
        title=f"{title}: {finding}",
        alt_text=alt_text,
        caption=f"{about}. One school in twenty lies outside by chance alone, whatever was done there.",
        svg=_draw(name, rows, finding, f"{title}. {about}", alt_text),
        table=_table(rows, f"What chance allows: {title}, {about}"),
        has_files=False,
    )


@style.styled
def _draw(
    name: str, rows: Sequence[OfficerRow], finding: str, subtitle: str, alt_text: str
) -> bytes:
    height = _ROW * len(rows)
    key = style.key_height(words for words, _ in _KEY)
    sheet = style.sheet(finding, subtitle, "", height + _AXIS + key)
    sheet.key(height + _AXIS + key, _KEY)
    axes = sheet.axes(_LABEL, _AXIS, style.WIDTH_INCHES - _LABEL - 0.15, height)
    unit, decimals = rows[0]["unit"], rows[0]["decimals"]
    for place, row in enumerate(rows):
        limits = chance_limits(row)
        if limits is not None:
            axes.barh(place, limits[1] - limits[0], 0.7, left=limits[0], color=style.BAND)
        marks = style.PROGRAMME_MARKS if row["is_programme"] else style.REST_MARKS
        axes.plot([row["mean"]], [place], **marks | {"markersize": 4.5})
    axes.axvline(rows[0]["pooled_mean"], color=style.RULE, linewidth=1)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    room = _LABEL - 0.15
    axes.set_yticks(
        range(len(rows)), [style.shortened(row["school"], room, style.SMALL_SIZE) for row in rows]
    )
    axes.tick_params(axis="y", labelsize=style.SMALL_SIZE)
    axes.xaxis.set_major_formatter(lambda x, _: wording.format_value(x, unit, decimals))
    axes.grid(visible=False, axis="y")
    return sheet.save(name, alt_text)


def _table(rows: Sequence[OfficerRow], caption: str) -> Table:
    def words(value: float, row: OfficerRow) -> str:
        return wording.format_value(value, row["unit"], row["decimals"])

    return Table(
        caption,
        ("School (URN)", "In the programme", "Pupils", "Result", "What chance allows", "Outside"),
        tuple(
            (
                row["school"],
                "yes" if row["is_programme"] else "no",
                wording.format_count(row["n_pupils"]),
                words(row["mean"], row),
                "not known"
                if (limits := chance_limits(row)) is None
                else f"{words(limits[0], row)} to {words(limits[1], row)}",
                "yes" if _is_outside(row) else "no",
            )
            for row in rows
        ),
        is_filtered=True,
    )


def _is_outside(row: OfficerRow) -> bool:
    limits = chance_limits(row)
    return limits is not None and not limits[0] <= row["mean"] <= limits[1]
