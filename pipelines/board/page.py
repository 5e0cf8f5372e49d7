"""The board's page: findings, tables and drawn charts put into one self-contained HTML text.

No sentence and no number is made here (`findings`, `tables`); the look is `board.css`, the order of
the page `index.html.j2`. Everything that is not our own markup is escaped by the template engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from pipelines.board.pack import DrawnChart, pack
from pipelines.released.citations import parts, plain

_HERE = Path(__file__).parent
CSS = _HERE / "board.css"
# Style sheet, title and drawings are no running text; neither is the inside of a tag.
_YEAR_OR_MARKUP = re.compile(
    r"(<(style|title|svg)\b.*?</\2>|<[^>]*>)|\b20\d\d-\d\d(?![\d-])", re.DOTALL
)
_NUMBER = Markup('<span data-from="{}">{}</span>')


def render(released: Mapping[str, pd.DataFrame], charts: Sequence[DrawnChart]) -> str:
    """The whole page as HTML: no script, no outside file, well-formed as XML too.

    `released` are the released tables by name without the schema. A chart belongs to the programme
    whose id is a part of its name between hyphens, else to the study as a whole; a few families
    stand where their subject is told. A cited number stands in an element with the attribute
    `data-from`, as `cited.Reference` writes it.
    """
    environment = template_environment(_HERE, finalize=_with_references)
    environment.filters["plain"] = plain
    environment.filters["drawing"] = _drawing
    html = environment.get_template("index.html.j2").render(
        # Our own file, kept beside the template: not data.
        css=Markup(CSS.read_text(encoding="utf-8")),  # noqa: S704
        **vars(pack(released, charts)),
    )
    return with_whole_years(html)


def template_environment(
    folder: Path, *, finalize: Callable[[object], object] | None = None
) -> Environment:
    """A folder's templates: what they print is escaped, and a name that is not given is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def with_whole_years(html: str) -> str:
    """The page with every academic year in its text kept on one line: browsers break at the hyphen."""
    return _YEAR_OR_MARKUP.sub(
        lambda found: found[1] or f'<span class="year">{found[0]}</span>', html
    )


def _with_references(value: object) -> object:
    """A cited number as an element that says where it is from; every other value as it is."""
    if not isinstance(value, str) or isinstance(value, Markup) or plain(value) == value:
        return value
    return Markup("").join(
        text if reference is None else _NUMBER.format(reference, text)
        for text, reference in parts(value)
    )


def _drawing(svg: bytes) -> Markup:
    """A chart as inline SVG: drawn by us, and an XML prolog has no place inside a page."""
    text = svg.decode("utf-8")
    return Markup(text[text.index("<svg") :])  # noqa: S704
