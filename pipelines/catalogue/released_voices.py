"""Released tables of what schools wrote: forms, statements, case studies, and texts held for review.

Released results are in `released`; the raw tables are in `voices`.
"""

from __future__ import annotations

from pipelines.catalogue.columns import PROGRAMME, SCHOOL_ID
from pipelines.catalogue.table import Column, Table

RELEASED_VOICES: tuple[Table, ...] = (
    Table(
        "released",
        "evaluation_summary",
        grain="an answer to a question of a programme's evaluation form",
        key=("programme", "question", "answer"),
        columns=(
            PROGRAMME,
            Column("question", "text", "The question, or 'response rate'", is_nullable=False),
            Column("answer", "text", "The answer", is_nullable=False),
            Column("n_schools", "integer", "Schools that gave it", low=0, unit="schools"),
            Column("n_expected", "integer", "Schools asked", low=0, unit="schools"),
            Column("example", "text", "A free-text answer on the theme, with consent"),
        ),
    ),
    Table(
        "released",
        "text_review",
        grain="a reason why texts are held for review",
        key=("kind", "programme", "reason"),
        columns=(
            Column("kind", "text", "Kind of source", is_nullable=False),
            PROGRAMME,
            Column("reason", "text", "What they may contain", is_nullable=False),
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
            Column("tone", "text", "positive, mixed, negative or not given", is_nullable=False),
            Column("n_received", "integer", "Statements received", low=0, unit="statements"),
            Column("n_consenting", "integer", "With consent", low=0, unit="statements"),
            Column("n_held", "integer", "Of these, held for review", low=0, unit="statements"),
            Column("n_shown", "integer", "Shown", low=0, unit="statements"),
            Column("rule", "text", "Who chose", is_nullable=False),
        ),
    ),
    Table(
        "released",
        "statements",
        grain="a statement a school agreed to have published",
        key=(),
        columns=(
            PROGRAMME,
            Column("attribution", "text", "As agreed with the school", is_nullable=False),
            Column("theme", "text", "What it is about"),
            Column("tone", "text", "positive, mixed, negative or not given"),
            Column("quote", "text", "The statement", is_nullable=False),
        ),
    ),
    Table(
        "released",
        "case_studies",
        grain="a case study a school agreed to have published",
        key=("programme", "school_id"),
        columns=(
            SCHOOL_ID,
            Column("school_name", "text", "The school", is_nullable=False),
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
            Column(
                "kind",
                "code",
                "Kind of event",
                allowed=("programme", "support", "tests", "results", "inspection"),
                is_nullable=False,
            ),
            Column("is_before_tests", "flag", "For support: it began before the year's tests"),
            Column("happened", "text", "What happened", is_nullable=False),
        ),
    ),
)
