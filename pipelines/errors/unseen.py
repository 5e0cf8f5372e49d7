"""Find invisible characters in a text, or spell them out.

A control character can move a terminal's cursor, a direction mark can reorder the text around it, and a
private-use character can be mistaken for one of this project's own markers.
"""

from __future__ import annotations

import re
import unicodedata

# Control, format (zero width, bidirectional, tags), private use, surrogate, unassigned, line and paragraph.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_JOINED_EMOJI = re.compile(r"(?<=[^\W\d_a-zA-Z]|[^\w\s])\u200d(?=[^\w\s])")


def unseen_in(text: str) -> list[str]:
    """The invisible characters of a text, except line ends, tabs and emoji joiners."""
    plain = _JOINED_EMOJI.sub("", text) if "\u200d" in text else text
    return sorted({c for c in plain if unicodedata.category(c) in _UNSEEN} - {"\n", "\r", "\t"})


def spelled_out(text: str) -> str:
    """The text on one line, with each invisible character written as its number: ⟨U+202E⟩."""
    if text.isprintable():
        return text
    return "".join(f"⟨U+{ord(c):04X}⟩" if unicodedata.category(c) in _UNSEEN else c for c in text)
