"""Dagster's own storage, below the outputs; it contains only counts and names."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors.fault import Fault, StudyError

if TYPE_CHECKING:
    import dagster as dg

# No telemetry or sign-up form; step output is not stored; one run per study at a time.
DAGSTER_YAML = """\
telemetry:
  enabled: false
nux:
  enabled: false
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
concurrency:
  runs:
    max_concurrent_runs: 2
    tag_concurrency_limits:
      - key: dagster/partition
        value:
          applyLimitPerUniqueValue: true
        limit: 1
"""
# Added for the command line: the same files, kept open during a run.
EVALUATE_YAML = """\
event_log_storage:
  module: assets.event_log
  class: OpenEventLog
  config:
    base_dir: {folder}
"""
_EVALUATE_CONFIG = "evaluate.yaml"


def require_page() -> None:
    """Raise StudyError if the page's packages are missing; evaluations do not need them."""
    if importlib.util.find_spec("dagster_webserver") is None:
        raise StudyError(
            [
                Fault(
                    file="the Dagster page",
                    problem="its packages are not installed",
                    expected="those of requirements-page.lock",
                    remedy="`make serve` installs them; without make, install that file with pip",
                )
            ]
        )


def instance(data_marts: Path) -> dg.DagsterInstance:
    """The Dagster instance with the run history of these outputs, for one run in this process."""
    import dagster  # noqa: PLC0415 - takes a second

    home = dagster_home(data_marts)
    # A JSON string is valid YAML, whatever the folder is called.
    folder = json.dumps(str(home / "history" / "runs"), ensure_ascii=False)
    (home / _EVALUATE_CONFIG).write_text(
        DAGSTER_YAML + EVALUATE_YAML.format(folder=folder), encoding="utf-8"
    )
    return dagster.DagsterInstance.from_config(str(home), _EVALUATE_CONFIG)


def dagster_home(data_marts: Path) -> Path:
    """The storage folder, created and configured if necessary."""
    home = data_marts.resolve() / ".dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(DAGSTER_YAML, encoding="utf-8")
    return home
