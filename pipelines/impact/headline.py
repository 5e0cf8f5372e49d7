"""The headline: two estimators as the ends of a bracket, and the verdict that both support."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.catalogue.vocabulary import Verdict
from pipelines.impact.arrays import FloatArray
from pipelines.impact.imbens_manski import between_ends, detectable_effect
from pipelines.impact.panel import SchoolPanel
from pipelines.impact.results import Bracket, Estimate, NotComputable, SampleSize

# Satterthwaite t-tests keep their level from about 4 degrees of freedom (Tipton 2015, Psychological Methods
# 20: 375); below 8 the interval is so wide that it invites misreading.
MIN_EFFECTIVE_DF = 8.0
MIN_SCHOOLS_PER_SIDE = 5
# Overlap requires some comparison schools within the range of the programme's schools, and some programme
# schools within the range of the comparison schools. A strict cut-off on results leaves neither. Selection
# that correlates 0.8 with results passes in at least 89 of 100 simulated cities; requiring five schools and a
# half of them would reject every second one.
MIN_COMPARISON_SCHOOLS_IN_RANGE = 3
MIN_SHARE_OF_PROGRAMME_IN_RANGE = 0.25


@dataclass(frozen=True)
class Overlap:
    """Common support of both sides on one score of their earlier results."""

    n_comparison_in_range: int
    programme_share_in_range: float

    @property
    def is_enough(self) -> bool:
        """Whether similar schools can be compared."""
        return (
            self.n_comparison_in_range >= MIN_COMPARISON_SCHOOLS_IN_RANGE
            and self.programme_share_in_range >= MIN_SHARE_OF_PROGRAMME_IN_RANGE
        )


def bracket(
    conditioned: Estimate | NotComputable,
    differenced: Estimate | NotComputable,
    *,
    extrapolation_reason: str | None = None,
) -> Bracket | NotComputable:
    """Join ANCOVA (`conditioned`) and change from the baseline mean (`differenced`) into a bracket.

    If schools were selected on observed results the first is unbiased, if on lasting quality the second, and
    the effect lies between (Ding and Li 2019, Political Analysis 27: 605). Interval and p-value come from
    `imbens_manski.between_ends`; a claim needs both ends beyond zero. `make calibrate` measures whether this
    interval, narrower than the union of both 95% intervals, keeps its coverage. Raises ValueError for the
    naive change, which has no p-value and cannot be an end.
    """
    first, second = _end_or_refusal(conditioned), _end_or_refusal(differenced)
    if isinstance(first, NotComputable):
        return first
    if isinstance(second, NotComputable):
        return second
    ends = (first, second)
    if any(end.p_value is None for end in ends):
        raise ValueError("the naive change is not an end of the bracket")
    errors = [end.standard_error for end in ends]
    shared = first.contribution.keys() & second.contribution.keys()
    covariance = sum(first.contribution[school] * second.contribution[school] for school in shared)
    degrees_of_freedom = [end.degrees_of_freedom for end in ends]
    estimates = [end.estimate for end in ends]
    between = between_ends(estimates, errors, min(degrees_of_freedom))
    return Bracket(
        programme=first.programme,
        ends=ends,
        estimate_low=min(estimates),
        estimate_high=max(estimates),
        ci_low=between.ci_low,
        ci_high=between.ci_high,
        p_value=between.p_value,
        effective_df=min(degrees_of_freedom),
        mde=detectable_effect(
            errors,
            degrees_of_freedom,
            covariance / (errors[0] * errors[1]),
            distance=max(estimates) - min(estimates),
        ),
        sample=first.sample,
        extrapolation_reason=extrapolation_reason,
    )


def _end_or_refusal(end: Estimate | NotComputable) -> Estimate | NotComputable:
    """Turn an end that rests on too few schools, or has no estimate, into the headline's refusal."""
    too_few = too_few_schools(end.sample, end.judged_df)
    smaller_side = min(end.sample.n_programme_schools, end.sample.n_comparison_schools)
    # "None to compare with" is more informative than "too few"; otherwise the number of schools is.
    if isinstance(end, NotComputable) and (not too_few or not smaller_side):
        return replace(end, estimator="bracket")
    if too_few:
        return NotComputable(end.programme, "bracket", too_few, end.sample, end.judged_df)
    return end


def too_few_schools(sample: SampleSize, degrees_of_freedom: float | None) -> str | None:
    """Why there are too few schools for any estimate, or None."""
    n_programme, n_comparison = sample.n_programme_schools, sample.n_comparison_schools
    if min(n_programme, n_comparison) < MIN_SCHOOLS_PER_SIDE:
        return (
            f"too few schools: {n_programme} in the programme and {n_comparison} others have "
            f"results that can be compared, and each side needs at least {MIN_SCHOOLS_PER_SIDE}"
        )
    if degrees_of_freedom is not None and degrees_of_freedom < MIN_EFFECTIVE_DF:
        return (
            f"too few schools: what they tell amounts to {degrees_of_freedom:.1f} independent "
            f"comparisons (degrees of freedom), and at least {MIN_EFFECTIVE_DF:.0f} are needed"
        )
    return None


def extrapolation_reason(panel: SchoolPanel, programme: str) -> str | None:
    """Why conditioning on earlier results extrapolates for a programme, or None.

    Checked on each baseline year and on the mean of a school's baseline years, because a cut-off on any of
    them separates the sides. On each, at least MIN_COMPARISON_SCHOOLS_IN_RANGE comparison schools must lie
    within the range of the programme's schools, and at least MIN_SHARE_OF_PROGRAMME_IN_RANGE of the
    programme's schools within that of the comparison schools. A score that is constant, or known for too few
    schools on a side, is ignored.
    """
    for overlap in overlaps(panel, programme):
        if not overlap.is_enough:
            return (
                "the programme's schools had earlier results unlike those of the others, so the "
                "end that compares schools with like results (ANCOVA) is an extrapolation"
            )
    return None


def overlaps(panel: SchoolPanel, programme: str) -> tuple[Overlap, ...]:
    """The overlap on each score that `extrapolation_reason` checks: baseline years, then their mean."""
    z = panel.standardised()[:, :-1]
    has_value = np.isfinite(z)
    n_years = np.maximum(has_value.sum(axis=1), 1)
    mean = np.where(has_value, z, 0.0).sum(axis=1) / n_years
    is_programme = panel.exposure[:, panel.programmes.index(programme)] > 0
    judged = []
    for score in (*z.T, mean):
        known = np.isfinite(score)
        inside, outside = score[known & is_programme], score[known & ~is_programme]
        if min(len(inside), len(outside)) >= MIN_SCHOOLS_PER_SIDE:
            judged.append(_overlap(inside, outside))
    return tuple(judged)


def verdict(
    headline: Bracket, *, smallest_effect: float | None, higher_is_better: bool = True
) -> tuple[Verdict, str]:
    """The verdict on a bracket, with its reason in plain words.

    `better` or `worse` if both ends' intervals exclude zero on the same side; `no_meaningful_difference` if
    the union lies within ± `smallest_effect` (in the measure's unit, or None); otherwise, and always if the
    ANCOVA end extrapolates, `cannot_tell`.
    """
    judged, reason = _verdict_of_range(headline, smallest_effect, higher_is_better)
    caution = headline.extrapolation_reason
    if not caution:
        return judged, reason
    return "cannot_tell", f"{reason}; besides, {caution}" if judged == "cannot_tell" else caution


def _verdict_of_range(
    headline: Bracket, smallest_effect: float | None, higher_is_better: bool
) -> tuple[Verdict, str]:
    low, high = headline.ci_low, headline.ci_high
    is_small = smallest_effect is not None and max(-low, high) < smallest_effect
    if low > 0 or high < 0:
        reason = "both ends of the range, with their uncertainty, lie on one side of zero"
        if is_small:
            reason += ", though all of it is smaller than the smallest difference that would matter"
        return ("better" if (low > 0) == higher_is_better else "worse"), reason
    if is_small:
        return (
            "no_meaningful_difference",
            "the whole range lies within the smallest difference that would matter",
        )
    return "cannot_tell", _why_undecided(headline)


def _why_undecided(headline: Bracket) -> str:
    sides = [(end.ci_low > 0) - (end.ci_high < 0) for end in headline.ends]
    if sides[0] * sides[1] < 0:
        return "the two ends of the range point in opposite directions"
    if any(sides) and not all(sides):
        return (
            "the two ends of the range disagree: one shows a difference, the other may be no "
            "difference at all, and which is right depends on how schools were chosen"
        )
    return "the range runs from below zero to above it: a gain, a loss or no difference all fit"


def _overlap(programme: FloatArray, comparison: FloatArray) -> Overlap:
    """Comparison schools within the programme's range, and the share of programme schools within theirs.

    Ranges include their ends, with a tolerance for rounding; a constant score overlaps fully.
    """
    slack = 1e-9
    n_comparison = int(
        ((comparison >= programme.min() - slack) & (comparison <= programme.max() + slack)).sum()
    )
    is_inside = (programme >= comparison.min() - slack) & (programme <= comparison.max() + slack)
    return Overlap(n_comparison, float(is_inside.mean()))
