"""Codes used in columns of estimates: roles, verdicts, estimators and so on.

Estimators have their English names beside them; the words for other codes are in `released.wording`.
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
    "bracket_randomisation",
    "randomisation_inference",
    "wild_cluster_bootstrap",
    "leave_one_school_out",
    "triple_difference",
    "pupil_adjusted",
    "callaway_santanna",
    "earlier_changes",
]
ESTIMATOR_LABELS = {
    "bracket": "both comparisons together (the headline)",
    "ancova": "against schools with the same earlier results",
    "change_from_baseline_mean": "change since the average of earlier years",
    "change_leaving_selection_years_out": "change, leaving out years schools were chosen on",
    "change_since_last_year": "change since last year (unsafe)",
    "bracket_randomisation": "both comparisons together, chance by reshuffling schools",
    "randomisation_inference": "against schools with the same earlier results, chance by reshuffling schools",
    "wild_cluster_bootstrap": "against schools with the same earlier results, chance by resampling",
    "leave_one_school_out": "both comparisons, leaving out each school in turn",
    "triple_difference": "change of these pupils against other pupils of the same schools",
    "pupil_adjusted": "against pupils who started at the same level",
    "callaway_santanna": "schools that started together, against those not yet started",
    "earlier_changes": "earlier years only: how far both sides’ changes differed before any result",
}
# What a claim is about: a programme's own settings, a [[claim]] about all schools, or a [[stated_total]].
ClaimTested = Literal[
    "eligible_share",
    "expected_schools",
    "every_school_takes_part",
    "all_maintained_schools_reviewed",
    "stated_total",
]
# How simulated programmes choose their schools when the methods are calibrated.
Selection = Literal[
    "random",
    "last_year",
    "last_year_strict",
    "baseline_mean",
    "lasting_quality",
    "coming_cohort",
    "true_decline",
]
# What comparison schools outside the authority were matched on.
MatchedOn = Literal["results_and_make_up", "make_up"]
# Whether the figures of a released row may be read (`shown`), are withheld by disclosure control, or do not
# exist: not published, not computable, no pupils.
FigureStatus = Literal["shown", "suppressed", "not_available"]
# Why an estimate is withheld.
WithheldReason = Literal["small_group", "few_schools"]
