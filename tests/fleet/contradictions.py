"""Words, charts and tables of one study held against each other: no two of them may say different things."""

from __future__ import annotations

from collections.abc import Iterator

from tests.fleet.recount import Recount
from tests.fleet.running import Made


def contradictions(made: Made, recount: Recount) -> list[str]:
    """Everything a study says that something else in it denies."""
    return [said for check in CHECKS for said in check(made, recount)]


def no_word_of_a_machine(made: Made, _: Recount) -> Iterator[str]:
    """No code, blank of a program or unfilled place reaches a reader."""
    for word in ("nan", "None", "NaT", "<NA>", "inf"):
        if f">{word}<" in made.html or f" {word} " in made.html:
            yield f"words: {word!r} stands on the page"


CHECKS = (no_word_of_a_machine,)
