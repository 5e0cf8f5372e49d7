"""What schools said: answers on the evaluation forms, and quotations balanced by tone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.board.figures import Gallery
from pipelines.document.blocks import (
    Block,
    Columns,
    Heading,
    Link,
    Links,
    Paragraph,
    Quote,
    Section,
)
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, capitalised, cite, where
from pipelines.released.questions import programme_title

_RESPONSE = "response rate"
_THEME = "theme of the free answer"
_AGREEING = ("Strongly agree", "Agree")
_TONES = ("positive", "mixed", "negative")
_N_QUOTES = 6
_N_QUESTIONS = 2  # shown from a form on page one


def voices(tables: Tables, gallery: Gallery) -> Iterator[Section]:
    """One section, or none where there are no forms and no statements."""
    if not (tables["evaluation_summary"] or tables["statements"]):
        return
    yield Section(
        "schools-say", "What schools said", tuple(_blocks(tables, gallery)), starts_page=True
    )


def agreement_words(programme: str, tables: Tables) -> str:
    """ "13 of 18 replied. Agreed: “Staff have changed …” 9 of 13; …", or ""."""
    mine = where(tables["evaluation_summary"], programme=programme)
    replied = [row for row in mine if row["question"] == _RESPONSE]
    if not replied:
        return ""
    questions = dict.fromkeys(
        row["question"] for row in mine if row["question"] not in (_RESPONSE, _THEME)
    )
    agreed = []
    # Forms end with the questions on what pupils gained and whether it was worth it.
    for question in list(questions)[-_N_QUESTIONS:]:
        answers = where(mine, question=question)
        yes = [row for row in answers if row["answer"] in _AGREEING]
        n = cite(yes, "count", "n_schools") if yes else "none"
        words = str(answers[0]["question"]).rstrip(".")
        agreed.append(
            f"“{wording.typographic(words)}”, {n} of {cite(answers[0], 'count', 'n_expected')}"
        )
    said = f"{cite(replied[0], 'count', 'n_schools')} of {cite(replied[0], 'count', 'n_expected')} replied."
    return f"{said} Agreed: {'; '.join(agreed)}." if agreed else said


def _blocks(tables: Tables, gallery: Gallery) -> Iterator[Block]:
    """Answers on the left, quotations on the right; either alone takes the full width."""
    charts = gallery.of("evaluation_answers")
    caveat = Paragraph(
        "Schools that did not reply may think otherwise than those that did.", look="note"
    )
    answers: tuple[Block, ...] = (*charts, caveat) if charts else ()
    quotes = balanced(tables["statements"])
    words: tuple[Block, ...] = ()
    if quotes:
        how = Paragraph(_how_chosen(quotes, tables), look="note")
        words = (Heading(3, "In their own words"), how, *(quote_of(row, tables) for row in quotes))
    if answers and words:
        yield Columns((answers, words))
    else:
        yield from answers or words
    yield Links((Link("All answers and statements", "technical.html#voices", "technical.pdf"),))


def balanced(statements: Sequence[Row]) -> list[Row]:
    """At most six statements: the first for each programme and tone, then the second, and so on."""
    programmes = list(dict.fromkeys(row["programme"] for row in statements))
    by_place = [
        where(statements, programme=programme, tone=tone)
        for tone in _TONES
        for programme in programmes
    ]
    longest = max(map(len, by_place), default=0)
    in_turn = [rows[turn] for turn in range(longest) for rows in by_place if turn < len(rows)]
    return in_turn[:_N_QUOTES]


def quote_of(row: Row, tables: Tables) -> Quote:
    """A statement with its attribution, as consented."""
    return Quote(
        cite(row, "as_it_is", "quote"),
        f"{cite(row, 'as_it_is', 'attribution')}, {programme_title(row, tables)} ({row['tone']})",
    )


def _how_chosen(quotes: Sequence[Row], tables: Tables) -> str:
    rules = tables["statement_rule"]
    n = capitalised(wording.in_words(len(quotes)))
    if not rules:
        return f"{n} statements, in turn from each tone and programme."
    received, held = cite(rules, "count", "n_received"), cite(rules, "count", "n_held")
    said = f"{n} of {received} statements received, in turn from each tone and programme."
    if any(row["n_held"] for row in rules):
        said += f" Held back until a person has read them: {held}."
    return said
