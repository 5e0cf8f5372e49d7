"""Has a person told of each failed run, as `data_marts/alerts.toml` asks; by default nobody is told."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from assets.automation import evaluate_job
from assets.resources import PARTITION_TAG, Studies
from pipelines.alerts.telling import tell_of_failure
from pipelines.store import fault_list


@dg.run_failure_sensor(
    name="tell_of_failures",
    monitored_jobs=[evaluate_job],
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Tells a person of each failed run, if data_marts/alerts.toml says whom.",
)
def tell_of_failures(context: dg.RunFailureSensorContext, studies: Studies) -> None:
    """Tell of a failed run that this Dagster started; `ssif evaluate` tells of its own."""
    study = context.dagster_run.tags.get(PARTITION_TAG)
    if study is not None:
        for sentence in tell_of_failure(
            Path(studies.data_marts),
            study,
            fault_list.read(studies.paths(study)),
            otherwise=context.failure_event.message,
        ):
            context.log.warning(sentence)
