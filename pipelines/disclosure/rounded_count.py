"""Counts to the nearest ten beside a share: whether together they still say too much.

Two releases of one group differ by the pupils that were added, taken out or marked again. Shown exactly, both
would tell those few pupils' results; so what is shown of both is rounded, and a share that fits only one
number of pupils within its ten is not shown.
"""

from __future__ import annotations

import math

STEP = 10


def counts_that_fit(n_rounded: int, share: float, decimals: int) -> tuple[int, ...]:
    """The numbers of pupils that round to `n_rounded` and of whom some whole number is `share` of all.

    `share` is 0 to 1, rounded to `decimals`; halves are rounded up.
    """
    half = 0.5 / 10**decimals
    return tuple(
        n
        for n in range(max(1, n_rounded - STEP // 2), n_rounded + STEP // 2)
        if math.ceil((share - half) * n - 1e-9) < (share + half) * n - 1e-9
    )


def is_vague(n_rounded: int, share: float, decimals: int, minimum_cell: int) -> bool:
    """Whether the numbers of pupils that fit lie as far apart as a figure that is withheld has to."""
    fitting = counts_that_fit(n_rounded, share, decimals)
    return bool(fitting) and fitting[-1] - fitting[0] >= minimum_cell - 1
