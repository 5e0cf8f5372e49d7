"""What may be printed of a counted figure: the one place that knows how public figures are rounded."""

from __future__ import annotations

from typing import Any

import pandas as pd

# A public count is exact, or to the nearest so many where its table says so.
COUNT_STEP = 1


def of_count(step: int = COUNT_STEP) -> float:
    """How far from a count a printed one may be."""
    return step / 2 if step > 1 else 0.0


def of_share(n: float, half_step: float) -> float:
    """How far from the share of n pupils a printed one may be: a whole number of them over a count."""
    return half_step + (0.5 + of_count()) / n if n else half_step


def differs(printed: Any, counted: float, slack: float = 0.0) -> bool:
    """Whether a figure is shown and is not the counted one; one that cannot be counted is none to show."""
    return not pd.isna(printed) and not abs(float(printed) - counted) <= slack + 1e-9


def count_differs(printed: Any, counted: float, step: int = COUNT_STEP) -> bool:
    """Whether a count of pupils is shown and is not the counted one as it may be printed."""
    return differs(printed, counted, of_count(step))
