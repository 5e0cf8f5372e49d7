"""The sixty schools of Kestrelmouth: their identities over time and their lasting traits."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

CITY = "Kestrelmouth"
LOCAL_AUTHORITY = 799  # no authority in England has this code
FIRST_URN = 900001  # real URNs run from 100000 to about 150000

Phase = Literal["infant", "junior", "primary", "all-through", "secondary", "special"]
# Statutory low and high age.
AGES: dict[Phase, tuple[int, int]] = {
    "infant": (4, 7),
    "junior": (7, 11),
    "primary": (4, 11),
    "all-through": (4, 16),
    "secondary": (11, 16),
    "special": (4, 16),
}
FIRST_ESTABLISHMENT: dict[Phase, int] = {
    "infant": 2001,
    "junior": 2101,
    "primary": 2201,
    "all-through": 4101,
    "secondary": 4001,
    "special": 7001,
}
NAME_ENDING: dict[Phase, str] = {
    "infant": "Infant School",
    "junior": "Junior School",
    "primary": "Primary School",
    "all-through": "School",
    "secondary": "School",
    "special": "School",
}

# One word per school with the pupils in its last year: Year 6, then Year 11 if it has both. A star marks an
# academy.
_LISTED: dict[Phase, str] = {
    "infant": """Amberlode* Brackenlode Cinderfleet Dunnockrise* Ebbstone Farthingstrand* Gannetsholt
        Inkerstrand* Jettystone Kelpfield* Lanternquay Mizzenfield* Nettlequay Ospreygate*""",
    "junior": """Brackenlode:98 Cinderfleet:118 Dunnockrise*:92 Farthingstrand*:90 Gannetsholt:64
        Inkerstrand*:86 Kelpfield*:94 Lanternquay:76 Mizzenfield*:116 Nettlequay:90 Ospreygate*:72""",
    "primary": """Pennantry:90 Quillhaven*:58 Ropewalk:30 Saltcotebank*:90 Tidewrack:62 Umberlode*:56
        Vellumgate:44 Wherryside*:60 Yarrowquay:86 Zephyrstone*:30 Anchorlode:74 Barnaclefield*:58
        Capstanrise:62 Driftlode*:88 Eelwright:30 Flotsamgate*:60 Halyardholt:58 Islewright:62
        Hollowstaithe:84""",
    "all-through": "Marlinspike*:58:150 Quarterdeck:60:140",
    "secondary": """Bosunsgate*:205 Cuttlefleet:170 Fulmarstone*:190 Lugsailfield*:160 Petrelmoor:185
        Spindrifthill*:215 Ternwick:150 Yardarmfield*:180""",
    "special": "Sandlingrest:6 Dabchickmoor*:5 Limpetstone: Rowlockend*: Samphirewick: Thrumholt*:",
}
CONVERTER = "Driftlode Primary School"
MERGED = "Hollowstaithe Primary School"
MERGED_ON = dt.date(2017, 9, 1)
CONVERTED_ON = dt.date(2017, 12, 1)
# An academy that converted before any results file, so its predecessor must not change anything.
EARLY_CONVERTER = "Fulmarstone School"
EARLY_CONVERTED_ON = dt.date(2013, 4, 1)


@dataclass(frozen=True)
class Identity:
    """A school's name and numbers over a period (`closed` is the last day)."""

    urn: int
    laestab: int
    name: str
    phase: Phase
    is_academy: bool
    opened: dt.date
    closed: dt.date | None = None


@dataclass(frozen=True)
class School:
    """One school over time: its current identity and earlier ones, the one with results first."""

    now: Identity
    before: tuple[Identity, ...]
    ks2_places: int
    ks4_places: int

    @property
    def phase(self) -> Phase:
        """The current phase."""
        return self.now.phase

    def on(self, day: dt.date) -> Identity:
        """The identity that a file of that day uses for the school."""
        closed = [old for old in self.before if old.closed is not None and day <= old.closed]
        return closed[0] if closed else self.now


@dataclass(frozen=True)
class Traits:
    """Lasting traits: one entry per school, standard normal unless noted."""

    fsm6_share: NDArray[np.float64]
    sen_support_share: NDArray[np.float64]
    intake: NDArray[np.float64]  # mean prior attainment, in pupil standard deviations
    quality: NDArray[np.float64]
    sen_quality: NDArray[np.float64]
    fsm6_quality: NDArray[np.float64]
    subject_quality: NDArray[np.float64]  # reading, writing, maths: one row each
    inspection_grade: NDArray[np.int64]  # 1 outstanding to 4 inadequate, before 2017-18


def _listed() -> tuple[School, ...]:
    schools: list[School] = []
    for phase, words in _LISTED.items():
        for index, word in enumerate(words.split()):
            stem, *places = word.split(":")
            counts = [int(count) for count in places if count]
            ks4_places = counts.pop() if phase in ("secondary", "all-through") else 0
            identity = Identity(
                urn=FIRST_URN + 10 * len(schools),
                laestab=LOCAL_AUTHORITY * 10_000 + FIRST_ESTABLISHMENT[phase] + index,
                name=f"{stem.rstrip('*')} {NAME_ENDING[phase]}",
                phase=phase,
                is_academy=stem.endswith("*"),
                opened=dt.date(2012, 9, 1) if stem.endswith("*") else dt.date(1974, 9, 1),
            )
            schools.append(_with_history(identity, counts[0] if counts else 0, ks4_places))
    return tuple(schools)


def _with_history(now: Identity, ks2_places: int, ks4_places: int) -> School:
    before: tuple[Identity, ...] = ()
    opened = now.opened
    founded, day = dt.date(1974, 9, 1), dt.timedelta(days=1)
    if now.name == MERGED:
        stem, opened, last = now.name.split()[0], MERGED_ON, MERGED_ON - day
        number = LOCAL_AUTHORITY * 10_000
        before = (
            Identity(
                now.urn + 1, number + 2190, f"{stem} Junior School", "junior", False, founded, last
            ),
            Identity(
                now.urn + 2, number + 2090, f"{stem} Infant School", "infant", False, founded, last
            ),
        )
    elif now.name in (CONVERTER, EARLY_CONVERTER):
        opened = CONVERTED_ON if now.name == CONVERTER else EARLY_CONVERTED_ON
        old = Identity(
            now.urn + 1, now.laestab, now.name, now.phase, False, founded, opened - day
        )  # a converter keeps its establishment number
        before = (old,)
    identity = Identity(now.urn, now.laestab, now.name, now.phase, now.is_academy, opened)
    return School(identity, before, ks2_places, ks4_places)


SCHOOLS = _listed()
N_SCHOOLS = len(SCHOOLS)


def indices(*phases: Phase) -> NDArray[np.int64]:
    """Indices into `SCHOOLS` of the schools of these phases."""
    return np.array([i for i, school in enumerate(SCHOOLS) if school.phase in phases])


def draw_traits(rng: np.random.Generator) -> Traits:
    """Draw each school's traits, once for all years."""
    fsm6, sen, own_intake, quality, sen_quality, fsm6_quality, judged = rng.normal(
        size=(7, N_SCHOOLS)
    )
    # Inspectors observe lasting quality with error; about one school in six is below good.
    seen = quality + judged
    grade = 4 - np.searchsorted(np.array([-2.6, -1.4, 1.6]), seen)
    return Traits(
        fsm6_share=1 / (1 + np.exp(-(-0.85 + 0.5 * fsm6))),
        sen_support_share=1 / (1 + np.exp(-(-1.85 + 0.2 * sen + 0.1 * fsm6))),
        intake=-0.2 * fsm6 + 0.2 * own_intake,
        quality=quality,
        sen_quality=sen_quality,
        fsm6_quality=fsm6_quality,
        subject_quality=rng.normal(size=(3, N_SCHOOLS)),
        inspection_grade=np.asarray(grade, dtype=np.int64),
    )
