"""Titles that state the finding on a primary measure, from its verdict alone."""

from __future__ import annotations

from pipelines.charts import subject
from pipelines.charts.chart import MAX_TITLE_WORDS, Frames
from pipelines.charts.subject import Effect, Subject
from pipelines.released.wording import first_within

_PLACEBO = {
    "better": "No programme existed, yet the headline comparison claims an effect",
    "worse": "No programme existed, yet the headline comparison claims an effect",
    "no_meaningful_difference": "No programme existed; headline comparison finds too little to matter",
    "cannot_tell": "No programme existed; the headline comparison cannot tell",
}


def verdict_title(tables: Frames, about: Subject, found: Effect | None) -> str:
    """The finding on a primary measure in ten words or fewer, from its verdict alone."""
    label, title = about.label, about.title
    if found is None or not found.is_estimated:
        long, short = _why_silent(tables, about, found)
        if about.is_placebo:
            return first_within(
                MAX_TITLE_WORDS, f"No programme existed; {long}", f"No programme existed; {short}"
            )
        return first_within(
            MAX_TITLE_WORDS, f"{label}: {long}", f"{about.pupils_year} results: {short}"
        )
    if about.is_placebo:
        return _PLACEBO[found.verdict or "cannot_tell"]
    wordings = {
        "better": ("better than expected in {} schools", "Better than expected in {} schools"),
        "worse": ("worse than expected in {} schools", "Worse than expected in {} schools"),
        "no_meaningful_difference": (
            "{} made too little difference to matter",
            "Any difference from {} is too small to matter",
        ),
    }
    with_label, without = wordings.get(
        found.verdict or "", ("cannot tell whether {} helped", "Cannot tell whether {} helped")
    )
    return first_within(
        MAX_TITLE_WORDS,
        f"{label}: {with_label.format(title)}",
        f"{about.pupils_year} results: {with_label.format(title)}",
        without.format(title),
        without.format("programme" if "{} schools" in without else "the programme"),
    )


def _why_silent(tables: Frames, about: Subject, found: Effect | None) -> tuple[str, str]:
    """Why there is no verdict: in full with names and years, and in seven words or fewer."""
    year = subject.outcome_year(tables)
    if subject.why_absent(tables, about, year) == subject.NOT_YET:
        return f"{year} results not yet published", f"not yet published for {year}"
    if found is not None and found.is_withheld:
        return ("estimate withheld to protect single pupils",) * 2
    if found is not None and "too few schools" in found.reason:
        return f"too few {about.title} schools to judge", "too few schools to judge"
    return ("cannot be judged",) * 2
