"""The table of schools in a browser: rows can be searched and sorted, and changes are announced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser import measured
from tests.evaluated import Evaluated

CAPTION = "Schools and the programmes they are in"


@pytest.fixture
def page(chromium: Browser, example: Evaluated) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto((example.current / "board" / "index.html").as_uri())
    yield page
    page.close()


def table(page: Page) -> Locator:
    return page.locator("table", has=page.locator("caption", has_text=CAPTION))


def names(page: Page) -> list[str]:
    """The schools in the visible rows."""
    cells = table(page).locator("tbody tr:visible th").all_inner_texts()
    return [cell.strip() for cell in cells]


def test_rows_are_found_by_any_words_in_them(page: Page) -> None:
    everyone = names(page)
    rows = table(page).locator("tbody tr")
    assert len(everyone) == rows.count() > 20
    box, status = page.get_by_label("Show rows with"), page.locator(".tools [role=status]")
    box.fill(f" {everyone[3].upper()} ")
    assert names(page) == [everyone[3]]
    assert status.inner_text() == f"1 of {len(everyone)} rows"
    box.fill("gap primary")
    found = names(page)
    told = [row.inner_text().casefold() for row in rows.all() if row.is_visible()]
    assert len(everyone) > len(found) == len(told) > 1
    assert all("gap" in text and "primary" in text for text in told)
    assert status.inner_text() == f"{len(found)} of {len(everyone)} rows"
    box.fill("no such school")
    assert names(page) == []
    box.fill("")
    assert names(page) == everyone
    assert status.inner_text() == ""


def test_rows_are_sorted_by_a_column_and_it_is_told(page: Page) -> None:
    everyone = names(page)
    heading = table(page).locator("thead th").first
    assert heading.get_attribute("aria-sort") is None
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert names(page) == sorted(everyone, key=str.casefold)
    heading.get_by_role("button").press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    assert names(page) == sorted(everyone, key=str.casefold, reverse=True)
    table(page).locator("thead th").nth(1).get_by_role("button").click()
    assert heading.get_attribute("aria-sort") is None
    assert sorted(names(page)) == sorted(everyone)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_filtered_table_is_as_accessible_as_a_whole_one(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.get_by_label("Show rows with").fill("primary")
    result = measured.axe(page)
    assert not result.violations, "\n".join(result.violations)
    assert measured.overflows(page) == []
    assert measured.overlaps(page) == []
