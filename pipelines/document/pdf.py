"""A document as a tagged PDF (PDF/UA-1): its blocks as plain data, set by `document.typ`.

Text reaches Typst as JSON, never as markup, so nothing in a file can be read as an order.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path
from typing import Any

from pipelines.document.blocks import Document, Figure, Link, Table
from pipelines.document.typesetting import drawable, typeset
from pipelines.released.citations import parts, plain

_TEMPLATE = Path(__file__).with_name("document.typ")
# Values that are no text to be read.
_AS_THEY_ARE = {"code", "look", "id", "page", "paper"}


def render(document: Document, dated: dt.date) -> bytes:
    """The PDF, the same to the byte for the same input on any machine; `dated` is written into it."""
    files = {
        "main": _TEMPLATE.read_bytes(),
        "document.json": json.dumps(model(document), ensure_ascii=False).encode(),
        **{f"{f.name}.svg": drawable(f.svg.decode()).encode() for f in document.figures},
    }
    day = dt.datetime.combine(dated, dt.time(), dt.UTC)
    return typeset(files, format="pdf", pdf_standards=["ua-1"], timestamp=int(day.timestamp()))


def model(document: Document) -> dict[str, Any]:
    """What `document.typ` reads: every text as a list of runs, `{text, from}`."""
    blocks: dict[str, Any] = _plain_data(document)
    return {"name": drawable(f"{plain(document.title)} (draft)"), **blocks}


def _plain_data(part: object, field: str = "") -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, str):
        return drawable(part) if field in _AS_THEY_ARE else _runs(part)
    if isinstance(part, tuple):
        return [_plain_data(each, field) for each in part]
    if isinstance(part, Figure):
        # The figures in a chart are a click away on the page; on paper the picture shows them.
        return {
            "kind": part.kind,
            "title": _runs(part.title),
            "image": f"{part.name}.svg",
            "alt_text": drawable(part.alt_text),
            "caption": _runs(part.caption),
        }
    if isinstance(part, Link):
        return {"text": _runs(part.text), "href": part.paper}
    if dataclasses.is_dataclass(part):
        data = {
            f.name: _plain_data(getattr(part, f.name), f.name) for f in dataclasses.fields(part)
        }
        if isinstance(part, Table):
            data |= {"is_long": part.is_long, "see": list(part.see)}
        kind = getattr(part, "kind", None)
        return data | ({"kind": kind} if kind else {})
    return part


def _runs(text: str) -> list[dict[str, str | None]]:
    return [{"text": drawable(said), "from": reference} for said, reference in parts(text)]
