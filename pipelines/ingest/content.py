"""A file's format by its first bytes, and its unpacked bytes within limits."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal, cast

from pipelines.errors.fault import Fault, StudyError

Format = Literal["csv", "xlsx", "ods", "parquet"]

# Published England tables compress 3 to 10 times. A gzip bomb can reach 1,030 times. Small files may compress
# more (a column with one value) and do no harm.
GZIP_MOST_RATIO = 200
RATIO_COUNTS_FROM_BYTES = 64 * 2**20
# Five million pupil rows take half a gibibyte.
GZIP_MOST_BYTES = 16 * 2**30
_CHUNK_BYTES = 1 << 20

ZIP_MAGIC = b"PK\x03\x04"
OLE_MAGIC = b"\xd0\xcf\x11\xe0"
_GZIP_MAGIC = b"\x1f\x8b"
_PARQUET_MAGIC = b"PAR1"
_WEB_PAGE = (b"<!doctype html", b"<html", b"<?xml", b"<table", b"<head")
_SUFFIXES: dict[str, Format] = {".xlsx": "xlsx", ".ods": "ods", ".parquet": "parquet"}
_EXPECTED: dict[Format, str] = {
    "csv": "comma-separated text",
    "xlsx": "an XLSX workbook",
    "ods": "an ODS workbook",
    "parquet": "a Parquet file",
}


def format_of(source_id: str, path: Path) -> Format:
    """The format that a file's name promises. Raises StudyError if the file is empty or has another
    format."""
    try:
        with path.open("rb") as stream:
            start = stream.read(512)
    except OSError as error:
        raise StudyError([unreadable(source_id, error)]) from None
    if not start:
        raise StudyError([empty(source_id)])
    named = _SUFFIXES.get(path.suffix.casefold(), "csv")
    problem = _disagreement(named, start, is_gzip=is_gzipped(path))
    if problem:
        found, remedy = problem
        raise StudyError(
            [
                Fault(
                    file=source_id,
                    problem=f"the file is not what its name says: it is {found}",
                    expected=_EXPECTED[named],
                    remedy=remedy,
                )
            ]
        )
    return named


def _disagreement(named: Format, start: bytes, *, is_gzip: bool) -> tuple[str, str] | None:
    text = start.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if named == "parquet":
        if start.startswith(_PARQUET_MAGIC):
            return None
        return "no Parquet file", "write it again, or name it .csv if it is text"
    if named != "csv":
        if start.startswith(ZIP_MAGIC):
            return None
        if start.startswith(OLE_MAGIC):
            # A password-protected workbook uses the same container as an old .xls.
            return (
                "protected by a password, or an old .xls workbook",
                f"open it, take the password off, and save it as .{named}",
            )
        return "no workbook", f"save it again as .{named}, or name it .csv if it is text"
    if start.startswith(ZIP_MAGIC):
        return "a workbook or another zip archive", "name it .xlsx or .ods, or save it as CSV"
    if start.startswith(OLE_MAGIC):
        return "an old .xls workbook, or one with a password", "open it and save it as .xlsx or CSV"
    if start.startswith(_GZIP_MAGIC) and not is_gzip:
        return "compressed with gzip", "name it .csv.gz"
    if text.startswith(_WEB_PAGE):
        return "a web page", "fetch the data file itself: what was saved is a page about it"
    if start.startswith(_PARQUET_MAGIC):
        return "a Parquet file", "name it .parquet"
    if text.startswith(b"%pdf"):
        return "a PDF document", "ask for the data as CSV or as a workbook"
    return None


def is_gzipped(path: Path) -> bool:
    """Whether the file's name ends in .gz."""
    return path.suffix.casefold() == ".gz"


def open_binary(path: Path) -> BinaryIO:
    """A file's bytes, unpacked if it is gzipped."""
    if is_gzipped(path):
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def chunks(source_id: str, path: Path) -> Iterator[bytes]:
    """A file's bytes in chunks, unpacked if it is gzipped.

    Raises StudyError if it cannot be read, or unpacks to more than any table could need.
    """
    packed_bytes = path.stat().st_size
    n_bytes = 0
    try:
        with open_binary(path) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                n_bytes += len(chunk)
                is_bomb = n_bytes > max(RATIO_COUNTS_FROM_BYTES, packed_bytes * GZIP_MOST_RATIO)
                if is_gzipped(path) and (n_bytes > GZIP_MOST_BYTES or is_bomb):
                    raise StudyError([_bomb(source_id)])
                yield chunk
    except (gzip.BadGzipFile, zlib.error, EOFError):
        raise StudyError(
            [
                Fault(
                    file=source_id,
                    problem="the gzip file is broken or cut short",
                    expected="a whole .csv.gz file",
                    remedy="fetch the file again",
                )
            ]
        ) from None
    except OSError as error:
        raise StudyError([unreadable(source_id, error)]) from None


def unreadable(source_id: str, error: OSError) -> Fault:
    """The fault for a file that exists but cannot be opened."""
    return Fault(
        file=source_id,
        problem="the file cannot be opened"
        + (": you may not read it" if isinstance(error, PermissionError) else ""),
        found=error.strerror,
        expected="a file you may read",
        remedy="close it in other programs, or ask its owner to let you read it",
    )


def empty(source_id: str) -> Fault:
    """The fault for an empty file or heading row."""
    return Fault(
        file=source_id,
        row=1,
        problem="the file is empty or its first row holds no headings",
        expected="a heading row, then one row a record",
        remedy="export the file again",
    )


def _bomb(source_id: str) -> Fault:
    return Fault(
        file=source_id,
        problem="the file unpacks to far more than a table would: it may be made to do harm",
        expected=f"at most {GZIP_MOST_RATIO} times its packed size, and at most "
        f"{GZIP_MOST_BYTES // 2**30} GiB",
        remedy="fetch the file again from its publisher, or unpack it yourself and look at it",
    )
