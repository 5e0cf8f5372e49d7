"""What `ssif evaluate` prints while the graph runs: one line per asset, and no framework output."""

import logging
import sys
import time

import dagster as dg
from dagster import DagsterEvent

from assets.described import KEPT

LOGGER = "progress"
# The asset that ends a run.
LAST = "publish"


class _Lines(logging.Handler):
    """Prints a line for each built asset: name, rows, and seconds since the previous line."""

    def __init__(self) -> None:
        super().__init__()
        self._since = time.monotonic()
        self._n_kept = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Print the line for a materialisation; ignore all other events."""
        meta = getattr(record, "dagster_meta", {})
        event: DagsterEvent | None = meta.get("dagster_event")
        if event is None:
            # Print the project's own warnings. Dagster's errors about skipped steps are omitted,
            # because faults are reported in full at the end.
            if record.levelno == logging.WARNING:
                message = meta.get("orig_message", record.getMessage())
                print(message, file=sys.stderr, flush=True)  # noqa: T201 - meant for the terminal
            return
        if event.event_type_value == "STEP_START":
            self._since = time.monotonic()
        if event.event_type_value != "ASSET_MATERIALIZATION":
            return
        now = time.monotonic()
        materialization = event.step_materialization_data.materialization
        if KEPT in materialization.metadata:
            self._n_kept += 1
            return
        name = "/".join(materialization.asset_key.path)
        if name == LAST and self._n_kept:
            print(f"  {self._n_kept} others are as they were, and were kept", flush=True)  # noqa: T201
        rows = materialization.metadata["dagster/row_count"].value
        print(f"  {name:<34}{rows:>9,} rows {now - self._since:>7.2f} s", flush=True)  # noqa: T201
        self._since = now


@dg.logger(config_schema={})
def progress_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """Dagster's events as lines for the terminal."""
    logger = logging.Logger("ssif")
    logger.addHandler(_Lines())
    return logger
