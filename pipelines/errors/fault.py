"""The faults an analyst can mend, and the exception that carries them. Nothing here finds a fault."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.errors.unseen import spelled_out

# A terminal stays readable; the count of the rest is always printed.
FAULTS_SHOWN = 40
# Of faults of one kind, how many places are named.
PLACES_SHOWN = 3
_ALSO = re.compile(r" \(also in [^)]*\)")
_ROWS = re.compile(r"rows? \d[\d, ]*( and \d+ more)?")


@dataclass(frozen=True)
class Fault:
    """One thing wrong with one place in one file, in the words of the person who has to mend it.

    `found` may hold what stands in the file, so it is shown at the analyst's own terminal only: `str()`
    of the exception, which Dagster stores, leaves it out. A value that could identify a pupil is never
    put here at all.
    """

    file: str
    problem: str
    remedy: str
    row: int | None = None
    column: str | None = None
    found: str | None = None
    expected: str | None = None

    def __post_init__(self) -> None:
        """Spell out what is not seen: a file's name or cell may hold what orders a terminal about."""
        for name in ("file", "problem", "remedy", "column", "found", "expected"):
            text = getattr(self, name)
            if isinstance(text, str):
                object.__setattr__(self, name, spelled_out(text))

    @property
    def place(self) -> str:
        """Where to look: file, row as a spreadsheet counts it (the header is row 1), column."""
        parts = [self.file]
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def shareable(self) -> str:
        """One line without anything that was found in the file."""
        return f"{self.place}: {self.problem}."

    def for_analyst(self) -> str:
        """The whole message, for the terminal of the person who may open the file."""
        lines = [f"{self.place}: {self.problem}."]
        if self.found is not None:
            lines.append(f"    found:    {self.found}")
        if self.expected is not None:
            lines.append(f"    expected: {self.expected}")
        lines.append(f"    to do:    {self.remedy}")
        return "\n".join(lines)

    @property
    def kind(self) -> tuple[str, str | None, str]:
        """Of one cause, told once: the same but for the rows and for what was found there."""
        return _ROWS.sub("rows …", self.problem), self.expected, self.remedy


@dataclass(frozen=True)
class FaultKind:
    """Faults of one kind, in the order they were found."""

    faults: tuple[Fault, ...]

    def shareable(self) -> str:
        """As `Fault.shareable`: one line, whatever was found left out."""
        first = self.faults[0]
        if len(self.faults) == 1:
            return first.shareable()
        places = "; ".join(fault.place for fault in self.faults[:PLACES_SHOWN])
        more = f"; and {self._n_more} more" if self._n_more else ""
        return f"{places}{more}: {first.problem} ({len(self.faults)} places)."

    def for_analyst(self) -> str:
        """As `Fault.for_analyst`: what is the same is said once, what was found with its place."""
        first, *others = self.faults
        if not others:
            return first.for_analyst()
        is_one_problem = all(fault.problem == first.problem for fault in others)
        problem = first.problem if is_one_problem else _without_rows(first.problem)
        lines = [f"{len(self.faults)} places: {problem}."]
        begun, before = "    first:    ", ""
        for fault in self.faults[:PLACES_SHOWN]:
            # A list of headings is not printed again.
            is_long = len(fault.found or "") > 40 and fault.found == before
            found = "the same" if is_long else fault.found
            said = [
                *([] if is_one_problem else [fault.problem]),
                *([f"found {found}"] if found is not None else []),
            ]
            lines.append(f"{begun}{fault.place}" + (f": {', '.join(said)}" if said else ""))
            begun, before = " " * len(begun), fault.found or ""
        if self._n_more:
            lines.append(f"{begun}and {self._n_more} more")
        if first.expected is not None:
            lines.append(f"    expected: {first.expected}")
        lines.append(f"    to do:    {first.remedy}")
        return "\n".join(lines)

    @property
    def _n_more(self) -> int:
        """How many places are counted and not named."""
        return max(len(self.faults) - PLACES_SHOWN, 0)


def _without_rows(problem: str) -> str:
    """A problem as all faults of its kind have it: each has rows of its own."""
    return _ROWS.sub("several rows", _ALSO.sub("", problem))


def kinds_of(faults: Iterable[Fault]) -> tuple[FaultKind, ...]:
    """Faults by kind, in the order in which each kind was first found."""
    of_kind: dict[tuple[str, str | None, str], list[Fault]] = {}
    for fault in faults:
        of_kind.setdefault(fault.kind, []).append(fault)
    return tuple(FaultKind(tuple(found)) for found in of_kind.values())


class StudyError(Exception):
    """One or more faults that stop a study. Carries all of them; prints without a traceback."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        if not self.faults:
            raise ValueError("a StudyError carries at least one fault")
        super().__init__(self.shareable())

    def __reduce__(self) -> tuple[type[StudyError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)

    def shareable(self) -> str:
        """Counts and places only: safe for a log, an event, the Dagster page."""
        return self._told([kind.shareable() for kind in kinds_of(self.faults)])

    def for_analyst(self) -> str:
        """Every kind of fault with its first places: what was found, what was expected and what to do."""
        return self._told([kind.for_analyst() for kind in kinds_of(self.faults)])

    @staticmethod
    def _told(messages: list[str]) -> str:
        hidden = len(messages) - FAULTS_SHOWN
        rest = [f"… and {hidden} more kinds of fault of the same run."] if hidden > 0 else []
        return "\n".join([*messages[:FAULTS_SHOWN], *rest])
