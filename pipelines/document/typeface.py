"""The open typeface of the documents: Source Sans Pro, SIL Open Font License."""

from __future__ import annotations

import functools
import importlib.util
import io
from contextlib import closing
from pathlib import Path


def folder() -> Path:
    """The folder of the typeface's files, found without importing its package."""
    spec = importlib.util.find_spec("font_source_sans_pro")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            "font-source-sans-pro, which documents are set in, is not installed"
        )
    return Path(spec.origin).parent / "files"


@functools.lru_cache(maxsize=8)
def woff(name: str, characters: frozenset[str]) -> bytes:
    """One weight of the typeface (such as "Regular") with only these characters, byte-identical."""
    from fontTools import subset  # noqa: PLC0415 - only a page needs it

    options = subset.Options(flavor="woff", layout_features=["kern", "tnum"], hinting=False)
    options.recalc_timestamp = False
    written = io.BytesIO()
    with closing(subset.load_font(str(folder() / f"SourceSansPro-{name}.ttf"), options)) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=sorted(map(ord, characters)))
        subsetter.subset(font)
        font.flavor = "woff"
        font.save(written, reorderTables=None)
    return written.getvalue()
