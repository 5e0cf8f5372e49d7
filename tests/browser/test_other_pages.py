"""Accessibility of the pages beside the board's: the officers' version and the planner's page.

What else is asked of each is in `test_officers` and `test_plan_page`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import measured
from tests.browser.test_accessibility import MOST_LANDMARKS, OPEN_ALL, Scheme


@pytest.fixture(scope="module", params=["officers_page", "plan_page"])
def file(request: pytest.FixtureRequest) -> Path:
    path: Path = request.getfixturevalue(request.param)
    return path


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
