"""Why a school is in a comparison or left out, as codes; their words are in `wording`.

`compared_school.sql` decides them, one a school, programme and measure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, get_args

ComparisonReason = Literal[
    "compared",
    "outside_authority",
    "special_school",
    "alternative_provision",
    "independent_school",
    "not_mainstream_school",
    "not_started",
    "left_before_tests",
    "not_taught",
    "not_in_files",
    "withheld_when_published",
    "no_pupil_count",
    "no_result",
    "no_earlier_result",
    "programme_in_earlier_years",
    "no_common_year",
    "in_evaluated_programme",
    "alike_in_make_up_only",
    "not_among_most_similar",
]


def why_none(reasons: Sequence[ComparisonReason]) -> ComparisonReason | None:
    """Why no school of a side is compared: the reason most of its schools share; None if one is.

    Of reasons that as many share, the one that is listed first above. Of no schools at all, None.
    """
    if not reasons or "compared" in reasons:
        return None
    order = get_args(ComparisonReason)
    counts = Counter(reasons)
    return max(counts, key=lambda reason: (counts[reason], -order.index(reason)))
