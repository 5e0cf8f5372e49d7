"""The documents of a study's released tables, and what is written in them, for tests."""

from __future__ import annotations

import dataclasses
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence

import pandas as pd

from pipelines.board.board_pack import board_pack
from pipelines.board.technical_report import technical_report
from pipelines.charts.chart import Chart
from pipelines.document import html
from pipelines.document.blocks import Document
from pipelines.released.citations import plain

# Fields of blocks that nobody reads.
_NOT_READ = {"look", "code", "id", "page", "paper", "see", "name", "starts_page"}
Maker = Callable[[Mapping[str, pd.DataFrame], Sequence[Chart]], Document]
DOCUMENTS: dict[str, Maker] = {"pack": board_pack, "report": technical_report}


def chart(name: str) -> Chart:
    """A placeholder that keeps the contract of a drawn chart."""
    svg = (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" role="img" '
        f'aria-labelledby="{name}-title {name}-desc"><title id="{name}-title">Title</title>'
        f'<desc id="{name}-desc">Words for {name}</desc><path d="M0 0L9 9"/></svg>'
    )
    return Chart(
        name=name,
        title=f"A finding: {name.partition('-')[0]}",
        alt_text=f"Words for {name}",
        caption="Reading progress, Westhaven, 2017-18, provisional.",
        data=pd.DataFrame({"Year": ["2017-18"], "Result": ["[c]"], "Status": ["provisional"]}),
        svg=svg.encode(),
        png=b"",
    )


CHARTS = tuple(
    chart(name)
    for name in (
        "answer-send-ks2_reading_progress",
        "answer-gap-ks2_rwm_expected",
        "headline_effects",
        "methods-send-ks2_reading_progress",
        "outcome_by_year-send-ks2_reading_progress",
        "outcome_by_year-gap-ks2_rwm_expected",
        "priorities",
    )
)


def page_of(document: Document) -> ET.Element:
    """The document's page, parsed as XML."""
    text = html.render(document).removeprefix("<!DOCTYPE html>\n")
    return ET.fromstring(text)  # noqa: S314 - our own page


def text_of(element: ET.Element | None) -> str:
    """The words of an element, one space apart."""
    assert element is not None
    return " ".join(" ".join(element.itertext()).split())


def section_of(page: ET.Element, id_: str) -> ET.Element:
    """A section of a page by its id."""
    found = page.find(f".//section[@id='{id_}']")
    assert found is not None, id_
    return found


def words_of(part: object) -> str:
    """Everything a block, or anything that holds texts, says, without the marks of citations."""
    return " ".join(plain(text) for text in _texts(part) if text)


def _texts(part: object) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, tuple | list):
        for each in part:
            yield from _texts(each)
    elif dataclasses.is_dataclass(part) and not isinstance(part, type):
        names = [field.name for field in dataclasses.fields(part)]
        for name in sorted(names, key=lambda name: name != "strong"):
            if name not in _NOT_READ:
                yield from _texts(getattr(part, name))
