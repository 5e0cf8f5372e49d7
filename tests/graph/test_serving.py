"""`ssif serve`: says its address once it answers, ends whole however it is ended, and keeps one short log."""

from __future__ import annotations

import http.client
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from assets import cli, serve_log, serving
from assets.page_guard import HOST
from pipelines.errors.fault import StudyError
from pipelines.study.paths import PROJECT
from tests.evaluated import PATIENCE_SECONDS, environment
from tests.graph.stubborn_part import SAID
from tests.region import is_alive

STUBBORN, IDLE = "tests.graph.stubborn_part", "tests.graph.idle_part"


@pytest.fixture
def port() -> int:
    with closing(socket.socket()) as free:
        free.bind((HOST, 0))
        return int(free.getsockname()[1])


def status(port: int) -> int:
    with closing(http.client.HTTPConnection(HOST, port, timeout=60)) as connection:
        connection.request("GET", "/server_info")
        return connection.getresponse().status


def wait_for(is_so) -> None:
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < PATIENCE_SECONDS
        time.sleep(0.1)


def test_ten_seconds_are_enough():
    assert serving.ENDING_SECONDS <= 8


def test_a_part_that_will_not_end_is_ended_with_its_children(tmp_path, port, monkeypatch):
    monkeypatch.setattr(serving, "_PARTS", {"page": STUBBORN, "daemon": IDLE})
    monkeypatch.setattr(serving, "ENDING_SECONDS", 0.5)
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        if "http://" in text:
            assert status(port) == 200
            os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    serving.serve_until_stopped(tmp_path / "raw", tmp_path / "marts", port, say)
    assert signal.getsignal(signal.SIGTERM) is before
    log = tmp_path / "marts" / ".dagster" / serve_log.LOG
    assert said == [
        f"Starting the Dagster page; its log is {log}",
        f"The Dagster page: http://{HOST}:{port} (Ctrl+C to stop)",
    ]
    first, second = log.read_text(encoding="utf-8").splitlines()
    assert first == SAID
    assert log.stat().st_mode & 0o077 == 0
    wait_for(lambda: not is_alive(int(second.split()[1])))
    with pytest.raises(ConnectionRefusedError):
        status(port)


def test_a_part_that_ends_by_itself_is_named(tmp_path, port, monkeypatch):
    monkeypatch.setattr(serving, "_PARTS", {"page": STUBBORN, "daemon": "tests.graph.missing"})
    monkeypatch.setattr(serving, "ENDING_SECONDS", 0.5)
    with pytest.raises(StudyError, match="its daemon ended by itself"):
        serving.serve_until_stopped(tmp_path / "raw", tmp_path / "marts", port, str)
    log = tmp_path / "marts" / ".dagster" / serve_log.LOG
    assert "No module named tests.graph.missing" in log.read_text(encoding="utf-8")


def refusal(capsys, marts: Path, port: int) -> str:
    """The first line of what the command says when it does not start."""
    assert cli.main(["serve", "--port", str(port), "--data-marts", str(marts)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err.strip().splitlines()[0]


def test_a_second_one_for_the_same_outputs_is_refused(tmp_path, port, capsys):
    (tmp_path / ".dagster").mkdir()
    with FileLock(tmp_path / ".dagster" / "serve.lock"):
        said = refusal(capsys, tmp_path, port)
    assert said == (
        f"the Dagster page: another `ssif serve` is running for the outputs in {tmp_path}."
    )


def test_a_port_that_cannot_be_used_is_one_sentence(tmp_path, port, capsys):
    with closing(socket.socket()) as other:
        other.bind((HOST, port))
        other.listen()
        said = refusal(capsys, tmp_path, port)
    assert said == f"the Dagster page: port {port} is in use by another program."
    assert refusal(capsys, tmp_path, 70000) == "the Dagster page: port 70000 cannot be used."


def test_a_fault_in_the_alerts_is_found_at_the_start(tmp_path, port, capsys):
    (tmp_path / "alerts.toml").write_text("command = 1\n", encoding="utf-8")
    assert refusal(capsys, tmp_path, port).startswith("alerts.toml, row 1, column command:")


def test_the_log_rotates_and_stays_private(tmp_path, monkeypatch):
    monkeypatch.setattr(serve_log, "LOG_BYTES", 1000)
    with serve_log.log_of(tmp_path) as log:
        assert isinstance(log, logging.Logger)
        for number in range(200):
            log.info("line %s %s", number, "x" * 50)
    files = list(tmp_path.iterdir())
    assert len(files) == serve_log.LOGS_KEPT + 1
    assert all(file.stat().st_size <= 1000 for file in files)
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    assert "line 199" in (tmp_path / serve_log.LOG).read_text(encoding="utf-8")


@pytest.fixture
def served(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The command itself, with no study, once it has said its address."""
    folders = ["--data-raw", str(tmp_path / "raw"), "--data-marts", str(tmp_path / "marts")]
    command = [sys.executable, "-m", "assets.cli", "serve", "--port", str(port), *folders]
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("Starting the Dagster page; its log is ")
        assert process.stdout.readline() == (
            f"The Dagster page: http://{HOST}:{port} (Ctrl+C to stop)\n"
        )
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def parts_of(process: subprocess.Popen[str]) -> list[int]:
    done = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)],
        capture_output=True,
        text=True,
        check=True,
    )
    pids = [int(pid) for pid in re.findall(r"^ *(\d+) .* assets\.\w+ \d+$", done.stdout, re.M)]
    assert len(pids) == 2
    return pids


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_page_and_daemon_end_however_the_command_ends(served, port, number):
    assert status(port) == 200
    parts = parts_of(served)
    served.send_signal(number)
    assert served.wait(PATIENCE_SECONDS) == (-number if number == signal.SIGKILL else 0)
    if number != signal.SIGKILL:
        assert not any(is_alive(pid) for pid in parts)
    wait_for(lambda: not any(is_alive(pid) for pid in parts))
    assert served.stdout.read() == ""
