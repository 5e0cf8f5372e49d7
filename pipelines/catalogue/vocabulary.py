"""The codes that columns of estimates may hold, each list once: roles, verdicts, estimators and so on.

How a code reads in English is `released.wording`.
"""

from __future__ import annotations

from typing import Literal

Role = Literal["headline", "naive", "robustness"]
Verdict = Literal["better", "worse", "no_meaningful_difference", "cannot_tell"]
Estimator = Literal[
    "bracket",
    "ancova",
    "change_from_baseline_mean",
    "change_leaving_selection_years_out",
    "change_since_last_year",
    "randomisation_inference",
    "wild_cluster_bootstrap",
    "leave_one_school_out",
    "triple_difference",
    "pupil_adjusted",
]
# On what a programme's schools are chosen, where the method is tried on simulated ones.
Selection = Literal[
    "random",
    "last_year",
    "last_year_strict",
    "baseline_mean",
    "lasting_quality",
    "coming_cohort",
]
# What comparison schools outside the area were matched on.
MatchedOn = Literal["results_and_make_up", "make_up"]
# Why an estimate is withheld.
WithheldReason = Literal["small_group", "few_schools"]
