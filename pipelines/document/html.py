"""A document as one self-contained HTML file: a macro for each block, a style sheet, a script.

The template engine escapes everything but the project's own markup. The script adds searching
and sorting to some tables; it is allowed by its hash, and the page works without it.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.document.blocks import Document, blocks_of
from pipelines.document.typeface import woff
from pipelines.released.citations import parts, plain

_HERE = Path(__file__).parent
# Skip style sheets, titles, drawings and the inside of tags.
_YEAR_OR_MARKUP = re.compile(
    r"(<(style|script|title|svg)\b.*?</\2>|<[^>]*>)|\b20\d\d-\d\d(?![\d-])", re.DOTALL
)
_NUMBER = Markup('<span data-from="{}">{}</span>')
_WEIGHTS = {"Regular": 400, "Semibold": 600}


def render(document: Document, *, has_typeface: bool = True) -> str:
    """The document as HTML that is also well-formed XML and needs no other file.

    Without the typeface, which takes longer to cut than a page to write, it is set in the reader's own.

    Cited numbers are elements with a `data-from` attribute, written by `citations.Reference`.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_with_references,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = plain
    environment.filters["drawing"] = _drawing
    number = itertools.count(1)
    template = environment.get_template("document.html.j2")
    script = _own_file("document.js")
    has_script = any(getattr(block, "is_filtered", False) for block in blocks_of(document))
    html = template.render(
        document=document,
        headings={section.id: section.heading for section in document.sections},
        style=_own_file("document.css"),
        next_id=lambda: f"table-{next(number)}",
        script=script if has_script else "",
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )
    return with_whole_years(html.replace("/* faces */", _faces(html) if has_typeface else "", 1))


def with_whole_years(html: str) -> str:
    """The page with line breaks prevented in academic years, at whose hyphen browsers break."""
    return _YEAR_OR_MARKUP.sub(
        lambda found: found[1] or f'<span class="year">{found[0]}</span>', html
    )


def _faces(html: str) -> str:
    """The typeface, limited to the characters on the page."""
    characters = frozenset(html)
    return "\n".join(
        f'@font-face {{ font-family: "Source Sans Pro"; font-weight: {weight}; '
        f"src: url(data:font/woff;base64,{base64.b64encode(woff(name, characters)).decode()}) "
        'format("woff"); }'
        for name, weight in _WEIGHTS.items()
    )


def _with_references(value: object) -> object:
    """A cited number as an element with its reference; other values unchanged."""
    if not isinstance(value, str) or isinstance(value, Markup) or plain(value) == value:
        return value
    return Markup("").join(
        text if reference is None else _NUMBER.format(reference, text)
        for text, reference in parts(value)
    )


def _own_file(name: str) -> Markup:
    """A file of this package, which contains no data and needs no escaping."""
    return Markup((_HERE / name).read_text(encoding="utf-8"))  # noqa: S704


def _drawing(svg: bytes) -> Markup:
    """A chart drawn by this project as inline SVG, without the XML prolog."""
    text = svg.decode("utf-8")
    return Markup(text[text.index("<svg") :])  # noqa: S704
