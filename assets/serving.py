"""Starts Dagster's page and daemon as processes of their own, watches over them, and keeps their log.

Their output goes to the log (`serve_log`), none to the terminal. They end with this process, however it
ends. Dagster is not imported here.
"""

from __future__ import annotations

import errno
import http.client
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from assets.dagster_home import dagster_home
from assets.page_guard import HOST
from assets.serve_log import LOG, log_of, write_to
from pipelines.errors.fault import Fault, StudyError
from pipelines.study.paths import DATA_MARTS_VARIABLE, DATA_RAW_VARIABLE, PROJECT

# Both processes are asked to end, and after this time made to; ten seconds are promised.
ENDING_SECONDS = 6.0
_LOOK_SECONDS = 0.2
_PARTS = {"page": "assets.page", "daemon": "assets.daemon"}


def serve_until_stopped(
    data_raw: Path, data_marts: Path, port: int, say: Callable[[str], object]
) -> None:
    """Serve the page and run the daemon until this process is interrupted, terminated or hung up.

    Raises StudyError if the port is taken, if these outputs are served already, or if the page or the daemon
    ends by itself.
    """
    home = dagster_home(data_marts)
    environment = {
        **os.environ,
        "DAGSTER_HOME": str(home),
        "DAGSTER_DISABLE_TELEMETRY": "1",
        # Dagster's deprecation warnings are irrelevant to an analyst.
        "PYTHONWARNINGS": "ignore",
        DATA_RAW_VARIABLE: str(data_raw.resolve()),
        DATA_MARTS_VARIABLE: str(data_marts.resolve()),
    }
    with _only_one(home), _stopped_by_signals(), log_of(home) as log:
        _require_free(port)
        say(f"Starting the Dagster page; its log is {home / LOG}")
        children: dict[str, _Part] = {}
        try:
            with suppress(KeyboardInterrupt):
                for name, module in _PARTS.items():
                    children[name] = _start([module, str(port)], environment, log)
                _wait(children, home, lambda: _answers(port))
                say(f"The Dagster page: http://{HOST}:{port} (Ctrl+C to stop)")
                _wait(children, home, lambda: False)
        finally:
            _end(list(children.values()))


@dataclass(frozen=True)
class _Part:
    """A process, and the thread that writes its output to the log."""

    process: subprocess.Popen[bytes]
    writer: threading.Thread


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Hold the lock of these outputs' page and daemon: a second daemon would start each run twice."""
    lock = FileLock(home / "serve.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StudyError(
            [
                Fault(
                    file="the Dagster page",
                    problem=f"another `ssif serve` is running for the outputs in {home.parent}",
                    remedy="use its page, or stop it first",
                )
            ]
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal stop the page as Ctrl+C does; `nohup` still works."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.getsignal(getattr(signal, name)) for name in names}
    for name, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), stop)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _require_free(port: int) -> None:
    """Raise StudyError if nothing can be served at a port."""
    with closing(socket.socket()) as trial:
        if os.name == "posix":
            # As the server does: a port whose last connections are still closing is free.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except (OSError, OverflowError) as error:
            is_taken = getattr(error, "errno", None) == errno.EADDRINUSE
            problem = "is in use by another program" if is_taken else "cannot be used"
            raise StudyError(
                [
                    Fault(
                        file="the Dagster page",
                        problem=f"port {port} {problem}",
                        remedy="choose another, as in `ssif serve --port 3001`",
                    )
                ]
            ) from None


def _start(command: list[str], environment: dict[str, str], log: logging.Logger) -> _Part:
    """Start a part in a process group of its own; its output goes to the log."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", *command],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout is not None  # noqa: S101 - for the type checker
    writer = threading.Thread(target=write_to, args=(log, process.stdout), daemon=True)
    writer.start()
    return _Part(process, writer)


def _answers(port: int) -> bool:
    try:
        with closing(http.client.HTTPConnection(HOST, port, timeout=5)) as connection:
            connection.request("GET", "/server_info")
            return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False


def _wait(children: dict[str, _Part], home: Path, is_reached: Callable[[], bool]) -> None:
    """Wait until something is so. Raises StudyError if a part ends before."""
    while True:
        for name, part in children.items():
            if part.process.poll() is not None:
                raise StudyError(
                    [
                        Fault(
                            file="the Dagster page",
                            problem=f"its {name} ended by itself",
                            remedy=f"read the last lines of {home / LOG}, then start it again",
                        )
                    ]
                )
        if is_reached():
            return
        time.sleep(_LOOK_SECONDS)


def _end(parts: list[_Part]) -> None:
    """End the parts and all they have started; a run is ended too, and marked as failed at the next start."""
    for part in parts:
        part.process.terminate()
    until = time.monotonic() + ENDING_SECONDS
    for part in parts:
        with suppress(subprocess.TimeoutExpired):
            part.process.wait(timeout=max(until - time.monotonic(), 0.01))
    for part in parts:
        if os.name == "posix":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(part.process.pid, signal.SIGKILL)
        part.process.kill()
        part.process.wait()
        if part.process.stdin:
            part.process.stdin.close()
        part.writer.join(timeout=1)
