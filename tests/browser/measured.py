"""Measurements of a page in a browser: axe, reflow, overlaps, landmarks, Tab stops, contrast.

Each function returns the faults it found, worded for the developer. `test_accessibility` has the
requirements. axe-core is injected through the debugger, which the page's ban on scripts allows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import Page

AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
WCAG_22_AA = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
MAX_TAB_STOPS = 1000

# Axe cannot judge text on a drawing; `faint_drawing_text` measures that.
_RUN_AXE = """async (tags) => {
  axe.configure({rules: [{id: 'color-contrast', selector: '*:not(svg *)'}]});
  const named = {'landmark-unique': {enabled: true}};  // each part has a name of its own
  return await axe.run(document, {runOnly: tags, rules: named, resultTypes: ['violations']});
}"""

_OVERFLOW = """() => {
  const root = document.documentElement, width = root.clientWidth;
  const name = e => e.tagName.toLowerCase() + (e.id ? '#' + e.id : '')
    + '.' + (e.getAttribute('class') || '');
  const faults = [];
  if (root.scrollWidth > width) faults.push(`the page is ${root.scrollWidth} px wide in ${width} px`);
  for (const e of document.body.querySelectorAll('*')) {
    const style = getComputedStyle(e);
    const is_own_region = e.matches('[role=group][aria-labelledby][tabindex="0"]');
    if (e.closest('svg, .hidden') || !e.checkVisibility()) continue;
    if (['auto', 'scroll'].includes(style.overflowX) && e.scrollWidth > e.clientWidth && !is_own_region)
      faults.push(`${name(e)} scrolls and the keyboard cannot reach it`);
    const is_for_ears = style.clipPath === 'inset(50%)';
    if (style.overflowX === 'hidden' && !is_for_ears && e.scrollWidth > e.clientWidth)
      faults.push(`${name(e)} hides a part of itself`);
    const box = e.getBoundingClientRect();
    if (box.right > width + 1 && !e.closest('[role=group][tabindex="0"]'))
      faults.push(`${name(e)} reaches to ${Math.round(box.right)} px in ${width} px`);
  }
  return faults;
}"""

# The glyphs of a line are lower than its box, and lines of one text may be set close.
_OVERLAPS = """() => {
  const boxes = [];
  const add = (e, rect, name, inset) => {
    const clip = e.closest('.scroll')?.getBoundingClientRect();
    const left = Math.max(rect.left, clip ? clip.left : -1e9);
    const right = Math.min(rect.right, clip ? clip.right : 1e9);
    const box = {left, right, top: rect.top + inset, bottom: rect.bottom - inset, name, of: e};
    if (box.right - box.left > 1 && box.bottom - box.top > 1) boxes.push(box);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.data.trim() || e.closest('svg, script, style, .hidden, .skip')) continue;
    if (!e.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) add(e, rect, node.data.trim().slice(0, 50), rect.height / 5);
  }
  for (const e of document.querySelectorAll('main svg'))
    if (e.checkVisibility()) add(e, e.getBoundingClientRect(), 'a drawing', 1);
  boxes.sort((a, b) => a.top - b.top);
  const faults = [];
  boxes.forEach((a, at) => {
    for (let next = at + 1; next < boxes.length && boxes[next].top < a.bottom - 1; next++) {
      const b = boxes[next];
      if (a.of !== b.of && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1)
        faults.push(`“${a.name}” and “${b.name}” overlap`);
    }
  });
  return faults;
}"""

_SLIDING_CHARTS = """() => [...document.querySelectorAll('.chart')]
  .filter(e => e.checkVisibility() && (e.scrollWidth > e.clientWidth
    || e.querySelector('svg').getBoundingClientRect().right > document.documentElement.clientWidth + 1))
  .map(e => e.closest('figure').id)"""

_LANDMARKS = {
    "banner", "complementary", "contentinfo", "form", "main", "navigation", "region", "search",
}  # fmt: skip

_FOCUSABLE = """() => [...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')]
  .filter(e => e.checkVisibility()).length"""

_STOP = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const style = getComputedStyle(e), box = e.getBoundingClientRect();
  const before = window.lastStop;
  window.lastStop = e;
  const left = Math.max(box.left, 0), right = Math.min(box.right, innerWidth);
  const top = Math.max(box.top, 0), bottom = Math.min(box.bottom, innerHeight);
  // A link over two lines has no point in the middle of its box: any of its lines will do.
  const seen = [...e.getClientRects()].some(r => {
    const at = document.elementFromPoint(
      (Math.max(r.left, 0) + Math.min(r.right, innerWidth)) / 2,
      (Math.max(r.top, 0) + Math.min(r.bottom, innerHeight)) / 2);
    return at && (e.contains(at) || at.contains(e));
  });
  return {
    name: e.tagName.toLowerCase()
      + ` “${(e.getAttribute('aria-label') || e.innerText || '').trim().slice(0, 60)}”`,
    is_after: !before || !!(before.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING),
    is_marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    is_in_view: right > left && bottom > top && seen,
  };
}"""

_FAINT_TEXT = """() => {
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map(v => v / 255)
      .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const colour = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const faults = [];
  for (const e of document.querySelectorAll('svg text')) {
    if (!e.checkVisibility() || !e.textContent.trim()) continue;
    e.scrollIntoView({block: 'center', inline: 'center'});
    const box = e.getBoundingClientRect();
    const under = document.elementsFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const shape = under.find(u => u.closest('svg') && !u.closest('text') && u.tagName !== 'svg'
      && colour(getComputedStyle(u).fill).length >= 3 && getComputedStyle(u).fillOpacity === '1');
    const ground = shape ? colour(getComputedStyle(shape).fill).slice(0, 3) : [255, 255, 255];
    const ink = colour(getComputedStyle(e).fill).slice(0, 3);
    const [low, high] = [light(ink), light(ground)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < 4.5)
      faults.push(`“${e.textContent.trim()}”: ${ratio.toFixed(2)}:1, ${ink} on ${ground}`);
  }
  return faults;
}"""

_LOST_ON_PAPER = """() => [
  ...document.querySelectorAll('main p, main li, main table, main svg, main dt, main dd')]
  .filter(e => !e.checkVisibility() && !e.closest('.scroll.long') && !e.closest('nav, .tools'))
  .map(e => `${e.tagName.toLowerCase()} “${e.textContent.trim().slice(0, 60)}”`)"""


@dataclass(frozen=True)
class AxeResult:
    """Violations in words, and the number of rules that passed on at least one element."""

    violations: tuple[str, ...]
    n_rules_passed: int


@dataclass(frozen=True)
class TabStop:
    """An element reached by Tab: does it follow the previous one, show focus, and is it visible?"""

    name: str
    is_after: bool
    is_marked: bool
    is_in_view: bool


def axe(page: Page) -> AxeResult:
    """Axe-core's rules for WCAG 2.0 to 2.2, levels A and AA, and unique names for landmarks."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result: dict[str, Any] = page.evaluate(_RUN_AXE, list(WCAG_22_AA))
    violations = tuple(
        f"{rule['id']}: {node['html'][:160]}: {node['failureSummary']}"
        for rule in result["violations"]
        for node in rule["nodes"]
    )
    return AxeResult(violations, len(result["passes"]))


def overflows(page: Page) -> list[str]:
    """Elements wider than the page, cut off at its edge, or scrollable but not by keyboard."""
    return list(page.evaluate(_OVERFLOW))


def overlaps(page: Page) -> list[str]:
    """Texts and drawings that overlap."""
    return list(page.evaluate(_OVERLAPS))


def sliding_charts(page: Page) -> list[str]:
    """Charts that are wider than the page or need sideways scrolling."""
    return list(page.evaluate(_SLIDING_CHARTS))


def landmarks(page: Page) -> list[str]:
    """The landmarks that the browser exposes to screen readers, by role."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    roles = [node.get("role", {}).get("value", "") for node in tree["nodes"] if not node["ignored"]]
    return [role for role in roles if role in _LANDMARKS]


def tab_stops(page: Page) -> list[TabStop]:
    """Every element that Tab reaches from the top of the page, in order."""
    page.evaluate(
        "() => { window.lastStop = null; document.activeElement.blur(); scrollTo(0, 0); }"
    )
    stops: list[TabStop] = []
    while len(stops) < MAX_TAB_STOPS:
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None:
            break
        stops.append(TabStop(**stop))
    return stops


def n_focusable(page: Page) -> int:
    """The number of visible elements that a keyboard should reach."""
    return int(page.evaluate(_FOCUSABLE))


def faint_drawing_text(page: Page) -> list[str]:
    """Text on a drawing with contrast below 4.5:1 against the shape under its middle."""
    return list(page.evaluate(_FAINT_TEXT))


def lost_on_paper(page: Page) -> list[str]:
    """Texts, tables and drawings that are hidden in the current medium (screen or print)."""
    return list(page.evaluate(_LOST_ON_PAPER))
