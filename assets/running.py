"""Runs the graph once in this process, for the command line."""

import gc
import os
from collections.abc import Iterator

import dagster as dg

from assets.automation import JOB
from assets.dagster_home import instance
from assets.definitions import build_definitions
from assets.described import STUDIES
from assets.history import tidy
from assets.progress import LOGGER, progress_logger
from assets.resources import FRESH_TAG, Studies
from pipelines.study.paths import DATA_RAW, StudyPaths


def run_graph(
    paths: StudyPaths, *, is_verbose: bool, is_fresh: bool, publish_config: dict[str, bool]
) -> str | None:
    """Run the job for one study; returns why it stopped, in Dagster's words, or None if every step succeeded.

    `is_fresh`: nothing is kept.
    """
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"
    # The libraries create millions of long-lived objects; at the default thresholds, garbage
    # collection took a tenth of the run.
    gc.set_threshold(200_000, 50, 50)
    loggers = None if is_verbose else {LOGGER: progress_logger}
    definitions = build_definitions(data_marts=paths.marts, loggers=loggers)
    with instance(paths.marts) as dagster_instance:
        dagster_instance.add_dynamic_partitions(str(STUDIES.name), [paths.study])
        result = definitions.resolve_job_def(JOB).execute_in_process(
            instance=dagster_instance,
            partition_key=paths.study,
            raise_on_error=False,
            tags={FRESH_TAG: "true"} if is_fresh else {},
            run_config={
                "ops": {"publish": {"config": publish_config}},
                **({"loggers": {LOGGER: {}}} if loggers else {}),
            },
        )
        tidy(dagster_instance, Studies(data_raw=str(DATA_RAW), data_marts=str(paths.marts)))
    if result.success:
        return None
    return next(_failures(result), "the run failed without a word")


def _failures(result: dg.ExecuteInProcessResult) -> Iterator[str]:
    for event in result.all_events:
        if event.is_step_failure and (failed := event.step_failure_data.user_failure_data):
            yield str(failed.description)
    for event in result.all_events:
        if event.is_failure and event.message:
            yield event.message
