"""Dagster's page behind a guard, on this machine only: `python -m assets.page <port>`, see `serving`.

Any site in the analyst's browser could control the page of `dagster dev`; `page_guard` prevents
that. Needs the extra `page`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import ModuleTarget
from dagster_webserver.webserver import DagsterWebserver
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from assets import published_files
from assets.daemon import GRAPH
from assets.dagster_home import set_up
from assets.ended_with_parent import end_with_parent
from assets.page_guard import HOST, PageGuard
from pipelines.study.paths import DATA_MARTS, DATA_MARTS_VARIABLE, PROJECT

# Browsers keep connections open for as long as they show the page.
_ENDING_SECONDS = 2


class _GuardedPage(DagsterWebserver):
    """Dagster's page behind the guard."""

    def __init__(self, context: WorkspaceProcessContext, port: int) -> None:
        self._port = port
        super().__init__(context)

    def build_routes(self) -> list[BaseRoute]:
        """Serve what has been published too; Dagster's last route takes all other addresses."""
        marts = Path(os.environ.get(DATA_MARTS_VARIABLE, DATA_MARTS))
        return [*published_files.routes(marts), *super().build_routes()]  # type: ignore[no-untyped-call]

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
        set_up(Path(os.environ["DAGSTER_HOME"])) as instance,
        WorkspaceProcessContext(
            instance,
            workspace_load_target=ModuleTarget(
                module_name=GRAPH,
                attribute=None,
                working_directory=str(PROJECT),
                location_name=GRAPH,
            ),
            code_server_log_level="warning",
        ) as context,
    ):
        uvicorn.run(
            guarded_app(context, port),
            host=HOST,
            port=port,
            log_level="warning",
            timeout_graceful_shutdown=_ENDING_SECONDS,
        )


if __name__ == "__main__":
    end_with_parent()
    serve_page(int(sys.argv[1]))
