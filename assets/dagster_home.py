"""Dagster's own storage, below the outputs: counts and names only. What runs in it is `automation`'s."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors.fault import Fault, StudyError

if TYPE_CHECKING:
    import dagster as dg

# No telemetry, no sign-up form; nothing a step prints is stored; one run a study at a time.
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


def require_page() -> None:
    """Raise StudyError if the page's packages are not there: an evaluation needs none of them."""
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
    """Dagster as it remembers the runs of these outputs."""
    import dagster  # noqa: PLC0415 - takes a second

    return dagster.DagsterInstance.from_config(str(dagster_home(data_marts)))


def dagster_home(data_marts: Path) -> Path:
    """The folder of the storage, made and configured if it is not there."""
    home = data_marts.resolve() / ".dagster"
    home.mkdir(parents=True, exist_ok=True)
    (home / "dagster.yaml").write_text(DAGSTER_YAML, encoding="utf-8")
    return home
