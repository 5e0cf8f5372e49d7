"""The board pack: at most eight pages, with the answer on the first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import pandas as pd

from pipelines.board.answer import opening
from pipelines.board.case_studies import case_studies
from pipelines.board.claims import priorities_and_claims
from pipelines.board.figures import DrawnChart, Gallery
from pipelines.board.outlook import outlook
from pipelines.board.programme_page import programme_page
from pipelines.board.schools import schools_by_programme
from pipelines.board.voices import voices
from pipelines.document.blocks import Block, Document, Link, Links, Paragraph
from pipelines.released import wording
from pipelines.released.citations import Row, Tables, cite, released_rows, where
from pipelines.released.questions import evaluated_programmes, outcome_years


def board_pack(released: Mapping[str, pd.DataFrame], charts: Sequence[DrawnChart]) -> Document:
    """The pack, from the released tables (names without the schema) and the drawn charts.

    Raises KeyError if a released table is missing.
    """
    tables = released_rows(released)
    (study,) = tables["study"]
    gallery = Gallery(charts, tables)
    return Document(
        title=cite(study, "as_it_is", "title"),
        description=f"{study['title']} Results of {study['local_authority_name']}, {study['period']}.",
        kicker=kicker(study, tables),
        opening=opening(tables, gallery),
        sections=(
            *(programme_page(row, tables, gallery) for row in evaluated_programmes(tables)),
            *priorities_and_claims(tables, gallery),
            *schools_by_programme(tables),
            *voices(tables, gallery),
            *case_studies(tables),
            outlook(tables, gallery),
        ),
        closing=closing(
            tables, (Link("Technical report", "technical.html", "technical.pdf"), *_FILES)
        ),
    )


_DICTIONARY = "../released/dictionary.html"
_FILES = (
    Link("Tables (CSV)", "../released/", "../released/"),
    Link("What the tables hold", _DICTIONARY, _DICTIONARY),
)


def kicker(study: Row, tables: Tables) -> str:
    """ "Kestrelmouth · Education Advisory Board · results 2015-16 to 2017-18 · 2 October 2018 · draft"."""
    statuses = {row["release_status"] for row in where(tables["impact"], role="headline")}
    kinds = wording.join_words(
        wording.format_status(status) for status in wording.STATUS_ORDER if status in statuses
    )
    return " · ".join(
        filter(
            None,
            (
                str(study["local_authority_name"]),
                "" if wording.is_missing(study["prepared_for"]) else str(study["prepared_for"]),
                f"{kinds} results of {wording.join_words(outcome_years(tables))}"
                if kinds
                else f"results {study['period']}",
                "" if wording.is_missing(study["as_at"]) else cite(study, "date", "as_at"),
                "DRAFT until a person releases it",
                "invented example: nothing here describes a real place"
                if study["is_fictional"]
                else "",
            ),
        )
    )


def closing(tables: Tables, links: tuple[Link, ...]) -> tuple[Block, ...]:
    """The end of every document: links to other documents, the licence, the fingerprints."""
    (study,) = tables["study"]
    licences = dict.fromkeys(
        str(row["licence"]) for row in tables["source"] if not wording.is_missing(row["licence"])
    )
    publishers = dict.fromkeys(
        str(row["publisher"])
        for row in tables["source"]
        if not wording.is_missing(row["publisher"])
    )
    said = []
    if publishers:
        said.append(f"Contains data of: {wording.join_words(publishers)}.")
    if licences:
        said.append(f"Licence of the data: {wording.join_words(licences)}.")
    said.append(f"Protocol {cite(study, 'hash', 'study_hash')}.")
    said.append(f"Data {cite(study, 'hash', 'source_hash')}.")
    return (Links(links), Paragraph(" ".join(said), look="note"))


def dated(released: Mapping[str, pd.DataFrame]) -> dt.date:
    """The document's date: that of the figures, or else the study's reference date."""
    (study,) = released["study"].to_dict("records")
    day = study["reference_date"] if wording.is_missing(study["as_at"]) else study["as_at"]
    return pd.Timestamp(day).date()
