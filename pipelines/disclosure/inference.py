"""What somebody can work out of released counts, and what nobody may.

Pure: arrays in, answers out. Which pupils a count adds up is `structure`'s to say; what to withhold so that
nothing can be worked out, `suppression`'s.

The attacker knows every count that is shown, which schools and groups of pupils each adds up, and that
counts are whole numbers of nobody or more, of whom no more than all met a standard. What can be worked out
of a sum of pupils is its smallest and largest value under these constraints, two linear programs (Fischetti
and Salazar 2001, Management Science 47: 1008; Hundepool et al. 2012, Statistical Disclosure Control,
chapter 4).

Everything is written as a departure from the truth: a shown count allows departures that cancel out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Counted = Literal["n_pupils", "n_meeting"]
_COUNTED: tuple[Counted, ...] = ("n_pupils", "n_meeting")

# "None of 25 pupils met it" says something about each of the 25. A group is small here as long as one pupil
# moves its percentage by more than three points: 30 pupils at the usual minimum of six.
SMALL_GROUP = 5
# Of two schools each can take itself off and read the other; of three none can.
FEWEST_SCHOOLS = 3
# Numbers that are equal but for the arithmetic.
_EPSILON = 1e-6


@dataclass(frozen=True)
class Rules:
    """When a figure says too much: of fewer than `minimum_cell` pupils, or what follows from that."""

    minimum_cell: int

    @property
    def width(self) -> int:
        """How far apart the ends of what can be worked out must be: as far as one to the largest small."""
        return self.minimum_cell - 1

    def is_small(self, n_pupils: float) -> bool:
        """Somebody, but too few."""
        return 0.5 < n_pupils < self.minimum_cell - 0.5

    def is_none_or_all(self, n_meeting: float, n_pupils: float) -> bool:
        """None or all of a small group met the standard."""
        is_group = 0.5 < n_pupils < SMALL_GROUP * self.minimum_cell - 0.5
        return is_group and (n_meeting < 0.5 or n_meeting > n_pupils - 0.5)

    @property
    def furthest(self) -> float:
        """Departures from the truth that are looked at: enough to reach any width asked for."""
        return 2.0 * self.minimum_cell


@dataclass(frozen=True)
class Truth:
    """What is so of each atom (J,) on one measure and release: pupils, who met it, schools with a pupil.

    `n_meeting` is None where the measure is no share.
    """

    measure: str
    n_pupils: FloatArray
    n_schools: NDArray[np.int64]
    n_meeting: FloatArray | None = None


@dataclass(frozen=True)
class Sum:
    """A count as a sum of atoms: `of` (J,) holds ones and noughts, `truth` numbers the block's truths.

    `slack` are the least and the largest departure that its printed form allows: noughts, unless it is
    rounded. `is_known` where it can be withheld no more: an earlier release showed it, or others publish
    it. `was_withheld` where an earlier release withheld it. `places` are the positions in the caller's
    own list of counts, none for what is not in the tables now; `is_shown` whether any of them is;
    `loss` adds up what they would be missed for.
    """

    of: FloatArray
    truth: int
    has_meeting: bool
    loss: float = 1.0
    slack: tuple[float, float] = (0.0, 0.0)
    is_known: bool = False
    was_withheld: bool = False
    is_shown: bool = True
    places: tuple[int, ...] = ()


@dataclass(frozen=True)
class Block:
    """Counts that have atoms in common: the smallest sets of pupils that shown counts tell apart.

    `school_class` and `is_special_need` (J,) say which schools an atom is of, and whether its pupils are
    a group that is never shown by school. `links` (L, J) are sums over atoms that are nought whatever is
    shown: the pupils of a school, once by disadvantage and once by special need.
    """

    sums: tuple[Sum, ...]
    truths: tuple[Truth, ...]
    school_class: NDArray[np.int64]
    is_special_need: BoolArray
    links: FloatArray


@dataclass(frozen=True)
class Target:
    """A sum that must not be worked out: of pupils, or of those who met the standard; `value` is what it is.

    Counts of other measures are set against a small one only: they are nearly the same pupils, so they
    would tell that it is small. That another is not is no secret.
    """

    of: FloatArray
    truth: int
    counts: Counted
    value: float
    is_small: bool
    places: tuple[int, ...] = ()

    @property
    def key(self) -> tuple[bytes, int, str]:
        """What makes it this target."""
        return (self.of.tobytes(), self.truth, self.counts)

    def is_safe_within(self, ends: tuple[float, float], rules: Rules) -> bool:
        """A small count could be any small count; another could be any of as many."""
        least, most = np.ceil(ends[0] - _EPSILON), np.floor(ends[1] + _EPSILON)
        if self.is_small:
            return bool(least <= 1 and most >= rules.width)
        return bool(most - least >= rules.width)


def targets(block: Block, rules: Rules, hidden: BoolArray) -> list[Target]:
    """What an attacker must not work out, each once.

    Every count withheld, now or in an earlier release; and every atom, and every difference of two counts
    of one measure and release, that would have to be withheld if it were a count itself ("all 18 against
    17").
    """
    found = {target.key: target for target in withheld_targets(block, rules, hidden)}
    # Of known counts too: what is shown now can tell of an atom together with them.
    truths = {s.truth for s in block.sums}
    implied = [(atom, truth) for truth in truths for atom in np.eye(len(block.school_class))]
    implied += [
        (a.of - b.of, a.truth)
        for a in block.sums
        for b in block.sums
        if a.truth == b.truth and a.of.sum() > b.of.sum() and (a.of >= b.of).all()
    ]
    for of, truth in implied:
        asked = []
        if _is_few(block, rules, of, truth):
            asked.append(_target(block, rules, of, truth, "n_pupils"))
        if _is_none_or_all(block, rules, of, truth):
            asked.append(_target(block, rules, of, truth, "n_meeting"))
        for target in asked:
            found.setdefault(target.key, target)
    return list(found.values())


def withheld_targets(block: Block, rules: Rules, hidden: BoolArray) -> list[Target]:
    """The counts that are withheld, now or in an earlier release, and those who met the standard of each."""
    found: dict[tuple[bytes, int, str], Target] = {}
    for s, is_hidden in zip(block.sums, hidden, strict=True):
        if not (is_hidden or s.was_withheld) or _value(block, s.of, s.truth, "n_pupils") < 0.5:
            continue
        for counts in _COUNTED if s.has_meeting else _COUNTED[:1]:
            target = _target(block, rules, s.of, s.truth, counts)
            known = found.get(target.key)
            places = (*(known.places if known else ()), *s.places)
            found[target.key] = replace(target, places=places)
    return list(found.values())


def _target(block: Block, rules: Rules, of: FloatArray, truth: int, counts: Counted) -> Target:
    value = _value(block, of, truth, counts)
    return Target(of, truth, counts, value, counts == "n_pupils" and rules.is_small(value))


def are_safe(block: Block, rules: Rules, asked: Sequence[Target], hidden: BoolArray) -> list[bool]:
    """Whether what can be worked out of each target is vague enough.

    A target that earlier releases alone give away is judged by what is shown now alone, which says nothing
    of pupils that no count of now tells from others.
    """
    safe = [
        target.is_safe_within(ends, rules)
        for target, ends in zip(asked, intervals(block, rules, asked, hidden), strict=True)
    ]
    open_ones = [i for i, is_safe in enumerate(safe) if not is_safe]
    if any(s.is_known for s in block.sums) and open_ones:
        again = [asked[i] for i in open_ones]
        before = intervals(block, rules, again, np.ones(len(block.sums), dtype=bool))
        now = intervals(block, rules, again, hidden, uses_known=False)
        for i, target, ends_before, ends_now in zip(open_ones, again, before, now, strict=True):
            safe[i] = not target.is_safe_within(ends_before, rules) and (
                target.is_safe_within(ends_now, rules) or not _is_told_apart(block, target)
            )
    return safe


def _is_told_apart(block: Block, target: Target) -> bool:
    """Whether counts of now single these pupils out: no two atoms that all of them treat alike are split."""
    now = [s.of for s in block.sums if s.places]
    sides: dict[tuple[float, ...], float] = {}
    return all(
        sides.setdefault(tuple(of[atom] for of in now), inside) == inside
        for atom, inside in enumerate(target.of)
    )


def intervals(
    block: Block,
    rules: Rules,
    asked: Sequence[Target],
    hidden: BoolArray,
    *,
    uses_known: bool = True,
) -> list[tuple[float, float]]:
    """The smallest and largest value of each target that everything shown allows.

    Departures are looked at up to `Rules.furthest`: a wider interval reads as that wide.
    """
    if not asked:
        return []
    shown = [
        s
        for s, is_hidden in zip(block.sums, hidden, strict=True)
        if (uses_known if s.is_known else s.places and not is_hidden)
    ]
    together: dict[tuple[int, Counted, bool], list[int]] = {}
    for i, target in enumerate(asked):
        together.setdefault((target.truth, target.counts, target.is_small), []).append(i)
    systems = [system_of(block, rules, asked[members[0]], shown) for members in together.values()]
    found: dict[int, tuple[float, float]] = {}
    for batch in _batches(zip(together.values(), systems, strict=True)):
        for i, (least, most) in _ends(batch, asked):
            found[i] = (asked[i].value + least, asked[i].value + most)
    return [found[i] for i in range(len(asked))]


# Entries of constraint matrices that one program holds: as fast as all at once, in a tenth of the memory.
_MOST_ENTRIES = 500_000


def _batches(
    groups: Iterable[tuple[list[int], System]],
) -> Iterator[list[tuple[list[int], System]]]:
    """Targets with their system, so many together that their programs fit into one of bounded size."""
    batch: list[tuple[list[int], System]] = []
    n_entries = 0
    for members, system in groups:
        of_one = 2 * max(int(np.count_nonzero(system.rows)), 1)
        at_once = max(_MOST_ENTRIES // of_one, 1)
        for start in range(0, len(members), at_once):
            some = members[start : start + at_once]
            if batch and n_entries + len(some) * of_one > _MOST_ENTRIES:
                yield batch
                batch, n_entries = [], 0
            batch.append((some, system))
            n_entries += len(some) * of_one
    if batch:
        yield batch


def _ends(
    batch: Sequence[tuple[list[int], System]], asked: Sequence[Target]
) -> Iterator[tuple[int, tuple[float, float]]]:
    """How far each target's smallest and largest value lie from the truth.

    Each target stands twice, to its smallest and to its largest, all in one program without common variables.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415 - takes long to load
    from scipy.sparse import block_diag, csr_array, identity, kron  # noqa: PLC0415

    order = [(i, system, system.aim(asked[i].of)) for some, system in batch for i in some]
    twice = [system for _, system, _ in order for _ in range(2)]
    solved = milp(
        np.concatenate([sign * aim for _, _, aim in order for sign in (1.0, -1.0)]),
        constraints=LinearConstraint(
            block_diag(
                [
                    kron(identity(2 * len(some)), csr_array(system.rows), format="csr")
                    for some, system in batch
                ],
                format="csr",
            ),
            np.concatenate([system.row_low for system in twice]),
            np.concatenate([system.row_high for system in twice]),
        ),
        bounds=Bounds(
            np.concatenate([system.low for system in twice]),
            np.concatenate([system.high for system in twice]),
        ),
    )
    if solved.x is None:  # pragma: no cover - the truth itself is always allowed
        raise RuntimeError(f"what can be worked out was not found: {solved.message}")
    ends = np.split(solved.x, np.cumsum([len(system.low) for system in twice])[:-1])
    for k, (i, _, aim) in enumerate(order):
        yield i, (float(aim @ ends[2 * k]), float(aim @ ends[2 * k + 1]))


@dataclass(frozen=True)
class System:
    """Constraints on departures: of pupils (J), and for those who met a standard of them too (2 J)."""

    rows: FloatArray
    row_low: FloatArray
    row_high: FloatArray
    low: FloatArray
    high: FloatArray
    n_atoms: int

    def aim(self, of: FloatArray) -> FloatArray:
        """The target's weights on the variables: the last J are what is asked for."""
        weights = np.zeros(len(self.low))
        weights[-self.n_atoms :] = of
        return weights


def system_of(block: Block, rules: Rules, target: Target, shown: Sequence[Sum]) -> System:
    """What the sums that are shown say about a target."""
    truth = block.truths[target.truth]
    n_atoms, links = len(block.school_class), list(block.links)
    bearing = [s for s in shown if bears_on(block, target, s)]
    pupils = _distinct([(s.of, *s.slack) for s in bearing])
    pupils += [(link, 0.0, 0.0) for link in links]
    # Published percentages are rounded, and pupils who met a standard may come out a hair above all, or below
    # none: the truth is allowed all the same.
    low = np.minimum(np.maximum(-truth.n_pupils, -rules.furthest), 0.0)
    high = np.full(n_atoms, rules.furthest)
    if target.counts == "n_pupils" or truth.n_meeting is None:
        return System(
            np.array([of for of, _, _ in pupils]).reshape(-1, n_atoms),
            np.array([least for _, least, _ in pupils]),
            np.array([most for _, _, most in pupils]),
            low,
            high,
            n_atoms,
        )
    nought, one = np.zeros(n_atoms), np.eye(n_atoms)
    meeting = _distinct([(s.of, *s.slack) for s in bearing if s.has_meeting])
    meeting += [(link, 0.0, 0.0) for link in links]
    # The last: no more of an atom met the standard than there are.
    return System(
        np.array(
            [
                *(np.concatenate([of, nought]) for of, _, _ in pupils),
                *(np.concatenate([nought, of]) for of, _, _ in meeting),
                *(np.concatenate([-one[j], one[j]]) for j in range(n_atoms)),
            ]
        ),
        np.array([*(r[1] for r in (*pupils, *meeting)), *([-np.inf] * n_atoms)]),
        np.array(
            [
                *(r[2] for r in (*pupils, *meeting)),
                *np.maximum(truth.n_pupils - truth.n_meeting, 0.0),
            ]
        ),
        np.concatenate([low, np.minimum(np.maximum(-truth.n_meeting, -rules.furthest), 0.0)]),
        np.concatenate([high, high]),
        n_atoms,
    )


def bears_on(block: Block, target: Target, s: Sum) -> bool:
    """Whether a sum says something about a target: see `Target`."""
    return target.is_small or block.truths[s.truth].measure == block.truths[target.truth].measure


def is_sensitive(block: Block, rules: Rules, s: Sum) -> bool:
    """Whether a count says too much by itself."""
    return _is_few(block, rules, s.of, s.truth) or (
        s.has_meeting and _is_none_or_all(block, rules, s.of, s.truth)
    )


def _is_few(block: Block, rules: Rules, of: FloatArray, truth: int) -> bool:
    """Too few pupils, or pupils with special needs of too few schools."""
    pupils = block.truths[truth].n_pupils * of
    if rules.is_small(float(pupils.sum())):
        return True
    is_in = of > 0.5
    if pupils.sum() < 0.5 or not block.is_special_need[is_in].all():
        return False
    schools: dict[int, int] = {}
    for school_class, n in zip(
        block.school_class[is_in], block.truths[truth].n_schools[is_in], strict=True
    ):
        schools[int(school_class)] = max(schools.get(int(school_class), 0), int(n))
    return sum(schools.values()) < FEWEST_SCHOOLS


def _is_none_or_all(block: Block, rules: Rules, of: FloatArray, truth: int) -> bool:
    known = block.truths[truth]
    return known.n_meeting is not None and rules.is_none_or_all(
        float(of @ known.n_meeting), float(of @ known.n_pupils)
    )


def _value(block: Block, of: FloatArray, truth: int, counts: Counted) -> float:
    known = block.truths[truth]
    counted = known.n_pupils if counts == "n_pupils" else known.n_meeting
    return 0.0 if counted is None else float(of @ counted)


def _distinct(
    rows: Iterable[tuple[FloatArray, float, float]],
) -> list[tuple[FloatArray, float, float]]:
    return list({(of.tobytes(), low, high): (of, low, high) for of, low, high in rows}.values())
