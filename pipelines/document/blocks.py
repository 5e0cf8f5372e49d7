"""What a document is made of: typed blocks in reading order, in sections that can be linked to.

A text may hold cited numbers (`released.citations`). How a block looks is `document.html.j2` and
`document.typ`, one macro and one function for each `kind`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import ClassVar, Literal

LONGEST_PRINTED = 100  # rows; a longer table stays on the screen, and the print says so


@dataclass(frozen=True)
class Heading:
    """A heading: of level 2 in an opening, below that inside a section, whose own heading is of level 2."""

    kind: ClassVar[str] = "heading"
    level: Literal[2, 3, 4]
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, with words that stand out before it."""

    kind: ClassVar[str] = "paragraph"
    text: str
    strong: str = ""
    look: Literal["plain", "lead", "note", "kicker"] = "plain"


@dataclass(frozen=True)
class Notice:
    """What must not be overlooked, in a box."""

    kind: ClassVar[str] = "notice"
    text: str
    strong: str = ""
    is_answer: bool = False  # the answer of the whole document, in large letters


@dataclass(frozen=True)
class Verdict:
    """The verdict on one question; `code` is that of the released tables."""

    kind: ClassVar[str] = "verdict"
    code: str
    words: str


@dataclass(frozen=True)
class Item:
    """An entry of a list, with words that stand out before it."""

    text: str
    strong: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list."""

    kind: ClassVar[str] = "bullets"
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Term:
    """A word, or a subject, and what is said of it."""

    subject: str
    text: str


@dataclass(frozen=True)
class Terms:
    """Words and their meanings, or subjects and what is said of them."""

    kind: ClassVar[str] = "terms"
    items: tuple[Term, ...]


@dataclass(frozen=True)
class Quote:
    """Somebody's own words, and whose they are."""

    kind: ClassVar[str] = "quote"
    text: str
    attribution: str = ""


@dataclass(frozen=True)
class Table:
    """A table of text: `rows` are as wide as `columns`; the first cell of each row is its header.

    `see` has, for each row, the id of a section or nothing: where a reader finds more. Raises ValueError for
    a ragged row.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    if_empty: str = ""  # said in place of a table without rows
    see: tuple[str, ...] = ()
    is_filtered: bool = False  # on a screen, its rows can be searched and sorted
    is_in_halves: bool = False  # on paper, its rows stand in two columns

    def __post_init__(self) -> None:
        """Hold every row to the width of the header."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"Table {self.caption!r}: a row is not as wide as the header.")

    @property
    def is_long(self) -> bool:
        """Too long to be worth printing."""
        return len(self.rows) > LONGEST_PRINTED


@dataclass(frozen=True)
class Figure:
    """A chart under its title, with its words cited, and the figures in it as a table.

    `label` is its title, with its subject where another chart has the same.
    """

    kind: ClassVar[str] = "figure"
    name: str
    label: str
    title: str
    alt_text: str
    caption: str
    svg: bytes
    table: Table
    has_files: bool = True  # the picture and its data lie beside the document, too


@dataclass(frozen=True)
class Columns:
    """Cells side by side; on a narrow screen one below the other."""

    kind: ClassVar[str] = "columns"
    cells: tuple[tuple[Block, ...], ...]
    heading: str = ""  # of what the cells show together, where they need one
    level: Literal[2, 3] = 3


@dataclass(frozen=True)
class Details:
    """What a reader of the screen opens when wanted; on paper it is always open."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Link:
    """A link to another document of the run, or to a section, from the page and from the PDF."""

    text: str
    page: str
    paper: str


@dataclass(frozen=True)
class Links:
    """A line of links."""

    kind: ClassVar[str] = "links"
    items: tuple[Link, ...]


Block = (
    Heading
    | Paragraph
    | Notice
    | Verdict
    | Bullets
    | Terms
    | Quote
    | Table
    | Figure
    | Columns
    | Details
    | Links
)


@dataclass(frozen=True)
class Section:
    """Blocks under a heading of level 2, with a permanent id that links may use."""

    id: str
    heading: str
    blocks: tuple[Block, ...]
    starts_page: bool = False
    in_contents: str = ""  # the heading in the contents, where it is shorter


@dataclass(frozen=True)
class Document:
    """A whole document: `opening` stands under the title, before the first section."""

    title: str
    description: str
    opening: tuple[Block, ...]
    sections: tuple[Section, ...]
    closing: tuple[Block, ...]
    kicker: str = ""
    marking: str = ""  # a protective marking, repeated on every sheet
    has_contents_on_paper: bool = False

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure, in reading order."""
        return tuple(block for block in blocks_of(self) if isinstance(block, Figure))


def blocks_of(part: object) -> Iterator[Block]:
    """Every block of a document, section or block, in reading order, those inside others included."""
    if isinstance(part, Block):
        yield part
    if isinstance(part, tuple):
        for each in part:
            yield from blocks_of(each)
    elif is_dataclass(part) and not isinstance(part, type):
        for field in fields(part):
            yield from blocks_of(getattr(part, field.name))
