"""Attack invented studies and report: `python -m tests.disclosure --studies 160`, `make attack`.

Nine in sixteen have 6 to 16 schools, the others 20 to 60. `make test` attacks those that hide most.
"""

from __future__ import annotations

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from tests.disclosure.attacker import worked_out
from tests.disclosure.invented import AS_IN_A_CITY, invent
from tests.disclosure.test_attack import SCHOOLS_OF_A_CITY, released_of, truths_of


class Attacked(NamedTuple):
    """One study: how many figures were withheld in it, and what was worked out."""

    seed: int
    is_city: bool
    n_withheld: int
    found: tuple[str, ...]


def attacked(seed: int, is_city: bool) -> Attacked:
    """Release an invented study and attack it."""
    study = invent(seed, SCHOOLS_OF_A_CITY, AS_IN_A_CITY) if is_city else invent(seed)
    n_withheld, found = 0, []
    with study.store() as con:
        release = released_of(con)
        for truth in truths_of(con):
            n_withheld += len(list(release.withheld(truth)))
            found += worked_out(truth, [release])
    return Attacked(seed, is_city, n_withheld, tuple(found))


def main() -> int:
    """Return exit status 1 if anything was worked out."""
    parser = argparse.ArgumentParser(prog="python -m tests.disclosure", description=__doc__)
    parser.add_argument("--studies", type=int, default=160, help="how many to attack")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="studies at a time")
    asked = parser.parse_args()
    n_small = asked.studies * 9 // 16
    studies = [(seed, False) for seed in range(n_small)]
    studies += [(seed, True) for seed in range(asked.studies - n_small)]
    with ProcessPoolExecutor(asked.workers, mp_context=get_context("fork")) as pool:
        told = list(pool.map(attacked, *zip(*studies, strict=True)))
    for each in told:
        for name in each.found:
            kind = "of a city's size" if each.is_city else "small"
            print(f"seed {each.seed} ({kind}): worked out {name}")
    n_disclosed = sum(bool(each.found) for each in told)
    print(
        f"{len(told)} studies attacked ({n_small} small, {len(told) - n_small} of a city's size), "
        f"{sum(each.n_withheld for each in told)} withheld figures: "
        f"something was worked out in {n_disclosed}."
    )
    return int(n_disclosed > 0)


if __name__ == "__main__":
    sys.exit(main())
