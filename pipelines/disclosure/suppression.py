"""Which counts to withhold so that nobody can work out a small one, at the least loss.

Pure: a block of counts in, positions out. What can be worked out is `inference`'s to say, what is then
blanked in which table the `door`'s.

Small figures go first; then, one target after the other, an integer program picks what is missed least
(Fischetti and Salazar 2001, Management Science 47: 1008, there for a whole table at once).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from pipelines.disclosure.inference import (
    Block,
    FloatArray,
    Rules,
    Target,
    are_safe,
    bears_on,
    is_sensitive,
    system_of,
    targets,
    withheld_targets,
)

Reason = Literal["primary", "secondary"]


@dataclass(frozen=True)
class Plan:
    """Positions to withhold, with the reason, and targets that an earlier release had given away."""

    reasons: dict[int, Reason] = field(default_factory=dict)
    n_given_away_before: int = 0


def withhold(block: Block, rules: Rules, *, is_secondary: bool = True) -> Plan:
    """What to withhold of a block: what rests on too few itself, and what would give a figure away.

    Without `is_secondary` only the first, which is no protection: tests show that.
    """
    hidden = [
        not s.is_shown or (is_sensitive(block, rules, s) and not s.is_known) for s in block.sums
    ]
    reasons: dict[int, Reason] = {
        place: "primary" for s, h in zip(block.sums, hidden, strict=True) if h for place in s.places
    }
    if not is_secondary:
        return Plan(reasons)
    tries: dict[tuple[bytes, int, str], Iterator[_Try]] = {}
    given_away_before = set()
    asked = targets(block, rules, np.array(hidden))
    seen = {target.key for target in asked}
    while True:
        safe = are_safe(block, rules, asked, np.array(hidden))
        asked = [target for target, is_safe in zip(asked, safe, strict=True) if not is_safe]
        if not asked:
            break
        # One at a time: what is withheld for it mostly does for the others.
        target = asked[0]
        chosen = None
        for how in tries.setdefault(target.key, iter(_TRIES)):
            chosen = _least_loss(block, rules, target, hidden, how)
            if not how.uses_known:
                given_away_before.add(target.key)
            if chosen is not None:
                break
        if chosen is None:
            # Whatever stays shown then is of other pupils; if even that tells, it is for the audit to say.
            asked = asked[1:]
            chosen = [i for i, s in enumerate(block.sums) if s.places and s.of @ target.of > 0]
        for i in chosen:
            hidden[i] = True
        asked += [t for t in withheld_targets(block, rules, np.array(hidden)) if t.key not in seen]
        seen |= {target.key for target in asked}
    for s, h in zip(block.sums, hidden, strict=True):
        if h:
            reasons |= {place: reasons.get(place, "secondary") for place in s.places}
    return Plan(reasons, len(given_away_before))


class _Try(NamedTuple):
    """How a target is to be made safe: how much wider than it needs, and against what else is known."""

    margin: float
    uses_known: bool


# Whole pupils may leave a little less than a program in fractions promised: then a little wider. What cannot
# be made safe from earlier releases was given away by them: then from what is shown now.
_TRIES = (_Try(0.0, True), _Try(1.0, True), _Try(0.0, False), _Try(1.0, False))


def _least_loss(
    block: Block,
    rules: Rules,
    target: Target,
    hidden: Sequence[bool],
    how: _Try,
) -> list[int] | None:
    """Positions of the sums to withhold for one target: an integer program. None if nothing would do.

    Two tables that fit what stays shown are looked for, one with the target small enough, one with it
    large enough; every sum that differs in one of them from the truth has to be withheld.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415

    free = [
        i
        for i, s in enumerate(block.sums)
        if s.places and not hidden[i] and bears_on(block, target, s)
    ]
    fixed = system_of(
        block, rules, target, [s for s in block.sums if s.is_known and how.uses_known]
    )
    n, n_free = len(fixed.low), len(free)
    aim = fixed.aim(target.of)
    rows, low, high = [], [], []

    def constrain(
        smaller: FloatArray, larger: FloatArray, switch: FloatArray, least: float, most: float
    ) -> None:
        rows.append(np.concatenate([smaller, larger, switch]))
        low.append(least)
        high.append(most)

    nothing, no_switch = np.zeros(n), np.zeros(n_free)
    for row, least, most in zip(fixed.rows, fixed.row_low, fixed.row_high, strict=True):
        constrain(row, nothing, no_switch, least, most)
        constrain(nothing, row, no_switch, least, most)
    for k, i in enumerate(free):
        s = block.sums[i]
        departures = [np.concatenate([s.of, np.zeros(n - len(s.of))])]
        if n > len(s.of) and s.has_meeting:
            departures.append(fixed.aim(s.of))
        switch = np.zeros(n_free)
        switch[k] = rules.furthest * float(s.of.sum())
        for row in departures:
            for smaller, larger in ((row, nothing), (nothing, row)):
                constrain(smaller, larger, -switch, -np.inf, s.slack[1])
                constrain(smaller, larger, switch, s.slack[0], np.inf)
    if target.is_small:
        constrain(aim, nothing, no_switch, -np.inf, 1.0 - target.value)
        constrain(nothing, aim, no_switch, rules.width - target.value, np.inf)
    else:
        constrain(-aim, aim, no_switch, rules.width + how.margin, np.inf)
    solved = milp(
        np.concatenate([np.zeros(2 * n), [block.sums[i].loss for i in free]]),
        integrality=np.concatenate([np.zeros(2 * n), np.ones(n_free)]),
        constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)),
        bounds=Bounds(
            np.concatenate([fixed.low, fixed.low, np.zeros(n_free)]),
            np.concatenate([fixed.high, fixed.high, np.ones(n_free)]),
        ),
    )
    if solved.x is None:
        return None
    return [i for k, i in enumerate(free) if solved.x[2 * n + k] > 0.5]
