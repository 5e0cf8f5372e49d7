"""Tells a person that an evaluation failed, if the setting beside the outputs asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.alerts.message import failure_message
from pipelines.alerts.sending import send
from pipelines.alerts.settings import read_alerts
from pipelines.errors.fault import Fault, StudyError


def tell_of_failure(
    data_marts: Path,
    study: str,
    faults: Sequence[Fault],
    *,
    otherwise: str | None = None,
    is_by_hand: bool = False,
) -> list[str]:
    """Send the message about a failed study; returns a sentence for whatever kept it from being sent.

    `otherwise` says what happened if no fault was found. `is_by_hand`: an evaluation from the command line,
    of which a person is told only if the setting says so.
    """
    try:
        alerts = read_alerts(data_marts)
    except StudyError as error:
        return [f"Nobody was told of the failure. {error.shareable()}"]
    if alerts is None or (is_by_hand and not alerts.also_evaluate):
        return []
    return send(alerts, failure_message(study, faults, otherwise))
