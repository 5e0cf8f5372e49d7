"""Faults of the machine rather than of a file: a full disk, a folder that may not be written, a file in use.

An analyst gets one sentence and what to do; a run that stopped for one that may pass is asked for again.
"""

from __future__ import annotations

import errno

from pipelines.errors.fault import Fault

_FULL = ("the disk is full", "free some space there, then do this again")
_READ_ONLY = (
    "it can only be read here",
    "put the outputs elsewhere: `ssif evaluate <study> --data-marts <folder>`",
)
_NOT_ALLOWED = (
    "this user may not open or write it",
    "ask its owner for the right, or put the outputs elsewhere with --data-marts",
)
_IN_USE = (
    "another program has it open",
    "close it there (a notebook or database tool may hold it), then do this again",
)
_BY_NUMBER = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _READ_ONLY,
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.EBUSY: _IN_USE,
    errno.EAGAIN: _IN_USE,
    errno.ETXTBSY: _IN_USE,
}
# DuckDB and SQLite say it in words only.
_BY_WORDS = {
    "No space left on device": _FULL,
    "database or disk is full": _FULL,
    "Read-only file system": _READ_ONLY,
    "readonly database": _READ_ONLY,
    "Permission denied": _NOT_ALLOWED,
    "unable to open database file": _NOT_ALLOWED,
    "Could not set lock on file": _IN_USE,
    "Conflicting lock is held": _IN_USE,
    "database is locked": _IN_USE,
}
_MAY_PASS = (_FULL, _IN_USE)


def machine_fault(error: BaseException, place: str) -> Fault | None:
    """The fault behind an error of the operating system or of a database; None for any other error.

    `place` is named if the error names no file.
    """
    said = _said(error)
    if said is None:
        return None
    problem, remedy = said
    file = getattr(error, "filename", None)
    return Fault(
        file=str(file or place), problem=problem, remedy=remedy, may_pass=said in _MAY_PASS
    )


def _said(error: BaseException) -> tuple[str, str] | None:
    if isinstance(error, OSError) and error.errno in _BY_NUMBER:
        return _BY_NUMBER[error.errno]
    is_of_a_database = type(error).__module__.partition(".")[0] in {
        "duckdb", "_duckdb", "sqlite3", "sqlalchemy",
    }  # fmt: skip
    if is_of_a_database:
        text = str(error)
        return next((said for words, said in _BY_WORDS.items() if words in text), None)
    return None
