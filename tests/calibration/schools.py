"""Draws random schools, selects them for programmes, and builds the engine's panel."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.impact.arrays import BoolArray, FloatArray
from pipelines.impact.panel import SchoolPanel, school_panel
from tests.calibration.scenarios import Scenario

SEED = 20181002
# Of schools with several outcome years.
LATER_SEED = 20191002
# Two earlier years, then up to three outcome years.
YEARS = ("2015-16", "2016-17", "2017-18", "2018-19", "2021-22")
LAST_BASELINE, OUTCOME = 1, 2

# In SDs of pupils of the target group; total variance is 1.
LASTING_SD = 0.25  # between schools, the same every year
PASSING_SD = 0.12  # between a school's years, all its pupils together
WITHIN_SD = (1 - LASTING_SD**2 - PASSING_SD**2) ** 0.5  # between pupils of a school and year
SLOPE_SD = (
    0.05  # between schools' lasting changes a year; only where schools are chosen for a decline
)
SIZE_CV = 0.4  # schools' lasting sizes differ by this much, years about them as Poisson counts

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

    `coming` (S,) is what is known beforehand about the first outcome year's cohort; `noise` (S, 2) softens
    the selection for two programmes; `lot` (S, 2) decides random selection; `suppression` (S, Y) is uniform.
    `prior` (S, Y) is the part of a mean predicted by prior attainment, `everyone` (S, Y) the mean of all the
    school's pupils. `slope` (S,) is a lasting change a year, added where schools are chosen on it.
    """

    lasting: FloatArray
    mean: FloatArray
    n_pupils: FloatArray
    variance: FloatArray
    coming: FloatArray
    noise: FloatArray
    lot: FloatArray
    suppression: FloatArray
    prior: FloatArray
    everyone: FloatArray
    slope: FloatArray


def draw_schools(
    n_schools: int, mean_pupils: int, draw: int, *, n_outcome_years: int = 1
) -> Schools:
    """Draw number `draw`: the same schools for every selection, variant and effect."""
    seed = (SEED,) if n_outcome_years == 1 else (LATER_SEED, n_outcome_years)
    rng = np.random.default_rng((*seed, n_schools, mean_pupils, draw))
    shape = (n_schools, OUTCOME + n_outcome_years)
    size = mean_pupils * rng.gamma(SIZE_CV**-2, SIZE_CV**2, n_schools)
    n = np.maximum(rng.poisson(size[:, None], shape), 1).astype(np.float64)
    lasting = rng.normal(0, LASTING_SD, n_schools)
    passing = rng.normal(0, PASSING_SD, shape)
    known, unknown = rng.normal(size=(2, *shape))
    luck_sd = WITHIN_SD / np.sqrt(n)
    known = known * np.sqrt(KNOWN_SHARE_OF_LUCK) * luck_sd
    unknown = unknown * np.sqrt(1 - KNOWN_SHARE_OF_LUCK) * luck_sd
    degrees = np.maximum(n - 1, 1)
    variance = WITHIN_SD**2 * rng.chisquare(degrees) / degrees
    mean = lasting[:, None] + passing + known + unknown
    noise, lot = rng.normal(size=(n_schools, 2)), rng.normal(size=(n_schools, 2))
    suppression = rng.uniform(size=shape)
    apart = np.sqrt(1 - ALL_PUPILS_CORRELATION**2) * rng.normal(0, LASTING_SD, n_schools)
    others = (ALL_PUPILS_CORRELATION * lasting + apart)[:, None] + passing
    n_others = (ALL_PER_TARGET_PUPIL - 1) * n
    others = others + rng.normal(size=shape) * WITHIN_SD / np.sqrt(n_others)
    return Schools(
        lasting=lasting,
        mean=mean,
        n_pupils=n,
        variance=np.where(n > 1, variance, np.nan),
        coming=lasting + passing[:, OUTCOME] + known[:, OUTCOME],
        noise=noise,
        lot=lot,
        suppression=suppression,
        prior=known,
        everyone=(n * mean + n_others * others) / (n + n_others),
        # Drawn last, so that the other draws are those of earlier tables.
        slope=rng.normal(0, SLOPE_SD, n_schools),
    )


def without_prior(schools: Schools) -> Schools:
    """The schools with what prior attainment predicts taken out of their results, and its variance."""
    return replace(
        schools,
        mean=schools.mean - schools.prior,
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
    effects = np.array([scenario.effect, SECOND_EFFECT])[: len(programmes)]
    compared = without_prior(schools) if scenario.is_prior_adjusted else schools
    mean = compared.mean.copy()
    if scenario.selection == "true_decline":
        mean += schools.slope[:, None] * (np.arange(mean.shape[1]) - LAST_BASELINE)
    mean[:, OUTCOME:] += (exposure @ effects)[:, None]
    if scenario.is_suppressed:
        is_withheld = (schools.n_pupils <= SMALL_CELL) & (schools.suppression < SUPPRESSED_SHARE)
        mean[is_withheld] = np.nan
    return school_panel(
        measure="ks2_reading_progress",
        pupil_group="sen_support",
        unit="points",
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


def _chosen(schools: Schools, scenario: Scenario, programme: int) -> BoolArray:
    """The weakest schools on the selection variable (S,), for one programme."""
    softness = 0.0 if scenario.selection == "last_year_strict" else SOFTNESS
    criterion = {
        "random": schools.lot[:, programme],
        "last_year": schools.mean[:, LAST_BASELINE],
        "last_year_strict": schools.mean[:, LAST_BASELINE],
        "baseline_mean": schools.mean[:, :OUTCOME].mean(axis=1),
        "lasting_quality": schools.lasting,
        "coming_cohort": schools.coming,
        "true_decline": schools.slope,
    }[scenario.selection]
    score = criterion + softness * criterion.std() * schools.noise[:, programme]
    chosen = np.zeros(len(score), dtype=np.bool_)
    chosen[np.argsort(score)[: scenario.n_members]] = True
    return chosen
