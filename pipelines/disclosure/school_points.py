"""Which schools' own points are withheld, so that the one left out cannot be told from a total."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def withheld_schools(
    says_too_much: frozenset[int], sides: Sequence[Mapping[int, int]]
) -> frozenset[int]:
    """The schools whose point would say too much, and others so that no side lacks exactly one.

    `sides` are the schools that stand together somewhere, with their pupils: what all of them have is
    released, so that one missing point is the total less the others. The next smallest goes with it.
    """
    withheld = set(says_too_much)
    is_settled = False
    while not is_settled:
        is_settled = True
        for side in sides:
            missing = withheld & side.keys()
            others = sorted(side.keys() - missing, key=lambda school: (side[school], school))
            if len(missing) == 1 and others:
                withheld.add(others[0])
                is_settled = False
    return frozenset(withheld)
