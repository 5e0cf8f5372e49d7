"""Why a school is in a comparison or left out: codes and their labels.

`compared_school.sql` assigns one code per school, programme and measure.
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
    "not_yet_published",
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

# As printed on the board's page.
LEFT_OUT_LABELS: dict[ComparisonReason, str] = {
    "compared": "compared",
    "outside_authority": "outside the authority",
    "special_school": "special school",
    "alternative_provision": "alternative provision",
    "independent_school": "independent school",
    "not_mainstream_school": "not a mainstream school",
    "not_started": "the programme had not begun there when pupils were tested",
    "left_before_tests": "left the programme before pupils were tested",
    "not_taught": "does not teach this year group",
    "not_yet_published": "this result is not published yet",
    "not_in_files": "not in the results files",
    "withheld_when_published": "result withheld in the published table: too few pupils",
    "no_pupil_count": "the files do not say how many pupils the result is of",
    "no_result": "no result for these pupils this year",
    "no_earlier_result": "no earlier result to compare with",
    "programme_in_earlier_years": "the programme was already at work in all earlier years",
    "no_common_year": "no earlier year in which both sides have results from before the programme",
    "in_evaluated_programme": "in an evaluated programme",
    "alike_in_make_up_only": "alike in make-up, so only its change is compared",
    "not_among_most_similar": "not among the most similar schools",
}


def why_none(reasons: Sequence[ComparisonReason]) -> str | None:
    """Why a side has no compared school, in words; None if it has one, or has no schools at all.

    Lists every reason, most frequent first (ties in the order above), with counts if there are several.
    """
    if not reasons or "compared" in reasons:
        return None
    order = get_args(ComparisonReason)
    counts = sorted(Counter(reasons).items(), key=lambda each: (-each[1], order.index(each[0])))
    if len(counts) == 1:
        return LEFT_OUT_LABELS[counts[0][0]]
    return "; ".join(f"{LEFT_OUT_LABELS[reason]} ({n})" for reason, n in counts)
