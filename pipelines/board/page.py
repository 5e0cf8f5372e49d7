"""The board's page: findings, tables and drawn charts put into one self-contained HTML text.

No sentence and no number is made here (`findings`, `tables`); the look is `board.css`, the order of
the page `index.html.j2`. Everything that is not our own markup is escaped by the template engine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines import wording
from pipelines.board import annex
from pipelines.board import tables as words
from pipelines.board.cited import Tables, cite, cite_chart, parts, plain, released_rows, where
from pipelines.board.findings import Findings, findings

_HERE = Path(__file__).parent
_NAIVE_FAMILY = "naive_headline"
_NUMBER = Markup('<span data-from="{}">{}</span>')
# Families that stand in a section of their own subject, whatever programme they are about.
_SECTION_OF_FAMILY = {
    "priorities": "priorities",
    "school_programmes": "claims",
    "evaluation_answers": "schools-say",
}


class DrawnChart(Protocol):
    """What the page needs of a chart; `pipelines.charts` draws them.

    `svg` brings its own alternative text, and ids that no other chart has.
    """

    @property
    def name(self) -> str: ...  # noqa: D102 - file stem: family-programme-measure
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def caption(self) -> str: ...  # noqa: D102
    @property
    def data(self) -> pd.DataFrame: ...  # noqa: D102
    @property
    def svg(self) -> bytes: ...  # noqa: D102


@dataclass(frozen=True)
class Figure:
    """A chart as the page shows it: inline SVG with its own alternative text, caption, table."""

    name: str
    title: str
    caption: str
    svg: Markup
    table: words.Table


@dataclass(frozen=True)
class Section:
    """A programme's figures and tables; `naive_figures` stand with the words on that change."""

    figures: tuple[Figure, ...]
    naive_figures: tuple[Figure, ...]
    estimates: words.Table
    results: tuple[words.Table, ...]
    methods: tuple[words.Table, ...]


def render(released: Mapping[str, pd.DataFrame], charts: Sequence[DrawnChart]) -> str:
    """The whole page as HTML: no script, no outside file, well-formed as XML too.

    `released` are the released tables by name without the schema. A chart belongs to the programme
    whose id is a part of its name between hyphens, else to the study as a whole; a few families
    stand where their subject is told. A cited number stands in an element with the attribute
    `data-from`, as `cited.Reference` writes it.
    """
    tables = released_rows(released)
    found = findings(tables)
    (study,) = tables["study"]
    confidence = cite(study, "percent", "confidence_share")
    by_section: dict[str, list[Figure]] = {name: [] for name in _SECTION_OF_FAMILY.values()}
    by_place: dict[str | None, list[Figure]] = {}
    for chart in charts:
        figure = _figure(chart, {plain(confidence): confidence})
        section = _SECTION_OF_FAMILY.get(chart.name.partition("-")[0])
        if section:
            by_section[section].append(figure)
        else:
            by_place.setdefault(_programme_of(chart.name, found), []).append(figure)
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_with_references,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    return environment.get_template("index.html.j2").render(
        findings=found,
        # Our own file, kept beside the template: not data.
        css=Markup((_HERE / "board.css").read_text(encoding="utf-8")),  # noqa: S704
        figures=tuple(by_place.get(None, ())),
        figures_of=by_section,
        sections={
            programme.id: _section(programme.id, by_place.get(programme.id, []), tables)
            for programme in found.programmes
        },
        arms=words.results_by_year("all", tables),
        attrition=annex.attrition(tables),
        balance=annex.balance(tables),
        overlap=annex.overlap(tables),
        calibration=annex.calibration(tables),
        claims=words.claims(tables),
        evaluations=words.evaluations(tables),
        evaluation_themes=words.evaluation_themes(tables),
        statement_rule=words.statement_rule(tables),
        text_review=words.text_review(tables),
        revisions=words.revisions(tables),
        withheld_figures=words.withheld(tables),
        sources=words.sources(tables),
        statements=tables["statements"],
        case_studies=tables["case_studies"],
        titles={row["programme"]: row["title"] for row in tables["programme"]},
        minimum_cell=cite(study, "count", "minimum_cell"),
        confidence=confidence,
        cite=cite,
        disadvantage_means="Pupils marked so in the results: "
        + wording.disadvantage_means(row["kind"] for row in tables["source"]),
        withheld=wording.WITHHELD,
    )


def _with_references(value: object) -> object:
    """A cited number as an element that says where it is from; every other value as it is."""
    if not isinstance(value, str) or isinstance(value, Markup) or plain(value) == value:
        return value
    return Markup("").join(
        text if reference is None else _NUMBER.format(reference, text)
        for text, reference in parts(value)
    )


def _section(programme: str, figures: Sequence[Figure], tables: Tables) -> Section:
    naive = tuple(figure for figure in figures if figure.name.startswith(_NAIVE_FAMILY))
    return Section(
        figures=tuple(figure for figure in figures if figure not in naive),
        naive_figures=naive,
        estimates=words.estimates(programme, tables),
        results=words.results_by_year(programme, tables),
        methods=tuple(
            annex.methods(row, tables)
            for row in where(tables["impact"], role="headline", programme=programme)
        ),
    )


def _figure(chart: DrawnChart, cited_already: Mapping[str, str]) -> Figure:
    svg = chart.svg.decode("utf-8")
    title = cite_chart(chart.title, chart.name, chart.data, cited_already)
    return Figure(
        name=chart.name,
        title=title,
        caption=cite_chart(chart.caption, chart.name, chart.data, cited_already),
        # Drawn by us; an XML prolog has no place inside a page.
        svg=Markup(svg[svg.index("<svg") :]),  # noqa: S704
        table=words.of_chart(chart.name, title, chart.data, cited_already),
    )


def _programme_of(name: str, found: Findings) -> str | None:
    matching = [p.id for p in found.programmes if f"-{p.id}-" in f"-{name}-"]
    return max(matching, key=len) if matching else None
