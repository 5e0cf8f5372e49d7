"""The command line's event log stores the same as Dagster's class, and each reads the other's."""

import logging
import warnings
from contextlib import closing
from pathlib import Path
from sqlite3 import connect

import dagster as dg
import pytest

from assets import dagster_home

STUDIES = dg.DynamicPartitionsDefinition(name="study")
# Every table of the log, without the columns that differ between runs: run ids and times.
COLUMNS = {
    "event_logs": "id, dagster_event_type, step_key, asset_key, partition",
    "asset_keys": "asset_key, last_materialization IS NOT NULL, wipe_timestamp",
    "asset_event_tags": "event_id, asset_key, key",
    "asset_check_executions": "asset_key, check_name, partition, execution_status, "
    "materialization_event_storage_id",
    "dynamic_partitions": "partitions_def_name, partition",
}

with warnings.catch_warnings():
    warnings.simplefilter("ignore", dg.PreviewWarning)
    HOLDS = dg.AssetCheckSpec("holds", asset="count", blocking=True, partitions_def=STUDIES)


@dg.asset(partitions_def=STUDIES)
def table(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    context.log.info("a table of %s", context.partition_key)
    return dg.MaterializeResult(metadata={"dagster/row_count": 3})


@dg.asset(partitions_def=STUDIES, deps=[table], check_specs=[HOLDS])
def count(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    holds = context.partition_key != "winter"
    return dg.MaterializeResult(
        check_results=[dg.AssetCheckResult(passed=holds, check_name="holds")]
    )


@dg.asset(partitions_def=STUDIES, deps=[count])
def page() -> None:
    raise dg.Failure("as planted", allow_retries=False)


@dg.logger(config_schema={})
def silent(_context: dg.InitLoggerContext) -> logging.Logger:
    return logging.Logger("silent")


def run(instance: dg.DagsterInstance, study: str) -> str:
    """Run a graph with one failing asset, for one study; returns the run's id."""
    instance.add_dynamic_partitions("study", [study])
    definitions = dg.Definitions(
        assets=[table, count, page],
        jobs=[dg.define_asset_job("job")],
        executor=dg.in_process_executor,
        loggers={"silent": silent},
    )
    result = definitions.resolve_job_def("job").execute_in_process(
        instance=instance,
        partition_key=study,
        raise_on_error=False,
        run_config={"loggers": {"silent": {}}},
    )
    assert not result.success
    return result.run_id


def dagsters_own(marts: Path) -> dg.DagsterInstance:
    """The instance used by the page and the daemon."""
    return dg.DagsterInstance.from_config(str(dagster_home.dagster_home(marts)))


def kept(marts: Path, run_ids: list[str]) -> dict[str, list[tuple[object, ...]]]:
    """Contents of the log's files: those that runs share, then each run's own events."""
    folder = marts / ".dagster" / "history" / "runs"
    found = {}
    for file in ("index", *run_ids):
        with closing(connect(folder / f"{file}.db")) as con:
            for name, columns in COLUMNS.items():
                rows = con.execute(f"SELECT {columns} FROM {name} ORDER BY id").fetchall()
                found[f"{file if file == 'index' else run_ids.index(file)} {name}"] = rows
    return found


@pytest.fixture(params=["marts", """it's: "#1" {é} 🏫"""], ids=["plain", "odd"])
def marts(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The outputs' folder, with names that have another meaning in YAML."""
    return tmp_path / str(request.param)


def test_two_runs_store_the_same_as_with_dagster_s_own_log(marts: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    with dagsters_own(own) as instance:
        expected = kept(own, [run(instance, study) for study in ("autumn", "winter")])
    with dagster_home.instance(marts) as instance:
        run_ids = [run(instance, study) for study in ("autumn", "winter")]
    found = kept(marts, run_ids)
    assert all(expected[f"index {name}"] for name in COLUMNS)
    assert len(expected["0 event_logs"]) > len(expected["1 event_logs"]) > 10
    assert found == expected


def test_no_file_is_left_open(tmp_path: Path) -> None:
    """SQLite deletes its auxiliary files beside the log with the last connection."""
    with dagster_home.instance(tmp_path) as instance:
        run(instance, "autumn")
        assert list(tmp_path.rglob("*.db-wal"))
    assert list(tmp_path.rglob("*.db-wal")) == []


def test_the_page_reads_a_run_that_is_under_way_and_may_write_meanwhile(tmp_path: Path) -> None:
    with dagsters_own(tmp_path) as of_page, dagster_home.instance(tmp_path) as instance:
        first = run(instance, "autumn")
        second = run(of_page, "winter")
        third = run(instance, "spring")
        for reader in (of_page, instance):
            assert set(reader.get_dynamic_partitions("study")) == {"autumn", "winter", "spring"}
            by_study = {
                record.partition_key: record.run_id
                for record in reader.fetch_materializations(table.key, limit=10).records
            }
            assert by_study == {"autumn": first, "winter": second, "spring": third}
            assert {record.run_id for record in reader.get_runs()} == {first, second, third}
