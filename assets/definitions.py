"""The composition root: every asset, check, job, schedule, sensor and resource of the graph."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from assets.alerts import tell_of_failures
from assets.automation import evaluate_job, study_folders, weekday_mornings
from assets.board import board_assets
from assets.charts import chart_assets
from assets.checks import relation_checks
from assets.impact import impact_assets
from assets.marts import mart_assets
from assets.raw import raw_assets
from assets.release import release_assets
from assets.resources import Studies
from pipelines.study.paths import (
    DATA_MARTS,
    DATA_MARTS_VARIABLE,
    DATA_RAW,
    DATA_RAW_VARIABLE,
)


def build_definitions(
    *,
    data_raw: Path = DATA_RAW,
    data_marts: Path = DATA_MARTS,
    loggers: Mapping[str, dg.LoggerDefinition] | None = None,
) -> dg.Definitions:
    """Wire the graph. Steps share one process: a study has one DuckDB file, processes are slow."""
    return dg.Definitions(
        assets=[
            *raw_assets,
            *mart_assets,
            *impact_assets,
            *chart_assets,
            *board_assets,
            *release_assets,
        ],
        asset_checks=relation_checks,
        jobs=[evaluate_job],
        schedules=[weekday_mornings],
        sensors=[study_folders, tell_of_failures],
        resources={"studies": Studies(data_raw=str(data_raw), data_marts=str(data_marts))},
        executor=dg.in_process_executor,
        loggers=loggers,
    )


# Dagster's own commands look for this name.
defs = build_definitions(
    data_raw=Path(os.environ.get(DATA_RAW_VARIABLE, DATA_RAW)),
    data_marts=Path(os.environ.get(DATA_MARTS_VARIABLE, DATA_MARTS)),
)
