"""The parts of a document: typed blocks in reading order, in sections that can be linked to.

A text may contain cited numbers (`released.citations`). `document.html.j2` and `document.typ`
render the blocks, with one macro and one function for each `kind`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import ClassVar, Literal

LONGEST_PRINTED = 100  # rows; a longer table is not printed, and a note says so


@dataclass(frozen=True)
class Heading:
    """A heading: level 2 in the opening, lower inside a section, whose own heading is level 2."""

    kind: ClassVar[str] = "heading"
    level: Literal[2, 3, 4]
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, optionally with bold words before it."""

    kind: ClassVar[str] = "paragraph"
    text: str
    strong: str = ""
    look: Literal["plain", "lead", "note", "kicker"] = "plain"


@dataclass(frozen=True)
class Notice:
    """A boxed message that must not be overlooked."""

    kind: ClassVar[str] = "notice"
    text: str
    strong: str = ""
    is_answer: bool = False  # the document's main answer, in large letters


@dataclass(frozen=True)
class Verdict:
    """The verdict on one question; `code` is the released tables' code."""

    kind: ClassVar[str] = "verdict"
    code: str
    words: str


@dataclass(frozen=True)
class Item:
    """A list entry, optionally with bold words before it."""

    text: str
    strong: str = ""


@dataclass(frozen=True)
class Bullets:
    """A list."""

    kind: ClassVar[str] = "bullets"
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Term:
    """A term or subject, with its definition or explanation."""

    subject: str
    text: str


@dataclass(frozen=True)
class Terms:
    """A list of terms or subjects with their explanations."""

    kind: ClassVar[str] = "terms"
    items: tuple[Term, ...]


@dataclass(frozen=True)
class Quote:
    """A quotation with its attribution."""

    kind: ClassVar[str] = "quote"
    text: str
    attribution: str = ""


@dataclass(frozen=True)
class Snippet:
    """Lines to copy into a file as they are."""

    kind: ClassVar[str] = "snippet"
    code: str


@dataclass(frozen=True)
class Table:
    """A table of text: each row is as long as `columns`, and its first cell is its header.

    `see` holds the id of a section with more detail for each row, or "". Raises ValueError for a
    row of another length.
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    if_empty: str = ""  # printed in place of a table without rows
    see: tuple[str, ...] = ()
    is_filtered: bool = False  # on screen, its rows can be searched and sorted
    is_in_halves: bool = False  # on paper, its rows are set in two columns

    def __post_init__(self) -> None:
        """Check that every row is as long as the header."""
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"Table {self.caption!r}: a row is not as wide as the header.")

    @property
    def is_long(self) -> bool:
        """Whether the table is too long to print."""
        return len(self.rows) > LONGEST_PRINTED


@dataclass(frozen=True)
class Figure:
    """A chart with its title, cited caption, and data as a table.

    `label` is the title, followed by the subject where charts share a title.
    """

    kind: ClassVar[str] = "figure"
    name: str
    label: str
    title: str
    alt_text: str
    caption: str
    svg: bytes
    table: Table
    has_files: bool = True  # the picture and its data are files beside the document


@dataclass(frozen=True)
class Columns:
    """Cells side by side; one below the other on a narrow screen."""

    kind: ClassVar[str] = "columns"
    cells: tuple[tuple[Block, ...], ...]
    heading: str = ""  # a heading for all the cells, where needed
    level: Literal[2, 3] = 3


@dataclass(frozen=True)
class Details:
    """Content that readers unfold on screen; always shown on paper."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Link:
    """A link to another document of the run, or to a section, on the page and in the PDF."""

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
    | Snippet
    | Table
    | Figure
    | Columns
    | Details
    | Links
)


@dataclass(frozen=True)
class Section:
    """Blocks under a level 2 heading, with a permanent id for links."""

    id: str
    heading: str
    blocks: tuple[Block, ...]
    starts_page: bool = False
    in_contents: str = ""  # a shorter heading for the contents, if any


@dataclass(frozen=True)
class Document:
    """A whole document: `opening` follows the title, before the first section."""

    title: str
    description: str
    opening: tuple[Block, ...]
    sections: tuple[Section, ...]
    closing: tuple[Block, ...]
    kicker: str = ""
    marking: str = ""  # a protective marking, repeated on every page
    has_contents_on_paper: bool = False

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All figures, in reading order."""
        return tuple(block for block in blocks_of(self) if isinstance(block, Figure))


def blocks_of(part: object) -> Iterator[Block]:
    """All blocks of a document, section or block, in reading order, including nested ones."""
    if isinstance(part, Block):
        yield part
    if isinstance(part, tuple):
        for each in part:
            yield from blocks_of(each)
    elif is_dataclass(part) and not isinstance(part, type):
        for field in fields(part):
            yield from blocks_of(getattr(part, field.name))
