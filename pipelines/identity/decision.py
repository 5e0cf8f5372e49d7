"""The decision about a URN, its reason, and the pairs of URNs found to be one school."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from pipelines.identity.evidence import KnownSchool, Place

DecisionKind = Literal[
    "as_registered",
    "as_published",
    "converted",
    "re_numbered",
    "merged",
    "split_off",
    "laestab_reused",
    "correction",
    "unresolved",
    "unknown",
]


@dataclass(frozen=True)
class Decision:
    """The school a URN belongs to and why. `school_id` is None if it is `unknown`.

    `standing_urn` is the school's URN on the reference date; `candidates` are the URNs that an `unresolved`
    one may be the same school as.
    """

    urn: int
    school_id: int | None
    standing_urn: int | None
    decision: DecisionKind
    evidence: str
    evidence_date: dt.date | None
    place: Place | None
    candidates: tuple[int, ...] = ()


@dataclass(frozen=True)
class Reason:
    """Why a URN is resolved as it is."""

    kind: DecisionKind
    evidence: str
    date: dt.date | None = None
    place: Place | None = None
    candidates: tuple[int, ...] = ()


class Findings:
    """Collects pairs of URNs that are one school, and reasons by URN."""

    def __init__(self, schools: Mapping[int, KnownSchool], reference_date: dt.date) -> None:
        self.schools = schools
        self.reference_date = reference_date
        self.pairs: list[tuple[int, int]] = []
        # URNs replaced by a later one by the reference date.
        self.followed: set[int] = set()
        self.reasons: dict[int, Reason] = {}

    def one_school(self, old: int, new: int, about: int, reason: Reason) -> None:
        """Record that two URNs are one school, with a reason for one of them."""
        self.pairs.append((old, new))
        self.because(about, reason)

    def because(self, urn: int, reason: Reason) -> None:
        """Record a reason. The first one stays, unless a later one is `unresolved`."""
        if reason.kind == "unresolved" or urn not in self.reasons:
            self.reasons[urn] = reason

    def is_unresolved(self, urn: int) -> bool:
        """Whether the URN is unresolved so far."""
        return urn in self.reasons and self.reasons[urn].kind == "unresolved"


def parts(
    pairs: Sequence[tuple[int, int]], connection: Literal["weak", "strong"] = "weak"
) -> dict[int, int]:
    """Connected components of the pairs: a label for every URN."""
    if not pairs:
        return {}
    urns, place = np.unique(np.array(pairs, dtype=np.int64), return_inverse=True)
    place = place.reshape(-1, 2)
    graph = coo_array(
        (np.ones(len(pairs)), (place[:, 0], place[:, 1])), shape=(len(urns), len(urns))
    )
    _, labels = connected_components(graph.tocsr(), directed=True, connection=connection)
    return dict(zip(urns.tolist(), labels.tolist(), strict=True))
