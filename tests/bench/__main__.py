"""Measure times and memory, and print one table of them beside what was measured last.

`make bench` measures everything, `make bench ONLY="cells pack"` some groups. `RECORD=1` writes the figures to
`figures.csv` and the table to CONTRIBUTING.md. pytest collects none: a machine's speed is no promise.
"""

from __future__ import annotations

import argparse
import os
import platform

from tests.bench import cells, figures, pack, randomisation, runs, scale, validation

GROUPS = {
    "runs": runs,
    "pack": pack,
    "scale": scale,
    "validation": validation,
    "cells": cells,
    "randomisation": randomisation,
}


def main() -> None:
    """Measure the groups that were asked for, print their table, and record them if asked."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="group", help=", ".join(GROUPS))
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    if unknown := set(options.groups) - set(GROUPS):
        parser.error(f"no such group: {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    last = figures.read() if figures.LAST.exists() else []
    now = [figure for group in options.groups or GROUPS for figure in GROUPS[group].take_figures()]
    print(figures.as_table(now, last))
    print(
        f"\n{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}. "
        f"Slower by more than a tenth: {len(figures.slower(now, last))} of {len(now)}."
    )
    if options.record:
        paper = figures.PAPER.read_text(encoding="utf-8")
        recorded = figures.record(now, [group.GROUP for group in GROUPS.values()])
        figures.PAPER.write_text(figures.paper_with(paper, recorded), encoding="utf-8")


if __name__ == "__main__":
    main()
