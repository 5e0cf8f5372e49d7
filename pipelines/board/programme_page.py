"""A programme's page: what it is, its results by year, the comparison, and three limits."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.board.answers import answer_to
from pipelines.board.figures import Gallery
from pipelines.board.limits import limits_of
from pipelines.board.programmes import coverage_of, facts_of
from pipelines.document.blocks import (
    Block,
    Bullets,
    Columns,
    Figure,
    Heading,
    Item,
    Link,
    Links,
    Notice,
    Paragraph,
    Section,
    Terms,
    Verdict,
)
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, sentence
from pipelines.released.questions import PLACEBO, primary_headlines

_N_LIMITS = 3
_MOST_CHARTS = 4


def programme_page(programme: Row, tables: Tables, gallery: Gallery) -> Section:
    """The section for one evaluated programme, a row of `released.programme`."""
    id_ = str(programme["programme"])
    return Section(
        f"programme-{id_}",
        str(programme["title"]),
        tuple(_blocks(programme, tables, gallery)),
        starts_page=True,
    )


def _blocks(programme: Row, tables: Tables, gallery: Gallery) -> Iterator[Block]:
    if programme["is_placebo"]:
        yield Notice(
            "Schools were put on a list by a rule, and nothing was done for them.",
            strong=sentence(PLACEBO),
        )
    facts = Bullets(tuple(Item(fact) for fact in facts_of(programme)))
    headlines = primary_headlines(programme["programme"], tables)
    charts = _charts(programme, headlines, gallery)
    coverage = (
        Heading(3, "Which schools can be compared"),
        Bullets(tuple(Item(c.why_not, strong=c.sentence) for c in coverage_of(programme, tables))),
    )
    if len(charts) == 1:  # a lone chart shares its row with the facts
        yield Columns(((charts[0],), (facts, *coverage)))
    else:
        yield facts
        yield from [Columns(tuple((chart,) for chart in charts))] * bool(charts)
        yield from coverage
    yield Heading(3, "What the comparison says")
    for headline in headlines:
        yield from _outcome(headline, programme, tables)
    limits = limits_of(programme, tables)[:_N_LIMITS]
    if limits:
        yield Heading(3, "What these results cannot say")
        yield Terms(limits)
    yield Links(
        (
            Link("Every method and measure", "technical.html#answers", "technical.pdf"),
            Link("How it was done", "technical.html#method", "technical.pdf"),
        )
    )


def _charts(programme: Row, headlines: list[Row], gallery: Gallery) -> list[Figure]:
    """The charts of the main measures that have an estimate, or else of the first main measure."""
    of = str(programme["programme"])
    main = [row for row in headlines if wording.is_shown(row)] or headlines[:1]
    return [
        figure
        for row in main
        for figure in gallery.of("outcome_by_year", programme=of, measure=row["measure"])
    ][:_MOST_CHARTS]


def _outcome(headline: Row, programme: Row, tables: Tables) -> Iterator[Block]:
    answer = answer_to(headline, programme, tables)
    yield Heading(4, answer.question)
    yield Verdict(answer.verdict, f"{answer.verdict_words} ({answer.status})")
    yield Paragraph(answer.conclusion)
    if answer.compared:
        yield Paragraph(answer.compared, look="note")
