"""Distinguishes revisions of published values from differences in rounding."""

from __future__ import annotations

# Smaller than any rounding step, larger than floating-point error.
_NEGLIGIBLE = 1e-9


def could_be_same_value(
    before: float, before_half_width: float, after: float, after_half_width: float
) -> bool:
    """Whether one underlying value could have been published as both.

    A half width is half the rounding step, 0 for an unrounded value. Rounded values represent
    half-open intervals: 40.7 and 40.8 share no value, but 51.3 and 51 do. An unrounded value may
    equal an interval's end.
    """
    apart = abs(after - before)
    both = before_half_width + after_half_width
    is_exact = min(before_half_width, after_half_width) == 0
    return apart <= _NEGLIGIBLE or apart < both + (_NEGLIGIBLE if is_exact else -_NEGLIGIBLE)
