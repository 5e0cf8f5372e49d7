"""The planner's page in a browser: accessibility, narrow screens, and its PDF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from pipelines.board.plan_files import write_plan_page
from pipelines.protocol.study_file import load_study
from pipelines.study.paths import EXAMPLE
from tests.browser import measured
from tests.browser.test_accessibility import MOST_LANDMARKS, OPEN_ALL, Scheme
from tests.browser.test_pdf_ua import Judge, judge
from tests.unit.board.test_plan_page import example

__all__ = ["judge"]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    page, _ = write_plan_page(
        load_study(EXAMPLE), example(), tmp_path_factory.mktemp("plan") / "power.html"
    )
    return page


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


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 844), (1280, 900)])
def test_nothing_is_cut_off_and_nothing_overlaps(opened: Page, width: int, height: int) -> None:
    opened.set_viewport_size({"width": width, "height": height})
    opened.evaluate(OPEN_ALL)
    assert measured.overflows(opened) == []
    assert measured.overlaps(opened) == []


def test_its_paper_keeps_pdf_ua_1(judge: Judge, file: Path) -> None:
    (judged,) = judge([file.with_suffix(".pdf")])
    assert judged.failed == ()
    assert judged.n_checks > 3_000
