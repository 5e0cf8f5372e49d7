"""Find the line of a key in a TOML text, and write the key as a reader would."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_BLANK = re.compile(r"\s*(?P<key>[\w-]+)\s*=[^#]*‹(?P<about>[^›]*)›")


def dotted(location: Sequence[str | int]) -> str:
    """`programme[2].measure[1].name`: entries are counted from one."""
    words = ""
    for part in location:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return words.lstrip(".")


def blanks(text: str) -> Iterator[tuple[int, str, str]]:
    """Placeholders not yet filled in: line, key, and the text between ‹ and ›."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _BLANK.match(line):
            yield number, found["key"], found["about"]


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    """The line of a key: the nth header of its table, then the key within it.

    It understands the usual forms (`[table]`, `[[table]]`, `key = …`) and returns None for others.
    """
    lines = text.splitlines()
    start, end = 0, len(lines)
    names: list[str] = []
    found: int | None = None
    for index, part in enumerate(location):
        if isinstance(part, int):
            continue
        names.append(part)
        name = re.escape(".".join(names))
        nth = location[index + 1] if index + 1 < len(location) else None
        nth = nth if isinstance(nth, int) else 0
        header = re.compile(rf"^\s*\[{{1,2}}\s*{name}\s*\]{{1,2}}")
        other = re.compile(rf"^\s*\[{{1,2}}(?!\[|\s*{name}\s*\.)")
        headers = [number for number in range(start, end) if header.match(lines[number])]
        if headers:
            if nth >= len(headers):
                return found
            start = headers[nth]
            end = next((n for n in range(start + 1, end) if other.match(lines[n])), end)
            found = start + 1
        else:
            # `key =`, or a dotted key: `columns."% met" =`.
            rest = [p for p in location[index:] if isinstance(p, str)]
            whole = r"\s*\.\s*".join(_quoted_or_not(name) for name in rest)
            key = re.compile(rf"^\s*(?:{_quoted_or_not(part)}|{whole})\s*=")
            keys = [number for number in range(start, end) if key.match(lines[number])]
            if not keys:
                return found
            start, end, found = keys[0], keys[0] + 1, keys[0] + 1
    return found


def _quoted_or_not(name: str) -> str:
    return rf"[\"']?{re.escape(name)}[\"']?"
