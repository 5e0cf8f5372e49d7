"""The fixed text of `README.md`, and what its tables call selections, worlds and variants."""

from __future__ import annotations

from pipelines.impact.calibration import PASSING_SD, PROGRESS_PASSING_SD

SELECTION_WORDS = {
    "random": "nothing (random)",
    "last_year": "last year's result",
    "last_year_strict": "last year's result, a strict cut",
    "baseline_mean": "mean of both earlier years",
    "lasting_quality": "lasting quality",
    "coming_cohort": "knowledge of the coming cohort",
    "true_decline": "a decline that goes on",
}
WORLD_WORDS = {
    "usual": "usual",
    "volatile_schools": "volatile schools",
    "shocks_that_fade": "shocks that fade (AR(1))",
    "few_meet": "a standard that 20% meet",
    "grows_with_size": "effect grows with size",
    "spillover": "half of the effect spills over",
}
VARIANT_WORDS = {
    (False, False): "one programme, nothing withheld",
    (True, False): "a second programme overlaps",
    (False, True): "40% of small cells withheld",
    (True, True): "both",
}

PROGRESS = f"""A school's years vary about its lasting level by {PROGRESS_PASSING_SD} SDs instead of
{PASSING_SD}: progress at Key Stage 2 does in England (0.24 to 0.29 within authorities, 2016 to 2018; shares
who meet a standard 0.12 to 0.16; `tests/real/test_passing_variation.py`).
"""

ADJUSTED = """What prior attainment predicts, half of the variance of pupils' luck, is taken out of results
before they are compared, as a measure with `adjust_for_prior_attainment` has it; here it is known exactly.
Schools are chosen on results as they are.
"""

SEVERAL_YEARS = """Two or three years after the start, pooled as in `outcome_years`; each year's pupils and
passing differences are drawn anew. "Coming cohort" is that of the first year. Errors are those without an
effect. A decline that goes on is what more years make worse: it goes on in them too.
"""

WORLDS = """18 of 60 schools, about 10 target pupils. Volatile schools: a fifth of schools vary three times
as much between years. Shocks that fade: a school's passing difference correlates 0.6 with that of the year
before. 20% meet: results are shares of whole pupils, fewer than none impossible. Effect grows with size:
in proportion to a school's target pupils, 0.4 on the average of them; small schools, which get less, weigh
more in an estimate than in that average. Spillover: schools outside the programme get half of the effect, so
what is compared is half of it, and that is what is found.
"""

REFUSED = "Too few schools in every draw: no estimate, as it should be.\n"

INTRODUCTION = """# How often the bracket is wrong

Made by `make calibrate` (on two idle processors about a quarter of an hour) from
`pipelines/impact/calibration.csv`, not written by hand. {heading}.

The schools are in `schools.py`, what is crossed with what in `scenarios.py`, what is counted in
`trial.py`. A short run of the same, and the promise itself, are in
`tests/reference/test_calibration.py`.

Schools are drawn, some chosen for a programme, and the engine is asked as it is for a study: same
panel, same estimators, same rules for too few schools and no overlap, same verdict. Two earlier
years and an outcome; in SDs of target pupils (all variation together 1) lasting differences between
schools 0.25, passing differences between a school's years 0.12. Target pupils vary: lasting school
size has a coefficient of variation of 0.4, years are Poisson about it, at least one pupil. The
weakest schools are chosen, on what a table names plus noise of 0.75 of its SD (a correlation of
0.8); "a strict cut" has no noise. Coming cohort: lasting and passing quality of the outcome year and
half of the variance of its pupils' luck, as prior attainment would tell. A decline that goes on:
each school changes by a lasting amount a year (SD 0.05), and those that fall most are chosen. A
second programme is chosen in the same way, with noise of its own, has as many schools, and an
effect of 0.2. Small cells are those of up to 10 pupils; 40% of them, drawn at random, are withheld
in every year. Draw by draw the schools are the same for every choice, variant and effect.

Shares are of draws with an estimate. A false verdict: better or worse where there is no effect,
worse where there is one, "no meaningful difference" (within 0.1) where the effect is larger. The
naive change is the change since last year. A scenario has {least} draws; if these came within 1.5 points
of a limit of the promise, {most}, the first ones included. With {least} draws a true 5% shows as
{low} to {high} (95%).
"""
