"""The faults an analyst can mend, and the exception that carries them. Nothing here finds a fault."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

# A terminal stays readable; the count of the rest is always printed.
FAULTS_SHOWN = 40


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
        shown = [fault.shareable() for fault in self.faults[:FAULTS_SHOWN]]
        return "\n".join([*shown, *self._rest()])

    def for_analyst(self) -> str:
        """Every fault with what was found, what was expected and what to do."""
        shown = [fault.for_analyst() for fault in self.faults[:FAULTS_SHOWN]]
        return "\n".join([*shown, *self._rest()])

    def _rest(self) -> list[str]:
        hidden = len(self.faults) - FAULTS_SHOWN
        return [f"… and {hidden} more of the same run."] if hidden > 0 else []
