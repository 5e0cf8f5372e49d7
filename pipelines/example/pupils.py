"""The pupils of one year group: school, names, numbers, dates, characteristics, prior attainment. All
invented."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.example.schools import SCHOOLS, Traits

# Invented name parts, combined at random. None is an English word or name, so a search of the outputs for a
# pupil's name finds only pupils.
_FORENAME_STARTS = (
    "Aldw Brenv Caelv Dorv Elzb Fenw Gavr Helvr Ilzm Jorv Kelzh Lorv Mavr Nolwv Ozmr Perzh Quilv "
    "Rozv Sulv Tamvr Uldv Vezmr Wilvr Zoëlv"
)
_FORENAME_ENDINGS = (
    "ainya abrin eddo emira enwyth essik iandro ibelle imond inka isar ithan olan omira onwe ostin "
    "udric umira yndel yrrin"
)
_SURNAME_STARTS = (
    "Ashqu Brizz Crovv Dwelk Eskv Ferzh Grelv Hizzl Inkv Jezzl Krevv Lozv Mevv Nezzr O'Quev Pevv "
    "Quezz Rezzv Skevv Thruzz Ulzv Vezzl Whezz Yezzr Zevv Brelkv Cruzzl Drevv Flezz Glozv"
)
_SURNAME_ENDINGS = (
    "aby ackery alder amore andby anoke arley aston athwick ebury eckham edge eford egrove elby "
    "endale enshaw erstone esworth idge ingdon isham oakes oby oldham omere ondale orby otham uckley"
)
SEN_PLAN_SHARE = 0.024
_CHECK_LETTERS = np.array(list("ABCDEFGHJKLMNPQRTUVWXYZ"))


@dataclass(frozen=True)
class YearGroup:
    """One cohort: arrays with one entry per pupil, ordered by school."""

    ending: int  # the summer it takes its tests: 2018 for 2017-18
    school: NDArray[np.int64]  # place in SCHOOLS
    laestab: NDArray[np.int64]
    urn: NDArray[np.int64]
    upn: NDArray[np.str_]
    surname: NDArray[np.str_]
    forename: NDArray[np.str_]
    born_days: NDArray[np.int64]  # days since the cohort's first birthday: 1 September
    is_female: NDArray[np.bool_]
    is_fsm6: NDArray[np.bool_]
    sen: NDArray[np.str_]
    is_newly_arrived: NDArray[np.bool_]
    prior: NDArray[np.float64]  # latent prior attainment, in pupil standard deviations

    @property
    def n_pupils(self) -> int:
        """Pupils in the cohort."""
        return len(self.school)

    @property
    def is_sen_support(self) -> NDArray[np.bool_]:
        """On SEN support."""
        return np.asarray(self.sen == "K")


def _product(starts: str, endings: str) -> NDArray[np.str_]:
    return np.array([start + ending for start in starts.split() for ending in endings.split()])


_FORENAMES = _product(_FORENAME_STARTS, _FORENAME_ENDINGS)
_SURNAMES = _product(_SURNAME_STARTS, _SURNAME_ENDINGS)


def pupil_numbers(laestab: NDArray[np.int64], joined: int) -> NDArray[np.str_]:
    """Unique pupil numbers: check letter, LAESTAB, two digits of the year joined, serial number.

    The check letter follows the DfE's UPN guide: weights 2 to 13, modulo 23.
    """
    starts = np.flatnonzero(np.r_[True, laestab[1:] != laestab[:-1]])
    serial = np.arange(len(laestab)) - np.repeat(starts, np.diff(np.r_[starts, len(laestab)])) + 1
    number = laestab * 100_000 + joined % 100 * 1000 + serial
    digits = number[:, None] // 10 ** np.arange(11, -1, -1) % 10
    letter = _CHECK_LETTERS[digits @ np.arange(2, 14) % 23]
    return np.strings.add(letter, number.astype("U12"))


def days_as_text(first: dt.date, n_days: int, form: str) -> NDArray[np.str_]:
    """The days from `first` as text, so that dates can be looked up by index."""
    return np.array([(first + dt.timedelta(days=i)).strftime(form) for i in range(n_days)])


def birthdays(group: YearGroup, age: int, form: str) -> NDArray[np.str_]:
    """Dates of birth of pupils who turn `age` in the school year of their tests."""
    return days_as_text(dt.date(group.ending - age - 1, 9, 1), 365, form)[group.born_days]


def sen_support_share_of(
    school_share: float | NDArray[np.float64], *, is_fsm6: bool | NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Probability of SEN support, about 1.7 times as high for pupils entitled to free meals."""
    return np.asarray(school_share * np.where(is_fsm6, 1.4, 0.82))


def draw_year_group(
    rng: np.random.Generator, traits: Traits, places: NDArray[np.int64], ending: int, joined: int
) -> YearGroup:
    """Simulate one cohort. `places` is each school's usual number of pupils in that year group."""
    sizes = np.where(
        places > 0, np.maximum(np.rint(places * rng.normal(1, 0.05, len(places))), 3), 0
    )
    school = np.repeat(np.arange(len(places)), sizes.astype(np.int64))
    n = len(school)
    identities = [known.on(dt.date(ending, 5, 14)) for known in SCHOOLS]
    laestab = np.array([identity.laestab for identity in identities])[school]
    urn = np.array([identity.urn for identity in identities])[school]
    is_special = np.array([known.phase == "special" for known in SCHOOLS])[school]

    is_fsm6 = rng.random(n) < traits.fsm6_share[school]
    k_share = sen_support_share_of(traits.sen_support_share[school], is_fsm6=is_fsm6)
    drawn = rng.random(n)
    is_not_supported = drawn >= SEN_PLAN_SHARE + k_share
    sen = np.where(drawn < SEN_PLAN_SHARE, "E", np.where(is_not_supported, "N", "K"))
    sen = np.where(is_special, "E", sen)
    prior = (
        traits.intake[school]
        + rng.normal(0, 0.92, n)
        - 0.4 * is_fsm6
        - 1.6 * (sen == "K")
        - 1.9 * (sen == "E")
    )
    return YearGroup(
        ending=ending,
        school=school,
        laestab=laestab,
        urn=urn,
        upn=pupil_numbers(laestab, joined),
        surname=_SURNAMES[rng.integers(len(_SURNAMES), size=n)],
        forename=_FORENAMES[rng.integers(len(_FORENAMES), size=n)],
        born_days=rng.integers(365, size=n),
        is_female=rng.random(n) < 0.49,
        is_fsm6=is_fsm6,
        sen=sen,
        is_newly_arrived=rng.random(n) < 0.05,
        prior=prior,
    )
