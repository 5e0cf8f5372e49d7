"""Withholds the verdict on a programme whose comparison schools are in other authorities.

Schools of one authority move together from year to year (a round of moderation, a strike, a new scheme). All
of a programme's schools are in one authority, so such a shock looks like an effect, and no interval made of
differences between schools contains it. With comparison schools of the same authority it drops out.
"""

from __future__ import annotations

from dataclasses import replace

from pipelines.impact.results import ImpactRow

SHARED_SHOCKS = (
    "the comparison schools are in other authorities, and a year that was good or bad for all schools of "
    "this authority would look like an effect"
)


def capped_elsewhere(headline: ImpactRow) -> ImpactRow:
    """The headline of a programme compared with schools elsewhere: no verdict but `cannot_tell`."""
    if headline.verdict in {None, "cannot_tell"}:
        return headline
    return replace(headline, verdict="cannot_tell", verdict_reason=SHARED_SHOCKS, breakdown=None)
