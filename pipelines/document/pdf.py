"""A document as a tagged PDF (PDF/UA-1): its blocks as plain data, set by `document.typ`.

Text reaches Typst as JSON, never as markup, so that Typst cannot run text from a data file.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

from pipelines.document.blocks import Document, Figure, Link, Table
from pipelines.document.typesetting import drawable, typeset
from pipelines.released.citations import parts, plain

_TEMPLATE = Path(__file__).with_name("document.typ")
# Fields that hold codes and addresses, not text to read.
_AS_THEY_ARE = {"code", "look", "id", "page", "paper"}


def render(document: Document, dated: dt.date) -> bytes:
    """The PDF, byte-identical for identical input on any machine; `dated` is its date."""
    files = {
        "main": _TEMPLATE.read_bytes(),
        "document.json": json.dumps(model(document), ensure_ascii=False).encode(),
        **{f"{f.name}.svg": drawable(f.svg.decode()).encode() for f in document.figures},
    }
    day = dt.datetime.combine(dated, dt.time(), dt.UTC)
    made = typeset(files, format="pdf", pdf_standards=["ua-1"], timestamp=int(day.timestamp()))
    return with_row_headers(made)


def with_row_headers(pdf: bytes) -> bytes:
    """The tagged PDF with the first cell of every table row marked as its row header.

    Typst's Python package marks column headers only, so a screen reader would read figures without
    their row's name (PDF/UA-1, 7.5; ISO 32000-1, 14.8.5.7). Saving again also halves the file size.
    """
    import pikepdf  # noqa: PLC0415 - only a PDF needs it

    saved = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for part in document.objects:
            if isinstance(part, pikepdf.Dictionary) and part.get("/S") == pikepdf.Name.TR:
                first = part.K[0] if isinstance(part.K, pikepdf.Array) else part.K
                if first.S == pikepdf.Name.TD:
                    first.S = pikepdf.Name.TH
                    first.A = pikepdf.Dictionary(O=pikepdf.Name.Table, Scope=pikepdf.Name.Row)
        document.save(
            saved,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return saved.getvalue()


def model(document: Document) -> dict[str, Any]:
    """The data for `document.typ`: every text is a list of runs, `{text, from}`."""
    blocks: dict[str, Any] = _plain_data(document)
    return {"name": drawable(f"{plain(document.title)} (draft)"), **blocks}


def _plain_data(part: object, field: str = "") -> Any:  # noqa: ANN401 - JSON
    if isinstance(part, str):
        return drawable(part) if field in _AS_THEY_ARE else _runs(part)
    if isinstance(part, tuple):
        return [_plain_data(each, field) for each in part]
    if isinstance(part, Figure):
        # Only the page has the chart's data table; on paper the picture shows the figures.
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
