"""Automatic runs of the graph: one job, one schedule, one sensor."""

import hashlib
import json
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import dagster as dg

from assets.described import STUDIES
from assets.left_runs import fail_left_runs
from assets.resources import Studies
from pipelines.errors.fault import StudyError
from pipelines.protocol.study_file import load_study
from pipelines.publishing import retention
from pipelines.publishing.unchanged import unchanged_since

JOB = "evaluate"
# Weekday mornings while results come out: August to January.
MORNINGS = "0 6 * 8-12,1 1-5"
TIMEZONE = "Europe/London"
SENSOR_SECONDS = 60

evaluate_job = dg.define_asset_job(
    JOB,
    selection=dg.AssetSelection.all(),
    description="One study from raw files to the board's page.",
)


@dg.schedule(
    name="weekday_mornings",
    job=evaluate_job,
    cron_schedule=MORNINGS,
    execution_timezone=TIMEZONE,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Every study that has changed, on weekday mornings from August to January.",
)
def weekday_mornings(
    context: dg.ScheduleEvaluationContext, studies: Studies
) -> Iterator[dg.RunRequest]:
    """Request a run of every study that has changed since it was last published."""
    names = studies.names()
    context.instance.add_dynamic_partitions(str(STUDIES.name), names)
    when = context.scheduled_execution_time.isoformat()
    for name in filter(partial(needs_a_run, studies), names):
        yield dg.RunRequest(run_key=f"{name} {when}", partition_key=name)


@dg.sensor(
    name="study_folders",
    job=evaluate_job,
    minimum_interval_seconds=SENSOR_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A study that is new, or whose protocol or files have changed.",
)
def study_folders(context: dg.SensorEvaluationContext, studies: Studies) -> dg.SensorResult:
    """Request a run of every study whose files have changed; end dead runs, delete old pupil rows.

    A study that is already published from the same files needs no run.
    """
    for name in fail_left_runs(context.instance, studies):
        context.log.warning(f"The last run of study {name} died, and is marked as failed.")
    retention.forget_old_pupils(Path(studies.data_marts), time.time())
    seen: dict[str, str] = json.loads(context.cursor) if context.cursor else {}
    now = {name: fingerprint(studies.folder(name)) for name in studies.names()}
    changed = [
        name for name, mark in now.items() if seen.get(name) != mark and needs_a_run(studies, name)
    ]
    return dg.SensorResult(
        dynamic_partitions_requests=[STUDIES.build_add_request(list(now))] if now else [],
        run_requests=[
            dg.RunRequest(run_key=f"{name} {now[name]}", partition_key=name) for name in changed
        ],
        cursor=json.dumps(now),
    )


def needs_a_run(studies: Studies, name: str) -> bool:
    """Whether a run, with or without the officers' version, would change a study's outputs."""
    try:
        study = load_study(studies.folder(name))
    except StudyError:
        return True  # The run will report what is wrong.
    paths = studies.paths(name)
    return not any(unchanged_since(study, paths, officers=officers) for officers in (False, True))


def fingerprint(folder: Path) -> str:
    """A cheap hash of a study's files: names, sizes and times, without reading them."""
    try:
        study = load_study(folder)
        files = [folder / "study.toml", *(study.path(source) for source in study.source)]
    except StudyError:
        # A run will report what is wrong; correcting the file changes the hash.
        files = [file for file in folder.rglob("*") if file.is_file()]
    digest = hashlib.sha256()
    for file in sorted(set(files)):
        if file.is_file():
            stat = file.stat()
            digest.update(f"{file} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]
