"""The system's Chromium, headless, and the pages of each study: board pack, technical report.

The browser closes after each module, because its event loop in the thread disturbs other tests.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from pipelines.board.plan_files import write_plan_page
from pipelines.document import html
from pipelines.officers.version import officers_version
from pipelines.protocol.study_file import load_study
from pipelines.study.paths import EXAMPLE
from tests.unit.board.test_plan_page import example as planned
from tests.unit.officers.test_version import study

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """This machine's browser. Without one, tests are skipped locally and fail in CI."""
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
    """The page at desktop width, nothing unfolded. Tests undo what they change."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(board.as_uri())
    yield page
    page.close()


@pytest.fixture(scope="module")
def officers_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The officers' version of a tiny study."""
    folder = tmp_path_factory.mktemp("officers")
    with study(folder).released() as con:
        (folder / "index.html").write_text(html.render(officers_version(con)), encoding="utf-8")
    return folder / "index.html"


@pytest.fixture(scope="module")
def plan_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The planner's page of the example, with its PDF beside it."""
    page, _ = write_plan_page(
        load_study(EXAMPLE), planned(), tmp_path_factory.mktemp("plan") / "power.html"
    )
    return page


@pytest.fixture
def opened(chromium: Browser, file: Path) -> Iterator[Page]:
    """The page that a module's fixture `file` names, at desktop width."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto(file.as_uri())
    yield page
    page.close()
