"""Plants faults in a copy of a study's folder."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

SHA256_LINE = re.compile(r'^sha256 = "[0-9a-f]{64}"\n', re.M)


class Plant:
    """A study folder to plant faults in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def protocol(self, old: str, new: str) -> int:
        """Replace text in study.toml; returns the line of the new text."""
        path = self.folder / "study.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return text[: text.index(old)].count("\n") + 1

    def unregister(self) -> None:
        """Remove the checksums from study.toml, because files will be changed."""
        path = self.folder / "study.toml"
        path.write_text(SHA256_LINE.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")

    def table(self, file: str, change: Callable[[list[list[str]]], None]) -> None:
        """Change the rows of a file (the first is the heading), registered or not."""
        self.unregister()
        path = self.folder / file
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
        change(rows)
        with path.open("w", encoding="utf-8", newline="") as lines:
            csv.writer(lines, lineterminator="\n").writerows(rows)

    def cells(self, file: str, cells: dict[tuple[int, str], str]) -> None:
        """Write cells at (row as in a spreadsheet, heading)."""

        def change(rows: list[list[str]]) -> None:
            for (row, heading), text in cells.items():
                rows[row - 1][rows[0].index(heading)] = text

        self.table(file, change)

    def cell(self, file: str, row: int, heading: str) -> str:
        with (self.folder / file).open(encoding="utf-8", newline="") as lines:
            rows = list(csv.reader(lines))
        return rows[row - 1][rows[0].index(heading)]
