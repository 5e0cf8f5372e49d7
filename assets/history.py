"""What Dagster's history keeps: the newest runs of each study, with their events; older ones are deleted."""

from __future__ import annotations

import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable

from assets.event_log import OpenEventLog
from assets.resources import PARTITION_TAG, Studies
from pipelines.publishing import retention

# Failed runs and re-made assets count too. A whole run takes 4 MB.
HISTORY_RUNS = 10


def tidy(instance: dg.DagsterInstance, studies: Studies) -> None:
    """Delete old runs from the history, and the working stores of studies that are gone."""
    forget_old_runs(instance)
    retention.forget_gone_work(Path(studies.data_marts), Path(studies.data_raw), time.time())


def forget_old_runs(instance: dg.DagsterInstance) -> list[str]:
    """Delete all but each study's newest finished runs; returns the ids of the deleted ones.

    The newest run that made a whole study is kept besides, or the page would show its tables as missing.
    """
    runs: dict[str | None, list[dg.DagsterRun]] = defaultdict(list)
    # Newest first.
    for run in instance.get_runs(dg.RunsFilter(statuses=list(FINISHED_STATUSES))):
        runs[run.tags.get(PARTITION_TAG)].append(run)
    deleted = []
    for of_study in runs.values():
        whole = next((run for run in of_study if run.is_success and not run.asset_selection), None)
        for run in of_study[HISTORY_RUNS:]:
            if whole is None or run.run_id != whole.run_id:
                _delete(instance, run.run_id)
                deleted.append(run.run_id)
    return deleted


def _delete(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run with what Dagster's own `delete_run` leaves: results of checks, and the emptied file."""
    instance.delete_run(run_id)
    storage = instance.event_log_storage
    if isinstance(storage, SqlEventLogStorage):
        checks = AssetCheckExecutionsTable
        with storage.index_connection() as connection:
            connection.execute(checks.delete().where(checks.c.run_id == run_id))
    if isinstance(storage, SqliteEventLogStorage):
        if isinstance(storage, OpenEventLog):
            storage.close(run_id)
        for ending in ("", "-wal", "-shm"):
            # On Windows the page may have it open; it is empty.
            with suppress(OSError):
                Path(storage.path_for_shard(run_id) + ending).unlink()
