"""Where a key stands in a TOML text, and how a reader calls it. What is wrong with it is `study`'s to say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_BLANK = re.compile(r"\s*(?P<key>[\w-]+)\s*=[^#]*‹(?P<about>[^›]*)›")


def dotted(location: Sequence[str | int]) -> str:
    """`programme[2].measure[1].name`: entries counted from one, as a reader counts them."""
    words = ""
    for part in location:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return words.lstrip(".")


def blanks(text: str) -> Iterator[tuple[int, str, str]]:
    """Places nobody has filled in yet: line, key, and what stands between the marks ‹ and ›."""
    for number, line in enumerate(text.splitlines(), start=1):
        if found := _BLANK.match(line):
            yield number, found["key"], found["about"]


def line_of(text: str, location: Sequence[str | int]) -> int | None:
    """The line of a key in the TOML text: the nth header of its table, then the key within it.

    Enough for the files people write (`[table]`, `[[table]]`, `key = …`); None where it cannot tell.
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
            # As `key =`, or with the keys under it on the same line: `columns."% met" =`.
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
