"""Dagster's page in a browser, as the analyst has it: a run by a click, and what a fault looks like."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from pipelines.study.paths import PROJECT
from tests.evaluated import PATIENCE_SECONDS, environment
from tests.tiny_study import TinyStudy

GROUPS = ("raw", "mart", "impact", "released", "charts", "board")
JOB = "/locations/assets.definitions/jobs/evaluate"
SENSOR = (
    '{repositoryLocationName:"assets.definitions",repositoryName:"__repository__",'
    'sensorName:"study_folders"}'
)
SMALLEST_LETTERS = 8  # pixels
# One pupil's SEN in a file that is otherwise sound.
FAULT = "ks2_2018.csv, row 3, column SEN: the code is not known."
REMEDY = "to do: mend the cell, or ask whoever sent the file what it means"

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Dagster:
    """The page of two studies, `tiny` and `faulty`, at its address."""

    browser: Page
    address: str

    def open(self, path: str) -> Page:
        self.browser.goto(f"{self.address}{path}")
        return self.browser

    def launch(self, study: str) -> str:
        """Click a run of a study on the job's page; returns the run's path."""
        page = self.open(JOB)
        page.get_by_role("button", name="Materialize").first.click()
        page.get_by_text("Select a partition or create one", exact=True).click()
        page.get_by_role("menuitem", name=study).click()
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Launch 1 run").click()
        page.get_by_role("link", name="View", exact=True).click()
        page.wait_for_url("**/runs/*")
        return page.url.removeprefix(self.address)

    def wait_for_studies(self) -> None:
        """Wait until the daemon has found the studies, then keep it from running them by itself."""
        query = '{assetNodeOrError(assetKey:{path:["protocol"]}){...on AssetNode{partitionKeys}}}'
        self._wait(query, lambda node: set(node["partitionKeys"]) == {"tiny", "faulty"})
        sensor = self._asked(f"{{sensorOrError(sensorSelector:{SENSOR}){{...on Sensor{{id}}}}}}")
        stopped = self._asked(f'mutation {{stopSensor(id:"{sensor["id"]}"){{__typename}}}}')
        assert stopped["__typename"] == "StopSensorMutationResult"

    def wait_for_end(self, run: str) -> None:
        """Wait until a run has ended. The browser shows nothing meanwhile: following a run is work."""
        self.browser.goto("about:blank")
        query = f'{{runOrError(runId:"{run.rpartition("/")[2]}"){{...on Run{{endTime}}}}}}'
        self._wait(query, lambda run: run["endTime"] is not None)

    def _wait(self, query: str, is_reached: Callable[[dict[str, Any]], bool]) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            if is_reached(self._asked(query)):
                return
            time.sleep(1)
        pytest.fail("what a test waits for did not come")

    def _asked(self, query: str) -> dict[str, Any]:
        """The page's own answer to a query of one field."""
        answer = self.browser.request.post(f"{self.address}/graphql", data={"query": query})
        (field,) = answer.json()["data"].values()
        return dict(field)


@pytest.fixture(scope="module")
def dagster(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dagster]:
    home = tmp_path_factory.mktemp("served")
    _write_studies(home / "raw")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "assets.cli", "serve", "--port", str(port)]
    command += ["--data-raw", str(home / "raw"), "--data-marts", str(home / "marts")]
    with subprocess.Popen(
        command, cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as served:
        try:
            assert served.stdout is not None
            assert "its log is" in served.stdout.readline()
            assert "The Dagster page" in served.stdout.readline()
            page = chromium.new_page(viewport={"width": 1400, "height": 900})
            page.set_default_timeout(PATIENCE_SECONDS * 1000)
            shown = Dagster(page, f"http://127.0.0.1:{port}")
            shown.wait_for_studies()
            yield shown
            page.close()
        finally:
            served.terminate()


def _write_studies(raw: Path) -> None:
    raw.mkdir()
    TinyStudy(raw).write()
    faulty = shutil.copytree(raw / "tiny", raw / "faulty")
    protocol = faulty / "study.toml"
    text = protocol.read_text(encoding="utf-8")
    protocol.write_text(text.replace('name = "tiny"', 'name = "faulty"'), encoding="utf-8")
    pupils = faulty / "ks2_2018.csv"
    lines = pupils.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[2] = lines[2].replace(",K,", ",QQ,")
    pupils.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def runs(dagster: Dagster) -> dict[str, str]:
    """The page of each study's run, started by a click; the sound study's comes last."""
    launched = {}
    for study in ("faulty", "tiny"):
        launched[study] = dagster.launch(study)
        dagster.wait_for_end(launched[study])
    return launched


def test_the_graph_reads_from_files_to_pages(dagster: Dagster, artefacts: Path) -> None:
    page = dagster.open("/asset-groups")
    graph = page.locator("svg").get_by_text(re.compile(f"^({'|'.join(GROUPS)})$"))
    expect(graph).to_have_count(len(GROUPS))
    page.screenshot(path=artefacts / "dagster_groups.png")
    places = {one.inner_text(): one.bounding_box() for one in graph.all()}
    left = [
        places[group]["x"] for group in ("raw", "mart", "impact", "released", "charts", "board")
    ]
    assert left == sorted(left)
    assert all(box["height"] >= SMALLEST_LETTERS for box in places.values())


def test_a_run_started_by_a_click_ends_well(dagster: Dagster, runs: dict[str, str]) -> None:
    page = dagster.open(runs["tiny"])
    expect(page.get_by_text("Success", exact=True).first).to_be_visible()
    expect(page.get_by_text("partition: tiny")).to_be_visible()


@pytest.mark.usefixtures("runs")
def test_a_chart_is_shown_without_a_click(dagster: Dagster, artefacts: Path) -> None:
    page = dagster.open("/assets/charts/headline_effects?view=partitions&partition=tiny")
    chart = page.get_by_alt_text("Cannot tell whether either programme helped")
    expect(chart).to_be_in_viewport(ratio=0.9)
    page.wait_for_function("() => [...document.images].every(each => each.naturalWidth > 300)")
    page.screenshot(path=artefacts / "dagster_chart.png")


@pytest.mark.usefixtures("runs")
def test_the_board_pack_opens_from_the_page(dagster: Dagster) -> None:
    page = dagster.open("/assets/board/board?view=partitions&partition=tiny")
    link = page.get_by_role("link", name="board/index.html")
    address = link.get_attribute("href")
    assert address is not None
    expect(dagster.open(address).get_by_role("heading", level=1)).to_contain_text("six schools")
    paper = page.request.get(f"{dagster.address}/published/tiny/board/board.pdf")
    assert paper.body().startswith(b"%PDF")
    assert paper.headers["content-security-policy"] == "script-src 'none'"
    assert page.request.get(f"{dagster.address}/published/tiny/none").status == 404


def test_a_fault_is_told_with_its_place_and_what_to_do(
    dagster: Dagster, runs: dict[str, str], artefacts: Path
) -> None:
    page = dagster.open(runs["faulty"])
    expect(page.get_by_text("Failure", exact=True).first).to_be_visible()
    expect(page.get_by_text(FAULT).last).to_be_in_viewport()
    expect(page.get_by_text(REMEDY).last).to_be_in_viewport()
    page.screenshot(path=artefacts / "dagster_fault.png")
    step = dagster.open(f"{runs['faulty']}?logs=step%3Araw__ks2_pupils")
    expect(step.get_by_text(FAULT).first).to_be_visible()
    expect(step.get_by_text("Stack Trace")).to_have_count(0)
    expect(step.get_by_text("QQ")).to_have_count(0)


@pytest.mark.usefixtures("runs")
def test_checks_name_their_rules_and_a_later_run_of_another_study_leaves_a_fault_red(
    dagster: Dagster, artefacts: Path
) -> None:
    page = dagster.open("/assets/raw/ks2_pupils?view=checks&checkDetail=values_are_as_declared")
    expect(page.get_by_text("always one of its codes")).to_be_visible()
    page.get_by_role("tab", name="Partitions").last.click()
    expect(page.get_by_text("Passed (1)")).to_be_visible()
    expect(page.get_by_text("Failed (1)", exact=True)).to_be_visible()
    page.get_by_title("faulty", exact=True).last.click()
    expect(page.get_by_text(FAULT)).to_be_visible()
    page.get_by_title("tiny", exact=True).last.click()
    expect(page.get_by_text("rules_held")).to_be_visible()
    expect(page.get_by_text(FAULT)).to_have_count(0)
    page.screenshot(path=artefacts / "dagster_checks.png")
