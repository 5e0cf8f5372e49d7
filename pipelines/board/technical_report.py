"""The technical report: method, estimates, design, power, results by year, sources, checks.

For analysts who check the pack or continue the study. `board_pack` is the board's own document.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from pipelines.board import annex
from pipelines.board import tables as word_tables
from pipelines.board.answers import answer_to, naive_reading
from pipelines.board.authority_context import authority_context
from pipelines.board.board_pack import closing, kicker
from pipelines.board.case_studies import case_tables
from pipelines.board.changes import changes
from pipelines.board.figures import DrawnChart, Gallery
from pipelines.board.limits import cannot_say
from pipelines.board.method import method_words
from pipelines.board.outlook import not_yet_published, words_used
from pipelines.board.voices import balanced, quote_of
from pipelines.board.what_moved_it import behind_the_headline
from pipelines.document.blocks import (
    Block,
    Bullets,
    Columns,
    Document,
    Figure,
    Heading,
    Item,
    Link,
    Paragraph,
    Section,
    Table,
    Terms,
    Verdict,
)
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, plain, released_rows, where
from pipelines.released.questions import (
    PLACEBO,
    evaluated_programmes,
    is_anything_rounded,
    is_anything_withheld,
    primary_headlines,
    schools_words,
)

_CALIBRATION_IS = (
    "The same method was tried on invented schools, some of them chosen for a programme. It cannot "
    "detect that schools were chosen by someone who knew how the coming pupils would do."
)
_NO_CHANCE = (
    "No chance that a programme helped is given. It would rest mostly on how much the effects of programmes "
    "differ in truth, and no figure for that is published. Tried on invented schools, such a chance was off "
    "by up to nine in a hundred where that was known, and by up to thirty-nine where it was taken to be half "
    "or twice what it is."
)
_LEFT_EMPTY = "Not yet published: left empty. Last year’s figures do not stand in for these."
_NO_CALIBRATION = (
    "No comparison has an estimate, so there is no size of comparison to try the method at."
)


def technical_report(
    released: Mapping[str, pd.DataFrame], charts: Sequence[DrawnChart]
) -> Document:
    """The report, from the released tables (names without the schema) and the drawn charts."""
    tables = released_rows(released)
    (study,) = tables["study"]
    gallery = Gallery(charts, tables)
    title = cite(study, "as_it_is", "title")
    return Document(
        title=f"{title} Technical report"
        if plain(title).endswith("?")
        else f"{title}: technical report",
        description=f"How the results of “{study['title']}” were worked out, and everything they rest on.",
        kicker=kicker(study, tables),
        opening=(),
        sections=tuple(
            Section(id_, heading, blocks)
            for id_, heading, made in _SECTIONS
            if (blocks := tuple(filter(_says_something, made(tables, gallery))))
        ),
        closing=closing(tables, (Link("Board pack", "index.html", "board.pdf"),)),
        has_contents_on_paper=True,
    )


def _says_something(block: Block) -> bool:
    return not isinstance(block, Table) or bool(block.rows or block.if_empty)


def _method(tables: Tables, _: Gallery) -> Iterator[Block]:
    yield from (Paragraph(text) for text in method_words(tables))


def _answers(tables: Tables, gallery: Gallery) -> Iterator[Block]:
    """For each main question: the naive reading, the answer, every method, what moved it."""
    for programme in evaluated_programmes(tables):
        for headline in primary_headlines(programme["programme"], tables):
            yield from _answer(headline, programme, tables, gallery)


def _answer(headline: Row, programme: Row, tables: Tables, gallery: Gallery) -> Iterator[Block]:
    answer = answer_to(headline, programme, tables)
    placebo = f" ({PLACEBO})" if programme["is_placebo"] else ""
    yield Heading(3, f"{programme['title']}{placebo}. {answer.question}")
    yield Verdict(answer.verdict, f"{answer.verdict_words} ({answer.status})")
    for text in (answer.bracket, answer.happened, answer.compared):
        if text:
            yield Paragraph(text)
    yield Paragraph(f"{answer.conclusion} {answer.power}".strip())
    naive = naive_reading(headline, programme, tables)
    if naive is not None:
        yield Paragraph(f"{naive.says} {naive.why_unsafe}")
    if not wording.is_shown(headline):
        return
    of, measure = str(programme["programme"]), str(headline["measure"])
    yield from _side_by_side(gallery.of("methods", "power_curve", programme=of, measure=measure))
    yield annex.by_year(headline, tables)
    yield annex.methods(headline, tables)
    yield Bullets(tuple(Item(text) for text in behind_the_headline(headline, tables)))


def _measures(tables: Tables, gallery: Gallery) -> Iterator[Block]:
    yield from _side_by_side(gallery.of("headline_effects"))
    for programme in evaluated_programmes(tables):
        yield word_tables.estimates(programme["programme"], tables)
    waiting = not_yet_published(tables)
    if waiting:
        yield Paragraph(_LEFT_EMPTY)
        yield Terms(waiting)
    primary = {
        (str(row["programme"]), str(row["measure"]))
        for row in tables["measure"]
        if row["is_primary"]
    }
    for programme in evaluated_programmes(tables):
        of = str(programme["programme"])
        for headline in where(tables["impact"], role="headline", programme=programme["programme"]):
            is_main = (of, str(headline["measure"])) in primary
            if not is_main and wording.is_shown(headline):
                yield annex.methods(headline, tables)


def _limits(tables: Tables, _: Gallery) -> Iterator[Block]:
    limits = cannot_say(tables)
    if limits:
        yield Terms(limits)


def _design(tables: Tables, gallery: Gallery) -> Iterator[Block]:
    for heading, table in (
        ("Which schools are missing", annex.attrition(tables)),
        ("How alike both sides were", annex.balance(tables)),
        ("Whether both sides meet", annex.overlap(tables)),
    ):
        yield Heading(3, heading)
        yield table
    yield from _side_by_side(gallery.of("baseline_outcome"))
    shared = list(_shared(tables))
    if shared:
        yield Paragraph(" ".join(shared))


def _shared(tables: Tables) -> Iterator[str]:
    """ "6 schools are in both SEND in mainstream and Closing the gap.", for each such pair."""
    titles = {row["programme"]: row["title"] for row in evaluated_programmes(tables)}
    order = list(titles)
    for row in tables["programme_overlap"]:
        pair = row["programme_a"], row["programme_b"]
        if (
            set(pair) <= set(titles)
            and order.index(pair[0]) < order.index(pair[1])
            and row["n_schools"]
        ):
            is_one = row["n_schools"] == 1
            yield (
                f"{schools_words(row, 'n_schools')} {'is' if is_one else 'are'} in both "
                f"{titles[pair[0]]} and {titles[pair[1]]}."
            )


def _error_rates(tables: Tables, _: Gallery) -> Iterator[Block]:
    rates = annex.calibration(tables)
    yield Paragraph(_CALIBRATION_IS if rates else _NO_CALIBRATION)
    if rates:
        yield Paragraph(_NO_CHANCE)
    yield from rates


def _results(tables: Tables, gallery: Gallery) -> Iterator[Block]:
    yield from _side_by_side(gallery.of("outcome_by_year", "gap_by_year"))
    (study,) = tables["study"]
    by_year: list[Table] = [
        table
        for programme in (*(row["programme"] for row in evaluated_programmes(tables)), "all")
        for table in word_tables.results_by_year(programme, tables)
    ]
    if by_year:
        mark = f"{wording.WITHHELD} means withheld, so that no pupil is recognised. "
        yield Paragraph(
            f"{mark if is_anything_withheld(tables) else ''}The "
            f"{cite(study, 'percent', 'confidence_share')} range shows how far each average could be off by "
            "chance."
        )
        yield from by_year


def _changes(tables: Tables, _: Gallery) -> Iterator[Block]:
    changed = changes(tables)
    yield from (Paragraph(text) for text in changed.sentences)
    yield changed.figures


def _context(tables: Tables, gallery: Gallery) -> Iterator[Block]:
    context = authority_context(tables)
    yield from (Paragraph(text) for text in context.sentences)
    yield from _side_by_side(gallery.of("authority_context"))
    yield from context.tables


def _voices(tables: Tables, _: Gallery) -> Iterator[Block]:
    yield word_tables.evaluations(tables)
    yield word_tables.evaluation_themes(tables)
    yield word_tables.statement_rule(tables)
    yield word_tables.text_review(tables)
    in_pack = balanced(tables["statements"])
    for row in tables["statements"]:
        if row not in in_pack:
            yield quote_of(row, tables)


def _cases(tables: Tables, _: Gallery) -> Iterator[Block]:
    yield from case_tables(tables)


def _withheld(tables: Tables, _: Gallery) -> Iterator[Block]:
    (study,) = tables["study"]
    said = []
    if is_anything_withheld(tables):
        said.append(
            f"{wording.WITHHELD} stands where fewer than {cite(study, 'count', 'minimum_cell')} pupils are "
            "counted, met the standard or did not, where pupils with special educational needs are of one or "
            "two schools, and where an estimate rests on so few schools that it could tell of one of them. "
            "It never means zero."
        )
    if is_anything_rounded(tables):
        said.append(
            "Counts of pupils are rounded, and percentages are of rounded counts, so that figures set "
            "against each other do not tell of single pupils."
        )
    said.append(wording.format_public_key_stages(study["public_key_stages"]).strip())
    yield Paragraph(" ".join(filter(None, said)))
    yield word_tables.withheld(tables)


def _sources(tables: Tables, _: Gallery) -> Iterator[Block]:
    yield word_tables.sources(tables)
    yield annex.data_checks(tables)


def _words(tables: Tables, _: Gallery) -> Iterator[Block]:
    yield Terms(words_used(tables))


def _side_by_side(figures: tuple[Figure, ...]) -> Iterator[Columns]:
    if figures:
        yield Columns(tuple((figure,) for figure in figures))


_SECTIONS = (
    ("method", "How it was done", _method),
    ("answers", "Each main question", _answers),
    ("measures", "Every measure", _measures),
    ("limits", "What cannot be said, and why", _limits),
    ("design", "What the comparison rests on", _design),
    ("error-rates", "How often the method errs", _error_rates),
    ("results", "Results by year", _results),
    ("changes", "What changed when later results came in", _changes),
    ("context", "The authority beside others", _context),
    ("voices", "All answers and statements", _voices),
    ("cases", "Case studies: what happened when", _cases),
    ("withheld", "What is withheld", _withheld),
    ("sources", "Sources and checks", _sources),
    ("words", "Words used", _words),
)
