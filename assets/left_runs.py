"""Ends runs whose process died: Dagster would show them as running, and queue the next one for ever."""

from __future__ import annotations

import time

import dagster as dg
from filelock import FileLock, Timeout

from assets.resources import PARTITION_TAG, Studies

# A run takes its study's lock within seconds of its start, and ends within seconds of releasing it.
LEAST_AGE_SECONDS = 120.0
_ENDING_SECONDS = 3.0
_UNDER_WAY = [
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def fail_left_runs(
    instance: dg.DagsterInstance, studies: Studies, *, least_age_seconds: float = LEAST_AGE_SECONDS
) -> list[str]:
    """Mark runs as failed whose process has died; returns their studies.

    A run holds its study's lock while it lives, and the system frees the lock of a process that dies. So a
    run that is said to be under way, and whose study's lock is free, has died. Runs elsewhere, as on
    Kubernetes, are Dagster's to watch (`run_monitoring`): they may wait for a machine.
    """
    if instance.run_launcher.supports_check_run_worker_health:
        return []
    left = []
    for record in instance.get_run_records(dg.RunsFilter(statuses=_UNDER_WAY)):
        name = record.dagster_run.tags.get(PARTITION_TAG)
        # Not since it was made: it may have waited for hours for its turn.
        since = record.update_timestamp.timestamp()
        if name is None or time.time() - since < least_age_seconds:
            continue
        lock = FileLock(studies.paths(name).lock)
        try:
            lock.acquire(timeout=0)
        except (Timeout, FileNotFoundError):
            continue
        try:
            time.sleep(_ENDING_SECONDS)
            run = instance.get_run_by_id(record.dagster_run.run_id)
            if run is not None and run.status in _UNDER_WAY:
                instance.report_run_failed(
                    run, "The process of this run died: it was killed, or its terminal was closed."
                )
                left.append(name)
        finally:
            lock.release()
    return left
