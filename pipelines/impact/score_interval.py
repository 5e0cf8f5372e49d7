"""The confidence level of every interval, and the score interval of a share."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

CONFIDENCE = 0.95
NORMAL_VALUE = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


def score_interval(share: float, n_pupils: float) -> tuple[float, float]:
    """The 95% score interval of a share (0 to 1) of independent pupils (Wilson 1927, JASA 22: 209).

    It stays within 0 and 1 and, unlike the usual interval, does not shrink to a point at either end. Raises
    ValueError without a pupil.
    """
    if n_pupils <= 0:
        raise ValueError("a share needs at least one pupil")
    z2 = NORMAL_VALUE**2
    centre = (share + z2 / (2 * n_pupils)) / (1 + z2 / n_pupils)
    spread = share * (1 - share) / n_pupils + z2 / (4 * n_pupils**2)
    margin = sqrt(z2 * spread) / (1 + z2 / n_pupils)
    # Rounding could pass the ends by a hair.
    return max(0.0, centre - margin), min(1.0, centre + margin)
