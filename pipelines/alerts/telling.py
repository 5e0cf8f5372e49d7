"""Tells a person that an evaluation failed, if the setting beside the outputs asks for it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from pipelines.alerts.message import Message, failure_message, trial_message
from pipelines.alerts.sending import send
from pipelines.alerts.settings import FILE, read_alerts
from pipelines.errors.fault import Fault, StudyError
from pipelines.store.private import private_files
from pipelines.study.paths import StudyPaths

# Less than a day, so that each morning's failure is told.
REPEAT_HOURS = 20


def tell_of_failure(
    data_marts: Path,
    study: str,
    faults: Sequence[Fault],
    *,
    otherwise: str | None = None,
    is_by_hand: bool = False,
) -> list[str]:
    """Send the message about a failed study; returns a sentence for whatever kept it from being sent.

    The same failure is told once a day. `otherwise` says what happened if no fault was found. `is_by_hand`:
    an evaluation from the command line, of which a person is told only if the setting says so.
    """
    try:
        alerts = read_alerts(data_marts)
    except StudyError as error:
        return [f"Nobody was told of the failure. {error.shareable()}"]
    if alerts is None or (is_by_hand and not alerts.also_evaluate):
        return []
    message = failure_message(study, faults, otherwise)
    paths = StudyPaths(data_marts, study)
    if _is_known(paths, message, time.time()):
        return []
    problems = send(alerts, message)
    if not problems and paths.work.is_dir():
        with private_files():
            _last(paths).write_text(_digest(message), encoding="utf-8")
    return problems


def send_trial(data_marts: Path) -> list[str]:
    """Send a message that says it is a trial; returns a sentence for each way that failed.

    Raises StudyError if there is no setting, or for its faults.
    """
    alerts = read_alerts(data_marts)
    if alerts is None:
        raise StudyError(
            [
                Fault(
                    file=str(data_marts / FILE),
                    problem="there is no such file, so nobody is told of failures",
                    remedy="write one: data_marts/README.md shows how",
                )
            ]
        )
    return send(alerts, trial_message())


def _is_known(paths: StudyPaths, message: Message, now: float) -> bool:
    """Whether the same was told within the last hours, and nothing was published since.

    A run that met a full disk is asked for again every few minutes.
    """
    try:
        told_at = _last(paths).stat().st_mtime
        told = _last(paths).read_text(encoding="utf-8")
        published_at = paths.current.lstat().st_mtime if paths.current.is_symlink() else 0.0
    except OSError:
        return False
    is_recent = now - told_at < REPEAT_HOURS * 3600
    return told == _digest(message) and is_recent and published_at < told_at


def _last(paths: StudyPaths) -> Path:
    return paths.work / "last_alert.txt"


def _digest(message: Message) -> str:
    return hashlib.sha256(message.text.encode()).hexdigest()
