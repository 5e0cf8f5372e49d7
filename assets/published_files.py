"""What has been published of a study, in Dagster's page: charts to look at, documents to open.

The page (`assets.page`) serves them from `current/`. The files of pupils and of officers are elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import dagster as dg

from pipelines.charts.chart import Chart
from pipelines.freshness.parts import document_files
from pipelines.study.paths import StudyPaths

if TYPE_CHECKING:
    from starlette.routing import Route

_PREFIX = "/published"
# Dagster shows a longer text only after a click.
_LONGEST_SHOWN = 999
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#!|~&])")
# Nothing that a study says can run in the page.
_HEADERS = {"Content-Security-Policy": "script-src 'none'", "Cache-Control": "no-cache"}


def links(study: str, *documents: str) -> dg.MarkdownMetadataValue:
    """Links to documents as published, each as a page and as a PDF."""
    lines = []
    for name in documents:
        page, paper = document_files(name)
        lines.append(f"[{page}]({_address(study, page)}), [{paper}]({_address(study, paper)})")
    return dg.MetadataValue.md("\n\n".join(lines))


def pictures(study: str, charts: Sequence[Chart]) -> dg.MarkdownMetadataValue:
    """The charts of a family as published, as many as Dagster shows without a click."""
    if not charts:
        return dg.MetadataValue.md("Nothing to draw in this study.")
    shown = ""
    for n_shown, chart in enumerate(charts):
        one = f"![{_inert(chart.title)}]({_address(study, f'charts/{chart.name}.svg')})\n\n"
        rest = f"And {len(charts) - n_shown} more: "
        report = f"[the technical report]({_address(study, document_files('technical')[0])})"
        if n_shown and len(shown + one + rest + report) > _LONGEST_SHOWN:
            return dg.MetadataValue.md(shown + rest + report)
        shown += one
    return dg.MetadataValue.md(shown)


def routes(data_marts: Path) -> list[Route]:
    """Where the page serves the published files of all studies."""
    from starlette.exceptions import HTTPException  # noqa: PLC0415 - comes with the page
    from starlette.requests import Request  # noqa: PLC0415
    from starlette.responses import FileResponse  # noqa: PLC0415
    from starlette.routing import Route  # noqa: PLC0415

    def serve(request: Request) -> FileResponse:
        study, name = request.path_params["study"], request.path_params["file"]
        file = published_file(data_marts, study, name)
        if file is None:
            raise HTTPException(404, "No such file has been published.")
        return FileResponse(file, headers=_HEADERS)

    return [Route(f"{_PREFIX}/{{study}}/{{file:path}}", serve, methods=["GET"])]


def published_file(data_marts: Path, study: str, name: str) -> Path | None:
    """A file of a study's current run; None if there is none, or if it lies anywhere else."""
    if study not in {path.parent.name for path in data_marts.glob("*/current")}:
        return None
    current = StudyPaths(data_marts, study).current.resolve()
    file = (current / name).resolve()
    return file if file.is_file() and file.is_relative_to(current) else None


def _address(study: str, file: str) -> str:
    return f"{_PREFIX}/{quote(study)}/{quote(file)}"


def _inert(words: str) -> str:
    """Words as they are, whatever Markdown would make of them."""
    return _MARKDOWN.sub(r"\\\1", " ".join(words.split()))
