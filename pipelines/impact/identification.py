"""Who is identified: whether a programme changed which pupils are on SEN support, and what that caps.

SEN support is a school's own decision. If a programme changes it, this year's pupils are not last
year's kind of pupils, and a difference in their results may be a difference in who they are.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.impact.results import ImpactRow

# Of a cohort of about 14% on SEN support, three points are one pupil in five more or fewer.
MATERIAL_CHANGE_SHARE = 0.03


def is_material(share: ImpactRow) -> bool:
    """Whether the share of the cohort identified changed enough to change whose results these are.

    `share` is the bracket of the SEN-support share: material if its 95% range excludes zero, or if
    both ends are at least `MATERIAL_CHANGE_SHARE` on one side. Without an estimate it is not known
    to be, and the headline, resting on the same schools, has none either.
    """
    if share.estimate_low is None or share.estimate_high is None:
        return False
    if (
        share.ci_low is not None
        and share.ci_high is not None
        and (share.ci_low > 0 or share.ci_high < 0)
    ):
        return True
    return (
        share.estimate_low >= MATERIAL_CHANGE_SHARE or share.estimate_high <= -MATERIAL_CHANGE_SHARE
    )


def capped(headline: ImpactRow, share: ImpactRow) -> ImpactRow:
    """The headline with its verdict capped at `cannot_tell` where identification changed."""
    if headline.verdict is None or not is_material(share):
        return headline
    caution = (
        "the share of pupils on SEN support changed in the programme's schools compared with the "
        "others, so these may be other kinds of pupils than before"
    )
    if headline.verdict == "cannot_tell" and headline.verdict_reason:
        return replace(headline, verdict_reason=f"{headline.verdict_reason}; besides, {caution}")
    return replace(headline, verdict="cannot_tell", verdict_reason=caution)
