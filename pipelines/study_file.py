"""`study.toml` read into settings, with every fault of the file found at once.

What the settings are is `study`'s; which of them do not fit together is `contradictions`'. The files it names
are not opened here.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError

from pipelines.contradictions import Location, contradictions
from pipelines.errors import Fault, StudyError
from pipelines.study import PROTOCOL, Study
from pipelines.toml_lines import blanks, dotted, line_of


def load_study(folder: Path) -> Study:
    """Read and check a study folder's protocol.

    Raises StudyError with every fault of `study.toml` at once; the files it names are not opened here.
    """
    path = folder / PROTOCOL
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise StudyError([_no_protocol(folder)]) from None
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise StudyError(
            [_protocol_fault("is not UTF-8 text", "save the file as UTF-8", line)]
        ) from None
    if unfilled := list(_unfilled(text)):
        # What else is wrong follows from these, or can wait for them.
        raise StudyError(unfilled)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise StudyError(
            [
                _protocol_fault(
                    f"is not valid TOML: {error}",
                    "mend that line; `data_raw/example/study.toml` shows the form",
                    int(found.group(1)) if found else None,
                )
            ]
        ) from None

    reserved = {"folder", "protocol_sha256"} & values.keys()
    protocol_sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    settings = {key: value for key, value in values.items() if key not in reserved}
    try:
        study = Study.model_validate(
            {**settings, "folder": folder.resolve(), "protocol_sha256": protocol_sha256}
        )
    except ValidationError as error:
        raise StudyError(
            [_fault_of(dict(problem), text) for problem in error.errors()]
            + [_unknown_key(text, (key,)) for key in sorted(reserved)]
        ) from None
    faults = [_unknown_key(text, (key,)) for key in sorted(reserved)] + [
        _contradiction(text, *words) for words in contradictions(study)
    ]
    if faults:
        raise StudyError(faults)
    return study


def _no_protocol(folder: Path) -> Fault:
    return Fault(
        file=f"{folder}/{PROTOCOL}",
        problem="there is no such file, so this is not a study folder",
        expected="a folder that holds a study.toml",
        remedy="check the folder's name; `data_raw/example/` shows what a study folder looks like",
    )


def _protocol_fault(problem: str, remedy: str, row: int | None) -> Fault:
    return Fault(file=PROTOCOL, problem=problem, remedy=remedy, row=row)


def _unfilled(text: str) -> Iterator[Fault]:
    for row, key, about in blanks(text):
        yield Fault(
            file=PROTOCOL,
            row=row,
            column=key,
            problem="the place is not filled in yet",
            found=f"‹{about}›",
            expected="a value like the one between the marks",
            remedy="write it in place of the marks and what stands between them",
        )


def _unknown_key(text: str, location: tuple[str | int, ...]) -> Fault:
    return Fault(
        file=PROTOCOL,
        row=line_of(text, location),
        column=dotted(location),
        problem=f"the key {location[-1]!r} is not known here",
        expected=_known_keys(location),
        remedy="mend the spelling, or take the line out",
    )


def _fault_of(problem: dict[str, object], text: str) -> Fault:
    """Turn one of pydantic's complaints into a fault with its line."""
    location = tuple(part for part in problem["loc"] if isinstance(part, str | int))  # type: ignore[attr-defined]
    if problem["type"] == "extra_forbidden":
        return _unknown_key(text, location)
    missing = problem["type"] == "missing"
    return Fault(
        file=PROTOCOL,
        row=line_of(text, location[:-1] if missing else location),
        column=dotted(location),
        problem=f"the key {location[-1]!r} is missing" if missing else "the value is not usable",
        found=None if missing else repr(problem["input"]),
        expected=str(problem["msg"]),
        remedy="add it" if missing else "mend the value",
    )


def _known_keys(location: Sequence[str | int]) -> str:
    model: type[BaseModel] = Study
    for part in location[:-1]:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        annotation = model.model_fields[part].annotation
        for candidate in [annotation, *get_args(annotation)]:
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    known = [key for key in model.model_fields if key not in {"folder", "protocol_sha256"}]
    return "one of " + ", ".join(known)


def _contradiction(
    text: str, location: Location, problem: str, expected: str, remedy: str
) -> Fault:
    return Fault(
        file=PROTOCOL,
        row=line_of(text, location),
        column=dotted(location),
        problem=problem,
        expected=expected,
        remedy=remedy,
    )
