"""Run a fleet of random studies and report: `python -m tests.fleet --studies 1000`, `make fleet`.

To repeat one study and keep its folder and outputs: `python -m tests.fleet --seed 123 --keep /tmp/study`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from tests.fleet.files import write_study
from tests.fleet.fleet import StudyResult, judge, many
from tests.fleet.running import run
from tests.fleet.seeds import draw_study


def main() -> int:
    """Return exit status 1 if any study failed or drew an objection."""
    parser = argparse.ArgumentParser(prog="python -m tests.fleet", description=__doc__)
    parser.add_argument("--studies", type=int, default=1000, help="how many to run")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first seed")
    parser.add_argument(
        "--seed", type=int, help="this study alone, in this process, with its traceback"
    )
    parser.add_argument("--keep", type=Path, help="with --seed: the folder to leave the study in")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="studies at a time")
    asked = parser.parse_args()
    if asked.seed is not None:
        return _replay(asked.seed, asked.keep)
    # Imported once, before a process is forked for each study.
    import pipelines.charts.methods  # noqa: F401, PLC0415

    told = []
    for each in many(range(asked.first, asked.first + asked.studies), asked.workers):
        told.append(each)
        if not each.is_sound:
            print(
                f"seed {each.seed}: {each.failure or f'{len(each.objections)} objections'}",
                flush=True,
            )
            for said in each.objections[:5]:
                print(f"    {said}", flush=True)
    print(report(told))
    return int(not all(each.is_sound for each in told))


def report(told: list[StudyResult]) -> str:
    """Text report: numbers of studies, what they covered, objections, and failures by kind with seeds."""
    lines = [
        f"\n{len(told)} studies, {sum(t.is_sound for t in told)} sound; "
        f"{sum(t.seconds for t in told) / max(1, len(told)):.1f} seconds of processor each."
    ]
    reached = Counter(what for t in told for what in t.reached)
    lines += [f"  {n:5} {what}" for what, n in sorted(reached.items())]
    kinds: dict[str, list[int]] = {}
    for each in sorted(told, key=lambda t: t.seed):
        for said in {each.failure[:60]} - {""} | {
            said.partition(":")[0] for said in each.objections
        }:
            kinds.setdefault(said, []).append(each.seed)
    lines += [f"{len(seeds)} studies: {said}: seeds {seeds[:12]}" for said, seeds in kinds.items()]
    return "\n".join(lines)


def _replay(seed: int, keep: Path | None) -> int:
    if keep is None:
        (told,) = many([seed], 1)
        print(told.failure or "\n".join(told.objections) or f"seed {seed}: sound")
        return int(not told.is_sound)
    folder = write_study(draw_study(seed), keep)
    print(draw_study(seed))
    made = run(folder)
    out = keep / "outputs"
    out.mkdir()
    (out / "index.html").write_text(made.html, encoding="utf-8")
    (out / "technical.html").write_text(made.report, encoding="utf-8")
    for name, document in zip(("board", "technical"), made.documents, strict=True):
        (out / f"{name}.pdf").write_bytes(document)
    for name, table in made.tables.items():
        table.to_csv(out / f"{name}.csv", index=False)
    for chart in made.charts:
        (out / f"{chart.name}.svg").write_bytes(chart.svg)
    said = judge(made)
    print("\n".join(said) or f"seed {seed}: sound")
    return int(bool(said))


if __name__ == "__main__":
    sys.exit(main())
