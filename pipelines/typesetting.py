"""Typst, set up alike wherever it is used: the fonts that matplotlib brings, and no file of the machine.

What is set is its caller's: the board's PDF (`board.pdf`), a chart's picture (`charts.style`).
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def typeset(files: Mapping[str, bytes], **options: Any) -> bytes:  # noqa: ANN401 - typst's own options
    """What `main` among the files comes to, the same to the byte on any machine.

    A PNG is one page. Charts and pages are set in the font the charts were laid out in.
    """
    import typst  # noqa: PLC0415 - 20 MB that only pictures and the PDF need

    made: bytes = typst.compile(dict(files), font_paths=_fonts(), **options)
    return made


def font_folder() -> Path:
    """Where matplotlib keeps the fonts it brings; found without importing it."""
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
        font_paths=[str(font_folder())],
    )
