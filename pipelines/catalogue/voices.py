"""Raw tables of what schools wrote: evaluation forms, statements and case studies, with consent.

`pipelines.free_text.review` decides which texts are held.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.catalogue.columns import (
    KNOWN_URN,
    PLACE,
    PROGRAMME,
    YES_AND_NO,
    code,
    text,
)
from pipelines.catalogue.table import Column, Table

CONSENT = Column(
    "consent",
    "code",
    "Consent to publish; it can be withdrawn at any time, and the next run omits the text",
    allowed=("YES", "NO", "WITHDRAWN"),
    synonyms=YES_AND_NO,
    is_nullable=False,
)

# A text that may identify a person is held until an officer has read it and filled in all three columns. The
# fingerprint ties the approval to the text: if the text changes, it is held again.
REVIEW = (
    Column("reviewed_by", "text", "Who read a held text and approved it", is_required=False),
    Column("reviewed_on", "date", "When", is_required=False),
    Column(
        "reviewed_text",
        "text",
        "Fingerprint of the approved text, from mart.text_review of restricted.duckdb",
        is_required=False,
    ),
)

_AGREEMENT = (
    "STRONGLY AGREE",
    "AGREE",
    "NEITHER AGREE NOR DISAGREE",
    "DISAGREE",
    "STRONGLY DISAGREE",
)

EVALUATIONS = Table(
    "raw",
    "evaluations",
    grain="an evaluation form returned by a school for a programme",
    key=("programme", "urn", "submitted_on", "respondent_role"),
    source_kinds=("evaluations",),
    sensitivity="restricted",
    columns=(
        *PLACE,
        PROGRAMME,
        KNOWN_URN,
        Column("submitted_on", "date", "When it was returned", is_nullable=False),
        Column("respondent_role", "text", "Who answered"),
        *(
            Column(f"q{n}", "code", f"Answer to question {n}", allowed=_AGREEMENT)
            for n in (1, 2, 3, 4)
        ),
        Column("free_text", "text", "In their own words", sensitivity="restricted"),
        Column("theme", "text", "Its theme, chosen by an officer", is_required=False),
        replace(CONSENT, is_required=False, is_nullable=True),
        *REVIEW,
    ),
)

EVALUATION_QUESTIONS = Table(
    "raw",
    "evaluation_questions",
    grain="a question of the evaluation form",
    key=("question",),
    source_kinds=("evaluation_questions",),
    columns=(
        *PLACE,
        code("question", "q1 to q4", ("Q1", "Q2", "Q3", "Q4")),
        text("wording", "The question's wording"),
    ),
)

STATEMENTS = Table(
    "raw",
    "statements",
    grain="a statement given by a school",
    key=("source_id", "row_number"),
    source_kinds=("statements",),
    sensitivity="restricted",
    columns=(
        *PLACE,
        PROGRAMME,
        KNOWN_URN,
        Column("given_on", "date", "When", used_for=()),
        Column("role", "text", "Who gave it"),
        CONSENT,
        code("attribution", "How it may be attributed", ("NAME", "ROLE", "ANONYMOUS")),
        Column("theme", "text", "What it is about"),
        Column("tone", "code", "Its tone", allowed=("POSITIVE", "MIXED", "NEGATIVE")),
        Column("quote", "text", "The statement", is_nullable=False, sensitivity="restricted"),
        *REVIEW,
    ),
)

CASE_STUDIES = Table(
    "raw",
    "case_studies",
    grain="a case study of a school",
    key=("programme", "urn"),
    source_kinds=("case_studies",),
    sensitivity="restricted",
    columns=(
        *PLACE,
        PROGRAMME,
        KNOWN_URN,
        CONSENT,
        Column("context", "text", "The school"),
        Column("support_received", "text", "What it received"),
        Column("statement", "text", "In its own words"),
        *REVIEW,
    ),
)

CASE_STUDY_SUPPORT = Table(
    "raw",
    "case_study_support",
    grain="support that a case-study school received, on a day or over a period",
    key=("source_id", "row_number"),
    source_kinds=("case_study_support",),
    sensitivity="restricted",
    columns=(
        *PLACE,
        PROGRAMME,
        KNOWN_URN,
        Column(
            "from_date", "date", "The day, or the first day", headers=("from",), is_nullable=False
        ),
        Column(
            "until_date",
            "date",
            "The last day of a period",
            headers=("until",),
            is_required=False,
        ),
        Column("support", "text", "What it received", is_nullable=False, sensitivity="restricted"),
        *REVIEW,
    ),
)
