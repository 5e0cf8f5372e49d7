"""Who is identified: whether a programme changed which pupils are on SEN support, and what that caps.

SEN support is a school's own decision. If a programme changes it, this year's pupils are not last
year's kind of pupils, and a difference in their results may be a difference in who they are.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.impact.results import ImpactRow

# Of a cohort of about 14% on SEN support, three points are one pupil in five more or fewer.
MATERIAL_CHANGE_SHARE = 0.03


IDENTIFICATION_CHANGED = (
    "the share of pupils on SEN support changed in the programme's schools compared with the "
    "others, so these may be other kinds of pupils than before"
)
IDENTIFICATION_MAY_HAVE_CHANGED = (
    "the share of pupils on SEN support may have changed in the programme's schools compared with the "
    "others, though chance alone could be the reason"
)


def is_material(share: ImpactRow) -> bool:
    """Whether the share of the cohort identified is shown to have changed by what may matter.

    `share` is the bracket of the SEN-support share. Its 95% interval must exclude zero, and not lie
    within `MATERIAL_CHANGE_SHARE` of it: in a small study estimates move by as much for no reason
    (in one study in five with nothing changed), and in a large one a change of half a pupil is shown.
    Without an estimate it is not known to be, and the headline, resting on the same schools, has none
    either.
    """
    if share.ci_low is None or share.ci_high is None:
        return False
    is_shown = share.ci_low > 0 or share.ci_high < 0
    return is_shown and max(-share.ci_low, share.ci_high) >= MATERIAL_CHANGE_SHARE


def may_be_material(share: ImpactRow) -> bool:
    """Whether both ends moved by at least `MATERIAL_CHANGE_SHARE` to one side, by chance or not."""
    low, high = share.estimate_low, share.estimate_high
    if low is None or high is None:
        return False
    return low >= MATERIAL_CHANGE_SHARE or high <= -MATERIAL_CHANGE_SHARE


def capped(headline: ImpactRow, share: ImpactRow) -> ImpactRow:
    """The headline with its verdict capped at `cannot_tell` where identification changed.

    Where it may have changed, but chance explains as much, the verdict stands and its reason says so.
    """
    if headline.verdict is None:
        return headline
    if is_material(share):
        if headline.verdict == "cannot_tell" and headline.verdict_reason:
            reason = f"{headline.verdict_reason}; besides, {IDENTIFICATION_CHANGED}"
            return replace(headline, verdict_reason=reason)
        return replace(headline, verdict="cannot_tell", verdict_reason=IDENTIFICATION_CHANGED)
    if may_be_material(share) and headline.verdict_reason:
        reason = f"{headline.verdict_reason}; besides, {IDENTIFICATION_MAY_HAVE_CHANGED}"
        return replace(headline, verdict_reason=reason)
    return headline
