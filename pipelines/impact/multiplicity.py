"""Adjusts p-values for testing several measures of one programme. The caller defines the family."""

from __future__ import annotations

from collections.abc import Sequence


def holm_adjusted(p_values: Sequence[float | None]) -> list[float | None]:
    """Holm's step-down p-values in the given order; None (no test) is passed through and not counted.

    The k-th smallest of m becomes the largest of (m - i + 1) p_(i) over i up to k, at most 1. This controls
    the family-wise error rate under any dependence (Holm 1979, Scandinavian Journal of Statistics 6: 65).
    Raises ValueError for a p-value outside 0 to 1.
    """
    if any(p is not None and not 0 <= p <= 1 for p in p_values):
        raise ValueError("a p-value lies between 0 and 1")
    tested = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(tested):
        largest = max(largest, min((len(tested) - rank) * p, 1.0))
        adjusted[place] = largest
    return adjusted
