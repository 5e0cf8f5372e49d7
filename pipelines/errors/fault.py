"""Faults that an analyst can correct, and the exception that carries them. Other rooms find the faults."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.errors.unseen import spelled_out

# Limits keep the terminal readable; what is left out is always counted.
FAULTS_SHOWN = 40
PLACES_SHOWN = 3
_ALSO = re.compile(r" \(also in [^)]*\)")
_ROWS = re.compile(r"rows? \d[\d, ]*( and \d+ more)?")


@dataclass(frozen=True)
class Fault:
    """One problem at one place in one file, worded for the person who has to correct it.

    `may_pass`: it may go away by itself, so that a run is worth asking for again.

    `found` may quote the file, so only `for_analyst` shows it. `str()` of the exception, which Dagster
    stores, leaves it out. A value that could identify a pupil must never be put here.
    """

    file: str
    problem: str
    remedy: str
    row: int | None = None
    column: str | None = None
    found: str | None = None
    expected: str | None = None
    may_pass: bool = False

    def __post_init__(self) -> None:
        """Spell out invisible characters: a file name or cell could hold terminal control codes."""
        for name in ("file", "problem", "remedy", "column", "found", "expected"):
            text = getattr(self, name)
            if isinstance(text, str):
                object.__setattr__(self, name, spelled_out(text))

    @property
    def place(self) -> str:
        """File, row and column. Rows are counted as in a spreadsheet: the header is row 1."""
        parts = [self.file]
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def shareable(self) -> str:
        """One line that quotes nothing from the file."""
        return f"{self.place}: {self.problem}."

    def for_analyst(self) -> str:
        """The whole message, for the terminal of someone who may open the file."""
        lines = [f"{self.place}: {self.problem}."]
        if self.found is not None:
            lines.append(f"    found:    {self.found}")
        if self.expected is not None:
            lines.append(f"    expected: {self.expected}")
        lines.append(f"    to do:    {self.remedy}")
        return "\n".join(lines)

    @property
    def kind(self) -> tuple[str, str | None, str]:
        """Faults with the same kind are reported together: they differ only in rows and values found."""
        return _ROWS.sub("rows …", self.problem), self.expected, self.remedy


@dataclass(frozen=True)
class FaultKind:
    """Faults of one kind, in the order they were found."""

    faults: tuple[Fault, ...]

    def shareable(self) -> str:
        """One line that quotes nothing from the file."""
        first = self.faults[0]
        if len(self.faults) == 1:
            return first.shareable()
        places = "; ".join(fault.place for fault in self.faults[:PLACES_SHOWN])
        more = f"; and {self._n_more} more" if self._n_more else ""
        return f"{places}{more}: {first.problem} ({len(self.faults)} places)."

    def with_remedy(self) -> str:
        """What may be shared, and what to do."""
        return f"{self.shareable()}\n    to do: {self.faults[0].remedy}"

    def for_analyst(self) -> str:
        """The whole message: the common text once, then each place with what was found there."""
        first, *others = self.faults
        if not others:
            return first.for_analyst()
        is_one_problem = all(fault.problem == first.problem for fault in others)
        problem = first.problem if is_one_problem else _without_rows(first.problem)
        lines = [f"{len(self.faults)} places: {problem}."]
        begun, before = "    first:    ", ""
        for fault in self.faults[:PLACES_SHOWN]:
            # Do not repeat a long value such as a list of headings.
            is_long = len(fault.found or "") > 40 and fault.found == before
            found = "the same" if is_long else fault.found
            details = [
                *([] if is_one_problem else [fault.problem]),
                *([f"found {found}"] if found is not None else []),
            ]
            lines.append(f"{begun}{fault.place}" + (f": {', '.join(details)}" if details else ""))
            begun, before = " " * len(begun), fault.found or ""
        if self._n_more:
            lines.append(f"{begun}and {self._n_more} more")
        if first.expected is not None:
            lines.append(f"    expected: {first.expected}")
        lines.append(f"    to do:    {first.remedy}")
        return "\n".join(lines)

    @property
    def _n_more(self) -> int:
        """Places that are counted but not listed."""
        return max(len(self.faults) - PLACES_SHOWN, 0)


def _without_rows(problem: str) -> str:
    """The problem without the row numbers, which differ from fault to fault."""
    return _ROWS.sub("several rows", _ALSO.sub("", problem))


def kinds_of(faults: Iterable[Fault]) -> tuple[FaultKind, ...]:
    """Group faults by kind, in the order in which each kind was first found."""
    of_kind: dict[tuple[str, str | None, str], list[Fault]] = {}
    for fault in faults:
        of_kind.setdefault(fault.kind, []).append(fault)
    return tuple(FaultKind(tuple(found)) for found in of_kind.values())


class StudyError(Exception):
    """One or more faults that stop a study. It carries all of them and prints without a traceback."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        if not self.faults:
            raise ValueError("a StudyError carries at least one fault")
        super().__init__(self.shareable())

    def __reduce__(self) -> tuple[type[StudyError], tuple[tuple[Fault, ...]]]:
        return type(self), (self.faults,)

    def shareable(self) -> str:
        """Counts and places only: safe for logs, events and the Dagster page."""
        return self._joined([kind.shareable() for kind in kinds_of(self.faults)])

    def with_remedies(self) -> str:
        """The same, each kind of fault with what to do."""
        return self._joined([kind.with_remedy() for kind in kinds_of(self.faults)])

    def for_analyst(self) -> str:
        """Each kind of fault with its first places, what was found, what was expected and what to do."""
        return self._joined([kind.for_analyst() for kind in kinds_of(self.faults)])

    @staticmethod
    def _joined(messages: list[str]) -> str:
        hidden = len(messages) - FAULTS_SHOWN
        rest = [f"… and {hidden} more kinds of fault of the same run."] if hidden > 0 else []
        return "\n".join([*messages[:FAULTS_SHOWN], *rest])
