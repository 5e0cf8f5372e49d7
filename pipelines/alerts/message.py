"""The message about a failed evaluation: places, problems and what to do, and nothing read from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.errors.fault import FAULTS_SHOWN, Fault, kinds_of
from pipelines.errors.unseen import spelled_out


@dataclass(frozen=True)
class Message:
    """A failure in words: a title of one line, a text of several, and the study it is about."""

    study: str
    title: str
    text: str


def failure_message(study: str, faults: Sequence[Fault], otherwise: str | None = None) -> Message:
    """The message about a study whose evaluation failed.

    `otherwise` says what happened if no fault was found, as when a process died. What was found in a file
    is left out, since it may quote a row.
    """
    study = spelled_out(study)
    kinds = kinds_of(faults)
    n = len(kinds)
    lines = [each.with_remedy() for each in kinds]
    if n > FAULTS_SHOWN:
        lines = [*lines[:FAULTS_SHOWN], f"… and {n - FAULTS_SHOWN} more kinds of fault."]
    if not lines:
        lines = [otherwise or "No fault was found in the files; Dagster's page shows the run."]
    counted = f": {n} thing{'s' if n > 1 else ''} to mend" if n else ""
    return Message(
        study=study,
        title=f"The evaluation of {study} failed{counted}",
        text="\n\n".join(
            [
                f"The evaluation of the study {study} failed. Nothing was published; earlier outputs "
                "are as they were.",
                *lines,
                "What was found in a file is not in this message; `ssif validate` with the study's "
                "folder shows it.",
            ]
        )
        + "\n",
    )


def trial_message() -> Message:
    """A message to see whether the setting works."""
    return Message(
        study="",
        title="A trial of the alerts of school-improvement evaluations",
        text="This is a trial: nothing has failed. A failed evaluation is told in the same way.\n",
    )
