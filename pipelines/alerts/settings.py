"""Reads `data_marts/alerts.toml`: who is told of a failed evaluation, and how. By default nobody is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors.fault import Fault, StudyError
from pipelines.study.toml_lines import dotted, line_of

FILE = "alerts.toml"
_REMEDY = "mend it, or take it out; data_marts/README.md shows a whole file"


def _address(text: str) -> str:
    name, at, domain = text.partition("@")
    if not (text.isascii() and text.isprintable() and name and at and domain and " " not in text):
        raise ValueError("an e-mail address, as data.team@example.org")
    return text


def _web_address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not text.isascii():
        raise ValueError("a web address that begins with https:// or http://")
    return text


Address = Annotated[str, AfterValidator(_address)]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Email(_Settings):
    """An e-mail by SMTP. `password_file` holds the password alone, so that this file need not."""

    server: str = Field(min_length=1)
    sender: Address
    to: list[Address] = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password_file: str | None = None


class Webhook(_Settings):
    """A web address that takes a message as JSON."""

    url: Annotated[str, AfterValidator(_web_address)]


class Alerts(_Settings):
    """What to do when an evaluation fails. Everything that is set is done."""

    also_evaluate: bool = False
    command: list[str] = Field(default=[])
    email: Email | None = None
    webhook: Webhook | None = None


def read_alerts(data_marts: Path) -> Alerts | None:
    """The setting beside the outputs, or None if there is no such file.

    Raises StudyError with every fault of the file.
    """
    path = data_marts / FILE
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        raise StudyError([_fault("cannot be read", "UTF-8 text that you may read")]) from None
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise StudyError([_fault(f"is not TOML: {error}", "lines as in the example")]) from None
    try:
        alerts = Alerts.model_validate(values)
    except ValidationError as error:
        raise StudyError([_fault_of(problem["loc"], problem["type"], problem["msg"], text)
                          for problem in error.errors()]) from None  # fmt: skip
    if not (alerts.command or alerts.email or alerts.webhook):
        raise StudyError([_fault("names nobody to tell", "a command, [email] or [webhook]")])
    return alerts


def _fault_of(location: tuple[str | int, ...], kind: str, message: str, text: str) -> Fault:
    """A fault of one key. What was written there may be secret, and is not quoted."""
    if kind == "extra_forbidden":
        problem, expected = f"the key {location[-1]!r} is not known here", "a key of the example"
    elif kind == "missing":
        problem, expected = f"the key {location[-1]!r} is missing", "a value for it"
    else:
        problem = "the value is not usable"
        expected = message.removeprefix("Value error, ").removeprefix("Input should be ")
    row = line_of(text, location[:-1] if kind == "missing" else location)
    return _fault(problem, expected, row, dotted(location))


def _fault(problem: str, expected: str, row: int | None = None, column: str | None = None) -> Fault:
    return Fault(
        file=FILE, problem=problem, expected=expected, remedy=_REMEDY, row=row, column=column
    )
