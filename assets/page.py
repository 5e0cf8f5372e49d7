"""Serves Dagster's page behind a guard, on this machine only, and runs Dagster's daemon.

Any site in the analyst's browser could control the page of `dagster dev`; `page_guard` prevents
that. Needs the extra `page`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster_webserver.webserver import DagsterWebserver
from starlette.applications import Starlette
from starlette.middleware import Middleware

from assets.page_guard import HOST, PageGuard
from pipelines.study.paths import PROJECT

_GRAPH = "assets.definitions"


class _GuardedPage(DagsterWebserver):
    """Dagster's page behind the guard."""

    def __init__(self, context: WorkspaceProcessContext, port: int) -> None:
        self._port = port
        super().__init__(context)

    def build_middleware(self) -> list[Middleware]:
        """Put the guard before all other middleware."""
        return [Middleware(PageGuard, port=self._port), *super().build_middleware()]


def guarded_app(context: WorkspaceProcessContext, port: int) -> Starlette:
    """The page as an ASGI application for a given port."""
    app: Starlette = _GuardedPage(context, port).create_asgi_app()
    return app


def serve_page(port: int) -> None:
    """Serve the page until interrupted. DAGSTER_HOME sets its storage."""
    with (
        dg.DagsterInstance.get() as instance,
        WorkspaceProcessContext(
            instance,
            workspace_load_target=ModuleTarget(
                module_name=_GRAPH,
                attribute=None,
                working_directory=str(PROJECT),
                location_name=_GRAPH,
            ),
            code_server_log_level="warning",
        ) as context,
    ):
        uvicorn.run(guarded_app(context, port), host=HOST, port=port, log_level="warning")


@contextmanager
def daemon() -> Iterator[None]:
    """Run Dagster's daemon beside the page; it starts scheduled and requested runs."""
    command = [sys.executable, "-m", "dagster._daemon", "run", "--module-name", _GRAPH]
    process = subprocess.Popen([*command, "--log-level", "warning"], cwd=PROJECT)  # noqa: S603
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=60)
