"""Typst with the same settings everywhere: two open typefaces from packages, no system fonts.

Documents use Source Sans Pro (`typeface`); charts use DejaVu Sans, as in matplotlib's layout.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.document import typeface

_NO_GLYPH = "\N{REPLACEMENT CHARACTER}"
# Zero-width joiners, variation selectors and the enclosing keycap.
_JOINS = "\u200c\u200d\ufe00-\ufe0f\u20e3"
_JOINING = re.compile(f"[{_JOINS}]")
_JOINED = re.compile(f"{_NO_GLYPH}(?:[{_JOINS}]+{_NO_GLYPH})+")


def typeset(files: Mapping[str, bytes], **options: Any) -> bytes:  # noqa: ANN401 - typst's own options
    """Compile the file `main`; the output is byte-identical on any machine.

    A PNG shows one page. `options` go to Typst.
    """
    import typst  # noqa: PLC0415 - 20 MB that only pictures and the PDF need

    made: bytes = typst.compile(dict(files), font_paths=_fonts(), **options)
    return made


def drawable(text: str) -> str:
    """The text with � for each character, or joined emoji, that the font lacks.

    PDF/UA rejects characters without a glyph, SVG most control characters, and matplotlib warns.
    Joiners and variation selectors have no glyph and are dropped. So are marks on a letter with which
    they are not one character: PDF/UA rejects them in a chart, whose run would end there.
    """
    text = unicodedata.normalize("NFC", text)
    lacking = {c for c in set(text) - _characters() if not _JOINING.match(c)}
    drawn = text.translate({ord(character): _NO_GLYPH for character in lacking})
    joined = _JOINING.sub("", _JOINED.sub(_NO_GLYPH, drawn))
    if joined.isascii():
        return joined
    return "".join(c for c in joined if not unicodedata.combining(c))


@functools.cache
def _characters() -> frozenset[str]:
    """The font's characters and the white space allowed in text."""
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415 - the drawing library is heavy

    font = FT2Font(str(font_folder() / "DejaVuSans.ttf"))
    return frozenset(map(chr, font.get_charmap())) | frozenset("\t\n\r")


def font_folder() -> Path:
    """The folder of the fonts shipped with matplotlib, found without importing it."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("matplotlib, whose fonts everything is set in, is not installed")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


@functools.cache
def _fonts() -> Any:  # noqa: ANN401 - typst has no types for its fonts
    import typst  # noqa: PLC0415 - see above

    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(font_folder()), str(typeface.folder())],
    )
