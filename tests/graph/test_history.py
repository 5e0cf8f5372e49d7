"""Dagster's history does not grow: old runs go with their events, files and results of checks."""

import warnings
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from sqlalchemy import text

from assets import dagster_home, history
from tests.many_authorities import keep_in_postgres

STUDIES = dg.DynamicPartitionsDefinition(name="study")

with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.PreviewWarning)
    HOLDS = dg.AssetCheckSpec("holds", asset="table", partitions_def=STUDIES)


@dg.asset(partitions_def=STUDIES, check_specs=[HOLDS])
def table() -> dg.MaterializeResult:
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


@dg.asset(partitions_def=STUDIES, deps=[table])
def page(context: dg.AssetExecutionContext) -> None:
    if context.partition_key == "winter":
        raise dg.Failure("as planted", allow_retries=False)


DEFINITIONS = dg.Definitions(assets=[table, page], jobs=[dg.define_asset_job("job")])


def run(instance: dg.DagsterInstance, study: str, selection: list[dg.AssetKey] | None = None):
    instance.add_dynamic_partitions("study", [study])
    return (
        DEFINITIONS.resolve_job_def("job")
        .execute_in_process(
            instance=instance,
            partition_key=study,
            raise_on_error=False,
            asset_selection=selection,
        )
        .run_id
    )


def opened(marts: Path, by: str) -> dg.DagsterInstance:
    """The instance of the command line, or that of page and daemon."""
    home = dagster_home.dagster_home(marts)
    return dagster_home.instance(marts) if by == "command" else dagster_home.set_up(home)


def runs_in(instance: dg.DagsterInstance) -> set[str]:
    """Runs that any table of events names, and those that have a file of their own."""
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    found = set()
    if isinstance(storage, SqliteEventLogStorage):
        folder = Path(storage.path_for_shard("index")).parent
        found = {file.name.split(".db")[0] for file in folder.iterdir()} - {"index", ""}
    with storage.index_connection() as con:
        for name in ("event_logs", "asset_check_executions"):
            rows = con.execute(text(f"SELECT DISTINCT run_id FROM {name}")).fetchall()
            assert rows
            found |= {run_id for (run_id,) in rows} - {""}
    return found


@pytest.fixture(params=["command", "page", "postgres"])
def shared_history(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[dg.DagsterInstance]:
    """The history as the command line, as page and daemon, and as many authorities keep it."""
    if request.param == "postgres":
        keep_in_postgres(tmp_path, request.getfixturevalue("postgres_url"))
    with opened(tmp_path, "page" if request.param == "page" else "command") as instance:
        yield instance


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "HISTORY_RUNS", 2)


def test_the_newest_runs_of_each_study_are_kept(shared_history: dg.DagsterInstance):
    instance = shared_history
    autumn = [run(instance, "autumn") for _ in range(4)]
    winter = [run(instance, "winter") for _ in range(3)]
    assert runs_in(instance) == {*autumn, *winter}
    assert set(history.forget_old_runs(instance)) == {*autumn[:2], winter[0]}
    assert {each.run_id for each in instance.get_runs()} == {*autumn[2:], *winter[1:]}
    assert history.forget_old_runs(instance) == []
    assert runs_in(instance) == {*autumn[2:], *winter[1:]}


def test_the_newest_whole_run_is_kept_besides(tmp_path: Path):
    with opened(tmp_path, "command") as instance:
        first, whole = run(instance, "autumn"), run(instance, "autumn")
        clicks = [run(instance, "autumn", [table.key]) for _ in range(4)]
        assert set(history.forget_old_runs(instance)) == {first, *clicks[:2]}
        assert instance.get_materialized_partitions(page.key) == {"autumn"}
        assert runs_in(instance) == {whole, *clicks[2:]}


def test_a_run_that_is_not_finished_stays(tmp_path: Path):
    with opened(tmp_path, "command") as instance:
        job = DEFINITIONS.resolve_job_def("job")
        begun = instance.create_run_for_job(job, tags={"dagster/partition": "autumn"})
        for _ in range(3):
            run(instance, "autumn")
        assert len(history.forget_old_runs(instance)) == 1
        assert instance.get_run_by_id(begun.run_id) is not None


def test_nothing_grows(tmp_path: Path):
    def size() -> int:
        return sum(file.stat().st_size for file in tmp_path.rglob("*.db"))

    sizes = []
    with opened(tmp_path, "page") as instance:
        for _ in range(4):
            for _ in range(3):
                run(instance, "autumn")
                history.forget_old_runs(instance)
            sizes.append(size())
    # SQLite may lay out the same rows on a page more or less.
    assert sizes[-1] <= 1.1 * sizes[1]
