"""The system's Chromium without a window, and the pages of each study in it: board pack, technical report.

The browser lives no longer than a module: while it runs, the thread has an event loop that others would meet.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of this machine. Where there is none tests skip, in CI they fail."""
    program = next((found for name in PROGRAMS if (found := shutil.which(name))), None)
    if program is None:
        reason = f"no browser is installed: looked for {', '.join(PROGRAMS)}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program)
        yield browser
        browser.close()


@pytest.fixture(
    scope="module",
    params=[(study, page) for study in ("example", "hampshire") for page in ("index", "technical")],
    ids="-".join,
)
def board(request: pytest.FixtureRequest) -> Path:
    """A page of an evaluated study."""
    study, page = request.param
    path: Path = request.getfixturevalue(study).current / "board" / f"{page}.html"
    return path


@pytest.fixture(scope="module")
def wide(chromium: Browser, board: Path) -> Iterator[Page]:
    """The page on a desk's screen, nothing opened. Tests put back what they change."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(board.as_uri())
    yield page
    page.close()
