"""Released tables of what schools wrote: forms, statements, case studies, and texts held for review.

Released results are in `released`; the raw tables are in `voices`.
"""

from __future__ import annotations

from pipelines.catalogue.columns import (
    PROGRAMME,
    SCHOOL_ID,
    URN,
    code,
    count,
    text,
)
from pipelines.catalogue.table import Column, Table

RELEASED_VOICES: tuple[Table, ...] = (
    Table(
        "released",
        "evaluation_summary",
        grain="an answer to a question of a programme's evaluation form",
        key=("programme", "question", "answer"),
        columns=(
            PROGRAMME,
            text("question", "The question, or 'response rate'"),
            text("answer", "The answer"),
            count("n_schools", "Schools that gave it", "schools"),
            count("n_expected", "Schools asked", "schools"),
            Column("example", "text", "A free-text answer on the theme, with consent"),
        ),
    ),
    Table(
        "released",
        "text_review",
        grain="a reason why texts are held for review",
        key=("kind", "programme", "reason"),
        columns=(
            text("kind", "Kind of source"),
            PROGRAMME,
            text("reason", "What they may contain"),
            Column("n_texts", "integer", "Texts held", low=1, unit="texts"),
        ),
    ),
    Table(
        "released",
        "statement_rule",
        grain="a tone of a programme's statements, and how the printed ones were chosen",
        key=("programme", "tone"),
        columns=(
            PROGRAMME,
            text("tone", "positive, mixed, negative or not given"),
            Column("n_received", "integer", "Statements received", low=0, unit="statements"),
            Column("n_consenting", "integer", "With consent", low=0, unit="statements"),
            Column("n_held", "integer", "Of these, held for review", low=0, unit="statements"),
            Column("n_shown", "integer", "Shown", low=0, unit="statements"),
            text("rule", "Who chose"),
        ),
    ),
    Table(
        "released",
        "statements",
        grain="a statement a school agreed to have published",
        key=(),
        columns=(
            PROGRAMME,
            text("attribution", "As agreed with the school"),
            Column("theme", "text", "What it is about"),
            Column("tone", "text", "positive, mixed, negative or not given"),
            text("quote", "The statement"),
        ),
    ),
    Table(
        "released",
        "case_studies",
        grain="a case study a school agreed to have published",
        key=("programme", "school_id"),
        columns=(
            SCHOOL_ID,
            text("school_name", "The school"),
            URN,
            PROGRAMME,
            Column("context", "text", "The school"),
            Column("support", "text", "Support it received"),
            Column("statement", "text", "In its own words"),
        ),
    ),
    Table(
        "released",
        "case_study_event",
        grain="an event at a school with a case study, on a day or over a period",
        key=("programme", "school_id", "place"),
        columns=(
            SCHOOL_ID,
            PROGRAMME,
            Column("place", "integer", "Position in time order", low=1, is_nullable=False),
            Column("from_date", "date", "The day, or the first day", is_nullable=False),
            Column("until_date", "date", "The last day of a period"),
            code(
                "kind", "Kind of event", ("programme", "support", "tests", "results", "inspection")
            ),
            Column("is_before_tests", "flag", "For support: it began before the year's tests"),
            text("happened", "What happened"),
        ),
    ),
)
