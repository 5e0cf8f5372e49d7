"""The year's priorities and the schools reached; claims made to the board, recounted."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.board import tables as word_tables
from pipelines.board.figures import Gallery
from pipelines.document.blocks import Block, Columns, Section
from pipelines.released.citations import Tables


def priorities_and_claims(tables: Tables, gallery: Gallery) -> Iterator[Section]:
    """One section, or none where a study has no priorities and no claims."""
    blocks = tuple(_blocks(tables, gallery))
    if blocks:
        what = "What was claimed" if tables["claims"] else "The priorities"
        both = (
            "The priorities, and what was claimed"
            if tables["priority"] and tables["claims"]
            else what
        )
        yield Section("claims", both, blocks, starts_page=True)


def _blocks(tables: Tables, gallery: Gallery) -> Iterator[Block]:
    if tables["priority"]:
        charts = gallery.of("priorities")
        reached = word_tables.reached(tables)
        yield Columns(((*charts,), (reached,))) if charts else reached
    if tables["claims"]:
        yield word_tables.claims(tables)
