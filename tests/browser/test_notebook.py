"""The notebook `method` in its editor, in a browser: a setting is moved, and what is said moves with it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from notebooks import __main__ as launcher
from pipelines.study.paths import EXAMPLE, PROJECT
from tests.evaluated import PATIENCE_SECONDS


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The editor, open on a copy that lies in the project, whose settings it reads."""
    folder = PROJECT / "notebooks" / "own" / f"of_a_test_{tmp_path_factory.mktemp('n').name}"
    copy = launcher.own_copy("method", EXAMPLE, folder=folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "marimo", "edit", "--headless", "--no-token"]
    command += ["--skip-update-check", "--port", str(port), str(copy)]
    with subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as editor:
        try:
            _wait_for(port, editor)
            yield f"http://127.0.0.1:{port}"
        finally:
            editor.terminate()
    _remove(folder)


def _wait_for(port: int, editor: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until and editor.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    pytest.fail("the editor did not start")


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
    if not any(folder.parent.iterdir()):
        folder.parent.rmdir()


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1200, "height": 3000})
    page.goto(address)
    yield page
    page.close()


def test_moving_how_schools_were_picked_moves_what_is_said(page: Page, address: str) -> None:
    outside: list[str] = []
    page.on("request", lambda request: outside.append(request.url))
    said = page.get_by_text(re.compile("The truth is 0.0")).first
    expect(said).to_be_visible(timeout=1000 * PATIENCE_SECONDS)
    before = said.inner_text()
    assert "claims an effect" in before
    picked = page.locator("select").filter(has_text="lasting quality").first
    picked.select_option(label="lasting quality")
    expect(said).not_to_have_text(before, timeout=1000 * PATIENCE_SECONDS)
    assert "does not claim an effect" in said.inner_text()
    ours = (address, "data:", "blob:", address.replace("http", "ws"))
    assert [url for url in outside if not url.startswith(ours)] == []


def test_nothing_can_be_sent_away_by_a_click(page: Page) -> None:
    expect(page.get_by_text(re.compile("The truth is")).first).to_be_visible(
        timeout=1000 * PATIENCE_SECONDS
    )
    assert page.get_by_text(re.compile("generate with ai", re.IGNORECASE)).count() == 0
    page.get_by_test_id("notebook-menu-dropdown").click()
    menu = page.get_by_role("menu").first
    expect(menu).to_be_visible()
    assert "Share" not in menu.inner_text()
