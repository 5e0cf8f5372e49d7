"""Facts about URNs, and which URN succeeded which. `resolution` draws the conclusions."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

# Long enough for a school that closes in July and reopens in September.
LONGEST_HANDOVER_DAYS = 62
# Registers may record an opening some days early.
LONGEST_OVERLAP_DAYS = 31


class Place(NamedTuple):
    """A row of a file, numbered as in a spreadsheet."""

    source_id: str
    row_number: int


@dataclass(frozen=True)
class KnownSchool:
    """A URN and its facts. Only a registered one has dates; only one with results has outcome files.

    `is_needed`: it is enrolled in a programme, or local with results in a year of the study.
    `is_listed`: some file other than the links has it.
    """

    urn: int
    school_name: str | None = None
    laestab: int | None = None
    open_date: dt.date | None = None
    close_date: dt.date | None = None
    is_registered: bool = False
    is_needed: bool = False
    is_listed: bool = False
    outcome_files: frozenset[str] = frozenset()
    place: Place | None = None

    def is_open_on(self, day: dt.date) -> bool:
        """Whether it is open on a day according to the register; the closing day counts as open."""
        return (
            self.is_registered
            and (self.open_date or dt.date.min) <= day
            and (self.close_date or dt.date.max) >= day
        )

    def opens_after(self, day: dt.date) -> bool:
        """Whether it opens later according to the register, or is not registered."""
        return not self.is_registered or (self.open_date or dt.date.min) > day

    def described(self) -> str:
        """URN, name and dates, for messages."""
        dates = [
            *([f"opened {self.open_date}"] if self.open_date else []),
            *([f"closed {self.close_date}"] if self.close_date else []),
        ]
        if not dates:
            dates = ["no dates in the register"] if self.is_registered else ["not in the register"]
        return f"{self.urn} ({', '.join([self.school_name or 'name not known', *dates])})"


@dataclass(frozen=True)
class Link:
    """A row of the register's links, recorded with one of the two schools."""

    urn: int
    link_urn: int
    link_type: str
    link_date: dt.date | None
    place: Place


@dataclass(frozen=True)
class Succession:
    """One URN succeeded another. `effective` is the date, or None if unknown."""

    old: int
    new: int
    effective: dt.date | None
    is_split: bool
    is_merger: bool
    place: Place

    def in_words(self) -> str:
        """The link in words."""
        when = f"from {self.effective}" if self.effective else "undated"
        return f"{self.old} to {self.new} by link, {when}"


@dataclass
class _Recorded:
    """What all rows about one pair of schools say."""

    dates: list[dt.date] = field(default_factory=list)
    types: set[str] = field(default_factory=set)
    places: list[Place] = field(default_factory=list)


def successions(
    links: Iterable[Link], schools: Mapping[int, KnownSchool]
) -> tuple[Succession, ...]:
    """Which URN succeeded which, whichever of the two recorded it, in URN order.

    Predecessor and Successor links run from the older to the newer school. An amalgamation without direction
    runs from the school that closed to the one that did not; otherwise it is ignored. Sixth form centres,
    expansions and other links join schools that remain separate, and are ignored, as are links to itself.
    """
    pairs: dict[tuple[int, int], _Recorded] = defaultdict(_Recorded)
    for link in links:
        pair = _direction(link, schools)
        if pair is None or pair[0] == pair[1]:
            continue
        recorded = pairs[pair]
        recorded.types.add(link.link_type.casefold())
        recorded.places.append(link.place)
        if link.link_date:
            recorded.dates.append(link.link_date)
    return tuple(
        Succession(
            old,
            new,
            effective=_effective(schools[old], schools[new], recorded.dates),
            is_split=any("split" in kind for kind in recorded.types),
            is_merger=any(word in kind for kind in recorded.types for word in ("merge", "amalgam")),
            place=min(recorded.places),
        )
        for (old, new), recorded in sorted(pairs.items())
    )


def _direction(link: Link, schools: Mapping[int, KnownSchool]) -> tuple[int, int] | None:
    kind = link.link_type.casefold()
    if kind.startswith("successor"):
        return link.urn, link.link_urn
    if kind.startswith("predecessor"):
        return link.link_urn, link.urn
    if kind.startswith(("result of amalgamation", "merged")):
        pair = (link.urn, link.link_urn)
        ended = [urn for urn in pair if schools[urn].close_date or not schools[urn].is_registered]
        if len(ended) == 1:
            other = pair[0] if ended[0] == pair[1] else pair[1]
            return ended[0], other
    return None


def _effective(old: KnownSchool, new: KnownSchool, dates: Iterable[dt.date]) -> dt.date | None:
    """Prefer the register's dates, because links are often entered months before the event."""
    ended = old.close_date + dt.timedelta(days=1) if old.close_date else max(dates, default=None)
    if new.open_date and old.close_date:
        overlap_days = (old.close_date - new.open_date).days
        if 0 <= overlap_days <= LONGEST_OVERLAP_DAYS:
            return new.open_date
    known = [day for day in (new.open_date, ended) if day]
    # If an older school absorbed another, the date is that of the other's closure, never earlier.
    return max(known, default=None)
