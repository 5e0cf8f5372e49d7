"""A sentence for the board on values of years that are not measured alike."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.released.citations import Tables, cite, where


def not_alike(measure: str, years: Sequence[str], tables: Tables) -> str:
    """A sentence for values of several years that lie on both sides of a break; "" if they do not."""
    found = [
        row
        for row in where(tables["series_break"], measure=measure)
        if years and min(years) < row["academic_year"] <= max(years)
    ]
    what = "; ".join(cite(row, "text", "what") for row in found)
    return f"These years are not measured alike: {what}." if found else ""
