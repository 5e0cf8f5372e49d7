"""What assets/README.md shows for many authorities does what it says."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy
from dagster._core.run_coordinator import QueuedRunCoordinator

from assets.dagster_home import CONFIG, dagster_home, instance
from assets.resources import PARTITION_TAG
from pipelines.errors.fault import StudyError
from pipelines.publishing.identity import is_whole
from pipelines.store import fault_list
from pipelines.study.paths import StudyPaths
from tests.evaluated import evaluate_here
from tests.fleet.files import write_study
from tests.fleet.seeds import draw_study
from tests.many_authorities import HISTORY_URL, PAPER, keep_in_postgres, set_in, shown_under
from tests.region import BACKFILL, FAILING, Region

# Of drawn studies, one of the smallest.
SEED = 25


@pytest.mark.slow
def test_a_study_s_history_is_kept_in_postgres_alone(tmp_path: Path, postgres_url: str):
    folder = write_study(draw_study(SEED), tmp_path / "raw")
    marts = tmp_path / "marts"
    keep_in_postgres(marts, postgres_url)
    run = evaluate_here(folder, marts)
    assert run.status == 0, run.stderr
    assert is_whole(run.paths.current, run.paths.restricted_current)
    with instance(marts) as history:
        (recorded,) = history.get_runs()
        assert recorded.status == dg.DagsterRunStatus.SUCCESS
        assert recorded.tags[PARTITION_TAG] == folder.name
        published = history.get_latest_materialization_event(dg.AssetKey("publish"))
        assert published is not None
        assert published.run_id == recorded.run_id
    engine = sqlalchemy.create_engine(postgres_url)
    with engine.connect() as connection:
        n_events = connection.execute(sqlalchemy.text("SELECT count(*) FROM event_logs")).scalar()
    engine.dispose()
    assert n_events > 100
    assert [*marts.rglob("*.db")] == []
    assert run.paths.store.stat().st_size > 0  # so that a file's ending is not why


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("postgresql+psycopg2://ssif@/postgres?host=/nowhere", "cannot be used: connection to"),
        ("postgresql+no_driver://ssif@localhost/postgres", "no_driver"),
        ("not an address", "Could not parse"),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd, address: str, said: str
):
    keep_in_postgres(tmp_path, "postgresql+psycopg2://")
    monkeypatch.setenv(HISTORY_URL, address)
    with pytest.raises(StudyError, match=said) as caught:
        instance(tmp_path)
    (fault,) = caught.value.faults
    assert fault.file == str(dagster_home(tmp_path) / CONFIG)
    assert fault.may_pass == ("/nowhere" in address)
    assert capfd.readouterr().err == ""


def test_more_studies_at_a_time_and_one_run_of_each(tmp_path: Path):
    set_in(tmp_path, shown_under("More studies at a time"))
    with instance(tmp_path) as history:
        assert isinstance(history.run_coordinator, QueuedRunCoordinator)
        queue = history.get_concurrency_config().run_queue_config
    assert queue.max_concurrent_runs == 12
    assert queue.tag_concurrency_limits == [
        {"key": PARTITION_TAG, "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
    ]


@pytest.mark.slow
def test_a_backfill_goes_on_past_a_study_that_fails(tmp_path: Path, postgres_url: str):
    """By `ssif serve` itself with its history in PostgreSQL, and no more runs at a time than is set."""
    region = Region(tmp_path, 3)
    region.write()
    keep_in_postgres(region.marts, postgres_url)
    set_in(region.marts, shown_under("More studies at a time").replace("runs: 12", "runs: 1"))
    region.backfill()
    with region.served() as server:
        region.wait(server, region.is_made)
    assert [name for name in region.names if not region.is_whole(name)] == [FAILING]
    faults = fault_list.read(StudyPaths(region.marts, FAILING))
    assert [(fault.file, fault.row) for fault in faults] == [("enrolments.csv", 2)]
    assert region.most_at_once() == 1
    assert [*region.marts.rglob("*.db")] == []


def test_the_paper_says_the_command_that_was_tried():
    assert f"{BACKFILL}\n" in PAPER.read_text(encoding="utf-8")
