"""A chart: a finding, its words, its data and its picture. `style` has the drawing."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from pipelines.released.citations import Quote
from pipelines.released.wording import NUMBER

MAX_TITLE_WORDS = 10
Frames = Mapping[str, pd.DataFrame]  # released tables by name, without the schema


@dataclass(frozen=True)
class Chart:
    """A drawn chart that can be read on its own.

    `data` is the table shown beside it: readable column headings, every value already text.
    Raises ValueError if the title has more than ten words, if text or data is missing, or if a
    number is cited from data that does not contain it.
    """

    name: str  # file stem: family-programme-measure
    title: str  # the finding
    alt_text: str  # the finding, for readers who cannot see the picture
    caption: str  # measure, pupils, place, period, release status, source
    data: pd.DataFrame
    svg: bytes
    png: bytes = b""  # the same at twice the screen's 96 dots an inch, added by `gallery`
    title_from: tuple[Quote, ...] = ()  # the numbers in the title, in order
    caption_from: tuple[Quote, ...] = ()

    def __post_init__(self) -> None:
        """Check the title's length and that nothing is missing."""
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

    def _repr_html_(self) -> str:
        """The chart in a notebook: title, picture with its alternative text, caption."""
        title, alt, caption = map(html.escape, (self.title, self.alt_text, self.caption))
        picture = base64.b64encode(self.png).decode()
        return (
            f'<figure style="max-width: 40rem; margin: 0"><strong>{title}</strong>'
            f'<img style="width: 100%" alt="{alt}" src="data:image/png;base64,{picture}"/>'
            f"<figcaption>{caption}</figcaption></figure>"
        )
