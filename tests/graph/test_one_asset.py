"""Rebuilding one asset of one study after a finished run, as the page's button does, and refusals."""

import json
import re
import select
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from filelock import FileLock

from assets.definitions import build_definitions
from pipelines.catalogue import RELEASED_TABLES
from pipelines.disclosure import gate
from pipelines.disclosure.published_verdict import PublishedVerdict
from pipelines.errors.fault import Fault, StudyError
from pipelines.released import making
from pipelines.store import fault_list
from pipelines.study.paths import PROJECT, StudyPaths
from tests.evaluated import PATIENCE_SECONDS, Evaluated, bytes_of, command_of, environment


@dataclass(frozen=True)
class Finished:
    """A finished run for a test to modify: a copy of the study's folder and its outputs."""

    folder: Path
    paths: StudyPaths
    instance: dg.DagsterInstance

    def remake(self, *names: str) -> dg.ExecuteInProcessResult:
        """Rebuild single assets with their checks, as the page's button does."""
        job = build_definitions(data_marts=self.paths.marts).resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            instance=self.instance,
            partition_key=self.paths.study,
            asset_selection=[dg.AssetKey.from_user_string(name) for name in names],
            raise_on_error=False,
        )

    def forget(self, *parts: str) -> None:
        """Have parts made again when they are next asked for."""
        with closing(duckdb.connect(str(self.paths.store))) as con:
            for part in parts:
                con.execute("DELETE FROM protocol.made WHERE part = $part", {"part": part})

    def rows(self, table: str) -> list[tuple[object, ...]]:
        """All rows of a table of the store."""
        with closing(duckdb.connect(str(self.paths.store), read_only=True)) as con:
            return con.execute(f"FROM {table}").fetchall()

    def refusal(self, *names: str) -> str:
        """The page's message for a refused step."""
        result = self.remake(*names)
        assert not result.success
        failures = [e.event_specific_data for e in result.all_events if e.is_step_failure]
        said = [f.user_failure_data.description for f in failures if f.user_failure_data]
        assert said, failures
        # Dagster's page shows this text, and would show a stack trace after it.
        assert [(f.error.message, f.error.stack) for f in failures] == [
            (f"{s}\n", []) for s in said
        ]
        return "\n".join(said)


@pytest.fixture
def finished(example: Evaluated, tmp_path: Path) -> Iterator[Finished]:
    folder = shutil.copytree(example.folder, tmp_path / "raw" / "example")
    marts = shutil.copytree(example.paths.marts, tmp_path / "data_marts", symlinks=True)
    paths = StudyPaths(marts, "example")
    paths.folder_note.write_text(f"{folder}\n", encoding="utf-8")
    instance = dg.DagsterInstance.from_config(str(marts / ".dagster"))
    yield Finished(folder, paths, instance)
    instance.dispose()


def test_the_finished_run_is_known_to_the_page(finished: Finished) -> None:
    for name in ("charts/headline_effects", "impact/estimate", "publish"):
        key = dg.AssetKey.from_user_string(name)
        assert finished.instance.get_materialized_partitions(key) == {"example"}
    event = finished.instance.get_latest_materialization_event(dg.AssetKey(["raw", "ks2_pupils"]))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["dagster/row_count"].value > 1000


@pytest.mark.parametrize("name", ["charts/headline_effects", "impact/estimate", "mart/cell"])
def test_one_asset_is_made_again(finished: Finished, name: str) -> None:
    before = bytes_of(finished.paths.current)
    charts = bytes_of(finished.paths.charts)
    # As an older version of the code left it, whose rule this one has no longer.
    old = StudyError([Fault(file="a", problem="b", remedy="c")])
    fault_list.keep_warnings(finished.paths, "a_rule_of_last_year", old)
    result = finished.remake(name)
    assert result.success
    assert "a_rule_of_last_year" not in fault_list.read_warnings(finished.paths)
    made = [event.asset_key.to_user_string() for event in result.get_asset_materialization_events()]
    assert made == [name]
    assert bytes_of(finished.paths.current) == before
    assert bytes_of(finished.paths.charts) == charts


def test_a_chart_carries_its_picture(finished: Finished) -> None:
    (event,) = finished.remake("charts/headline_effects").get_asset_materialization_events()
    picture = event.materialization.metadata["as_published"].value
    assert "](/published/example/charts/headline_effects.svg)" in picture
    words = json.loads(
        (finished.paths.charts / "headline_effects.json").read_text(encoding="utf-8")
    )
    assert words["title"] in picture


def test_after_one_asset_the_whole_can_be_published_again(finished: Finished) -> None:
    before = bytes_of(finished.paths.current)
    shutil.rmtree(finished.paths.runs)
    assert finished.remake("impact/estimate", "publish").success
    after = bytes_of(finished.paths.current)
    assert {n: b for n, b in after.items() if n.startswith("released/")} == {
        n: b for n, b in before.items() if n.startswith("released/")
    }


@pytest.mark.parametrize("stage", ["ks2", "ks4"])
def test_deleted_pupil_rows_are_read_again_from_the_same_files(
    finished: Finished, stage: str
) -> None:
    before = finished.rows(f"mart.{stage}_stratum")
    finished.forget(f"mart.{stage}_stratum")
    assert finished.remake(f"mart/{stage}_stratum").success
    assert finished.rows(f"mart.{stage}_stratum") == before
    assert len(before) > 1000


@pytest.mark.parametrize("stage", ["ks2", "ks4"])
def test_of_other_files_deleted_pupil_rows_are_asked_for_in_plain_words(
    finished: Finished, stage: str
) -> None:
    before = finished.rows(f"mart.{stage}_stratum")
    finished.forget(f"raw.{stage}_pupils", f"mart.{stage}_stratum")
    assert "pupil rows are no longer there" in finished.refusal(f"mart/{stage}_stratum")
    (fault,) = fault_list.read(finished.paths)
    assert fault.file == f"raw/{stage}_pupils"
    assert f"make raw/{stage}_pupils again" in fault.remedy
    assert fault_list.tracebacks(finished.paths) == ()
    assert finished.rows(f"mart.{stage}_stratum") == before
    assert finished.remake(f"raw/{stage}_pupils", f"mart/{stage}_stratum").success


def test_a_protocol_that_changed_in_between_is_refused(finished: Finished) -> None:
    protocol = finished.folder / "study.toml"
    protocol.write_text(protocol.read_text(encoding="utf-8") + "\n# later\n", encoding="utf-8")
    assert "study.toml has changed" in finished.refusal("charts/headline_effects")
    (fault,) = fault_list.read(finished.paths)
    assert "make evaluate" in fault.remedy


def test_publishing_refuses_files_that_changed_in_between(finished: Finished) -> None:
    before = bytes_of(finished.paths.current)
    with (finished.folder / "reviews.csv").open("a", encoding="utf-8") as lines:
        lines.write("\n")
    # The registered checksum no longer matches: the usual message for a changed file.
    assert "checksum" in finished.refusal("publish")
    assert bytes_of(finished.paths.current) == before


def test_publishing_refuses_parts_of_different_files(finished: Finished) -> None:
    before = bytes_of(finished.paths.current)
    with closing(duckdb.connect(str(finished.paths.store))) as con:
        con.execute(
            "UPDATE protocol.made SET inputs_sha256 = repeat('0', 64) WHERE part = 'raw.reviews'"
        )
    assert re.search("^raw.reviews; .*it is not sound", finished.refusal("publish"))
    fault = fault_list.read(finished.paths)[0]
    assert "make the whole study again" in fault.remedy
    assert bytes_of(finished.paths.current) == before


def test_a_part_that_failed_its_check_is_never_published(finished: Finished) -> None:
    """Otherwise a click on `publish` could bypass the check."""
    before = bytes_of(finished.paths.current)
    with closing(duckdb.connect(str(finished.paths.store))) as con:
        con.execute("DELETE FROM protocol.programme WHERE programme = 'most_able'")
    said = finished.refusal("raw/enrolments")
    result = finished.remake("raw/enrolments")
    (failed,) = [e for e in result.get_asset_check_evaluations() if not e.passed]
    assert failed.metadata["study"].value == "example"
    lines = (finished.folder / "enrolments.csv").read_text(encoding="utf-8").splitlines()
    row = next(n for n, line in enumerate(lines, start=1) if "most_able" in line)
    assert f"enrolments.csv, row {row}, column programme" in str(failed.metadata["places"].value)
    assert said == failed.metadata["places"].value
    assert "\n    to do: " in said
    assert failed.metadata["to_see_what_was_found"].value == f"ssif validate {finished.folder}"
    assert "it is not sound" in finished.refusal("publish")
    unsound = {fault.file for fault in fault_list.read(finished.paths)}
    assert "enrolments_programme_is_in_protocol" in unsound
    assert bytes_of(finished.paths.current) == before


def test_a_gate_left_open_is_reported_and_never_published(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = [f"released/{table.name}" for table in RELEASED_TABLES]
    monkeypatch.setattr(gate, "count_small", lambda _con, name: 3 * (name == "impact"))
    result = finished.remake(*released)
    failed = [
        e.asset_key.to_user_string() for e in result.get_asset_check_evaluations() if not e.passed
    ]
    assert failed == ["released/impact"]
    (fault,) = fault_list.read(finished.paths)
    assert fault.place == "released.impact"
    assert "3 rows rest on fewer than 6 pupils" in fault.problem
    assert "released: it is not sound" in finished.refusal("publish")


def test_an_exact_count_that_passes_the_gate_is_reported_and_never_published(
    finished: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real check, with a gate that shows a pupil more than the rounded count."""
    real = making.release

    def weak(
        con: duckdb.DuckDBPyConnection, published: Sequence[PublishedVerdict]
    ) -> making.Release:
        released = real(con, published)
        con.execute("UPDATE released.comparison SET n_pupils = n_pupils + 1")
        return released

    monkeypatch.setattr(making, "release", weak)
    finished.forget("released")
    result = finished.remake(*(f"released/{table.name}" for table in RELEASED_TABLES))
    failed = [
        (e.asset_key.to_user_string(), e.check_name)
        for e in result.get_asset_check_evaluations()
        if not e.passed
    ]
    assert failed == [("released/comparison", "counts_are_rounded")]
    (fault,) = fault_list.read(finished.paths)
    assert fault.place == "released.comparison"
    assert "rows have an exact count of pupils" in fault.problem
    assert "it is not sound" in finished.refusal("publish")
    assert "released" in {fault.file for fault in fault_list.read(finished.paths)}


def test_a_second_run_of_a_study_waits_for_the_first(finished: Finished) -> None:
    (finished.folder / "reviews.csv").unlink()  # so that the run ends early
    lock = FileLock(finished.paths.lock)
    command = command_of(finished.folder, finished.paths.marts)
    with lock:
        second = subprocess.Popen(
            command, cwd=PROJECT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8",
        )  # fmt: skip
        assert second.stderr is not None
        ready, _, _ = select.select([second.stderr], [], [], PATIENCE_SECONDS)
        said = second.stderr.readline() if ready else ""
        is_waiting = second.poll() is None
    stdout, stderr = second.communicate(timeout=PATIENCE_SECONDS)
    assert said == "Another run of study example is under way; waiting for it to end.\n"
    assert is_waiting
    assert second.returncode == 1
    assert "reviews.csv: the file is not there" in stderr
    assert "rows" not in stdout
