"""Tables worked out by hand: which figures go with a small one, and what is left to guess."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipelines.disclosure.inference import (
    Block,
    Rules,
    Sum,
    Target,
    Truth,
    are_safe,
    intervals,
    targets,
)
from pipelines.disclosure.suppression import withhold

RULES = Rules(6)


def table(cells: list[list[int]], *, loss: list[list[float]] | None = None) -> Block:
    """A two-way table, its margins and its total, each a count that could be withheld.

    Places go through the cells by row, then row totals, column totals, the grand total.
    """
    truth = np.array(cells, dtype=float)
    n_rows, n_columns = truth.shape
    one = np.eye(truth.size).reshape(n_rows, n_columns, truth.size)
    sums = [*one.reshape(-1, truth.size), *one.sum(axis=1), *one.sum(axis=0), one.sum(axis=(0, 1))]
    losses = np.array(loss, dtype=float).ravel() if loss else np.ones(truth.size)
    margins = np.full(len(sums) - truth.size, 1000.0)
    return Block(
        sums=tuple(
            Sum(of=of, truth=0, has_meeting=False, loss=float(lost), places=(place,))
            for place, (of, lost) in enumerate(zip(sums, [*losses, *margins], strict=True))
        ),
        truths=(Truth("points", truth.ravel(), np.full(truth.size, 9)),),
        school_class=np.arange(truth.size),
        is_special_need=np.zeros(truth.size, dtype=bool),
        links=np.empty((0, truth.size)),
    )


def hidden_of(block: Block, places: set[int]) -> np.ndarray:
    return np.array([bool(places & set(s.places)) for s in block.sums])


def ends(block: Block, place: int, hidden: set[int]) -> tuple[float, float]:
    of = block.sums[place].of
    value = float(of @ block.truths[0].n_pupils)
    target = Target(of, 0, "n_pupils", value, RULES.is_small(value))
    return intervals(block, RULES, [target], hidden_of(block, hidden))[0]


def test_a_cell_alone_withheld_is_the_total_less_the_others():
    block = table([[3, 20, 20], [20, 20, 20], [20, 20, 20]])
    assert ends(block, 0, {0}) == pytest.approx((3, 3))


def test_four_cells_at_the_corners_of_a_rectangle_bound_each_other():
    """Willenborg and de Waal (2001): each can move by what the least of the others allows."""
    block = table([[3, 7, 20], [20, 2, 20], [20, 20, 20]])
    assert ends(block, 0, {0, 1, 3, 4}) == pytest.approx((3 - 2, 3 + 7))
    assert ends(block, 1, {0, 1, 3, 4}) == pytest.approx((0, 7 + 2))


def test_the_rectangle_of_least_loss_goes_with_a_small_cell():
    """Any of four rectangles would do; one of them is missed least."""
    loss = [[1, 9, 2], [9, 9, 9], [3, 9, 4]]
    plan = withhold(table([[3, 20, 20], [20, 20, 20], [20, 20, 20]], loss=loss), RULES)
    assert plan.reasons == {0: "primary", 2: "secondary", 6: "secondary", 8: "secondary"}


def test_a_rectangle_that_leaves_too_little_to_guess_is_not_taken():
    """Cheap, but its far corner is nobody, so that the small cell could be no smaller than it is."""
    loss = [[1, 9, 2], [9, 9, 9], [3, 9, 4]]
    block = table([[4, 20, 20], [20, 20, 20], [20, 20, 0]], loss=loss)
    places = set(withhold(block, RULES).reasons)
    assert places != {0, 2, 6, 8}
    least, most = ends(block, 0, places)
    assert least <= 1
    assert most >= 5


def test_nothing_is_withheld_where_nothing_is_small():
    block = table([[20, 20], [20, 20]])
    assert withhold(block, RULES).reasons == {}
    assert targets(block, RULES, hidden_of(block, set())) == []


@pytest.mark.parametrize("seed", range(20))
def test_every_target_is_safe_and_less_would_not_do_for_one(seed):
    draw = np.random.default_rng(seed)
    block = table(draw.integers(0, 25, size=(3, 4)).tolist())
    places = set(withhold(block, RULES).reasons)
    hidden = hidden_of(block, places)
    asked = targets(block, RULES, hidden)
    assert all(are_safe(block, RULES, asked, hidden))
    assert places == set(withhold(block, RULES).reasons)  # the same answer twice


def test_all_18_against_17_is_a_figure():
    """The total is shown twice, once without a set of schools that has three pupils."""
    block = table([[3, 30]])
    without = Sum(block.sums[1].of, 0, False, loss=1.0, places=(9,))
    block = replace(block, sums=(block.sums[2], without))
    assert set(withhold(block, RULES).reasons.values()) == {"secondary"}
    assert 9 in withhold(block, RULES).reasons


def test_what_an_earlier_release_showed_is_not_asked_back():
    block = table([[3, 20], [20, 20]])
    known = tuple(replace(s, is_known=True, places=()) for s in block.sums if s.places[0] in {1, 4})
    plan = withhold(replace(block, sums=(*block.sums, *known)), RULES)
    # The row gives the cell away: only what is shown now can still be held to the rule.
    assert plan.n_given_away_before > 0
    assert plan.reasons[0] == "primary"


def test_pupils_that_only_an_earlier_release_tells_apart_cost_no_figure_of_now():
    """None of 30 is shown; that a named school has 12 of them stood in an earlier case study."""
    met = np.zeros(2)
    both, first = np.ones(2), np.array([1.0, 0])
    now = Sum(both, 0, True, places=(0,))
    known = (Sum(both, 0, True, is_known=True), Sum(first, 0, False, is_known=True))
    block = Block(
        sums=(now, *known),
        truths=(Truth("share", np.array([12.0, 18]), np.full(2, 9), met),),
        school_class=np.arange(2),
        is_special_need=np.zeros(2, dtype=bool),
        links=np.empty((0, 2)),
    )
    assert withhold(block, RULES).reasons == {}
    # Told apart now, they are now's to protect.
    told = replace(block, sums=(now, *known, Sum(first, 0, True, places=(1,))))
    assert withhold(told, RULES).reasons


def test_what_an_earlier_release_withheld_is_protected_though_it_has_grown():
    block = table([[7, 20], [20, 20]])
    assert withhold(block, RULES).reasons == {}
    before = replace(block.sums[0], places=(), was_withheld=True, is_shown=False)
    reasons = withhold(replace(block, sums=(*block.sums, before)), RULES).reasons
    assert 0 in reasons
    assert len(reasons) == 4


def test_a_small_count_shown_on_another_measure_is_shown():
    """Nearly the same pupils: what is withheld on one measure is withheld on all."""
    block = table([[3, 20], [20, 20]])
    other = Truth("other points", np.array([6.0, 20, 20, 20]), np.full(4, 9))
    twins = tuple(replace(s, truth=1, places=(s.places[0] + 100,)) for s in block.sums)
    block = replace(block, sums=(*block.sums, *twins), truths=(*block.truths, other))
    assert {0, 100} <= set(withhold(block, RULES).reasons)


def test_all_pupils_are_one_number_by_disadvantage_and_by_need():
    """Disadvantaged 10 and others 10 are shown, on support 17: three have none."""
    parts = np.eye(4)  # disadvantaged, other; on support, not on support
    block = Block(
        sums=tuple(Sum(parts[j], 0, False, places=(j,)) for j in (0, 1, 2)),
        truths=(Truth("points", np.array([10.0, 10, 17, 3]), np.full(4, 9)),),
        school_class=np.zeros(4, dtype=np.int64),
        is_special_need=np.array([False, False, True, True]),
        links=np.array([[1.0, 1, -1, -1]]),
    )
    target = Target(parts[3], 0, "n_pupils", 3.0, True)
    assert intervals(block, RULES, [target], np.zeros(3, dtype=bool))[0] == pytest.approx((3, 3))
    assert withhold(block, RULES).reasons
    assert withhold(replace(block, links=np.empty((0, 4))), RULES).reasons == {}


@pytest.mark.parametrize(
    ("met", "n", "says_too_much"),
    [(0, 29, True), (0, 30, False), (1, 29, False), (29, 29, True), (30, 30, False), (0, 0, False)],
)
def test_none_or_all_of_a_small_group(met, n, says_too_much):
    assert RULES.is_none_or_all(met, n) is says_too_much


def test_a_rounded_count_leaves_what_it_was_rounded_from():
    block = table([[13, 8]])
    rounded = replace(block.sums[2], slack=(-6.0, 4.0))
    block = replace(block, sums=(block.sums[1], rounded))
    target = Target(np.array([1.0, 0.0]), 0, "n_pupils", 13.0, False)
    found = intervals(block, RULES, [target], np.zeros(2, dtype=bool))[0]
    assert found == pytest.approx((7, 17))


def test_a_rounded_percentage_that_makes_a_hair_more_than_all_stops_nothing():
    """100% of 20 pupils as 20.05 of them: the truth is allowed, whatever its rounding says."""
    block = table([[20, 20], [20, 20]])
    met = block.truths[0].n_pupils + np.array([0.05, 0.0, 0.0, -20.1])
    shares = tuple(replace(s, has_meeting=True) for s in block.sums)
    block = replace(block, sums=shares, truths=(replace(block.truths[0], n_meeting=met),))
    target = Target(block.sums[0].of, 0, "n_meeting", 20.05, is_small=False)
    assert intervals(block, RULES, [target], hidden_of(block, set()))[0] == pytest.approx(
        (20.05, 20.05)
    )
