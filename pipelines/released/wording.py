"""English text for released numbers and codes, shared by charts and documents.

Each function takes a value and returns text; none reads a table or a file.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

# A number with its sign and unit sign, as written here; academic years count as numbers.
NUMBER = re.compile(r"20\d\d-\d\d|[+−£]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?")
MINUS = "−"  # not a hyphen, which screen readers do not read as minus and lines break at
WITHHELD = "[c]"  # the Government Statistical Service's mark for a confidential figure
NOT_AVAILABLE = "not available"

_DECIMALS_BY_UNIT = {"share": 0, "points": 1}

_SMALL_NUMBERS = (
    "none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve",
)  # fmt: skip

UNIT_LABELS = {"share": "percentage points", "points": "points"}

STATUS_LABELS = {
    "school_return": "school returns",
    "provisional": "provisional",
    "revised": "revised",
    "final": "final",
}
STATUS_ORDER = ("school_return", "provisional", "revised", "final")

GROUP_LABELS = {
    "all": "all pupils",
    "sen_support": "pupils on SEN support",
    "ehc_plan": "pupils with an EHC plan",
    "no_sen": "pupils with no identified SEN",
    "disadvantaged": "disadvantaged pupils",
    "not_disadvantaged": "other pupils",
    "high_prior": "pupils with high prior attainment",
}

# Groups in the school census, which counts only free school meals as disadvantage.
CENSUS_GROUP_LABELS = {
    group: GROUP_LABELS[group] for group in ("all", "sen_support", "ehc_plan")
} | {
    "disadvantaged": "pupils eligible for free school meals at any time in the last six years",
}

POOL_LABELS = {
    "local": "other local schools",
    "matched": "similar schools outside the area",
}
# Places with which an authority's published results are compared.
PLACE_LABELS = {
    "statistical_neighbours": "neighbours’ average",
    "england": "England",
}
# Short forms for a sentence that has already described the schools.
POOL_SHORT = {
    "local": "the other schools",
    "matched": "similar schools outside the area",
}
POOL_PLACES = {
    "local": "elsewhere in the area",
    "matched": "outside the area that were most like them before",
}
POOL_CAVEATS = {
    "local": "",
    "matched": " Whatever else changed in this area alone is part of the difference.",
}
# How each pool's schools were found; local ones need no search.
POOL_METHODS = {
    "matched": "Similar schools outside the area are mainstream schools in none of these programmes. For "
    "the comparison of schools with the same earlier results they are alike in these, in their share of "
    "disadvantaged pupils and in size of year group; for that of changes in the last two only, since "
    "schools picked for weak results recover by themselves."
}

VERDICT_LABELS = {
    "better": "better than the comparison schools",
    "worse": "worse than the comparison schools",
    "no_meaningful_difference": "any difference is too small to matter",
    "cannot_tell": "cannot tell",
}
NO_VERDICT = "described, not judged"

CLAIM_RESULT_LABELS = {
    "holds": "holds",
    "fails": "does not hold",
    "cannot_tell": "cannot tell",
}

SELECTION_LABELS = {
    "random": "nothing: at random",
    "last_year": "last year’s result, and chance",
    "last_year_strict": "last year’s result alone",
    "baseline_mean": "the mean of both earlier years, and chance",
    "lasting_quality": "lasting quality, and chance",
    "coming_cohort": "knowledge of the coming cohort, and chance",
    "true_decline": "a decline that goes on, and chance",
}

CHARACTERISTIC_LABELS = {
    "target_pupils_before": "earlier results of the target pupils",
    "all_pupils_before": "earlier results of all pupils",
    "cohort_pupils": "pupils in the year group",
    "disadvantaged_share": "share of disadvantaged pupils",
}

# Thresholds of the What Works Clearinghouse: 0.05 and 0.25 SD.
BALANCE_LABELS = {
    "satisfies": "alike (up to 0.05)",
    "needs_adjustment": "apart, within what can be adjusted for (up to 0.25)",
    "not_satisfied": "too far apart to be safely adjusted for",
}


def is_shown(row: Mapping[str, Any]) -> bool:
    """Whether a released row shows its figures."""
    return bool(row["figure_status"] == "shown")


def is_suppressed(row: Mapping[str, Any]) -> bool:
    """Whether disclosure control suppresses a released row's figures, printed as `[c]`."""
    return bool(row["figure_status"] == "suppressed")


def is_missing(value: object) -> bool:
    """True for None, NaN, NaT and pandas' NA, the forms in which a NULL arrives."""
    if value is None:
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 - only NaN and NaT differ from themselves
    except TypeError:  # pandas' NA has no truth value
        return True


def rounded(value: float, unit: str, decimals: int | None = None) -> float:
    """`value` as printed: a share 0..1 becomes a percentage 0..100; halves round away from zero.

    Returns 0.0, never −0.0, so that zero has no sign.
    """
    scaled = value * 100 if unit == "share" else value
    step = 10 ** _read_to(unit, decimals)
    # 1e-9, smaller than any real difference, corrects 0.145 * 100 = 14.499...
    return math.copysign(math.floor(abs(scaled) * step + 0.5 + 1e-9) / step, scaled) + 0.0


def format_value(value: float | None, unit: str, decimals: int | None = None) -> str:
    """A level: 0.43 → "43%", −1.23 points → "−1.2"; missing → "not available"."""
    if value is None or is_missing(value):
        return NOT_AVAILABLE
    return _number(value, unit, decimals) + ("%" if unit == "share" else "")


def format_signed(value: float | None, unit: str, decimals: int | None = None) -> str:
    """A difference without its unit, sign always shown: "+25", "−1.2", "0.0"; missing → "not …"."""
    if value is None or is_missing(value):
        return NOT_AVAILABLE
    sign = "+" if rounded(value, unit, decimals) > 0 else ""
    return sign + _number(value, unit, decimals)


def format_effect(value: float | None, unit: str, decimals: int | None = None) -> str:
    """A difference with its unit: "+25 percentage points", "−1.2 points"; missing → "not …"."""
    if value is None or is_missing(value):
        return NOT_AVAILABLE
    return f"{format_signed(value, unit, decimals)} {_unit_words(value, unit, decimals)}"


def format_range(
    low: float | None, high: float | None, unit: str, decimals: int | None = None
) -> str:
    """A range of differences: "between −1 and +23 percentage points"; one value if both agree."""
    if low is None or high is None or is_missing(low) or is_missing(high):
        return NOT_AVAILABLE
    if rounded(low, unit, decimals) == rounded(high, unit, decimals):
        return f"about {format_effect(low, unit, decimals)}"
    ends = f"between {format_signed(low, unit, decimals)} and {format_signed(high, unit, decimals)}"
    return f"{ends} {UNIT_LABELS[unit]}"


def format_interval(
    low: float | None, high: float | None, unit: str, decimals: int | None = None
) -> str:
    """A range of levels: "37% to 49%", "−3.6 to −1.0"; missing → "not available".

    A share's interval is cut at 0% and 100%, which it can pass with few schools.
    """
    if low is None or high is None or is_missing(low) or is_missing(high):
        return NOT_AVAILABLE
    if unit == "share":
        low, high = max(low, 0.0), min(high, 1.0)
    return f"{format_value(low, unit, decimals)} to {format_value(high, unit, decimals)}"


def format_size(value: float | None, unit: str, decimals: int | None = None) -> str:
    """The size of a difference, unsigned, with its unit: "5 percentage points", "1.0 points"."""
    if value is None or is_missing(value):
        return NOT_AVAILABLE
    size = abs(value)
    return f"{_number(size, unit, decimals)} {_unit_words(size, unit, decimals)}"


def format_sd(value: float | None) -> str:
    """A difference in standard deviations: −0.31 → "−0.31", 0.2 → "+0.20"; missing → "not …"."""
    if value is None or is_missing(value):
        return NOT_AVAILABLE
    number = round(value, 2)
    return f"{number:+.2f}".replace("-", MINUS) if number else "0.00"


def format_in_100(share: float | None) -> str:
    """A frequency in 100: 0.473 → "47 in 100", 0.003 → "fewer than 1 in 100", 0 → "0 in 100"."""
    if share is None or is_missing(share):
        return NOT_AVAILABLE
    return "fewer than 1 in 100" if 0 < share < 0.005 else f"{share * 100:.0f} in 100"


def format_census(academic_year: str) -> str:
    """The school census of an academic year: "2017-18" → "January 2018 census"."""
    return f"January {int(academic_year[:4]) + 1} census"


def format_count(n: float | None) -> str:
    """A count with thousands separated: "1,460"; missing → "not available"."""
    return NOT_AVAILABLE if n is None or is_missing(n) else f"{round(n):,}"


def in_words(n: int) -> str:
    """A number in words up to twelve, then in digits: 4 → "four"."""
    return _SMALL_NUMBERS[n] if 0 <= n < len(_SMALL_NUMBERS) else format_count(n)


def format_count_or_withheld(n: float | None) -> str:
    """A count, with missing as withheld: "1,460", "[c]"."""
    return WITHHELD if n is None or is_missing(n) else format_count(n)


def format_gbp(amount_gbp: float | None) -> str:
    """Money in whole pounds: "£200,000"; missing → "not available"."""
    return NOT_AVAILABLE if amount_gbp is None or is_missing(amount_gbp) else f"£{amount_gbp:,.0f}"


def format_date(date: object) -> str:
    """ "1 September 2018", from a date, a timestamp or ISO text."""
    day = dt.date.fromisoformat(str(date)[:10])
    return f"{day.day} {day:%B %Y}"


def format_days(first: object, last: object = None) -> str:
    """A day, or the days from one to another: "2 October 2017 to 27 April 2018"."""
    if is_missing(last):
        return format_date(first)
    return f"{format_date(first)} to {format_date(last)}"


def format_months(first: object, last: object = None) -> str:
    """A month, or the months from one to another, of one year or two: "May to June 2018"."""
    begins = dt.date.fromisoformat(str(first)[:10])
    ends = begins if is_missing(last) else dt.date.fromisoformat(str(last)[:10])
    if (begins.year, begins.month) == (ends.year, ends.month):
        return f"{begins:%B %Y}"
    return f"{begins:%B}{'' if begins.year == ends.year else f' {begins:%Y}'} to {ends:%B %Y}"


def format_p_value(p: float | None) -> str:
    """A p-value to two decimals, or "below 0.01"; missing → "not available"."""
    if p is None or is_missing(p):
        return NOT_AVAILABLE
    return "below 0.01" if p < 0.005 else f"{p:.2f}"


def typographic(text: object) -> str:
    """A stored text as printed: curly apostrophes, no full stop at the end."""
    return str(text).replace("'", "’").rstrip(".")


def format_verdict(verdict: str | None) -> str:
    """A verdict as a short phrase; None or NULL (none was due) → "described, not judged"."""
    if verdict is None or is_missing(verdict):
        return NO_VERDICT
    return VERDICT_LABELS[verdict]


def format_status(status: str | None) -> str:
    """A release status in words; missing → "not yet published"."""
    return "not yet published" if status is None or is_missing(status) else STATUS_LABELS[status]


def results_before(year: str) -> str:
    """ "last year’s results", or "results of 2016-17", for the year of a change "since last year"."""
    return "last year’s results" if year == "last year" else f"results of {year}"


def method_words(label: str, year_before: str) -> str:
    """A method's name, with the year since which changes are counted."""
    return label.replace("last year", year_before)


def format_group(pupil_group: str) -> str:
    """A pupil group in words; see `disadvantage_means` for the definition of disadvantage."""
    return GROUP_LABELS[pupil_group]


def pupils_of(pupil_group: str) -> str:
    """A pupil group after a number or "the": all pupils are simply "pupils"."""
    return "pupils" if pupil_group == "all" else format_group(pupil_group)


def format_pools(pools: Iterable[str]) -> str:
    """The comparison schools in words; several pools are joined by "or"."""
    return join_words((POOL_LABELS[pool] for pool in dict.fromkeys(pools)), "or")


def disadvantage_means(source_kinds: Iterable[str]) -> str:
    """The definition of disadvantage, which depends on the kinds of source.

    Pupil files flag free school meals only (looked-after and adopted pupils are matched later);
    published school tables include all three.
    """
    if any(kind.endswith("_schools") for kind in source_kinds):
        return (
            "eligible for free school meals (FSM) in the last six years, looked after by the council, "
            "or adopted or otherwise leaving care"
        )
    return "eligible for free school meals (FSM) at any time in the last six years"


def format_arm(arm: str, programme_titles: Mapping[str, str]) -> str:
    """A study arm in words; `programme_titles` maps evaluated programmes' ids to titles."""
    none_of = {1: "schools not in the programme", 2: "schools in neither programme"}
    fixed = {
        "programme": "programme schools",
        "rest": "other local schools",
        "both": "schools in both programmes",
        "not_under_way": "schools that joined a programme not under way when pupils were tested",
        "neither": none_of.get(len(programme_titles), "schools in none of the programmes"),
    }
    if arm in fixed:
        return fixed[arm]
    members = _members(arm.removesuffix("_only"), programme_titles) or (arm.removesuffix("_only"),)
    words = f"schools in {join_words(programme_titles.get(member, member) for member in members)}"
    return words if len(members) == len(programme_titles) else f"{words} only"


def _members(arm: str, programmes: Iterable[str]) -> tuple[str, ...]:
    """The programmes joined in an arm's name; () if it names any other."""
    for programme in programmes:
        if arm == programme:
            return (programme,)
        joined = f"{programme}_and_"
        if arm.startswith(joined) and (rest := _members(arm.removeprefix(joined), programmes)):
            return (programme, *rest)
    return ()


def join_words(words: Iterable[str], last: str = "and") -> str:
    """A list in English: "a, b and c"; empty → ""."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def format_public_key_stages(key_stages: object) -> str:
    """A sentence on the key stages published by school, such as "ks2, ks4"; missing → ""."""
    if is_missing(key_stages):
        return ""
    numbers = [key_stage.removeprefix("ks") for key_stage in str(key_stages).split(", ")]
    return (
        f" Results of Key Stage{'s' if len(numbers) > 1 else ''} {join_words(numbers)} are published "
        "school by school: figures made of them alone are neither withheld nor rounded."
    )


def capitalised(text: str) -> str:
    """`text` with a capital first letter and the others unchanged: SEN stays SEN."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """`text` with a capital first letter and a full stop."""
    text = text.strip()
    if not text:
        return ""
    return capitalised(text) + ("" if text.endswith((".", "?", "!")) else ".")


def first_within(n_words: int, *candidates: str) -> str:
    """The first candidate of at most `n_words` words; give the fullest first, the shortest last.

    The shortest contains no name, label or title, whose length depends on the study. If not even
    that fits, it is cut and ends in an ellipsis, so that text never stops a run.
    """
    for candidate in candidates:
        if len(candidate.split()) <= n_words:
            return candidate
    return " ".join(candidates[-1].split()[:n_words]) + "…"


def _number(value: float, unit: str, decimals: int | None) -> str:
    number = rounded(value, unit, decimals)
    text = f"{abs(number):,.{_read_to(unit, decimals)}f}"
    return MINUS + text if number < 0 else text


def _read_to(unit: str, decimals: int | None) -> int:
    """The decimals given, or else the unit's default."""
    return _DECIMALS_BY_UNIT[unit] if decimals is None else decimals


def _unit_words(value: float, unit: str, decimals: int | None) -> str:
    exactly_one = _read_to(unit, decimals) == 0 and abs(rounded(value, unit, decimals)) == 1
    return UNIT_LABELS[unit].removesuffix("s") if exactly_one else UNIT_LABELS[unit]
