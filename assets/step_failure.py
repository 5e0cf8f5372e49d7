"""A step that fails says file, row and what to do; Dagster's page would put its own stack trace there."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg
from dagster._core.errors import DagsterUserCodeProcessError
from dagster_shared.error import SerializableErrorInfo


class StepFailedError(dg.Failure, DagsterUserCodeProcessError):
    """Fails a step with words that quote nothing from a file, and is not tried again.

    Dagster takes the text of an error that comes from another process as it stands; of any other error it
    shows where in Dagster's code it was raised.
    """

    def __init__(self, words: str) -> None:
        Exception.__init__(self, words)
        self.user_code_process_error_infos = [
            SerializableErrorInfo(message=f"{words}\n", stack=[], cls_name=None)
        ]
        self.description, self.metadata, self.allow_retries = words, {}, False


def stop_if_failed(results: Iterable[dg.AssetCheckResult], places: str) -> None:
    """Raise StepFailedError with the key `places` of their metadata if checks failed that stop the run.

    Call it after the results were yielded: Dagster keeps those, and would otherwise stop with a stack trace.
    """
    failed = [
        result
        for result in results
        if not result.passed and result.severity == dg.AssetCheckSeverity.ERROR
    ]
    if failed:
        raise StepFailedError(
            "\n".join(str(dict(result.metadata)[places].value) for result in failed)
        )
