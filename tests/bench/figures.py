"""Figures of time and memory: kept in `figures.csv`, compared with the last ones, shown as a table.

How they are measured is in the other modules of this folder.
"""

from __future__ import annotations

import csv
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pipelines.study.paths import PROJECT
from tests.bench.processes import Measured

LAST = Path(__file__).with_name("figures.csv")
PAPER = PROJECT / "CONTRIBUTING.md"
# A figure that takes more than this many times what it took last is flagged.
SLOWER = 1.1


@dataclass(frozen=True)
class Spread:
    """Median and range of several turns."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of one or more values."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, form: str) -> str:
        """As text: the median, and the range if there was more than one turn."""
        if self.low == self.high:
            return f"{self.median:{form}}"
        return f"{self.median:{form}} ({self.low:{form}}–{self.high:{form}})"


@dataclass(frozen=True)
class Figure:
    """What one process took: seconds, processor seconds, MB at its peak (0: not measured).

    `times` is its processor seconds over those of `against`, another figure of its group, within one turn.
    """

    group: str
    name: str
    n_turns: int
    seconds: Spread
    processor: Spread
    peak_mb: float
    times: Spread
    against: str


def figures_of(
    group: str, taken: Mapping[str, Sequence[Measured]], against: Mapping[str, str] | None = None
) -> list[Figure]:
    """Figures of processes that took turns; `against` says what a process is compared with, if not itself."""
    figures = []
    for name, turns in taken.items():
        other = (against or {}).get(name, name)
        ratios = [
            one.processor_seconds / its.processor_seconds
            for one, its in zip(turns, taken[other], strict=True)
        ]
        figures.append(
            Figure(
                group,
                name,
                len(turns),
                Spread.of([one.seconds for one in turns]),
                Spread.of([one.processor_seconds for one in turns]),
                statistics.median(one.peak_mb for one in turns),
                Spread.of(ratios),
                "" if other == name else other,
            )
        )
    return figures


def slower(now: Sequence[Figure], last: Sequence[Figure]) -> dict[tuple[str, str], float]:
    """Processor seconds over the last ones, of figures that got slower by more than a tenth."""
    before = {(one.group, one.name): one.processor.median for one in last}
    ratios = {
        (one.group, one.name): one.processor.median / before[one.group, one.name]
        for one in now
        if before.get((one.group, one.name))
    }
    return {name: ratio for name, ratio in ratios.items() if ratio > SLOWER}


def as_table(now: Sequence[Figure], last: Sequence[Figure] = ()) -> str:
    """Markdown; with `last`, also the processor seconds of then, and what got slower."""
    heads = [
        "Process",
        "Seconds: median (range)",
        "Processor seconds",
        "Peak memory",
        "Times, and of what",
    ]
    before = {(one.group, one.name): one for one in last}
    flagged = slower(now, last)
    if last:
        heads.append("Processor seconds last time")
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    group = ""
    for one in now:
        if one.group != group:
            group = one.group
            lines.append(f"| **{group}** {'| ' * (len(heads) - 1)}|")
        form = ".1f" if one.processor.median >= 10 else ".2f"
        cells = [
            one.name,
            one.seconds.text(form),
            one.processor.text(form),
            f"{one.peak_mb:,.0f} MB" if one.peak_mb else "",
            f"{_times(one.times)}, {one.against}" if one.against else "",
        ]
        if last:
            key = (one.group, one.name)
            then = before[key].processor.text(form) if key in before else "not measured"
            cells.append(
                f"{then}: **slower**, {flagged[key]:.2f} times" if key in flagged else then
            )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def read(file: Path = LAST) -> list[Figure]:
    """Figures as they were last recorded, in their order."""
    with file.open(encoding="utf-8", newline="") as opened:
        return [_figure(row) for row in csv.DictReader(opened)]


def record(now: Sequence[Figure], groups: Sequence[str], file: Path = LAST) -> list[Figure]:
    """Write figures over the last ones of the same groups, and keep the other `groups`, in their order.

    Returns all, as they will be read.
    """
    measured = {one.group for one in now}
    last = read(file) if file.exists() else []
    figures = [
        one
        for group in groups
        for one in (now if group in measured else last)
        if one.group == group
    ]
    rows = [_row(one) for one in figures]
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return read(file)


def paper_with(text: str, figures: Sequence[Figure]) -> str:
    """A paper's text with its table, which begins with the head of `as_table`, made anew from figures."""
    table = as_table(figures)
    head = re.escape(table.splitlines()[0])
    return re.sub(rf"^{head}\n(?:\|.*\n)*", lambda _: f"{table}\n", text, flags=re.MULTILINE)


def _row(figure: Figure) -> dict[str, object]:
    row: dict[str, object] = {}
    for name, value in asdict(figure).items():
        if isinstance(value, dict):
            row |= {f"{name}_{part}": f"{number:.4g}" for part, number in value.items()}
        else:
            row[name] = f"{value:.0f}" if name == "peak_mb" else value
    return row


def _figure(row: Mapping[str, str]) -> Figure:
    spreads = {
        name: Spread(*(float(row[f"{name}_{part.name}"]) for part in fields(Spread)))
        for name in ("seconds", "processor", "times")
    }
    return Figure(
        row["group"], row["name"], int(row["n_turns"]), peak_mb=float(row["peak_mb"]),
        against=row["against"], **spreads,
    )  # fmt: skip


def _times(times: Spread) -> str:
    return times.text(".1f" if times.median < 100 else ",.0f")
