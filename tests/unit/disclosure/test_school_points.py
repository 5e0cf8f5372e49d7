"""Single schools' points: one missing alone is the total less the others."""

import pytest

from pipelines.disclosure.school_points import withheld_schools


@pytest.mark.parametrize(
    ("says_too_much", "sides", "withheld"),
    [
        (set(), [{1: 9, 2: 9}], set()),
        ({1}, [{1: 3, 2: 9, 3: 7}], {1, 3}),
        ({1, 2}, [{1: 3, 2: 4, 3: 7}], {1, 2}),
        ({1}, [{1: 3}], {1}),
        # Its neighbour's other programme then lacks one too.
        ({1}, [{1: 3, 2: 7}, {2: 7, 3: 8, 4: 9}], {1, 2, 3}),
        ({1}, [{1: 3, 2: 7, 3: 7}], {1, 2}),
    ],
)
def test_no_side_lacks_exactly_one(says_too_much, sides, withheld):
    assert withheld_schools(frozenset(says_too_much), sides) == withheld
