"""Read a file as all callers do, and write workbooks by hand."""

from __future__ import annotations

import gzip
import zipfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import duckdb
import openpyxl
import pytest

from pipelines.errors.fault import Fault, StudyError
from pipelines.ingest.heading_row import Headings
from pipelines.ingest.tabular import TabularFile, create_from_scan, open_tabular

A_AND_B = Headings.of([["a"], ["b"]])
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


@dataclass(frozen=True)
class Read:
    """A file as read by a caller."""

    file: TabularFile
    rows: list[tuple[object, ...]]
    set_asides: dict[str, int]


def write(folder: Path, content: str | bytes, name: str = "file.csv") -> Path:
    """A file of text or bytes, gzipped if its name says so."""
    path = folder / name
    data = content.encode() if isinstance(content, str) else content
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def read(path: Path, headings: Headings = A_AND_B, **settings: Any) -> Read:
    """Row number and cells of every record."""
    file = open_tabular(path.name, path, headings, **settings)
    with closing(duckdb.connect()) as con:
        aside = create_from_scan(con, file, "CREATE TABLE made AS SELECT * FROM {scan}")
        rows = con.execute("SELECT * FROM made ORDER BY row_number").fetchall()
    return Read(file, rows, aside)


def faults_of(path: Path, headings: Headings = A_AND_B, **settings: Any) -> tuple[Fault, ...]:
    """The faults of a refused file."""
    with pytest.raises(StudyError) as raised:
        read(path, headings, **settings)
    return raised.value.faults


def xlsx(folder: Path, sheets: dict[str, list[list[object]]], name: str = "file.xlsx") -> Path:
    """A workbook with a sheet for each list of rows."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)  # type: ignore[arg-type]
    for title, rows in sheets.items():
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    workbook.save(folder / name)
    return folder / name


def change_sheet(path: Path, old: str, new: str, part: str = "xl/worksheets/sheet1.xml") -> Path:
    """Replace text in the XML of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    text = parts[part].decode()
    assert old in text
    parts[part] = text.replace(old, new).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def text_cell(text: str, **attributes: object) -> str:
    """A text cell in ODS XML."""
    more = "".join(
        f' table:{name.replace("_", "-")}="{value}"' for name, value in attributes.items()
    )
    kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}{more}><text:p>{escape(text)}</text:p></table:table-cell>"


def ods(folder: Path, rows: str, name: str = "file.ods", manifest: str = "") -> Path:
    """A workbook with one sheet, its rows given as ODS XML."""
    names = " ".join(
        f'xmlns:{prefix}="{_OFFICE}:{prefix}:1.0"' for prefix in ("office", "table", "text")
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {names} '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">'
        '<office:body><office:spreadsheet><table:table table:name="One">'
        f"{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", f"<manifest>{manifest}</manifest>")
    return folder / name
