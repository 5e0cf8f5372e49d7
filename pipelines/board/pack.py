"""All that the board is given, in the order in which it is read: sentences, tables, charts, quotations.

The page (`page`) and the PDF (`pdf`) are made from this one model, so that both say the same. No
sentence about results is made here (`findings`), no markup of any kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from pipelines.board import annex, tables
from pipelines.board.about import in_sentence, measure_label, programme_title
from pipelines.board.authority_context import Context, authority_context
from pipelines.board.case_studies import CaseStudy, case_studies
from pipelines.board.changes import Changes, changes
from pipelines.board.findings import Findings, findings
from pipelines.board.limits import Limit
from pipelines.board.tables import Table
from pipelines.released import wording
from pipelines.released.citations import (
    Quote,
    Row,
    Tables,
    cite,
    cite_quotes,
    plain,
    released_rows,
    where,
)

_NAIVE_FAMILY = "naive_headline"
# Families that stand in a section of their own subject, whatever programme they are about.
_SECTION_OF_FAMILY = {
    "authority_context": "authority-context",
    "priorities": "priorities",
    "school_programmes": "taking-part",
    "evaluation_answers": "schools-say",
}


class DrawnChart(Protocol):
    """What the board's pack needs of a chart; `pipelines.charts` draws them.

    `svg` brings its own alternative text, and ids that no other chart has.
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


@dataclass(frozen=True)
class Figure:
    """A chart with its words cited, and the figures in it as a table.

    `label` is its title, with its subject where another chart has the same.
    """

    name: str
    label: str
    title: str
    alt_text: str
    caption: str
    svg: bytes
    table: Table


@dataclass(frozen=True)
class Section:
    """A programme's figures and tables; `naive_figures` stand with the words on that change."""

    figures: tuple[Figure, ...]
    naive_figures: tuple[Figure, ...]
    estimates: Table
    results: tuple[Table, ...]
    methods: tuple[Table, ...]


@dataclass(frozen=True)
class Quotation:
    """A school's own words, and whose they are as consented."""

    quote: str
    attribution: str


@dataclass(frozen=True)
class Pack:
    """What page and PDF hold: every text with its numbers cited, `figures` those of no one programme.

    `figures_of` are those that stand in a section of their subject. Sentences with a default are the
    same in every study.
    """

    findings: Findings
    figures: tuple[Figure, ...]
    figures_of: Mapping[str, tuple[Figure, ...]]
    arms: tuple[Table, ...]
    sections: Mapping[str, Section]
    context: Context
    reached: Table
    claims: Table
    changes: Changes
    evaluations: Table
    evaluation_themes: Table
    statement_rule: Table
    text_review: Table
    quotations: tuple[Quotation, ...]
    case_studies: tuple[CaseStudy, ...]
    attrition: Table
    balance: Table
    overlap: Table
    calibration: tuple[Table, ...]
    withheld_figures: Table
    withheld_why: str
    sources: Table
    data_checks: Table
    glossary: tuple[Limit, ...]
    range_means: str
    withheld_means: str = f"{wording.WITHHELD} means withheld, so that no pupil is recognised."
    placebo_means: str = "Schools were put on a list by a rule, and nothing was done for them."
    left_empty: str = "These are left empty. Last year’s figures do not stand in for them."
    all_published: str = "Every result the study asks for is published."
    left_out_of_print: str = "This long table is left out of the print."
    annex_holds: str = (
        "For whoever checks the results: what each comparison rests on, and how often the method "
        "errs."
    )
    calibration_is: str = (
        "Schools were invented, some chosen for a programme, and the same method was asked. It "
        "cannot see through a choice that foretells the coming results, as by someone who knows how "
        "the coming pupils will do."
    )
    no_calibration: str = (
        "No comparison has an estimate, so there is no size of comparison to try the method at."
    )


def pack(released: Mapping[str, pd.DataFrame], charts: Sequence[DrawnChart]) -> Pack:
    """The model from the released tables, by name without the schema, and the drawn charts.

    A chart belongs to the programme whose id is a part of its name between hyphens, else to the
    study as a whole. Raises KeyError if a released table is missing.
    """
    rows = released_rows(released)
    found = findings(rows)
    (study,) = rows["study"]
    confidence = cite(study, "percent", "confidence_share")
    by_place: dict[str | None, list[Figure]] = {}
    by_section: dict[str, list[Figure]] = {name: [] for name in _SECTION_OF_FAMILY.values()}
    titles = Counter(chart.title for chart in charts)
    for chart in charts:
        about = _subject(chart.name, found, rows) if titles[chart.title] > 1 else ""
        figure = _figure(chart, about, {plain(confidence): confidence})
        section = _SECTION_OF_FAMILY.get(chart.name.partition("-")[0])
        if section:
            by_section[section].append(figure)
        else:
            by_place.setdefault(_programme_of(chart.name, found), []).append(figure)
    return Pack(
        findings=found,
        figures=tuple(by_place.get(None, ())),
        figures_of={name: tuple(figures) for name, figures in by_section.items()},
        arms=tables.results_by_year("all", rows),
        sections={
            programme.id: _section(programme.id, by_place.get(programme.id, []), rows)
            for programme in found.programmes
        },
        context=authority_context(rows),
        reached=tables.reached(rows),
        claims=tables.claims(rows),
        changes=changes(rows),
        evaluations=tables.evaluations(rows),
        evaluation_themes=tables.evaluation_themes(rows),
        statement_rule=tables.statement_rule(rows),
        text_review=tables.text_review(rows),
        quotations=tuple(
            Quotation(
                cite(row, "as_it_is", "quote"),
                f"{cite(row, 'as_it_is', 'attribution')}, {programme_title(row, rows)} ({row['tone']})",
            )
            for row in rows["statements"]
        ),
        case_studies=case_studies(rows),
        attrition=annex.attrition(rows),
        balance=annex.balance(rows),
        overlap=annex.overlap(rows),
        calibration=annex.calibration(rows),
        withheld_figures=tables.withheld(rows),
        withheld_why=(
            f"{wording.WITHHELD} stands where fewer than {cite(study, 'count', 'minimum_cell')} pupils are "
            "counted, met the standard or did not, where pupils with special educational needs are of one "
            "or two schools, and where an estimate rests on so few schools that it could tell of one of "
            "them. It never means zero. Counts of pupils are rounded, and percentages are of rounded "
            "counts, so that figures set against each other do not tell of single pupils."
            f"{wording.format_public_key_stages(study['public_key_stages'])}"
        ),
        sources=tables.sources(rows),
        data_checks=annex.data_checks(rows),
        glossary=_glossary(study, confidence, rows),
        range_means=f"The {confidence} range shows how far each average could be off by chance.",
    )


def _section(programme: str, figures: Sequence[Figure], rows: Tables) -> Section:
    naive = tuple(figure for figure in figures if figure.name.startswith(_NAIVE_FAMILY))
    return Section(
        figures=tuple(figure for figure in figures if figure not in naive),
        naive_figures=naive,
        estimates=tables.estimates(programme, rows),
        results=tables.results_by_year(programme, rows),
        methods=tuple(
            annex.methods(row, rows)
            for row in where(rows["impact"], role="headline", programme=programme)
        ),
    )


def _figure(chart: DrawnChart, about: str, cited_already: Mapping[str, str]) -> Figure:
    title = cite_quotes(chart.title, chart.name, chart.title_from, cited_already)
    label = f"{title} ({about})" if about else title
    return Figure(
        name=chart.name,
        label=label,
        title=title,
        alt_text=chart.alt_text,
        caption=cite_quotes(chart.caption, chart.name, chart.caption_from, cited_already),
        svg=chart.svg,
        table=tables.of_chart(chart.name, label, chart.data, cited_already),
    )


def _subject(name: str, found: Findings, rows: Tables) -> str:
    """ "Closing the gap, reading progress": what a chart's name says that it is about."""
    programme = _programme_of(name, found)
    asked = dict.fromkeys(row["measure"] for row in rows["measure"])
    measures = [m for m in asked if name.endswith(f"-{m}")]
    words = [p.title for p in found.programmes if p.id == programme]
    return ", ".join([*words, *(in_sentence(measure_label(m, rows)) for m in measures)])


def _programme_of(name: str, found: Findings) -> str | None:
    matching = [p.id for p in found.programmes if f"-{p.id}-" in f"-{name}-"]
    return max(matching, key=len) if matching else None


def _glossary(study: Row, confidence: str, rows: Tables) -> tuple[Limit, ...]:
    """The words used, each with what it means."""
    disadvantage_means = wording.disadvantage_means(row["kind"] for row in rows["source"])
    minimum_cell = cite(study, "count", "minimum_cell")
    return tuple(
        Limit(word, meaning)
        for word, meaning in (
            (
                "Cannot tell",
                "The results leave the question open. It does not mean that the support did "
                "nothing.",
            ),
            (
                "Between A and B",
                "Two ways of comparing give A and B. One is right if schools were chosen on earlier "
                "results, the other if for lasting quality. If they were chosen in some other way, "
                "both can be wrong.",
            ),
            (
                "Could be anything from A to B by chance",
                f"How far off the comparison could be by chance, at the usual {confidence} level, if "
                "schools were chosen in one of these ways.",
            ),
            (
                "Other schools",
                "State-funded mainstream schools of the area that are not in the programme and have "
                "results. They may take part in other programmes.",
            ),
            (
                "School return",
                "A result as the school reported it to the council, before anything is published.",
            ),
            (
                "Provisional, revised, final",
                "Published results, in the order in which they come. Each can differ from the "
                "one before.",
            ),
            (
                "Disadvantaged pupils",
                f"Pupils marked so in the results: {disadvantage_means}.",
            ),
            (
                "SEN support",
                "Help in school for a special educational need, without an education, health "
                "and care (EHC) plan.",
            ),
            (
                "Progress points",
                "Pupils’ results against those of pupils across the country who started at "
                "the same level. Zero is the national average.",
            ),
            (
                "Percentage points",
                "The difference between two percentages: from forty per cent to forty-five "
                "per cent is five percentage points.",
            ),
            (
                wording.WITHHELD,
                "Withheld, to keep pupils from being recognised: the figure would rest on "
                f"fewer than {minimum_cell} pupils, or would give such a figure away.",
            ),
        )
    )
