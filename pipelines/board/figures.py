"""Drawn charts as figures in a document, with cited text and their data as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import pandas as pd

from pipelines.board import tables as word_tables
from pipelines.document.blocks import Figure
from pipelines.released.citations import Quote, Tables, cite, cite_quotes, plain
from pipelines.released.questions import evaluated_programmes, in_sentence, measure_label


class DrawnChart(Protocol):
    """A chart as documents use it; `pipelines.charts` draws them.

    `svg` includes its own alternative text, and its ids are unique to the chart.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - file stem: family-programme-measure
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def title_from(self) -> tuple[Quote, ...]: ...  # noqa: D102 - which figures its numbers are from
    @property
    def caption_from(self) -> tuple[Quote, ...]: ...  # noqa: D102
    @property
    def alt_text(self) -> str: ...  # noqa: D102
    @property
    def caption(self) -> str: ...  # noqa: D102
    @property
    def data(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def svg(self) -> bytes: ...  # noqa: D102


class Gallery:
    """A study's figures: by programme in the protocol's order, then in the order of the charts."""

    def __init__(self, charts: Sequence[DrawnChart], tables: Tables) -> None:
        titles = Counter(chart.title for chart in charts)
        order = [str(row["programme"]) for row in evaluated_programmes(tables)]
        self._figures = [
            _figure(chart, titles[chart.title] > 1, tables)
            for chart in sorted(charts, key=lambda chart: _place(chart.name, order))
        ]

    def of(self, *families: str, programme: str = "", measure: str = "") -> tuple[Figure, ...]:
        """The figures of the given families, limited to one programme or measure if given."""
        return tuple(
            figure
            for figure in self._figures
            if figure.name.partition("-")[0] in families
            and (not programme or f"-{programme}-" in f"-{figure.name}-")
            and (not measure or figure.name.endswith(f"-{measure}"))
        )


def _place(name: str, programmes: Sequence[str]) -> int:
    """The position of the programme named in a chart's name; -1 if it names none."""
    held = [programme for programme in programmes if f"-{programme}-" in f"-{name}-"]
    return programmes.index(max(held, key=len)) if held else -1


def _figure(chart: DrawnChart, has_namesake: bool, tables: Tables) -> Figure:
    confidence = cite(tables["study"][0], "percent", "confidence_share")
    cited_already = {plain(confidence): confidence}
    title = cite_quotes(chart.title, chart.name, chart.title_from, cited_already)
    about = _subject(chart.name, tables) if has_namesake else ""
    label = f"{title} ({about})" if about else title
    return Figure(
        name=chart.name,
        label=label,
        title=title,
        alt_text=chart.alt_text,
        caption=cite_quotes(chart.caption, chart.name, chart.caption_from, cited_already),
        svg=chart.svg,
        table=word_tables.of_chart(chart.name, label, chart.data, cited_already),
    )


def _subject(name: str, tables: Tables) -> str:
    """ "Closing the gap, reading progress": the subject, from the chart's name."""
    programmes = [
        row for row in evaluated_programmes(tables) if f"-{row['programme']}-" in f"-{name}-"
    ]
    longest = sorted(programmes, key=lambda row: len(row["programme"]))[-1:]
    measures = [
        measure
        for measure in dict.fromkeys(row["measure"] for row in tables["measure"])
        if name.endswith(f"-{measure}")
    ]
    return ", ".join(
        [
            *(str(row["title"]) for row in longest),
            *(in_sentence(measure_label(measure, tables)) for measure in measures),
        ]
    )
