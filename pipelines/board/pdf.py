"""The board's pack as a PDF to print and to hand round: tagged (PDF/UA-1), from the model of the page.

Here the model (`pack`) becomes blocks of plain data in reading order; how a block looks is
`board.typ`. Text reaches Typst as JSON, never as markup, so nothing in a file can be read as an order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.board.about import PLACEBO
from pipelines.board.answers import Answer
from pipelines.board.case_studies import CaseStudy
from pipelines.board.limits import Limit
from pipelines.board.pack import DrawnChart, Figure, Pack, Section, pack
from pipelines.board.programmes import Programme
from pipelines.board.tables import Table
from pipelines.document.typesetting import drawable, typeset
from pipelines.released.citations import parts, plain
from pipelines.released.wording import is_missing

_TEMPLATE = Path(__file__).with_name("board.typ")

Runs = list[dict[str, str | None]]  # {text, from}: a piece of text, the reference of a number
Block = dict[str, Any]  # `kind` says which of `board.typ` draws it


def render(released: Mapping[str, pd.DataFrame], charts: Sequence[DrawnChart]) -> bytes:
    """The PDF, the same to the byte for the same input on any machine.

    `released` are the released tables by name without the schema. It is dated
    with the day the study's figures are from, else with its reference date. Fonts are those that
    matplotlib brings, so the charts are set in what they were drawn in.
    """
    (study,) = released["study"].to_dict("records")
    dated = study["reference_date"] if is_missing(study["as_at"]) else study["as_at"]
    files = {
        "main": _TEMPLATE.read_bytes(),
        "board.json": json.dumps(model(pack(released, charts)), ensure_ascii=False).encode(),
        **{f"{chart.name}.svg": drawable(chart.svg.decode()).encode() for chart in charts},
    }
    return typeset(
        files,
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=int(pd.Timestamp(dated).tz_localize("UTC").timestamp()),
    )


def model(of: Pack) -> dict[str, Any]:
    """What `board.typ` reads: the document's names, and its blocks as the board reads them."""
    found = of.findings
    return {
        "title": drawable(f"{plain(found.title)} (draft)"),
        "running_title": _runs(found.title),
        "blocks": [
            {"kind": "one_page", "blocks": list(_answer(of))},
            *_together(of),
            *(
                block
                for programme in found.programmes
                for block in _programme(programme, of.sections[programme.id], of)
            ),
            *_context(of),
            *_limits(of),
            *_schools_say(of),
            *_case_studies(of),
            _heading(2, "How it was done"),
            *(_paragraph(text) for text in found.method),
            *_annex(of),
            _heading(2, "What is withheld"),
            _paragraph(of.withheld_why),
            *_table(of.withheld_figures, of),
            _heading(2, "Sources"),
            *_table(of.sources, of),
            *_table(of.data_checks, of),
            _heading(2, "Words used"),
            _terms(of.glossary),
            _paragraph(
                f"Study fingerprint {found.study_hash} · data fingerprint {found.source_hash} · draft",
                "note",
            ),
        ],
    }


def _answer(of: Pack) -> Iterator[Block]:
    found = of.findings
    about = (found.local_authority, f"results {found.period}", found.as_at)
    yield _paragraph(" · ".join(filter(None, about)), "note")
    yield _heading(1, found.title)
    for heading, text in found.banners:
        yield _paragraph(text, "banner", strong=f"{heading}.")
    yield _heading(2, "The answer in plain words")
    for line in found.in_short:
        yield _paragraph(line, "lead")
    yield {
        "kind": "side_by_side",
        "cells": [list(_answers(programme)) for programme in found.programmes],
    }
    yield _paragraph(found.what_will_change)


def _answers(programme: Programme) -> Iterator[Block]:
    placebo = f" ({PLACEBO})" if programme.is_placebo else ""
    yield _heading(3, programme.title + placebo)
    yield {
        "kind": "list",
        "items": [_item(c.why_not, strong=c.sentence) for c in programme.coverage],
    }
    for answer in programme.answers:
        yield from _outcome(answer)


def _outcome(answer: Answer) -> Iterator[Block]:
    yield _heading(4, answer.question)
    yield _paragraph(
        f"({answer.status})", answer.verdict, strong=f"Verdict: {answer.verdict_words}"
    )
    if answer.bracket:
        yield _paragraph("", strong=answer.bracket)
    if answer.happened:
        yield _paragraph(answer.happened, strong="What happened.")
    if answer.compared:
        yield _paragraph(answer.compared, strong="Who is compared.")
    yield _paragraph(f"{answer.conclusion} {answer.power}", strong="How sure we are.")


def _together(of: Pack) -> Iterator[Block]:
    if not of.figures:
        return
    yield _heading(2, "The programmes together")
    for figure in of.figures:
        yield from _figure(figure, 3, of)


def _programme(programme: Programme, section: Section, of: Pack) -> Iterator[Block]:
    yield _NEW_PAGE
    yield _heading(2, programme.title)
    if programme.is_placebo:
        yield _paragraph(of.placebo_means, "banner", strong="No such programme existed.")
    yield {"kind": "list", "items": [_item(fact) for fact in programme.facts]}
    for figure in section.figures:
        yield from _figure(figure, 3, of)
    if programme.naive or section.naive_figures:
        yield _heading(3, "What the change since last year would have said")
    for naive in programme.naive:
        yield _heading(4, naive.question)
        yield _paragraph(naive.says)
        yield _paragraph(naive.why_unsafe)
    for figure in section.naive_figures:
        yield from _figure(figure, 4, of)
    yield _heading(3, "Every measure")
    yield from _table(section.estimates, of)


def _context(of: Pack) -> Iterator[Block]:
    if not of.context.tables:
        return
    yield _NEW_PAGE
    yield _heading(2, "The authority beside others")
    for text in of.context.sentences:
        yield _paragraph(text)
    yield from _figures_of("authority-context", of)
    for table in of.context.tables:
        yield from _table(table, of)


def _limits(of: Pack) -> Iterator[Block]:
    """What cannot be said, claims, and what is not yet published."""
    yield _NEW_PAGE
    yield _heading(2, "What cannot be said, and why")
    yield _terms(of.findings.cannot_say)
    if of.figures_of["priorities"]:
        yield _heading(2, "The priorities")
        yield from _figures_of("priorities", of)
        yield from _table(of.reached, of)
    if of.claims.rows:
        yield _heading(2, "Claims checked")
        yield from _table(of.claims, of)
    if of.figures_of["taking-part"]:
        yield _heading(2, "Which schools take part")
        yield from _figures_of("taking-part", of)
    yield _heading(2, "Results not yet published")
    if of.findings.not_yet_published:
        yield _terms(of.findings.not_yet_published)
        yield _paragraph(of.left_empty)
    else:
        yield _paragraph(of.all_published)
    yield _heading(2, "What changed when later results came in")
    for text in of.changes.sentences:
        yield _paragraph(text)
    yield from _table(of.changes.figures, of)


def _schools_say(of: Pack) -> Iterator[Block]:
    if not (of.evaluations.rows or of.statement_rule.rows):
        return
    yield _NEW_PAGE
    yield _heading(2, "What schools said")
    yield from _figures_of("schools-say", of)
    for table in (of.evaluations, of.evaluation_themes, of.statement_rule, of.text_review):
        yield from _table(table, of)
    if of.quotations:
        yield _heading(3, "In their own words")
    for quotation in of.quotations:
        yield _quote(quotation.quote, quotation.attribution)


def _case_studies(of: Pack) -> Iterator[Block]:
    """A page each: whoever is given one school's gets it alone."""
    for position, case in enumerate(of.case_studies):
        yield _NEW_PAGE
        if position == 0:
            yield _heading(2, "Case studies")
        yield {"kind": "one_page", "blocks": list(_case_study(case, of))}


def _case_study(case: CaseStudy, of: Pack) -> Iterator[Block]:
    yield _heading(3, case.heading)
    yield _paragraph(case.context)
    yield _heading(4, "What it received")
    yield _paragraph(case.support)
    if case.support_says:
        yield _paragraph(case.support_says)
    yield from _table(case.events, of)
    yield _heading(4, "Its results")
    for text in case.results_say:
        yield _paragraph(text)
    for table in case.results:
        yield from _table(table, of)
    yield _heading(4, "In its own words")
    yield _quote(case.statement)


def _annex(of: Pack) -> Iterator[Block]:
    yield _NEW_PAGE
    yield _heading(2, "Technical annex")
    yield _paragraph(of.annex_holds)
    for heading, table in (
        ("Which schools are missing", of.attrition),
        ("How alike both sides were", of.balance),
        ("Whether both sides meet", of.overlap),
    ):
        yield _heading(3, heading)
        yield from _table(table, of)
    yield _heading(3, "How often the method errs")
    yield _paragraph(of.calibration_is if of.calibration else of.no_calibration)
    for table in of.calibration:
        yield from _table(table, of)
    yield _heading(3, "Every method")
    for section in of.sections.values():
        for table in section.methods:
            yield from _table(table, of)
    if of.arms:
        yield _heading(3, "Every result by year")
        yield _paragraph(f"{of.withheld_means} {of.range_means}")
        for table in (*(t for section in of.sections.values() for t in section.results), *of.arms):
            yield from _table(table, of)


def _figures_of(section: str, of: Pack) -> Iterator[Block]:
    for figure in of.figures_of[section]:
        yield from _figure(figure, 3, of)


_NEW_PAGE: Block = {"kind": "new_page"}


def _heading(level: int, text: str) -> Block:
    return {"kind": "heading", "level": level, "text": _runs(text)}


def _item(text: str, strong: str = "") -> dict[str, Runs]:
    return {"strong": _runs(strong), "text": _runs(text)}


def _paragraph(text: str, look: str = "plain", strong: str = "") -> Block:
    return {"kind": "paragraph", "look": look, **_item(text, strong)}


def _terms(limits: Sequence[Limit]) -> Block:
    return {
        "kind": "terms",
        "items": [{"term": _runs(of.subject), "text": _runs(of.reason)} for of in limits],
    }


def _quote(text: str, attribution: str = "") -> Block:
    return {"kind": "quote", "text": _runs(text), "attribution": _runs(attribution)}


def _figure(figure: Figure, level: int, of: Pack) -> Iterator[Block]:
    """A chart under its title, then the figures in it, as the page has them."""
    yield {
        "kind": "figure",
        "level": level,
        "title": _runs(figure.title),
        "image": f"{figure.name}.svg",
        "alt_text": drawable(figure.alt_text),
        "caption": _runs(figure.caption),
    }
    yield from _table(figure.table, of)


def _table(table: Table, of: Pack) -> Iterator[Block]:
    """A table and its note; one that is too long for paper says so, an empty one what it has to say."""
    if not table.rows:
        if table.if_empty:
            yield _paragraph(table.if_empty)
        return
    if table.is_long:
        yield _paragraph(of.left_out_of_print, "note", strong=f"{table.caption}.")
    else:
        yield {
            "kind": "table",
            "caption": _runs(table.caption),
            "columns": [_runs(column) for column in table.columns],
            "rows": [[_runs(cell) for cell in row] for row in table.rows],
        }
    if table.note:
        yield _paragraph(table.note, "note")


def _runs(text: str) -> Runs:
    return [{"text": drawable(said), "from": reference} for said, reference in parts(text)]
