"""Checks whether a programme changed which pupils are on SEN support, and caps the verdict if so.

Schools decide who is on SEN support. If a programme changes that, this year's pupils differ in kind from last
year's, and their results may differ for that reason alone.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.impact.results import ImpactRow

# About 14% of a cohort are on SEN support, so three points are one such pupil in five.
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
    """Whether the share of the cohort on SEN support changed significantly and materially.

    `share` is the bracket of the SEN-support share. Its 95% interval must exclude zero and reach beyond
    `MATERIAL_CHANGE_SHARE`: in a small study estimates move that much by chance (in one study in five), and
    in a large one even half a pupil is significant. Without an estimate the answer is False; the headline,
    which uses the same schools, then has no estimate either.
    """
    if share.ci_low is None or share.ci_high is None:
        return False
    is_shown = share.ci_low > 0 or share.ci_high < 0
    return is_shown and max(-share.ci_low, share.ci_high) >= MATERIAL_CHANGE_SHARE


def may_be_material(share: ImpactRow) -> bool:
    """Whether both ends moved by at least `MATERIAL_CHANGE_SHARE` in one direction, possibly by chance."""
    low, high = share.estimate_low, share.estimate_high
    if low is None or high is None:
        return False
    return low >= MATERIAL_CHANGE_SHARE or high <= -MATERIAL_CHANGE_SHARE


def capped(headline: ImpactRow, share: ImpactRow) -> ImpactRow:
    """The headline, with its verdict capped at `cannot_tell` if identification changed.

    If it may have changed, but chance could explain it, the verdict stands and its reason says so.
    """
    if headline.verdict is None:
        return headline
    if is_material(share):
        # No difference in trends alone would give another verdict.
        headline = replace(headline, breakdown=None)
        if headline.verdict == "cannot_tell" and headline.verdict_reason:
            reason = f"{headline.verdict_reason}; besides, {IDENTIFICATION_CHANGED}"
            return replace(headline, verdict_reason=reason)
        return replace(headline, verdict="cannot_tell", verdict_reason=IDENTIFICATION_CHANGED)
    if may_be_material(share) and headline.verdict_reason:
        reason = f"{headline.verdict_reason}; besides, {IDENTIFICATION_MAY_HAVE_CHANGED}"
        return replace(headline, verdict_reason=reason)
    return headline
