"""Dagster's own storage, below the outputs; it contains only counts and names."""

from __future__ import annotations

import errno
import importlib.util
import logging
import os
import shutil
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from filelock import FileLock

from pipelines.errors.fault import Fault, StudyError
from pipelines.store.private import USUAL_MASK
from pipelines.study.paths import PROJECT

if TYPE_CHECKING:
    import dagster as dg

CONFIG = "dagster.yaml"
# With less, SQLite may end the process without a word: it maps a file into memory that then has no place.
LEAST_FREE_BYTES = 5_000_000
# Copied to the storage folder once.
AT_FIRST = PROJECT / CONFIG
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
    """The Dagster instance with the run history of these outputs, for one run in this process.

    Raises StudyError if Dagster cannot use the analyst's own `dagster.yaml`.
    """
    home = dagster_home(data_marts)
    write_whole(home / _EVALUATE_CONFIG, _for_one_run(home))
    return set_up(home, _EVALUATE_CONFIG)


def set_up(home: Path, config: str = CONFIG) -> dg.DagsterInstance:
    """Open Dagster's storage. One process at a time: two that make its tables at once would both fail.

    Raises StudyError if Dagster cannot use the configuration, or if the database it names does not answer.
    """
    import dagster  # noqa: PLC0415 - takes a second
    import sqlalchemy.exc  # noqa: PLC0415 - comes with Dagster

    # While it tries again, it would say so each time.
    logging.disable(logging.WARNING)
    try:
        with FileLock(home / "set_up.lock"):
            return dagster.DagsterInstance.from_config(str(home), config)
    except (
        dagster.DagsterInvalidConfigError,
        dagster.DagsterInvariantViolationError,
        ImportError,
        sqlalchemy.exc.ArgumentError,
    ) as error:
        raise StudyError([_unusable(home, _first_line(error))]) from None
    except Exception as error:
        if isinstance(error.__cause__, sqlalchemy.exc.DBAPIError):
            raise StudyError([_no_answer(home, _first_line(error.__cause__.orig))]) from None
        raise
    finally:
        logging.disable(logging.NOTSET)


def dagster_home(data_marts: Path) -> Path:
    """The storage folder, created and configured if necessary; the configuration is then the analyst's.

    Raises OSError if the disk is as good as full.
    """
    home = data_marts.resolve() / ".dagster"
    home.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(home).free < LEAST_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(data_marts))
    with FileLock(home / "set_up.lock"):
        if not (home / CONFIG).exists():
            write_whole(home / CONFIG, AT_FIRST.read_text(encoding="utf-8"))
    return home


def _for_one_run(home: Path) -> str:
    """The analyst's configuration, with our event log unless it sets a storage of its own."""
    import yaml  # noqa: PLC0415 - comes with Dagster

    text = (home / CONFIG).read_text(encoding="utf-8")
    try:
        settings = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        raise StudyError([_unusable(home, "it is not YAML")]) from None
    if not isinstance(settings, dict):
        raise StudyError([_unusable(home, "it is not a list of settings")])
    if not {"storage", "event_log_storage"} & settings.keys():
        # The same files as Dagster's own, kept open during a run.
        settings["event_log_storage"] = {
            "module": "assets.event_log",
            "class": "OpenEventLog",
            "config": {"base_dir": str(home / "history" / "runs")},
        }
    return str(yaml.safe_dump(settings, allow_unicode=True))


def write_whole(file: Path, text: str) -> None:
    """Write a file so that another process reads all of it or what was there before."""
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=file.parent, prefix=f".{file.name}.", delete=False
    ) as part:
        part.write(text)
    Path(part.name).chmod(0o666 & ~USUAL_MASK)
    Path(part.name).replace(file)


def _first_line(error: object) -> str:
    return str(error).partition("\n")[0].rstrip(".")


def _no_answer(home: Path, why: str) -> Fault:
    return Fault(
        file=str(home / CONFIG),
        problem=f"the database of Dagster's history cannot be used: {why}",
        remedy="start it, or ask whoever runs it; then do this again",
        may_pass=True,
    )


def _unusable(home: Path, why: str) -> Fault:
    return Fault(
        file=str(home / CONFIG),
        problem=f"Dagster cannot use it: {why}",
        remedy="mend it, or delete it: the next command writes it as it was at first",
    )
