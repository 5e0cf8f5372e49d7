"""The finding about a primary measure as a title, from its verdict alone."""

from __future__ import annotations

from pipelines.charts import subject
from pipelines.charts.chart import MAX_TITLE_WORDS, Tables
from pipelines.charts.subject import Effect, Subject
from pipelines.wording import first_within


def verdict_title(tables: Tables, about: Subject, found: Effect | None) -> str:
    """The finding about a primary measure in ten words or fewer, from its verdict alone."""
    label, title, year = about.label, about.title, subject.outcome_year(tables)
    if found is None or not found.is_estimated:
        if found is None or subject.why_absent(tables, about, year) == subject.NOT_YET:
            return first_within(
                MAX_TITLE_WORDS,
                f"{label}: {year} results not yet published",
                f"{about.pupils_year} results for {year} not yet published",
            )
        if "too few schools" in found.reason:
            return first_within(
                MAX_TITLE_WORDS,
                f"{label}: too few {title} schools to judge",
                f"{title}: too few {about.pupils_year} schools to judge",
                f"Too few {about.pupils_year} schools to judge",
            )
        return first_within(
            MAX_TITLE_WORDS,
            f"{label}: cannot be judged yet",
            f"{about.pupils_year} results: cannot be judged yet",
        )
    if about.is_placebo:
        return {
            "better": "No programme existed, yet the trusted comparison claims an effect",
            "worse": "No programme existed, yet the trusted comparison claims an effect",
            "no_meaningful_difference": (
                "No programme existed; trusted comparison finds too little to matter"
            ),
        }.get(found.verdict or "", "No programme existed; the trusted comparison cannot tell")
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
