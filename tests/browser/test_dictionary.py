"""The data dictionary in a browser: accessible, and whole on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipelines.catalogue import RELEASED_TABLES
from pipelines.publishing.dictionary import NAMES, write_dictionary
from tests.browser import measured


@pytest.fixture(scope="module")
def opened(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("dictionary")
    write_dictionary(RELEASED_TABLES, folder)
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(Path(folder / NAMES[0]).as_uri())
    yield page
    page.close()


def test_axe_finds_no_violation(opened: Page) -> None:
    result = measured.axe(opened)
    assert not result.violations, "\n".join(result.violations)
    assert result.n_rules_passed > 15


@pytest.mark.parametrize(("width", "height"), [(320, 568), (1280, 900)])
def test_nothing_is_cut_off_and_nothing_overlaps(opened: Page, width: int, height: int) -> None:
    opened.set_viewport_size({"width": width, "height": height})
    assert measured.overflows(opened) == []
    assert measured.overlaps(opened) == []
