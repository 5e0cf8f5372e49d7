"""Whether two published values of a figure differ because it was revised, or in how they are rounded."""

from __future__ import annotations

# Less than any step a value is published to, more than what binary fractions lose.
_NEGLIGIBLE = 1e-9


def could_be_same_value(
    before: float, before_half_width: float, after: float, after_half_width: float
) -> bool:
    """Whether one underlying value could have been published as both.

    A half width is half the step a value was rounded to, 0 for one that was not. Rounded values stand for
    intervals with one end open: 40.7 and 40.8 have no value in common, 51.3 and 51 have. A value that was not
    rounded may be that end.
    """
    apart = abs(after - before)
    both = before_half_width + after_half_width
    is_exact = min(before_half_width, after_half_width) == 0
    return apart <= _NEGLIGIBLE or apart < both + (_NEGLIGIBLE if is_exact else -_NEGLIGIBLE)


def is_rounding(
    before: float, before_half_width: float, after: float, after_half_width: float
) -> bool:
    """Whether two values differ, but only in how they were rounded."""
    return abs(after - before) > _NEGLIGIBLE and could_be_same_value(
        before, before_half_width, after, after_half_width
    )
