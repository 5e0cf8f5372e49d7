"""Automatic runs of the graph: one job, one schedule, one sensor."""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import dagster as dg
from dagster._core.storage.dagster_run import NOT_FINISHED_STATUSES

from assets.described import STUDIES
from assets.history import tidy
from assets.left_runs import fail_left_runs
from assets.resources import PARTITION_TAG, Studies
from pipelines.disclosure import releases
from pipelines.errors.fault import StudyError
from pipelines.protocol.study_file import load_study
from pipelines.publishing import retention
from pipelines.publishing.unchanged import unchanged_since
from pipelines.store import fault_list
from pipelines.study.settings import PROTOCOL

JOB = "evaluate"
# Weekday mornings while results come out: August to January.
MORNINGS = "0 6 * 8-12,1 1-5"
TIMEZONE = "Europe/London"
SENSOR_SECONDS = 60
# After this time a run is asked for again that stopped for something that may have passed.
RETRY_SECONDS = 600

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
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Request a run of every study that has changed since it was last published."""
    names = studies.names()
    context.instance.add_dynamic_partitions(str(STUDIES.name), names)
    when = context.scheduled_execution_time.isoformat()
    unchanged = [name for name in names if not needs_a_run(studies, name)]
    for name in names:
        if name not in unchanged:
            yield dg.RunRequest(run_key=f"{name} {when}", partition_key=name)
    if unchanged:
        context.log.info(f"Unchanged, and not run: {', '.join(unchanged)}.")
    if len(unchanged) == len(names):
        yield dg.SkipReason(
            f"Nothing has changed: {', '.join(names)}." if names else "There is no study."
        )


@dataclass(frozen=True)
class Look:
    """What the sensor knows of a study from its last look, kept in its cursor.

    `seen`: its files, as they were; `asked`: its files when a run was last asked for; `n_asked`: how often.
    """

    seen: str = ""
    asked: str | None = None
    n_asked: int = 0


@dg.sensor(
    name="study_folders",
    job=evaluate_job,
    minimum_interval_seconds=SENSOR_SECONDS,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="A study that is new, or whose protocol or files have changed.",
)
def study_folders(context: dg.SensorEvaluationContext, studies: Studies) -> dg.SensorResult:
    """Request runs of studies whose published run is of other files; end dead runs, delete old pupil rows.

    Files are left alone until two looks find them the same: somebody may still be copying them. A run that
    failed is asked for again once a file changes, if it died, or if what stopped it may have passed.
    """
    died = fail_left_runs(context.instance, studies)
    for name in died:
        context.log.warning(f"The last run of study {name} died, and is marked as failed.")
    retention.forget_old_pupils(Path(studies.data_marts), time.time())
    tidy(context.instance, studies)
    before = _looks(context.cursor)
    busy = _with_unfinished_runs(context.instance)
    names = studies.names()
    now: dict[str, Look] = {}
    requests = []
    for name in names:
        last = before.get(name, Look())
        if name not in busy and (name in died or _may_have_passed(studies, name)):
            last = replace(last, asked=None)
        try:
            now[name], is_asked = _look(studies, name, last, is_busy=name in busy)
        except OSError as error:
            # One unreadable folder must not stop the others.
            context.log.warning(f"Study {name} cannot be looked at: {error.strerror}.")
            now[name] = last
            continue
        if is_asked:
            key = f"{name} {now[name].asked} {now[name].n_asked}"
            requests.append(dg.RunRequest(run_key=key, partition_key=name))
    gone = set(context.instance.get_dynamic_partitions(str(STUDIES.name))) - set(names)
    return dg.SensorResult(
        dynamic_partitions_requests=[
            *([STUDIES.build_add_request(names)] if names else []),
            *([STUDIES.build_delete_request(sorted(gone))] if gone else []),
        ],
        run_requests=requests,
        cursor=json.dumps({name: asdict(look) for name, look in now.items()}),
    )


def _looks(cursor: str | None) -> dict[str, Look]:
    """The cursor's content; what an older version wrote there is forgotten."""
    try:
        return {name: Look(**look) for name, look in json.loads(cursor or "{}").items()}
    except (ValueError, TypeError):
        return {}


def _with_unfinished_runs(instance: dg.DagsterInstance) -> set[str | None]:
    """Studies of which a run waits or is under way: a second one would find the same files."""
    unfinished = instance.get_runs(dg.RunsFilter(statuses=NOT_FINISHED_STATUSES))
    return {run.tags.get(PARTITION_TAG) for run in unfinished}


def _look(studies: Studies, name: str, last: Look, *, is_busy: bool) -> tuple[Look, bool]:
    """A study's state after this look, and whether to ask for a run of it."""
    mark = fingerprint(studies.folder(name))
    if mark != last.seen:
        return replace(last, seen=mark), False
    if mark == last.asked or is_busy:
        return last, False
    if not needs_a_run(studies, name):
        # So that these files are asked for again, should they come back after others.
        return replace(last, asked=None), False
    return Look(seen=mark, asked=mark, n_asked=last.n_asked + 1), True


def _may_have_passed(studies: Studies, name: str) -> bool:
    """Whether the last run stopped for something that may have passed by now, such as a full disk."""
    paths = studies.paths(name)
    faults = fault_list.read(paths)
    if not faults or not all(fault.may_pass for fault in faults):
        return False
    last = max(file.stat().st_mtime for file in paths.faults.glob("*.json"))
    return time.time() - last > RETRY_SECONDS


def needs_a_run(studies: Studies, name: str) -> bool:
    """Whether a run, with or without the officers' version, would change a study's outputs."""
    try:
        study = load_study(studies.folder(name))
    except StudyError:
        return True  # The run will report what is wrong.
    paths = studies.paths(name)
    return not any(unchanged_since(study, paths, officers=officers) for officers in (False, True))


def fingerprint(folder: Path) -> str:
    """A cheap hash of a study's files: names, sizes and times, without reading them.

    The time of the last change of a file's entry cannot be set back, as its date can.
    """
    try:
        study = load_study(folder)
        files = [folder / PROTOCOL, *(study.path(source) for source in study.source)]
        files += (folder / releases.FOLDER).glob("*/run.json")
    except StudyError:
        # A run will report what is wrong; correcting the file changes the hash.
        files = [file for file in folder.rglob("*") if file.is_file()]
    digest = hashlib.sha256()
    for file in sorted(set(files)):
        if file.is_file():
            stat = file.stat()
            about = (stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)
            digest.update(f"{os.path.relpath(file, folder)} {about}\n".encode())
    return digest.hexdigest()[:16]
