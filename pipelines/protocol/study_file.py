"""Reads `study.toml` into settings and reports every fault of the file at once."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from pydantic import BaseModel, ValidationError

from pipelines.errors.fault import Fault, StudyError
from pipelines.protocol import setting_limits, setting_words
from pipelines.protocol.contradictions import Location, contradictions
from pipelines.protocol.measure_contradictions import unknown_measures
from pipelines.protocol.setting_limits import beyond_limits
from pipelines.study.settings import PROTOCOL, Study
from pipelines.study.toml_lines import blanks, dotted, line_of

_EXCESSIVE = re.compile(r"\d{4000}|[\[{]{20}")


def load_study(folder: Path, *, known: Study | None = None) -> Study:
    """Read and check a study folder's protocol. If the file is unchanged, `known` is returned instead.

    Raises StudyError with every fault of `study.toml`. The files it names are not opened.
    """
    path = folder / PROTOCOL
    try:
        written = path.read_bytes()
        protocol_sha256 = hashlib.sha256(written).hexdigest()
        if known and (known.folder, known.protocol_sha256) == (folder.resolve(), protocol_sha256):
            return known
        text = written.decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        raise StudyError([_no_protocol(folder)]) from None
    except OSError as error:
        problem = "cannot be opened" + (f" ({error.strerror})" if error.strerror else "")
        remedy = "put a file there that you may read; it is no folder"
        raise StudyError([_protocol_fault(problem, remedy, None)]) from None
    except UnicodeDecodeError as error:
        line = written[: error.start].count(b"\n") + 1
        raise StudyError(
            [_protocol_fault("is not UTF-8 text", "save the file as UTF-8", line)]
        ) from None
    if len(text) > setting_limits.MOST_BYTES:
        raise StudyError([_beyond_limits(text, (), *setting_limits.TOO_LONG)])
    if unfilled := list(_unfilled(text)):
        # Other faults may follow from these.
        raise StudyError(unfilled)
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError([_not_toml(text, str(error))]) from None
    except RecursionError:
        raise StudyError([_beyond_limits(text, (), *setting_limits.TOO_DEEP)]) from None
    except ValueError:
        # Python refuses to parse numbers with that many digits.
        raise StudyError([_beyond_limits(text, (), *setting_limits.TOO_MANY_DIGITS)]) from None
    if limits := [_beyond_limits(text, *limit) for limit in beyond_limits(values)]:
        raise StudyError(limits)

    reserved = {"folder", "protocol_sha256"} & values.keys()
    settings = {key: value for key, value in values.items() if key not in reserved}
    try:
        study = Study.model_validate(
            {**settings, "folder": folder.resolve(), "protocol_sha256": protocol_sha256}
        )
    except ValidationError as error:
        raise StudyError(
            [_fault_of(dict(p), text) for p in error.errors() if not _follows(dict(p))]
            + [_unknown_key(text, (key,)) for key in sorted(reserved)]
        ) from None
    # Contradictions can only be checked once every measure is known.
    unfit = list(unknown_measures(study)) or contradictions(study)
    faults = [_unknown_key(text, (key,)) for key in sorted(reserved)] + [
        _contradiction(text, *words) for words in unfit
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


def _not_toml(text: str, error: str) -> Fault:
    found = re.search(r"line (\d+)", error)
    row = int(found.group(1)) if found else len(text.splitlines())
    line = text.splitlines()[row - 1] if row <= len(text.splitlines()) else ""
    problem, (expected, remedy) = setting_words.of_line(line, error)
    return Fault(
        file=PROTOCOL,
        row=row,
        problem=problem,
        found=line.strip(),
        expected=expected,
        remedy=remedy,
    )


def _follows(problem: dict[str, object]) -> bool:
    """Whether pydantic reports a list as too short only because its other entries were faulty."""
    given = problem["input"]
    return problem["type"] == "too_short" and isinstance(given, list | tuple) and len(given) > 0


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
    known = _known_keys(location)
    near = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.7)
    return Fault(
        file=PROTOCOL,
        row=line_of(text, location),
        column=dotted(location),
        problem=f"the key {location[-1]!r} is not known here",
        expected="one of " + ", ".join(known),
        remedy="mend the spelling, or take the line out"
        + (f": perhaps {near[0]} is meant" if near else ""),
    )


def _fault_of(problem: dict[str, object], text: str) -> Fault:
    """Turn one Pydantic error into a fault with its line."""
    location = tuple(part for part in problem["loc"] if isinstance(part, str | int))  # type: ignore[attr-defined]
    if problem["type"] == "extra_forbidden":
        return _unknown_key(text, location)
    missing = problem["type"] == "missing"
    words = (
        setting_words.of_missing(location) if missing else setting_words.of_value(problem, location)
    )
    return Fault(
        file=PROTOCOL,
        row=line_of(text, location[:-1] if missing else location),
        column=dotted(location),
        problem=f"the key {location[-1]!r} is missing" if missing else "the value is not usable",
        found=None if missing else _shown(problem["input"]),
        expected=words[0],
        remedy=words[1],
    )


def _shown(value: object) -> str:
    """A value as written in study.toml; for a table, its keys."""
    if isinstance(value, dict):
        return "a table with " + ", ".join(value)
    if isinstance(value, str):
        return repr(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _known_keys(location: Sequence[str | int]) -> list[str]:
    model: type[BaseModel] = Study
    for part in location[:-1]:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        annotation = model.model_fields[part].annotation
        for candidate in [annotation, *get_args(annotation)]:
            if isinstance(candidate, type) and issubclass(candidate, BaseModel):
                model = candidate
    return [key for key in model.model_fields if key not in {"folder", "protocol_sha256"}]


def _beyond_limits(
    text: str, location: Location, problem: str, expected: str, remedy: str
) -> Fault:
    """A fault for a value beyond the limits; without a location, a long number or deep nesting gives the
    line."""
    row = line_of(text, location) if location else None
    for number, line in enumerate(text.splitlines(), start=1):
        if row is None and _EXCESSIVE.search(line):
            row = number
    return Fault(
        file=PROTOCOL,
        row=row,
        column=dotted(location) or None,
        problem=problem,
        expected=expected,
        remedy=remedy,
    )


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
