"""Dagster's page accepts requests only from itself: no other host, site, form, link or frame."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import dagster as dg
import pytest
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import EmptyWorkspaceTarget
from starlette.types import ASGIApp

from assets.page import guarded_app
from assets.page_guard import HOST, PageGuard
from pipelines.study.paths import PROJECT
from tests.evaluated import PATIENCE_SECONDS

PORT = 3999
HERE, THERE = f"{HOST}:{PORT}", "evil.example:3999"
JSON = {"content-type": "application/json"}
# A harmless mutation whose result shows that it ran.
MUTATION = "mutation { setNuxSeen }"


def ask(
    app: ASGIApp, method: str, path: str, headers: list[tuple[str, str]], body: bytes = b""
) -> tuple[int, dict[str, str], bytes]:
    """The response of an ASGI application: status, headers, body."""
    sent: list[dict[str, Any]] = []
    path, _, query = path.partition("?")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        **{"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http"},
        **{"method": method, "path": path, "raw_path": path.encode(), "root_path": ""},
        **{"query_string": query.encode(), "client": (HOST, 5), "server": (HOST, PORT)},
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    started = next(m for m in sent if m["type"] == "http.response.start")
    content = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    return started["status"], {n.decode(): v.decode() for n, v in started["headers"]}, content


def open_socket(app: ASGIApp, headers: list[tuple[str, str]]) -> str:
    """The first message when a WebSocket is opened: `websocket.accept` or `websocket.close`."""
    sent: list[str] = []
    incoming = iter([{"type": "websocket.connect"}, {"type": "websocket.disconnect", "code": 1000}])

    async def receive() -> dict[str, Any]:
        return next(incoming)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message["type"])

    scope = {
        **{"type": "websocket", "asgi": {"version": "3.0"}, "scheme": "ws", "path": "/graphql"},
        **{"raw_path": b"/graphql", "root_path": "", "query_string": b"", "subprotocols": []},
        **{"client": (HOST, 5), "server": (HOST, PORT)},
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return sent[0]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ASGIApp]:
    """Dagster's page behind the guard, with an empty graph."""
    with (
        dg.DagsterInstance.local_temp(str(tmp_path_factory.mktemp("page"))) as instance,
        WorkspaceProcessContext(instance, workspace_load_target=EmptyWorkspaceTarget()) as context,
    ):
        yield guarded_app(context, PORT)


def test_the_page_itself_is_answered_and_kept_out_of_frames(page: ASGIApp) -> None:
    for host in (HERE, f"localhost:{PORT}"):
        status, headers, body = ask(page, "GET", "/", [("Host", host)])
        assert status == 200
        assert b"<html" in body
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_its_own_queries_and_mutations_are_answered(page: ASGIApp) -> None:
    body = json.dumps({"query": MUTATION}).encode()
    for origin in ([], [("Origin", f"http://{HERE}")]):
        asked = [("Host", HERE), *JSON.items(), *origin]
        status, _, answer = ask(page, "POST", "/graphql", asked, body)
        assert status == 200
        assert json.loads(answer) == {"data": {"setNuxSeen": True}}


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", [("Host", HERE)], 405),
        ("HEAD", [("Host", HERE)], 405),
        ("POST", [("Host", HERE)], 415),
        ("POST", [("Host", HERE), ("Content-Type", "text/plain")], 415),
        ("POST", [("Host", HERE), ("Content-Type", "application/x-www-form-urlencoded")], 415),
        ("POST", [("Host", THERE), *JSON.items()], 421),
        ("POST", [("Host", HOST), *JSON.items()], 421),
        ("POST", [("Host", f"{HOST}:1"), *JSON.items()], 421),
        ("POST", [*JSON.items()], 421),
        ("POST", [("Host", HERE), ("Host", THERE), *JSON.items()], 421),
        ("POST", [("Host", HERE), *JSON.items(), ("Origin", f"http://{THERE}")], 403),
        ("POST", [("Host", HERE), *JSON.items(), ("Origin", "null")], 403),
        ("POST", [("Host", HERE), *JSON.items(), ("Origin", "http://127.0.0.1:8000")], 403),
        ("POST", [("Host", HERE), *JSON.items(), ("Origin", f"https://{HERE}")], 403),
        ("POST", [("Host", HERE), *JSON.items(), ("Origin", f"http://localhost:{PORT}")], 403),
    ],
)
@pytest.mark.parametrize("path", ["/graphql", "/graphql/"])
def test_a_mutation_from_elsewhere_is_refused(
    page: ASGIApp, method: str, headers: list[tuple[str, str]], status: int, path: str
) -> None:
    order = f"{path}?{urlencode({'query': MUTATION})}"
    body = json.dumps({"query": MUTATION}).encode()
    got, marks, answer = ask(page, method, order, headers, body)
    assert got == status
    assert b"setNuxSeen" not in answer
    assert marks["x-frame-options"] == "DENY"


def test_without_the_guard_each_of_these_is_executed(page: ASGIApp) -> None:
    """Shows why the guard is needed; fails if Dagster starts to refuse these itself."""
    unguarded: ASGIApp = page.router  # type: ignore[attr-defined]
    order = f"/graphql?{urlencode({'query': MUTATION})}"
    headers = [("Host", THERE), ("Origin", f"http://{THERE}")]
    assert json.loads(ask(unguarded, "GET", order, headers)[2]) == {"data": {"setNuxSeen": True}}
    assert open_socket(unguarded, headers) == "websocket.accept"


@pytest.mark.parametrize(
    ("headers", "first"),
    [
        ([("Host", HERE), ("Origin", f"http://{HERE}")], "websocket.accept"),
        ([("Host", HERE), ("Origin", f"http://{THERE}")], "websocket.close"),
        ([("Host", HERE), ("Origin", "null")], "websocket.close"),
        ([("Host", THERE), ("Origin", f"http://{THERE}")], "websocket.close"),
    ],
)
def test_a_socket_is_opened_to_the_page_alone(
    page: ASGIApp, headers: list[tuple[str, str]], first: str
) -> None:
    assert open_socket(page, headers) == first


def test_hosts_without_the_default_port_are_accepted() -> None:
    assert PageGuard(guarded_app, 80).hosts == {  # type: ignore[arg-type]
        *(HOST, "localhost", f"{HOST}:80", "localhost:80")
    }


def test_a_page_that_is_really_served_listens_here_only_and_refuses(tmp_path: Path) -> None:
    with closing(socket.socket()) as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    (tmp_path / "dagster.yaml").touch()
    environment = {
        **os.environ,
        **{"DAGSTER_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "1"},
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-c", f"from assets.page import serve_page; serve_page({port})"]
    server = subprocess.Popen(command, cwd=PROJECT, env=environment)
    try:
        assert _status(server, port, "GET", "/server_info") == 200
        assert _status(server, port, "GET", "/server_info", {"Host": THERE}) == 421
        upgrade = {
            **{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"},
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        foreign, own = f"http://{THERE}", f"http://{HOST}:{port}"
        assert _status(server, port, "GET", "/graphql", upgrade | {"Origin": foreign}) == 403
        assert _status(server, port, "GET", "/graphql", upgrade | {"Origin": own}) == 101
        # Other addresses would be reachable from other machines.
        with closing(socket.socket()) as other, pytest.raises(OSError):
            other.settimeout(5)
            other.connect(("127.0.0.2", port))
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(PATIENCE_SECONDS)


def _status(
    server: subprocess.Popen[bytes],
    port: int,
    method: str,
    path: str,
    headers: dict[str, str] | None = None,
) -> int:
    """The status of a response, once the server is running."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with closing(
                http.client.HTTPConnection(HOST, port, timeout=PATIENCE_SECONDS)
            ) as connection:
                connection.request(method, path, headers=headers or {})
                return connection.getresponse().status
        except ConnectionRefusedError:
            time.sleep(0.2)
    raise AssertionError("the page was never served")
