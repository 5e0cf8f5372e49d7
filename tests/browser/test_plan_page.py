"""The planner's page in a browser: accessibility, narrow screens, and its PDF."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import measured
from tests.browser.test_accessibility import OPEN_ALL
from tests.browser.test_pdf_ua import Judge, judge

__all__ = ["judge"]


@pytest.fixture(scope="module")
def file(plan_page: Path) -> Path:
    return plan_page


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
