"""Dagster's daemon, which starts scheduled and requested runs: `python -m assets.daemon`.

`serving` starts it; DAGSTER_HOME sets its storage.
"""

from __future__ import annotations

import os
from pathlib import Path

from dagster._daemon.cli import run_command
from filelock import FileLock

from assets.dagster_home import set_up
from assets.ended_with_parent import end_with_parent

GRAPH = "assets.definitions"
# One that was left by a killed `ssif serve` ends within this time.
_PATIENCE_SECONDS = 30


def run_daemon() -> None:
    """Run the daemon until it is terminated. Raises filelock.Timeout if another one goes on."""
    home = Path(os.environ["DAGSTER_HOME"])
    with FileLock(home / "daemon.lock", timeout=_PATIENCE_SECONDS):
        set_up(home).dispose()
        options = ["--module-name", GRAPH, "--log-level", "warning"]
        run_command.main(options, standalone_mode=False)


if __name__ == "__main__":
    end_with_parent()
    run_daemon()
