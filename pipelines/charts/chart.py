"""What a chart is: a finding with its words, its data and its picture. How it is drawn is `style`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

MAX_TITLE_WORDS = 10
Tables = Mapping[str, pd.DataFrame]  # released tables by name, without the schema


@dataclass(frozen=True)
class Chart:
    """A drawn chart that can stand alone.

    `data` is the table shown beside it: human column headings, every value already text.
    Raises ValueError if the title is longer than ten words or any of the words or data is missing.
    """

    name: str  # file stem: family-programme-measure
    title: str  # the finding
    alt_text: str  # the finding, for a reader who does not see the picture
    caption: str  # measure, pupils, place, period, release status, source
    data: pd.DataFrame
    svg: bytes
    png: bytes = b""  # the same at twice the screen's 96 dots an inch, once `gallery` has made it

    def __post_init__(self) -> None:
        """Hold the contract: a short title, and nothing missing."""
        if len(self.title.split()) > MAX_TITLE_WORDS:
            raise ValueError(f"Chart {self.name}: title over {MAX_TITLE_WORDS} words: {self.title}")
        if not (self.title and self.alt_text and self.caption and len(self.data)):
            raise ValueError(f"Chart {self.name}: title, alt text, caption or data is missing.")
