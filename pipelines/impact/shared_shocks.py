"""Withholds the verdict on a programme whose comparison schools are in other authorities.

Schools of one authority move together from year to year (a round of moderation, a strike, a new scheme). All
of a programme's schools are in one authority, so such a shock looks like an effect, and no interval made of
differences between schools contains it. With comparison schools of the same authority it drops out.

Tried on England's tables (placebos of 18 and of 11 schools in 126 and 146 authorities, two draws each;
expected standard, reading and maths progress): authorities differ by themselves by 0.05 to 0.08 SD of
pupils in a year. Matched schools elsewhere then claim an effect in up to 9%, in authorities of at most 45
schools up to 14%. With that variance added to both ends' it is at most 5%, and the range beside the local
one is 1.16 to 1.24 times as wide if schools are picked at random and 0.91 to 1.06 if on results; in
authorities of at most 45 schools 1.05 to 1.15 and 0.76 to 0.92. The gain is real only there, and the
variance can only be had from all of England's schools, by pupil group and over three years, which no study
has. So the verdict stays withheld.
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
