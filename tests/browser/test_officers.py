"""The officers' version in a browser: accessibility, and its marking on screen and paper."""

from __future__ import annotations

import io
import unicodedata
from pathlib import Path

import pytest
from playwright.sync_api import Page
from pypdf import PdfReader

from pipelines.officers.version import MARKING
from tests.browser import measured
from tests.browser.test_accessibility import OPEN_ALL


@pytest.fixture(scope="module")
def file(officers_page: Path) -> Path:
    return officers_page


@pytest.mark.parametrize(("width", "height"), [(320, 568), (320, 225), (1280, 900)])
def test_the_marking_stays_in_sight_and_nothing_is_cut_off(
    opened: Page, width: int, height: int
) -> None:
    opened.set_viewport_size({"width": width, "height": height})
    opened.evaluate(OPEN_ALL)
    assert measured.overflows(opened) == []
    assert measured.overlaps(opened) == []
    opened.evaluate("scrollTo(0, document.body.scrollHeight)")
    box = opened.locator(".marking").bounding_box()
    assert box is not None
    assert box["y"] == 0
    assert box["height"] < height / 4


def test_every_sheet_of_paper_is_marked(opened: Page) -> None:
    sheets = PdfReader(io.BytesIO(opened.pdf(format="A4"))).pages
    assert len(sheets) > 1
    # Some fonts have a single glyph for "ffi".
    words = [unicodedata.normalize("NFKC", sheet.extract_text()) for sheet in sheets]
    unmarked = [n for n, text in enumerate(words) if MARKING not in text]
    assert unmarked == []
