"""Draws random schools, selects them for programmes, and builds the engine's panel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.impact.arrays import BoolArray, FloatArray
from pipelines.impact.calibration import PASSING_SD
from pipelines.impact.panel import SchoolPanel, school_panel
from tests.calibration.scenarios import Scenario, World

SEED = 20261127
# Two earlier years, then up to three outcome years.
YEARS = ("2015-16", "2016-17", "2017-18", "2018-19", "2021-22")
LAST_BASELINE, OUTCOME = 1, 2

# In SDs of pupils of the target group; total variance is 1.
LASTING_SD = 0.25  # between schools, the same every year
SLOPE_SD = (
    0.05  # between schools' lasting changes a year; only where schools are chosen for a decline
)
SIZE_CV = 0.4  # schools' lasting sizes differ by this much, years about them as Poisson counts

# Volatile schools: a fifth of them vary three times as much between years.
VOLATILE_SHARE, VOLATILE_TIMES = 0.2, 3
# Shocks that fade: correlation of a school's passing difference with that of the year before.
SHOCK_CORRELATION = 0.6
# Few meet: a standard met by a fifth of pupils, the others' share of an effect with spillover.
SHARE_WHO_MEET, SD_OF_MEETING = 0.2, 0.4
SPILLOVER = 0.5

# Soft selection adds noise with this many SDs of the selection variable: a correlation of 0.8.
SOFTNESS = 0.75
# Share of the coming pupils' luck that a school knows beforehand: a correlation of about 0.7 between prior
# attainment and result.
KNOWN_SHARE_OF_LUCK = 0.5
# All pupils per target pupil of a school and year, including the target pupils; lasting differences between
# schools correlate this much with those of target pupils.
ALL_PER_TARGET_PUPIL = 4
ALL_PUPILS_CORRELATION = 0.8
SECOND_EFFECT = 0.2
SMALL_CELL = 10
SUPPRESSED_SHARE = 0.4


@dataclass(frozen=True)
class Schools:
    """S schools before any programme in the first Y of `YEARS`, in pupil SDs.

    `quality` (S, Y) is lasting and passing, `luck` (S, Y) what sampling of pupils adds; `results` makes their
    sum a school's result. `coming` (S,) is what is known beforehand about the first outcome year's cohort;
    `noise` (S, 2) softens the selection for two programmes; `lot` (S, 2) decides random selection;
    `suppression` (S, Y) is uniform. `prior` (S, Y) is the part of luck predicted by prior attainment,
    `everyone` (S, Y) the mean of all the school's pupils. `slope` (S,) is a lasting change a year, added
    where schools are chosen on it. `is_share`: results are shares of a standard that few meet.
    """

    lasting: FloatArray
    quality: FloatArray
    luck: FloatArray
    n_pupils: FloatArray
    variance: FloatArray
    coming: FloatArray
    noise: FloatArray
    lot: FloatArray
    suppression: FloatArray
    prior: FloatArray
    everyone: FloatArray
    slope: FloatArray
    is_share: bool

    def results(self, shift: FloatArray | float = 0.0) -> FloatArray:
        """Means (S, Y) of schools' pupils after a `shift` in pupil SDs; shares count whole pupils."""
        level = self.quality + shift
        if not self.is_share:
            return level + self.luck
        expected = np.clip(SHARE_WHO_MEET + SD_OF_MEETING * level, 0.02, 0.98)
        share = expected + np.sqrt(expected * (1 - expected)) * self.luck
        n_meeting = np.clip(np.rint(self.n_pupils * share), 0, self.n_pupils)
        return np.asarray(n_meeting / self.n_pupils)


def draw_schools(
    n_schools: int,
    mean_pupils: int,
    draw: int,
    *,
    n_outcome_years: int = 1,
    passing_sd: float = PASSING_SD,
    world: World = "usual",
) -> Schools:
    """Draw number `draw`: the same schools for every selection, variant and effect."""
    rng = np.random.default_rng((SEED, n_outcome_years, n_schools, mean_pupils, draw))
    shape = (n_schools, OUTCOME + n_outcome_years)
    size = mean_pupils * rng.gamma(SIZE_CV**-2, SIZE_CV**2, n_schools)
    n = np.maximum(rng.poisson(size[:, None], shape), 1).astype(np.float64)
    lasting = rng.normal(0, LASTING_SD, n_schools)
    passing = _passing(rng.normal(0, passing_sd, shape), world)
    # Between pupils of a school and year.
    within_sd = np.sqrt(1 - LASTING_SD**2 - passing_sd**2)
    known, unknown = rng.normal(size=(2, *shape))
    luck_sd = within_sd / np.sqrt(n)
    known = known * np.sqrt(KNOWN_SHARE_OF_LUCK) * luck_sd
    unknown = unknown * np.sqrt(1 - KNOWN_SHARE_OF_LUCK) * luck_sd
    degrees = np.maximum(n - 1, 1)
    variance = within_sd**2 * rng.chisquare(degrees) / degrees
    quality, luck = lasting[:, None] + passing, known + unknown
    noise, lot = rng.normal(size=(n_schools, 2)), rng.normal(size=(n_schools, 2))
    suppression = rng.uniform(size=shape)
    apart = np.sqrt(1 - ALL_PUPILS_CORRELATION**2) * rng.normal(0, LASTING_SD, n_schools)
    others = (ALL_PUPILS_CORRELATION * lasting + apart)[:, None] + passing
    n_others = (ALL_PER_TARGET_PUPIL - 1) * n
    others = others + rng.normal(size=shape) * within_sd / np.sqrt(n_others)
    return Schools(
        lasting=lasting,
        quality=quality,
        luck=luck,
        n_pupils=n,
        variance=np.where(n > 1, variance, np.nan),
        coming=quality[:, OUTCOME] + known[:, OUTCOME],
        noise=noise,
        lot=lot,
        suppression=suppression,
        prior=known,
        everyone=(n * (quality + luck) + n_others * others) / (n + n_others),
        slope=rng.normal(0, SLOPE_SD, n_schools),
        is_share=world == "few_meet",
    )


def _passing(drawn: FloatArray, world: World) -> FloatArray:
    """Passing differences (S, Y) from independent ones: larger in some schools, or fading over years."""
    if world == "volatile_schools":
        is_volatile = np.arange(len(drawn)) < VOLATILE_SHARE * len(drawn)
        return drawn * np.where(is_volatile, VOLATILE_TIMES, 1)[:, None]
    if world == "shocks_that_fade":
        fading = drawn.copy()
        for year in range(1, drawn.shape[1]):
            fading[:, year] = (
                SHOCK_CORRELATION * fading[:, year - 1]
                + np.sqrt(1 - SHOCK_CORRELATION**2) * drawn[:, year]
            )
        return fading
    return drawn


def without_prior(schools: Schools) -> Schools:
    """The schools with what prior attainment predicts taken out of their results, and its variance."""
    return replace(
        schools,
        luck=schools.luck - schools.prior,
        variance=schools.variance * (1 - KNOWN_SHARE_OF_LUCK),
    )


def panel_of(schools: Schools, scenario: Scenario) -> SchoolPanel:
    """Select programme schools, add the effect, suppress cells: the arrays that `mart.cell` would give.

    Schools are selected on results as they are, also if those compared are adjusted.
    """
    programmes = ("first", "second") if scenario.has_second_programme else ("first",)
    exposure = np.column_stack(
        [_chosen(schools, scenario, programme) for programme in range(len(programmes))]
    ).astype(np.float64)
    compared = without_prior(schools) if scenario.is_prior_adjusted else schools
    shift = np.zeros_like(schools.luck)
    if scenario.selection == "true_decline":
        shift += schools.slope[:, None] * (np.arange(shift.shape[1]) - LAST_BASELINE)
    shift[:, OUTCOME:] += _effect(schools, scenario, exposure)
    mean = compared.results(shift)
    if scenario.is_suppressed:
        is_withheld = (schools.n_pupils <= SMALL_CELL) & (schools.suppression < SUPPRESSED_SHARE)
        mean[is_withheld] = np.nan
    return school_panel(
        measure="ks2_rwm_expected" if schools.is_share else "ks2_reading_progress",
        pupil_group="sen_support",
        unit="share" if schools.is_share else "points",
        programmes=programmes,
        baseline_years=YEARS[:OUTCOME],
        outcome_years=YEARS[OUTCOME : mean.shape[1]],
        school_ids=np.arange(len(mean)),
        exposure=exposure,
        mean=mean,
        n_pupils=schools.n_pupils,
        variance=compared.variance,
        rounding_half_width=np.zeros_like(mean),
    )


def _effect(schools: Schools, scenario: Scenario, exposure: FloatArray) -> FloatArray:
    """What the programmes add to each school's outcome years (S, K), in pupil SDs.

    Where it grows with size, the scenario's effect is the average over the first programme's pupils.
    """
    effects = np.array([scenario.effect, SECOND_EFFECT])[: exposure.shape[1]]
    added = np.repeat((exposure @ effects)[:, None], scenario.n_outcome_years, axis=1)
    if scenario.world == "grows_with_size":
        n = schools.n_pupils[:, OUTCOME:]
        inside = n * exposure[:, :1]
        added = added * n * inside.sum(axis=0) / (inside**2).sum(axis=0)
    if scenario.world == "spillover":
        added = added + SPILLOVER * scenario.effect * (1 - exposure[:, :1])
    return added


def _chosen(schools: Schools, scenario: Scenario, programme: int) -> BoolArray:
    """The weakest schools on the selection variable (S,), for one programme."""
    softness = 0.0 if scenario.selection == "last_year_strict" else SOFTNESS
    before = schools.results()
    criterion = {
        "random": schools.lot[:, programme],
        "last_year": before[:, LAST_BASELINE],
        "last_year_strict": before[:, LAST_BASELINE],
        "baseline_mean": before[:, :OUTCOME].mean(axis=1),
        "lasting_quality": schools.lasting,
        "coming_cohort": schools.coming,
        "true_decline": schools.slope,
    }[scenario.selection]
    score = criterion + softness * criterion.std() * schools.noise[:, programme]
    chosen = np.zeros(len(score), dtype=np.bool_)
    chosen[np.argsort(score)[: scenario.n_members]] = True
    return chosen
