"""What `ssif evaluate` prints while the graph runs: one line an asset, and nothing of the framework's."""

import logging
import sys
import time

import dagster as dg
from dagster import DagsterEvent

LOGGER = "progress"


class _Lines(logging.Handler):
    """Prints a line for each asset that is made: its name, rows, and seconds since the line before."""

    def __init__(self) -> None:
        super().__init__()
        self._since = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """Print the line of a materialisation; pass over every other event."""
        meta = getattr(record, "dagster_meta", {})
        event: DagsterEvent | None = meta.get("dagster_event")
        if event is None:
            # The project's own word to the person who waits. Dagster's, on steps it passes over, are errors:
            # what stopped a run is told in full at its end.
            if record.levelno == logging.WARNING:
                said = meta.get("orig_message", record.getMessage())
                print(said, file=sys.stderr, flush=True)  # noqa: T201 - the terminal is its reader
            return
        if event.event_type_value == "STEP_START":
            self._since = time.monotonic()
        if event.event_type_value != "ASSET_MATERIALIZATION":
            return
        now = time.monotonic()
        materialization = event.step_materialization_data.materialization
        rows = materialization.metadata["dagster/row_count"].value
        name = "/".join(materialization.asset_key.path)
        print(f"  {name:<34}{rows:>9,} rows {now - self._since:>7.2f} s", flush=True)  # noqa: T201
        self._since = now


@dg.logger(config_schema={})
def progress_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """Dagster's events as lines for a person."""
    logger = logging.Logger("ssif")
    logger.addHandler(_Lines())
    return logger
