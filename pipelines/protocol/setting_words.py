"""Explains an invalid value of study.toml: what it should be, and what to write instead.

It turns the errors of Pydantic and tomllib into advice for an analyst. `study_file` finds the line.
"""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipelines.study.settings import Study

_DAY_FIRST = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d\d)")
_YEAR_FIRST = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?:[T ].*)?")
_YEARS = re.compile(r"(20\d\d)\s*[-/–]\s*(20)?(\d\d)")
_LINE = re.compile(r"\s*(?P<key>[\w.\"-]+)\s*=\s*(?P<value>[^#]*)")
_DATE = "a date without quotation marks, year first, as 2018-09-01"
_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
_MARKS = "a list in square brackets"

# Expectation and remedy.
Words = tuple[str, str]


def of_value(problem: Mapping[str, Any], location: Sequence[str | int]) -> Words:
    """For a value that Pydantic refuses: what is expected, the setting's description, and the remedy."""
    field = field_at(location)
    kind, value = str(problem["type"]), problem["input"]
    expected, remedy = _expected(kind, problem, value, field)
    about = " ".join((field.description or "").split()) if field is not None else ""
    if about and kind != "literal_error":
        expected += f" ({about[0].lower()}{about[1:].rstrip('.')})"
    return expected, remedy or "mend the value"


def of_missing(location: Sequence[str | int]) -> Words:
    """For a missing key or table."""
    field = field_at(location)
    name = str(location[-1])
    if len(location) == 1:
        header = f"[{name}]" if name == "study" else f"[[{name}]]"
        return f"a table {header}", "add it; `data_raw/example/study.toml` shows the form"
    about = (field.description or "").strip() if field is not None else ""
    return about or f"a value for {name}", "add it"


def field_at(location: Sequence[str | int]) -> FieldInfo | None:
    """The declaration of the setting at a location of study.toml, or None."""
    model: type[BaseModel] = Study
    field: FieldInfo | None = None
    for part in (part for part in location if isinstance(part, str)):
        if part not in model.model_fields:
            return field
        field = model.model_fields[part]
        model = next(
            (
                candidate
                for candidate in _classes(field.annotation)
                if issubclass(candidate, BaseModel)
            ),
            model,
        )
    return field


def _classes(annotation: object) -> list[type]:
    found = [annotation] if isinstance(annotation, type) else []
    return found + [each for arg in get_args(annotation) for each in _classes(arg)]


def _expected(
    kind: str, problem: Mapping[str, Any], value: object, field: FieldInfo | None
) -> tuple[str, str | None]:
    """What is expected, and the remedy if the value suggests one."""
    if kind.startswith("date"):
        day = day_of(str(value))
        return _DATE, f"write {day.isoformat()}" if day else None
    if kind == "literal_error":
        return _one_of(str(problem["ctx"]["expected"]), value)
    if kind == "string_pattern_mismatch":
        return _of_pattern(str(problem["ctx"]["pattern"]), str(value))
    if kind == "tuple_type" and isinstance(value, dict):
        name = str(problem["loc"][-1])
        header = ".".join(str(part) for part in problem["loc"] if isinstance(part, str))
        return (
            f"entries of {name}, each under a heading in two pairs of brackets",
            f"write [[{header}]]",
        )
    if kind == "tuple_type":
        return _MARKS, f'write ["{value}"]' if isinstance(value, str) else None
    if kind == "too_short":
        return "one or more", None
    if kind.startswith(("int_", "float_")):
        whole = kind.startswith("int_")
        wanted = "a whole number" if whole else "a number"
        is_text = isinstance(value, str)
        number = (
            _number_of(str(value), is_whole=whole, is_share=_is_share(field)) if is_text else None
        )
        return f"{wanted}, without quotation marks, commas or signs of money or percent", (
            f"write {number}" if number else None
        )
    if kind == "dict_type":
        return 'entries in braces, as { "heading in the file" = "RWMEXP" }', None
    if kind == "string_type" and "year" in str(problem["loc"]):
        return 'an academic year in quotation marks, as "2017-18"', None
    if kind == "string_type":
        return "text in quotation marks", f'write "{value}"' if isinstance(
            value, int | float
        ) else None
    if kind == "bool_type":
        return "true or false, without quotation marks", None
    if field is not None and (bounds := _bounds(field)):
        share = _share_of(value) if _is_share(field) else None
        return bounds, f"write {share}" if share else None
    return str(problem["msg"]).removeprefix("Value error, "), None


def _bounds(field: FieldInfo) -> str:
    metadata = [*field.metadata, *(m for a in get_args(field.annotation) for m in _metadata(a))]
    parts = [
        f"{words} {getattr(each, name):,.10g}"
        for name, words in _BOUNDS.items()
        for each in metadata
        if getattr(each, name, None) is not None
    ]
    return " and ".join(parts)


def _metadata(annotation: object) -> tuple[object, ...]:
    return tuple(getattr(annotation, "__metadata__", ())) + tuple(
        m for arg in get_args(annotation) for m in getattr(arg, "metadata", ())
    )


def _is_share(field: FieldInfo | None) -> bool:
    return field is not None and "share" in (field.description or "").casefold()


def _share_of(value: object) -> str | None:
    """A percentage as a share."""
    if isinstance(value, int | float) and 1 < value <= 100:
        return f"{value / 100:g}"
    return None


def _number_of(text: str, *, is_whole: bool, is_share: bool) -> str | None:
    """The number that a text with thousands commas, currency or percent signs means, in TOML's form."""
    plain = re.sub(r"[£$€\s'\"]", "", text)
    # As in data files, a group of three cannot follow a lone 0.
    if re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+(\.\d+)?", plain):
        plain = plain.replace(",", "")
    if is_share and re.fullmatch(r"\d+(\.\d+)?%", plain):
        return f"{float(plain[:-1]) / 100:g}"
    pattern = r"-?\d+" if is_whole else r"-?\d+(\.\d+)?"
    return plain if re.fullmatch(pattern, plain) else None


def _one_of(expected: str, value: object) -> tuple[str, str | None]:
    codes = re.findall(r"'([^']*)'", expected)
    code = re.sub(r"[\s-]+", "_", str(value).strip().casefold())
    near = difflib.get_close_matches(code, codes, n=3)
    if code in codes:
        near = [code]
    return "one of " + ", ".join(codes), (
        f'write "{near[0]}"'
        if near == [code]
        else f"mend the value: perhaps {' or '.join(near)} is meant"
        if near
        else None
    )


def _of_pattern(pattern: str, value: str) -> tuple[str, str | None]:
    if pattern.startswith("^20"):
        years = _YEARS.fullmatch(value.strip())
        written = f'write "{years.group(1)}-{years.group(3)}"' if years else None
        return "an academic year, as 2017-18", written
    if "a-z0-9" in pattern:
        name = re.sub(r"[^a-z0-9_-]+", "_", value.casefold()).strip("_-")
        return (
            "small letters, digits, - and _, a letter or digit first",
            f'write "{name}"' if name else None,
        )
    return "64 digits 0 to 9 and a to f, as sha256sum prints them", None


def day_of(text: str) -> dt.date | None:
    """The date that a text means, day before month as in the United Kingdom; None if it is no date."""
    text = text.strip().strip("\"'")
    if found := _DAY_FIRST.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
        year += 2000 if year < 100 else 0
    elif found := _YEAR_FIRST.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    else:
        return _day_in_words(text)
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _day_in_words(text: str) -> dt.date | None:
    for form in ("%d %B %Y", "%d %b %Y"):
        with suppress(ValueError):
            return dt.datetime.strptime(text, form).date()
    return None


# Errors of tomllib, and what they mean.
_SYNTAX = (
    ("Expected newline", "one value, and nothing after it but a # note"),
    ("Illegal character", "text that ends with a quotation mark on the same line"),
    ("Unclosed array", "a list that ends with ], its values parted by commas"),
    ("Invalid value", "text in straight quotation marks, a number, a date, true, false or a list"),
)


def of_line(line: str, error: str) -> tuple[str, Words]:
    """For a line that is not TOML: problem, expectation and remedy."""
    form = "mend that line; `data_raw/example/study.toml` shows the form"
    if "Cannot declare" in error or "Cannot overwrite" in error:
        return (
            "the key or table appears twice",
            (
                "each key once; tables of which there are several in two pairs of brackets, as [[programme]]",
                "take one of the two out, or put the second pair of brackets",
            ),
        )
    found = _LINE.match(line)
    if found is None:
        return (
            "the line is not valid TOML, or a bracket or quotation mark above it is not closed",
            ("key = value, or a [table]", "mend that line or the one above it"),
        )
    value = found["value"].strip()
    if years := _YEARS.fullmatch(value):
        written = f'write {found["key"]} = "{years.group(1)}-{years.group(3)}"'
        return "the text has no quotation marks", ("an academic year, as 2017-18", written)
    if value in {"True", "False", "TRUE", "FALSE", "yes", "no"}:
        written = "true" if value.casefold() in {"true", "yes"} else "false"
        return (
            "the value is not usable",
            ("true or false, in small letters", f"write {found['key']} = {written}"),
        )
    if re.fullmatch(r"[“”„‘’].*[“”‘’]", value):
        return (
            "the quotation marks are curly",
            ("straight quotation marks", f'write {found["key"]} = "{value[1:-1]}"'),
        )
    if re.fullmatch(r"['\"]?[\d/.-]{6,10}['\"]?", value) and ("/" in value or "-" in value):
        day = day_of(value)
        is_day = f"write {found['key']} = {day}" if day else "mend it: there is no such day"
        return "the date is not written as TOML writes dates", (_DATE, is_day)
    number = _number_of(value, is_whole=False, is_share="share" in found["key"])
    if number is not None:
        return (
            "the number is not written as TOML writes numbers",
            ("a number without commas or signs of money or percent", f"write {found['key']} = {number}"),
        )  # fmt: skip
    if re.fullmatch(r"\d+,\d+", value):
        return "the number has a decimal comma", ("a decimal point, as 0.7", form)
    if re.fullmatch(r"[A-Za-z][^\"'\[\]{}]*", value):
        return (
            "the text has no quotation marks",
            ("text in quotation marks", f'write {found["key"]} = "{value}"'),
        )
    expected = next((words for part, words in _SYNTAX if part in error), "a line of valid TOML")
    return "the line is not valid TOML", (expected, form)
