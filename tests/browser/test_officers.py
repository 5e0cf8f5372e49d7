"""The officers' version in a browser: accessibility, and its marking on screen and paper."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from pipelines.document import html
from pipelines.officers.version import MARKING, officers_version
from tests.browser import measured
from tests.browser.test_accessibility import MOST_LANDMARKS, OPEN_ALL, Scheme
from tests.unit.officers.test_version import study


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("officers")
    with study(folder).released() as con:
        (folder / "index.html").write_text(html.render(officers_version(con)), encoding="utf-8")
    return folder / "index.html"


@pytest.fixture
def opened(chromium: Browser, file: Path) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(file.as_uri())
    yield page
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(opened: Page, scheme: Scheme) -> None:
    opened.emulate_media(color_scheme=scheme)
    opened.evaluate(OPEN_ALL)
    result = measured.axe(opened)
    assert not result.violations, "\n".join(result.violations)
    assert result.n_rules_passed > 15
    assert len(measured.landmarks(opened)) <= MOST_LANDMARKS


def test_tab_reaches_everything(opened: Page) -> None:
    stops = measured.tab_stops(opened)
    assert len(stops) == measured.n_focusable(opened)
    assert [stop.name for stop in stops if not (stop.is_marked and stop.is_in_view)] == []


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
