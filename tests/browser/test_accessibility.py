"""Pack and report in a browser: WCAG 2.2 AA by axe-core, reflow, dark mode, keyboard, print."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import measured
from tests.evaluated import Evaluated

# 400% zoom of a 1280 × 900 window gives a viewport of 320 × 225 with four pixels per CSS pixel.
NARROW = {"390 px": (390, 844, 2), "320 px": (320, 568, 1), "1280 px at 400%": (320, 225, 4)}
MOST_LANDMARKS = 10
# 210 mm less two margins of 12 mm, at 96 px per inch.
A4_BETWEEN_MARGINS_PX = 703
Scheme = Literal["light", "dark"]
OPEN_ALL = "() => document.querySelectorAll('details').forEach(d => { d.open = true; })"
CLOSE_ALL = "() => document.querySelectorAll('details').forEach(d => { d.open = false; })"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation_of_wcag_2_2_a_and_aa(
    wide: Page, board: Path, scheme: Scheme, record_property: Callable[[str, object], None]
) -> None:
    wide.emulate_media(color_scheme=scheme)
    wide.evaluate(OPEN_ALL)
    result = measured.axe(wide)
    wide.evaluate(CLOSE_ALL)
    wide.emulate_media(color_scheme="light")
    assert not result.violations, "\n".join(result.violations)
    assert result.n_rules_passed > 20
    record_property(
        "said",
        f"axe-core, WCAG 2.2 A and AA, {name_of(board)}, {scheme}: no violation, "
        f"{result.n_rules_passed} rules passed",
    )


def test_the_dark_is_dark(wide: Page) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        wide.emulate_media(color_scheme=scheme)
        grounds.append(wide.evaluate("() => getComputedStyle(document.body).backgroundColor"))
    wide.emulate_media(color_scheme="light")
    light, dark = (sum(map(int, re.findall(r"\d+", ground)[:3])) for ground in grounds)
    assert (light, dark < 100) == (3 * 255, True)


@pytest.mark.parametrize("size", NARROW)
def test_nothing_is_cut_off_and_nothing_overlaps_on_a_narrow_page(
    chromium: Browser, board: Path, size: str
) -> None:
    width, height, dots = NARROW[size]
    page = chromium.new_page(viewport={"width": width, "height": height}, device_scale_factor=dots)
    page.goto(board.as_uri())
    page.evaluate(OPEN_ALL)
    found = [*measured.overflows(page), *measured.overlaps(page)]
    sliding = measured.sliding_charts(page)
    page.close()
    assert not found, "\n".join(found)
    assert not sliding


def test_nothing_overlaps_on_a_wide_page(wide: Page) -> None:
    wide.evaluate(OPEN_ALL)
    found = measured.overlaps(wide)
    wide.evaluate(CLOSE_ALL)
    assert not found, "\n".join(found)


def test_landmarks_are_few_enough_to_step_through(wide: Page) -> None:
    found = measured.landmarks(wide)
    assert {"banner", "main", "navigation", "contentinfo"} <= set(found)
    assert len(found) <= MOST_LANDMARKS, found


def test_tab_follows_the_page_and_focus_is_seen(wide: Page) -> None:
    stops = measured.tab_stops(wide)
    assert len(stops) == measured.n_focusable(wide) > 10
    assert [stop.name for stop in stops if not stop.is_after] == []
    assert [stop.name for stop in stops if not stop.is_marked] == []
    assert [stop.name for stop in stops if not stop.is_in_view] == []
    assert stops[0].name == "a “Skip to the content”"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_on_drawings_stand_out_from_what_is_under_them(wide: Page, scheme: Scheme) -> None:
    wide.emulate_media(color_scheme=scheme)
    found = measured.faint_drawing_text(wide)
    wide.emulate_media(color_scheme="light")
    assert not found, "\n".join(found)


def test_paper_has_every_word_and_no_controls(chromium: Browser, board: Path) -> None:
    page = chromium.new_page(viewport={"width": A4_BETWEEN_MARGINS_PX, "height": 900})
    page.goto(board.as_uri())
    page.emulate_media(media="print")
    lost, cut_off = measured.lost_on_paper(page), measured.overflows(page)
    controls = page.locator("nav, .skip, summary, .tools").all()
    shown = [control for control in controls if control.is_visible()]
    page.close()
    assert controls
    assert not shown
    assert not lost, "\n".join(lost)
    assert not cut_off, "\n".join(cut_off)


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_pictures_of_the_page_are_kept(  # noqa: PLR0917 - fixtures
    chromium: Browser,
    board: Path,
    artefacts: Path,
    width: int,
    height: int,
    record_property: Callable[[str, object], None],
) -> None:
    picture = artefacts / f"{name_of(board)}-{width}.png"
    page = chromium.new_page(viewport={"width": width, "height": height})
    page.goto(board.as_uri())
    page.screenshot(path=picture, full_page=True)
    page.close()
    assert picture.read_bytes().startswith(b"\x89PNG")
    record_property("said", f"picture: {picture.parent.name}/{picture.name}")


def test_without_script_every_word_is_there(chromium: Browser, board: Path, wide: Page) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(board.as_uri())
    words = page.locator("main").inner_text()
    tables = page.locator("main table").count()
    tools = page.locator(".tools, th button").count()
    first = page.locator("details").first
    first.locator("summary").first.click()
    is_open = first.locator("table").first.is_visible()
    context.close()
    with_script = wide.locator("main").inner_text()
    for told in wide.locator(".tools").all_inner_texts():
        with_script = with_script.replace(told, "", 1)
    assert words.split() == with_script.split()
    assert tables == wide.locator("main table").count() > 1
    assert tools == 0
    assert is_open


PLANTED = {
    "a picture without words": ("axe", "document.body.append(new Image())", "image-alt"),
    "pale words": (
        "axe",
        "document.querySelector('main p').style.color = '#aaa'",
        "color-contrast",
    ),
    "two parts of one name": (
        "axe",
        "document.querySelectorAll('.chart').forEach(c => {"
        "c.setAttribute('role', 'region'); c.setAttribute('aria-label', 'Chart') })",
        "landmark-unique",
    ),
    "no language": ("axe", "document.documentElement.removeAttribute('lang')", "html-has-lang"),
    "a wide paragraph": (
        "overflows",
        "document.querySelector('main p').style.cssText = 'width: 3000px; max-width: none'",
        "the page is",
    ),
    "a wide page cut off": (
        "overflows",
        "document.body.style.overflowX = 'clip';"
        "document.querySelector('main p').style.cssText = 'width: 3000px; max-width: none'",
        "reaches to",
    ),
    "a table out of the keyboard's reach": (
        "overflows",
        "const s = document.querySelector('.scroll'); s.removeAttribute('tabindex');"
        "s.style.width = '99px'; s.closest('details')?.setAttribute('open', '')",
        "the keyboard cannot reach it",
    ),
    "a paragraph on another": (
        "overlaps",
        "document.querySelectorAll('main p')[2].style.marginTop = '-2em'",
        "overlap",
    ),
    "a drawing on words": (
        "overlaps",
        "document.querySelector('main svg').style.cssText = 'position: relative; top: 4em'",
        "a drawing",
    ),
    "a chart that slides": (
        "sliding_charts",
        "document.querySelector('.chart svg').style.width = '3000px'",
        "figure-",
    ),
    "a part that is a landmark": (
        "landmarks",
        "document.querySelectorAll('.chart').forEach((c, n) => {"
        "c.setAttribute('role', 'region'); c.setAttribute('aria-label', `Chart ${n}`) })",
        "region",
    ),
    "pale words on a drawing": (
        "faint_drawing_text",
        "document.querySelector('svg text').style.fill = '#999'",
        ":1",
    ),
    "a table left off paper": (
        "lost_on_paper",
        "document.querySelector('main table').style.display = 'none'",
        "table",
    ),
}


@pytest.fixture(scope="module")
def planted(chromium: Browser, example: Evaluated) -> Page:
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.goto((example.current / "board" / "index.html").as_uri())
    return page


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(planted: Page, fault: str) -> None:
    question, plant, words = PLANTED[fault]
    planted.reload()
    planted.evaluate(
        "() => { for (const s of [...document.querySelectorAll('main > section')].slice(2)) s.remove() }"
    )
    planted.evaluate(f"() => {{ {plant} }}")
    answer = getattr(measured, question)(planted)
    faults = answer.violations if isinstance(answer, measured.AxeResult) else answer
    assert any(words in said for said in faults), faults


def test_a_planted_tab_stop_out_of_order_or_unseen_is_found(planted: Page) -> None:
    planted.reload()
    planted.evaluate(
        "() => { const links = document.querySelectorAll('nav a');"
        "links[3].tabIndex = 1; links[1].style.cssText = 'outline: none';"
        "links[2].style.cssText = 'position: fixed; left: -900px' }"
    )
    stops = measured.tab_stops(planted)
    assert [stop.is_after for stop in stops].count(False) == 1
    assert [stop.is_marked for stop in stops].count(False) == 1
    assert [stop.is_in_view for stop in stops].count(False) == 1


def name_of(board: Path) -> str:
    """A page's test id: its study, and the page's name unless it is the pack."""
    study = next(
        parent.parent.name for parent in board.parents if parent.name in {"current", "runs"}
    )
    return study if board.stem == "index" else f"{study}-{board.stem}"
