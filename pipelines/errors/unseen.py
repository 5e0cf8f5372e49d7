"""Characters that are not seen: which a text holds, and a text with them spelled out.

A control character moves a terminal's cursor, a mark of direction turns what stands beside it round, and one
of the private use area may be taken for a mark of this project's own.
"""

from __future__ import annotations

import re
import unicodedata

# Control, format (zero width, bidirectional, tags), private use, surrogate, unassigned, line and paragraph.
_UNSEEN = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_JOINED_EMOJI = re.compile(r"(?<=[^\W\d_a-zA-Z]|[^\w\s])\u200d(?=[^\w\s])")


def unseen_in(text: str) -> list[str]:
    """The characters of a text that are not seen, but for line ends, tabs and what joins an emoji."""
    plain = _JOINED_EMOJI.sub("", text) if "\u200d" in text else text
    return sorted({c for c in plain if unicodedata.category(c) in _UNSEEN} - {"\n", "\r", "\t"})


def spelled_out(text: str) -> str:
    """A text on one line, each character that is not seen as its number: ⟨U+202E⟩."""
    if text.isprintable():
        return text
    return "".join(f"⟨U+{ord(c):04X}⟩" if unicodedata.category(c) in _UNSEEN else c for c in text)
