"""A run whose process was killed is marked as failed, and one that lives is left alone."""

import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from dagster import DagsterEvent, DagsterEventType
from dagster._core.storage.runs import SqlRunStorage
from dagster._core.storage.runs.schema import RunsTable
from filelock import FileLock

from assets.dagster_home import instance
from assets.left_runs import fail_left_runs
from assets.resources import PARTITION_TAG, Studies
from pipelines.study.paths import EXAMPLE, PROJECT, StudyPaths
from tests.evaluated import PATIENCE_SECONDS, command_of, environment


def under_way(data_marts: Path) -> list[dg.DagsterRun]:
    with instance(data_marts) as history:
        return history.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """Outputs of a run of the example that was killed while it held the study's lock."""
    run = subprocess.Popen(
        command_of(EXAMPLE, tmp_path),
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    store = StudyPaths(tmp_path, "example").store
    began = time.monotonic()
    while not store.exists():
        assert run.poll() is None
        assert time.monotonic() - began < PATIENCE_SECONDS
        time.sleep(0.1)
    run.send_signal(signal.SIGKILL)
    run.wait()
    return tmp_path


def test_a_killed_run_is_failed_and_a_live_one_is_not(killed: Path):
    studies = Studies(data_raw=str(killed / "raw"), data_marts=str(killed))
    assert len(under_way(killed)) == 1
    with instance(killed) as history:
        assert fail_left_runs(history, studies) == []  # it may only just have begun
        with FileLock(studies.paths("example").lock):  # as if another process held it
            assert fail_left_runs(history, studies, least_age_seconds=0) == []
        assert fail_left_runs(history, studies, least_age_seconds=0) == ["example"]
        assert fail_left_runs(history, studies, least_age_seconds=0) == []
        assert [run.status for run in history.get_runs()] == [dg.DagsterRunStatus.FAILURE]


def test_a_run_that_waited_long_for_its_turn_may_take_its_time_to_begin(tmp_path: Path):
    studies = Studies(data_raw=str(tmp_path / "raw"), data_marts=str(tmp_path))
    studies.paths("example").lock.parent.mkdir(parents=True)
    job = dg.GraphDefinition(name="evaluate").to_job()
    with instance(tmp_path) as history:
        run = history.create_run_for_job(
            job, status=dg.DagsterRunStatus.NOT_STARTED, tags={PARTITION_TAG: "example"}
        )
        made = datetime.now(UTC).replace(tzinfo=None) - timedelta(hours=1)
        assert isinstance(history.run_storage, SqlRunStorage)
        with history.run_storage.connect() as connection:
            connection.execute(RunsTable.update().values(create_timestamp=made))
        starting = DagsterEvent(DagsterEventType.PIPELINE_STARTING.value, job.name)
        history.report_dagster_event(starting, run.run_id)
        assert fail_left_runs(history, studies, least_age_seconds=1800) == []
        assert fail_left_runs(history, studies, least_age_seconds=0) == ["example"]
