"""What a chart is: a finding with its words, its data and its picture. How it is drawn is `style`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipelines.released.citations import Quote
from pipelines.released.wording import NUMBER

MAX_TITLE_WORDS = 10
Frames = Mapping[str, pd.DataFrame]  # released tables by name, without the schema


@dataclass(frozen=True)
class Chart:
    """A drawn chart that can stand alone.

    `data` is the table shown beside it: human column headings, every value already text.
    Raises ValueError if the title is longer than ten words, any of the words or data is missing, or a
    number is said to come from figures that do not have it.
    """

    name: str  # file stem: family-programme-measure
    title: str  # the finding
    alt_text: str  # the finding, for a reader who does not see the picture
    caption: str  # measure, pupils, place, period, release status, source
    data: pd.DataFrame
    svg: bytes
    png: bytes = b""  # the same at twice the screen's 96 dots an inch, once `gallery` has made it
    title_from: tuple[Quote, ...] = ()  # the numbers of the title, in their order
    caption_from: tuple[Quote, ...] = ()

    def __post_init__(self) -> None:
        """Hold the contract: a short title, and nothing missing."""
        if len(self.title.split()) > MAX_TITLE_WORDS:
            raise ValueError(f"Chart {self.name}: title over {MAX_TITLE_WORDS} words: {self.title}")
        if not (self.title and self.alt_text and self.caption and len(self.data)):
            raise ValueError(f"Chart {self.name}: title, alt text, caption or data is missing.")
        for text, quotes in ((self.title, self.title_from), (self.caption, self.caption_from)):
            said = iter(NUMBER.findall(text))
            for quote in quotes:
                if quote.number not in said or not quote.is_in(self.data):
                    raise ValueError(
                        f"Chart {self.name}: {quote} is not where {text!r} has it from."
                    )
